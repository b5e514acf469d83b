//! `ensue lead`: how a lead stands, and what a person does with it by hand.

mod deed;
mod moment;

use std::fmt::Write as _;
use std::ops::ControlFlow;

use clap::ValueEnum;

use crate::live::{Arrival, LeadView, Live, Record};
use crate::local::{Zone, rfc3339};
use crate::report;
use crate::shown::Shown;
use crate::timestamp::Timestamp;
use crate::words::many;

use super::aside::Aside;
use super::exit::{Error, Exit};
use super::leap::{self, Insist};
use super::place::{self, StoreArgs};
use super::{Io, by_hand, clock, near};
use deed::Deed;
use moment::MomentArg;

/// Show how a lead stands and what comes next, or do something with it by hand
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue lead ana\n         ensue lead ana pause --for 14d --why \"on parental leave\"",
    after_help = "Exit codes: 0 fine, 3 wrong use, a lead nobody knows, or a damaged store.",
    disable_help_subcommand = true
)]
pub struct Args {
    /// The lead's id, as the log writes it
    lead: String,
    #[command(subcommand)]
    deed: Option<Deed>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    hand: Hand,
    #[command(flatten)]
    store: StoreArgs,
}

/// Who does it, why and when.
#[derive(Debug, clap::Args)]
struct Hand {
    /// Who does it; default: the name of the user
    #[arg(long, global = true, value_name = "NAME")]
    by: Option<String>,
    /// Why, for whoever reads the timeline
    #[arg(long, global = true, value_name = "TEXT")]
    why: Option<String>,
    /// Take this for the present moment; a time without an offset is the lead's
    #[arg(long, global = true, value_name = "TIME", value_parser = MomentArg::parse)]
    at: Option<MomentArg>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A page
    Human,
    /// One JSON object
    Json,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let mut live = args.store.place(io)?.open()?;
    live.catch_up()?;
    match &args.deed {
        None => {
            show(args, &mut live, io)?;
            // A look has written nothing that is not durable. To close the database in order would sync it and
            // walk through all its pages, which takes as long as the look; the process ends here anyway.
            std::mem::forget(live);
        }
        Some(deed) => act(deed, args, &mut live, io)?,
    }
    Ok(Exit::Fine)
}

fn show(args: &Args, live: &mut Live, io: Io) -> Result<(), Error> {
    let at = match args.hand.at {
        Some(at) => Some(at.in_zone(live.zone_of(&args.lead)?)),
        None => None,
    };
    place::note_past(at, live, io);
    // A look must not decide anything: what lies ahead is decided in a copy.
    let aside = match at.filter(|at| *at > live.floor()) {
        Some(at) => Some((Aside::of(live)?, at)),
        None => None,
    };
    let mut copy = match &aside {
        Some((aside, at)) => {
            let mut copy = aside.open()?;
            copy.advance(*at)?;
            Some(copy)
        }
        None => None,
    };
    let live = copy.as_mut().unwrap_or(live);
    let view = live.lead(&args.lead)?.ok_or_else(|| no_lead(live, &args.lead))?;
    let end = format!("{}\n", report::lead::summary(&view));
    match args.format {
        Format::Human => io.painted(&format!("{}{end}", report::lead::human(&view, io.color))),
        Format::Json => {
            io.out(&report::lead::json(&view))?;
            io.err(&end);
            Ok(())
        }
    }
}

