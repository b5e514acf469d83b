//! `ensue leads`: the leads that wait for a person, and those that have an address of another.

use std::fmt::Write as _;

use clap::ValueEnum;
use serde_json::json;

use crate::address::AddressKind;
use crate::live::{Shared, Stuck, StuckWhy, Twins};
use crate::local::{Zone, rfc3339};
use crate::shown::Shown;
use crate::timestamp::{Span, Timestamp};
use crate::words::many;

use super::exit::{Error, Exit};
use super::place::StoreArgs;
use super::{Io, leap};

/// List the leads that wait for a person: without a next step, for approval, held by hand; or that share an address
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue leads --stuck\n         ensue leads --stuck --idle 14d --owner ben --format jsonl\n         ensue leads --twins",
    after_help = "Held by hand without an end is listed after 30 days. What is listed is as of the last `ensue run`.\nExit codes: 0 fine, 3 wrong use, or a store that cannot be used.",
    group = clap::ArgGroup::new("which").required(true)
)]
pub struct Args {
    /// The leads that wait for a person, with a command for each
    #[arg(long, group = "which")]
    stuck: bool,
    /// The leads with an address that another lead had first, and gets what goes to it
    #[arg(long, group = "which")]
    twins: bool,
    /// So long a lead may be without a next step
    #[arg(long, value_name = "D", default_value = "7d", value_parser = length, conflicts_with = "twins")]
    idle: Span,
    /// Those of one owner alone
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON object a line
    Jsonl,
}

fn length(text: &str) -> Result<Span, String> {
    let (amount, seconds) = [("h", 3_600), ("d", 86_400), ("w", 604_800)]
        .iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)))
        .unwrap_or(("", 0));
    let amount = amount.parse::<u32>().map_err(|_| String::from("not a length such as `12h`, `7d` or `2w`"))?;
    Ok(Span::seconds(i64::from(amount) * seconds))
}

/// A JSON object.
type Data = serde_json::Map<String, serde_json::Value>;

/// A lead that is listed.
trait Listed {
    /// As a line for people.
    fn row(&self) -> String;
    /// As data.
    fn data(&self) -> Data;
    /// What one pastes to go on with it.
    fn command(&self) -> String;
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let mut live = args.store.place(io)?.open()?;
    live.advance(live.floor())?;
    let wanted = |owner: &Option<String>| args.owner.is_none() || *owner == args.owner;
    if args.twins {
        let found = live.twins()?.into_iter();
        let found = found.filter(|twins| wanted(&twins.lead.owner) || wanted(&twins.first.owner)).collect();
        return list::<Twins>(args, found, io);
    }
    let found = live.stuck(args.idle)?.into_iter().filter(|stuck| wanted(&stuck.owner)).collect();
    list::<Stuck>(args, found, io)
}

fn list<T: Listed>(args: &Args, found: Vec<T>, io: Io) -> Result<Exit, Error> {
    let mut text = String::new();
    for listed in &found {
        let command = listed.command();
        match args.format {
            Format::Jsonl => {
                let mut data = listed.data();
                data.insert(String::from("command"), command.into());
                let _ = writeln!(text, "{}", serde_json::Value::Object(data));
            }
            Format::Human => {
                let _ = writeln!(text, "{}\n    {command}", Shown(&listed.row()));
            }
        }
    }
    if let Format::Human = args.format {
        let count = many(found.len() as u64, "lead");
        let _ = match args.twins {
            true => writeln!(text, "leads: {count} with an address of another"),
            false => writeln!(text, "leads: {count} stuck"),
        };
    }
    io.out(&text)?;
    Ok(Exit::Fine)
}

impl Listed for Stuck {
    fn command(&self) -> String {
        let lead = leap::quoted(&self.lead);
        leap::here(&match &self.why {
            StuckWhy::Approval { touch } => format!("lead {lead} approve {touch}"),
            StuckWhy::Held => format!("lead {lead} resume"),
            StuckWhy::Idle => format!("explain {lead}"),
        })
    }

