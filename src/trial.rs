//! Tests of a rulebook: each plays its events through the ordinary engine and compares what was
//! decided with what it expects. Pure: made from a plan, drawn by `report::trial`, printed by the
//! command line.

mod compare;
pub mod coverage;
mod matching;
mod metric;
mod stage;
mod update;
mod why;
mod words;

use std::sync::Arc;

use crate::engine::Stopped;
use crate::plan::Plan;
use crate::rulebook::Test;
use crate::script::TimeGuard;
use crate::source::Range;

use coverage::{Coverage, Hits};
pub use update::{Edit, edits};

/// What to run.
#[derive(Clone, Debug, Default)]
pub struct TrialOptions {
    /// Only tests whose name holds this text, whatever its case; empty: all.
    pub pattern: String,
    /// Also find out what of the rulebook the tests show.
    pub coverage: bool,
    /// Stops scripts that run for too long.
    pub guard: Option<TimeGuard>,
}

/// How a test went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is as expected.
    Passed,
    /// Something is not; see [`TestResult::failures`].
    Failed,
    /// A `todo` that fails, which is no failure.
    Todo,
    /// A `todo` that passes and could be a `test`.
    TodoPasses,
}

impl Verdict {
    /// The word of the output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Todo => "todo",
            Self::TodoPasses => "todo passes",
        }
    }
}

/// One way in which a test is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One line, lower case, the author's text in backticks.
    pub message: String,
    /// The place in the test.
    pub range: Range,
    /// A few words under it; may be empty.
    pub label: String,
    /// Places of the rules that decided, each with a few words.
    pub others: Vec<(Range, String)>,
    /// What happened instead, and why what was expected did not.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
}

/// What came of one test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestResult {
    /// Its name.
    pub name: String,
    /// Where its name stands.
    pub range: Range,
    /// How it went.
    pub outcome: Verdict,
    /// Why it failed, in the order of the file.
    pub failures: Vec<Failure>,
    /// How many events it plays.
    pub events: usize,
    /// How many decisions were made.
    pub decisions: usize,
    /// What was decided within it that a complete test expects, as lines of a test.
    pub observed: Vec<String>,
}

/// What came of all tests that were run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestReport {
    /// The tests in rulebook order.
    pub tests: Vec<TestResult>,
    /// How many the rulebook has that were not asked for.
    pub left_out: usize,
    /// What the tests show, where that was asked for.
    pub coverage: Option<Coverage>,
}

impl TestReport {
    /// How many tests went so.
    #[must_use]
    pub fn count(&self, outcome: Verdict) -> usize {
        self.tests.iter().filter(|test| test.outcome == outcome).count()
    }

    /// Whether no test failed and some ran.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        !self.tests.is_empty() && self.count(Verdict::Failed) == 0
    }
}

/// Runs the tests of a rulebook.
///
/// # Errors
/// The guard has stopped a script.
pub fn run(plan: &Arc<Plan>, options: &TrialOptions) -> Result<TestReport, Stopped> {
    let pattern = options.pattern.to_lowercase();
    let asked = |test: &&Test| test.name.to_lowercase().contains(&pattern);
    let all = &plan.rulebook.tests;
    let mut hits = Hits::default();
    let measured = metric::measured(plan);
    let mut one = |test| run_one((plan, measured.as_ref()), test, options.guard, options.coverage.then_some(&mut hits));
    let tests = all.iter().filter(asked).map(&mut one).collect::<Result<Vec<TestResult>, _>>()?;
    let left_out = all.len() - tests.len();
    let coverage = options.coverage.then(|| Coverage::of(&plan.rulebook, &hits));
    Ok(TestReport { tests, left_out, coverage })
}

fn run_one(
    (plan, measured): (&Arc<Plan>, Option<&Arc<Plan>>),
    test: &Test,
    guard: Option<TimeGuard>,
    hits: Option<&mut Hits>,
) -> Result<TestResult, Stopped> {
    let (failures, events, decisions, observed) = match stage::play(plan, test, guard)? {
        Ok(played) => {
            if let Some(hits) = hits {
                hits.add(&played);
            }
            let mut failures = compare::failures(plan, test, &played);
            if let Some(measured) = measured {
                failures.extend(metric::failures(measured, test, &played, guard)?);
                failures.sort_by_key(|failure| (failure.range.source, failure.range.start));
            }
            (failures, played.log.len(), played.decisions.len(), compare::observed(plan, test, &played))
        }
        Err(failure) => (vec![*failure], 0, 0, Vec::new()),
    };
    let outcome = match (test.todo, failures.is_empty() && !test.events.is_empty()) {
        (false, true) => Verdict::Passed,
        (false, false) => Verdict::Failed,
        (true, true) => Verdict::TodoPasses,
        (true, false) => Verdict::Todo,
    };
    let (name, range) = (test.name.clone(), test.range);
    Ok(TestResult { name, range, outcome, failures, events, decisions, observed })
}
