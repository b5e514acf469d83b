//! What holds of every number, over random logs.

use std::collections::BTreeSet;
use std::sync::Arc;

use ensue::event::LeadId;
use ensue::log::Log;
use ensue::metric::figure::GoalStanding;
use ensue::metric::period::{Compare, Cut, Periods};
use ensue::metric::table::{ReportAsk, table};
use ensue::metric::{Counted, RowState};
use ensue::plan::Plan;
use ensue::replay::ReplayOptions;
use ensue::report::metric::{Drawn, line};
use ensue::rulebook::MetricId;
use ensue::rulebook::RowsOf;
use ensue::rulebook::metric::Measure;
use ensue::timestamp::{Span, Timestamp};
use ensue::units::Period;

use crate::known::Random;
use crate::support;

/// Beside the standard metrics, one whose credit is looked at row by row.
const OWN: &str = "metric answered = share of contacted with replied within 14d { by channel }\n";

const TWICE: &str = "\
twice: created -> start double
sequence double { gap 1h
  day 3 at 09:00 email one as one
  day 3 at 15:00 email two as two }
metric sent = count messaged
";

const WINDOW: Span = Span::days(14);
/// 2026-01-05T00:00:00Z, in seconds since 1970.
pub const START: i64 = 1_767_571_200;
pub const DAY: i64 = 86_400;
const TYPES: [&str; 12] = [
    "replied",
    "email.replied",
    "sms.replied",
    "call.completed",
    "call.completed",
    "email.sent",
    "demo.requested",
    "meeting.booked",
    "deal.won",
    "deal.lost",
    "email.opened",
    "alert.acked",
];

/// A line of the log: when it was received, in seconds since 1970.
pub type Line = (i64, String);

/// Events of some leads over 100 days, some of them told of late, some exactly 14 days after another.
pub fn random_log(seed: u64) -> Vec<Line> {
    let mut lines = Vec::new();
    for lead in 0..12 {
        let mut random = Random::of(seed, lead, 0);
        let born = START + random.below(30 * DAY);
        lines.push((born, told(lead, 0, "lead.created", (born, born), "\"source\":\"north\"")));
        let mut times = vec![born];
        for number in 1..2 + random.below(25) {
            let before = times[random.below(times.len() as i64) as usize];
            let edge = random.below(5) == 0;
            let at = if edge { before + 14 * DAY } else { born + random.below(90 * DAY) };
            times.push(at);
            let late = if random.below(5) == 0 { random.below(20 * DAY) } else { 0 };
            let ty = TYPES[random.below(TYPES.len() as i64) as usize];
            let amount = if random.below(2) == 0 { "\"amount\":100" } else { "" };
            let props = if ty.starts_with("deal.") { amount } else { "" };
            lines.push((at + late, told(lead, number, ty, (at, at + late), props)));
        }
    }
    lines.sort();
    lines
}

pub fn told(lead: u32, number: i64, ty: &str, (at, received): (i64, i64), props: &str) -> String {
    let [at, received] = [at, received].map(|seconds| {
        chrono::DateTime::from_timestamp(seconds, 0).expect("in range").format("%Y-%m-%dT%H:%M:%SZ").to_string()
    });
    format!(
        "{{\"id\":\"e{lead}-{number}\",\"type\":\"{ty}\",\"lead\":\"L{lead:05}\",\"at\":\"{at}\",\
         \"received_at\":\"{received}\",\"props\":{{{props}}}}}\n"
    )
}

pub fn text(lines: &[Line]) -> String {
    lines.iter().map(|(_, line)| line.as_str()).collect()
}

pub fn moment(seconds: i64) -> Timestamp {
    Timestamp(seconds * 1_000_000)
}

fn plan() -> Arc<Plan> {
    support::plan_with(&[("own.ensue", OWN)])
}

fn ask(plan: &Plan, as_of: i64, replay: ReplayOptions) -> ReportAsk {
    let metrics: Vec<MetricId> = plan.rulebook.metrics.ids().collect();
    let since = moment(START);
    let cut = Cut::Calendar(Period::Month);
    let periods = Periods::last(cut, ensue::local::Zone::UTC, 12, (since, moment(as_of)), Compare::Before);
    ReportAsk { metrics, periods, as_of: moment(as_of), listed: None, replay }
}

fn report(plan: &Arc<Plan>, log: &Log, as_of: i64, replay: ReplayOptions) -> String {
    let table = table(plan, log, &ask(plan, as_of, replay)).expect("nothing stops it");
    line::jsonl(&Drawn { plan, table: &table, simulated: true, by: None })
}

/// The row an outcome belongs to, written down once more: the last one before it less than 14 days ago, of its own
/// channel if there is one.
fn chosen(rows: &[(LeadId, Timestamp, &str)], (lead, at, channel): (LeadId, Timestamp, Option<&str>)) -> Option<usize> {
    let holds = |row: &(LeadId, Timestamp, &str)| row.0 == lead && row.1 <= at && at < row.1 + WINDOW;
    let last = |own: bool| {
        let fits = |row: &(LeadId, Timestamp, &str)| holds(row) && (!own || Some(row.2) == channel);
        (0..rows.len()).filter(|i| fits(&rows[*i])).max_by_key(|i| rows[*i].1)
    };
    last(true).or_else(|| last(false))
}

