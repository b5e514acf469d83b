//! Scores: points for events and how they lose worth, or a script and what runs it.

use std::collections::{BTreeMap, BTreeSet};

use super::checker::Checker;
use super::meaning::Occurrence;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Decay, Score, ScoreId, ScriptScore};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{At, ScoreDecl, ScoreLine};
use crate::words::listed;

impl Checker<'_> {
    /// Resolves every score.
    pub fn check_scores(&mut self) {
        let scores: Vec<&ScoreDecl> = self.declared.scores.iter().map(|entry| entry.item).collect();
        for score in scores {
            let score = self.check_score(score);
            self.resolved.scores.push(score);
        }
        self.check_score_circles();
    }

    fn check_score(&mut self, declared: &ScoreDecl) -> Score {
        let mut score = Score {
            name: declared.name.node.clone(),
            range: declared.name.range,
            points: Vec::new(),
            decay: Decay::None,
            cap: None,
            floor: None,
            script: None,
        };
        let mut seen = BTreeMap::new();
        for line in &declared.lines {
            if let Some(word) = single(&line.node) {
                self.refuse_second(word.to_owned(), line.range, &mut seen);
            }
            self.check_score_line(line, &mut score);
        }
        self.check_score_bounds(&score, &seen);
        score.script = self.check_score_script(declared);
        score
    }

    /// The script of a score, which has nothing else that makes its worth.
    fn check_score_script(&mut self, declared: &ScoreDecl) -> Option<ScriptScore> {
        let is_script = |line: &&At<ScoreLine>| matches!(line.node, ScoreLine::Rhai(_) | ScoreLine::Script(_));
        let mut scripts = declared.lines.iter().filter(is_script);
        let (script, second) = (scripts.next(), scripts.next());
        let on: Option<Vec<Option<Occurrence>>> = declared.lines.iter().find_map(|line| match &line.node {
            ScoreLine::On(events) => Some(events.iter().map(|event| self.occurrence(event)).collect()),
            _ => None,
        });
        self.check_score_kind(declared, script, second);
        let id = self.score_script(&declared.name.node, script?)?;
        let on: Vec<Occurrence> = on.unwrap_or_default().into_iter().collect::<Option<_>>()?;
        self.check_score_events(id, &on);
        Some(ScriptScore { script: id, on: on.into_iter().map(|event| event.set).collect() })
    }

    /// A score is either points or one script.
    fn check_score_kind(
        &mut self,
        declared: &ScoreDecl,
        script: Option<&At<ScoreLine>>,
        second: Option<&At<ScoreLine>>,
    ) {
        let name = &declared.name.node;
        let line = |wanted: fn(&ScoreLine) -> bool| declared.lines.iter().find(|line| wanted(&line.node));
        let points = line(|line| matches!(line, ScoreLine::Points(..)));
        let decay = line(|line| matches!(line, ScoreLine::HalfLife(_) | ScoreLine::Window(_)));
        let on = line(|line| matches!(line, ScoreLine::On(_)));
        let (range, message, help) = match (script, second, points, decay, on) {
            (Some(script), Some(second), ..) if single(&script.node) != single(&second.node) => {
                (second.range, format!("score `{name}` has two scripts"), "keep one of them, or make two scores")
            }
            (Some(_), None, Some(points), ..) => (
                points.range,
                format!("score `{name}` has both points and a script"),
                "make two scores; the script can ask for the other one: `score(\"NAME\")`",
            ),
            (Some(_), None, None, Some(decay), _) => (
                decay.range,
                format!("score `{name}` has a script, and only points lose their worth"),
                "take the line out; let the script ask how long ago something was: `days_since(\"opened\")`",
            ),
            (None, _, _, _, Some(on)) => (
                on.range,
                format!("score `{name}` has no script that `on` could run"),
                "take the line out; points count whenever their event happens",
            ),
            _ => return,
        };
        let found = Diagnostic::new(Slug::MixedScore, range, message).help(help);
        self.report(match script {
            Some(script) => found.other(script.range, "the script"),
            None => found,
        });
    }

    /// Where a score says what runs its script, some of these events have the properties it asks for.
    fn check_score_events(&mut self, script: crate::rulebook::ScriptId, on: &[Occurrence]) {
        if on.is_empty() {
            return;
        }
        let types: Vec<_> = on.iter().flat_map(|event| &event.events.members).map(|(_, ty)| *ty).collect();
        for (name, prop, range) in self.props_read(script) {
            let known = types.iter().filter_map(|ty| self.resolved.types.get(*ty));
            if known.flat_map(|ty| &ty.props).any(|known| known.id == prop) {
                continue;
            }
            let events: BTreeSet<String> =
                on.iter().flat_map(|event| &event.events.members).map(|(name, _)| name.clone()).collect();
            let events: Vec<String> = events.into_iter().collect();
            let message = format!("no event that runs the script has a property `{name}`");
            let found = Diagnostic::new(Slug::UnknownProperty, range, message).label("never there");
            let help = format!("it runs on {}; add the event with this property after `on`", listed(&events));
            self.report(found.help(help));
        }
    }

    /// Scores by script may ask for one another, but not in a circle.
    fn check_score_circles(&mut self) {
        let reads: Vec<Vec<(ScoreId, Range)>> = self
            .resolved
            .scores
            .iter()
            .map(|score| score.script.as_ref().map_or_else(Vec::new, |script| self.scores_read(script.script)))
            .collect();
        // Scores whose own chain is known to end.
        let mut done = BTreeSet::new();
        for at in 0..reads.len() {
            self.follow_scores(&reads, ScoreId(at as u16), &mut Vec::new(), &mut done);
        }
    }

    fn follow_scores(
        &mut self,
        reads: &[Vec<(ScoreId, Range)>],
        score: ScoreId,
        path: &mut Vec<ScoreId>,
        done: &mut BTreeSet<ScoreId>,
    ) {
        if !done.insert(score) {
            return;
        }
        path.push(score);
        for (read, range) in reads.get(score.index()).into_iter().flatten() {
            if path.contains(read) {
                self.score_circle(*read, *range);
            }
            self.follow_scores(reads, *read, path, done);
        }
        path.pop();
    }

    fn score_circle(&mut self, score: ScoreId, range: Range) {
        let Some(score) = self.resolved.scores.get(score) else { return };
        let message = format!("score `{}` is computed from itself", score.name);
        let found = Diagnostic::new(Slug::Circular, range, message).label("leads back to the score");
        let found = found.other(score.range, "the score");
        self.report(found.help("let one of the scores do without the other"));
    }

    fn check_score_line(&mut self, line: &At<ScoreLine>, score: &mut Score) {
        match &line.node {
            ScoreLine::Points(event, points) => {
                score.points.extend(self.occurrence(event).map(|event| (event.set, *points)));
            }
            ScoreLine::HalfLife(length) => {
                if let Some(span) = self.measured(length, "a half life") {
                    score.decay = Decay::HalfLife(span);
                }
            }
            ScoreLine::Window(length) => {
                if let Some(span) = self.measured(length, "the window of a score") {
                    score.decay = Decay::Window(span);
                }
            }
            ScoreLine::Cap(cap) => score.cap = Some(*cap),
            ScoreLine::Floor(floor) => score.floor = Some(*floor),
            ScoreLine::Rhai(_) | ScoreLine::Script(_) | ScoreLine::On(_) => {}
        }
    }

    fn check_score_bounds(&mut self, score: &Score, seen: &BTreeMap<String, Range>) {
        if let (Some(half_life), Some(window)) = (seen.get("half_life"), seen.get("window")) {
            let later = if half_life.start > window.start { half_life } else { window };
            let message = format!("score `{}` has both a half life and a window", score.name);
            let found = Diagnostic::new(Slug::TwoDecays, *later, message).label("a second way to lose points");
            self.report(found.help("keep `half_life` for points that fade, `window` for points that end at once"));
        }
        if let (Some(cap), Some(floor), Some(range)) = (score.cap, score.floor, seen.get("floor"))
            && floor > cap
        {
            let message = format!("score `{}` has a floor of {floor} above its cap of {cap}", score.name);
            let found = Diagnostic::new(Slug::EmptyRange, *range, message).label("above the cap");
            self.report(found.help("write a floor below the cap"));
        }
    }
}

/// The word of a line that may stand once.
fn single(line: &ScoreLine) -> Option<&'static str> {
    match line {
        ScoreLine::HalfLife(_) => Some("half_life"),
        ScoreLine::Window(_) => Some("window"),
        ScoreLine::Cap(_) => Some("cap"),
        ScoreLine::Floor(_) => Some("floor"),
        ScoreLine::Rhai(_) => Some("rhai"),
        ScoreLine::Script(_) => Some("script"),
        ScoreLine::On(_) => Some("on"),
        ScoreLine::Points(..) => None,
    }
}
