//! What the exit codes say, and the words that come with them.

use std::fs;

use super::process::{Ran, ensue, program, run};

const LOG: &str = "fixtures/quickstart/events.jsonl";

/// A failure of the caller: exit 3, nothing on standard output, an error in words.
fn wrong_use(words: &str, says: &str) {
    let Ran { code, out, err } = ensue(words);
    assert_eq!((code, out.as_str()), (3, ""), "{words}: {err}");
    assert!(err.starts_with("error: ") && err.contains(says), "{words}: {err}");
}

#[test]
fn zero_is_fine() {
    for words in [
        "check rules",
        "check fixtures/cli/two_lines.ensue",
        "explain unknown-tier",
        "explain",
        "vocabulary",
        &format!("dry-run rules --events {LOG}"),
        &format!("dry-run fixtures/cli/two_lines.ensue --events {LOG}"),
    ] {
        let ran = ensue(words);
        assert_eq!(ran.code, 0, "{words}: {}", ran.err);
        assert!(!ran.out.is_empty(), "{words}");
    }
}

/// Types that nobody declared are listed, so that a misspelt one is found.
#[test]
fn check_lists_undeclared_types() {
    let ran = ensue(&format!("check rules --events {LOG}"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.err, "note: no event is of type `crm.note_added` (2 in the log)\n");
}

/// Properties that nobody declared, with the near fact, and facts that no entry carries, each with a line to
/// paste; what is in an object is told by its path.
#[test]
fn check_lists_properties_that_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let (rules, log) = (folder.path().join("rules.ensue"), folder.path().join("log.jsonl"));
    let first = "lead { plan_name text?, region text?, stage text? }\n\
                 event trial is \"trial.started\" { plan text?, c number? is \"a.c\" }\n\
                 a: trial where plan_name == \"x\" and region == \"y\" -> set stage = \"x\"\n";
    std::fs::write(&rules, first).unwrap();
    let lines = r#"{"id":"1","type":"lead.created","lead":"ana","at":"2026-03-02T08:00:00Z","props":{"E-Mail":"a@b.c","Name":"Ana","budget":5,"PlanName":"x","name":null}}
{"id":"2","type":"trial.started","lead":"ana","at":"2026-03-02T08:00:00Z","props":{"trialEndsAt":"2026-03-20","plan":"pro","a":{"c":1,"d":{"e":true}}}}
{"id":"3","type":"page.viewed","lead":"ana","at":"2026-03-02T09:00:00Z","props":{"$utm":"x\u001b[31m"}}
"#;
    std::fs::write(&log, lines).unwrap();
    let check = |more: &str| ensue(&format!("check {}{more}", rules.display()));
    let ran = check(&format!(" --events {}", log.display()));
    let expected = "note: undeclared-property: nobody declared `$utm` of `page.viewed` (1 in the log); to read it, write `event page_viewed is \"page.viewed\" { utm text? is \"$utm\" }`
note: undeclared-property: nobody declared `E-Mail` of `lead.created` (1 in the log); did you mean the fact `email`? write `lead { email email? is \"E-Mail\" }`
note: undeclared-property: nobody declared `Name` of `lead.created` (1 in the log); did you mean the fact `name`? write `lead { name text? is \"Name\" }`
note: undeclared-property: nobody declared `PlanName` of `lead.created` (1 in the log); did you mean the fact `plan_name`? write `plan_name text? is \"PlanName\"` in `lead`
note: undeclared-property: nobody declared `a.d.e` of `trial.started` (1 in the log); to read it, write `e bool? is \"a.d.e\"` in event `trial`
note: undeclared-property: nobody declared `budget` of `lead.created` (1 in the log); to read it as a fact, write `lead { budget number? }`
note: undeclared-property: nobody declared `trialEndsAt` of `trial.started` (1 in the log); to read it, write `trial_ends_at date? is \"trialEndsAt\"` in event `trial`
note: never-seen: no entry of the log carries the fact `plan_name`; did you mean `PlanName`? write `plan_name text? is \"PlanName\"` in `lead`
note: never-seen: no entry of the log carries the fact `region`: send it with `lead.created` or `lead.updated`, or let a property of an event set it
";
    assert_eq!((ran.code, ran.err.as_str()), (0, expected), "{}", ran.out);
    // What is offered works.
    let offered = expected.lines().filter_map(|line| line.split("write `").nth(1)?.split_once('`'));
    let mut whole = String::from(first);
    for (line, place) in offered.collect::<std::collections::BTreeSet<_>>() {
        match place {
            " in `lead`" => whole = whole.replace("plan_name text?,", &format!("{line},")),
            " in event `trial`" => whole = whole.replace("started\" {", &format!("started\" {{ {line},")),
            _ => whole += &format!("{line}\n"),
        }
    }
    std::fs::write(&rules, whole).unwrap();
    let ran = check(&format!(" --events {}", log.display()));
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(ran.err.matches("note: ").count(), 1, "only the region is left: {}", ran.err);
}

