//! What the tests of the store share: made-up events, child processes, mutations, figures.

use std::fs;
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ensue::store::{Batch, Committed, NewEntry, Offset, Store, StoreError, StoreOptions, StoredEntry, TreeName};
use ensue::timestamp::Timestamp;

/// Splitmix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// The seed and how many runs; the environment may ask for others.
pub fn soak(runs: u64) -> (u64, u64) {
    let read = |name| std::env::var(name).ok().and_then(|value| value.parse().ok());
    (read("ENSUE_SOAK_SEED").unwrap_or(1), read("ENSUE_SOAK_RUNS").unwrap_or(runs))
}

pub fn options() -> StoreOptions {
    StoreOptions { watchdog: Duration::from_secs(20), ..StoreOptions::default() }
}

pub fn open(dir: &Path) -> Store {
    Store::open(dir, &options()).unwrap()
}

/// The made-up event of a number: always the same, shaped like what a sales tool sends.
pub fn made(number: u64) -> StoredEntry {
    let mut random = Random(number ^ 0xF011_0117);
    // A few busy leads and many quiet ones.
    let skew = random.below(1000) * random.below(1000) / 1000;
    let x = random.below(65_536);
    let (ty, payload) = match random.below(100) {
        0..33 => ("email.sent", format!("{{\"template\":\"t{:02}\",\"channel\":\"email\"}}", x % 24)),
        33..60 => ("email.opened", format!("{{\"message\":\"m{x}\"}}")),
        60..70 => ("link.clicked", format!("{{\"message\":\"m{x}\",\"url\":\"https://example.com/r/{}\"}}", x % 512)),
        70..90 => ("page.viewed", format!("{{\"page\":\"pricing\",\"seconds\":{}}}", x % 300)),
        90..94 => ("replied", "{\"sentiment\":\"positive\"}".to_owned()),
        _ => ("call.completed", format!("{{\"outcome\":\"no_answer\",\"seconds\":{}}}", x % 900)),
    };
    // Now and then one that no block has room for, and once one of nearly a megabyte.
    let size = if number == 1_500 { 900_000 } else { 8_000 + random.below(30_000) };
    let payload = if number == 1_500 || number % 211 == 150 {
        let letters = (0..size).map(|at| char::from(b'a' + (at * 7 / 3 + x) as u8 % 26));
        format!("{{\"body\":\"{}\"}}", letters.collect::<String>())
    } else {
        payload
    };
    let at = 1_767_571_200_000_000 + number as i64 * 15_000_000;
    StoredEntry {
        offset: Offset(number),
        kind: 0,
        id: format!("e{number:09}"),
        lead: format!("L{skew:07}"),
        account: Some(format!("A{:06}", skew / 4)),
        ty: ty.to_owned(),
        at: Timestamp(at),
        received_at: Timestamp(at + 2_000_000),
        payload: payload.into_bytes(),
    }
}

pub fn try_append(store: &mut Store, range: Range<u64>) -> Result<Committed, StoreError> {
    // Repeated ones arrive now.
    let now = store.last_received_at().unwrap_or(Timestamp::MIN);
    let events: Vec<StoredEntry> = range.map(made).collect();
    let entries: Vec<NewEntry<'_>> =
        events.iter().map(|event| NewEntry { received_at: event.received_at.max(now), ..event.as_new() }).collect();
    store.append(&entries)
}

pub fn append(store: &mut Store, range: Range<u64>) -> Committed {
    try_append(store, range).unwrap()
}

fn digest_of(entries: impl Iterator<Item = StoredEntry>) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut count = 0;
    for entry in entries {
        hasher.update(format!("{entry:?}").as_bytes());
        count += 1;
    }
    format!("{count} {}", hasher.finalize().to_hex())
}

/// All entries of a store in one line.
pub fn digest(store: &Store) -> String {
    digest_of(store.entries(Offset(0)).unwrap().map(Result::unwrap))
}

/// The same for the first `count` made-up events.
pub fn expected_digest(count: u64) -> String {
    digest_of((0..count).map(made))
}

pub fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

pub fn copy_dir(from: &Path, to: &Path) {
    for path in files_below(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&path, target).unwrap();
    }
}

