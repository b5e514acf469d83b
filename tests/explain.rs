//! Explanations: they name what the timeline names, every clause of what acted passed at that
//! moment, and what they say is missing is what is missing. `fixtures/explain/NAME` holds
//! `rules.ensue`, `events.jsonl`, the `args` of the command, one a line, and what it prints.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "explain/needs.rs"]
mod needs;
#[path = "explain/world.rs"]
mod world;

use std::path::Path;
use std::process::{Command, Stdio};

use ensue::decision::{Body, Cause, Decision, Reason, Status};
use ensue::explain::{Clause, ClauseKind, Explanation, Why};

use world::World;

#[test]
fn folders() {
    insta::glob!("../fixtures/explain", "*/args", |path| {
        let folder = path.parent().unwrap();
        let printed = run(folder, &std::fs::read_to_string(path).unwrap());
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_snapshot_suffix("");
        settings.set_omit_expression(true);
        settings.remove_input_file();
        settings.bind(|| insta::assert_snapshot!("expected", printed));
    });
}

/// What the command prints in a folder: results, then notes, then the exit code where it is not 0.
fn run(folder: &Path, args: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ensue"))
        .arg("explain")
        .args(args.lines().filter(|line| !line.is_empty()))
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let code = output.status.code().unwrap();
    let code = if code == 0 { String::new() } else { format!("exit code {code}\n") };
    format!("{}{code}", String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

/// The rulebooks and logs of the dry run, and the quickstart.
fn every_world() -> Vec<World> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> =
        std::fs::read_dir(root.join("fixtures/run")).unwrap().map(|f| f.unwrap().path()).collect();
    folders.sort();
    let mut worlds: Vec<World> =
        folders.iter().filter(|folder| folder.join("events.jsonl").exists()).map(|folder| World::of(folder)).collect();
    assert!(worlds.len() >= 70, "folders are found where they are looked for");
    worlds.push(World::quickstart());
    let inside = |name: &str| {
        let entries = std::fs::read_dir(root.join("fixtures").join(name)).unwrap().map(|f| f.unwrap().path());
        let mut folders: Vec<_> = entries.filter(|folder| folder.join("events.jsonl").exists()).collect();
        folders.sort();
        assert!(!folders.is_empty(), "{name}");
        folders
    };
    // Those of a store are read as a dry run would; `activate` has a test of its own for the store.
    for (name, rulebooks) in [
        ("explain", &["rules.ensue"][..]),
        ("live", &["rules.ensue", "rules", "after", "tests_edited"]),
        ("activate", &["before", "after"]),
    ] {
        for folder in inside(name) {
            let events = std::fs::read_to_string(folder.join("events.jsonl")).unwrap();
            let rulebooks = rulebooks.iter().map(|name| folder.join(name)).filter(|path| path.exists());
            worlds.extend(rulebooks.map(|rules| World::new(&rules, events.clone(), None, true)));
        }
    }
    assert!(worlds.len() > 200, "{}", worlds.len());
    worlds
}

/// Every decision of the timeline is explained once, in its order, by the rule the timeline names.
#[test]
fn explanations_name_the_rules_of_the_timeline() {
    let mut decided = 0;
    for world in every_world() {
        let replayed = world.replay();
        for lead in world.leads() {
            let told: Vec<&Decision> =
                replayed.decisions.iter().filter(|d| d.lead == lead && !matches!(d.body, Body::Score { .. })).collect();
            let explanation = world.explain(lead, None, Vec::new());
            let explained: Vec<(&Decision, &Why)> =
                explanation.decided.iter().flat_map(|why| why.did.iter().map(move |did| (did, why))).collect();
            assert_eq!(told.len(), explained.len(), "{}: {}", world.path, world.log.lead_name(lead));
            for (told, (did, why)) in told.into_iter().zip(explained) {
                decided += 1;
                let line = world.names().line(told);
                assert_eq!(line.to_string(), world.names().line(did).to_string(), "{}", world.path);
                assert_eq!(line.rule.clone().unwrap_or_default(), why.by.name, "{}: {line}", world.path);
                assert_eq!(line.source.as_deref().unwrap_or(""), why.by.place, "{}: {line}", world.path);
                let events: Vec<&str> = why.events.iter().map(|event| event.id.as_str()).collect();
                assert_eq!(line.because, events, "{}: {line}", world.path);
            }
            let pending = replayed.pending.iter().filter(|d| d.lead == lead);
            let ahead: Vec<String> = explanation.ahead.iter().map(|d| world.names().line(d).to_string()).collect();
            assert_eq!(pending.map(|d| world.names().line(d).to_string()).collect::<Vec<_>>(), ahead, "{}", world.path);
        }
    }
    assert!(decided > 1_000, "{decided} decisions");
}

/// What acted passed every clause at that moment; what was kept from acting says by which.
#[test]
fn every_clause_of_what_acted_has_passed() {
    let (mut rules, mut touches, mut muted) = (0, 0, 0);
    for world in every_world() {
        for lead in world.leads() {
            let explanation = world.explain(lead, None, Vec::new());
            for why in &explanation.decided {
                let said = || format!("{}: {} at {}\n{:#?}", world.path, why.by.name, why.at.0, why.clauses);
                let holds = |clause: &Clause| clause.holds == Some(true);
                for did in &why.did {
                    match (&did.cause, &did.body) {
                        // What a person does asks no clauses.
                        (Cause::Person | Cause::Change, _) | (_, Body::Fault(_)) => {}
                        (Cause::Rule(..), Body::Muted(_)) => {
                            muted += 1;
                            assert!(why.clauses.iter().any(|clause| !holds(clause)), "{}", said());
                        }
                        (Cause::Rule(..), _) => {
                            rules += 1;
                            assert_eq!(why.clauses.first().map(|clause| clause.kind), Some(ClauseKind::When));
                            let sent = !matches!(&did.body, Body::Action(line) if line.status != Status::Sent);
                            let own =
                                why.clauses.iter().filter(|clause| sent || !matches!(clause.kind, ClauseKind::Channel));
                            // Late news lets stops act and mutes the rest beside them.
                            let beside = why.did.iter().any(|other| matches!(other.body, Body::Muted(_)));
                            let mut own = own.filter(|clause| {
                                !beside || !matches!(clause.kind, ClauseKind::Fresh | ClauseKind::Effect)
                            });
                            assert!(own.all(holds), "{}", said());
                        }
                        (Cause::Sequence(..), Body::Touch(line)) if line.status == Status::Sent => {
                            touches += 1;
                            assert!(why.clauses.len() > 1 && why.clauses.iter().all(holds), "{}", said());
                            assert!(!why.chain.is_empty(), "{}", said());
                        }
                        (Cause::Sequence(..), Body::Touch(line))
                            if matches!(line.reason, Some(Reason::ConditionFails(..))) =>
                        {
                            let failed = why.clauses.iter().any(|c| c.kind == ClauseKind::If && !holds(c));
                            assert!(failed, "{}", said());
                        }
                        (Cause::Sequence(..), Body::Enroll { .. }) => {
                            assert!(!why.clauses.is_empty() && why.clauses.iter().all(holds), "{}", said());
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    assert!(rules > 500 && touches > 200 && muted > 5, "{rules} by rules, {touches} touches, {muted} muted");
}

/// An explanation at a moment says no more than a dry run until then.
#[test]
fn a_moment_is_the_end_of_the_log() {
    let world = World::quickstart();
    let at = world.log.entries()[world.log.len() / 2].received_at;
    let lead = world.lead("noah");
    let explained: Vec<Decision> =
        world.explain(lead, Some(at), Vec::new()).decided.into_iter().flat_map(|why| why.did).collect();
    let replayed = world.replay_until(at);
    let told = replayed.decisions.into_iter().filter(|d| d.lead == lead);
    assert_eq!(told.collect::<Vec<_>>(), explained);
    assert!(explained.iter().all(|decision| decision.at <= at) && !explained.is_empty());
}

/// All clauses of an explanation, the nested ones too.
fn all_clauses(explanation: &Explanation) -> Vec<&Clause> {
    fn inside<'a>(clause: &'a Clause, all: &mut Vec<&'a Clause>) {
        all.push(clause);
        clause.parts.iter().for_each(|part| inside(part, all));
    }
    let mut all = Vec::new();
    explanation.decided.iter().flat_map(|why| &why.clauses).for_each(|clause| inside(clause, &mut all));
    all
}

/// What a clause says of the whole is what its parts say together.
#[test]
fn parts_agree_with_the_whole() {
    let mut joined = 0;
    for world in every_world() {
        for lead in world.leads() {
            let explanation = world.explain(lead, None, Vec::new());
            for clause in all_clauses(&explanation).into_iter().filter(|c| c.parts.len() > 1) {
                let any = clause.parts.iter().any(|part| part.holds == Some(true));
                let all = clause.parts.iter().all(|part| part.holds == Some(true));
                let expected = match clause.text.as_str() {
                    "no earlier line fits" => !any,
                    text if text.contains(" or ") && !text.contains(" and ") => any,
                    text if text.contains(" and ") && !text.contains(" or ") => all,
                    _ => continue,
                };
                joined += 1;
                assert_eq!(clause.holds, Some(expected), "{}: {clause:#?}", world.path);
            }
        }
    }
    assert!(joined > 20, "{joined}");
}
