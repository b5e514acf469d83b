//! What became of one case of a run - a test, or a file that was checked - in the form that reports of
//! test systems share. Made by the verbs, drawn by [`super::junit`], [`super::github`] and
//! [`super::markdown`].

use std::time::Duration;

/// One case and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// Its name, as its author wrote it.
    pub name: String,
    /// The file it stands in.
    pub file: String,
    /// The line it begins at, from 1.
    pub line: u32,
    /// How it ended.
    pub outcome: CaseOutcome,
    /// In one line, why it is not plainly passed; may be empty.
    pub message: String,
    /// All that is shown of it to people, over several lines; may be empty.
    pub detail: String,
    /// The line that shows the mistake, where that is not the case's first.
    pub at: Option<u32>,
    /// How long it took, where that was measured.
    pub duration: Option<Duration>,
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseOutcome {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed,
    /// It could not be run.
    Errored,
    /// It is a known gap and was not run, or its result does not count.
    Skipped,
}

impl CaseResult {
    /// A case that passed, without a duration.
    #[must_use]
    pub fn passed(name: impl Into<String>, file: impl Into<String>, line: u32) -> Self {
        let (message, detail) = (String::new(), String::new());
        let outcome = CaseOutcome::Passed;
        Self { name: name.into(), file: file.into(), line, outcome, message, detail, at: None, duration: None }
    }
}

/// How many cases ended so.
#[must_use]
pub fn count(cases: &[CaseResult], outcome: CaseOutcome) -> usize {
    cases.iter().filter(|case| case.outcome == outcome).count()
}
