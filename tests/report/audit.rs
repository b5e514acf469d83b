//! An old log without rules: every finding by numbers that were reckoned by hand, the quickstart as it reads, and logs
//! that hold nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use ensue::audit::book::{self, MailsTold};
use ensue::audit::finding::FindingKind;
use ensue::audit::{StageKind, playbook};
use ensue::check::{self, Env};
use serde_json::{Value, json};

use super::snapshot;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Standard output, standard error and exit code of an audit of a text.
fn audit_of(log: &str, more: &[&str]) -> (String, String, i32) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ensue"))
        .args(["audit", "--events", "-"])
        .args(more)
        .current_dir(ROOT)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // What is refused for its arguments ends before it has read the log.
    let written = child.stdin.take().unwrap().write_all(log.as_bytes());
    if let Err(error) = written {
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

fn lines(log: &str, more: &[&str]) -> Vec<Value> {
    let (out, err, code) = audit_of(log, &[&["--format", "jsonl"], more].concat());
    assert_eq!(code, 0, "{err}");
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn line<'a>(lines: &'a [Value], key: &str, name: &str) -> &'a Value {
    lines.iter().find(|line| line[key] == name).unwrap_or_else(|| panic!("no line of {name}"))
}

/// Events of one lead, each `DAY-TIME TYPE PROPS`, in January 2026 unless the day says otherwise.
fn events(log: &mut String, lead: &str, events: &[(&str, &str, Value)]) {
    for (at, ty, props) in events {
        let number = log.lines().count();
        let at = if at.len() > 8 { format!("2026-{at}:00Z") } else { format!("2026-01-{at}:00Z") };
        let event = json!({"id": format!("n{number}"), "type": ty, "lead": lead, "at": at, "props": props});
        writeln!(log, "{event}").unwrap();
    }
}

/// A log in which every finding occurs, out of order as exports are. The fifth of January is a Monday.
fn old_log() -> String {
    let mut log = String::new();
    let sent = |template: &str| json!({"template": template});
    let auto = |template: &str| json!({"template": template, "auto": true});
    for at in 1..=5 {
        let facts = json!({
            "name": "R", "email": "r@example.com", "company": "R", "source": "web", "owner": "rich", "timezone": "UTC"
        });
        let of_rich = [
            ("05T08:00", "lead.created", facts),
            ("05T08:10", "email.sent", sent("t1")),
            ("07T09:00", "call.completed", json!({})),
            ("09T09:00", "email.sent", sent("t2")),
            ("12T09:00", "call.completed", json!({})),
        ];
        events(&mut log, &format!("r{at}"), &of_rich);
        let facts = json!({"source": "list", "owner": "poor"});
        let of_poor = [("05T08:00", "lead.created", facts), ("06T10:00", "call.completed", json!({}))];
        events(&mut log, &format!("p{at}"), &of_poor);
    }
    let created = || ("05T08:00", "lead.created", json!({}));
    let called = |at| (at, "call.completed", json!({}));
    events(
        &mut log,
        "opted_out",
        &[
            created(),
            ("05T08:10", "email.sent", sent("t1")),
            ("07T08:00", "unsubscribed", json!({})),
            ("08T08:00", "email.sent", sent("t2")),
        ],
    );
    events(
        &mut log,
        "replied",
        &[
            created(),
            ("05T12:00", "email.sent", auto("t1")),
            ("06T09:00", "email.replied", json!({})),
            ("07T10:00", "email.sent", auto("t1")),
        ],
    );
    events(&mut log, "demo_late", &[("06T10:00", "demo.requested", json!({})), called("06T12:00")]);
    events(&mut log, "demo_soon", &[("06T10:00", "demo.requested", json!({})), called("06T10:30")]);
    events(&mut log, "forgotten", &[created()]);
    events(&mut log, "lost", &[created(), called("05T08:10"), ("10T08:00", "deal.lost", json!({}))]);
    events(&mut log, "lost_unseen", &[created(), ("12T08:00", "deal.lost", json!({}))]);
    events(
        &mut log,
        "mailed",
        &[
            created(),
            ("05T08:10", "email.sent", sent("t1")),
            ("07T08:10", "email.sent", sent("t3")),
            ("08T08:00", "email.opened", json!({})),
            ("09T08:10", "email.sent", sent("t4")),
        ],
    );
    events(&mut log, "opened", &[("06T08:00", "email.opened", json!({}))]);
    events(&mut log, "new", &[("03-30T08:00", "lead.created", json!({})), called("03-30T08:10")]);
    events(
        &mut log,
        "won_back",
        &[created(), called("05T08:10"), ("10T08:00", "deal.lost", json!({})), called("20T08:00")],
    );
    events(&mut log, "foreign", &[("06T08:00", "email.send", json!({})), ("07T08:00", "email.send", json!({}))]);
    let again = log.lines().next().unwrap().to_owned();
    log + again.as_str() + "\nthis is no record\n"
}

