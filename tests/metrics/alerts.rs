//! Alerts on metrics: judged once, with what was known then.

use std::sync::Arc;

use ensue::local::Zone;
use ensue::log::Log;
use ensue::metric::alert::{AlertFound, BookAlert, alerted, alerts};
use ensue::metric::figure::{GoalStanding, Shift};
use ensue::metric::period::{Compare, Cut, Periods};
use ensue::metric::table::{PeriodFigure, ReportAsk, table};
use ensue::plan::Plan;
use ensue::replay::ReplayOptions;
use ensue::timestamp::{Span, Timestamp};

use crate::properties::{DAY, START, moment, random_log, text};
use crate::support;

const RULES: &str = r"
metric answered = share of contacted with replied within 14d { target >= 40%, least 3, alert manager when off target }
metric weekly = count replied {
  target >= 6
  least 1
  alert manager when off target
  alert manager when off target for 3 weeks
  alert manager when down 10%
  alert manager when up 50% each month
}
metric answer = median time from created to replied within 10d { target <= 12h, least 3, alert manager when off target each month }
metric demos = count demo { alert manager when none for 4d }
metric care = contacts / new_leads { target >= 5, alert manager when off target for 2 weeks }
";

fn plan() -> Arc<Plan> {
    let checked = support::checked_with(&[("own.ensue", RULES)]);
    let rulebook = checked.rulebook.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let ids = alerted(&rulebook);
    assert_eq!(ids.len(), 5);
    Arc::new(Plan::compile_measured(rulebook, &ids))
}

fn until(plan: &Arc<Plan>, log: &Log, until: Timestamp) -> Vec<BookAlert> {
    let options = ReplayOptions { until: Some(until), threads: 1, ..ReplayOptions::default() };
    alerts(plan, log, &options).expect("nothing stops it")
}

/// The period of an alert as a report made at its moment shows it.
fn reported(plan: &Arc<Plan>, log: &Log, alert: &BookAlert) -> PeriodFigure {
    let each = plan.rulebook.metrics.get(alert.metric).unwrap().alerts[alert.clause].each;
    let cut = Cut::Calendar(each);
    let periods = Periods::last(cut, Zone::UTC, 60, (moment(START), alert.at), Compare::Nothing);
    let place = periods.shown.iter().position(|stretch| *stretch == alert.period).expect("the period is over");
    let replay = ReplayOptions { threads: 1, ..ReplayOptions::default() };
    let asked = ReportAsk { metrics: vec![alert.metric], periods, as_of: alert.at, listed: None, replay };
    table(plan, log, &asked).expect("nothing stops it").metrics[0].groups[0].periods[place].clone()
}

/// What is told of later takes no alert back, and makes none that was not there: the alerts until a moment are those of
/// the whole log that came by then.
#[test]
fn an_alert_rests_on_what_was_known_at_its_moment() {
    let plan = plan();
    let (mut all, mut over) = (0, 0);
    for seed in 800..808 {
        let log = support::read(&plan, &text(&random_log(seed)));
        let end = START + 140 * DAY;
        let found = until(&plan, &log, moment(end));
        for days in [20, 35, 48, 77, 100, 121] {
            let known = moment(START + days * DAY + 3_600);
            let expected: Vec<&BookAlert> = found.iter().filter(|alert| alert.at <= known).collect();
            let then = until(&plan, &log, known);
            assert_eq!(then.iter().collect::<Vec<_>>(), expected, "seed {seed}, {days} days");
        }
        all += found.len();
        over += found.iter().filter(|alert| alert.found == AlertFound::Over).count();
    }
    assert!(all > 80 && over > 20, "{all} alerts, {over} of them over");
}

