//! `ensue run`: handles all that is due and hands actions to the sinks.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::config::{self, BreakerSettings, Config, Destination, Retries, SinkKind};
use crate::live::{Advanced, Delivery, DeliveryState, Desk, HandedOver, Live, LiveError, OpenSink, PutOff, Routes};
use crate::load::{Files, LoadError};
use crate::local::{Zone, rfc3339};
use crate::report;
use crate::report::summary::undeclared;
use crate::shown::Shown;
use crate::sink;
use crate::store::Alone;
use crate::timestamp::{Span, Timestamp};
use crate::words::many;

use super::aside::Aside;
use super::ask::{Ways, ask};
use super::exit::{Error, Exit};
use super::leap::{self, Insist};
use super::place::{self, StoreArgs, Workplace};
use super::{Io, clock, input, kill, regain};

/// Handle all that is due now and hand actions to the sinks, once (for cron) or watching
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue run",
    after_help = "Sinks are named in `ensue.yaml`; without one, actions are written to standard output.\nExit codes: 0 fine, 1 an action was put off or failed, its outcome is unknown, or an invariant is broken, 2 the rules do not compile, 3 wrong use or a store that cannot be used."
)]
pub struct Args {
    /// The rulebook, which must be the one in force; default: from `ensue.yaml`, else `rules`
    #[arg(value_name = "RULES")]
    rules: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    /// Take this moment for the time of the wall clock (RFC 3339); never before what was handled
    #[arg(long, value_name = "TIME", value_parser = input::moment, conflicts_with = "watch")]
    at: Option<Timestamp>,
    /// Keep running; SIGTERM ends it after the action at hand
    #[arg(long)]
    watch: bool,
    /// How often `--watch` looks for new events, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3600))]
    poll: u32,
    /// Show what would go out now; nothing is handed over, and the store stays as it is
    #[arg(long, conflicts_with = "watch")]
    dry: bool,
    /// Say that the clock is right, although the store was left alone for more than 7 days
    #[arg(long)]
    yes: bool,
    /// List the actions of which nobody knows whether they went out
    #[arg(long, conflicts_with_all = ["watch", "dry"])]
    unknown: bool,
    /// List what expired before it could be handed over
    #[arg(long, conflicts_with_all = ["watch", "dry", "unknown"])]
    expired: bool,
    /// Say of an unknown action that it went out; may be given several times
    #[arg(long, value_name = "ACTION", conflicts_with_all = ["watch", "dry", "unknown", "expired"])]
    went_out: Vec<String>,
    /// Say of an unknown action that it did not go out and is to go out now; may be given several times
    #[arg(long, value_name = "ACTION", conflicts_with_all = ["watch", "dry", "unknown", "expired"])]
    again: Vec<String>,
}

impl Args {
    /// Whether nothing is handed over, and the store stays as it is.
    const fn only_looks(&self) -> bool {
        self.dry || self.unknown || self.expired
    }
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let place = args.store.place(io)?;
    let stop = Arc::new(AtomicBool::new(false));
    if args.watch {
        on_signals(&stop);
    }
    let (mut worst, mut watch) = (Exit::Fine, Watch::default());
    loop {
        let (exit, next) = match once(args, &place, &stop, &mut watch, io) {
            // A long `ingest` or a backup ends some time; whoever watches can wait for it.
            Err(Error::Busy(complaint)) if args.watch => {
                if !std::mem::replace(&mut watch.told_busy, true) {
                    io.note(&format!("{}; trying again", complaint.what));
                }
                (Exit::Fine, None)
            }
            done => {
                watch.told_busy = false;
                done?
            }
        };
        if exit != Exit::Fine {
            worst = exit;
        }
        if !args.watch || stop.load(Ordering::Relaxed) {
            return Ok(worst);
        }
        sleep(args, next, &stop);
        if stop.load(Ordering::Relaxed) {
            return Ok(worst);
        }
    }
}

/// What `--watch` knows from one round to the next.
#[derive(Default)]
struct Watch {
    /// The rulebook was the one in force in an earlier round.
    began: bool,
    /// It was said that it no longer is.
    told_edited: bool,
    /// It was said that another process has the store.
    told_busy: bool,
    /// It was said that alerts on metrics are not made here.
    told_alerts: bool,
}

