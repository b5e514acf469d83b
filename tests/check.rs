//! `check` as people see it: every folder of `fixtures/check` with its findings beside it, every
//! page of `docs/diagnostics`, and small rulebooks that must be free of findings.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "check/mistakes.rs"]
mod mistakes;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use ensue::check::{self, Checked, Env};
use ensue::diagnostic::{Diagnostic, Severity};
use ensue::report::diagnostic::{human, json, short, summary};
use ensue::rulebook::{ChannelId, Expr, Filling, Read, Rulebook, TouchTime, Trigger, When};
use ensue::slug::Slug;
use ensue::units::{ClockTime, Roll};
use ensue::value::Value;

/// All files of a folder: rule files by path as shown, and everything as side files.
fn folder(path: &Path) -> (Vec<(String, String)>, Env) {
    let mut env = Env { files: BTreeMap::new(), ..Env::default() };
    collect(path, path, &mut env.files);
    let rules = env.files.iter().filter(|(path, _)| Path::new(path).extension().is_some_and(|ext| ext == "ensue"));
    (rules.map(|(path, text)| (path.clone(), text.clone())).collect(), env)
}

fn collect(root: &Path, path: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

fn check_text(text: &str) -> Checked {
    check_with(text, Vec::new())
}

/// Checks a text with further files beside it.
fn check_with(text: &str, beside: Vec<(String, String)>) -> Checked {
    let (_, mut env) = folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/check/calendar_files")));
    env.files.extend(beside);
    check::load([("rules.ensue".to_owned(), text.to_owned())], &env)
}

/// The day on which all fixtures are checked.
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 22).unwrap()
}

fn drawn(checked: &Checked) -> String {
    human(&checked.diagnostics, &checked.sources, false)
}

/// The fence of a page's part that holds rules.
fn rules(part: &str) -> &str {
    part.split("```ensue\n").nth(1).and_then(|rest| rest.split("\n```").next()).unwrap_or("")
}

/// The fences of a page's part that name a file, as in `md templates/recap.md`.
fn files(part: &str) -> Vec<(String, String)> {
    let fences = part.split("\n```").skip(1).step_by(2).filter_map(|fence| fence.split_once('\n'));
    fences.filter_map(|(info, text)| Some((info.split_once(' ')?.1.to_owned(), text.to_owned()))).collect()
}

#[test]
fn fixtures() {
    insta::glob!("..", "fixtures/check/*", |path| {
        if !path.is_dir() {
            return;
        }
        let (files, env) = folder(path);
        let count = files.len();
        let mut checked = check::load(files, &env);
        checked.expire(today());
        // What the parser finds is drawn in its own fixtures; here only that it found something.
        let (syntax, found): (Vec<_>, Vec<_>) =
            checked.diagnostics.iter().cloned().partition(|found| found.slug == Slug::Syntax);
        let lines = syntax.iter().map(|found| checked.sources.place(found.range) + ": error[syntax]\n");
        let text = format!("{}{}", lines.collect::<String>(), human(&found, &checked.sources, false));
        let text = format!("{text}{}", summary(&checked.diagnostics, count));
        insta::with_settings!({
            snapshot_path => path, prepend_module_to_snapshot => false, snapshot_suffix => "", omit_expression => true,
        }, {
            insta::assert_snapshot!("expected", text);
        });
    });
}

/// What a dead end's help says to write is followed in every rulebook that has one.
#[test]
fn the_net_settles_every_dead_end() {
    let ends = |found: &&Diagnostic| [Slug::DeadEnd, Slug::MayStall].contains(&found.slug);
    let mut settled = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/check")).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let (mut files, env) = folder(&path);
        let before = check::load(files.clone(), &env).diagnostics;
        let Some(net) = before.iter().find(ends) else { continue };
        let help = net.help.as_deref().unwrap();
        let rule = help.strip_prefix("write `").and_then(|rest| rest.split('`').next()).unwrap();
        files.push(("zz_net.ensue".to_owned(), format!("{rule}\n")));
        let after = check::load(files, &env).diagnostics;
        let left: Vec<&Diagnostic> = after.iter().filter(ends).collect();
        assert!(left.is_empty() && after.len() < before.len() + 1, "{}: {left:?}", path.display());
        settled += 1;
    }
    assert!(settled > 10, "{settled} rulebooks with dead ends");
}