/// Findings: a script that fails, and a message that lacks a value, each said in words.
#[test]
fn one_is_a_finding() {
    let ran = ensue("dry-run fixtures/run/script_that_fails --events fixtures/run/script_that_fails/events.jsonl");
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("script_that_fails/rules.ensue:5:61: "), "{}", ran.out);
    let folder = "fixtures/run/missing_value_holds_the_touch";
    let render = format!("render recap {folder} --lead ana --events {folder}/events.jsonl");
    let ran = ensue(&format!("{render} --at 2026-03-03T10:00:00Z"));
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(ran.err, "held: `recap` needs company, which is missing for ana\n");
    let ran = ensue(&render);
    let message = "channel: email\nsubject: Following up on Acme\n\nHello there,\n\na word on Acme.\n";
    assert_eq!((ran.code, ran.out.as_str()), (0, message), "{}", ran.err);
}

/// From which weight on findings fail is for the caller to say; two lines draw a warning and a note.
#[test]
fn one_is_a_finding_at_or_above_the_level() {
    let two_lines = "check fixtures/cli/two_lines.ensue --format short";
    for (level, code) in [("", 0), (" --fail-level error", 0), (" --fail-level warning", 1), (" --fail-level info", 1)]
    {
        let ran = ensue(&format!("{two_lines}{level}"));
        assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{level}");
        assert!(ran.out.ends_with("check: 1 warning, 1 note in 1 file\n"), "{}", ran.out);
    }
    assert_eq!(ensue("check rules --fail-level info").code, 0, "the playbook has no findings");
    assert_eq!(ensue("check fixtures/cli/slip.ensue --fail-level info").code, 2, "an error is no mere finding");
}

/// A comment allows a finding up to its day, that day included.
#[test]
fn allowed_findings_come_back_after_their_day() {
    let day = |today: &str| {
        ensue(&format!("check fixtures/cli/allowed.ensue --fail-level warning --format short --today {today}"))
    };
    let ran = day("2026-12-31");
    assert_eq!((ran.code, ran.out.as_str()), (0, "check: no findings in 1 file\n"), "{}", ran.err);
    let ran = day("2027-01-01");
    assert_eq!(ran.code, 1);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ran.out);
    assert!(lines[0].contains("allowed.ensue:2:1: warning[expired-allow]"), "{}", ran.out);
    assert!(lines[1].contains("allowed.ensue:3:40: warning[opens-alone]"), "{}", ran.out);
    let ran = day("tomorrow");
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{}", ran.err);
}

#[test]
fn two_is_rules_that_do_not_compile() {
    let ran = ensue("check fixtures/cli/slip.ensue");
    assert_eq!((ran.code, ran.err.as_str()), (2, ""));
    assert!(ran.out.ends_with("check: 1 error in 1 file\n"), "{}", ran.out);
    for format in ["short", "json"] {
        assert_eq!(ensue(&format!("check fixtures/cli/slip.ensue --format {format}")).code, 2);
    }
    let ran = ensue(&format!("dry-run fixtures/cli/slip.ensue --events {LOG}"));
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.starts_with("error[unknown-tier]: "), "{}", ran.err);
}