/// One round: the store is open no longer than that, so that events can be appended in between; and while
/// a sink takes its time others can have it within a round.
fn once(
    args: &Args,
    place: &Workplace,
    stop: &AtomicBool,
    watch: &mut Watch,
    io: Io,
) -> Result<(Exit, Option<Timestamp>), Error> {
    if !(args.only_looks()) {
        place::not_ahead(args.at)?;
    }
    // INVARIANT: this run alone hands over until the store is closed for good, so that no other one takes an
    // attempt under way for one that a crash has cut off.
    let (live, alone) = if args.only_looks() {
        (place.open()?, None)
    } else {
        let (live, alone) = place.open_alone()?;
        (live, Some(alone))
    };
    let mut live = live.with_points(kill::at);
    // What the clock says in a round, whatever is done to it meanwhile.
    let (begun, since) = (args.at.unwrap_or_else(clock::now), clock::elapsed());
    let wall = || {
        if args.at.is_some() { begun } else { begun + Span(clock::elapsed().saturating_sub(since).as_micros() as i64) }
    };
    if !args.only_looks() {
        let insist = if args.yes && !watch.began { Insist::Said } else { Insist::Yes };
        leap::refuse(begun, &live, insist)?;
    }
    match in_force(args, place, &mut live, io) {
        Ok(()) => (watch.began, watch.told_edited) = (true, false),
        // Rules that are being edited must not stop what runs by those in force.
        Err(Error::Use(complaint)) if watch.began => {
            if !std::mem::replace(&mut watch.told_edited, true) {
                io.note(&format!("{}; the one in force goes on until `ensue activate`", complaint.what));
            }
        }
        Err(error) => return Err(error),
    }
    if args.unknown {
        return list_unknown(&live, io).map(|exit| (exit, None));
    }
    if args.expired {
        return list_expired(&live, io).map(|exit| (exit, None));
    }
    if args.dry && live.store().is_copy() {
        io.note("this store is a copy: the next `run` hands none of it over, since the other one may have; it says what to do");
    }
    let is_copy = !args.only_looks() && live.store().is_copy();
    if is_copy {
        live.has_lost(wall(), "this store is a copy that took the place of another")?;
        live.is_no_copy()?;
        io.note(
            "this store is a copy, and nobody knows what the one that it took the place of has handed over since: \
             what could have been is of unknown outcome now, and all messages to leads are halted",
        );
        regain::steps(&leap::here, io);
    }
    settle(args, &mut live, wall())?;
    place::note_past(args.at, &live, io);
    let sinks = Sinks::of(place, &live, io)?;
    let Some(alone) = alone else { return preview(&live, &sinks, wall(), io).map(|exit| (exit, None)) };
    let windows = sinks.open()?;
    let mut advanced = live.advance(wall().max(live.floor()))?;
    let to_stdout = sinks.settings.iter().any(|sink| sink.kind == SinkKind::Stdout);
    let route = |destination: Destination<'_>| sinks.route.sink(destination);
    let mut desk = Desk { windows, route: &route };
    let mut round = live.begin(alone, &desk, wall())?;
    let ways = Ways { place, stop, io };
    while !stop.load(Ordering::Relaxed)
        && let Some(claim) = live.claim(&mut round, &desk, wall())?
    {
        let Some(window) = desk.windows.get_mut(claim.sink()) else { continue };
        let outcomes;
        (live, outcomes) = ask(live, &claim, window.sink.as_mut(), ways)?;
        live.settle(&mut round, claim, outcomes, wall())?;
    }
    let handed = live.end(round)?;
    advanced.add(&handed.advanced);
    // What was written down moves the clock; nothing may be left that was due by then.
    advanced.add(&live.advance(live.floor())?);
    let text = summary(&advanced, &handed);
    let quiet = args.watch && advanced.entries + advanced.decisions == 0 && handed == HandedOver::default();
    if !quiet {
        if to_stdout { io.err(&text) } else { io.out(&text)? }
    }
    for (sink, off) in &handed.reasons {
        let (count, why) = told(off);
        io.note(&format!("sink `{sink}` put off {count}, to be tried again{why}"));
    }
    if !args.watch {
        // What an earlier run was refused is said again, so that it cannot be missed.
        let routes = Routes { sinks: &sinks.settings, route: &route };
        let mut waits = live.due_now(routes, wall().max(live.floor()))?.put_off;
        waits.retain(|sink, _| !handed.reasons.contains_key(sink));
        note_waits(&waits, io);
    }
    io.err(&undeclared(&advanced.undeclared));
    note_stale(advanced.stale, io);
    if handed.unknown > 0 {
        io.note("`ensue run --unknown` lists the actions of which nobody knows whether they went out");
    }
    if handed.expired > 0 {
        io.note("`ensue run --expired` lists what expired before it could be handed over");
    }
    if handed.unrouted > 0 {
        io.note("no sink takes some of the actions: name one in `ensue.yaml`, under `route`");
    }
    if !std::mem::replace(&mut watch.told_alerts, true) {
        note_metric_alerts(args, place, &live, io);
    }
    let broken = live.newly_broken()?;
    if let Some(plan) = live.plan() {
        io.painted_err(&report::invariant::seen_live(&plan.rulebook, &broken, io.color_err()));
    }
    live.broken_were_told()?;
    if handed.halted > 0 {
        regain::halted(live.halts().in_force(live.floor()), io);
    }
    let trouble = is_copy || handed.put_off + handed.failed + handed.unknown > 0 || !broken.is_empty();
    let exit = if trouble { Exit::Findings } else { Exit::Fine };
    Ok((exit, live.next_due()?))
}

