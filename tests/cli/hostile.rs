//! Input that means harm, as rules and as a log: a clear error, never a crash, a hang, or a lot of
//! memory. The limits are those of `process`.

use std::fs;
use std::path::{Path, PathBuf};

use super::process::{Ran, program, run};

/// What a file may hold, and how `check` and `dry-run` end on it.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    /// As rules.
    rules: Expect,
    /// As a log.
    log: Expect,
}

/// An exit code, and something the message must say.
type Expect = (i32, &'static str);

const FINE: Expect = (0, "");

fn cases() -> Vec<Case> {
    let case = |name, bytes: &[u8], rules, log| Case { name, bytes: bytes.to_vec(), rules, log };
    let open = "(".repeat(100_000);
    let long = "a".repeat(1 << 20);
    let record = r#"{"id":"1","type":"replied","lead":"ana","at":"2026-03-02T09:00:00Z"}"#;
    vec![
        case("parentheses", open.as_bytes(), (2, "hostile"), (3, "hostile:1:")),
        case(
            "parentheses_in_a_rule",
            format!("tiers hot\nopened where {open}1 -> hot\n").as_bytes(),
            (2, "nested"),
            (3, "hostile:1:"),
        ),
        case("brackets", "[".repeat(100_000).as_bytes(), (2, "hostile"), (3, "hostile:1:")),
        case("braces", "sequence a { ".repeat(100_000).as_bytes(), (2, "hostile"), (3, "hostile:1:")),
        case("a_long_name", long.as_bytes(), (2, "hostile:1:1"), (3, "hostile:1:")),
        case("a_long_comment", format!("# {long}\n").as_bytes(), FINE, (3, "hostile:1:")),
        case(
            "an_open_text",
            format!("tiers hot\nopened -> task \"{long}").as_bytes(),
            (2, "hostile:2:"),
            (3, "hostile:1:"),
        ),
        case(
            "a_long_record",
            format!(
                r#"{{"id":"1","type":"replied","lead":"ana","at":"2026-03-02T09:00:00Z","props":{{"text":"{long}"}}}}"#
            )
            .as_bytes(),
            (2, "hostile:1:1"),
            (3, "hostile:1:"),
        ),
        case("many_statements", "tiers hot\n".repeat(20_000).as_bytes(), (2, "hostile"), (3, "hostile:1:")),
        case("random_bytes", &random(64 << 10, 256), (3, "not UTF-8"), (3, "hostile:1:")),
        case("random_letters", &random(64 << 10, 96), (2, "hostile"), (3, "hostile:1:")),
        case("zeros", &vec![0; 1 << 20], (2, "hostile"), (3, "hostile:1:")),
        case("not_utf8", b"tiers hot\n# \xff\xfe\n", (3, "hostile:2:3"), (3, "hostile:1:")),
        case("cut_utf8", b"tiers hot\n# \xe2\x86", (3, "hostile:2:3"), (3, "hostile:1:")),
        case("bom_and_rules", b"\xef\xbb\xbftiers hot\nopened 3x -> hot\n", FINE, (3, "hostile:1:")),
        case("bom_and_mistake", b"\xef\xbb\xbftiers hot\nopened 3x -> hto\n", (2, "hostile:2:14"), (3, "hostile:1:")),
        case("crlf_rules", b"tiers hot\r\n# why\r\nopened 3x -> hot\r\n", FINE, (3, "hostile:1:")),
        case("crlf_mistake", b"tiers hot\r\n# why\r\nopened 3x -> hto\r\n", (2, "hostile:3:14"), (3, "hostile:1:")),
        case("bom_and_log", format!("\u{feff}{record}\n").as_bytes(), (2, "hostile:1:1"), FINE),
        case("crlf_log", format!("{record}\r\n\r\n").as_bytes(), (2, "hostile:1:1"), FINE),
        case("nothing", b"", (0, "in 1 file\n"), FINE),
    ]
}

/// The same bytes each time, each below a bound; 96 gives letters, spaces and signs.
fn random(len: usize, below: u64) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) % below
    };
    let lift = if below == 96 { 32 } else { 0 };
    (0..len).map(|_| byte() + lift).map(|byte| if byte == 127 { b'\n' } else { byte as u8 }).collect()
}

