//! The weekly review: what stands in which list, and commands that work when pasted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PROGRAM: &str = env!("CARGO_BIN_EXE_ensue");

fn run(cwd: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(args).current_dir(cwd).env("NO_COLOR", "1").stdin(Stdio::null()).output().unwrap()
}

fn good(cwd: &Path, args: &[&str]) -> String {
    let ran = run(cwd, args);
    assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

fn quickstart(more: &[&str]) -> String {
    let usual = ["review", "weekly", "rules", "--events", "fixtures/quickstart/events.jsonl", "--as-of", "2026-05-06"];
    good(Path::new(ROOT), &[&usual, more].concat())
}

#[test]
fn the_review_of_the_quickstart_is_as_seen() {
    super::snapshot("review_human", &quickstart(&[]));
    super::snapshot("review_markdown", &quickstart(&["--format", "md"]));
    super::snapshot("review_jsonl", &quickstart(&["--format", "jsonl"]));
}

/// Whoever pastes a command gets an answer about what the item is about.
#[test]
fn every_command_of_a_review_works_when_pasted() {
    let bin = Path::new(PROGRAM).parent().unwrap().display().to_string();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap_or_default());
    let mut pasted = 0;
    for line in quickstart(&["--format", "jsonl"]).lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some(command) = line["command"].as_str() else { continue };
        let mut shell = Command::new("sh");
        let ran =
            shell.args(["-c", command]).current_dir(ROOT).env("PATH", &path).stdin(Stdio::null()).output().unwrap();
        let out = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
        assert!(out.contains(line["about"].as_str().unwrap().split(' ').next().unwrap()), "{command}: {out}");
        pasted += 1;
    }
    assert!(pasted > 10, "{pasted}");
}

const RULES: &str = r#"
tiers hot, warm, cold
lead { heat text? }
created -> cold
up: updated where heat == "hot" -> hot
kept: updated where heat == "kept" -> start keep
asked: updated where heat == "ask" -> start ask
looked: clicked -> alert manager "look at this one"
soon: updated where heat == "soon" -> start short
sequence keep { day 300 at 09:00 email later as later }
sequence ask { day 1 at 09:00 email hello as hello approve }
sequence short { day 1 at 09:00 email hello as hello }
"#;

/// When, as days from 2026-01-05, of which type, with which properties.
type Happened = (i64, &'static str, &'static str);

