//! Experiments in a report: what may be concluded, and the numbers of each variant.

use std::fmt::Write as _;

use serde::Serialize;

use super::numbers::Numbers;
use super::{Drawn, words};
use crate::decision::Status;
use crate::decision::words::in_common;
use crate::local::rfc3339;
use crate::metric::experiment::{Trial, TrialState, VariantFigure, Withheld};
use crate::rulebook::Experiment;
use crate::rulebook::metric::MetricUnit;
use crate::shown::Shown;
use crate::statistics::{Difference, Proportion};
use crate::timestamp::Timestamp;
use crate::words::many;

/// An experiment in the words that every form for people shares.
pub(super) struct TrialEntry<'a> {
    drawn: &'a Drawn<'a>,
    trial: &'a Trial,
    experiment: &'a Experiment,
}

/// The experiments of a report, in rulebook order.
pub(super) fn entries<'a>(drawn: &'a Drawn<'a>) -> Vec<TrialEntry<'a>> {
    let entry = |trial: &'a Trial| {
        let experiment = drawn.plan.rulebook.experiments.get(trial.experiment)?;
        Some(TrialEntry { drawn, trial, experiment })
    };
    drawn.table.trials.iter().filter_map(entry).collect()
}

impl TrialEntry<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.experiment.name
    }

    /// What it is on: `hot_leads.recap`.
    pub fn place(&self) -> String {
        let (rulebook, sequence) = (&self.drawn.plan.rulebook, self.experiment.sequence);
        let name = rulebook.sequences.name(sequence);
        match self.experiment.touch.and_then(|touch| rulebook.touch(sequence, touch)) {
            Some(touch) => format!("{name}.{}", touch.id),
            None => name.to_owned(),
        }
    }

    /// What may be concluded, in a sentence.
    pub fn verdict(&self) -> String {
        let (trial, needed) = (self.trial, self.needed());
        match trial.state {
            TrialState::WithoutGoal => String::from("it has no goal, so there is nothing to conclude"),
            TrialState::Uneven => String::from(
                "uneven: leads came into the variants otherwise than by their shares, and that is not chance; nothing is concluded",
            ),
            TrialState::Harm { variant, by } => {
                let guard = self.experiment.guard.map_or("", |(set, _)| self.set(set));
                let (variant, by) = (self.variant(variant), difference(by));
                format!("harm: {variant} has surely more `{guard}`, {by}; end it")
            }
            TrialState::Gathering => {
                format!("gathering {} of {needed} successes; looking decides nothing", trial.gathered)
            }
            TrialState::Winner { variant, at } => format!("winner: {}, since {}", self.variant(variant), self.day(at)),
            TrialState::NoWinner { at } => {
                let lift = self.experiment.find;
                format!("no winner: {needed} successes by {}, and no lift of {lift}% among them", self.day(at))
            }
            TrialState::TimeUp { at } => {
                format!("time is up since {}: {} of {needed} successes, and no winner", self.day(at), trial.gathered)
            }
        }
    }

    /// When it began and ends, and what became of messages that did not go out at once.
    pub fn facts(&self) -> Vec<String> {
        let mut facts = Vec::new();
        match (self.trial.began, self.trial.ends) {
            (None, _) => facts.push(String::from("no lead has met it yet")),
            (Some(began), None) => facts.push(format!("since {}", self.day(began))),
            (Some(began), Some(ends)) => {
                facts.push(format!("since {}, until {} at most", self.day(began), self.day(ends)));
            }
        }
        for (place, figure) in self.trial.variants.iter().enumerate() {
            let withheld = figure.withheld.iter().map(|withheld| self.withheld(place, withheld));
            facts.extend(withheld);
        }
        facts
    }

    fn withheld(&self, place: usize, withheld: &Withheld) -> String {
        let (variant, status) = (self.variant(place), withheld.status.word());
        let mut text = format!("{variant} {status} {}", many(withheld.leads, "time"));
        if let Some(reason) = &withheld.reason {
            let _ = write!(text, ": {}", in_common(&self.drawn.plan.rulebook, reason));
        }
        if withheld.sent > 0 {
            let _ = write!(text, "; sent later {}", many(withheld.sent, "time"));
        }
        text
    }

    /// The numbers of each variant.
    pub fn numbers(&self) -> Numbers {
        let (goal, guard) = (self.experiment.goal.is_some(), self.experiment.guard.is_some());
        let mut head = vec!["variant", "leads"];
        head.extend(goal.then_some(["reached", "rate", "low to high", "change"]).into_iter().flatten());
        head.extend(guard.then_some("guard"));
        let row = |(place, figure): (usize, &VariantFigure)| {
            let mut cells = vec![self.variant(place).to_owned(), figure.leads.to_string()];
            if goal {
                let rate = figure.reached.rate().map_or_else(|| String::from("-"), percent);
                let ends = figure.interval.map(|ends| format!("{} to {}", percent(ends.low), percent(ends.high)));
                cells.extend([counts(figure), rate, ends.unwrap_or_default()]);
                cells.push(figure.change.map(difference).unwrap_or_default());
            }
            cells.extend(guard.then(|| of(figure.guarded)));
            cells
        };
        Numbers { head, rows: self.trial.variants.iter().enumerate().map(row).collect() }
    }

    /// What the columns of the numbers are of.
    pub fn legend(&self) -> Vec<String> {
        let within = |what: &str, (set, within): (_, crate::timestamp::Span)| {
            format!("{what}: {} within {}", self.set(set), within.in_words())
        };
        let goal = self.experiment.goal.map(|goal| within("goal", goal));
        goal.into_iter().chain(self.experiment.guard.map(|guard| within("guard", guard))).collect()
    }

    fn set(&self, set: crate::rulebook::SetId) -> &str {
        self.drawn.plan.rulebook.sets.get(set).map_or("", |set| set.text.as_str())
    }

    fn variant(&self, place: usize) -> &str {
        self.experiment.variants.get(place).map_or("", |variant| variant.name.as_str())
    }

    fn needed(&self) -> String {
        self.trial.needed.map_or_else(|| String::from("more than 4 billion"), |needed| needed.to_string())
    }

    fn day(&self, at: Timestamp) -> String {
        self.drawn.table.periods.zone.to_local(at).date().to_string()
    }
}

