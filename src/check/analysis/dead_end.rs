//! Tiers in which a lead gets to where time alone brings nothing more: no touch, task, alert or start, and no
//! other tier in which it does. Sure or silent; what hangs on a condition is a note.

use std::collections::BTreeMap;

use super::book::{Book, Own};
use super::by_tier::Truth;
use super::formula::Formula;
use super::next_step::{Acts, Brings, Closed, LOOKED_AT, Line, NextSteps, stops, waits_for_time};
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Effect, EffectKind, Sequence, SequenceId, SetId, TierId, Trigger};
use crate::slug::Slug;
use crate::source::Range;
use crate::words::listed;

/// What settles all of it.
const NET: &str = "idle 7d -> task \"no next step: call, set a date, or close\"";

/// How a lead gets to where it is in no sequence.
enum Way<'a> {
    /// A rule moves it to the tier, and no sequence takes it in.
    Moved(&'a Own<'a>, Range),
    /// A rule stops its sequence.
    Stopped(&'a Own<'a>, Range),
    /// An event ends its sequence.
    Exited(&'a Sequence, SetId),
    /// Its sequence has had all touches.
    Finished(&'a Sequence),
}

/// The ways into and out of sequences.
struct Ways<'a> {
    book: &'a Book<'a>,
    steps: NextSteps<'a>,
    /// Rules that move a lead to a tier, by tier.
    into: BTreeMap<TierId, Vec<(&'a Own<'a>, usize)>>,
    /// The sequences for each tier.
    of_tier: BTreeMap<TierId, Vec<(SequenceId, &'a Sequence)>>,
    /// Sequences for no tier, with the lines that start them.
    loose: BTreeMap<SequenceId, Vec<Line<'a>>>,
    /// Lines that stop sequences, with the effect that does.
    stopping: Vec<(&'a Effect, Line<'a>)>,
    /// What rules do at the end of a sequence: at its finish alone, or at its exit.
    finishing: BTreeMap<SequenceId, Vec<Line<'a>>>,
    exiting: BTreeMap<SequenceId, Vec<Line<'a>>>,
}

/// Finds them. A rulebook without sequences answers what happens, and plans no next steps.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    if book.sequences.is_empty() {
        return;
    }
    let ways = Ways::new(book);
    let mut hanging: BTreeMap<Range, Vec<TierId>> = BTreeMap::new();
    for (id, tier) in book.rulebook.tiers.with_ids() {
        // What nobody gets to has its own finding.
        if tier.is_final || !ways.into.contains_key(&id) || ways.steps.stay(id).truth == Truth::Yes {
            continue;
        }
        let mut hangs_on = None;
        let open = ways.of(id).into_iter().find(|(_, closed)| {
            hangs_on = hangs_on.or(closed.hangs_on);
            closed.truth == Truth::No
        });
        match (open, hangs_on) {
            (Some((way, _)), _) => found.push(way.dead_end(book, (id, tier.range))),
            (None, Some(place)) => hanging.entry(place).or_default().push(id),
            (None, None) => {}
        }
    }
    found.extend(hanging.into_iter().map(|(place, tiers)| may_stall(book, place, &tiers)));
}

fn may_stall(book: &Book, place: Range, tiers: &[TierId]) -> Diagnostic {
    let names: Vec<String> = tiers.iter().map(|tier| book.tier(*tier).to_owned()).collect();
    let names = listed(&names);
    let message =
        format!("a lead in {names} may be left without a next step: whether one comes in time hangs on this condition");
    let stalls = Diagnostic::new(Slug::MayStall, place, message).label("where it does not hold, nothing comes");
    stalls.help(format!(
        "write `{NET}`, without a condition; or let it stand with a reason, by `# ensue: allow may-stall`"
    ))
}