/// The number that an alert tells is the number of the report at that moment.
#[test]
fn an_alert_tells_what_the_report_of_its_moment_says() {
    let plan = plan();
    let (mut sure, mut unsure) = (0, 0);
    for seed in 810..814 {
        let log = support::read(&plan, &text(&random_log(seed)));
        for alert in until(&plan, &log, moment(START + 140 * DAY)) {
            let AlertFound::OffTarget { figure, goal, sure: is_sure, .. } = &alert.found else { continue };
            let shown = reported(&plan, &log, &alert);
            assert_eq!((&shown.figure, shown.goal), (figure, Some(*goal)), "seed {seed}: {alert:?}");
            let expected = if *is_sure { GoalStanding::Missed } else { GoalStanding::MayBeMissed };
            assert_eq!(shown.standing, Some(expected), "seed {seed}: {alert:?}");
            if *is_sure { sure += 1 } else { unsure += 1 }
        }
    }
    assert!(sure > 5 && unsure > 5, "{sure} sure and {unsure} unsure");
}

#[test]
fn any_number_of_shards_gives_the_same_alerts() {
    let plan = plan();
    for seed in 820..823 {
        let log = support::read(&plan, &text(&random_log(seed)));
        let of = |threads, leads_per_shard| {
            alerts(&plan, &log, &ReplayOptions { threads, leads_per_shard, ..ReplayOptions::default() }).unwrap()
        };
        let one = of(1, 0);
        assert!(!one.is_empty());
        assert_eq!(one, of(3, 1), "seed {seed}");
        assert_eq!(one, of(2, 5), "seed {seed}");
    }
}

/// A day of each week without an answer, and one change that is too large for chance.
#[test]
fn a_change_is_told_once_it_is_sure() {
    let mut lines = Vec::new();
    let mut told = |day: i64, number: i64| {
        let at = START + day * DAY + number * 60;
        lines.push((at, crate::properties::told(0, day * 1_000 + number, "replied", (at, at), "")));
    };
    // 42 answers a week for five weeks, 35 in the sixth, 10 in the next two, then 42 again.
    for (week, a_day) in [6, 6, 6, 6, 6, 5, 1, 1, 6, 6].into_iter().enumerate() {
        for day in 0..7 {
            (0..a_day).for_each(|number| told(week as i64 * 7 + day, number));
        }
    }
    lines.sort();
    let plan = plan();
    let log = support::read(&plan, &text(&lines));
    let weekly = support::id(&plan, "weekly");
    let found = until(&plan, &log, moment(START + 70 * DAY));
    let told: Vec<(i64, bool)> = found
        .iter()
        .filter(|alert| alert.metric == weekly && alert.clause == 2)
        .map(|alert| {
            let sure =
                matches!(&alert.found, AlertFound::Moved { shift: Shift { sure: true, by, .. }, .. } if *by < -0.1);
            ((alert.at - moment(START)).0 / Span::days(1).0, sure)
        })
        .collect();
    // The week of 35 may be chance; the first week of 10 is not; the third week after is as many as before.
    assert_eq!(told, [(49, true), (63, false)]);
}

/// The first event, an answer a day later, nothing for ten days, then one that was told of late.
#[test]
fn what_does_not_come_is_told_when_it_should_have() {
    let plan = plan();
    let line = |number: i64, ty: &str, day: i64, received: i64| {
        let (at, received) = (START + day * DAY, START + received * DAY);
        (received, crate::properties::told(0, number, ty, (at, received), ""))
    };
    let lines = [
        line(1, "lead.created", 0, 0),
        line(2, "demo.requested", 1, 1),
        line(3, "demo.requested", 4, 12),
        line(4, "demo.requested", 13, 13),
        line(5, "replied", 30, 30),
    ];
    let log = support::read(&plan, &text(&lines));
    let demos = support::id(&plan, "demos");
    let found = until(&plan, &log, moment(START + 30 * DAY));
    let told: Vec<(i64, AlertFound)> = found
        .into_iter()
        .filter(|alert| alert.metric == demos)
        .map(|alert| ((alert.at - moment(START)).0 / Span::days(1).0, alert.found))
        .collect();
    let since = |day| AlertFound::NoneSince(moment(START + day * DAY));
    // Nothing from day 1 to 5. On day 12 one is told of that happened on day 4, which is more than four days ago.
    assert_eq!(told, [(5, since(1)), (13, AlertFound::Over), (17, since(13))]);
}
