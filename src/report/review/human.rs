//! The review for a terminal.

use std::fmt::Write as _;

use super::{DrawnReview, Part, head, left, parts, summary};
use crate::shown::line;

/// The whole review, and its last line.
#[must_use]
pub fn render(drawn: &DrawnReview<'_>) -> String {
    let mut text = format!("{}\n", head(drawn));
    for (number, part) in parts(drawn).iter().enumerate() {
        write(number + 1, part, &mut text);
    }
    let left = left(drawn);
    if !left.is_empty() {
        text.push_str("\nno more, since a week ago\n");
        for lead in &left {
            let _ = writeln!(text, "  {}", line(lead));
        }
    }
    let _ = write!(text, "\n{}", summary(drawn));
    text
}

fn write(number: usize, part: &Part, text: &mut String) {
    let _ = writeln!(text, "\n{number}. {}", part.title);
    if part.entries.is_empty() {
        let _ = writeln!(text, "  {}", part.nothing);
    }
    for entry in &part.entries {
        let _ = writeln!(text, "  {}: {}", line(&entry.about), line(&entry.why));
        for more in entry.command.iter().chain(&entry.paste) {
            let _ = writeln!(text, "      {}", line(more));
        }
    }
}
