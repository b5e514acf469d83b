//! `ensue activate`: puts a changed rulebook in force for a store.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::SEMANTICS;
use crate::engine::Change;
use crate::live::Activation;
use crate::local::{Zone, rfc3339};
use crate::timestamp::Timestamp;
use crate::words::many;

use super::exit::{Error, Exit};
use super::leap::{self, Insist};
use super::place::{self, StoreArgs};
use super::{Io, clock, input};

/// Put a changed rulebook in force; leads in flight go on by it, and nothing fires for what is true already
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue activate rules",
    after_help = "What is due by then is decided by the rulebook before; `ensue run` hands it over.\nExit codes: 0 fine, 2 the rules do not compile, 3 wrong use or a store that cannot be used."
)]
pub struct Args {
    /// The rulebook; default: from `ensue.yaml`, else `rules`
    #[arg(value_name = "RULES")]
    rules: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    /// Take this moment for the time of the wall clock (RFC 3339); never before what was handled
    #[arg(long, value_name = "TIME", value_parser = input::moment)]
    at: Option<Timestamp>,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let place = args.store.place(io)?;
    let path = place.rules(args.rules.as_deref());
    let (files, rulebook) = place::rulebook(&path, io)?;
    place::not_ahead(args.at)?;
    let mut live = place.open()?;
    if args.at.is_none() {
        leap::refuse(clock::now(), &live, Insist::Run)?;
    }
    place::note_past(args.at, &live, io);
    let is_first = live.plan().is_none();
    let did = live.activate(&files, rulebook, args.at.unwrap_or_else(clock::now))?;
    io.out(&text(&did, is_first))?;
    Ok(Exit::Fine)
}

/// What it did, the line that can be grepped last.
fn text(did: &Activation, is_first: bool) -> String {
    let (ruleset, at) = (&did.ruleset, rfc3339(did.at, Zone::UTC));
    if did.already {
        return format!("activate: the rulebook {ruleset} is in force already\n");
    }
    if is_first {
        return format!("activate: the rulebook {ruleset} is in force from {at} on, the first of this store\n");
    }
    let mut text = String::new();
    let kinds = [("rules", &did.changes.rules), ("sequences", &did.changes.sequences), ("scores", &did.changes.scores)];
    for (kind, change) in kinds {
        write_change(&mut text, kind, change);
    }
    if let Some(meaning) = did.meaning {
        let _ = writeln!(
            text,
            "the rules are read otherwise than before (semantics {}, now {SEMANTICS}): {} made so far would not be made now, {} more would be, of {}; all stay as recorded, and nothing goes out again",
            meaning.before,
            many(meaning.unmade, "decision"),
            meaning.made,
            many(meaning.leads, "lead"),
        );
    } else if kinds.iter().all(|(_, change)| change.is_empty()) {
        text.push_str("no rule, sequence or score says anything else\n");
    }
    let _ = writeln!(
        text,
        "activate: the rulebook {ruleset} is in force from {at} on; {}, {} carried on and {} ended, {} cancelled, {} skipped",
        many(did.leads, "lead"),
        many(did.carried, "enrollment"),
        did.ended,
        many(did.cancelled, "action"),
        did.skipped
    );
    text
}

/// `rules: added third_open; changed gone_quiet; removed exhausted`
fn write_change(text: &mut String, kind: &str, change: &Change) {
    let lists = [("added", &change.added), ("changed", &change.changed), ("removed", &change.removed)];
    let parts = lists.iter().filter(|(_, names)| !names.is_empty());
    let parts: Vec<String> = parts.map(|(word, names)| format!("{word} {}", names.join(", "))).collect();
    if !parts.is_empty() {
        let _ = writeln!(text, "{kind}: {}", parts.join("; "));
    }
}