#[test]
fn the_standard_vocabulary_alone_is_a_rulebook() {
    let checked = check::load([], &Env::default());
    assert_eq!(drawn(&checked), "");
    let rulebook = checked.rulebook.unwrap();
    let labels: Vec<&str> = rulebook.rules.iter().map(|rule| rule.label.as_str()).collect();
    assert_eq!(labels, ["standard_opt_out", "standard_hard_bounce", "standard_complaint"]);
    assert!(rulebook.rules.iter().all(|rule| rule.standard && rule.why.is_some()));
    assert_eq!(rulebook.types[0].name, ensue::rulebook::TOUCHED_TYPE);
}

#[test]
fn every_page_shows_its_mistake_and_the_way_out() {
    let mut wrong = Vec::new();
    for slug in Slug::ALL {
        let (example, fix) = slug.page().split_once("\n## Fix\n").unwrap_or_default();
        let mut found = check_with(rules(example), files(example));
        found.expire(today());
        let errors: Vec<Slug> =
            found.diagnostics.iter().filter(|f| f.severity == Severity::Error).map(|f| f.slug).collect();
        if !found.diagnostics.iter().any(|f| f.slug == *slug) || errors.iter().any(|error| error != slug) {
            wrong.push(format!("{}: the example gives\n{}", slug.name(), drawn(&found)));
        }
        // A fix that shows no file of its own mends the rules beside the files of the example.
        let beside = if files(fix).is_empty() { files(example) } else { files(fix) };
        let found = check_with(rules(fix), beside);
        // What mends an error may be too short to be a sound rulebook.
        let others_notes = |f: &Diagnostic| {
            f.slug != *slug
                && f.severity < if slug.severity() == Severity::Error { Severity::Error } else { Severity::Warning }
        };
        if !found.diagnostics.iter().all(others_notes) || rules(fix).is_empty() {
            wrong.push(format!("{}: the fix gives\n{}", slug.name(), drawn(&found)));
        }
        if !slug.page().starts_with(&format!("# {}\n", slug.name())) || !slug.page().contains("\n## Why\n") {
            wrong.push(format!("{}: the page lacks its title or its reason", slug.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_channel_alone_lacks_its_template() {
    let checked = check_text("tiers hot\nr: opened -> email\nreply -> stop\n");
    assert_eq!(
        short(&checked.diagnostics, &checked.sources),
        "rules.ensue:2:14: error[syntax]: `email` is a channel, and nothing is said of what to send\n"
    );
}

#[test]
fn two_lines_are_a_rulebook() {
    let checked = check_text("tiers hot\nopened 3x -> hot\nreply -> stop\n");
    let found: Vec<&str> = checked.diagnostics.iter().map(|found| found.slug.name()).collect();
    assert_eq!(found, ["count-without-window", "opens-alone"]);
    let rulebook = checked.rulebook.unwrap();
    let labels: Vec<&str> = rulebook.rules.iter().skip(3).map(|rule| rule.label.as_str()).collect();
    assert_eq!(labels, ["opened_3x_hot", "reply_stop"]);
    let checked = check_text("tiers hot\nclicked 3x within 7d -> hot\nreply -> stop\n");
    assert_eq!(drawn(&checked), "");
    assert_eq!(short(&checked.diagnostics, &checked.sources), "");
    assert_eq!(json(&checked.diagnostics, &checked.sources), "");
}

/// The rulebook of a text that must compile, whatever advice there is.
fn rulebook(text: &str) -> Rulebook {
    let mut checked = check_text(text);
    checked.diagnostics.retain(|found| found.severity == Severity::Error);
    assert_eq!(drawn(&checked), "");
    checked.rulebook.unwrap()
}

/// The alternatives of the set a rule's trigger speaks of, as (log type, number of conditions).
fn alternatives(rulebook: &Rulebook, label: &str) -> Vec<(String, usize)> {
    let rule = rulebook.rules.iter().find(|rule| rule.label == label).unwrap();
    let (Trigger::Event(set) | Trigger::Count { set, .. } | Trigger::Absent { set, .. }) = rule.trigger else {
        panic!("{:?}", rule.trigger)
    };
    let alternatives = &rulebook.sets[set.index()].alternatives;
    alternatives.iter().map(|a| (rulebook.types[a.ty.index()].name.clone(), a.conditions.len())).collect()
}

#[test]
fn labels_are_derived_from_the_text_and_do_not_move_with_it() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/check/triggers/rules.ensue")).unwrap();
    let labels = |text: &str| -> Vec<String> {
        rulebook(text).rules.iter().filter(|rule| !rule.standard).map(|rule| rule.label.clone()).collect()
    };
    insta::with_settings!({
        snapshot_path => "../fixtures/check/triggers", prepend_module_to_snapshot => false, omit_expression => true,
    }, {
        insta::assert_snapshot!("labels", labels(&text).join("\n"));
    });
    assert_eq!(labels(&text), labels(&format!("# moved\n\n\n{text}")));
}

#[test]
fn people_who_open_are_not_machines() {
    let rulebook = rulebook("tiers hot\na: opened 3x -> hot\nb: machine_opened -> hot\nc: silent 3d -> hot\n");
    assert_eq!(alternatives(&rulebook, "a"), [("email.opened".to_owned(), 1)]);
    assert_eq!(alternatives(&rulebook, "b"), [("email.opened".to_owned(), 1)]);
    let silent = alternatives(&rulebook, "c");
    assert!(silent.contains(&("email.opened".to_owned(), 1)) && silent.contains(&("meeting.held".to_owned(), 0)));
    assert!(!silent.iter().any(|(ty, _)| ty == "call.completed"), "{silent:?}");
}

#[test]
fn equal_sets_are_kept_once() {
    let rulebook = rulebook(
        "a: reply -> stop\nb: replied -> stop\nc: replied(text == \"x\") -> stop\nd: reply(text==\"x\") -> stop",
    );
    let trigger = |n: usize| rulebook.rules[n + 3].trigger.clone();
    assert_eq!(trigger(0), trigger(1));
    assert_eq!(trigger(0), Trigger::Event(rulebook.well_known.replied));
    assert_eq!(trigger(2), trigger(3));
    assert_ne!(trigger(0), trigger(2));
}

#[test]
fn a_declaration_of_the_rulebook_takes_the_place_of_the_standard_one() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/check/replaced/rules.ensue")).unwrap();
    let rulebook = rulebook(&text);
    assert_eq!(alternatives(&rulebook, "a"), [("mail.open".to_owned(), 1)]);
    assert_eq!(alternatives(&rulebook, "b"), [("page.viewed".to_owned(), 1), ("mail.open".to_owned(), 0)]);
    assert_eq!(alternatives(&rulebook, "d"), [("list.left".to_owned(), 0)]);
    // The safety rules go by the standard events whatever a rulebook declares.
    let opt_out = [("unsubscribed".to_owned(), 0), ("email.unsubscribed".to_owned(), 0)];
    assert_eq!(alternatives(&rulebook, "standard_opt_out"), opt_out);
    let email = rulebook.channels.iter().filter(|channel| channel.name == "email").collect::<Vec<_>>();
    // Consent is asked for even where the channel's new declaration does not.
    assert_eq!((email.len(), email[0].caps.len(), email[0].requires.len()), (1, 1, 1));
    assert_eq!(rulebook.calendars.iter().filter(|calendar| calendar.name == "office").count(), 1);
    let sms_ok = rulebook.facts.iter().find(|fact| fact.name == "sms_ok").unwrap();
    assert_eq!(sms_ok.default, Value::Bool(true));
}

#[test]
fn every_fact_is_a_property_of_created_and_updated() {
    let rulebook = rulebook("lead { region text? }");
    for ty in rulebook.types.iter().filter(|ty| ["lead.created", "lead.updated"].contains(&ty.name.as_str())) {
        assert!(ty.sets_facts);
        for fact in &rulebook.facts {
            let prop = ty.props.iter().find(|prop| prop.id == fact.prop).unwrap();
            assert!(prop.optional && prop.ty == fact.ty && rulebook.props[prop.id.index()] == fact.name);
        }
    }
    let touched = rulebook.well_known.touched_props.map(|prop| rulebook.props[prop.index()].clone());
    assert_eq!(touched, ["channel", "template", "sequence", "touch"]);
}

#[test]
fn touches_get_stable_ids_and_the_hours_of_their_part() {
    let rulebook = rulebook(
        "sequence s {
           gap 1bd  roll previous
           day 1 at 10:00 email a
           day 2..3 morning email a or sms b \"mind\" if sms_ok # now
             and count(opened) == 0 expires after 2bd approve
           day 4 task \"Call them: now!\" as a_3 roll skip
           +2d email a
           then every 30d at 10:00 email a up to 3 times
         }",
    );
    let sequence = &rulebook.sequences[0];
    let ids: Vec<&str> = sequence.touches.iter().map(|touch| touch.id.as_str()).collect();
    assert_eq!(ids, ["a", "a_2", "a_3", "a_4"]);
    let (tail, times) = sequence.tail.as_ref().unwrap();
    assert_eq!((tail.id.as_str(), *times), ("a_5", Some(3)));
    let second = &sequence.touches[1];
    assert_eq!(second.time, TouchTime::Part("morning".to_owned(), ClockTime(540), ClockTime(720)));
    assert_eq!((second.when, second.choices.len(), second.approve), (When::Days(2, 3), 2, true));
    assert_eq!(second.condition_text, "sms_ok and count(opened) == 0");
    assert_eq!((second.roll, sequence.touches[2].roll), (Roll::Previous, Roll::Skip));
}

#[test]
fn names_and_constants_are_worked_out() {
    let rulebook = rulebook(
        "tiers hot, warm
         let late = early * 2 + 10
         let early = 30 - 5
         let wait = 1d + 12h
         score s { opened +5 }
         a: s >= late -> hot
         b: created where tier == hot and now > 2026-03-02 -> add -early to s
         c: created where count(opened, wait) > 2 -> hot",
    );
    let rule = |n: usize| &rulebook.rules[n + 3];
    assert!(
        matches!(rule(0).trigger, Trigger::Score { value, upward: true, inclusive: true, .. } if value.to_whole() == Some(60))
    );
    let guard = format!("{:?}", rule(1).guard);
    assert!(guard.contains("Compare(Equal, Tier, Constant(Text(\"hot\")))"), "{guard}");
    assert!(guard.contains("Compare(Greater, Now, Constant(Date(20514)))"), "{guard}");
    let effects = format!("{:?}", rule(1).arms[0].effects);
    assert!(effects.contains("amount: Constant(Number(-25))"), "{effects}");
    let guard = format!("{:?}", rule(2).guard);
    assert!(guard.contains("Some(Span(129600000000))"), "{guard}");
}

#[test]
fn a_condition_that_may_be_missing_counts_as_false() {
    let rulebook = rulebook("tiers hot\nlead { vip bool? }\na: created where not vip -> hot");
    let guard = format!("{:?}", rulebook.rules[3].guard);
    assert!(guard.starts_with("Some(Not(Default(Fact(") && guard.ends_with("Constant(Bool(false)))))"), "{guard}");
}

#[test]
fn a_rulebook_that_could_not_be_read_whole_is_none() {
    let checked = check_text("tiers hot\nopened 3x -> -> hot\n");
    assert!(checked.rulebook.is_none());
    assert_eq!(checked.diagnostics.len(), 1);
}

#[test]
fn a_byte_order_mark_is_no_mistake() {
    rulebook("\u{feff}tiers hot\nopened 3x -> hot\n");
}

/// The rulebook of a fixture that must be free of findings.
fn sound(name: &str) -> Rulebook {
    let (files, env) = folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/check").join(name));
    let checked = check::load(files, &env);
    assert_eq!(drawn(&checked), "");
    checked.rulebook.unwrap()
}

#[test]
fn scripts_are_compiled_once_with_all_they_read() {
    let rulebook = sound("scripts_fine");
    assert_eq!(rulebook.scripts.len(), 4, "two files, two inline scripts");
    for book in &rulebook.scripts {
        assert_eq!(book.reads.len(), book.script.uses().len());
    }
    let script = |name: &str| {
        let score = rulebook.scores.iter().find(|score| score.name == name).unwrap();
        score.script.as_ref().unwrap()
    };
    assert_eq!(script("intent").script, script("again").script);
    assert_eq!(script("intent").on.len(), 2);
    assert!(script("fit").on.is_empty());
    let fit = &rulebook.scripts[script("fit").script.index()];
    let text = rulebook.sources.text(fit.range);
    let facts: Vec<_> = fit
        .script
        .uses()
        .iter()
        .zip(&fit.reads)
        .map(|(found, read)| match read {
            Read::Fact(fact) => {
                let name = rulebook.facts[fact.index()].name.as_str();
                (name, text[found.place.byte as usize..].starts_with(name))
            }
            other => panic!("a script of facts reads {other:?}"),
        })
        .collect();
    assert_eq!(facts, [("deal_value", true), ("industry", true)]);
    let sequence = rulebook.sequences.iter().find(|sequence| sequence.name == "hello").unwrap();
    let Some(Expr::Call { script, function, args, .. }) = &sequence.touches[0].condition else {
        panic!("the condition of the touch is no call")
    };
    assert_eq!((function.as_str(), args.len()), ("is_big", 1));
    let known = rulebook.scripts[script.index()].script.functions();
    assert!(known.iter().any(|known| known.name == "is_big" && known.arity == 1));
}

#[test]
fn templates_are_found_by_name_and_channel() {
    let rulebook = sound("templates_fine");
    let channel = |name: &str| ChannelId(rulebook.channels.iter().position(|c| c.name == name).unwrap() as u8);
    let found = |name: &str, on: &str| rulebook.template(name, channel(on)).map(|id| &rulebook.templates[id.index()]);
    assert_eq!(found("recap", "email").unwrap().channel, channel("email"));
    let sms = found("recap", "sms").unwrap();
    assert_eq!(rulebook.sources.file(sms.range.source).path, "templates/sms/recap.md");
    assert!(matches!(sms.values[..], [Filling::Fact(_), Filling::Need]));
    assert!(matches!(found("pricing", "email").unwrap().values[..], [Filling::Prop(_), Filling::Fact(_)]));
    assert!(found("pricing", "sms").is_none());
    let names: Vec<&str> = rulebook.templates.iter().map(|template| template.name.as_str()).collect();
    assert!(names.is_sorted(), "{names:?}");
    let places: Vec<u16> = rulebook.experiments.iter().filter_map(|experiment| experiment.touch).collect();
    assert_eq!(places, [1, 2], "the tail follows the last touch");
    assert!(rulebook.experiments[0].goal.is_some());
}

#[test]
fn the_shipped_playbook_has_no_findings() {
    let checked = ensue::load::rulebook(&Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")).unwrap();
    assert_eq!(drawn(&checked), "");
    assert!(!checked.rulebook.unwrap().templates.is_empty());
}