/// Whoever relies on an alert must know that it does not come from here.
fn note_metric_alerts(args: &Args, place: &Workplace, live: &Live, io: Io) {
    let alerts: usize =
        live.plan().map_or(0, |plan| plan.rulebook.metrics.iter().map(|metric| metric.alerts.len()).sum());
    if alerts > 0 {
        let rules = place.rules(args.rules.as_deref());
        io.note(&format!(
            "`run` hands over no alerts on metrics, of which this rulebook has {alerts}; to see them: \
             `ensue store export > log.jsonl`, then `ensue dry-run {} --events log.jsonl`",
            Shown(rules.display())
        ));
    }
}

/// Makes sure that the rulebook is the one in force; the first one of a store is put in force.
fn in_force(args: &Args, place: &Workplace, live: &mut Live, io: Io) -> Result<(), Error> {
    let path = place.rules(args.rules.as_deref());
    if live.plan().is_none() {
        if args.only_looks() {
            return Err(LiveError::NoRulebook.into());
        }
        let (files, rulebook) = place::rulebook(&path, io)?;
        live.activate_first(&files, rulebook, args.at.unwrap_or_else(clock::now))?;
        io.note(&format!("the rulebook `{}` is in force now", path.display()));
        return Ok(());
    }
    if live.is_of_older_meaning() && !args.only_looks() {
        live.advance(live.floor())?;
    }
    match Files::read(&path) {
        Ok(files) if live.is_in_force(&files)? => Ok(()),
        Ok(_) => {
            let path = path.display();
            let error = Error::wrong(format!("the rulebook `{path}` differs from the one in force in this store"));
            Err(error.help(format!("put it in force with `ensue activate {path}`")))
        }
        // The store has the rulebook in force; a machine that only runs it need not have the files.
        Err(LoadError::Missing(_)) if args.rules.is_none() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn settle(args: &Args, live: &mut Live, now: Timestamp) -> Result<(), Error> {
    let said = || args.went_out.iter().map(|id| (id, true)).chain(args.again.iter().map(|id| (id, false)));
    if said().next().is_none() {
        return Ok(());
    }
    // A wrong id must not leave half of what was said settled.
    let mut left: Vec<String> = live.outbox()?.into_iter().filter(is_unknown).map(|item| item.id).collect();
    for (id, _) in said() {
        let Some(found) = left.iter().position(|known| known == id) else {
            return Err(not_unknown(id, said().filter(|(other, _)| *other == id).count()));
        };
        left.swap_remove(found);
    }
    for (id, went_out) in said() {
        if !live.settle_by_hand(id, went_out, now)? {
            return Err(not_unknown(id, 1));
        }
    }
    Ok(())
}

fn is_unknown(item: &Delivery) -> bool {
    matches!(item.state, DeliveryState::Unknown { .. })
}

/// An id that is not to be settled, or not so many times.
fn not_unknown(id: &str, times: usize) -> Error {
    let what = if times > 1 {
        format!("action `{id}` is named {times} times, and that is more than there are of unknown outcome")
    } else {
        format!("no action `{id}` has an unknown outcome")
    };
    Error::wrong(format!("{what}; nothing was settled")).help("`ensue run --unknown` lists those that have")
}

fn list_unknown(live: &Live, io: Io) -> Result<Exit, Error> {
    let mut count = 0;
    for item in live.outbox()? {
        let DeliveryState::Unknown { sink, reason, .. } = &item.state else { continue };
        count += 1;
        let (lead, what) = (&item.lead, words(&item));
        let line = format!("{}  {}  {lead}  {what} -> {sink}: {reason}", item.id, item.due_at.0);
        io.out(&format!("{}\n", Shown(line)))?;
    }
    io.out(&format!("run: {} of unknown outcome\n", many(count, "action")))?;
    if count > 0 {
        io.note("say what became of one with `--went-out ACTION` or `--again ACTION`");
    }
    Ok(Exit::Fine)
}

fn list_expired(live: &Live, io: Io) -> Result<Exit, Error> {
    let expired = live.expired()?;
    for done in &expired {
        let (item, at) = (&done.item, rfc3339(done.at, Zone::UTC));
        io.out(&format!("{}  {}  {}  expired {at}\n", item.due_at.0, item.lead, words(item)))?;
    }
    io.out(&format!("run: {} expired\n", many(expired.len(), "action")))?;
    Ok(Exit::Fine)
}

/// What would go out now. What is not decided yet is decided in a copy, so that the store stays as it is.
fn preview(live: &Live, sinks: &Sinks, now: Timestamp, io: Io) -> Result<Exit, Error> {
    let now = now.max(live.floor());
    let other_run = Alone::is_taken(live.store().dir());
    if live.unhandled() == 0 && live.next_due()?.is_none_or(|due| due > now) {
        return would_go_out(live, sinks, (now, other_run), io);
    }
    let aside = Aside::of(live)?;
    let mut copy = aside.open()?;
    copy.advance(now)?;
    would_go_out(&copy, sinks, (now, other_run), io)
}

fn would_go_out(live: &Live, sinks: &Sinks, (now, other_run): (Timestamp, bool), io: Io) -> Result<Exit, Error> {
    let route = |destination: Destination<'_>| sinks.route.sink(destination);
    let mut found = live.due_now(Routes { sinks: &sinks.settings, route: &route }, now)?;
    if other_run {
        // What a sink is being asked for by another run is not left by a crash, to be handed over again.
        found.due.retain(|(item, _)| !matches!(item.state, DeliveryState::Going { .. }));
    }
    for (item, sink) in &found.due {
        let sink = sink.as_deref().unwrap_or("no sink");
        let line = format!("{}  {}  {} -> {sink}", item.due_at.0, item.lead, words(item));
        io.out(&format!("{}\n", Shown(line)))?;
    }
    let waits: u64 = found.put_off.values().map(|off| off.count).sum();
    let waits = if waits == 0 { String::new() } else { format!(", {waits} put off") };
    io.out(&format!("run: {} would go out{waits}\n", many(found.due.len(), "action")))?;
    note_waits(&found.put_off, io);
    Ok(Exit::Fine)
}

/// What an old log decides, where it is taken for news.
fn note_stale(count: u64, io: Io) {
    if count == 0 {
        return;
    }
    let what = if count == 1 {
        "decision is muted, since its event is"
    } else {
        "decisions are muted, since their events are"
    };
    io.note(&format!(
        "{count} {what} older than `stale_after`; to try an old log, take it into a store of its own with `ensue ingest LOG --replay`"
    ));
}

/// What sinks did not take before, and why.
fn note_waits(waits: &BTreeMap<String, PutOff>, io: Io) {
    for (sink, off) in waits {
        let (count, why) = told(off);
        let wait = if off.count == 1 { "waits" } else { "wait" };
        io.note(&format!("{count} {wait} to be tried again at sink `{sink}`{why}"));
    }
}

/// `2 actions` and `: why`. A reason is a program's own words, which must not steer a terminal.
fn told(off: &PutOff) -> (String, String) {
    let why = if off.reason.is_empty() { String::new() } else { format!(": {}", Shown(&off.reason)) };
    (many(off.count, "action"), why)
}

/// `email recap`, `alert owner "call now"`
fn words(item: &Delivery) -> String {
    let what = item.channel.as_deref().unwrap_or("alert");
    let to = item.to.as_deref().map(|to| format!(" {to}")).unwrap_or_default();
    let text = item.text.as_deref().map(|text| format!(" \"{text}\"")).unwrap_or_default();
    format!("{what}{to}{}{text}", item.template.as_deref().map(|t| format!(" {t}")).unwrap_or_default())
}

fn summary(advanced: &Advanced, handed: &HandedOver) -> String {
    let mut text = format!(
        "run: {} handled, {}; {} handed over",
        many(advanced.entries, "entry"),
        many(advanced.decisions, "decision"),
        handed.taken
    );
    for (count, what) in [
        (handed.put_off, "put off"),
        (handed.failed, "failed"),
        (handed.unknown, "unknown"),
        (handed.expired, "expired"),
        (advanced.withdrawn, "cancelled"),
        (handed.waiting, "waiting"),
        (handed.halted, "halted"),
        (handed.unaddressed, "without an address that can be read"),
        (handed.unrouted, "without a sink"),
        (advanced.unreadable, "unreadable"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    text.push('\n');
    text
}

/// The sinks of a run.
struct Sinks {
    settings: Vec<config::SinkSettings>,
    route: Route,
    /// Where relative paths begin.
    folder: PathBuf,
}

enum Route {
    By(Box<Config>),
    /// Everything to standard output.
    Usual,
}

const USUAL: &str = "stdout";

impl Route {
    fn sink(&self, destination: Destination<'_>) -> Option<String> {
        match self {
            Self::By(config) => config.sink_for(destination).map(|sink| sink.name.clone()),
            Self::Usual => Some(USUAL.to_owned()),
        }
    }
}

impl Sinks {
    fn of(place: &Workplace, live: &Live, io: Io) -> Result<Self, Error> {
        let Some(config) = &place.config else {
            let settings = config::SinkSettings {
                name: USUAL.to_owned(),
                kind: SinkKind::Stdout,
                idempotent: false,
                retries: Retries::default(),
                breaker: BreakerSettings::default(),
            };
            return Ok(Self { settings: vec![settings], route: Route::Usual, folder: PathBuf::new() });
        };
        let unknown = live.plan().map(|plan| config.unknown_names(&plan.rulebook)).unwrap_or_default();
        if !unknown.is_empty() {
            io.painted_err(&crate::report::diagnostic::mistakes(&unknown, config.source(), io.color_err()));
            return Err(Error::Told);
        }
        let route = Route::By(Box::new(config.clone()));
        Ok(Self { settings: config.sinks.clone(), route, folder: config.folder.clone() })
    }

    fn open(&self) -> Result<BTreeMap<String, OpenSink>, Error> {
        let opened = self.settings.iter().map(|settings| {
            let sink = sink::open(settings, &self.folder).map_err(|error| {
                let wrong = Error::wrong(error.to_string());
                match error.help() {
                    Some(help) => wrong.help(help),
                    None => wrong,
                }
            })?;
            Ok((settings.name.clone(), OpenSink { settings: settings.clone(), sink }))
        });
        opened.collect()
    }
}

/// Until the next timer is due, or it is time to look for new events.
fn sleep(args: &Args, next: Option<Timestamp>, stop: &AtomicBool) {
    let slice = Duration::from_millis(100);
    let until_due = next.map_or(i64::MAX, |due| (due.0 - clock::now().0).max(0)) / 1000;
    let most = (i64::from(args.poll) * 1000).min(until_due.max(100));
    let mut left = Duration::from_millis(most.unsigned_abs());
    while !left.is_zero() && !stop.load(Ordering::Relaxed) {
        let nap = left.min(slice);
        std::thread::sleep(nap);
        left = left.saturating_sub(nap);
    }
}

#[cfg(unix)]
fn on_signals(stop: &Arc<AtomicBool>) {
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        // Without a handler the signal ends the process at once, which loses nothing either.
        let _ = signal_hook::flag::register(signal, Arc::clone(stop));
    }
}

#[cfg(not(unix))]
fn on_signals(_: &Arc<AtomicBool>) {}