/// Every reply that falls into some window makes one row answered, and no other row is.
#[test]
fn outcomes_are_credited_once_each_and_none_is_lost() {
    let plan = plan();
    let (mut answered, mut own_channel_first) = (0, 0);
    for seed in 0..60 {
        let lines = random_log(seed);
        let log = support::read(&plan, &text(&lines));
        let as_of = moment(START + 400 * DAY);
        let counted = support::count_rows(&plan, &log, support::always(), as_of, Some("answered"));
        let rows: Vec<_> = counted.rows.iter().map(|row| (row.lead, row.at, row.groups[0].as_str())).collect();
        let mut expected = BTreeSet::new();
        let mut happened = 0;
        for (event, (_, line)) in log.iter().zip(&lines) {
            let channel = ["email", "sms"].into_iter().find(|kind| line.contains(&format!("\"{kind}.replied\"")));
            if channel.is_none() && !line.contains("\"replied\"") {
                continue;
            }
            happened += 1;
            let lead = event.lead;
            let row = chosen(&rows, (lead, event.at, channel));
            own_channel_first += usize::from(row != chosen(&rows, (lead, event.at, None)));
            expected.extend(row);
        }
        let found = (0..rows.len()).filter(|i| counted.rows[*i].state == RowState::With).collect::<BTreeSet<_>>();
        assert_eq!(found, expected, "seed {seed}");
        let figure = support::figure(&plan, &counted, "answered", None, 0);
        assert_eq!(figure.outcomes as usize, expected.len(), "seed {seed}");
        assert!(figure.outcomes <= happened, "seed {seed}");
        answered += expected.len();
    }
    assert!(answered > 500 && own_channel_first > 50, "{answered} answered, {own_channel_first} by channel");
}

/// Of metrics whose rows are what happened, each row is in one group of each breakdown.
#[test]
fn groups_of_a_message_metric_add_up() {
    let plan = plan();
    let mut compared = 0;
    for seed in 100..120 {
        let log = support::read(&plan, &text(&random_log(seed)));
        let asked = ask(&plan, START + 80 * DAY, ReplayOptions::default());
        for rows in table(&plan, &log, &asked).unwrap().metrics {
            let metric = plan.rulebook.metrics.get(rows.metric).unwrap();
            if metric.measure.rows().is_none_or(|rows| rows.of != RowsOf::Events) {
                continue;
            }
            let periods = asked.periods.shown.len();
            for (by, period) in (0..metric.by.len()).flat_map(|by| (0..periods).map(move |period| (by as u8, period))) {
                let parts = rows.groups.iter().filter(|group| group.group.as_ref().is_some_and(|(of, _)| *of == by));
                let sum = parts.fold([0; 5], |sum, group| {
                    let more = counts(&group.periods[period].figure);
                    std::array::from_fn(|i| sum[i] + more[i])
                });
                let total = counts(&rows.groups[0].periods[period].figure);
                assert_eq!(sum, total, "seed {seed}: {} by {by} in period {period}", metric.name);
                compared += usize::from(total[0] > 0);
            }
        }
    }
    assert!(compared > 500, "{compared} totals with rows");
}

fn counts(figure: &ensue::metric::figure::Figure) -> [u64; 5] {
    [figure.rows, figure.outcomes, figure.left_out, figure.unripe, figure.so_far]
}

#[test]
fn any_number_of_threads_and_shards_gives_the_same_bytes() {
    let plan = plan();
    for seed in 200..206 {
        let log = support::read(&plan, &text(&random_log(seed)));
        let with = |threads, leads_per_shard| {
            let replay = ReplayOptions { threads, leads_per_shard, ..ReplayOptions::default() };
            report(&plan, &log, START + 80 * DAY, replay)
        };
        let once = with(1, 0);
        assert!(once.lines().count() > 100, "{} lines", once.lines().count());
        for (threads, leads) in [(2, 0), (4, 0), (1, 1), (2, 1), (4, 1), (4, 5)] {
            assert!(once == with(threads, leads), "seed {seed}: {threads} threads, {leads} leads a shard");
        }
    }
}

/// What was received later changes nothing.
#[test]
fn as_of_a_moment_is_the_report_over_the_log_as_it_was_then() {
    let plan = plan();
    for seed in 300..312 {
        let lines = random_log(seed);
        let as_of = START + (20 + seed as i64 % 6 * 12) * DAY;
        let then: Vec<Line> = lines.iter().filter(|(received, _)| *received <= as_of).cloned().collect();
        assert!(then.len() < lines.len() && !then.is_empty(), "seed {seed}");
        let options = ReplayOptions::default();
        let [now, then] = [&lines, &then].map(|lines| {
            let log = support::read(&plan, &text(lines));
            report(&plan, &log, as_of, options)
        });
        assert_eq!(now, then, "seed {seed}");
    }
}