const AS_OF: [&str; 2] = ["--as-of", "2026-04-01"];

#[test]
fn every_finding_is_as_reckoned_by_hand() {
    let lines = lines(&old_log(), &AS_OF);
    // 21 leads are told of: ten of two owners, eleven others. Of them 18 were created, one of these last week.
    let expected = [
        ("mail_after_opt_out", 1, 17),
        ("mail_over_reply", 1, 17),
        ("reply_unanswered", 1, 1),
        ("reply_still_open", 1, 1),
        ("demo_waited", 1, 2),
        ("slow_start", 8, 18),
        ("never_contacted", 3, 20),
        ("contacted_once", 7, 17),
        ("gone_silent", 14, 15),
        ("dropped_after_no", 2, 3),
        ("lost_unreached", 1, 3),
        ("leaving", 14, 19),
        ("uneven_owners", 15, 20),
        ("uneven_sources", 15, 20),
        ("one_channel", 1, 6),
        ("template_twice", 1, 17),
        ("one_template", 9, 17),
        ("open_without_mail", 1, 2),
        ("not_created", 3, 21),
        ("fields_missing", 16, 21),
    ];
    assert_eq!(expected.len(), FindingKind::ALL.len());
    let found: BTreeMap<&str, (u64, u64)> = lines
        .iter()
        .filter_map(|line| Some((line["finding"].as_str()?, (line["count"].as_u64()?, line["of"].as_u64()?))))
        .collect();
    let wrong: Vec<_> = expected.iter().filter(|(name, count, of)| found[name] != (*count, *of)).collect();
    assert!(wrong.is_empty(), "expected {wrong:?}, found {found:?}");
    // The rich have all, the poor a source and an owner, the other eleven nothing.
    let missing = json!({"name": 16, "email": 16, "company": 16, "source": 11, "owner": 11, "timezone": 16});
    assert_eq!(line(&lines, "finding", "fields_missing")["missing"], missing);
    let stages: Vec<[u64; 2]> = lines
        .iter()
        .filter(|line| line["audit"] == "stage")
        .map(|line| [line["leads"].as_u64().unwrap(), line["left"].as_u64().unwrap()])
        .collect();
    assert_eq!(stages, [[21, 2], [19, 14], [5, 2], [3, 3], [0, 0]]);
    let response = line(&lines, "audit", "response");
    // Ten within ten minutes, five within 26 hours, three never: the median of 18 is ten minutes.
    assert_eq!(response["median_seconds"], 600.0);
    assert_eq!([&response["rows"], &response["outcomes"], &response["unripe"]], [17, 14, 1]);
}

#[test]
fn what_is_known_of_the_log_is_as_reckoned_by_hand() {
    let lines = lines(&old_log(), &AS_OF);
    let log = line(&lines, "audit", "log");
    assert_eq!((&log["leads"], &log["duplicates"], &log["bad"]), (&json!(22), &json!(1), &json!(1)));
    assert_eq!(log["unknown"], json!({"email.send": 2}));
    assert_eq!(log["types"]["call.completed"], 10 + 5 + 6);
    assert_eq!(log["missing"], json!(["meeting.booked", "deal.won"]));
    // From 5 January to 30 March are 13 weeks; something happened in the first three and in the last.
    assert_eq!((&log["weeks"], log["empty_weeks"].as_array().unwrap().len()), (&json!(13), 9));
    assert_eq!(log["empty_weeks"][0], "2026-01-26");
    assert_eq!(log["mails"], "email.sent");
}

