//! Message templates: front matter between `---` lines, then a body. Checked when parsed, filled
//! in when a touch falls due; what is filled in is never read as a template again.
//!
//! Front matter: `channel` (required), `subject` (of emails; a template itself), `topic`, `needs` (names
//! whose values a person supplies). Nothing else, and no anchors, aliases or tags of YAML.
//!
//! Body: `{{ name }}`, `{% if %} {% elif %} {% else %} {% endif %}`, `{% for x in list %}
//! {% endfor %}`, `{% raw %} {% endraw %}`, `{# remarks #}`. A variable without a value holds the
//! message when it is printed; `or`, `default("…")` and `if` may ask for it: `{{ topic or company }}`.
//!
//! Filters
//! - `money`: `50000` is `50,000`, `money("$")` is `$50,000`, `money("EUR")` is `EUR 50,000`; cents where there are any,
//! - `date("long")`, in the lead's zone: `long` (the default) `Thursday, March 5`, `full`
//!   `Thursday, March 5, 2026`, `short` `Mar 5`, `day` `Thursday`, `time` `10:00 am`, `iso` `2026-03-05`,
//! - `first_name`: `Ana Lucia Silva` and `Silva, Ana Lucia` are `Ana`,
//! - `upper lower title capitalize trim replace length join first last default round abs`.
//!
//! Numbers that are whole print without a fraction, truth values as `yes` and `no`, lists with
//! commas, times as `full` with the clock time.

mod filters;
mod front;
mod render;
mod scan;

use std::collections::BTreeSet;
use std::ops::Range;

pub use filters::NAMES as FILTERS;
pub use render::{Message, RenderSetting, Unfilled};

/// Largest template, in bytes.
pub const MAX_SOURCE: usize = 64 * 1024;

/// A mistake in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The bytes it is about.
    pub range: Range<usize>,
    /// Line of the first, from 1.
    pub line: u32,
    /// Column of the first in characters, from 1.
    pub column: u32,
    /// One line, lower case, no full stop, the author's text in backticks.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// A name in a template, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// `company`, `event.page`
    pub name: String,
    /// The bytes of its first appearance.
    pub range: Range<usize>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A template that can be rendered.
#[derive(Clone, Debug)]
pub struct Template {
    name: String,
    channel: Variable,
    topic: Option<Variable>,
    needs: Vec<Variable>,
    subject: Option<String>,
    body: String,
    /// Lines on which subject and body begin.
    subject_line: u32,
    body_line: u32,
    variables: Vec<Variable>,
    /// Those that stand where something is multiplied, so that they must not be texts or lists.
    multiplied: BTreeSet<String>,
}

/// A mistake before its line is known: bytes, message, help.
type Found = (Range<usize>, String, Option<String>);

impl Template {
    /// Checks a template; `name` is how messages call it.
    ///
    /// # Errors
    /// Every mistake found, by place.
    pub fn parse(name: &str, text: &str) -> Result<Self, Vec<TemplateError>> {
        if text.len() > MAX_SOURCE {
            let message = format!("the template is {} bytes long; at most {MAX_SOURCE} are allowed", text.len());
            return Err(located(text, vec![(0..0, message, None)]));
        }
        let front = front::parse(text).map_err(|found| located(text, found))?;
        let parts =
            front.subject.iter().cloned().chain([(front.body, text.get(front.body..).unwrap_or("").to_owned())]);
        let (mut variables, mut found) = (Vec::new(), Vec::new());
        for (start, part) in parts {
            match scan::check(&part) {
                Ok(names) => variables.extend(names.into_iter().map(|(name, range)| (name, shift(&range, start)))),
                Err(wrong) => found.extend(wrong.into_iter().map(|(range, m, h)| (shift(&range, start), m, h))),
            }
        }
        if !found.is_empty() {
            return Err(located(text, found));
        }
        let mut variables: Vec<Variable> =
            variables.into_iter().map(|(name, range)| variable(text, name, range)).collect();
        variables.sort_by_key(|v| v.range.start);
        let mut seen = std::collections::BTreeSet::new();
        variables.retain(|v| seen.insert(v.name.clone()));
        Ok(Self {
            name: name.to_owned(),
            channel: variable(text, front.channel.0, front.channel.1),
            topic: front.topic.map(|(name, range)| variable(text, name, range)),
            needs: front.needs.into_iter().map(|(name, range)| variable(text, name, range)).collect(),
            subject_line: front.subject.as_ref().map_or(1, |(start, _)| line_column(text, *start).0),
            body_line: line_column(text, front.body).0,
            multiplied: scan::multiplied(text.get(front.body..).unwrap_or(""))
                .into_iter()
                .chain(front.subject.iter().flat_map(|(_, text)| scan::multiplied(text)))
                .collect(),
            subject: front.subject.map(|(_, text)| text),
            body: text.get(front.body..).unwrap_or("").to_owned(),
            variables,
        })
    }

    /// The channel it is for, with the place where it says so.
    pub fn channel(&self) -> &Variable {
        &self.channel
    }

    /// The topic it is about, with the place where it says so.
    pub fn topic(&self) -> Option<&Variable> {
        self.topic.as_ref()
    }

    /// Names listed under `needs`.
    pub fn needs(&self) -> &[Variable] {
        &self.needs
    }

    /// Every value that subject and body may ask for, once, by place: `company` is a fact or one
    /// of `needs`, `event.page` a property of the triggering event.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// Whether there is a subject.
    pub fn has_subject(&self) -> bool {
        self.subject.is_some()
    }
}

fn shift(range: &Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

fn variable(text: &str, name: String, range: Range<usize>) -> Variable {
    let (line, column) = line_column(text, range.start);
    Variable { name, range, line, column }
}

fn located(text: &str, mut found: Vec<Found>) -> Vec<TemplateError> {
    found.sort_by_key(|(range, ..)| range.start);
    let error = |(range, message, help): Found| {
        let (line, column) = line_column(text, range.start);
        TemplateError { range, line, column, message, help }
    };
    found.into_iter().map(error).collect()
}

fn line_column(text: &str, byte: usize) -> (u32, u32) {
    let before = text.get(..byte).unwrap_or(text);
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (before.matches('\n').count() as u32 + 1, column as u32)
}
