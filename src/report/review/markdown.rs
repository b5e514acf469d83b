//! The review as Markdown, for an issue, a chat or a wiki.

use std::fmt::Write as _;

use super::{DrawnReview, head, left, parts, summary};
use crate::report::metric::words::capital;
use crate::shown::{code, markdown as escaped};

/// The whole review, and its last line.
#[must_use]
pub fn render(drawn: &DrawnReview<'_>) -> String {
    let mut text = format!("# {}\n", escaped(&capital(&head(drawn))));
    for (number, part) in parts(drawn).iter().enumerate() {
        let _ = write!(text, "\n## {}. {}\n\n", number + 1, part.title);
        if part.entries.is_empty() {
            let _ = writeln!(text, "{}.", capital(part.nothing));
        }
        for entry in &part.entries {
            let _ = writeln!(text, "- [ ] **{}**: {}", escaped(&entry.about), escaped(&entry.why));
            for more in entry.command.iter().chain(&entry.paste) {
                let _ = writeln!(text, "  {}", code(more));
            }
        }
    }
    let left = left(drawn);
    if !left.is_empty() {
        text.push_str("\n## No more, since a week ago\n\n");
        for lead in &left {
            let _ = writeln!(text, "- {}", escaped(lead));
        }
    }
    let _ = write!(text, "\n{}", escaped(&summary(drawn)));
    text
}