#[test]
fn three_is_wrong_use() {
    wrong_use("check --colour always", "--colour");
    wrong_use(&format!("dry-run rules --evnts {LOG}"), "--events");
    wrong_use("dry-run rules", "--events");
    wrong_use("chekc rules", "chekc");
    wrong_use(&format!("dry-run rules --events {LOG} --until tomorrow"), "2026-03-05T10:00:00-05:00");
    wrong_use(&format!("dry-run rules --events {LOG} --lead nobody"), "`nobody`");
    wrong_use(&format!("render recpa --lead ana --events {LOG}"), "did you mean `recap`?");
    wrong_use(&format!("render recap --lead nobody --events {LOG}"), "`nobody`");
    wrong_use("explain unknown-teir", "did you mean `unknown-tier`?");
    wrong_use("explain something-else-entirely", "lists all names");
    wrong_use("explain ana", "no store at `.ensue`");
    wrong_use("explain ana --rule third_open", "its store with `--store DIR`");
    wrong_use("explain ana --store no/such/store", "no/such/store");
    wrong_use(&format!("explain ana --events {LOG} --store no/such/store"), "cannot be used with");
    assert_eq!(ensue("").code, 3, "no verb at all");
}

#[test]
fn three_is_a_missing_file() {
    let temp = tempfile::tempdir().unwrap();
    let empty = temp.path().join("empty");
    let other = temp.path().join("other");
    fs::create_dir_all(&empty).unwrap();
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("notes.txt"), "no rules here").unwrap();
    wrong_use("check no/such/folder", "there is no rulebook at `no/such/folder`");
    wrong_use(&format!("check {}", empty.display()), "there is no `*.ensue` file");
    wrong_use(&format!("check {}", other.display()), "there is no `*.ensue` file");
    wrong_use("dry-run rules --events no/such.jsonl", "there is no log at `no/such.jsonl`");
    wrong_use("dry-run rules --events fixtures/quickstart", "is a folder: name the log in it");
}

#[test]
fn three_is_a_bad_record_and_it_is_shown() {
    let ran = ensue("dry-run rules --events fixtures/cli/bad_record.jsonl");
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    insta::with_settings!({
        snapshot_path => "../../fixtures/cli", prepend_module_to_snapshot => false, omit_expression => true
    }, {
        insta::assert_snapshot!("bad_record", ran.err);
    });
}

#[test]
fn bad_records_can_be_left_out() {
    let ran = ensue("dry-run rules --events fixtures/cli/bad_record.jsonl --skip-bad --format jsonl");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains(r#""lead":"zoe""#), "the good records count: {}", ran.out);
    assert!(ran.err.contains("fixtures/cli/bad_record.jsonl:2:"), "{}", ran.err);
    assert!(ran.err.contains("note: 1 bad record left out\n"), "{}", ran.err);
}

#[test]
fn the_smallest_rulebook_works_as_a_file() {
    let log = concat!(
        r#"{"id":"1","type":"email.opened","lead":"ana","at":"2026-03-02T09:00:00Z"}"#,
        "\n",
        r#"{"id":"2","type":"email.opened","lead":"ana","at":"2026-03-03T09:00:00Z"}"#,
        "\n",
        r#"{"id":"3","type":"email.opened","lead":"ana","at":"2026-03-04T09:00:00Z"}"#,
        "\n",
        r#"{"id":"4","type":"replied","lead":"ana","at":"2026-03-05T09:00:00Z"}"#,
        "\n",
    );
    let words = "dry-run fixtures/cli/two_lines.ensue --events - --format jsonl";
    let ran = run(program().args(words.split(' ')), log.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.err);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 1, "{}", ran.out);
    assert!(
        lines[0].starts_with(r#"{"at":"2026-03-04T09:00:00Z","lead":"ana","do":"tier","to":"hot","#),
        "{}",
        lines[0]
    );
    assert!(lines[0].ends_with(r#""because":["1","2","3"]}"#), "{}", lines[0]);
}

#[test]
fn a_summary_counts_what_is_shown() {
    let ran = ensue(&format!("dry-run rules --events {LOG} --lead ana --lead ben --format jsonl"));
    assert!(ran.err.lines().last().unwrap().starts_with("dry-run: 2 leads, "), "{}", ran.err);
    assert!(ran.out.lines().all(|line| line.contains(r#""lead":"ana""#) || line.contains(r#""lead":"ben""#)));
}

#[test]
fn a_form_or_a_channel_that_is_not_there_is_named() {
    wrong_use("doc rules -o playbook.pdf", "cannot be written as `.pdf`");
    assert!(!std::path::Path::new("playbook.pdf").exists());
    let words = format!("render case_study rules --lead ana --events {LOG} --channel fax");
    wrong_use(&words, "no template `case_study` for channel `fax`\n  = help: it is there for `email`");
}