#[test]
fn examples_stand_in_the_log_at_the_place_that_is_named() {
    let log = old_log();
    let lines = lines(&log, &AS_OF);
    let shown = |finding: &str| -> Vec<(String, String)> {
        let examples = line(&lines, "finding", finding)["examples"].as_array().unwrap().clone();
        let entry = |example: &Value| {
            let place = example["line"].as_u64().unwrap() as usize;
            let entry: Value = serde_json::from_str(log.lines().nth(place - 1).unwrap()).unwrap();
            assert_eq!(entry["lead"], example["lead"]);
            assert_eq!(entry["at"].as_str().unwrap(), example["at"].as_str().unwrap());
            (entry["lead"].as_str().unwrap().to_owned(), entry["type"].as_str().unwrap().to_owned())
        };
        examples.iter().map(entry).collect()
    };
    let pair = |lead: &str, ty: &str| (lead.to_owned(), ty.to_owned());
    assert_eq!(shown("mail_after_opt_out"), [pair("opted_out", "email.sent")]);
    assert_eq!(shown("mail_over_reply"), [pair("replied", "email.sent")]);
    assert_eq!(shown("template_twice"), [pair("replied", "email.sent")]);
    assert_eq!(shown("reply_still_open"), [pair("replied", "email.replied")]);
    assert_eq!(shown("demo_waited"), [pair("demo_late", "demo.requested")]);
    assert_eq!(shown("lost_unreached"), [pair("lost_unseen", "deal.lost")]);
    assert_eq!(shown("one_channel"), [pair("mailed", "email.sent")]);
    // The latest first, and of one moment by name.
    let never =
        [pair("opened", "email.opened"), pair("forgotten", "lead.created"), pair("lost_unseen", "lead.created")];
    assert_eq!(shown("never_contacted"), never);
    assert_eq!(shown("uneven_owners").len(), 3, "three of fifteen");
    let slow = line(&lines, "finding", "slow_start");
    let worst = json!([
        {"by": "source", "group": "list", "count": 5, "of": 5},
        {"by": "owner", "group": "poor", "count": 5, "of": 5},
    ]);
    assert_eq!(slow["worst"], worst);
    let spread = &line(&lines, "finding", "uneven_owners")["spread"];
    let means: Vec<_> =
        spread.as_array().unwrap().iter().map(|g| (&g["group"], g["contacts"].as_f64().unwrap())).collect();
    assert_eq!(means, [(&json!("poor"), 1.0), (&json!("-"), 1.2), (&json!("rich"), 4.0)]);
    // The gaps of each of the rich are 48h50m, 48h and 72h.
    assert_eq!(spread[2]["gap_seconds"], 48.0 * 3600.0 + 50.0 * 60.0);
}

#[test]
fn rows_are_as_many_as_the_count() {
    let log = old_log();
    for finding in lines(&log, &AS_OF).iter().filter(|line| line["audit"] == "finding") {
        let name = finding["finding"].as_str().unwrap();
        let rows = lines(&log, &[&AS_OF[..], &["--rows", name]].concat());
        assert_eq!(rows.len() as u64, finding["count"].as_u64().unwrap(), "{name}");
    }
}

#[test]
fn mails_are_counted_by_what_the_log_has_more_of() {
    let mut log = String::new();
    let template = || json!({"template": "t"});
    events(&mut log, "a", &[("05T08:00", "email.sent", template()), ("05T08:01", "email.delivered", template())]);
    events(&mut log, "a", &[("06T08:01", "email.delivered", template())]);
    let lines = lines(&log, &[]);
    assert_eq!(line(&lines, "audit", "log")["mails"], "email.delivered");
    let twice = line(&lines, "finding", "template_twice");
    assert_eq!((&twice["count"], &twice["of"]), (&json!(1), &json!(2)), "no mail counts twice");
}

#[test]
fn however_mails_are_counted_logs_are_read_alike() {
    let books = [MailsTold::Sent, MailsTold::Delivered].map(book::rulebook);
    let [types, others] = books.each_ref().map(|book| book.types.iter().map(|ty| &ty.name).collect::<Vec<_>>());
    assert_eq!(types, others);
    let [props, others] = books.each_ref().map(|book| book.props.iter().collect::<Vec<_>>());
    assert_eq!(props, others);
}

