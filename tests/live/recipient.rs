//! What the rulebooks of the random lives say of their channels; and every message of a life judged as the one
//! who gets it would.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::Value;

use super::fair::{Book, Channel, Consent, judge, judge_handed_over};
use super::playbook::playbook;
use super::post::Post;

/// What a rulebook of the lives says, by its folder.
fn book(folder: &str) -> Book {
    let channel = |name, kind, consent| Channel { name, kind, answers: false, hours: false, consent, needs: false };
    let open = |name, kind, consent| Channel { hours: true, ..channel(name, kind, consent) };
    let (mail, text) = (|| Consent::NotDenied("email_ok"), || Consent::Given("sms_ok"));
    let call = || open("call", "call", Consent::NotDenied("call_ok"));
    let plain = |channels, parallel| Book {
        channels,
        mail: &["email"],
        closed: std::collections::BTreeSet::new(),
        reply_stops: false,
        account_held: None,
        gap: None,
        parallel,
        topics: &[],
        about: &[],
        anew: None,
    };
    match folder {
        "../rules" => playbook(),
        "live/outreach" => {
            let channels = vec![channel("email", "email", mail()), channel("sms", "sms", text()), call()];
            Book { reply_stops: true, ..plain(channels, &["reminders"]) }
        }
        "live/channels" => {
            let needs = |channel: Channel| Channel { needs: true, ..channel };
            let answer = |channel: Channel| Channel { needs: true, answers: true, ..channel };
            let channels = vec![
                needs(channel("email", "email", mail())),
                needs(open("email_us", "email", mail())),
                answer(channel("notice", "email", Consent::Free)),
                needs(channel("sms", "sms", text())),
                answer(channel("text_notice", "sms", text())),
                call(),
            ];
            Book {
                mail: &["email", "work_email"],
                reply_stops: true,
                gap: Some((TimeDelta::hours(4), &["email", "sms"])),
                topics: &["newsletter", "product"],
                about: &[("news", "newsletter")],
                anew: Some("email"),
                ..plain(channels, &["news"])
            }
        }
        "run/mixed_everything" => {
            let channels = vec![open("email", "email", Consent::Free), open("sms", "sms", text()), call()];
            Book { reply_stops: true, ..plain(channels, &["reminders"]) }
        }
        "run/mixed_accounts" => Book { reply_stops: true, ..plain(vec![open("email", "email", Consent::Free)], &[]) },
        "run/mixed_contact" => {
            let us = channel("email_us", "email", Consent::Free);
            let channels = vec![open("email", "email", Consent::Free), us, open("sms", "sms", text()), call()];
            let gap = Some((TimeDelta::hours(3), &["email", "sms"][..]));
            Book { reply_stops: true, gap, ..plain(channels, &["side"]) }
        }
        "run/mixed_facts" => plain(vec![channel("email", "email", Consent::Free)], &[]),
        _ => plain(vec![open("email", "email", mail()), open("sms", "sms", text()), call()], &[]),
    }
}

/// The messages of a life that somebody must not have got, by the log as it was told and the lines of what was
/// decided; and how many were judged.
pub fn faults(folder: &str, log: &str, decided: &str, post: &Post) -> (Vec<String>, usize) {
    let book = book(folder);
    let state = post.state();
    let addresses: BTreeMap<&str, Option<&str>> =
        state.calls.iter().map(|(action, _)| (action.id.as_str(), action.address.as_deref())).collect();
    let (mut faults, sent) = judge(&book, log, decided);
    let (of_hand_overs, handed_over) = judge_handed_over(&book, log, decided, &addresses);
    faults.extend(of_hand_overs);
    (faults, sent + handed_over)
}

/// An exported log with what was told of leads that are erased by now, as it was told.
pub fn as_told<'t>(export: &str, told: impl Iterator<Item = &'t str>) -> String {
    let key =
        |entry: &Value| ["id", "type", "lead", "at"].map(|key| entry[key].as_str().unwrap_or_default().to_owned());
    let told = told.filter_map(|line| serde_json::from_str::<Value>(line).ok()).map(|line| (key(&line), line));
    let told: BTreeMap<_, _> = told.collect();
    let mut text = String::new();
    for line in export.lines() {
        let mut entry: Value = serde_json::from_str(line).unwrap();
        // Moments are written anew by the store, those of the lines in one way.
        if let Some(line) = told.get(&key(&entry)) {
            entry["props"] = line["props"].clone();
        }
        text.push_str(&entry.to_string());
        text.push('\n');
    }
    text
}
