//! Values of metrics as people read them.

use crate::rulebook::metric::MetricUnit;
use crate::timestamp::Span;

/// A value in the unit of a metric: `7.9 %`, `2d 4h`, `12_500`.
#[must_use]
pub fn value(unit: MetricUnit, value: f64) -> String {
    match unit {
        MetricUnit::Share => format!("{} %", short(value * 100.0)),
        MetricUnit::Length => Span(value.round() as i64).in_words(),
        MetricUnit::Count | MetricUnit::Number => number(value),
    }
}

/// At most one decimal: `7.9`, `100`.
#[must_use]
pub fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { String::from("0") } else { text.to_owned() }
}

/// At most two decimals, thousands apart: `12_500`, `3.25`.
#[must_use]
pub fn number(value: f64) -> String {
    let text = format!("{:.2}", value.abs());
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push('_');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 && text != "0" { "-" } else { "" };
    format!("{sign}{grouped}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_and_thousands_are_apart() {
        let numbers = [0.0, -0.001, 7.9, 12_500.0, 1_234_567.891, -40.0, 0.126].map(number);
        assert_eq!(numbers, ["0", "0", "7.9", "12_500", "1_234_567.89", "-40", "0.13"]);
        let shares = [0.0, 1.0, 0.0790, 0.333_33].map(|share| value(MetricUnit::Share, share));
        assert_eq!(shares, ["0 %", "100 %", "7.9 %", "33.3 %"]);
    }
}
