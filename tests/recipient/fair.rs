//! As the one who gets it: reads nothing but a log and the lines of what was decided, knows nothing of the
//! engine, and asks of every message whether its lead might have got it. What a rulebook says of its channels
//! is told in a [`Book`].

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta, Timelike, Weekday};
use serde_json::Value;

pub type Moment = DateTime<FixedOffset>;

/// Whether a lead has to have agreed.
pub enum Consent {
    Free,
    /// The fact must be true.
    Given(&'static str),
    /// The fact may not be false.
    NotDenied(&'static str),
}

pub struct Channel {
    pub name: &'static str,
    pub kind: &'static str,
    /// It answers what the lead has just done, so that neither hours nor stops hold for it.
    pub answers: bool,
    /// Monday to Friday from 9 to 5.
    pub hours: bool,
    pub consent: Consent,
    /// Nothing goes out without an address.
    pub needs: bool,
}

pub struct Book {
    pub channels: Vec<Channel>,
    /// The facts that hold mail addresses, the first one first.
    pub mail: &'static [&'static str],
    /// Days on which the calendar is closed.
    pub closed: BTreeSet<String>,
    /// A reply stops what is planned.
    pub reply_stops: bool,
    /// A reply holds everybody of the account for so long.
    pub account_held: Option<TimeDelta>,
    /// So far apart are messages on these kinds of channels that do not answer the lead.
    pub gap: Option<(TimeDelta, &'static [&'static str])>,
    /// Sequences that a stop lets go on.
    pub parallel: &'static [&'static str],
    pub topics: &'static [&'static str],
    /// The topic of a sequence.
    pub about: &'static [(&'static str, &'static str)],
    /// The channel for which whoever asks for it anew gets messages again.
    pub anew: Option<&'static str>,
}

/// Channels that every rulebook has.
const EVERYWHERE: [&str; 5] = ["email", "sms", "call", "linkedin", "task"];

/// What somebody said no to: everything, a channel and all of its kind, or a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reach {
    All,
    Channel(String),
    Topic(String),
}

fn moment(value: &Value) -> Moment {
    DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap()
}

fn told(event: &Value) -> Moment {
    moment(event.get("received_at").unwrap_or(&event["at"]))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// An address as it is compared: a mail address in lower case, a number by its digits.
fn plain(address: &str) -> String {
    let address = address.trim().to_lowercase();
    if address.contains('@') {
        return address;
    }
    let digits: String = address.chars().filter(char::is_ascii_digit).collect();
    digits.strip_prefix("00").map_or(digits.clone(), str::to_owned)
}

/// What is known of a lead.
#[derive(Default)]
struct Person {
    /// Facts with the moment they are of.
    facts: BTreeMap<String, (Moment, Value)>,
    account: Option<String>,
    /// What it opted out of, and when that was.
    out: Vec<(Reach, Moment)>,
    complained: bool,
    /// What a person has barred, and until when.
    barred: Vec<(Reach, Option<Moment>)>,
    erased: bool,
    /// When it stopped us: told when, happened when.
    stops: Vec<(Moment, Moment)>,
    resumed: Vec<Moment>,
}

/// What is known of an address.
#[derive(Default)]
struct Mailbox {
    /// Whose it is, the first who told of it first.
    holders: Vec<String>,
    out: Vec<(Reach, Moment)>,
    bounced: bool,
    complained: bool,
    erased: Option<Moment>,
}

/// What is known by what was told.
struct Known<'b> {
    book: &'b Book,
    people: BTreeMap<String, Person>,
    mailboxes: BTreeMap<String, Mailbox>,
    replies_of_account: BTreeMap<String, Vec<Moment>>,
    halts: Vec<(String, String, Moment)>,
}

impl Person {
    fn fact(&self, name: &str) -> Option<&Value> {
        self.facts.get(name).map(|(_, value)| value).filter(|value| !value.is_null())
    }

