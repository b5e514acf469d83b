//! The quickstart log under the playbook, number for number as two other ways computed it.

use std::sync::Arc;

use ensue::metric::figure::Figure;
use ensue::metric::period::{Compare, Cut, Periods};
use ensue::metric::report_zone;
use ensue::metric::table::{ReportAsk, table};
use ensue::plan::Plan;
use ensue::replay::ReplayOptions;
use ensue::rulebook::metric::MetricUnit;
use ensue::units::Period;
use serde_json::Value;

use crate::support;

/// What the fixture has beyond the standard metrics.
const OWN: &str = "
metric replied_by_kind = share of messaged with replied within 14d { by kind }
metric messages = count messaged { by kind }
metric reached = count contacted { by kind }
metric answered_in_30d = median time from created to picked_up within 30d
";

/// What the rulebook calls a metric of the fixture; `messaged` and `contacted` are events there.
fn name(of_fixture: &str) -> &str {
    match of_fixture {
        "messaged" => "messages",
        "contacted" => "reached",
        other => other,
    }
}

/// The figures of the first day of a period: of all rows, and of each group by its label.
fn figures(plan: &Arc<Plan>, metric: &str, cut: Cut, from: &str) -> Vec<(Option<String>, Figure)> {
    let events = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/quickstart/events.jsonl"));
    let log = support::read(plan, &events.expect("the quickstart has a log"));
    let zone = report_zone(&plan.rulebook);
    let as_of = zone.day_start("2026-05-06".parse().expect("a day"));
    let since = support::at("2026-01-01T00:00:00Z");
    let periods = Periods::last(cut, zone, 12, (since, as_of), Compare::Nothing);
    let from = zone.day_start(from.parse().expect("a day"));
    let place = periods.shown.iter().position(|stretch| stretch.from == from).expect("the period is shown");
    let metrics = vec![support::id(plan, metric)];
    let asked = ReportAsk { metrics, periods, as_of, listed: None, replay: ReplayOptions::default() };
    let table = table(plan, &log, &asked).expect("nothing stops it");
    let groups = table.metrics.into_iter().flat_map(|rows| rows.groups);
    groups.map(|g| (g.group.map(|(_, label)| label), g.periods[place].figure.clone())).collect()
}

#[test]
fn the_quickstart_is_number_for_number_as_computed_otherwise() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/metrics/quickstart.json");
    let expected: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let plan = support::playbook_with(&[("quickstart.ensue", OWN)]);
    for line in &expected {
        let cut = match line["period"].as_str().unwrap() {
            "month" => Cut::Calendar(Period::Month),
            range => {
                let (first, last) = range.split_once("..").unwrap();
                Cut::Range(first.parse().unwrap(), last.parse().unwrap())
            }
        };
        let metric = name(line["metric"].as_str().unwrap());
        let unit = plan.rulebook.metrics.get(support::id(&plan, metric)).unwrap().unit;
        let group = line.get("group").and_then(Value::as_str);
        let figures = figures(&plan, metric, cut, line["from"].as_str().unwrap());
        let (_, figure) = figures.into_iter().find(|(label, _)| label.as_deref() == group).expect("the group is there");
        let counts = [("rows", figure.rows), ("left_out", figure.left_out), ("unripe", figure.unripe)];
        for (key, count) in counts.into_iter().chain([("so_far", figure.so_far)]) {
            assert_eq!(line[key], count, "{key} of {line}");
        }
        if !line["outcomes"].is_null() {
            assert_eq!(line["outcomes"], figure.outcomes, "outcomes of {line}");
        }
        let is_time = matches!(unit, MetricUnit::Length);
        let value = figure.value.map(|value| if is_time { value / 1e6 } else { value });
        assert_eq!(line["value"].as_f64(), value, "value of {line}");
    }
    assert!(expected.len() > 25, "the fixture is whole");
}