/// Those that count, and those whose time is not over.
fn counts(figure: &VariantFigure) -> String {
    match figure.unripe() {
        0 => of(figure.reached),
        unripe => format!("{}, {unripe} not over", of(figure.reached)),
    }
}

fn of(part: Proportion) -> String {
    format!("{} of {}", part.successes, part.rows)
}

fn percent(rate: f64) -> String {
    words::value(MetricUnit::Share, rate)
}

/// `+6.4 pt (-2.6 to +15.6)`
fn difference(by: Difference) -> String {
    let pt = |value: f64| format!("{:+.1}", value * 100.0);
    let sure = if by.is_sure() { "" } else { " ~" };
    format!("{} pt ({} to {}){sure}", pt(by.difference), pt(by.interval.low), pt(by.interval.high))
}

/// The experiments as a table for people; nothing without any.
#[must_use]
pub(super) fn human(drawn: &Drawn<'_>) -> String {
    let entries = entries(drawn);
    if entries.is_empty() {
        return String::new();
    }
    let mut out = String::from("experiments\n");
    for entry in &entries {
        let _ = writeln!(out, "  {} on {}: {}", entry.name(), Shown(entry.place()), Shown(entry.verdict()));
        let Numbers { head, rows } = entry.numbers();
        let head: Vec<String> = head.into_iter().map(str::to_owned).collect();
        let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(&rows).collect();
        let width =
            |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..head.len()).filter_map(width).collect();
        for line in &lines {
            let cells = line
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{}{}", Shown(cell), " ".repeat(width - cell.chars().count())));
            let _ = writeln!(out, "    {}", cells.collect::<Vec<_>>().join("   ").trim_end());
        }
        for fact in entry.legend().into_iter().chain(entry.facts()) {
            let _ = writeln!(out, "    {}", Shown(fact));
        }
    }
    out.push('\n');
    out
}