/// A store of 3,000 entries with something in every part, a snapshot, and more written after it.
/// Returns what a judge says of it while it is whole.
pub fn store_to_damage(dir: &Path) -> String {
    let mut store = open(dir);
    for start in (0..2_000).step_by(100) {
        append(&mut store, start..start + 100);
    }
    let mut batch = Batch::new();
    batch.put_large(TreeName::Rulesets, b"1", vec![7; 20_000]);
    for number in 0..200_u64 {
        batch.put(TreeName::State, &number.to_be_bytes(), vec![number as u8; 300]);
    }
    store.commit(&batch).unwrap();
    drop(store);
    let mut store = open(dir);
    store.seal("L0000001", "c", b"fact").unwrap();
    for start in (2_000..3_000).step_by(50) {
        append(&mut store, start..start + 50);
    }
    store.quarantine_put("{oops", "not JSON", "-", 3).unwrap();
    whole(&store)
}

fn whole(store: &Store) -> String {
    format!("{} {}", store.verify().unwrap().values, digest(store))
}

/// Damages a file in a random way, or deletes it; says how.
pub fn mutate(path: &Path, delete: bool, random: &mut Random) -> String {
    let mut bytes = fs::read(path).unwrap();
    if delete || bytes.is_empty() {
        fs::remove_file(path).unwrap();
        return "deletion".to_owned();
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
    fs::write(path, bytes).unwrap();
    what
}

/// Opens and checks each store in a child process, which may spin or crash without harm here.
/// One verdict each: `whole …`, `damage …`, or what else happened.
pub fn judge(stores: &[(PathBuf, String)]) -> Vec<String> {
    let dirs: Vec<String> = stores.iter().map(|(dir, _)| dir.to_string_lossy().into_owned()).collect();
    let mut process = command("judge").env("ENSUE_STORE_DIRS", dirs.join("\n")).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    // A store may take the watchdog's time at each of its steps.
    while process.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(300), "the check does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = process.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    let text = String::from_utf8_lossy(&output.stdout);
    let verdicts: Vec<String> =
        text.lines().filter_map(|line| line.strip_prefix("verdict ")).map(str::to_owned).collect();
    assert_eq!(verdicts.len(), stores.len(), "{text}{said}");
    verdicts
}

fn command(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["as_child", "--exact", "--nocapture", "--test-threads=1"]).env("ENSUE_STORE_CHILD", role);
    command.stdout(Stdio::piped()).stdin(Stdio::null());
    command
}

/// Starts a child process that works on a store.
pub fn child(role: &str, dir: &Path, seed: u64) -> Child {
    let mut command = command(role);
    command
        .stderr(Stdio::piped())
        .env("ENSUE_STORE_DIRS", dir)
        .env("ENSUE_STORE_SEED", seed.to_string())
        .spawn()
        .unwrap()
}

/// The life of a child process.
pub fn child_main() {
    let Ok(role) = std::env::var("ENSUE_STORE_CHILD") else { return };
    let dirs = std::env::var("ENSUE_STORE_DIRS").unwrap();
    // The test harness has begun a line.
    say("");
    if role == "judge" {
        for dir in dirs.lines() {
            say(&format!("verdict {}", verdict(Path::new(dir))));
        }
        return;
    }
    let seed = std::env::var("ENSUE_STORE_SEED").unwrap().parse().unwrap();
    say("starting");
    append_forever(Path::new(&dirs), seed);
}

pub fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

fn verdict(dir: &Path) -> String {
    let options = StoreOptions { create: false, watchdog: Duration::from_secs(5), ..StoreOptions::default() };
    let checked = Store::open(dir, &options).and_then(|store| {
        let found = store.verify()?;
        Ok(format!("whole {} {}", found.values, digest(&store)))
    });
    match checked {
        Ok(verdict) => verdict,
        Err(error) if error.is_damage() || matches!(error, StoreError::Newer { .. } | StoreError::Missing { .. }) => {
            format!("damage {error}")
        }
        Err(error) => format!("another error: {error}"),
    }
}

/// Appends batches of random size, saying in two other trees how long the log is, and on standard
/// output what was acknowledged.
fn append_forever(dir: &Path, seed: u64) {
    let mut random = Random(seed);
    let mut store = open(dir);
    loop {
        let next = store.len();
        let end = next + 1 + random.below(60);
        let events: Vec<StoredEntry> = (next..end).map(made).collect();
        let mut batch = Batch::new();
        for event in &events {
            batch.append(event.as_new());
        }
        for tree in [TreeName::State, TreeName::Outbox] {
            batch.put(tree, b"len", end.to_be_bytes());
            batch.put_large(tree, &(next % 50).to_be_bytes(), vec![1; random.below(12_000) as usize]);
        }
        // The disk may be taken away.
        if store.commit(&batch).is_err() {
            return;
        }
        say(&format!("ack {end}"));
    }
}

