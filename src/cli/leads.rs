//! `ensue leads`: the leads that wait for a person.

use std::fmt::Write as _;

use clap::ValueEnum;
use serde_json::json;

use crate::live::{Stuck, StuckWhy};
use crate::local::{Zone, rfc3339};
use crate::shown::Shown;
use crate::timestamp::Span;
use crate::words::many;

use super::Io;
use super::exit::{Error, Exit};
use super::place::StoreArgs;

/// List the leads that wait for a person: without a next step, for approval, held by hand
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue leads --stuck\n         ensue leads --stuck --idle 14d --owner ben --format jsonl",
    after_help = "Held by hand without an end is listed after 30 days. What is listed is as of the last `ensue run`.\nExit codes: 0 fine, 3 wrong use, or a store that cannot be used."
)]
pub struct Args {
    /// The leads that wait for a person, with a command for each
    #[arg(long, required = true)]
    stuck: bool,
    /// So long a lead may be without a next step
    #[arg(long, value_name = "D", default_value = "7d", value_parser = length)]
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

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let mut live = args.store.place(io)?.open()?;
    live.advance(live.floor())?;
    let of_owner = |stuck: &Stuck| args.owner.is_none() || stuck.owner == args.owner;
    let found: Vec<Stuck> = live.stuck(args.idle)?.into_iter().filter(of_owner).collect();
    match args.format {
        Format::Jsonl => {
            let lines: String = found.iter().map(|stuck| line(stuck) + "\n").collect();
            io.out(&lines)?;
        }
        Format::Human => {
            let mut text = String::new();
            for stuck in &found {
                let _ = writeln!(text, "{}", row(stuck));
                let _ = writeln!(text, "    {}", command(stuck));
            }
            let _ = writeln!(text, "leads: {} stuck", many(found.len() as u64, "lead"));
            io.out(&text)?;
        }
    }
    Ok(Exit::Fine)
}

/// What one pastes to go on with a lead.
fn command(stuck: &Stuck) -> String {
    let lead = quoted(&stuck.lead);
    match &stuck.why {
        StuckWhy::Approval { touch } => format!("ensue lead {lead} approve {touch}"),
        StuckWhy::Held => format!("ensue lead {lead} resume"),
        StuckWhy::Idle => format!("ensue explain {lead}"),
    }
}

/// A word for a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@+:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn code(why: &StuckWhy) -> &'static str {
    match why {
        StuckWhy::Approval { .. } => "approval",
        StuckWhy::Held => "held",
        StuckWhy::Idle => "idle",
    }
}

fn row(stuck: &Stuck) -> String {
    let utc = |at| rfc3339(at, Zone::UTC);
    let why = match &stuck.why {
        StuckWhy::Approval { touch } => format!("waits for approval of {touch}"),
        StuckWhy::Held => String::from("held by hand without an end"),
        StuckWhy::Idle => String::from("no next step"),
    };
    let mut text = stuck.lead.clone();
    text.extend(stuck.name.iter().map(|name| format!(" ({name})")));
    let _ = write!(text, ", {}", stuck.tier.as_deref().unwrap_or("no tier"));
    text.extend(stuck.owner.iter().map(|owner| format!(", {owner}")));
    let _ = write!(text, ": {why} since {}", utc(stuck.since));
    text.extend(stuck.ended.iter().map(|(sequence, at)| format!("; {sequence} ended {}", utc(*at))));
    match &stuck.next {
        Some((rule, at)) => drop(write!(text, "; next: {rule}, {}", utc(*at))),
        None => text.push_str("; time alone brings nothing"),
    }
    Shown(&text).to_string()
}

fn line(stuck: &Stuck) -> String {
    let utc = |at| rfc3339(at, Zone::UTC);
    json!({
        "lead": stuck.lead,
        "name": stuck.name,
        "owner": stuck.owner,
        "tier": stuck.tier,
        "why": code(&stuck.why),
        "since": utc(stuck.since),
        "ended": stuck.ended.as_ref().map(|(sequence, at)| json!({"sequence": sequence, "at": utc(*at)})),
        "next": stuck.next.as_ref().map(|(rule, at)| json!({"rule": rule, "at": utc(*at)})),
        "command": command(stuck),
    })
    .to_string()
}