#[test]
fn the_playbook_in_the_program_is_that_of_the_repository() {
    let mut there = Vec::new();
    let mut folders = vec![Path::new(ROOT).join("rules")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let inner = path.strip_prefix(ROOT).unwrap().to_str().unwrap().to_owned();
            match path.is_dir() {
                true if inner != "rules/tests" => folders.push(path),
                false => there.push(inner),
                true => {}
            }
        }
    }
    there.sort();
    let mut paths = playbook::paths();
    paths.sort();
    assert_eq!(paths, there);
    assert!(playbook::rulebook().rules.len() > 30);
    for kind in FindingKind::ALL {
        for stage in StageKind::ALL.into_iter().map(Some).chain([None]) {
            let missing: Vec<_> =
                kind.rules(stage).iter().filter(|path| !paths.contains(&(**path).to_owned())).collect();
            assert!(missing.is_empty(), "{kind:?} names {missing:?}");
        }
    }
}

#[test]
fn the_playbook_would_have_done_what_a_dry_run_says() {
    let log = std::fs::read_to_string(Path::new(ROOT).join("fixtures/quickstart/events.jsonl")).unwrap();
    let lines = lines(&log, &[]);
    let told = line(&lines, "audit", "playbook");
    let dry = Command::new(env!("CARGO_BIN_EXE_ensue"))
        .args(["dry-run", "rules", "--events", "fixtures/quickstart/events.jsonl", "--format", "jsonl"])
        .current_dir(ROOT)
        .output()
        .unwrap();
    let dry: Vec<Value> =
        String::from_utf8(dry.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let alerts = dry.iter().filter(|line| line["do"] == "alert").count();
    assert_eq!(told["alerts"], alerts);
    let messages = dry.iter().filter(|line| line["status"] == "sent" && line["channel"] != "task").count() as u64;
    let contacts: u64 = told["contacts"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!((contacts, alerts > 20 && messages > 100), (messages, true));
    let cancelled = dry.iter().filter(|line| line["status"] == "cancelled").count();
    assert_eq!(told["cancelled"], cancelled);
}

#[test]
fn the_quickstart_as_it_reads() {
    let audit = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_ensue"))
            .args(["audit", "--events", "fixtures/quickstart/events.jsonl"])
            .args(more)
            .current_dir(ROOT)
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    snapshot("audit_human", &audit(&[]));
    snapshot("audit_markdown", &audit(&["--format", "md"]));
}

#[test]
fn a_log_that_holds_nothing_is_told_so() {
    let (out, err, code) = audit_of("", &[]);
    assert_eq!((code, err.as_str()), (0, ""), "{err}");
    assert!(out.contains("there is no event in the log, so there is nothing to look at"), "{out}");
    assert!(out.ends_with("audit: 0 findings in 0 events of 0 leads (UTC)\n"), "{out}");
    let (out, _, code) = audit_of("nothing\n", &["--format", "md"]);
    assert!(code == 0 && out.contains("1 line could not be read"), "{out}");
    let unknown = r#"{"id":"1","type":"lead.create","lead":"x","at":"2026-01-05T08:00:00Z"}"#;
    let (out, _, code) = audit_of(unknown, &[]);
    assert!(code == 0 && out.contains("did somebody mean `lead.created`?"), "{out}");
    assert!(
        out.contains("audit: 0 findings in 1 event of 1 lead"),
        "nobody is blamed for what is not understood: {out}"
    );
    assert!(!out.contains("NaN"), "{out}");
    let one = r#"{"id":"1","type":"lead.created","lead":"x","at":"2026-01-05T08:00:00Z"}"#;
    let (out, _, code) = audit_of(one, &[]);
    assert!(code == 0 && out.contains("in 1 event of 1 lead") && out.contains("      -\n"), "{out}");
}

#[test]
fn wrong_use_is_told() {
    for (more, said) in [
        (["--rows", "never_contactd"], "did you mean `never_contacted`?"),
        (["--as-of", "yesterday"], "neither a day nor a moment"),
        (["--as-of", "2020-01-01"], "nothing of the log was received by then"),
        (["-o", "page.pdf"], "an audit cannot be written as `.pdf`"),
    ] {
        let (out, err, code) = audit_of(&old_log(), &more);
        assert_eq!((out.as_str(), code), ("", 3), "{more:?}");
        assert!(err.contains(said), "{err}");
    }
}

#[test]
fn the_metrics_of_the_audit_are_without_a_finding() {
    let text = include_str!("../../src/audit/audit.ensue");
    let files = [("audit.ensue", text), ("mails.ensue", "group mailed = sent\n")];
    let checked = check::load(files.map(|(path, text)| (path.to_owned(), text.to_owned())), &Env::default());
    assert!(checked.rulebook.is_some() && checked.diagnostics.is_empty(), "{:?}", checked.diagnostics);
}
