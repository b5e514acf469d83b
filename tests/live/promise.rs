//! What a live run promises about hand-overs, read off the log it exported and what its sinks saw.

use std::collections::{BTreeMap, BTreeSet};

use ensue::live::{Delivery, DeliveryState, Fate, Live, What};
use ensue::local::parse_rfc3339;
use ensue::sink::Handed;
use ensue::timestamp::{Span, Timestamp};
use serde_json::Value;

use super::post::Post;

/// Whatever falls due.
const FORGOTTEN: Timestamp = Timestamp(i64::MAX);

/// Opting out of another one is opting out of everything.
const CHANNELS: [&str; 4] = ["email", "email_us", "sms", "call"];

/// What may not be sent to a lead any more.
#[derive(Default)]
struct Closed {
    /// Every channel.
    all: bool,
    channels: BTreeSet<String>,
    /// What fell due before this moment, but for parallel sequences and tasks.
    sequences: Option<Timestamp>,
    /// Whatever fell due before this moment.
    anything: Option<Timestamp>,
}

/// How many endings there were, and what left although one of them had ended it; `reply_stops` says
/// whether the rules stop at a reply.
pub fn left_after_a_stop(export: &str, post: &Post, reply_stops: bool) -> (u64, Vec<String>) {
    let state = post.state();
    let actions: BTreeMap<&str, &Handed> = state.calls.iter().map(|(action, _)| (action.id.as_str(), action)).collect();
    let mut closed: BTreeMap<String, Closed> = BTreeMap::new();
    let (mut endings, mut wrong) = (0, Vec::new());
    for line in export.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| entry[name].as_str().unwrap_or_default();
        let lead = closed.entry(text("lead").to_owned()).or_default();
        if text("type") == "ensue.handing_over" {
            let id = entry["props"]["action"].as_str().unwrap();
            // A crash can come between the intent and the sink.
            let Some(action) = actions.get(id) else { continue };
            if lead.covers(action) {
                wrong.push(format!("{id} on {:?} due {} left: {line}", action.channel, action.due_at));
            }
        } else if entry["backfill"] != Value::Bool(true) {
            endings += u64::from(lead.take_in(&entry, reply_stops));
        }
    }
    (endings, wrong)
}

/// Alerts of no use any more and messages past their end that were handed over all the same, as after a leap of the
/// clock; what a person has said is to go out now is another matter.
pub fn left_too_late(export: &str, post: &Post) -> Vec<String> {
    const OF_USE: Span = Span::days(3);
    let state = post.state();
    let actions: BTreeMap<&str, &Handed> = state.calls.iter().map(|(action, _)| (action.id.as_str(), action)).collect();
    let (mut again, mut wrong) = (BTreeSet::new(), Vec::new());
    for line in export.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let id = entry["props"]["action"].as_str().unwrap_or_default();
        if entry["props"]["outcome"] == "again" && entry["props"]["sink"].is_null() {
            again.insert(id.to_owned());
        }
        let Some(action) = actions.get(id).filter(|_| entry["type"] == "ensue.handing_over") else { continue };
        let moment = |text: &str| parse_rfc3339(text.as_bytes()).unwrap();
        let now = moment(entry["at"].as_str().unwrap());
        let ends = action.expires_at.as_deref().map(moment);
        let ends = if action.verb == "alert" { Some(moment(&action.due_at) + OF_USE).max(ends) } else { ends };
        if ends.is_some_and(|ends| ends < now) && !again.contains(id) {
            wrong.push(format!("{id}, due {}, ends {ends:?}: {line}", action.due_at));
        }
    }
    wrong
}

/// The leads that an export says are erased.
pub fn erased(export: &str) -> BTreeSet<String> {
    let entries = export.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let erasures = entries.filter(|entry| entry["type"] == "override.erase");
    erasures.map(|entry| entry["lead"].as_str().unwrap().to_owned()).collect()
}

impl Closed {
    /// Whether the entry ends something.
    fn take_in(&mut self, entry: &Value, reply_stops: bool) -> bool {
        let received = parse_rfc3339(entry["received_at"].as_str().unwrap().as_bytes()).unwrap();
        let channel = entry["props"]["channel"].as_str();
        match entry["type"].as_str().unwrap() {
            // What is about a topic, or an address, is judged as the one who gets it would.
            "unsubscribed" if entry["props"]["topic"].is_string() => {}
            "email.bounced" if entry["props"]["hard"] == Value::Bool(true) => {}
            "unsubscribed" => self.close(channel.filter(|channel| CHANNELS.contains(channel))),
            "email.complained" => self.close(None),
            // Nobody works on who is forgotten, unless a person says so.
            "override.erase" => self.anything = Some(FORGOTTEN),
            "override.suppress" if entry["props"]["ends"].is_null() => self.close(channel),
            // Whatever it opens, nothing is claimed of this lead's channels from here on.
            "override.unsuppress" => {
                (self.all, self.channels) = (false, BTreeSet::new());
                self.anything = self.anything.filter(|until| *until != FORGOTTEN);
                return false;
            }
            "override.stop" if entry["props"]["all"] == Value::Bool(true) => self.anything = Some(received),
            "override.stop" => self.sequences = Some(received),
            "replied" if reply_stops => self.sequences = Some(received),
            _ => return false,
        }
        true
    }

