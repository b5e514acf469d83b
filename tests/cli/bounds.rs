//! What a rulebook from anybody may cost and reach: a few lines take no memory to speak of, and nothing is
//! read that is not a plain file of the rulebook. The limits on time and memory are those of `process`.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::process::{Ran, program, run};

const SOUND: &str = "tiers hot\nfirst: created -> hot\n";
const LOG: &str = r#"{"id":"1","type":"lead.created","lead":"ana","at":"2026-03-02T09:00:00Z"}"#;

fn check(rules: &Path) -> Ran {
    run(program().args(["check", "--format", "short"]).arg(rules), b"")
}

/// Checks one file with a text.
fn checked(text: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.ensue");
    fs::write(&path, text).unwrap();
    check(&path)
}

/// `let a1 = a0 + a0`, so many times, where the first is worth `first`.
fn doubled(first: &str, lines: usize, join: &str) -> String {
    let mut text = format!("tiers hot\nlet a0 = {first}\n");
    for at in 1..lines {
        writeln!(text, "let a{at} = a{0} {join} a{0}", at - 1).unwrap();
    }
    text + &format!("rich: created where deal_value ?? 0 > a{} -> hot\n", lines - 1)
}

#[test]
fn a_kilobyte_of_rules_takes_no_memory() {
    let overflow = checked(&doubled("1_000_000_000", 64, "*"));
    assert_eq!(overflow.code, 2, "{}", overflow.err);
    assert!(overflow.out.contains("rules.ensue:3:10: error[number-too-large]: `a0 * a0` is "), "{}", overflow.out);
    assert_eq!(overflow.out.matches("error").count(), 2, "one root cause is one finding: {}", overflow.out);

    // A length between two days is known once a zone is, so it is kept as it is written.
    let lengths = checked(&doubled("2026-01-02 10:00 - 2026-01-01 10:00", 40, "+").replace("deal_value ?? 0", "30d"));
    assert_eq!(lengths.code, 2, "{}", lengths.err);
    assert!(lengths.out.contains("error[too-many]: this constant is made of more than 1000 parts"), "{}", lengths.out);

    let mut groups = String::from("tiers hot\ngroup g0 = opened\n");
    for at in 1..60 {
        writeln!(groups, "group g{at} = g{0}, g{0}", at - 1).unwrap();
    }
    let groups = checked(&(groups + "seen: g59 -> hot\n"));
    assert_eq!(groups.code, 0, "{}{}", groups.out, groups.err);
}

#[test]
fn many_groups_of_one_large_group_are_too_many() {
    let mut text = String::from("tiers hot\n");
    (0..2_000).for_each(|at| writeln!(text, "event e{at} is \"t{at}\"").unwrap());
    let names: Vec<String> = (0..2_000).map(|at| format!("e{at}")).collect();
    writeln!(text, "group all = {}", names.join(", ")).unwrap();
    (0..2_000).for_each(|at| writeln!(text, "group h{at} = all, opened").unwrap());
    let ran = checked(&(text + "seen: h7 -> hot\n"));
    assert_eq!(ran.code, 2, "{}", ran.err);
    let said = "error[too-many]: constants and groups stand for more than 2000000 parts in all";
    assert_eq!(ran.out.matches(said).count(), 1, "{}", ran.out);
}

#[test]
fn what_leads_to_each_other_ends() {
    let chain = |each: fn(usize) -> String, last: &str| {
        let lines: String = (0..3_000).map(each).collect();
        checked(&format!("tiers hot\n{lines}{last}\n"))
    };
    let lets = chain(|at| format!("let a{at} = a{} + 1\n", at + 1), "let a3000 = 1");
    let groups = chain(|at| format!("group g{at} = g{}, opened\n", at + 1), "group g3000 = opened");
    for ran in [lets, groups] {
        assert_eq!(ran.code, 2, "{}", ran.err);
        let said = "error[too-many]: more than 100 constants or groups lead to one another here";
        assert!(ran.out.contains(said), "{}", ran.out);
    }
}

/// A sound rulebook, with something beside it.
fn beside(make: impl FnOnce(&Path)) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules");
    for name in ["scripts", "templates", "calendars"] {
        fs::create_dir_all(rules.join(name)).unwrap();
    }
    fs::write(rules.join("rules.ensue"), SOUND).unwrap();
    fs::write(folder.path().join("log.jsonl"), LOG).unwrap();
    fs::write(folder.path().join("secret"), "TOKEN=canary\n").unwrap();
    make(&rules);
    (folder, rules)
}

/// Every verb that reads a rulebook refuses it with these words, and says nothing of what lies behind it.
fn refused(folder: &Path, rules: &Path, file: &str, says: &str) {
    let events = folder.join("log.jsonl");
    let (events, rules) = (events.display(), rules.display());
    let verbs = [
        format!("check {rules}"),
        format!("test {rules}"),
        format!("doc {rules}"),
        format!("dry-run {rules} --events {events}"),
        format!("explain ana {rules} --events {events}"),
        format!("render recap {rules} --lead ana --events {events}"),
        format!("activate {rules} --store {}", folder.join("store").display()),
    ];
    let rules_only = Path::new(file).extension().is_some_and(|end| end == "ensue").then(|| format!("fmt {rules}"));
    for words in verbs.into_iter().chain(rules_only) {
        let ran = run(program().args(words.split(' ')), b"");
        let said = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.code, 3, "{words}: {said}");
        assert!(said.contains(says) && said.contains(file) && !said.contains("canary"), "{words}: {said}");
    }
}

const FILES: [&str; 4] = ["linked.ensue", "scripts/linked.rhai", "templates/linked.md", "calendars/linked.yaml"];