#[test]
fn as_rules() {
    let temp = tempfile::tempdir().unwrap();
    for case in cases() {
        let path = temp.path().join("hostile");
        fs::write(&path, &case.bytes).unwrap();
        let ran = run(program().args(["check", "--format", "short"]).arg(&path), b"");
        met(case.name, &case.rules, &ran);
        for format in ["human", "json"] {
            let other = run(program().args(["check", "--format", format]).arg(&path), b"");
            assert_eq!(other.code, ran.code, "{}: {format}", case.name);
        }
    }
}

#[test]
fn as_a_log() {
    let temp = tempfile::tempdir().unwrap();
    for case in cases() {
        let path = temp.path().join("hostile");
        fs::write(&path, &case.bytes).unwrap();
        let log = |skip: &[&str]| run(program().args(["dry-run", "rules", "--events"]).arg(&path).args(skip), b"");
        met(case.name, &case.log, &log(&[]));
        assert_eq!(log(&["--skip-bad"]).code, 0, "{}", case.name);
    }
}

fn met(name: &str, (code, says): &Expect, ran: &Ran) {
    let said = format!("{}{}", ran.out, ran.err);
    let short: String = said.chars().take(2_000).collect();
    assert_eq!(ran.code, *code, "{name}: {short}");
    assert!(said.contains(says), "{name} does not say `{says}`: {short}");
    if *code == 3 {
        assert!(ran.err.starts_with("error: "), "{name}: {short}");
    }
    // A message is for reading: hostile text is quoted in part.
    assert!(said.len() < 20_000_000 && ran.err.len() < 8_000, "{name}: {} bytes are said", said.len());
}

#[test]
fn every_broken_json_of_the_corpus_as_a_log() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corpora/JSONTestSuite/test_parsing");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with("n_"));
    files.sort();
    assert!(files.len() > 150, "{} files", files.len());
    for file in files {
        let ran = run(program().args(["dry-run", "fixtures/cli/two_lines.ensue", "--events"]).arg(&file), b"");
        let bytes = fs::read(&file).unwrap();
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        if text.iter().all(|byte| b" \t\r\n".contains(byte)) {
            // Nothing but blank lines: a log without events.
            assert_eq!(ran.code, 0, "{}: {}", file.display(), ran.err);
            continue;
        }
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{}", file.display());
        assert!(ran.err.starts_with("error: bad record: "), "{}: {}", file.display(), ran.err);
        let name = file.file_name().unwrap().to_string_lossy();
        assert!(ran.err.contains(&format!("{name}:")), "{name}: {}", ran.err);
    }
}

/// Names of a log may hold what steers a terminal, or line breaks that make up rows.
#[test]
fn names_of_a_log_do_not_steer_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let (rules, log) = (folder.path().join("a.ensue"), folder.path().join("a.jsonl"));
    fs::write(&rules, "tiers hot\nfirst: created -> hot\n").unwrap();
    let record =
        r#"{"id":"e\u001b[2J","type":"lead.created","lead":"eve\n  sent\u202e\u0007","at":"2026-03-02T09:00:00Z"}"#;
    let odd = r#"{"id":"odd","type":"odd\u001b[31m","lead":"eve\n  sent\u202e\u0007","at":"2026-03-02T09:00:00Z"}"#;
    fs::write(&log, format!("{record}\n{odd}\n")).unwrap();
    let shown = |ran: Ran| format!("{}{}", ran.out, ran.err);
    let replayed = shown(run(program().arg("dry-run").arg(&rules).arg("--events").arg(&log), b""));
    assert!(replayed.contains(r"eve\u000a  sent\u202e\u0007: UTC"), "{replayed}");
    assert!(replayed.contains(r"[e\u001b[2J]"), "{replayed}");
    let checked = shown(run(program().arg("check").arg(&rules).arg("--events").arg(&log), b""));
    for said in [&replayed, &checked] {
        assert!(said.contains(r"`odd\u001b[31m`"), "{said}");
    }
    let explained = shown(run(program().args(["explain", "eva"]).arg(&rules).arg("--events").arg(&log), b""));
    let steers = |c: char| matches!(c, '\u{1b}' | '\u{7}' | '\u{202e}');
    for said in [&replayed, &checked, &explained] {
        assert!(!said.contains(steers), "{said}");
    }
}

#[test]
fn nobody_starts_thousands_of_threads() {
    let ran = run(program().args(["dry-run", "rules", "--events", "x.jsonl", "--threads", "5000"]), b"");
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("up to 256"), "{}", ran.err);
}
