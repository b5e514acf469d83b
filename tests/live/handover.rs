//! The program killed at each of seven points around a hand-over to a program that counts what it is
//! given, with the store open and with the store let go for somebody who waits for it: no message goes out
//! twice, none is forgotten, and every alert goes out. `ENSUE_KILLS=50` kills 50 times at each point.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;

use ensue::live::{DeliveryState, What};
use ensue::local::{Zone, rfc3339};

use super::stand::{Stand, asked};
use super::told::{minutes, start};

/// Kills at a point again and again, with new leads each time; then lets everything go out.
fn killed(point: &str) {
    killed_with(point, false);
}

/// The same with somebody who seems to wait for the store, so that it is closed for every attempt.
fn killed_and_let_go(point: &str) {
    killed_with(point, true);
}

fn killed_with(point: &str, wanted: bool) {
    let stand = Stand::new("mail");
    let kills = if wanted { asked("ENSUE_KILLS", 50) / 5 + 1 } else { asked("ENSUE_KILLS", 50) };
    let moment = |minute: u64| rfc3339(start() + minutes(minute), Zone::UTC);
    let mut died = 0;
    for kill in 0..kills {
        let mut text = String::new();
        for lead in 0..2 {
            let (id, at) = (2 * kill + lead, moment(kill));
            writeln!(text, r#"{{"id":"e{id}","type":"lead.created","lead":"l{id}","at":"{at}"}}"#).unwrap();
        }
        stand.write("new.jsonl", &text);
        stand.done(&["ingest", "--replay", "new.jsonl"]);
        let waits = wanted.then(|| File::create(stand.path("store/wanted")).unwrap());
        waits.iter().for_each(|file| file.lock_shared().unwrap());
        let now = moment(kill);
        let mut run = stand.command(&["run", "--at", &now]);
        let in_program = point.strip_prefix("in-program-");
        if let Some(when) = in_program {
            stand.write(&format!("kill-{when}"), "");
        } else {
            // The first mail, the second one, and what comes after.
            run.env("ENSUE_TEST_KILL_AT", format!("{point}:{}", 1 + kill % 3));
        }
        let output = run.output().unwrap();
        died += u64::from(output.status.code().is_none());
        let first_of_all = kill == 0 && point != "after-answer" && point != "after-outcome" && in_program.is_none();
        assert!(!first_of_all || stand.lines("sent").is_empty(), "nothing may have left yet");
    }
    assert!(died * 2 > kills, "{died} of {kills} runs were killed at {point}");
    let end = moment(kills + 1);
    stand.done(&["run", "--at", &end]);
    stand.done(&["run", "--at", &moment(kills + 2)]);

    let (sent, rung) = (stand.lines("sent"), stand.lines("rung"));
    let once: BTreeSet<&String> = sent.iter().collect();
    assert_eq!(once.len(), sent.len(), "{point}: a message went out twice: {sent:?}");
    let listed = stand.done(&["run", "--unknown"]);
    let live = stand.live();
    let mut unknown = BTreeSet::new();
    for item in live.outbox().unwrap() {
        assert!(matches!(item.state, DeliveryState::Unknown { .. }), "{point}: left behind: {item:?}");
        assert_eq!(item.what, What::Message, "alerts go out again");
        assert!(listed.contains(&item.id), "{point}: {} is not listed in\n{listed}", item.id);
        unknown.insert(item.id);
    }
    assert!(listed.contains(&format!("run: {} action", unknown.len())), "{listed}");
    let mut alerts = 0;
    let mut messages = unknown.len() as u64;
    for lead in 0..2 * kills {
        for done in live.done(&format!("l{lead}")).unwrap() {
            let out = if done.item.what == What::Alert { &rung } else { &sent };
            assert!(out.contains(&done.item.id), "{point}: said to have gone out: {done:?}");
            (alerts, messages) =
                if done.item.what == What::Alert { (alerts + 1, messages) } else { (alerts, messages + 1) };
        }
    }
    assert_eq!((messages, alerts), (2 * kills, 2 * kills), "{point}: each lead gets one of each");
    // Only what was under way when the program ended can be unknown.
    assert!(unknown.len() as u64 <= died, "{point}: {} unknown after {died} kills", unknown.len());
}

#[test]
fn killed_between_claim_and_attempt() {
    killed_and_let_go("let-go");
    killed_and_let_go("before-sink");
}

#[test]
fn killed_in_the_attempt_with_the_store_let_go() {
    killed_and_let_go("in-program-before");
    killed_and_let_go("in-program-after");
}

#[test]
fn killed_between_attempt_and_settling() {
    killed_and_let_go("after-answer");
}

#[test]
fn killed_before_the_intent_is_written() {
    killed("before-intent");
}

#[test]
fn killed_after_the_intent_is_durable() {
    killed("after-intent");
}

#[test]
fn killed_before_the_sink_is_asked() {
    killed("before-sink");
}

#[test]
fn killed_while_the_sink_works() {
    killed("in-program-before");
    killed("in-program-after");
}

#[test]
fn killed_after_the_sink_has_answered() {
    killed("after-answer");
}

#[test]
fn killed_after_the_outcome_is_durable() {
    killed("after-outcome");
}