#[test]
fn a_link_out_of_the_rulebook_is_not_read() {
    for file in FILES {
        let (folder, rules) = beside(|rules| symlink("../secret", rules.join("secret-link")).unwrap());
        symlink(folder.path().join("secret"), rules.join(file)).unwrap();
        refused(folder.path(), &rules, file, "is a link that leads out of the rulebook");
        fs::remove_file(rules.join(file)).unwrap();
        // By way of another link, too.
        symlink(rules.join("secret-link"), rules.join(file)).unwrap();
        refused(folder.path(), &rules, file, "is a link that leads out of the rulebook");
    }
    // Named itself, it is the link that is named.
    let (folder, rules) = beside(|_| ());
    symlink(folder.path().join("secret"), rules.join("linked.ensue")).unwrap();
    let ran = check(&rules.join("linked.ensue"));
    assert!(ran.code == 3 && ran.err.contains("leads out of the rulebook"), "{}", ran.err);
}

/// Links within a rulebook, and to a rulebook, are the author's way to lay it out.
#[test]
fn a_link_within_the_rulebook_is_read() {
    let (folder, rules) = beside(|rules| {
        fs::create_dir(rules.join(".data")).unwrap();
        fs::write(rules.join(".data/more.ensue"), "second: opened -> hot\n").unwrap();
        symlink(".data/more.ensue", rules.join("more.ensue")).unwrap();
        // No rule reads it.
        symlink("../secret", rules.join("README.md")).unwrap();
    });
    let linked = folder.path().join("linked");
    symlink(&rules, &linked).unwrap();
    for path in [rules, linked] {
        let ran = check(&path);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.ends_with("in 2 files\n"), "{}", ran.out);
    }
}

#[test]
fn pipes_and_devices_are_not_read() {
    for file in FILES {
        let (folder, rules) = beside(|rules| pipe(&rules.join(file)));
        refused(folder.path(), &rules, file, "is no plain file");
    }
    for device in ["/dev/zero", "/dev/null"] {
        let ran = check(Path::new(device));
        assert!(ran.code == 3 && ran.err.contains("is no plain file"), "{}", ran.err);
    }
    // Files of the system say that they are empty, and devices that they end nowhere.
    let (folder, rules) = beside(|rules| symlink("/dev/zero", rules.join("linked.ensue")).unwrap());
    refused(folder.path(), &rules, "linked.ensue", "leads out of the rulebook");
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_file_of_many_megabytes_is_not_read() {
    for file in FILES {
        let (folder, rules) = beside(|rules| fs::write(rules.join(file), vec![b'#'; (8 << 20) + 1]).unwrap());
        refused(folder.path(), &rules, file, "has more than 8 MB");
    }
}

#[test]
fn a_configuration_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ensue.yaml");
    pipe(&path);
    for path in [path.as_path(), Path::new("/dev/zero")] {
        let ran = run(program().args(["run", "--config"]).arg(path), b"");
        assert!(ran.code == 3 && ran.err.contains("cannot be read: it is no plain file"), "{}", ran.err);
    }
}

/// A sink may be a pipe; without a reader it is no place for an action, and nobody waits for one.
#[test]
fn a_pipe_that_nobody_reads_is_no_sink() {
    let (folder, rules) = beside(|_| ());
    pipe(&folder.path().join("out"));
    let config = folder.path().join("ensue.yaml");
    fs::write(&config, "sinks: { out: { kind: file, path: out } }\nroute: { default: out }\n").unwrap();
    let verb = |words: &[&str]| run(program().args(words).arg("--config").arg(&config), b"");
    let log = folder.path().join("log.jsonl");
    assert_eq!(verb(&["ingest", &log.display().to_string()]).code, 0);
    assert_eq!(verb(&["activate", &rules.display().to_string()]).code, 0);
    let ran = verb(&["run"]);
    assert!(ran.code == 3 && ran.err.contains("it is a pipe that nobody reads"), "{}", ran.err);
}

/// Of mistakes that are alike three are drawn, and one line says where the others are; programs get them all.
#[test]
fn findings_that_are_alike_fold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.ensue");
    // One name in many places is one finding, many names are many.
    let rules: String = (0..1_000).map(|at| format!("r{at}: opnd -> tag a\ns{at}: opened -> hto{at}\n")).collect();
    fs::write(&path, format!("tiers hot\n{rules}")).unwrap();
    let verb = |words: &[&str]| run(program().args(words).arg(&path), b"");
    let found = |text: &str| text.matches("` is not declared").count();
    for format in ["human", "short"] {
        let ran = verb(&["check", "--format", format]);
        assert!(ran.code == 2 && ran.out.len() < 4_000, "{} bytes: {}", ran.out.len(), ran.out);
        assert_eq!(found(&ran.out), 4, "{}", ran.out);
        let said =
            format!("+997 more like it in 1 file ({0}:9, {0}:11, {0}:13, ...); --all shows them\n", path.display());
        assert!(ran.out.contains(&said), "{}", ran.out);
        let all = verb(&["check", "--all", "--format", format]);
        assert_eq!(found(&all.out), 1_001);
        assert_eq!(all.out.lines().last(), ran.out.lines().last(), "counts are of all");
        let places = [&ran, &all].map(|ran| ran.out.matches("also used here").count());
        assert_eq!(places, if format == "human" { [3, 999] } else { [0, 0] });
    }
    assert!(verb(&["check"]).out.contains("also used here, and at 996 further places; --all shows them\n"));
    for format in ["json", "sarif", "github"] {
        assert_eq!(found(&verb(&["check", "--format", format]).out), 1_001, "{format}");
    }
    let ran = verb(&["test"]);
    assert!(ran.code == 2 && ran.err.contains("note: `ensue check --all` shows every finding\n"), "{}", ran.err);
    assert!(ran.err.len() < 4_000, "{}", ran.err);
}
