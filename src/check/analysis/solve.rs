//! Whether conditions can hold together. For every subject the values that matter are tried: those
//! that the claims name, one between each two of them, and one beyond. Where a question would take
//! too long the answer is yes, so that nobody is told of a contradiction that is none.

use super::formula::{Claim, Formula, Subject, Test, compare};
use crate::decimal::Decimal;
use crate::rulebook::{Comparison, Expr, Rulebook};
use crate::value::Value;

/// How many steps a question may take.
const STEPS: u32 = 4_000;

/// Whether all formulas can hold at one moment for some lead.
pub(super) fn possible(rulebook: &Rulebook, formulas: &[&Formula]) -> bool {
    let mut search = Search { rulebook, chosen: Vec::new(), steps: STEPS };
    search.holds(&mut formulas.to_vec())
}

struct Search<'a> {
    rulebook: &'a Rulebook,
    /// The claims taken on so far, with whether they must hold.
    chosen: Vec<(&'a Claim, bool)>,
    steps: u32,
}

impl<'a> Search<'a> {
    /// Whether the claims taken on and all that is open can hold. `open` is as before afterwards.
    fn holds<'f>(&mut self, open: &mut Vec<&'f Formula>) -> bool
    where
        'f: 'a,
    {
        let Some(formula) = open.pop() else { return true };
        self.steps = self.steps.saturating_sub(1);
        let found = self.steps == 0 || self.holds_with(formula, open);
        open.push(formula);
        found
    }

    fn holds_with<'f>(&mut self, formula: &'f Formula, open: &mut Vec<&'f Formula>) -> bool
    where
        'f: 'a,
    {
        match formula {
            Formula::Known(truth) => *truth && self.holds(open),
            Formula::Claim(claim, wanted) => {
                self.chosen.push((claim, *wanted));
                let found = self.consistent(&claim.subject) && self.holds(open);
                self.chosen.pop();
                found
            }
            Formula::All(parts) => {
                let before = open.len();
                open.extend(parts.iter().rev());
                let found = self.holds(open);
                open.truncate(before);
                found
            }
            Formula::Any(parts) => parts.iter().any(|part| {
                open.push(part);
                let found = self.holds(open);
                open.pop();
                found
            }),
        }
    }

    /// Whether some value of a subject meets everything claimed of it.
    fn consistent(&self, subject: &Subject) -> bool {
        let claims: Vec<(&Claim, bool)> =
            self.chosen.iter().filter(|(claim, _)| claim.subject == *subject).copied().collect();
        let values = values(self.rulebook, subject, &claims);
        values.iter().any(|value| claims.iter().all(|(claim, wanted)| meets(claim, value) == *wanted))
    }
}

fn meets(claim: &Claim, value: &Value) -> bool {
    let value = match (&claim.default, value) {
        (Some(default), Value::Missing) => default,
        _ => value,
    };
    match &claim.test {
        Test::Truth => *value == Value::Bool(true),
        Test::Has => *value != Value::Missing,
        Test::Compare(op, other) => compare(*op, value, other),
        Test::In(items) => items.iter().any(|item| compare(Comparison::Equal, value, item)),
    }
}

/// The values of a subject that tell its claims apart.
fn values(rulebook: &Rulebook, subject: &Subject, claims: &[(&Claim, bool)]) -> Vec<Value> {
    let named = claims.iter().flat_map(|(claim, _)| {
        let tested: &[Value] = match &claim.test {
            Test::Truth | Test::Has => &[],
            Test::Compare(_, value) => std::slice::from_ref(value),
            Test::In(items) => items,
        };
        tested.iter()
    });
    let mut values: Vec<Value> = named.cloned().collect();
    match subject {
        Subject::In(_) | Subject::Suppressed | Subject::Idle => return vec![Value::Bool(true), Value::Bool(false)],
        Subject::Value(Expr::Tier) => {
            values = rulebook.tiers.iter().map(|tier| Value::Text(tier.name.as_str().into())).collect();
        }
        // A type that nobody names.
        Subject::EventType => values.push(Value::Number(-Decimal::ONE)),
        Subject::Value(expr) => spread(rulebook, expr, &mut values),
    }
    if may_be_missing(rulebook, subject) {
        values.push(Value::Missing);
    }
    values
}

/// Adds the values beside those that are named.
fn spread(rulebook: &Rulebook, expr: &Expr, values: &mut Vec<Value>) {
    match values.first() {
        Some(Value::Number(_)) => numbers(rulebook, expr, values),
        Some(Value::Time(_)) => beside(values, Value::Time),
        Some(Value::Length(_)) => beside(values, Value::Length),
        Some(Value::Text(_)) => values.push(Value::Text("\u{0}".into())),
        _ => values.extend([Value::Bool(true), Value::Bool(false)]),
    }
}

/// Moments or lengths: one microsecond before and after each.
fn beside(values: &mut Vec<Value>, make: fn(i64) -> Value) {
    let named: Vec<i64> = values
        .iter()
        .filter_map(|value| match value {
            Value::Time(n) | Value::Length(n) => Some(*n),
            _ => None,
        })
        .collect();
    values.extend(named.iter().flat_map(|n| [make(n.saturating_sub(1)), make(n.saturating_add(1))]));
}