    fn addresses(&self, book: &Book, kind: &str) -> Vec<String> {
        let facts: &[&str] = match kind {
            "email" => book.mail,
            "sms" | "call" => &["phone"],
            _ => &[],
        };
        facts.iter().filter_map(|fact| self.fact(fact)?.as_str()).map(plain).collect()
    }
}

impl<'b> Known<'b> {
    fn new(book: &'b Book) -> Self {
        let (people, mailboxes) = (BTreeMap::new(), BTreeMap::new());
        Self { book, people, mailboxes, replies_of_account: BTreeMap::new(), halts: Vec::new() }
    }

    fn channel(&self, name: &str) -> Option<&'b Channel> {
        self.book.channels.iter().find(|channel| channel.name == name)
    }

    /// What a channel and a topic together name; a name nobody knows is everything.
    fn reach(&self, props: &Value) -> Reach {
        let (channel, topic) = (text(props, "channel"), text(props, "topic"));
        if self.book.topics.contains(&topic) {
            Reach::Topic(topic.to_owned())
        } else if self.channel(channel).is_some() || EVERYWHERE.contains(&channel) {
            Reach::Channel(channel.to_owned())
        } else if self.book.topics.contains(&channel) {
            Reach::Topic(channel.to_owned())
        } else {
            Reach::All
        }
    }

    fn covers(&self, reach: &Reach, channel: &Channel, topic: Option<&str>) -> bool {
        match reach {
            Reach::All => true,
            Reach::Channel(name) => channel.name == name || channel.kind == name,
            Reach::Topic(name) => topic == Some(name),
        }
    }

    /// Takes in an entry of the log.
    fn learn(&mut self, event: &Value) {
        let (lead, props) = (text(event, "lead").to_owned(), &event["props"]);
        let (told, at) = (told(event), moment(&event["at"]));
        match text(event, "type") {
            "override.halt" | "override.unhalt" => return self.halt(event, told),
            ty if ty.starts_with("ensue.") => return,
            _ => {}
        }
        let person = self.people.entry(lead.clone()).or_default();
        if let Some(account) = event["account"].as_str() {
            person.account = Some(account.to_owned());
        }
        match text(event, "type") {
            "lead.created" | "lead.updated" => self.learn_facts(&lead, at, props),
            "replied" | "email.replied" | "sms.replied" => {
                if self.book.reply_stops {
                    person.stops.push((told, at));
                }
                if let Some(account) = person.account.clone().filter(|_| told - at < TimeDelta::hours(1)) {
                    self.replies_of_account.entry(account).or_default().push(told);
                }
            }
            "unsubscribed" | "email.unsubscribed" => self.opt_out(&lead, at, props),
            "email.complained" => {
                person.complained = true;
                let named = props["address"].as_str().map(plain);
                let own = person.addresses(self.book, "email");
                for address in named.map_or(own, |named| vec![named]) {
                    self.mailboxes.entry(address).or_default().complained = true;
                }
            }
            "email.bounced" if props["hard"] == Value::Bool(true) => {
                let first = person.addresses(self.book, "email").into_iter().next();
                match props["address"].as_str().map(plain).or(first) {
                    Some(address) => self.mailboxes.entry(address).or_default().bounced = true,
                    None => person.barred.push((Reach::Channel("email".to_owned()), None)),
                }
            }
            "resubscribed" => self.consent_anew(&lead, at, props),
            "override.suppress" => {
                let ends = props["ends"].as_str().map(|_| moment(&props["ends"]));
                let reach = self.reach(props);
                self.people.entry(lead).or_default().barred.push((reach, ends));
            }
            // Whatever exactly it opens, nothing is claimed of this lead and its addresses from here on.
            "override.unsuppress" => {
                (person.out, person.complained, person.barred) = (Vec::new(), false, Vec::new());
                person.erased = false;
                for address in ["email", "sms"].iter().flat_map(|kind| person.addresses(self.book, kind)) {
                    let mailbox = self.mailboxes.entry(address).or_default();
                    let holders = std::mem::take(&mut mailbox.holders);
                    *mailbox = Mailbox { holders, ..Mailbox::default() };
                }
            }
            "override.stop" => person.stops.push((told, at)),
            "override.resume" => person.resumed.push(told),
            "override.erase" => self.erase(&lead, at),
            _ => {}
        }
    }

    /// The last writer by the moment wins, each fact by itself.
    fn learn_facts(&mut self, lead: &str, at: Moment, props: &Value) {
        let person = self.people.entry(lead.to_owned()).or_default();
        let before: BTreeSet<String> =
            ["email", "sms"].iter().flat_map(|kind| person.addresses(self.book, kind)).collect();
        for (name, value) in props.as_object().into_iter().flatten() {
            if person.facts.get(name).is_none_or(|(known, _)| *known <= at) {
                person.facts.insert(name.clone(), (at, value.clone()));
            }
        }
        if person.erased {
            return;
        }
        let after: BTreeSet<String> =
            ["email", "sms"].iter().flat_map(|kind| person.addresses(self.book, kind)).collect();
        for gone in before.difference(&after) {
            self.mailboxes.entry(gone.clone()).or_default().holders.retain(|holder| holder != lead);
        }
        for new in after.difference(&before) {
            self.mailboxes.entry(new.clone()).or_default().holders.push(lead.to_owned());
        }
    }

    /// An opt-out bars the person, and the address for everybody.
    fn opt_out(&mut self, lead: &str, at: Moment, props: &Value) {
        let reach = self.reach(props);
        let kind = match &reach {
            Reach::Channel(name) => self.channel(name).map_or(Some(name.as_str()), |channel| Some(channel.kind)),
            _ => None,
        };
        let person = self.people.entry(lead.to_owned()).or_default();
        person.out.push((reach.clone(), at));
        let own: Vec<String> = match kind.filter(|kind| ["email", "sms", "call"].contains(kind)) {
            Some(kind) => person.addresses(self.book, kind),
            None => ["email", "sms"].iter().flat_map(|kind| person.addresses(self.book, kind)).collect(),
        };
        let named = props["address"].as_str().map(plain);
        for address in named.map_or(own, |named| vec![named]) {
            self.mailboxes.entry(address).or_default().out.push((reach.clone(), at));
        }
    }

    /// Whoever asks for messages of a kind has lifted what is older, of that kind.
    fn consent_anew(&mut self, lead: &str, at: Moment, props: &Value) {
        let Some(kind) = self.book.anew.filter(|kind| text(props, "channel") == *kind) else { return };
        let person = self.people.entry(lead.to_owned()).or_default();
        let mut still = Vec::new();
        for (reach, since) in std::mem::take(&mut person.out) {
            match &reach {
                _ if since >= at => still.push((reach, since)),
                Reach::Channel(name) if name == kind => {}
                // Of what was said of everything, or of a topic, nothing is claimed but that texts and calls stay.
                Reach::All => still.extend(["sms", "call"].map(|kind| (Reach::Channel(kind.to_owned()), since))),
                Reach::Channel(name) if self.book.channels.iter().any(|c| c.name == name && c.kind == kind) => {}
                Reach::Topic(_) => {}
                Reach::Channel(_) => still.push((reach, since)),
            }
        }
        person.out = still;
        for address in person.addresses(self.book, kind) {
            let mailbox = self.mailboxes.entry(address).or_default();
            mailbox.out.retain(|(_, since)| *since >= at);
            mailbox.erased = mailbox.erased.filter(|since| *since >= at);
        }
    }

    /// An erased lead gets nothing, has no address, and nobody writes to those it had.
    fn erase(&mut self, lead: &str, at: Moment) {
        let person = self.people.entry(lead.to_owned()).or_default();
        for address in ["email", "sms"].iter().flat_map(|kind| person.addresses(self.book, kind)) {
            let mailbox = self.mailboxes.entry(address).or_default();
            mailbox.holders.retain(|holder| holder != lead);
            mailbox.erased = Some(at);
        }
        (person.erased, person.facts) = (true, BTreeMap::new());
    }

    fn halt(&mut self, event: &Value, told: Moment) {
        let props = &event["props"];
        let named = ["sequence", "channel", "rule"].into_iter().find(|what| props[*what].is_string());
        let (what, name) = named.map_or(("all", ""), |what| (what, text(props, what)));
        if text(event, "type") == "override.halt" {
            let from = props["from"].as_str().map_or(told, |_| moment(&props["from"]));
            self.halts.push((what.to_owned(), name.to_owned(), from));
        } else if what == "all" {
            self.halts.clear();
        } else {
            self.halts.retain(|(other, of, _)| (other.as_str(), of.as_str()) != (what, name));
        }
    }

    /// Why an address may not be used for a message of a lead.
    fn fault_of_address(
        &self,
        address: &str,
        lead: &str,
        (channel, topic): (&Channel, Option<&str>),
    ) -> Option<&'static str> {
        let mailbox = self.mailboxes.get(address)?;
        let is_of_mail = channel.kind == "email";
        if is_of_mail && mailbox.bounced {
            return Some("to an address that does not exist");
        }
        if is_of_mail && mailbox.complained {
            return Some("to an address whose owner has complained");
        }
        if mailbox.out.iter().any(|(reach, _)| self.covers(reach, channel, topic)) {
            return Some("to an address whose owner has opted out");
        }
        if channel.kind != "call" && mailbox.erased.is_some() {
            return Some("to an address that was erased");
        }
        let of_other = mailbox.holders.first().is_some_and(|first| first != lead);
        (of_other && channel.kind != "call").then_some("to an address that somebody else told of first")
    }

    /// Why a message must not go out at a moment. `to` is the address it went to, where that is known.
    fn fault(&self, message: &Message<'_>, at: Moment, to: Option<&str>) -> Option<&'static str> {
        let line = message.line;
        let lead = text(line, "lead");
        let channel = self.channel(text(line, "channel"))?;
        let about = self.book.about.iter().find(|(sequence, _)| *sequence == text(line, "sequence"));
        let topic = about.map(|(_, topic)| *topic);
        let halted = |(what, name, from): &(String, String, Moment)| {
            *from <= at
                && match what.as_str() {
                    "all" => true,
                    "rule" => text(line, "rule") == name && line["sequence"].is_null(),
                    what => text(line, what) == name,
                }
        };
        if self.halts.iter().any(halted) {
            return Some("while it was halted");
        }
        let nobody = Person::default();
        let person = self.people.get(lead).unwrap_or(&nobody);
        if person.erased {
            return Some("to somebody who is forgotten");
        }
        let after = |planned: Moment| person.stops.iter().any(|(told, _)| planned < *told && *told <= at);
        let is_parallel = self.book.parallel.contains(&text(line, "sequence"));
        if !channel.answers && !is_parallel && message.planned.is_some_and(after) {
            return Some("planned before a reply or a stop");
        }
        let older = |happened: Moment| person.stops.iter().any(|(told, at)| happened < *at && *told <= message.decided);
        if !channel.answers && message.rests_on.is_some_and(older) {
            return Some("because of something older than a reply");
        }
        if let Some(held) = self.book.account_held.filter(|_| !channel.answers) {
            let replies = person.account.as_ref().and_then(|account| self.replies_of_account.get(account));
            let resumed = |since: Moment| person.resumed.iter().chain(&message.resumed).any(|at| *at > since);
            if replies.is_some_and(|all| all.iter().any(|r| *r < at && at < *r + held && !resumed(*r))) {
                return Some("in the days after a colleague has replied");
            }
        }
        let says = |fact: &str, value: bool| person.fact(fact) == Some(&Value::Bool(value));
        let agreed = match channel.consent {
            Consent::Free => true,
            Consent::Given(fact) => says(fact, true),
            Consent::NotDenied(fact) => !says(fact, false),
        };
        if !agreed {
            return Some("without consent");
        }
        if person.complained {
            return Some("to somebody who has complained");
        }
        if person.out.iter().any(|(reach, _)| self.covers(reach, channel, topic)) {
            return Some("to somebody who has opted out");
        }
        let holds = |ends: &Option<Moment>| ends.is_none_or(|ends| at < ends);
        if person.barred.iter().any(|(reach, ends)| holds(ends) && self.covers(reach, channel, topic)) {
            return Some("to somebody who is suppressed");
        }
        let own = person.addresses(self.book, channel.kind);
        if let Some(to) = to.map(plain) {
            let fault = || self.fault_of_address(&to, lead, (channel, topic));
            return if own.contains(&to) { fault() } else { Some("to an address that is not theirs") };
        }
        if own.is_empty() {
            return channel.needs.then_some("to an address nobody gave");
        }
        let mut faults = own.iter().map(|address| self.fault_of_address(address, lead, (channel, topic)));
        // One that may be used is enough.
        faults.try_fold(None, |first: Option<&'static str>, fault| fault.map(|fault| first.or(Some(fault)))).flatten()
    }
}

/// A message that counts as sent.
struct Message<'l> {
    line: &'l Value,
    decided: Moment,
    /// When it was planned, where that can be told.
    planned: Option<Moment>,
    /// When that happened because of which a single message was planned.
    rests_on: Option<Moment>,
    /// When rules let the lead go on.
    resumed: Vec<Moment>,
}

