//! Metrics as a page: a few of the quickstart as they look, all of them well-formed, a year of weeks small enough.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use ensue::load::Files;
use ensue::log::{self, Input, ReadOptions};
use ensue::metric::figure::{Figure, Shift};
use ensue::metric::period::{Compare, Cut, Periods};
use ensue::metric::report_zone;
use ensue::metric::table::{MetricTable, ReportAsk, table};
use ensue::plan::Plan;
use ensue::replay::ReplayOptions;
use ensue::report::metric::{Drawn, html, markdown, words};
use ensue::rulebook::metric::{Measure, MetricUnit};
use ensue::timestamp::Timestamp;
use ensue::units::Period;

use super::{snapshot, sober};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const LOG: &str = "fixtures/quickstart/events.jsonl";

fn report(more: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ensue"))
        .arg("report")
        .args(more)
        .args(["--events", LOG, "--as-of", "2026-05-06"])
        .current_dir(ROOT)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A count, a share with benchmarks that have a source, a formula with one that has none, and a target.
const FEW: [&str; 8] = [
    "fixtures/report/metrics.ensue",
    "contacts",
    "contacts_per_lead",
    "reply_rate",
    "demo_in_5m",
    "--period",
    "month",
    "--last=4",
];

#[test]
fn a_few_metrics_as_they_look() {
    snapshot("metrics_markdown", &report(&[&FEW[..], &["--format", "md"]].concat()));
    let page = report(&[&FEW[..], &["--format", "html"]].concat());
    // The style is the same in every page.
    let (before, rest) = page.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    snapshot("metrics_html", &format!("{before}<style>...</style>{after}"));
}

#[test]
fn every_page_is_well_formed_and_needs_nothing_else() {
    for cut in ["day", "week", "month", "quarter", "28d", "2026-01-01..2026-03-31"] {
        for compare in ["before", "none"] {
            let page = report(&["rules", "--period", cut, "--compare", compare, "--by", "source", "--format", "html"]);
            assert!(page.contains("<svg") && page.contains("<h2>Efficiency</h2>"), "{cut}");
            sober::assert(cut, &page);
        }
    }
}

#[test]
fn the_name_of_a_file_chooses_the_format() {
    let room = tempfile::tempdir().unwrap();
    for (name, start) in
        [("a.html", "<!DOCTYPE html>"), ("a.md", "# What"), ("a.csv", "metric,"), ("a.jsonl", "{\"metric\"")]
    {
        let path = room.path().join(name);
        assert_eq!(report(&["rules", "contacts", "-o", path.to_str().unwrap()]), "");
        let written = std::fs::read_to_string(&path).unwrap();
        assert!(written.starts_with(start), "{name}: {written}");
    }
}

/// All metrics over a year of weeks, before anything is put into it.
fn year() -> (Arc<Plan>, MetricTable) {
    let rulebook = Files::read(&Path::new(ROOT).join("rules")).unwrap().check_measured().rulebook.unwrap();
    let file = std::fs::File::open(Path::new(ROOT).join(LOG)).unwrap();
    let input = Input { path: LOG.to_owned(), reader: Box::new(file) };
    let log = log::read(vec![input], &rulebook, &ReadOptions::default(), &|_| ()).unwrap();
    let zone = report_zone(&rulebook);
    let as_of = log.entries().last().unwrap().received_at;
    let periods = Periods::last(Cut::Calendar(Period::Week), zone, 52, (Timestamp(0), as_of), Compare::Before);
    let metrics: Vec<_> = rulebook.metrics.ids().collect();
    let plan = Arc::new(Plan::compile_measured(rulebook, &metrics));
    let asked = ReportAsk { metrics, periods, as_of, listed: None, replay: ReplayOptions::default() };
    let table = table(&plan, &log, &asked).unwrap();
    (plan, table)
}

/// Every period of every metric has all that a number of its kind can have.
fn fill(plan: &Plan, table: &mut MetricTable) {
    for rows in &mut table.metrics {
        let metric = plan.rulebook.metrics.get(rows.metric).unwrap();
        let scale = match metric.unit {
            MetricUnit::Share => 0.1234,
            MetricUnit::Length => 183_723e6,
            MetricUnit::Count | MetricUnit::Number => 1_234.56,
        };
        let periods = &mut rows.groups[0].periods;
        let young = periods.len() - 13;
        for (at, period) in periods.iter_mut().enumerate() {
            let value = scale * (1.0 + (at as f64 * 0.7).sin() / 3.0);
            // Left out is what is excepted, or has no value.
            let is_left = metric.except.is_some() || matches!(metric.measure, Measure::Statistic { .. });
            let counted = Figure {
                value: Some(value),
                rows: 1_234 + at as u64,
                left_out: if is_left { 12 } else { 0 },
                ..Figure::default()
            };
            let between = Figure { low: Some(value * 0.8), high: Some(value * 1.3), ..counted.clone() };
            let figure = match metric.measure {
                Measure::Formula(_) => Figure { value: Some(value), ..Figure::default() },
                Measure::Count(_) => Figure { value: Some(value.round()), ..counted },
                Measure::Statistic { .. } => between,
                Measure::Share { .. } | Measure::Time { .. } | Measure::Steps { .. } => Figure {
                    outcomes: 123 + at as u64,
                    // The longest that is waited for is 90 days.
                    unripe: if at >= young { 123 } else { 0 },
                    ..between
                },
            };
            period.before = Some(figure.clone());
            period.figure = figure;
            period.change = Some(Shift { by: scale / 30.0, interval: None, sure: at % 2 == 0 });
        }
    }
}

#[test]
fn a_busy_year_of_weeks_is_small() {
    let (plan, mut table) = year();
    fill(&plan, &mut table);
    let drawn = Drawn { plan: &plan, table: &table, simulated: true, by: None };
    let page = html::render(&drawn);
    let (metrics, weeks) = (table.metrics.len(), table.periods.shown.len());
    assert!(metrics > 40 && weeks >= 52, "{metrics} metrics, {weeks} weeks");
    assert_eq!(page.matches("<tr><td>").count(), metrics * weeks, "a line for each number");
    assert!(page.len() < 500_000, "{} bytes", page.len());
    sober::assert("a busy year", &page);
    assert!(markdown::render(&drawn).len() < 500_000);
}

#[test]
fn benchmarks_without_a_source_are_known() {
    let rulebook = Files::read(&Path::new(ROOT).join("rules")).unwrap().check_measured().rulebook.unwrap();
    let (without, with): (Vec<_>, Vec<_>) = rulebook
        .metrics
        .iter()
        .flat_map(|metric| &metric.benchmarks)
        .partition(|benchmark| words::is_unsourced(benchmark));
    let mut first: Vec<_> = with.iter().map(|benchmark| benchmark.source.split([' ', ',']).next().unwrap()).collect();
    first.sort_unstable();
    first.dedup();
    assert_eq!(first, ["Backlinko", "Belkins", "Harvard", "MIT", "Velocify"]);
    assert_eq!(without.len(), 7, "{without:?}");
}

/// Whoever opens a number in a spreadsheet gets one line a row, with its groups as columns.
#[test]
fn the_rows_of_a_number_are_a_table_too() {
    let rows = |format| report(&["rules", "demo_in_5m", "--period", "month", "--rows", "--format", format]);
    let (table, lines) = (rows("csv"), rows("jsonl"));
    let mut of_table = table.split_terminator("\r\n");
    assert_eq!(of_table.next(), Some("metric,period,lead,at,state,outcome_at,value,owner,weekday,hour"));
    assert!(lines.lines().count() >= 4, "{lines}");
    for (row, line) in of_table.by_ref().zip(lines.lines()) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!(cells[2], line["lead"].as_str().unwrap(), "{row}");
        assert_eq!(cells[4], line["state"].as_str().unwrap(), "{row}");
        assert_eq!(cells[8], line["groups"]["weekday"].as_str().unwrap(), "{row}");
    }
    assert_eq!(of_table.next(), None);
    assert_eq!(table.matches("\r\n").count(), lines.lines().count() + 1);
}
