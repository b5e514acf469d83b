//! Experiments: what they are on, their variants, and what is looked for.

use super::super::grammar::Rule;
use super::super::tree::{At, EventRef, ExperimentDecl, Length, VariantDecl, VariantKind};
use super::{Build, Pair, child};

impl Build<'_> {
    pub(super) fn experiment(&mut self, pair: Pair<'_>) -> Option<ExperimentDecl> {
        let mut names = self.names_in(&pair).into_iter();
        let mut experiment = ExperimentDecl {
            name: names.next()?,
            sequence: names.next()?,
            touch: child(&pair, Rule::on_touch).and_then(|kid| self.name_in(&kid)),
            variants: Vec::new(),
            goal: None,
            find: None,
            at_most: None,
            guard: None,
        };
        for kid in pair.into_inner() {
            self.experiment_line(&mut experiment, &kid);
        }
        Some(experiment)
    }

    fn experiment_line(&mut self, experiment: &mut ExperimentDecl, pair: &Pair<'_>) {
        let range = self.range(pair);
        match pair.as_rule() {
            Rule::variant => experiment.variants.extend(self.variant(pair)),
            Rule::goal => {
                let value = self.event_within(pair);
                self.once(&mut experiment.goal, value, range, "goal");
            }
            Rule::guard => {
                let value = self.event_within(pair);
                self.once(&mut experiment.guard, value, range, "guard");
            }
            Rule::find => {
                let value = child(pair, Rule::percent).map(|percent| self.number(&percent));
                self.once(&mut experiment.find, value, range, "find");
            }
            Rule::at_most_for => {
                let value = self.length_in(pair);
                self.once(&mut experiment.at_most, value, range, "at most");
            }
            _ => {}
        }
    }

    /// `replied within 7d`
    fn event_within(&mut self, pair: &Pair<'_>) -> Option<(EventRef, At<Length>)> {
        self.event_ref_in(pair).zip(self.length_in(pair))
    }

    fn variant(&mut self, pair: &Pair<'_>) -> Option<VariantDecl> {
        let share = child(pair, Rule::percent).map(|percent| self.number(&percent))?;
        let what = pair.clone().into_inner().next()?;
        Some(VariantDecl { what: At { node: self.variant_kind(&what)?, range: self.range(&what) }, share })
    }

    fn variant_kind(&mut self, what: &Pair<'_>) -> Option<VariantKind> {
        Some(match what.as_rule() {
            Rule::choice => VariantKind::Choice(self.choice(what)?),
            Rule::at_time => VariantKind::At(self.time_in(what)?.node),
            Rule::variant_day => match self.length_in(what) {
                Some(length) => VariantKind::Later(length.node),
                None => VariantKind::Day(child(what, Rule::whole).map(|kid| self.whole(&kid))?.node),
            },
            _ => VariantKind::Named(self.name(what).node),
        })
    }
}
