//! A store in use, damaged in every way: all of it is readable or the error is named; what was before
//! the damage comes back. `ENSUE_SOAK_RUNS` asks for more, `ENSUE_SOAK_SEED` for others.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ensue::live::{Arrival, Live, LogLine};
use ensue::store::{self, StoreOptions, repair};

use super::book::{BOOKS, options, room};
use super::post::Post;
use super::promise;
use super::random::Random;
use super::seen::{decided, dry_run, export, read};
use super::stand::{asked, command, copy, files};
use super::told::{Told, lines, minutes, start};

/// A store with something in every part: events, what was decided, handed over and not, quarantine;
/// a snapshot of the database, and more written after it.
fn store_to_damage(dir: &Path, random: &mut Random) {
    let book = &BOOKS[0];
    let (post, mut wall) = (Post::new(random), start());
    let open = || Live::open(dir, &options()).unwrap();
    let mut live = open();
    live.activate_first(&book.files, book.rulebook.clone(), wall).unwrap();
    for round in 0..40_u64 {
        let told: Vec<Told> = lines(random);
        let line = |(told, number): (&Told, u64)| {
            // Ids of each round are their own, and nobody is forgotten.
            let text = told.line.replace(r#""id":"e"#, &format!(r#""id":"r{round}e"#));
            let text = text.replace("override.erase", "email.opened").replace("email.complained", "email.opened");
            LogLine { path: "-".into(), number, text: text.into(), broken: None }
        };
        let group: Vec<LogLine<'_>> = told.iter().zip(1..).map(line).collect();
        wall = wall.max(live.floor()) + minutes(3_000);
        live.ingest(group, Arrival::At(wall), false).unwrap();
        live.advance(wall).unwrap();
        live.hand_over(&mut post.desk(), &mut || wall, &|| false).unwrap();
        if round == 25 {
            drop(live);
            live = open();
        }
    }
}

fn all_leads() -> BTreeSet<String> {
    (0..5).map(|lead| format!("l{lead}")).collect()
}

/// Everything that can be asked of a store, as a hash.
fn digest(live: &Live) -> String {
    let text = [decided(live), promise::outbox(live, &all_leads(), &BTreeSet::new()), export(live)].join("\n");
    blake3_of(&text)
}

fn blake3_of(text: &str) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{} bytes {:x}", text.len(), hasher.finish())
}

/// Damages a file in a random way, or deletes it; says how.
pub(super) fn mutate(path: &Path, delete: bool, random: &mut Random) -> String {
    let mut bytes = std::fs::read(path).unwrap();
    if delete || bytes.is_empty() {
        std::fs::remove_file(path).unwrap();
        return format!("deletion of {}", path.display());
    }
    let at = random.below(bytes.len() as u64) as usize;
    let what = match random.below(4) {
        0 | 1 => {
            bytes[at] ^= 1 << random.below(8);
            format!("a flipped bit at {at}")
        }
        2 => {
            let end = (at + 4096).min(bytes.len());
            bytes[at..end].fill(0);
            format!("zeros from {at} to {end}")
        }
        _ => {
            bytes.truncate(at);
            format!("truncation at {at}")
        }
    };
    std::fs::write(path, bytes).unwrap();
    format!("{what} in {}", path.display())
}

/// Looks at each store in a child process, which may spin or crash without harm here: `whole …` or
/// `damage …`.
fn judge(stores: &[(PathBuf, String)]) -> Vec<String> {
    let dirs: Vec<String> = stores.iter().map(|(dir, _)| dir.to_string_lossy().into_owned()).collect();
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["damage::as_judge", "--exact", "--nocapture", "--test-threads=1"])
        .env("ENSUE_LIVE_DIRS", dirs.join("\n"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while process.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(600), "the check does not end: {stores:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = process.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{stores:?}: {said}");
    let text = String::from_utf8_lossy(&output.stdout);
    let verdicts: Vec<String> =
        text.lines().filter_map(|line| line.strip_prefix("verdict ")).map(str::to_owned).collect();
    assert_eq!(verdicts.len(), stores.len(), "{text}{said}");
    verdicts
}

/// The child's part; does nothing when run as a test.
#[test]
fn as_judge() {
    let Ok(dirs) = std::env::var("ENSUE_LIVE_DIRS") else { return };
    // The test harness has begun a line.
    println!();
    for dir in dirs.lines() {
        let options = StoreOptions { create: false, watchdog: Duration::from_secs(5), ..options() };
        let checked = Live::open(Path::new(dir), &options).and_then(|live| {
            live.store().verify()?;
            live.check_readable()?;
            // All of it can be read now; from here on nothing may fail.
            Ok(digest(&live))
        });
        match checked {
            Ok(digest) => println!("verdict whole {digest}"),
            Err(error) => println!("verdict damage {}", error.to_string().replace('\n', " ")),
        }
    }
}

