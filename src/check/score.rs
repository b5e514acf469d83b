//! Scores: points for events, and how they lose worth.

use std::collections::BTreeMap;

use super::checker::Checker;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{Decay, Score};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{At, ScoreDecl, ScoreLine};

impl Checker<'_> {
    /// Resolves every score.
    pub fn check_scores(&mut self) {
        let scores: Vec<&ScoreDecl> = self.declared.scores.iter().map(|entry| entry.item).collect();
        for score in scores {
            let score = self.check_score(score);
            self.resolved.scores.push(score);
        }
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
        let mut script_reported = false;
        for line in &declared.lines {
            if let Some(word) = single(&line.node) {
                self.refuse_second(word.to_owned(), line.range, &mut seen);
            }
            if matches!(line.node, ScoreLine::Rhai(_) | ScoreLine::Script(_) | ScoreLine::On(_)) {
                // A script and its `on` line are one thing that is missing.
                if !std::mem::replace(&mut script_reported, true) {
                    let message = "scores by script are not understood by this version yet";
                    let found = Diagnostic::new(Slug::NotYet, line.range, message);
                    self.report(found.help("write the score as points for events: `opened +5`"));
                }
                continue;
            }
            self.check_score_line(line, &mut score);
        }
        self.check_score_bounds(&score, &seen);
        score
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
        _ => None,
    }
}