/// The blocks of the log in the database's file: first sequence, and where its copies begin.
pub fn damaged_blocks(bytes: &[u8]) -> Vec<(u64, Vec<usize>)> {
    let mut found = std::collections::BTreeMap::<u64, Vec<usize>>::new();
    for (at, part) in bytes.windows(12).enumerate() {
        if part.starts_with(&[0xE5, b'n', b'B', 1]) {
            let first = u64::from_be_bytes(part[4..].try_into().unwrap());
            let count = u32::from_be_bytes(bytes[at + 12..at + 16].try_into().unwrap());
            if first < 3_000 && count > 0 {
                found.entry(first).or_default().push(at);
            }
        }
    }
    found.into_iter().collect()
}

/// Where the copies of the second piece of the entry of nearly a megabyte lie in the database's file.
pub fn places_of_a_piece(bytes: &[u8]) -> Vec<usize> {
    let pieces = bytes.windows(24).enumerate().filter(|(_, part)| part.starts_with(&[0xE5, b'n', b'P', 1]));
    let mut last = std::collections::BTreeMap::<&[u8], u32>::new();
    let mut places = std::collections::BTreeMap::<(&[u8], u32), Vec<usize>>::new();
    for (at, part) in pieces {
        let number = u32::from_be_bytes(part[20..24].try_into().unwrap());
        let most = last.entry(&part[4..20]).or_default();
        *most = number.max(*most);
        places.entry((&part[4..20], number)).or_default().push(at);
    }
    let (block, _) = last.into_iter().find(|(_, most)| *most > 100).unwrap();
    places.remove(&(block, 2)).unwrap()
}

/// Writes the fixture of this format anew.
pub fn freeze(fixture: &Path) {
    let _ = fs::remove_dir_all(fixture);
    let dir = fixture.join("store");
    fs::create_dir_all(&dir).unwrap();
    let mut store = open(&dir);
    append(&mut store, 0..16_800);
    append(&mut store, 16_800..17_000);
    let mut batch = Batch::new();
    for tree in TreeName::ALL {
        if tree != TreeName::Quarantine {
            batch.put(tree, b"small", tree.name());
            batch.put_large(tree, b"large", vec![b'x'; 9_000]);
        }
    }
    store.commit(&batch).unwrap();
    store.quarantine_put("{oops", "not JSON", "log.jsonl", 3).unwrap();
    let sealed = store.seal("L0000001", "email", b"one@example.com").unwrap().unwrap();
    let mut batch = Batch::new();
    batch.put(TreeName::Meta, b"sealed", sealed);
    store.commit(&batch).unwrap();
    store.seal("L0000002", "email", b"two@example.com").unwrap();
    store.erase("L0000002").unwrap();
    fs::write(fixture.join("expected.txt"), describe(&store)).unwrap();
    drop(store);
    // Opened once more, so that there is a snapshot; and nobody holds the lock of a fixture.
    drop(open(&dir));
    fs::remove_file(dir.join("lock")).unwrap();
}

/// A store in words, with something of every part.
pub fn describe(store: &Store) -> String {
    let mut lines = vec![format!("entries {}", digest(store))];
    for sequence in [0, 9_999, 16_999] {
        lines.push(store.with_entry(Offset(sequence), |entry| format!("{entry:?}")).unwrap());
    }
    lines.push(format!("of L0000003 {}", store.entries_of("L0000003").unwrap().len()));
    for tree in TreeName::ALL {
        for (key, value) in store.scan_prefix(tree, b"").unwrap() {
            let hash = blake3::hash(&value).to_hex();
            lines.push(format!("{} {} {} {hash}", tree.name(), key.escape_ascii(), value.len()));
        }
    }
    lines.push(format!("quarantine {:?}", store.quarantine_list().unwrap()));
    let sealed = store.get(TreeName::Meta, b"sealed").unwrap().unwrap();
    let fact = store.unseal("L0000001", "email", &sealed).unwrap();
    lines.push(format!("unsealed {}", fact.escape_ascii()));
    lines.push(format!("erased {} {}", store.is_erased("L0000001"), store.is_erased("L0000002")));
    lines.join("\n") + "\n"
}