impl Message<'_> {
    /// What is wrong with its hour, by the clock of its lead.
    fn fault_of_hour(&self, book: &Book) -> Option<&'static str> {
        let channel = book.channels.iter().find(|channel| channel.name == text(self.line, "channel"))?;
        if channel.answers || !channel.hours {
            return None;
        }
        if matches!(self.decided.weekday(), Weekday::Sat | Weekday::Sun) {
            return Some("on a closed day");
        }
        if book.closed.contains(&text(self.line, "at")[..10]) {
            return Some("on a holiday");
        }
        (!(9..17).contains(&self.decided.hour())).then_some("outside the hours")
    }
}

/// Rules that act when time has passed: when they planned something does not follow from the log.
fn acts_by_time(rule: &str) -> bool {
    ["no_", "silent_", "every_", "idle_", "becomes_", "touched_", "quiet", "pulse"]
        .iter()
        .any(|word| rule.starts_with(word))
}

/// Every message that counts as sent, in order.
fn messages<'l>(book: &Book, events: &[Value], lines: &'l [Value]) -> Vec<Message<'l>> {
    let by_id: BTreeMap<&str, &Value> = events.iter().map(|event| (text(event, "id"), event)).collect();
    let mut enrolled: BTreeMap<(&str, &str, u64), Moment> = BTreeMap::new();
    let mut resumed: BTreeMap<&str, Vec<Moment>> = BTreeMap::new();
    let mut found = Vec::new();
    for line in lines {
        let (decided, lead) = (moment(&line["at"]), text(line, "lead"));
        match (text(line, "do"), text(line, "status")) {
            ("enroll", "") => {
                let number = line["enrollment"].as_u64().unwrap_or(1);
                enrolled.insert((lead, text(line, "sequence"), number), decided);
            }
            ("resume", _) => resumed.entry(lead).or_default().push(decided),
            ("touch" | "action", "sent") if book.channels.iter().any(|c| c.name == text(line, "channel")) => {
                let because = || line["because"].as_array().into_iter().flatten();
                let because = || because().filter_map(|id| by_id.get(id.as_str()?));
                let (planned, rests_on) = match line["enrollment"].as_u64() {
                    Some(number) => (enrolled.get(&(lead, text(line, "sequence"), number)).copied(), None),
                    None if acts_by_time(text(line, "rule")) => (None, None),
                    None => {
                        (because().map(|event| told(event)).max(), because().map(|event| moment(&event["at"])).max())
                    }
                };
                let resumed = resumed.get(lead).cloned().unwrap_or_default();
                found.push(Message { line, decided, planned, rests_on, resumed });
            }
            _ => {}
        }
    }
    found
}

