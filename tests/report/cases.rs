//! Results of cases in every form, with names and messages that mean harm.

use std::time::Duration;

use ensue::report::case::{CaseOutcome, CaseResult};
use ensue::report::summary::Summary;
use ensue::report::{github, junit, markdown, sarif};
use proptest::prelude::*;
use uppsala::{XsdValidator, parse};

use crate::{read, snapshot};

fn some() -> Vec<CaseResult> {
    let case = |name: &str, file: &str, line| CaseResult::passed(name, file, line);
    vec![
        CaseResult { duration: Some(Duration::from_micros(1_234_567)), ..case("the third open", "tests/hot.ensue", 3) },
        CaseResult {
            outcome: CaseOutcome::Failed,
            message: "`email recap` was not planned".into(),
            detail: "error: `email recap` was not planned\n --> tests/hot.ensue:14:3\n  |\n14 |   expect email <recap> & \"more\"\n".into(),
            at: Some(14),
            duration: Some(Duration::from_millis(2)),
            ..case("recap, and 100%: it | works", "tests/hot.ensue", 9)
        },
        CaseResult { outcome: CaseOutcome::Skipped, message: "todo".into(), ..case("sms", "tests/cold, new.ensue", 1) },
        CaseResult { outcome: CaseOutcome::Errored, message: "no lead".into(), ..case("nobody", "tests/cold, new.ensue", 7) },
    ]
}

fn valid(report: &str) -> Vec<String> {
    let schema = read("fixtures/schema/junit-10.xsd");
    let validator = XsdValidator::from_schema(&parse(&schema).unwrap()).unwrap();
    let document = parse(report).unwrap_or_else(|error| panic!("{error}\n{report}"));
    validator.validate(&document).iter().map(ToString::to_string).collect()
}

#[test]
fn cases_as_they_look() {
    snapshot("junit", &junit::report("ensue test", &some()));
    snapshot("github_cases", &github::cases(&some()));
    let summary = Summary { verb: "test", counts: String::from("4 tests, 1 failed") };
    snapshot("markdown_cases", &markdown::cases(&summary, &some()));
}

#[test]
fn sarif_of_cases_is_valid() {
    let schema = serde_json::from_str(&read("fixtures/schema/sarif-2.1.0.json")).unwrap();
    for cases in [some(), Vec::new()] {
        let log: serde_json::Value = serde_json::from_str(&sarif::cases(&cases)).unwrap();
        assert_eq!(crate::schema::wrong(&schema, &log), Vec::<String>::new());
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), if cases.is_empty() { 0 } else { 2 });
        for result in results {
            assert!(result["message"]["text"].as_str().unwrap().contains(": "));
        }
    }
}

#[test]
fn junit_is_valid() {
    let report = junit::report("ensue test", &some());
    assert_eq!(valid(&report), Vec::<String>::new());
    assert_eq!(valid(&junit::report("ensue test", &[])), Vec::<String>::new());
    // And the validator finds what is not.
    for (from, to) in [
        ("<testsuite name=", "<testsuite nam="),
        (" tests=\"2\"", ""),
        ("<failure type=", "<failed type="),
        ("</failure>", "<b/></failure>"),
        ("time=\"1.234\"", "time=\"1.2345\" lines=\"3\""),
    ] {
        let broken = report
            .replace(from, to)
            .replace("</failure>", if to.contains("failed") { "</failed>" } else { "</failure>" });
        assert!(!valid(&broken).is_empty(), "{from} -> {to}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_reported(name in "\\PC{0,12}|[\\x00-\\x1f<>&\"'\\u{fffe}\\u{7f}]{0,6}", detail in "(.|\n){0,30}") {
        let case = CaseResult {
            outcome: CaseOutcome::Failed, message: name.clone(), detail: detail.clone(),
            ..CaseResult::passed(name.clone(), "a.ensue", 1)
        };
        let report = junit::report(&name, std::slice::from_ref(&case));
        prop_assert_eq!(valid(&report), Vec::<String>::new());
        // A name that XML can hold comes back as it was; what breaks lines unseen is written out.
        if name.chars().all(|c| !c.is_control() && !"\u{fffe}\u{ffff}\u{2028}\u{2029}".contains(c)) {
            let document = parse(&report).unwrap();
            let cases = document.get_elements_by_tag_name("testcase");
            let element = document.element(cases[0]).unwrap();
            prop_assert_eq!(element.get_attribute("name"), Some(name.as_str()));
        }
        prop_assert_eq!(github::cases(&[case]).lines().count(), 1);
    }
}