/// By lead: what happened, and the reason that is told.
const LEADS: [(&str, &[Happened], &str); 17] = [
    ("reply", &[(85, "replied", "")], "reply 5"),
    (
        "answered",
        &[
            (80, "replied", ""),
            (81, "call.completed", r#""outcome":"answered""#),
            (84, "lead.updated", r#""heat":"kept""#),
        ],
        "",
    ),
    ("demo", &[(86, "demo.requested", "")], "demo 4"),
    ("alert", &[(80, "link.clicked", "")], "alert 10"),
    ("ask", &[(60, "lead.updated", r#""heat":"ask""#)], "approval 29"),
    ("interest", &[(70, "call.completed", r#""outcome":"answered""#), (85, "email.opened", "")], "interest 5"),
    (
        "calls",
        &[
            (80, "call.completed", r#""outcome":"no_answer""#),
            (81, "call.completed", r#""outcome":"no_answer""#),
            (82, "call.completed", r#""outcome":"voicemail""#),
        ],
        "missed_calls 8",
    ),
    (
        "long",
        &[
            (10, "lead.updated", r#""heat":"hot""#),
            (88, "email.opened", ""),
            (89, "call.completed", r#""outcome":"answered""#),
        ],
        "overstayed 80",
    ),
    (
        "bought",
        &[
            (10, "lead.updated", r#""heat":"hot""#),
            (20, "deal.won", ""),
            (21, "lead.updated", r#""heat":"kept""#),
            (88, "email.opened", ""),
            (89, "call.completed", r#""outcome":"answered""#),
        ],
        "",
    ),
    ("stage", &[(30, "deal.stage_changed", r#""stage":"offer""#)], "stage 60"),
    ("held", &[(40, "override.pause", r#""by":"kim""#)], "held 50"),
    ("idle", &[], "idle 90"),
    (
        "silent",
        &[(55, "email.opened", ""), (79, "lead.updated", r#""heat":"kept""#), (80, "lead.updated", r#""heat":"hot""#)],
        "no_interest 35",
    ),
    (
        "locked",
        &[
            (78, "lead.updated", r#""heat":"kept""#),
            (80, "override.tier", r#""to":"warm","lock":true,"by":"kim""#),
            (88, "email.opened", ""),
            (89, "call.completed", r#""outcome":"answered""#),
        ],
        "locked ",
    ),
    ("bounced", &[(50, "email.bounced", r#""hard":true"#)], "bounced 40"),
    ("through", &[(50, "lead.updated", r#""heat":"soon""#)], "through 39"),
    ("opted_out", &[(50, "unsubscribed", "")], "opted_out 40"),
];

fn log() -> String {
    let mut lines = Vec::new();
    for (lead, events, _) in LEADS {
        let created = (0, "lead.created", "");
        for (number, (day, ty, props)) in [created].iter().chain(events).enumerate() {
            let at = chrono::NaiveDate::from_ymd_opt(2026, 1, 5).unwrap() + chrono::Days::new(*day as u64);
            lines.push((*day, format!(
                "{{\"id\":\"{lead}-{number}\",\"type\":\"{ty}\",\"lead\":\"{lead}\",\"at\":\"{at}T06:00:00Z\",\"props\":{{{props}}}}}\n"
            )));
        }
    }
    lines.sort_by_key(|(day, _)| *day);
    lines.into_iter().fold(String::new(), |mut text, (_, line)| {
        let _ = write!(text, "{line}");
        text
    })
}

/// One lead for each reason, and two that need nobody.
#[test]
fn every_lead_stands_in_one_list_for_what_matters_most() {
    let room = tempfile::tempdir().unwrap();
    std::fs::write(room.path().join("rules.ensue"), RULES).unwrap();
    std::fs::write(room.path().join("log.jsonl"), log()).unwrap();
    let args = [
        "review",
        "weekly",
        "rules.ensue",
        "--events",
        "log.jsonl",
        "--as-of",
        "2026-04-05T06:00:00Z",
        "--format",
        "jsonl",
    ];
    let out = good(room.path(), &args);
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for line in out.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let (Some(lead), Some(code)) = (line["lead"].as_str(), line["code"].as_str()) else { continue };
        if line["list"] != "left" {
            let days = line["days"].as_u64().map(|days| days.to_string()).unwrap_or_default();
            assert_eq!(found.insert(lead.to_owned(), format!("{code} {days}")), None, "{lead} stands in two lists");
        }
    }
    let expected: BTreeMap<String, String> = LEADS
        .iter()
        .filter(|(.., why)| !why.is_empty())
        .map(|(lead, _, why)| ((*lead).to_owned(), (*why).to_owned()))
        .collect();
    assert_eq!(found, expected);
}

/// Who stood there a week ago for the same is not new; who was answered since has left.
#[test]
fn a_review_says_what_is_new_and_who_has_left() {
    let room = tempfile::tempdir().unwrap();
    std::fs::write(room.path().join("rules.ensue"), RULES).unwrap();
    std::fs::write(room.path().join("log.jsonl"), log()).unwrap();
    let review = |as_of: &str| {
        good(room.path(), &["review", "weekly", "rules.ensue", "--events", "log.jsonl", "--as-of", as_of])
    };
    let text = review("2026-04-05T06:00:00Z");
    assert!(text.contains("reply (cold): replied 5 days ago, and nobody has answered (new)"), "{text}");
    assert!(text.contains("alert (cold): the manager was told 10 days ago"), "{text}");
    assert!(text.contains("nobody has taken it up (still, the 2nd time)"), "{text}");
    assert!(
        text.contains("stage (cold): its deal has been in one stage for 60 days (still, the 4th time or more)"),
        "{text}"
    );
    let text = review("2026-03-26T07:00:00Z");
    assert!(text.contains("answered (cold): replied today, and nobody has answered (new)"), "{text}");
    let text = review("2026-04-02T07:00:00Z");
    assert!(text.contains("no more, since a week ago\n  answered: "), "{text}");
}

#[test]
fn what_cannot_be_reviewed_is_told() {
    let room = tempfile::tempdir().unwrap();
    std::fs::write(room.path().join("rules.ensue"), RULES).unwrap();
    std::fs::write(room.path().join("log.jsonl"), "").unwrap();
    let ran = run(room.path(), &["review", "weekly", "rules.ensue", "--events", "log.jsonl"]);
    assert_eq!(ran.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("nothing to review"));
    for file in ["a.html", "a.pdf"] {
        let ran = run(room.path(), &["review", "weekly", "rules.ensue", "--events", "log.jsonl", "-o", file]);
        assert_eq!(ran.status.code(), Some(3));
        assert!(String::from_utf8_lossy(&ran.stderr).contains("name it `.md`, `.jsonl` or `.txt`"));
    }
}
