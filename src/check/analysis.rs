//! What a sound rulebook probably does not mean: conditions that never hold, lines nobody gets to,
//! rules in each other's way. Runs once `check` has found no error; one analysis is one file, a function
//! from the resolved rulebook to findings.

mod book;
mod by_tier;
mod cadence;
mod consent;
mod constant;
mod contact;
mod count;
mod dead_end;
mod duplicate;
mod experiment;
mod formula;
mod kind;
mod leaps;
mod mention;
mod never;
mod next_step;
mod opens;
mod reach;
mod reply;
mod rule_loop;
mod shadow;
mod solve;
mod tier_conflict;
mod undone;
mod unset_fact;
mod unused;
mod window;

use crate::diagnostic::Diagnostic;
use crate::rulebook::Rulebook;
use crate::syntax::tree::File;

use self::book::Book;

/// Everything the analyses find, in no particular order.
pub(super) fn run(rulebook: &Rulebook, files: &[File]) -> Vec<Diagnostic> {
    let book = Book::new(rulebook, files);
    let mut found = Vec::new();
    for analysis in [
        never::analyze,
        constant::analyze,
        shadow::analyze,
        duplicate::analyze,
        tier_conflict::analyze,
        undone::analyze,
        rule_loop::analyze,
        reply::analyze,
        consent::analyze,
        kind::analyze,
        kind::permissions,
        window::analyze,
        contact::analyze,
        reach::analyze,
        dead_end::analyze,
        opens::analyze,
        count::analyze,
        cadence::analyze,
        experiment::analyze,
        unset_fact::analyze,
        unused::analyze,
    ] {
        analysis(&book, &mut found);
    }
    found
}
