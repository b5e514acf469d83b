//! What is wrong with a rulebook, as data: made by every stage that reads what an author wrote,
//! drawn by `report`. The words stand where the mistake is found, the pages in `slug`.

use crate::slug::Slug;
use crate::source::Range;

pub use crate::slug::Severity;

/// One finding with the place it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of mistake; names the page that explains it.
    pub slug: Slug,
    /// How much it weighs.
    pub severity: Severity,
    /// One line, lower case, no full stop, the author's text in backticks.
    pub message: String,
    /// The text the message is about.
    pub range: Range,
    /// A few words under the underlined text; may be empty.
    pub label: String,
    /// Further places with a few words each.
    pub others: Vec<(Range, String)>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding with the severity its slug has by default, without label, other places or help.
    #[must_use]
    pub fn new(slug: Slug, range: Range, message: impl Into<String>) -> Self {
        let severity = slug.severity();
        Self { slug, severity, message: message.into(), range, label: String::new(), others: Vec::new(), help: None }
    }

    /// With the words under the underlined text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With a further place.
    #[must_use]
    pub fn other(mut self, range: Range, label: impl Into<String>) -> Self {
        self.others.push((range, label.into()));
        self
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