/// Numbers: those between, below and above, within what the subject can be.
fn numbers(rulebook: &Rulebook, expr: &Expr, values: &mut Vec<Value>) {
    let mut named: Vec<Decimal> = values
        .iter()
        .filter_map(|value| match value {
            Value::Number(n) => Some(*n),
            _ => None,
        })
        .collect();
    let counted = matches!(expr, Expr::Count(..) | Expr::DaysSince(_) | Expr::Touches);
    let (floor, cap) = match expr {
        Expr::Score(score) => rulebook.scores.get(*score).map_or((None, None), |score| (score.floor, score.cap)),
        _ if counted => (Some(Decimal::ZERO), None),
        _ => (None, None),
    };
    named.extend(floor);
    named.extend(cap);
    named.sort_unstable();
    let between = named.windows(2).filter_map(|pair| match pair {
        [a, b] if counted => Some((a.floor() + Decimal::ONE).min(*b)),
        [a, b] => Decimal::between(*a, *b),
        _ => None,
    });
    let below = named.first().map(|first| first.floor() - Decimal::ONE);
    let above = named.last().map(|last| last.floor() + Decimal::ONE);
    let all: Vec<Decimal> = between.chain(below).chain(above).chain(named.iter().copied()).collect();
    let fits = |n: &Decimal| {
        floor.is_none_or(|floor| *n >= floor) && cap.is_none_or(|cap| *n <= cap) && (!counted || n.to_whole().is_some())
    };
    *values = all.into_iter().filter(fits).map(Value::Number).collect();
}

fn may_be_missing(rulebook: &Rulebook, subject: &Subject) -> bool {
    match subject {
        Subject::In(_) | Subject::Suppressed | Subject::Idle | Subject::EventType => false,
        Subject::Value(expr) => match expr {
            Expr::Fact(fact) => rulebook.facts.get(*fact).is_none_or(|fact| fact.default == Value::Missing),
            Expr::Prop(prop) => rulebook.types.iter().flat_map(|ty| &ty.props).any(|p| p.id == *prop && p.optional),
            Expr::Score(_) | Expr::Touches | Expr::Now | Expr::Count(..) | Expr::DaysSince(_) => false,
            Expr::Pending(..) | Expr::Attempts => false,
            Expr::Compare(..) | Expr::In(..) | Expr::DateTime { .. } => false,
            _ => true,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Env, load};

    /// Whether the first rule of a text with this `where` could ever fire.
    fn ever(condition: &str) -> bool {
        let text = format!(
            "tiers hot, cold\nlead {{ size number?, seats number = 1, vip bool?, tags list? }}\n\
             score s {{ opened +5, floor 0, cap 100 }}\nr: created where {condition} -> hot\n"
        );
        let checked = load([("r.ensue".to_owned(), text)], &Env::default());
        let Some(rulebook) = checked.rulebook else { panic!("{:?}", checked.diagnostics) };
        let guard = rulebook.rules.iter().find_map(|rule| rule.guard.as_ref()).map(Formula::expr);
        possible(&rulebook, &[&guard.unwrap_or(Formula::Known(false))])
    }

    #[test]
    fn contradictions_are_seen() {
        for never in [
            "seats > 5 and seats < 3",
            "seats > 5 and seats <= 5",
            "size ?? 0 >= 10 and not has size",
            "size ?? 7 > 10 and not has size",
            "source in []",
            "source == \"a\" and source == \"b\"",
            "source in [\"a\", \"b\"] and source == \"c\"",
            "not has source and source == \"a\"",
            "tier == hot and tier == cold",
            "tier == hot and not has tier",
            "tier != hot and tier != cold and has tier",
            "vip and not vip",
            "count(opened, 7d) > 1 and count(opened, 7d) < 2",
            "count(opened, 7d) < 0",
            "touches > 2.2 and touches < 2.8",
            "s > 100",
            "s < 0",
            "now > 2026-03-02 and now < 2026-03-02",
            "now > 2026-03-02 10:00 and now < 2026-03-02 09:00",
            "seats > 1 and (seats < 1 or seats == 0)",
            "false",
            "60 < 30",
        ] {
            assert!(!ever(never), "{never}");
        }
    }

    #[test]
    fn what_can_hold_is_left_alone() {
        for ever_true in [
            "seats > 3 and seats < 5",
            "seats >= 5 and seats <= 5",
            "size ?? 10 >= 10 and not has size",
            "source != \"a\" and not has source",
            "not (source == \"a\") and source != \"b\"",
            "tier != hot and tier != cold",
            "not vip",
            "count(opened, 7d) > 1 and count(opened, 14d) < 9",
            "count(opened, 7d) > 1 and count(opened, 7d) < 3",
            "s >= 100",
            "s <= 0",
            "seats > 3 or seats < 3",
            "seats * 2 > 10 and seats < 3",
            "now > 2026-03-02 and now < 2026-03-03",
            "days_since(replied) >= 14 and days_since(replied) <= 14",
        ] {
            assert!(ever(ever_true), "{ever_true}");
        }
    }

    #[test]
    fn a_question_that_takes_too_long_is_left_open() {
        let part = |n: i32| format!("(seats == {n} or seats == {} or seats == {})", n + 100, n + 200);
        let many: Vec<String> = (0..30).map(part).collect();
        assert!(ever(&format!("{} or seats > 0", many.join(" and "))));
    }
}