    fn close(&mut self, channel: Option<&str>) {
        match channel {
            Some(channel) => _ = self.channels.insert(channel.to_owned()),
            None => self.all = true,
        }
    }

    fn covers(&self, action: &Handed) -> bool {
        let Some(channel) = action.channel.as_deref() else { return false };
        let due = parse_rfc3339(action.due_at.as_bytes()).unwrap();
        let before = |moment: Option<Timestamp>| moment.is_some_and(|moment| due < moment);
        // A task by itself is work of ours and no contact; a stop takes every other message along, but for
        // those that answer the lead.
        let is_task = channel == "task" && action.sequence.is_none();
        let answers = ["notice", "text_notice"].contains(&channel);
        let goes_on = ["reminders", "news", "meeting_reminders", "side"];
        let stops = action.sequence.as_deref().map_or(!is_task, |sequence| !goes_on.contains(&sequence));
        let stops = stops && !answers;
        let kind = match channel {
            "email_us" | "notice" => "email",
            "text_notice" => "sms",
            other => other,
        };
        self.all && !is_task
            || self.channels.contains(channel)
            || self.channels.contains(kind)
            || before(self.anything)
            || stops && before(self.sequences)
    }
}

/// The outbox in words: what waits and what became of the rest. Reasons that a person or a sink gave
/// about an erased lead are gone, and left out.
pub fn outbox(live: &Live, leads: &BTreeSet<String>, erased: &BTreeSet<String>) -> String {
    let said = |lead: &str, reason: &str| if erased.contains(lead) { String::new() } else { reason.to_owned() };
    let words = |item: &Delivery| {
        let Delivery { decision, id, what, lead, channel, to, sequence, due, expires, because, attempts, .. } = item;
        format!(
            "{decision} {id} {what:?} {lead} {channel:?} {to:?} {sequence:?} {due:?} {expires:?} {because:?} {attempts:?}"
        )
    };
    let mut lines = Vec::new();
    for item in live.outbox().unwrap() {
        let state = match &item.state {
            DeliveryState::Unknown { sink, since, reason } => {
                format!("unknown {sink} {since:?} {}", said(&item.lead, reason))
            }
            other => format!("{other:?}"),
        };
        lines.push(format!("waits {} {state} {:?}", words(&item), item.ended));
    }
    for lead in leads {
        for done in live.done(lead).unwrap() {
            let reason = said(lead, &done.reason);
            lines.push(format!("done {} {:?} {:?} {reason}", words(&done.item), done.fate, done.at));
        }
    }
    lines.join("\n")
}

/// Every decision that something should leave is either still to be handed over or has its end.
pub fn unaccounted(live: &Live, leads: &BTreeSet<String>, decided: &[String]) -> Option<String> {
    let leaves = decided.iter().filter(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        match line["do"].as_str().unwrap() {
            "touch" | "action" => line["status"] == "sent",
            verb => matches!(verb, "alert" | "webhook"),
        }
    });
    let kept = live.outbox().unwrap().len() + leads.iter().map(|lead| live.done(lead).unwrap().len()).sum::<usize>();
    let leaves = leaves.count();
    (leaves != kept).then(|| format!("{leaves} are to leave, {kept} are in the outbox or have left"))
}

/// Alerts that never reached their sink, although it has taken everything since. One whose outcome
/// stayed unknown at every attempt waits for a person; one that is older than its use expires, and is told.
pub fn lost_alerts(live: &Live, leads: &BTreeSet<String>, has_lost: bool) -> Vec<String> {
    let mut lost: Vec<String> = Vec::new();
    let of_alert = |item: &Delivery| item.what == What::Alert;
    let too_late = |item: &Delivery| item.expires.is_some_and(|expires| expires < live.now());
    let given_up = |item: &Delivery| {
        matches!(item.state, DeliveryState::Unknown { .. })
            && (item.attempts.made >= 4 || too_late(item) || (has_lost && item.lost))
    };
    let waits = live.outbox().unwrap();
    let waits = waits.iter().filter(|item| of_alert(item) && !given_up(item));
    lost.extend(waits.map(|item| format!("{item:?}")));
    for done in leads.iter().flat_map(|lead| live.done(lead).unwrap()) {
        if of_alert(&done.item) && !matches!(done.fate, Fate::Taken | Fate::Refused | Fate::Settled | Fate::Expired) {
            lost.push(format!("{done:?}"));
        }
    }
    lost
}