#[test]
fn damage_ends_in_everything_readable_or_a_named_error() {
    let (runs, seed) = (asked("ENSUE_SOAK_RUNS", 300), asked("ENSUE_SOAK_SEED", 1));
    let mut random = Random::new(seed ^ 0x00DA_3A6E);
    let base = room();
    store_to_damage(base.path(), &mut random);
    let live = Live::open(base.path(), &options()).unwrap();
    let (whole, exported) = (digest(&live), export(&live));
    let total = live.store().len();
    drop(live);
    let targets = files(base.path());
    let place = room();
    let (mut noticed, mut repaired, mut lost_some) = (0, 0, 0);
    for first in (0..runs).step_by(10) {
        let mut group = Vec::new();
        for run in first..runs.min(first + 10) {
            let dir = place.path().join(run.to_string());
            copy(base.path(), &dir);
            let data = base.path().join("sled").join("db");
            // Every file once is deleted; most of the bytes, and of the trouble, are in the data.
            let target = targets.get(run as usize).cloned().unwrap_or_else(|| {
                if random.below(3) > 0 { data } else { targets[random.below(targets.len() as u64) as usize].clone() }
            });
            let path = dir.join(target.strip_prefix(base.path()).unwrap());
            let what = mutate(&path, (run as usize) < targets.len(), &mut random);
            group.push((dir, format!("seed {seed}, run {run}: {what}")));
        }
        for (number, ((dir, what), verdict)) in group.iter().zip(judge(&group)).enumerate() {
            if let Some(found) = verdict.strip_prefix("whole ") {
                assert_eq!(found, whole, "{what}: a short log is taken for whole");
            } else {
                assert!(verdict.starts_with("damage "), "{what}: {verdict}");
                noticed += 1;
                if noticed % 4 == 0 {
                    lost_some += u64::from(check_repair(dir, &exported, total, what));
                    repaired += 1;
                }
            }
            if number == 0 {
                check_program(dir, what);
            }
            std::fs::remove_dir_all(dir).unwrap();
        }
    }
    assert!(noticed > runs / 10, "{noticed} of {runs} noticed: the mutations do not reach the data");
    assert!(runs < 300 || lost_some > 0, "{repaired} were repaired, and none had lost anything");
}

/// What was before the damage comes back, and how much did not is said; whether there was such.
fn check_repair(dir: &Path, exported: &str, total: u64, what: &str) -> bool {
    let place = room();
    let to = place.path().join("new");
    let repaired = repair(dir, &to, &options()).unwrap_or_else(|error| panic!("{what}: {error}"));
    if repaired.lost_is_certain {
        assert_eq!(repaired.recovered + repaired.lost, total, "{what}");
    }
    let mut live = Live::open(&to, &store::StoreOptions { create: false, ..options() }).unwrap();
    match live.rebuild() {
        Ok(_) => {}
        // The rulebooks lie beside the log; where they were hit, a person must put one in force.
        Err(error) => {
            assert!(error.to_string().starts_with("the rulebook ") || repaired.recovered == 0, "{what}: {error}");
            return repaired.lost > 0;
        }
    }
    let mut kept = String::new();
    for line in exported.lines().take(repaired.recovered as usize) {
        writeln!(kept, "{line}").unwrap();
    }
    let again = export(&live);
    // Whose keys were hit, their personal texts are gone; all else is the same.
    let same = again.starts_with(&kept) || (repaired.keys < 5 && again.lines().count() >= kept.lines().count());
    assert!(same, "{what}: {} of {total} recovered, but they differ", repaired.recovered);
    if repaired.recovered > 0 {
        let dry = dry_run(&BOOKS[0], &read(&BOOKS[0], &again));
        assert_eq!(decided(&live), dry, "{what}: a repaired store decides what a dry run decides");
    }
    repaired.lost > 0
}

/// The program says so and ends with 3, or finds everything.
fn check_program(dir: &Path, what: &str) {
    let store = dir.display().to_string();
    for args in [["run", "--dry", "--store", &store].as_slice(), &["store", "verify", "--store", &store]] {
        let output = command(Path::new("fixtures/live/outreach"), args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 3)), "{what}: {args:?}: {:?} {said}", output.status);
        assert!(output.status.code() == Some(0) || said.starts_with("error: "), "{what}: {said}");
    }
}
