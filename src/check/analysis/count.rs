//! Counts without an end: they start over at each firing, however long it took.

use super::book::Book;
use crate::diagnostic::Diagnostic;
use crate::rulebook::Trigger;
use crate::slug::Slug;

/// Finds them.
pub(super) fn analyze(book: &Book, found: &mut Vec<Diagnostic>) {
    for own in &book.rules {
        let Trigger::Count { times, within: None, without: None, .. } = own.rule.trigger else { continue };
        if times < 2 {
            continue;
        }
        let text = book.text(own.decl.trigger.range);
        let message = format!("`{text}` counts without a window");
        let endless = Diagnostic::new(Slug::CountWithoutWindow, own.decl.trigger.range, message);
        let label = format!("every {times} of them, in days or in years");
        found.push(
            endless.label(label).help(format!("say in how long: `{text} within 7d`, or `{text} without replied`")),
        );
    }
}
