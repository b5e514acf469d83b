//! A sentence with the names in it marked, so that each form of page can set and escape them its own way.

/// A run of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Plain(String),
    /// An author's text, to stand in quotation marks.
    Quote(String),
    /// A name that the rulebook gives.
    Name(NameKind, String),
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// A tier, by its place among the tiers and how many there are.
    Tier(usize, usize),
    /// A sequence.
    Sequence,
    /// A rule.
    Rule,
    /// A score.
    Score,
    /// An event that the rulebook declares.
    Event,
    /// A fact of a lead or a property of an event.
    Fact,
    /// A calendar.
    Calendar,
    /// A template, a tag, a sink, a touch, a file: anything else with a name.
    Other,
}

impl NameKind {
    /// Where on the page a name is explained: the first half of its anchor.
    #[must_use]
    pub fn anchor(self) -> Option<&'static str> {
        match self {
            Self::Tier(..) => Some("tier"),
            Self::Sequence => Some("sequence"),
            Self::Rule => Some("rule"),
            Self::Score => Some("score"),
            Self::Event => Some("event"),
            Self::Calendar => Some("calendar"),
            Self::Fact | Self::Other => None,
        }
    }

    /// A name as a reader sees it: those of events are words in quotation marks.
    #[must_use]
    pub fn shown(self, name: &str) -> String {
        match self {
            Self::Event => format!("“{}”", name.replace('_', " ")),
            _ => name.to_owned(),
        }
    }
}

/// A sentence or a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prose(pub Vec<Piece>);

impl From<&str> for Prose {
    fn from(text: &str) -> Self {
        Self(vec![Piece::Plain(text.to_owned())])
    }
}

impl From<String> for Prose {
    fn from(text: String) -> Self {
        Self(vec![Piece::Plain(text)])
    }
}

impl Prose {
    /// A name.
    #[must_use]
    pub fn name(kind: NameKind, text: &str) -> Self {
        Self(vec![Piece::Name(kind, text.to_owned())])
    }

    /// A name of no kind of its own.
    #[must_use]
    pub fn other(text: &str) -> Self {
        Self::name(NameKind::Other, text)
    }

    /// An author's text.
    #[must_use]
    pub fn quote(text: &str) -> Self {
        Self(vec![Piece::Quote(text.to_owned())])
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Plain(text) if text.is_empty()))
    }

    /// This, and something after it.
    #[must_use]
    pub fn then(mut self, next: impl Into<Self>) -> Self {
        self.0.extend(next.into().0);
        self
    }

    /// With a capital letter where it begins with a word.
    #[must_use]
    pub fn capital(mut self) -> Self {
        if let Some(Piece::Plain(text)) = self.0.first_mut() {
            let mut letters = text.chars();
            *text = letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
        }
        self
    }

    /// As text alone.
    #[must_use]
    pub fn text(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Plain(text) => text.clone(),
            Piece::Name(kind, name) => kind.shown(name),
            Piece::Quote(text) => format!("“{text}”"),
        };
        self.0.iter().map(piece).collect()
    }

    /// The first name in it.
    #[must_use]
    pub fn first_name(&self) -> Option<(NameKind, &str)> {
        self.0.iter().find_map(|piece| match piece {
            Piece::Name(kind, name) => Some((*kind, name.as_str())),
            _ => None,
        })
    }
}

/// A pattern with each `{}` replaced by the next part.
pub fn fill<const N: usize>(pattern: &str, parts: [Prose; N]) -> Prose {
    let mut parts = parts.into_iter();
    let mut whole = Prose::default();
    for (at, text) in pattern.split("{}").enumerate() {
        if at > 0 {
            whole = whole.then(parts.next().unwrap_or_default());
        }
        if !text.is_empty() {
            whole = whole.then(text);
        }
    }
    whole
}

/// Parts with something between each two.
pub fn joined(parts: impl IntoIterator<Item = Prose>, between: &str) -> Prose {
    let mut whole = Prose::default();
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            whole = whole.then(between);
        }
        whole = whole.then(part);
    }
    whole
}

/// `a, b and c`; the last two are joined by the word.
pub fn listed(mut parts: Vec<Prose>, word: &str) -> Prose {
    let last = parts.pop().unwrap_or_default();
    if parts.is_empty() {
        return last;
    }
    fill("{} {} {}", [joined(parts, ", "), word.into(), last])
}
