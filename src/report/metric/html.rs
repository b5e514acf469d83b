//! A report of metrics as one file of HTML: no script, nothing from elsewhere, light and dark, for paper and for a
//! phone. It is also well-formed XML, so that a mistake in it is found by a test.

use std::fmt::Write as _;

use super::entry::{self, MetricEntry};
use super::numbers::{self, Numbers};
use super::{Drawn, experiment, picture, words};
use crate::shown::{line, markup};

const STYLE: &str = include_str!("html/style.css");

/// The report as a file of HTML.
#[must_use]
pub fn render(drawn: &Drawn<'_>) -> String {
    let title = words::TITLE;
    let summary = words::summary(drawn);
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<header>\n<h1>{title}</h1>\n"
    );
    if drawn.shows_simulated() {
        let _ = writeln!(text, "<p>{}.</p>", escaped(&words::capital(words::SIMULATED)));
    }
    let _ = writeln!(text, "<p>{READING}</p>\n</header>");
    let sections = entry::sections(drawn);
    contents(drawn, &sections, &mut text);
    text.push_str("<main>\n");
    for (kind, entries) in &sections {
        let word = kind.word();
        let _ = writeln!(text, "<section id=\"{word}\">\n<h2>{}</h2>", words::capital(word));
        entries.iter().for_each(|entry| metric(entry, &mut text));
        text.push_str("</section>\n");
    }
    experiments(drawn, &mut text);
    let _ = write!(text, "</main>\n<footer><p>{}</p></footer>\n</body>\n</html>\n", escaped(summary.trim_end()));
    text
}

const READING: &str = "A whisker is where the value lies with 95 %; one that reaches the top may go on beyond it. What is hollow still runs, \
     has rows whose time is not over, or is more than is shown. A solid line across is the target, a dashed one a benchmark, a dotted \
     one a benchmark of which no source is known. Where there is a gap there are no rows.";

type Sections<'a> = [(crate::rulebook::metric::MetricKind, Vec<MetricEntry<'a>>)];

fn contents(drawn: &Drawn<'_>, sections: &Sections<'_>, text: &mut String) {
    text.push_str("<nav aria-label=\"Contents\">\n<ul>\n");
    for (kind, entries) in sections {
        let word = kind.word();
        let _ = write!(text, "<li><a href=\"#{word}\">{}</a>: ", words::capital(word));
        let links: Vec<String> = entries.iter().map(|entry| link("m", &entry.metric.name)).collect();
        let _ = writeln!(text, "{}</li>", links.join(", "));
    }
    let experiments: Vec<String> = experiment::entries(drawn).iter().map(|entry| link("x", entry.name())).collect();
    if !experiments.is_empty() {
        let _ =
            writeln!(text, "<li><a href=\"#experiments\">{}</a>: {}</li>", words::EXPERIMENTS, experiments.join(", "));
    }
    text.push_str("</ul>\n</nav>\n");
}

fn link(kind: &str, name: &str) -> String {
    let name = escaped(name);
    format!("<a href=\"#{kind}-{name}\">{name}</a>")
}

fn experiments(drawn: &Drawn<'_>, text: &mut String) {
    let entries = experiment::entries(drawn);
    if entries.is_empty() {
        return;
    }
    let _ = writeln!(text, "<section id=\"experiments\">\n<h2>{}</h2>", words::EXPERIMENTS);
    for entry in &entries {
        let name = escaped(entry.name());
        let _ = writeln!(text, "<article id=\"x-{name}\">\n<h3>{name}</h3>");
        let _ = writeln!(text, "<p class=\"formula\">on {}</p>", escaped(&entry.place()));
        let _ = writeln!(text, "<p><strong>{}</strong></p>", sentence(&entry.verdict()));
        details("The numbers", &entry.numbers(), text);
        let facts: Vec<String> = entry.legend().iter().chain(&entry.facts()).map(|fact| escaped(fact)).collect();
        let _ = writeln!(text, "<ul>\n<li>{}</li>\n</ul>\n</article>", facts.join("</li>\n<li>"));
    }
    text.push_str("</section>\n");
}

/// A text on one line: nothing in it is markup.
fn escaped(text: &str) -> String {
    markup(&line(text))
}

fn metric(entry: &MetricEntry<'_>, text: &mut String) {
    let name = escaped(&entry.metric.name);
    let _ = writeln!(text, "<article id=\"m-{name}\">\n<h3>{name}</h3>");
    if let Some(why) = &entry.metric.why {
        let _ = writeln!(text, "<p>{}</p>", sentence(why));
    }
    let _ = writeln!(text, "<p class=\"formula\">{}</p>", escaped(&entry.formula()));
    figure(entry, text);
    details("The numbers", &numbers::numbers(entry), text);
    let groups = numbers::groups(entry);
    if !groups.rows.is_empty() {
        details(&format!("By {}", entry.drawn.by.unwrap_or_default()), &groups, text);
    }
    let facts = entry.steps().into_iter().chain(entry.in_all()).chain(entry.unknown()).chain(entry.mix());
    let mut facts: Vec<String> = facts.map(|fact| escaped(&fact)).collect();
    facts.extend(entry.missed().map(|missed| format!("<strong>{missed}</strong>")));
    facts.extend(entry.remedy().map(|remedy| sentence(&remedy)));
    if !facts.is_empty() {
        let _ = writeln!(text, "<ul>\n<li>{}</li>\n</ul>", facts.join("</li>\n<li>"));
    }
    text.push_str("</article>\n");
}

/// The picture, and what the lines across it stand for.
fn figure(entry: &MetricEntry<'_>, text: &mut String) {
    let picture = picture::picture(entry).unwrap_or_else(|| "<p>No rows in these periods.</p>\n".to_owned());
    let _ = write!(text, "<figure>\n{picture}");
    let references = words::references(entry);
    if !references.is_empty() {
        text.push_str("<figcaption>\n");
        for reference in &references {
            let _ = writeln!(text, "<p>{} {}</p>", picture::swatch(reference), sentence(&reference.text()));
        }
        text.push_str("</figcaption>\n");
    }
    text.push_str("</figure>\n");
}

/// A text of an author, in which what stands between backticks is a name.
fn sentence(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped(text);
    }
    let part = |(at, part): (usize, &&str)| {
        let part = escaped(part);
        if at % 2 == 1 { format!("<code>{part}</code>") } else { part }
    };
    parts.iter().enumerate().map(part).collect()
}

fn details(title: &str, numbers: &Numbers, text: &mut String) {
    let _ = write!(text, "<details><summary>{}</summary>\n<div><table>\n<thead><tr>", escaped(title));
    for head in &numbers.head {
        let _ = write!(text, "<th scope=\"col\">{head}</th>");
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in &numbers.rows {
        // Empty cells at the end of a line need no tags.
        let filled = row.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        text.push_str("<tr>");
        for cell in row.iter().take(filled) {
            let _ = write!(text, "<td>{}</td>", escaped(cell));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody>\n</table></div></details>\n");
}