/// Does it: everything due by now first, so that what is checked and what follows is of now.
fn act(deed: &Deed, args: &Args, live: &mut Live, io: Io) -> Result<(), Error> {
    let by = args
        .hand
        .by
        .clone()
        .or_else(by_hand::user)
        .ok_or_else(|| Error::wrong("the system does not say who you are").help("say it with `--by NAME`"))?;
    if !live.knows(&args.lead)? {
        return Err(no_lead(live, &args.lead));
    }
    if matches!(deed, Deed::Erase { yes: true }) && live.store().is_erased(&args.lead) {
        return io.out(&format!("lead: {} was erased before\n", Shown(&args.lead)));
    }
    let zone = live.zone_of(&args.lead)?;
    let at = args.hand.at.map(|at| at.in_zone(zone));
    place::not_ahead(at)?;
    if at.is_none() {
        leap::refuse(clock::now(), live, Insist::Run)?;
    }
    let now = at.unwrap_or_else(clock::now).max(live.floor());
    // Nothing is written where a name is wrong, not even what is due by now.
    let view = live.lead_at(&args.lead, now)?.ok_or_else(|| no_lead(live, &args.lead))?;
    deed.props(live, &view)?;
    place::note_past(at, live, io);
    live.advance(now)?;
    let view = live.lead(&args.lead)?.ok_or_else(|| no_lead(live, &args.lead))?;
    let mut props = deed.props(live, &view)?;
    props.insert(String::from("by"), by.as_str().into());
    if let Some(why) = &args.hand.why {
        props.insert(String::from("reason"), why.as_str().into());
    }
    let first = live.decisions();
    append(live, &view, deed.event_type(), props, now)?;
    live.advance(now)?;
    let mut decided = Vec::new();
    live.decisions_from(first, &mut |line| {
        decided.push(line.to_owned());
        ControlFlow::Continue(())
    })?;
    let mut text = report::told::timeline(&decided, io.color);
    if decided.is_empty() {
        text.push_str("no decision follows from it\n\n");
    }
    let ahead = live.ahead(Some(&view.lead))?;
    if matches!(deed, Deed::Erase { .. }) {
        text.push_str(&erased(&view, live.entries_about(&view.lead)?));
    } else {
        text.push_str(&report::lead::what_lies_ahead(&ahead, io.color));
    }
    let decided = many(decided.len(), "decision");
    let (lead, by) = (Shown(&view.lead), Shown(by));
    let _ = writeln!(text, "lead: {lead}: {} by {by}; {decided}, {} scheduled", deed.word(), ahead.len());
    io.painted(&text)
}

/// Puts it into the log.
fn append(
    live: &mut Live,
    view: &LeadView,
    ty: String,
    props: serde_json::Map<String, serde_json::Value>,
    now: Timestamp,
) -> Result<(), Error> {
    let record = Record {
        id: format!("{ty} {} {} {}", view.lead, rfc3339(now, Zone::UTC), live.store().len()),
        ty,
        lead: view.lead.clone(),
        account: view.account.clone(),
        at: now,
        received_at: None,
        props,
        exact: std::collections::BTreeMap::new(),
        backfill: false,
    };
    let ty = record.ty.clone();
    let appended = live.append_own(record, Arrival::At(now))?;
    if appended.stored == 1 {
        return Ok(());
    }
    // It is said here, and need not wait in quarantine for anybody.
    let mut reason = String::from("the log has it already");
    if let Some(number) = appended.last_quarantined {
        reason = live.store().quarantine_show(number)?.reason;
        live.store_mut().quarantine_drop(number)?;
    }
    let help = "an entry has room for 1 MB, `--why` and `--by` among it";
    Err(Error::wrong(format!("the log did not take `{ty}`: {reason}")).help(help))
}

/// What is gone with a lead, and what stays.
fn erased(view: &LeadView, entries: usize) -> String {
    let rulebook = &view.plan.rulebook;
    let facts = view.standing.facts.iter().filter(|(fact, _)| *fact != rulebook.well_known.owner);
    let facts = facts.filter_map(|(fact, _)| rulebook.facts.get(*fact));
    let facts: Vec<&str> = facts.map(|fact| fact.name.as_str()).collect();
    let facts = if facts.is_empty() { String::from("no facts") } else { facts.join(", ") };
    let (entries, decisions) = (many(entries, "entry"), many(view.decided.len(), "decision"));
    format!(
        "gone\n  what was known: {facts}\n  names, addresses and free text in {entries} of the log, in its decisions and messages\n\
         stays\n  the id `{}`, when what happened and what was decided ({decisions}), who its owners were, and that it may not be contacted\n  \
         copies made before: backups, exports, what sinks have\n\n",
        Shown(&view.lead)
    )
}

fn no_lead(live: &Live, name: &str) -> Error {
    let leads = live.leads().unwrap_or_default();
    let help = near::help(name, leads.iter().map(String::as_str), "the log of this store is empty");
    Error::wrong(format!("no event of the log is about the lead `{name}`")).help(help)
}