    fn row(&self) -> String {
        let why = match &self.why {
            StuckWhy::Approval { touch } => format!("waits for approval of {touch}"),
            StuckWhy::Held => String::from("held by hand without an end"),
            StuckWhy::Idle => String::from("no next step"),
        };
        let mut text = who(&self.lead, [&self.name, &self.tier, &self.owner]);
        let _ = write!(text, ": {why} since {}", utc(self.since));
        text.extend(self.ended.iter().map(|(sequence, at)| format!("; {sequence} ended {}", utc(*at))));
        match &self.next {
            Some((rule, at)) => drop(write!(text, "; next: {rule}, {}", utc(*at))),
            None => text.push_str("; time alone brings nothing"),
        }
        text
    }

    fn data(&self) -> Data {
        object(json!({
            "lead": self.lead,
            "name": self.name,
            "owner": self.owner,
            "tier": self.tier,
            "why": code(&self.why),
            "since": utc(self.since),
            "ended": self.ended.as_ref().map(|(sequence, at)| json!({"sequence": sequence, "at": utc(*at)})),
            "next": self.next.as_ref().map(|(rule, at)| json!({"rule": rule, "at": utc(*at)})),
        }))
    }
}

impl Listed for Twins {
    fn command(&self) -> String {
        leap::here(&format!("lead {}", leap::quoted(&self.lead.lead)))
    }

    fn row(&self) -> String {
        let first = &self.first;
        let shared: Vec<String> = self.shared.iter().map(shared).collect();
        let mut text = who(&self.lead.lead, [&self.lead.name, &self.lead.tier, &self.lead.owner]);
        let _ = write!(text, ": has {} of {}", shared.join(" and "), first.lead);
        text.extend(first.name.iter().map(|name| format!(" ({name})")));
        let has = |kind| self.shared.iter().any(|shared| shared.kind == kind);
        let goes = match (has(AddressKind::Email), has(AddressKind::Phone)) {
            (true, true) => "mails and texts to them",
            (_, true) => "texts to it",
            _ => "mails to it",
        };
        let _ = write!(text, " since {}; {goes} go to ", utc(self.since));
        text.push_str(&if self.both { String::from("both") } else { format!("{} alone", first.lead) });
        text
    }

    fn data(&self) -> Data {
        let pair = |shared: &Shared| json!({"fact": shared.fact, "of_first": shared.of_first});
        object(json!({
            "lead": self.lead.lead,
            "name": self.lead.name,
            "owner": self.lead.owner,
            "tier": self.lead.tier,
            "first": {
                "lead": self.first.lead,
                "name": self.first.name,
                "owner": self.first.owner,
                "tier": self.first.tier,
            },
            "shared": self.shared.iter().map(pair).collect::<Vec<_>>(),
            "since": utc(self.since),
            "both": self.both,
        }))
    }
}

/// Who a lead is.
fn who(lead: &str, [name, tier, owner]: [&Option<String>; 3]) -> String {
    let mut text = lead.to_owned();
    text.extend(name.iter().map(|name| format!(" ({name})")));
    let _ = write!(text, ", {}", tier.as_deref().unwrap_or("no tier"));
    text.extend(owner.iter().map(|owner| format!(", {owner}")));
    text
}

/// What is shared, by the name that the first has for it.
fn shared(shared: &Shared) -> String {
    let own = (shared.fact != shared.of_first).then(|| format!(" (as {})", shared.fact));
    format!("the {}{}", shared.of_first, own.unwrap_or_default())
}

fn code(why: &StuckWhy) -> &'static str {
    match why {
        StuckWhy::Approval { .. } => "approval",
        StuckWhy::Held => "held",
        StuckWhy::Idle => "idle",
    }
}

fn object(value: serde_json::Value) -> Data {
    match value {
        serde_json::Value::Object(data) => data,
        _ => Data::new(),
    }
}

fn utc(at: Timestamp) -> String {
    rfc3339(at, Zone::UTC)
}
