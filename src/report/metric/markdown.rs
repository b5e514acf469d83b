//! A report of metrics as Markdown, for a comment, a chat or a wiki.

use std::fmt::Write as _;

use super::entry::{self, MetricEntry};
use super::numbers::{self, Numbers};
use super::{Drawn, experiment, human, words};
use crate::shown::{markdown as escaped, markdown_sentence};

/// The report, and its last line.
#[must_use]
pub fn render(drawn: &Drawn<'_>) -> String {
    let mut text = format!("# {}\n", words::TITLE);
    if drawn.shows_simulated() {
        let _ = write!(text, "\n{}.\n", words::capital(words::SIMULATED));
    }
    for (kind, entries) in entry::sections(drawn) {
        let _ = write!(text, "\n## {}\n", words::capital(kind.word()));
        entries.iter().for_each(|entry| metric(entry, &mut text));
    }
    experiments(drawn, &mut text);
    let _ = write!(text, "\n{}", escaped(words::summary(drawn).trim_end()));
    text.push('\n');
    text
}

fn metric(entry: &MetricEntry<'_>, text: &mut String) {
    let metric = entry.metric;
    let _ = write!(text, "\n### {}\n\n", escaped(&metric.name));
    if let Some(why) = &metric.why {
        let _ = write!(text, "{}\n\n", markdown_sentence(why));
    }
    let _ = writeln!(text, "- {}", escaped(&entry.formula()));
    let facts = entry.steps().into_iter().chain(entry.in_all()).chain(entry.unknown()).chain(entry.mix());
    for fact in facts {
        let _ = writeln!(text, "- {}", escaped(&fact));
    }
    for line in words::references(entry) {
        let _ = writeln!(text, "- {}", markdown_sentence(&line.text()));
    }
    if let Some(missed) = entry.missed() {
        let _ = writeln!(text, "- **{missed}**");
    }
    if let Some(remedy) = entry.remedy() {
        let _ = writeln!(text, "- {}", markdown_sentence(&remedy));
    }
    if entry.all.periods.len() > 1 {
        let spark = human::sparkline(entry.drawn, entry.all, human::Signs::Blocks);
        if !spark.trim().is_empty() {
            // Blanks are periods without rows, and stay only as code.
            let _ = writeln!(text, "- in a line: `{spark}`");
        }
    }
    table(&numbers::numbers(entry), text);
    let groups = numbers::groups(entry);
    if !groups.rows.is_empty() {
        let _ = write!(text, "\nBy {}:\n", escaped(entry.drawn.by.unwrap_or_default()));
        table(&groups, text);
    }
}

fn experiments(drawn: &Drawn<'_>, text: &mut String) {
    let entries = experiment::entries(drawn);
    if !entries.is_empty() {
        let _ = write!(text, "\n## {}\n", words::EXPERIMENTS);
    }
    for entry in &entries {
        let _ = write!(text, "\n### {}\n\n", escaped(entry.name()));
        let _ = writeln!(text, "- on {}: **{}**", escaped(&entry.place()), markdown_sentence(&entry.verdict()));
        for fact in entry.legend().into_iter().chain(entry.facts()) {
            let _ = writeln!(text, "- {}", escaped(&fact));
        }
        table(&entry.numbers(), text);
    }
}

/// A table; all columns but the names are numbers, and stand on the right.
fn table(numbers: &Numbers, text: &mut String) {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    text.push('\n');
    text.push_str(&line(numbers.head.iter().map(|head| (*head).to_owned()).collect()));
    let side = |head: &&str| {
        if matches!(*head, "group" | "period" | "variant" | "low to high" | "change") { "---|" } else { "---:|" }
    };
    let _ = writeln!(text, "|{}", numbers.head.iter().map(side).collect::<String>());
    for row in &numbers.rows {
        text.push_str(&line(row.iter().map(|cell| escaped(cell)).collect()));
    }
}
