//! Conditions and triggers of a checked rulebook in the words of the language, with what `let` named
//! put in its place. Made for explanations; the author's own text stands beside them.

use crate::decimal::Decimal;
use crate::local::Zone;
use crate::rulebook::{
    Arithmetic, Comparison, Expr, Limit, RuleId, Rulebook, SequenceId, SetId, State, TierId, Trigger,
};
use crate::timestamp::{Span, Timestamp};
use crate::units::Weekday;
use crate::value::Value;

// How tightly operators bind.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const SUM: u8 = 5;
const PRODUCT: u8 = 6;
const SIGN: u8 = 7;
const DEFAULT: u8 = 8;
const ATOM: u8 = 9;

/// Puts a rulebook's conditions into words.
#[derive(Clone, Copy, Debug)]
pub struct ClauseWords<'a> {
    /// Whose names are used.
    pub rulebook: &'a Rulebook,
    /// In which zone times are written.
    pub zone: Zone,
}

impl ClauseWords<'_> {
    /// A condition: `deal_value ?? 0 >= 50000`.
    #[must_use]
    pub fn expr(&self, expr: &Expr) -> String {
        self.bound(expr, OR)
    }

    /// An expression inside an operator that binds so tightly.
    fn bound(&self, expr: &Expr, outside: u8) -> String {
        let (text, binds) = self.plain(expr);
        if binds < outside { format!("({text})") } else { text }
    }

    fn plain(&self, expr: &Expr) -> (String, u8) {
        let two = |a: &Expr, sign: &str, b: &Expr, binds: u8| {
            (format!("{} {sign} {}", self.bound(a, binds), self.bound(b, binds + 1)), binds)
        };
        match expr {
            Expr::Constant(value) => (self.value(value), ATOM),
            Expr::DateTime { days, clock } => (format!("{} {clock}", self.value(&Value::Date(*days))), ATOM),
            Expr::Fact(id) => (named(self.rulebook.facts.get(*id).map(|fact| &fact.name)), ATOM),
            Expr::Prop(id) => (format!("event.{}", named(self.rulebook.props.get(*id))), ATOM),
            Expr::Tier => (String::from("tier"), ATOM),
            Expr::Score(id) => (named(self.rulebook.scores.get(*id).map(|score| &score.name)), ATOM),
            Expr::Touches => (String::from("touches"), ATOM),
            Expr::Now => (String::from("now"), ATOM),
            Expr::Count(set, None) => (format!("count({})", self.set(*set)), ATOM),
            Expr::Count(set, Some(span)) => (format!("count({}, {})", self.set(*set), length(*span)), ATOM),
            Expr::DaysSince(set) => (format!("days_since({})", self.set(*set)), ATOM),
            Expr::Pending(since, until) => (format!("pending({}, {})", self.set(*since), self.set(*until)), ATOM),
            Expr::Attempts => (String::from("attempts"), ATOM),
            Expr::Has(inner) => (format!("has {}", self.bound(inner, ATOM)), ATOM),
            Expr::Default(a, b) => two(a, "??", b, DEFAULT),
            Expr::Not(inner) => (format!("not {}", self.bound(inner, NOT)), NOT),
            Expr::Negate(inner) => (format!("-{}", self.bound(inner, SIGN)), SIGN),
            Expr::And(a, b) => two(a, "and", b, AND),
            Expr::Or(a, b) => two(a, "or", b, OR),
            Expr::Compare(op, a, b) => self.comparison(*op, a, b),
            Expr::In(a, list) => two(a, "in", list, COMPARISON),
            Expr::List(items) => (format!("[{}]", self.list(items)), ATOM),
            Expr::Arithmetic(op, a, b) => match op {
                Arithmetic::Add => two(a, "+", b, SUM),
                Arithmetic::Subtract => two(a, "-", b, SUM),
                Arithmetic::Multiply => two(a, "*", b, PRODUCT),
                Arithmetic::Divide => two(a, "/", b, PRODUCT),
            },
            Expr::Call { function, args, .. } => (format!("{function}({})", self.list(args)), ATOM),
        }
    }

    fn comparison(&self, op: Comparison, a: &Expr, b: &Expr) -> (String, u8) {
        let sign = match op {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        };
        // Tiers are texts to the engine and names to the author.
        let side = |side: &Expr, other: &Expr| match (side, other) {
            (Expr::Constant(Value::Text(tier)), Expr::Tier) => tier.to_string(),
            _ => self.bound(side, COMPARISON + 1),
        };
        (format!("{} {sign} {}", side(a, b), side(b, a)), COMPARISON)
    }

    fn list(&self, items: &[Expr]) -> String {
        items.iter().map(|item| self.expr(item)).collect::<Vec<_>>().join(", ")
    }

    /// A set of events as the author says it: `visited(page == "pricing")`.
    #[must_use]
    pub fn set(&self, id: SetId) -> &str {
        self.rulebook.sets.get(id).map_or("", |set| set.text.as_str())
    }

    /// A value as the language writes it; `nothing` where there is none.
    #[must_use]
    pub fn value(&self, value: &Value) -> String {
        match value {
            Value::Missing => String::from("nothing"),
            Value::Bool(truth) => truth.to_string(),
            Value::Number(number) => number_words(*number),
            Value::Text(text) => format!("{text:?}"),
            Value::Time(at) => self.clock(Timestamp(*at)),
            Value::Date(days) => {
                let date = chrono::NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(i64::from(*days)));
                date.map_or_else(String::new, |date| date.to_string())
            }
            Value::Length(micros) => length(Span(*micros)),
            Value::List(items) => {
                format!("[{}]", items.iter().map(|item| self.value(item)).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// A moment on the lead's clock: `2026-03-09 10:00`, with seconds only where there are any.
    #[must_use]
    pub fn clock(&self, at: Timestamp) -> String {
        let whole = at.0.rem_euclid(60_000_000) == 0;
        let format = if whole { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
        self.zone.to_local(at).format(format).to_string()
    }

    /// A `while` condition: `hot or warm`.
    #[must_use]
    pub fn state(&self, state: &State) -> String {
        self.state_bound(state, OR)
    }

    fn state_bound(&self, state: &State, outside: u8) -> String {
        let (text, binds) = match state {
            State::Tier(id) => (named(self.rulebook.tiers.get(*id).map(|tier| &tier.name)), ATOM),
            State::In(id) => (format!("in {}", self.sequence(*id)), ATOM),
            State::Suppressed => (String::from("suppressed"), ATOM),
            State::Idle => (String::from("idle"), ATOM),
            State::Not(inner) => match &**inner {
                State::In(id) => (format!("not in {}", self.sequence(*id)), NOT),
                inner => (format!("not {}", self.state_bound(inner, NOT)), NOT),
            },
            State::And(a, b) => (format!("{} and {}", self.state_bound(a, AND), self.state_bound(b, AND)), AND),
            State::Or(a, b) => (format!("{} or {}", self.state_bound(a, OR), self.state_bound(b, OR)), OR),
        };
        if binds < outside { format!("({text})") } else { text }
    }

    fn sequence(&self, id: SequenceId) -> &str {
        self.rulebook.sequences.name(id)
    }

    fn tier(&self, id: TierId) -> &str {
        self.rulebook.tiers.name(id)
    }

    /// The trigger of a rule: `opened 3x within 7d`.
    #[must_use]
    pub fn trigger(&self, id: RuleId) -> String {
        let Some(rule) = self.rulebook.rules.get(id) else { return String::new() };
        match &rule.trigger {
            Trigger::Event(set) => self.set(*set).to_owned(),
            Trigger::Count { set, times, within, without } => {
                let within = within.map(|span| format!(" within {}", length(span))).unwrap_or_default();
                let without = without.map(|set| format!(" without {}", self.set(set))).unwrap_or_default();
                format!("{} {times}x{within}{without}", self.set(*set))
            }
            Trigger::Follows { set, within, after } => {
                format!("{} within {within} after {}", self.set(*set), self.set(*after))
            }
            Trigger::AbsentAfter { set, within, after } => {
                format!("no {} within {within} after {}", self.set(*set), self.set(*after))
            }
            Trigger::Absent { silent: true, length, .. } => format!("silent {length}"),
            Trigger::Absent { set, length, silent: false } => format!("no {} for {length}", self.set(*set)),
            Trigger::Idle { length } => format!("idle {length}"),
            Trigger::Score { score, upward, inclusive, value } => {
                let sign = match (upward, inclusive) {
                    (true, true) => ">=",
                    (true, false) => ">",
                    (false, true) => "<=",
                    (false, false) => "<",
                };
                let name = self.rulebook.scores.name(*score);
                format!("{name} {sign} {}", number_words(*value))
            }
            Trigger::Becomes(tier) => format!("becomes {}", self.tier(*tier)),
            Trigger::Leaves(tier) => format!("leaves {}", self.tier(*tier)),
            Trigger::Finished(sequence) => format!("finished {}", self.sequence(*sequence)),
            Trigger::Enrolled(sequence) => format!("enrolled {}", self.sequence(*sequence)),
            Trigger::Exited(sequence) => format!("exited {}", self.sequence(*sequence)),
            Trigger::Every { length } => format!("every {length}"),
            Trigger::EveryWeekday { days, at } => {
                let days = Weekday::NAMES.into_iter().zip(days);
                let days: Vec<&str> = days.filter_map(|(day, on)| on.then_some(day)).collect();
                format!("every {} at {at}", days.join(", "))
            }
        }
    }

    /// `once`, `at most once per 1d`.
    #[must_use]
    pub fn limit(&self, limit: Limit) -> String {
        match limit {
            Limit::Once => String::from("once"),
            Limit::AtMostOncePer(span) => format!("at most once per {}", length(span)),
        }
    }
}

fn named(name: Option<&String>) -> String {
    name.cloned().unwrap_or_default()
}

/// A number as people write it, at most two decimals.
#[must_use]
pub fn number_words(number: Decimal) -> String {
    number.rounded(2).to_string()
}

/// A length in one unit where it is one: `7d`, `36h`.
#[must_use]
pub fn length(span: Span) -> String {
    let seconds = span.0 / 1_000_000;
    let units = [("d", 86_400), ("h", 3_600), ("m", 60)];
    let whole = units.iter().find(|(_, size)| seconds != 0 && seconds % size == 0);
    whole.map_or_else(|| format!("{seconds}s"), |(unit, size)| format!("{}{unit}", seconds / size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{self, Env};

    #[test]
    fn a_silence_is_told_from_a_wait_for_engagement() {
        let text = "quiet: silent 7d -> alert owner \"nothing\"\n\
                    still: no engagement for 7d -> alert owner \"silent\"";
        let checked = check::load([("rules.ensue".to_owned(), text.to_owned())], &Env::default());
        let book = checked.rulebook.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
        let words = ClauseWords { rulebook: &book, zone: Zone::UTC };
        let said = |label: &str| {
            let at = book.rules.iter().position(|rule| rule.label == label).unwrap_or_else(|| panic!("{label}"));
            words.trigger(RuleId(at as u16))
        };
        assert_eq!((said("quiet").as_str(), said("still").as_str()), ("silent 7d", "no engagement for 7d"));
    }
}