/// As many rows count as the number says, with the outcome as many as it says.
#[test]
fn the_rows_of_a_number_are_as_many_as_it_says() {
    let plan = plan();
    let mut left_out = 0;
    for id in plan.rulebook.metrics.ids() {
        let metric = plan.rulebook.metrics.get(id).unwrap();
        if matches!(metric.measure, Measure::Formula(_)) {
            continue;
        }
        for seed in 400..404 {
            let log = support::read(&plan, &text(&random_log(seed)));
            let mut asked = ask(&plan, START + 80 * DAY, ReplayOptions::default());
            (asked.metrics, asked.listed) = (vec![id], Some(id));
            let table = table(&plan, &log, &asked).unwrap();
            for (at, period) in table.metrics[0].groups[0].periods.iter().enumerate() {
                let of = |wanted: &[RowState]| {
                    let rows = table.rows.iter().filter(|row| row.stretch == at as u32);
                    rows.filter(|row| wanted.contains(&row.state)).count() as u64
                };
                let (with, so_far) = (of(&[RowState::With]), of(&[RowState::Unripe(true)]));
                let listed = [
                    with + of(&[RowState::Without]),
                    with,
                    of(&[RowState::LeftOut]),
                    so_far + of(&[RowState::Unripe(false)]),
                    so_far,
                ];
                assert_eq!(listed, counts(&period.figure), "seed {seed}: {} in period {at}", metric.name);
                left_out += listed[2];
            }
        }
    }
    assert!(left_out > 0, "some rows have no value");
}

/// A window holds its first moment and not its last.
#[test]
fn windows_are_half_open() {
    let plan = support::plan_with(&[("own.ensue", "metric back = share of created with replied within 14d\n")]);
    for (after, outcomes) in [(0, 1), (1, 1), (14 * DAY - 1, 1), (14 * DAY, 0)] {
        let lines = [(0, "lead.created"), (after, "replied")].map(|(after, ty)| {
            let at = START + after;
            (at, told(1, i64::from(ty == "replied"), ty, (at, at), ""))
        });
        let log = support::read(&plan, &text(&lines));
        let counted = support::count(&plan, &log, support::always(), moment(START + 100 * DAY));
        let figure = support::figure(&plan, &counted, "back", None, 0);
        assert_eq!((figure.rows, figure.outcomes), (1, outcomes), "answered after {after} seconds");
    }
}

/// Two mails of one morning, as declared in [`TWICE`], are each reported by their provider, the later one first.
#[test]
fn a_report_of_what_was_sent_is_no_contact_more_in_whatever_order_it_is_told() {
    let plan = support::plan_with(&[("own.ensue", TWICE)]);
    let quiet: Vec<Line> = random_log(7).into_iter().filter(|(_, line)| !line.contains("email.sent")).collect();
    let log = support::read(&plan, &text(&quiet));
    let as_of = moment(START + 140 * DAY);
    let contacts = |counted: &Counted| support::figure(&plan, counted, "contacts", None, 0).rows;
    let sent = support::count_rows(&plan, &log, support::always(), as_of, Some("sent"));
    let mails: Vec<(&str, i64)> = sent.rows.iter().map(|row| (log.lead_name(row.lead), row.at.0 / 1_000_000)).collect();
    assert!(mails.len() > 20, "{}", mails.len());
    let mut lines = quiet.clone();
    for (number, (lead, at)) in mails.iter().enumerate() {
        let (at, received) = (at + 5, START + 130 * DAY - at / DAY - number as i64);
        let lead = lead.trim_start_matches('L').parse().unwrap();
        lines.push((received, told(lead, 1_000_000 + number as i64, "email.sent", (at, received), "")));
    }
    lines.sort();
    let told = support::count(&plan, &support::read(&plan, &text(&lines)), support::always(), as_of);
    assert_eq!(contacts(&told), contacts(&sent));
}

/// A count, a sum or a formula has no interval, so it is never surely on one side of a goal.
#[test]
fn what_has_no_interval_is_never_surely_missed() {
    let declared = "metric asked = count created { target >= 1_000, least 1 }\nmetric few = count created { target <= 1, least 1 }\n";
    let plan = support::plan_with(&[("own.ensue", declared)]);
    let log = support::read(&plan, &text(&random_log(7)));
    let mut asked = ask(&plan, START + 80 * DAY, ReplayOptions::default());
    asked.metrics = ["asked", "few"].map(|name| support::id(&plan, name)).to_vec();
    let table = table(&plan, &log, &asked).unwrap();
    let standings: Vec<_> = table.metrics.iter().flat_map(|rows| &rows.groups[0].periods).collect();
    let judged: Vec<GoalStanding> = standings.iter().filter_map(|period| period.standing).collect();
    assert!(judged.contains(&GoalStanding::MayBeMissed), "{judged:?}");
    assert!(!judged.contains(&GoalStanding::Missed) && !judged.contains(&GoalStanding::Met), "{judged:?}");
}
