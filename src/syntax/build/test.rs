//! Tests and invariants.

use super::super::grammar::Rule;
use super::super::tree::{
    At, AtTime, Clauses, Day, Expectation, ExprKind, Happening, InvariantDecl, InvariantKind, Moment, Property,
    ScoreRow, TestDecl, TestLine, Wanted, WantedKind,
};
use super::{Build, Name, Pair, child};
use crate::units::Status;

impl Build<'_> {
    pub(super) fn test(&mut self, pair: Pair<'_>) -> Option<TestDecl> {
        let name = self.text_in(&pair)?;
        let mut test = TestDecl {
            name,
            todo: child(&pair, Rule::kw_todo).is_some(),
            updated: child(&pair, Rule::kw_updated).is_some(),
            lines: Vec::new(),
        };
        for kid in pair.into_inner() {
            let range = self.range(&kid);
            test.lines.extend(self.test_line(&kid).map(|node| At { node, range }));
        }
        Some(test)
    }

    fn test_line(&mut self, pair: &Pair<'_>) -> Option<TestLine> {
        Some(match pair.as_rule() {
            Rule::test_zone => TestLine::Zone(self.text_in(pair)?),
            Rule::test_lead => TestLine::Lead {
                name: self.name_in(pair)?,
                account: child(pair, Rule::of_account).and_then(|kid| self.name_in(&kid)),
                facts: self.properties_in(pair),
            },
            Rule::test_allow => TestLine::Allow(self.names_in(pair)),
            Rule::test_until => TestLine::Until(self.moment_in(pair)?),
            Rule::clock_line => TestLine::Clock {
                moment: self.moment_in(pair)?,
                event: child(pair, Rule::happening).and_then(|kid| self.happening(&kid)),
            },
            Rule::expectation => TestLine::Expect(self.expectation(pair)?),
            _ => return None,
        })
    }

    fn properties_in(&mut self, pair: &Pair<'_>) -> Vec<Property> {
        let all = child(pair, Rule::properties).into_iter().flat_map(Pair::into_inner);
        let all = all.filter(|kid| kid.as_rule() == Rule::property);
        all.filter_map(|kid| Some(Property { name: self.name_in(&kid)?, value: self.plain_value_in(&kid)? })).collect()
    }

    fn plain_value_in(&mut self, pair: &Pair<'_>) -> Option<super::super::tree::Expr> {
        child(pair, Rule::plain_value).and_then(|kid| self.expr(kid))
    }

    pub(super) fn moment_in(&mut self, pair: &Pair<'_>) -> Option<At<Moment>> {
        let kid = child(pair, Rule::moment)?;
        let range = self.range(&kid);
        let time = self.time_in(&kid).map(|time| time.node);
        let node = match self.length_in(&kid) {
            Some(length) => Moment::Later(length.node, time),
            None => Moment::Date(self.day_in(&kid)?, time),
        };
        Some(At { node, range })
    }

    fn day_in(&mut self, pair: &Pair<'_>) -> Option<Day> {
        match self.date(pair)? {
            ExprKind::Date { year, month, day } | ExprKind::DateTime { year, month, day, .. } => {
                Some(Day { year, month, day })
            }
            _ => None,
        }
    }

    fn happening(&mut self, pair: &Pair<'_>) -> Option<Happening> {
        if let Some(halting) = child(pair, Rule::halting) {
            return self.halting(&halting);
        }
        let mut names = self.names_in(pair).into_iter();
        Some(Happening {
            lead: names.next()?,
            event: names.next()?,
            halted: None,
            properties: self.properties_in(pair),
            late: child(pair, Rule::late).and_then(|kid| self.length_in(&kid)),
        })
    }

    fn halting(&mut self, pair: &Pair<'_>) -> Option<Happening> {
        let word = |kid: Pair<'_>| At { node: kid.as_str().to_owned(), range: self.range(&kid) };
        let mut kids = pair.clone().into_inner();
        let (lead, event) = (word(kids.next()?), word(kids.next()?));
        Some(Happening { lead, event, halted: self.name_in(pair), properties: Vec::new(), late: None })
    }

    fn expectation(&mut self, pair: &Pair<'_>) -> Option<Expectation> {
        if let Some(table) = child(pair, Rule::score_table) {
            return self.score_table(&table);
        }
        if let Some(measured) = child(pair, Rule::measured) {
            return self.measured(&measured).map(Expectation::Metric);
        }
        let mut clauses = self.clauses(pair);
        if let Some(about) = child(pair, Rule::about_lead) {
            clauses.lead = self.name_in(&about);
            let never = child(&about, Rule::kw_never).is_some();
            let wanted = about.into_inner().find_map(|kid| self.wanted(&kid))?;
            return Some(if never {
                Expectation::None(vec![wanted], clauses)
            } else {
                Expectation::Some(wanted, clauses)
            });
        }
        if let Some(none) = child(pair, Rule::wanted_none) {
            return Some(Expectation::None(none.into_inner().filter_map(|kid| self.wanted(&kid)).collect(), clauses));
        }
        let wanted = pair.clone().into_inner().find_map(|kid| self.wanted(&kid))?;
        Some(Expectation::Some(wanted, clauses))
    }

    fn wanted(&mut self, pair: &Pair<'_>) -> Option<Wanted> {
        let node = match pair.as_rule() {
            Rule::becomes => WantedKind::Becomes(self.name_in(pair)?),
            Rule::starts => WantedKind::Starts(self.name_in(pair)?),
            Rule::exits => WantedKind::Exits(self.name_in(pair)?),
            Rule::finishes => WantedKind::Finishes(self.name_in(pair)?),
            Rule::holds => WantedKind::Holds(self.moment_in(pair)),
            Rule::kw_resumes => WantedKind::Resumes,
            Rule::suppressed => WantedKind::Suppressed(self.name_in(pair)),
            Rule::unsuppressed => WantedKind::Unsuppressed(self.name_in(pair)),
            Rule::tag => WantedKind::Tag(self.name_in(pair)?),
            Rule::untag => WantedKind::Untag(self.name_in(pair)?),
            Rule::set_to => WantedKind::Set { field: self.name_in(pair)?, value: self.plain_value_in(pair) },
            Rule::assign_to => WantedKind::Assign(self.text_in(pair)),
            Rule::wanted_alert => WantedKind::Alert { to: self.name_in(pair), text: self.text_in(pair) },
            Rule::wanted_webhook => WantedKind::Webhook(self.name_in(pair)),
            Rule::kw_touch => WantedKind::Touch,
            Rule::wanted_send => {
                let mut names = self.names_in(pair);
                let several = names.len() > 1 || self.text_in(pair).is_some();
                let content = if several { self.content(pair) } else { None };
                names.truncate(1);
                WantedKind::Send { channel: names.pop()?, content }
            }
            _ => return None,
        };
        Some(At { node, range: self.range(pair) })
    }

    fn clauses(&mut self, pair: &Pair<'_>) -> Clauses {
        let mut clauses = Clauses::default();
        for kid in pair.clone().into_inner() {
            self.clause_of(&mut clauses, &kid);
        }
        clauses
    }

    fn clause_of(&mut self, clauses: &mut Clauses, pair: &Pair<'_>) {
        let range = self.range(pair);
        match pair.as_rule() {
            Rule::of_lead => {
                let lead = self.name_in(pair);
                self.once(&mut clauses.lead, lead, range, "to");
            }
            Rule::at_moment => {
                let node = match self.moment_in(pair) {
                    Some(moment) => Some(AtTime::Moment(moment.node)),
                    None => self.time_in(pair).map(|time| AtTime::Clock(time.node)),
                };
                self.once(&mut clauses.at, node.map(|node| At { node, range }), range, "at");
            }
            Rule::on_day => {
                let node = self.day_in(pair).map(|day| At { node: AtTime::Day(day), range });
                self.once(&mut clauses.at, node, range, "at");
            }
            Rule::by_name => {
                let mut names = self.names_in(pair).into_iter();
                let by = names.next().map(|by| (by, names.next()));
                self.once(&mut clauses.by, by, range, "by");
            }
            Rule::because => {
                let text = self.text_in(pair);
                self.once(&mut clauses.because, text, range, "because");
            }
            Rule::status => {
                let status = status(pair.as_str()).map(|node| At { node, range });
                self.once(&mut clauses.status, status, range, "the status");
            }
            Rule::times => {
                let times = self.whole(pair);
                self.once(&mut clauses.times, Some(times), range, "the count");
            }
            _ => {}
        }
    }

    fn score_table(&mut self, pair: &Pair<'_>) -> Option<Expectation> {
        let rows = pair.clone().into_inner().filter(|kid| kid.as_rule() == Rule::score_row);
        let rows = rows.filter_map(|row| {
            let number = child(&row, Rule::number)?;
            let written = number.as_str();
            let decimals = written.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            let value = At { node: self.signed_in(&row)?, range: self.range(&number) };
            Some(ScoreRow { moment: self.moment_in(&row)?, value, decimals })
        });
        let rows = rows.collect();
        let lead = child(pair, Rule::of_lead).and_then(|kid| self.name_in(&kid));
        Some(Expectation::Score { score: self.name_in(pair)?, lead, rows })
    }

    pub(super) fn invariant(&mut self, pair: &Pair<'_>) -> Option<InvariantDecl> {
        let name = self.name_in(pair)?;
        let kid = pair.clone().into_inner().last()?;
        let range = self.range(&kid);
        Some(InvariantDecl { name, rule: self.invariant_kind(&kid)?, range })
    }

    fn invariant_kind(&mut self, pair: &Pair<'_>) -> Option<InvariantKind> {
        let mut named: Vec<Name> = self.kept_from(pair);
        Some(match pair.as_rule() {
            Rule::never_after => InvariantKind::NeverAfter {
                event: self.event_ref_in(pair)?,
                never: named,
                length: self.length_in(pair),
            },
            Rule::at_most => {
                let touch = pair
                    .clone()
                    .into_inner()
                    .find(|kid| matches!(kid.as_rule(), Rule::kw_touch | Rule::kw_touches | Rule::wanted_name))?;
                let what = match touch.as_rule() {
                    Rule::wanted_name => self.name(&touch),
                    _ => Name { node: String::from("touch"), range: self.range(&touch) },
                };
                InvariantKind::AtMost {
                    count: child(pair, Rule::whole).map(|kid| self.whole(&kid))?,
                    what,
                    per: self.length_in(pair)?,
                    scope: child(pair, Rule::guard_scope).map(|kid| self.name(&kid))?,
                }
            }
            _ => InvariantKind::InTime {
                within: self.length_in(pair)?,
                event: self.event_ref_in(pair)?,
                expect: named.pop()?,
            },
        })
    }

    fn kept_from(&self, pair: &Pair<'_>) -> Vec<Name> {
        pair.clone().into_inner().filter(|kid| kid.as_rule() == Rule::kept_from).map(|kid| self.name(&kid)).collect()
    }
}

fn status(word: &str) -> Option<Status> {
    let all = [
        Status::Scheduled,
        Status::Sent,
        Status::Skipped,
        Status::Cancelled,
        Status::Expired,
        Status::Suppressed,
        Status::Held,
    ];
    all.into_iter().find(|status| status.word() == word)
}