fn parsed(lines: &str) -> Vec<Value> {
    lines.lines().filter(|line| !line.is_empty()).filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Every message that must not have been sent, and how many were. At the moment a message is decided, what was
/// told at that very moment may be known to it or not yet: it is wrong where it is so in each case.
pub fn judge(book: &Book, log: &str, lines: &str) -> (Vec<String>, usize) {
    let (events, lines) = (parsed(log), parsed(lines));
    let messages = messages(book, &events, &lines);
    let mut faults: Vec<String> = Vec::new();
    let mut note = |why: &str, message: &Message<'_>| faults.push(format!("{why}: {}", message.line));
    let mut last: BTreeMap<&str, Moment> = BTreeMap::new();
    for message in &messages {
        message.fault_of_hour(book).iter().for_each(|why| note(why, message));
        if let Some((gap, kinds)) = book.gap
            && book
                .channels
                .iter()
                .any(|c| c.name == text(message.line, "channel") && !c.answers && kinds.contains(&c.kind))
            && last
                .insert(text(message.line, "lead"), message.decided)
                .is_some_and(|before| message.decided < before + gap)
        {
            note("too soon after another", message);
        }
    }
    let mut in_order: Vec<&Value> = events.iter().collect();
    in_order.sort_by_key(|event| told(event));
    let mut ahead = in_order.into_iter().peekable();
    let mut known = Known::new(book);
    let sent = messages.len();
    for together in messages.chunk_by(|a, b| a.decided == b.decided) {
        let Some(at) = together.first().map(|message| message.decided) else { continue };
        while let Some(event) = ahead.next_if(|event| told(event) < at) {
            known.learn(event);
        }
        let fault = |known: &Known<'_>, message| known.fault(message, at, None).map(|why| (why, message));
        let mut wrong: Vec<_> = together.iter().filter_map(|message| fault(&known, message)).collect();
        while let Some(event) = ahead.next_if(|event| told(event) == at) {
            known.learn(event);
            wrong = wrong.into_iter().filter_map(|(_, message)| fault(&known, message)).collect();
        }
        wrong.iter().for_each(|(why, message)| note(why, message));
    }
    (faults, sent)
}

/// Every message that was handed over and must not have been, by what stood in the log before it. `addresses`
/// tells where an action went. And how many were judged.
pub fn judge_handed_over(
    book: &Book,
    log: &str,
    lines: &str,
    addresses: &BTreeMap<&str, Option<&str>>,
) -> (Vec<String>, usize) {
    let (events, lines) = (parsed(log), parsed(lines));
    let messages = messages(book, &events, &lines);
    let by_id: BTreeMap<&str, &Message<'_>> =
        messages.iter().map(|message| (text(message.line, "id"), message)).collect();
    let (mut known, mut faults, mut handed_over) = (Known::new(book), Vec::new(), 0);
    for event in &events {
        if text(event, "type") != "ensue.handing_over" {
            known.learn(event);
            continue;
        }
        let id = text(&event["props"], "action");
        // A crash can come between the intent and the sink.
        let (Some(message), Some(address)) = (by_id.get(id), addresses.get(id)) else { continue };
        handed_over += 1;
        if let Some(why) = known.fault(message, told(event), *address) {
            faults.push(format!("handed over {why}, to {address:?}: {event} {}", message.line));
        }
    }
    (faults, handed_over)
}