/// One variant, with keys in the order of the manual.
#[derive(Serialize)]
struct Line<'a> {
    experiment: &'a str,
    variant: &'a str,
    share: f64,
    state: &'static str,
    winner: Option<&'a str>,
    harmful: Option<&'a str>,
    decided_at: Option<String>,
    began: Option<String>,
    ends: Option<String>,
    needed: Option<u32>,
    gathered: u32,
    leads: u64,
    rows: u64,
    outcomes: u64,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    change: Option<f64>,
    change_low: Option<f64>,
    change_high: Option<f64>,
    sure: Option<bool>,
    unripe: u64,
    so_far: u64,
    guard_rows: u64,
    guard_outcomes: u64,
    withheld: Vec<WithheldLine>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
}

#[derive(Serialize)]
struct WithheldLine {
    status: &'static str,
    code: Option<&'static str>,
    reason: Option<String>,
    leads: u64,
    sent: u64,
}

/// One JSON object a variant.
#[must_use]
pub(super) fn jsonl(drawn: &Drawn<'_>) -> String {
    let mut out = String::new();
    for entry in entries(drawn) {
        for place in 0..entry.trial.variants.len() {
            let text = entry.line(place).and_then(|line| serde_json::to_string(&line).ok());
            text.into_iter().for_each(|text| _ = writeln!(out, "{text}"));
        }
    }
    out
}

impl TrialEntry<'_> {
    fn line(&self, place: usize) -> Option<Line<'_>> {
        let (trial, variant) = (self.trial, self.experiment.variants.get(place)?);
        let figure = trial.variants.get(place)?;
        let zone = self.drawn.table.periods.zone;
        let moment = |at: Timestamp| rfc3339(at, zone);
        let (winner, harmful, decided) = match trial.state {
            TrialState::Winner { variant, at } => (Some(variant), None, Some(at)),
            TrialState::Harm { variant, .. } => (None, Some(variant), None),
            TrialState::NoWinner { at } | TrialState::TimeUp { at } => (None, None, Some(at)),
            TrialState::WithoutGoal | TrialState::Uneven | TrialState::Gathering => (None, None, None),
        };
        let round = |value: f64| (value * 1e9).round() / 1e9;
        let has_goal = self.experiment.goal.is_some();
        Some(Line {
            experiment: &self.experiment.name,
            variant: &variant.name,
            share: variant.share.to_f64(),
            state: word(trial.state),
            winner: winner.map(|place| self.variant(place)),
            harmful: harmful.map(|place| self.variant(place)),
            decided_at: decided.map(moment),
            began: trial.began.map(moment),
            ends: trial.ends.map(moment),
            needed: trial.needed,
            gathered: trial.gathered,
            leads: figure.leads,
            rows: figure.reached.rows,
            outcomes: figure.reached.successes,
            value: figure.reached.rate().filter(|_| has_goal).map(round),
            low: figure.interval.map(|ends| round(ends.low)),
            high: figure.interval.map(|ends| round(ends.high)),
            change: figure.change.map(|by| round(by.difference)),
            change_low: figure.change.map(|by| round(by.interval.low)),
            change_high: figure.change.map(|by| round(by.interval.high)),
            sure: figure.change.map(Difference::is_sure),
            unripe: figure.unripe(),
            so_far: figure.so_far,
            guard_rows: figure.guarded.rows,
            guard_outcomes: figure.guarded.successes,
            withheld: figure.withheld.iter().map(|withheld| self.withheld_line(withheld)).collect(),
            simulated: self.drawn.simulated,
        })
    }

    fn withheld_line(&self, withheld: &Withheld) -> WithheldLine {
        WithheldLine {
            status: Status::word(withheld.status),
            code: withheld.reason.as_ref().map(|reason| reason.code().text()),
            reason: withheld.reason.as_ref().map(|reason| in_common(&self.drawn.plan.rulebook, reason)),
            leads: withheld.leads,
            sent: withheld.sent,
        }
    }
}

/// A state in a word.
fn word(state: TrialState) -> &'static str {
    match state {
        TrialState::WithoutGoal => "without_goal",
        TrialState::Uneven => "uneven",
        TrialState::Harm { .. } => "harm",
        TrialState::Gathering => "gathering",
        TrialState::Winner { .. } => "winner",
        TrialState::NoWinner { .. } => "no_winner",
        TrialState::TimeUp { .. } => "time_is_up",
    }
}