impl Way<'_> {
    fn dead_end(&self, book: &Book, (tier, place): (TierId, Range)) -> Diagnostic {
        let name = book.tier(tier);
        let rest = format!("a lead in `{name}` is left without a next step: time alone brings nothing");
        let (message, at, label) = match self {
            Self::Moved(own, at) => {
                let label = &own.rule.label;
                let message = format!(
                    "a lead that `{label}` moves to `{name}` is left without a next step: no sequence takes it in, \
                     and time alone brings nothing"
                );
                (message, *at, "comes here")
            }
            Self::Stopped(own, at) => (format!("after `{}` {rest}", own.rule.label), *at, "stops its sequence"),
            Self::Exited(sequence, set) => {
                let event = book.set(*set).map_or("", |set| &set.text);
                (format!("after `{event}` has ended `{}` {rest}", sequence.name), sequence.range, "ends at it")
            }
            Self::Finished(sequence) => {
                (format!("after `{}` {rest}", sequence.name), sequence.range, "has had all touches")
            }
        };
        let dead = Diagnostic::new(Slug::DeadEnd, place, message).label("stays here until something happens");
        dead.other(at, label)
            .help(format!("write `{NET}`; or, where nothing need come, declare the tier as `{name} final`"))
    }
}

impl<'a> Ways<'a> {
    fn new(book: &'a Book<'a>) -> Self {
        let mut ways = Self {
            book,
            steps: NextSteps::new(book),
            into: BTreeMap::new(),
            of_tier: BTreeMap::new(),
            loose: BTreeMap::new(),
            stopping: Vec::new(),
            finishing: BTreeMap::new(),
            exiting: BTreeMap::new(),
        };
        for (id, sequence, _) in &book.sequences {
            match sequence.tier {
                Some(tier) => ways.of_tier.entry(tier).or_default().push((*id, sequence)),
                None if !sequence.parallel && ways.loose.len() < LOOKED_AT => {
                    ways.loose.insert(*id, Vec::new());
                }
                None => {}
            }
        }
        for own in &book.rules {
            ways.add(own);
        }
        ways
    }

    fn add(&mut self, own: &'a Own<'a>) {
        match own.rule.trigger {
            Trigger::Finished(sequence) => {
                let lines = self.steps.lines(own, Acts::InTime);
                self.finishing.entry(sequence).or_default().extend(lines);
            }
            Trigger::Exited(sequence) => {
                let lines = self.steps.lines(own, Acts::AtOnce);
                self.exiting.entry(sequence).or_default().extend(lines);
            }
            _ => {}
        }
        for (place, arm) in own.rule.arms.iter().enumerate() {
            for effect in &arm.effects {
                match effect.kind {
                    EffectKind::Tier(tier) => {
                        let into = self.into.entry(tier).or_default();
                        // A rule may name a tier a thousand times.
                        if into.last().is_none_or(|(known, at)| !std::ptr::eq(*known, own) || *at != place) {
                            into.push((own, place));
                        }
                    }
                    EffectKind::Start(sequence) => {
                        if let Some(starting) = self.loose.get_mut(&sequence).filter(|lines| lines.len() < LOOKED_AT) {
                            starting.extend(self.steps.line(own, place));
                        }
                    }
                    _ => {}
                }
            }
            if let Some(stopped) = stops(arm).filter(|_| self.stopping.len() < LOOKED_AT) {
                self.stopping.extend(self.steps.line(own, place).map(|line| (stopped, line)));
            }
        }
    }

    /// The ways on which a lead in a tier gets to where it is in no sequence, the shortest first, each with
    /// what closes it.
    fn of(&self, tier: TierId) -> Vec<(Way<'a>, Closed)> {
        let stays = self.steps.stay(tier);
        let mut ways = Vec::new();
        let sequences = self.of_tier.get(&tier).map_or(&[][..], Vec::as_slice);
        if !self.takes_all(sequences) {
            for (own, place) in self.into.get(&tier).into_iter().flatten().take(LOOKED_AT) {
                let Some(arm) = own.rule.arms.get(*place) else { continue };
                let at = arm.effects.iter().find(|effect| effect.kind == EffectKind::Tier(tier));
                let way = Way::Moved(own, at.map_or(arm.range, |effect| effect.range));
                ways.push((way, self.moved(own, *place, tier).or(stays)));
            }
        }
        let own = sequences.iter().take(LOOKED_AT).copied();
        let loose = self.loose.iter().filter(|(_, lines)| lines.iter().any(|line| self.starts(line, tier)));
        let loose = loose.filter_map(|(id, _)| Some((*id, self.book.rulebook.sequences.get(*id)?)));
        for (id, sequence) in own.chain(loose) {
            self.ends(tier, id, sequence, &mut ways);
        }
        ways.into_iter().map(|(way, closed)| (way, closed.or(stays))).collect()
    }

