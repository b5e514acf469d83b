//! Lengths of time: not zero, not beyond a century, and in open hours and days only where a
//! calendar can tell them.

use super::checker::Checker;
use crate::diagnostic::Diagnostic;
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{At, Length, Unit};
use crate::timestamp::Span;

const CENTURY: Span = Span::days(36_525);

impl Checker<'_> {
    /// A length that is scheduled or measured, business units allowed.
    pub fn length(&mut self, at: &At<Length>, what: &str) -> Option<Length> {
        self.reasonable(at.node, at.range, what).then_some(at.node)
    }

    /// A length that is measured by the clock alone.
    pub fn measured(&mut self, at: &At<Length>, what: &str) -> Option<Span> {
        self.measured_at(at.node, at.range, what)
    }

    /// A length that is measured by the clock alone, at a place.
    pub fn measured_at(&mut self, length: Length, range: Range, what: &str) -> Option<Span> {
        if !self.reasonable(length, range, what) {
            return None;
        }
        self.measurable(length, range, what)
    }

    /// The span of a length without business units; zero is allowed.
    pub fn measurable(&mut self, length: Length, range: Range, what: &str) -> Option<Span> {
        let span = length.measured();
        if span.is_none() {
            let (plain, words) = match length.unit {
                Unit::BusinessHour => ("h", "open hours"),
                _ => ("d", "open days"),
            };
            let found = Diagnostic::new(Slug::BusinessLength, range, format!("{what} cannot be in {words}"));
            self.report(
                found.label("needs a calendar").help(format!("measure it by the clock: `{}{plain}`", length.amount)),
            );
        }
        span.filter(|span| self.within_century(*span, length, range))
    }

    fn reasonable(&mut self, length: Length, range: Range, what: &str) -> bool {
        if length.amount == 0 {
            let found = Diagnostic::new(Slug::ZeroLength, range, format!("{what} is no time at all"));
            self.report(found.label("zero").help("write how long, for example `7d`"));
            return false;
        }
        let unit = match length.unit {
            Unit::BusinessHour => Unit::Hour,
            Unit::BusinessDay => Unit::Day,
            unit => unit,
        };
        let span = Length { unit, ..length }.measured().unwrap_or(Span::ZERO);
        self.within_century(span, length, range)
    }

    fn within_century(&mut self, span: Span, length: Length, range: Range) -> bool {
        if span > CENTURY {
            let found = Diagnostic::new(Slug::LengthTooLong, range, format!("`{length}` is more than a hundred years"));
            self.report(found.label("too long").help("write a shorter time"));
            return false;
        }
        true
    }
}
