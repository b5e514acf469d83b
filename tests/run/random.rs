//! Random logs through a few rulebooks: the way a log is run must not change what comes out.

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::case::Case;

/// Folders whose rules are fed with random logs; between them they use every kind of timer.
const RULEBOOKS: [&str; 5] = ["mixed_everything", "mixed_accounts", "mixed_scores", "mixed_absences", "mixed_contact"];

const TYPES: [&str; 10] = [
    "lead.created",
    "email.opened",
    "page.viewed",
    "replied",
    "email.sent",
    "demo.requested",
    "meeting.booked",
    "lead.updated",
    "unsubscribed",
    "link.clicked",
];

/// One line: lead, type, minutes since the line before, minutes it arrived late.
#[derive(Clone, Debug)]
struct Line(u8, u8, u32, u32);

fn line() -> impl Strategy<Value = Line> {
    let step = prop_oneof![Just(0), 1..600_u32, Just(60 * 24), 1..20_000_u32];
    let late = prop_oneof![4 => Just(0_u32), 1 => 1..8_000_u32];
    (0..5_u8, 0..TYPES.len() as u8, step, late).prop_map(|(lead, ty, step, late)| Line(lead, ty, step, late))
}

/// A log; moments are whole minutes, so that many things fall on the same one.
fn log(lines: &[Line]) -> String {
    let (mut text, mut minutes) = (String::new(), 0_u32);
    // Friday before the clock change in New York.
    let start = ensue::local::parse_rfc3339(b"2024-03-08T14:00:00Z").unwrap();
    let at = |minutes: u32| {
        let moment = start + ensue::timestamp::Span::seconds(i64::from(minutes) * 60);
        ensue::local::rfc3339(moment, ensue::local::Zone::UTC)
    };
    for (n, Line(lead, ty, step, late)) in lines.iter().enumerate() {
        minutes += step;
        let ty = TYPES[usize::from(*ty)];
        let props = match (ty, n % 3) {
            ("lead.created" | "lead.updated", 0) => r#"{"timezone":"America/New_York","sms_ok":true}"#,
            ("lead.created" | "lead.updated", 1) => r#"{"timezone":"Asia/Tokyo","deal_value":70000}"#,
            ("lead.created" | "lead.updated", _) => r#"{"owner":"kim"}"#,
            ("page.viewed", 0 | 1) => r#"{"page":"pricing"}"#,
            ("email.opened", 2) => r#"{"machine":true}"#,
            ("meeting.booked", 0) => r#"{"start":"2024-04-02T15:00:00Z"}"#,
            ("unsubscribed", _) => r#"{"channel":"sms"}"#,
            _ => "{}",
        };
        let account = if lead % 2 == 0 { r#","account":"acme""# } else { "" };
        let (happened, received) = (at(minutes.saturating_sub(*late)), at(minutes));
        writeln!(
            text,
            r#"{{"id":"e{n}","type":"{ty}","lead":"l{lead}"{account},"at":"{happened}","received_at":"{received}","props":{props}}}"#
        )
        .unwrap();
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn runs_alike_however_it_is_run(book in 0..RULEBOOKS.len(), lines in prop::collection::vec(line(), 1..40), seed in any::<u64>()) {
        let name = RULEBOOKS[book];
        let rules = Path::new("fixtures/run").join(name);
        let case = Case::new(&rules, log(&lines), "--trace").unwrap();
        let expected = case.sharded(1, 0);
        prop_assert_eq!(&expected, &case.sharded(1, 0), "twice the same");
        prop_assert_eq!(&expected, &case.sharded(4, 1), "shards of one");
        prop_assert_eq!(&expected, &case.sharded(2, 2), "shards of two");
        prop_assert_eq!(&expected, &case.fed_by_hand(), "one engine, one event after the other");
        prop_assert_eq!(&expected, &case.taken_apart(), "taken apart between events");
        prop_assert_eq!(&expected, &case.shuffled(seed).sharded(1, 0), "lines shuffled");
    }
}
