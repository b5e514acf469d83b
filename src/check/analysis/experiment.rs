//! How many successes an experiment needs, and one that is over before it has any.

use super::book::Book;
use crate::decimal::Decimal;
use crate::diagnostic::Diagnostic;
use crate::rulebook::Experiment;
use crate::slug::Slug;
use crate::statistics::needed;

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    for experiment in &book.rulebook.experiments {
        found.extend(over_too_soon(book, experiment).or_else(|| size(book, experiment)));
    }
}

/// One that ends before the window of its first lead does: nobody ever counts.
fn over_too_soon(book: &Book, experiment: &Experiment) -> Option<Diagnostic> {
    let ((set, within), at_most) = (experiment.goal?, experiment.at_most?);
    if at_most > within {
        return None;
    }
    let message = format!("experiment `{}` is over before its first lead can count", experiment.name);
    let goal = &book.set(set)?.text;
    let (all, each) = (at_most.in_words(), within.in_words());
    let soon = Diagnostic::new(Slug::EndsBeforeGoal, experiment.range, message);
    let soon = soon.label(format!("runs at most {all}, and each lead has {each} for `{goal}`"));
    Some(soon.help("let it run for several times as long as one lead has"))
}

/// How many successes it needs.
fn size(book: &Book, experiment: &Experiment) -> Option<Diagnostic> {
    let goal = &book.set(experiment.goal?.0)?.text;
    let count = experiment.variants.len();
    let successes = |lift: Decimal| needed(lift.to_f64() / 100.0, count);
    let (name, find, own) = (&experiment.name, experiment.find, successes(experiment.find)?);
    let message = format!("experiment `{name}` needs {own} successes to find a lift of {find}%");
    let of = if count > 2 { " of the first variant and each other one" } else { "" };
    let size = Diagnostic::new(Slug::ExperimentSize, experiment.range, message);
    let size = size.label(format!("so many leads with `{goal}`{of}"));
    let twice = find + find;
    Some(match successes(twice).filter(|_| twice <= Decimal::from(1_000)) {
        Some(fewer) => {
            size.help(format!("if that takes too long, look for a larger lift: `find +{twice}%` needs {fewer}"))
        }
        None => size,
    })
}
