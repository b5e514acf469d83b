//! Against the tables of `fixtures/metrics`, which other people's programs made: `tests/oracle/tables.py`.

use std::fs;

use serde::Deserialize;

use super::*;

fn text(name: &str) -> String {
    let path = format!("{}/fixtures/metrics/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rows of a table without its head, each with its cells.
fn rows(name: &str, least: usize) -> Vec<Vec<String>> {
    let rows: Vec<Vec<String>> =
        text(name).lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect();
    assert!(rows.len() >= least, "{name} has only {} rows", rows.len());
    rows
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap_or_else(|_| panic!("`{cell}` is no number"))
}

fn proportion(successes: &str, rows: &str) -> Proportion {
    Proportion::new(successes.parse().unwrap(), rows.parse().unwrap())
}

#[track_caller]
fn same(found: f64, expected: f64, of: &dyn std::fmt::Debug) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{of:?}: {found}, in the table {expected}");
}

#[test]
fn wilson_is_that_of_statsmodels() {
    for row in rows("wilson.csv", 40) {
        let found = wilson(proportion(&row[0], &row[1])).unwrap();
        same(found.low, number(&row[2]), &row);
        same(found.high, number(&row[3]), &row);
    }
}

#[test]
fn newcombe_is_that_of_statsmodels() {
    for row in rows("newcombe.csv", 40) {
        let found = newcombe(proportion(&row[0], &row[1]), proportion(&row[2], &row[3])).unwrap();
        same(found.difference, number(&row[4]), &row);
        same(found.interval.low, number(&row[5]), &row);
        same(found.interval.high, number(&row[6]), &row);
    }
}

#[test]
fn the_ratio_of_counts_is_made_of_the_limits_of_statsmodels() {
    for row in rows("counts.csv", 30) {
        let count = |at: usize| PeriodCount { count: row[at].parse().unwrap(), days: number(&row[at + 1]) };
        let found = count_ratio(count(0), count(2)).unwrap();
        same(found.low, number(&row[5]), &row);
        for (found, cell) in [(found.ratio, &row[4]), (found.high, &row[6])] {
            match found {
                Some(found) => same(found, number(cell), &row),
                None => assert_eq!(cell, "", "{row:?}"),
            }
        }
    }
}

#[test]
fn chi_squared_is_that_of_scipy() {
    for row in rows("chi_squared.csv", 40) {
        let counts: Vec<u64> = row[0].split(' ').map(|count| count.parse().unwrap()).collect();
        let shares: Vec<f64> = row[1].split(' ').map(number).collect();
        let found = chi_squared(&counts, &shares).unwrap();
        same(found.statistic, number(&row[2]), &row);
        same(found.p_value, number(&row[3]), &row);
        // Small ones as well, as long as they are not lost in the rounding of the statistic.
        if number(&row[3]) > 1e-30 {
            same(found.p_value / number(&row[3]), 1.0, &row);
        }
    }
}

#[derive(Deserialize)]
struct Waits {
    name: String,
    /// A time, and 1 where the event came then.
    rows: Vec<(i64, u8)>,
    /// Time, at risk, events, survival, its limits.
    steps: Vec<(i64, u64, u64, f64, f64, f64)>,
    /// Percent, the quantile, its limits.
    quantiles: Vec<[Option<i64>; 4]>,
}

#[test]
fn kaplan_meier_is_that_of_lifelines() {
    let cases: Vec<Waits> = serde_json::from_str(&text("kaplan_meier.json")).unwrap();
    assert!(cases.len() >= 30, "only {} cases", cases.len());
    for case in cases {
        let survival = kaplan_meier(case.rows.iter().map(|(time, is_event)| (*time, *is_event == 1)).collect());
        assert_eq!(survival.steps().len(), case.steps.len(), "{}", case.name);
        for (found, (time, at_risk, events, part, low, high)) in survival.steps().iter().zip(&case.steps) {
            assert_eq!((found.time, found.at_risk, found.events), (*time, *at_risk, *events), "{}", case.name);
            same(found.survival, *part, &(&case.name, time));
            same(found.low, *low, &(&case.name, time));
            same(found.high, *high, &(&case.name, time));
        }
        for [percent, time, low, high] in case.quantiles {
            let percent = u32::try_from(percent.unwrap()).unwrap();
            let expected = TimeQuantile { time, low, high };
            assert_eq!(survival.quantile(percent), expected, "{}, {percent} %", case.name);
        }
    }
}
