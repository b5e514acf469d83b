//! What a person does by hand with everybody's messages: who, why and when, and the entry it becomes.

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde_json::{Map, Value};

use crate::decision::reason::HaltScope;
use crate::live::{Arrival, Live, LiveError, Record};
use crate::local::{Zone, rfc3339};
use crate::timestamp::Timestamp;

use super::exit::Error;
use super::leap::{self, Insist};
use super::{Io, clock, input, near, place};

/// What it is about, and who does it.
#[derive(Debug, clap::Args)]
pub struct Everybody {
    /// What it is about
    #[arg(value_enum)]
    kind: Kind,
    /// The sequence, channel or rule
    name: Option<String>,
    /// Who does it; default: the name of the user
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// Take this for the present moment (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = input::moment)]
    at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// All messages to leads
    All,
    /// Those of a sequence
    Sequence,
    /// Those on a channel
    Channel,
    /// The single messages of a rule
    Rule,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Sequence => "sequence",
            Self::Channel => "channel",
            Self::Rule => "rule",
        }
    }
}

impl Everybody {
    /// `sequence hot_leads`, as it is written on the command line.
    pub fn words(&self) -> String {
        match &self.name {
            Some(name) => format!("{} {}", self.kind.word(), leap::quoted(name)),
            None => self.kind.word().to_owned(),
        }
    }

    /// What it is about.
    ///
    /// # Errors
    /// A name is missing, or too much.
    pub fn scope(&self) -> Result<HaltScope, Error> {
        let wrong = |what: String| Err(Error::wrong(what).help("such as `all`, or `sequence hot_leads`"));
        match (self.kind, &self.name) {
            (Kind::All, None) => Ok(HaltScope::All),
            (Kind::All, Some(name)) => wrong(format!("`all` has no name behind it, and `{name}` stands there")),
            (kind, None) => wrong(format!("which {}?", kind.word())),
            (Kind::Sequence, Some(name)) => Ok(HaltScope::Sequence(name.as_str().into())),
            (Kind::Channel, Some(name)) => Ok(HaltScope::Channel(name.as_str().into())),
            (Kind::Rule, Some(name)) => Ok(HaltScope::Rule(name.as_str().into())),
        }
    }
}

/// Puts it into the log, after everything that is due by then; in words what it is about, and who did it.
///
/// # Errors
/// A name that the rulebook does not have, or a store that cannot write.
pub fn tell(everybody: &Everybody, ty: &str, live: &mut Live, io: Io) -> Result<(String, String), Error> {
    let by = everybody.by.clone().or_else(user);
    let by = by.ok_or_else(|| Error::wrong("the system does not say who you are").help("say it with `--by NAME`"))?;
    let scope = everybody.scope()?;
    check(&scope, live)?;
    place::not_ahead(everybody.at)?;
    place::note_past(everybody.at, live, io);
    if everybody.at.is_none() {
        leap::refuse(clock::now(), live, Insist::Run)?;
    }
    let now = everybody.at.unwrap_or_else(clock::now).max(live.floor());
    live.advance(now)?;
    let mut props = Map::new();
    match &scope {
        HaltScope::All => props.insert(String::from("all"), Value::Bool(true)),
        HaltScope::Sequence(name) => props.insert(String::from("sequence"), Value::String(name.to_string())),
        HaltScope::Channel(name) => props.insert(String::from("channel"), Value::String(name.to_string())),
        HaltScope::Rule(name) => props.insert(String::from("rule"), Value::String(name.to_string())),
    };
    props.insert(String::from("by"), by.as_str().into());
    if let Some(why) = &everybody.why {
        props.insert(String::from("reason"), why.as_str().into());
    }
    let record = Record {
        id: format!("{ty} {} {}", rfc3339(now, Zone::UTC), live.store().len()),
        ty: ty.to_owned(),
        lead: String::new(),
        account: None,
        at: now,
        received_at: None,
        props,
        exact: BTreeMap::new(),
        backfill: false,
    };
    let appended = live.append_own(record, Arrival::At(now))?;
    if appended.stored != 1 {
        let mut reason = String::from("the log has it already");
        if let Some(number) = appended.last_quarantined {
            reason = live.store().quarantine_show(number)?.reason;
            live.store_mut().quarantine_drop(number)?;
        }
        return Err(Error::wrong(format!("the log did not take `{ty}`: {reason}")));
    }
    live.advance(now)?;
    Ok((words(&scope), by))
}

/// Names are those of the rulebook in force.
fn check(scope: &HaltScope, live: &Live) -> Result<(), Error> {
    let rulebook = &live.plan().ok_or(LiveError::NoRulebook)?.rulebook;
    let (name, what, names): (&str, &str, Vec<&str>) = match scope {
        HaltScope::All => return Ok(()),
        HaltScope::Sequence(name) => {
            (name, "sequence", rulebook.sequences.iter().map(|sequence| sequence.name.as_str()).collect())
        }
        HaltScope::Channel(name) => {
            (name, "channel", rulebook.channels.iter().map(|channel| channel.name.as_str()).collect())
        }
        HaltScope::Rule(name) => (name, "rule", rulebook.rules.iter().map(|rule| rule.label.as_str()).collect()),
    };
    if names.contains(&name) {
        return Ok(());
    }
    let help = near::help(name, names.iter().copied(), "the rulebook has none");
    Err(Error::wrong(format!("the rulebook has no {what} `{name}`")).help(help))
}

fn words(scope: &HaltScope) -> String {
    match scope {
        HaltScope::All => String::from("all messages to leads"),
        HaltScope::Sequence(name) => format!("the messages of sequence `{name}`"),
        HaltScope::Channel(name) => format!("the messages on channel `{name}`"),
        HaltScope::Rule(name) => format!("the single messages of rule `{name}`"),
    }
}

/// The user's name, as the system tells it.
pub fn user() -> Option<String> {
    let names = ["USER", "LOGNAME", "USERNAME"].iter();
    names.filter_map(|name| std::env::var(name).ok()).find(|name| !name.trim().is_empty())
}