    /// Whether every lead that comes into a tier is taken into one of its sequences.
    fn takes_all(&self, sequences: &[(SequenceId, &Sequence)]) -> bool {
        if sequences.iter().any(|(_, sequence)| sequence.guard.is_none()) {
            return true;
        }
        let guards = sequences.iter().filter_map(|(_, sequence)| sequence.guard.as_ref());
        let left: Vec<Formula> = guards.take(LOOKED_AT).map(|guard| Formula::expr(guard).not()).collect();
        !self.book.possible(&left.iter().collect::<Vec<_>>())
    }

    /// What comes after a line has moved a lead to a tier where no sequence takes it in.
    fn moved(&self, own: &'a Own<'a>, place: usize, tier: TierId) -> Closed {
        let in_time = match own.rule.trigger {
            Trigger::Finished(_) | Trigger::AbsentAfter { .. } | Trigger::Becomes(_) | Trigger::Leaves(_) => true,
            _ => waits_for_time(self.book, own),
        };
        let acts = if in_time { Acts::InTime } else { Acts::AtOnce };
        let arm = own.rule.arms.get(place);
        let brings = arm.map_or(Brings::Nothing, |arm| self.steps.brings(arm, acts));
        let of_line = if brings == Brings::Step { Closed::SURE } else { Closed::OPEN };
        let heard = own.rule.trigger.event().map_or(Closed::OPEN, |set| self.steps.event(set, tier, Acts::AtOnce));
        of_line.or(self.steps.becoming(tier, acts)).or(heard)
    }

    /// Whether a line starts a sequence for a lead in a tier.
    fn starts(&self, line: &Line, tier: TierId) -> bool {
        let of = |id: SequenceId| self.book.rulebook.sequences.get(id).and_then(|sequence| sequence.tier);
        let stands = match line.own.rule.trigger {
            Trigger::Becomes(tier) => Some(tier),
            Trigger::Finished(id) | Trigger::Exited(id) | Trigger::Enrolled(id) => of(id),
            _ => None,
        };
        let named = line.arm.effects.iter().find_map(|effect| match effect.kind {
            EffectKind::Tier(tier) => Some(tier),
            _ => None,
        });
        match named {
            Some(named) => named == tier,
            None => stands.is_none_or(|stands| stands == tier) && line.acts.at(tier) > Truth::No,
        }
    }

    /// The ways on which a sequence ends for a lead that stays in its tier.
    fn ends(&self, tier: TierId, id: SequenceId, sequence: &'a Sequence, ways: &mut Vec<(Way<'a>, Closed)>) {
        let after = |lines: Option<&Vec<Line<'a>>>| {
            let lines = lines.into_iter().flatten().take(LOOKED_AT);
            lines.fold(Closed::OPEN, |closed, line| closed.or(self.steps.after(line, tier)))
        };
        let exits = after(self.exiting.get(&id));
        for (stop, line) in &self.stopping {
            let stopped = match stop.kind {
                EffectKind::StopSequence(sequence) => Some(sequence),
                _ => None,
            };
            let reaches = stopped.map_or(!sequence.parallel, |stopped| stopped == id);
            let moves = matches!(self.steps.brings(line.arm, Acts::AtOnce), Brings::Tier(to) if to != tier);
            if !reaches || moves || line.acts.at(tier) == Truth::No {
                continue;
            }
            let acts = if stopped.is_some() { Acts::AtOnce } else { Acts::Stopping };
            let planned = self.steps.brings(line.arm, acts) == Brings::Step;
            let planned = if planned { Closed::SURE } else { Closed::OPEN };
            let heard = line.own.rule.trigger.event().map_or(Closed::OPEN, |set| self.steps.event(set, tier, acts));
            ways.push((Way::Stopped(line.own, stop.range), planned.or(exits).or(heard)));
        }
        for set in &sequence.exit_on {
            ways.push((Way::Exited(sequence, *set), exits.or(self.steps.event(*set, tier, Acts::AtOnce))));
        }
        if !matches!(sequence.tail, Some((_, None))) {
            let finishes = after(self.finishing.get(&id)).or(self.steps.unanswered(tier));
            ways.push((Way::Finished(sequence), finishes));
        }
    }
}
