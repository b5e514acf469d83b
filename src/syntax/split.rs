//! Where statements begin. Line breaks end no statement, so a border is found by what may begin
//! one: a declaration's keyword, a label, or a trigger that is followed by an arrow.

use super::bracket::Brackets;
use super::token::{Token, TokenKind};
use super::words::Class;

/// One statement: its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Indices of its tokens.
    pub tokens: std::ops::Range<usize>,
}

/// Cuts the tokens of a file into statements; every token belongs to exactly one.
pub fn split(text: &str, tokens: &[Token], brackets: &Brackets) -> Vec<Statement> {
    let mut splitter = Splitter { text, tokens, brackets, arrow_ahead: Vec::new(), head: Head::Rule, complete: false };
    splitter.look_ahead();
    let mut starts = Vec::new();
    for index in 0..tokens.len() {
        if splitter.begins(index) {
            starts.push(index);
            splitter.enter(index);
        }
        splitter.pass(index);
    }
    let ends = starts.iter().skip(1).copied().chain(std::iter::once(tokens.len()));
    starts.iter().copied().zip(ends).map(|(start, end)| Statement { tokens: start..end }).collect()
}

/// Words that go on with a line of a test, even at the start of one in the file.
const GO_ON: [&str; 18] = [
    "to",
    "for",
    "of",
    "by",
    "because",
    "at",
    "on",
    "late",
    "and",
    "or",
    "per",
    "scheduled",
    "sent",
    "skipped",
    "cancelled",
    "expired",
    "suppressed",
    "held",
];

/// Cuts the braces of a test into its lines, each as a statement of its own; none for what is no test.
pub fn lines_of_test(text: &str, tokens: &[Token], statement: &Statement) -> Vec<Statement> {
    let word = |index: usize| tokens.get(index).map_or("", |token: &Token| token.text(text));
    let range = statement.tokens.clone();
    if !matches!(word(range.start), "test" | "todo") {
        return Vec::new();
    }
    let Some(open) = range.clone().take(4).find(|index| word(*index) == "{") else { return Vec::new() };
    let (mut starts, mut depth) = (vec![open + 1], 0);
    for index in open + 1..range.end {
        let Some(token) = tokens.get(index) else { break };
        let leads = token.indent.is_some() && depth == 0 && !GO_ON.contains(&word(index));
        if leads
            && matches!(token.kind, TokenKind::Word(_) | TokenKind::Number | TokenKind::Operator)
            && index > open + 1
        {
            starts.push(index);
        }
        match token.kind {
            TokenKind::Open(_) => depth += 1,
            TokenKind::Close(_) if depth == 0 => {
                let ends = starts.iter().skip(1).copied().chain([index]);
                return starts.iter().copied().zip(ends).map(|(from, to)| Statement { tokens: from..to }).collect();
            }
            TokenKind::Close(_) => depth -= 1,
            _ => {}
        }
    }
    Vec::new()
}

/// What kind of statement we are in, as far as its borders depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// A rule, or a declaration without braces.
    Rule,
    /// Not over before its braces are.
    Braces,
    /// The same, with `on` in its header.
    Experiment,
    /// Ends where something else begins.
    Invariant,
}

struct Splitter<'a> {
    text: &'a str,
    tokens: &'a [Token],
    brackets: &'a Brackets,
    /// For each token: whether an arrow follows before the next token that may begin a rule.
    arrow_ahead: Vec<bool>,
    head: Head,
    /// Whether the statement could end before this token.
    complete: bool,
}

impl Splitter<'_> {
    fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tokens.get(index).map(|t| t.kind)
    }

    fn word(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |t| t.text(self.text))
    }

    fn is_word(&self, index: usize) -> bool {
        matches!(self.kind(index), Some(TokenKind::Word(_)))
    }

    fn is_outside(&self, index: usize) -> bool {
        self.brackets.depths.get(index) == Some(&0)
    }

    fn leads_line(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|t| t.indent.is_some())
    }

    fn is_arrow(&self, index: usize) -> bool {
        match self.kind(index) {
            Some(TokenKind::Arrow) => true,
            Some(TokenKind::Stray) => self.word(index) == "=>",
            _ => false,
        }
    }

    fn is_count(&self, index: usize) -> bool {
        self.kind(index) == Some(TokenKind::Number) && self.word(index).ends_with(['x', '×'])
    }

    /// Fills `arrow_ahead`, from the last token to the first.
    fn look_ahead(&mut self) {
        let mut ahead = vec![false; self.tokens.len()];
        let mut seen = false;
        for index in (0..self.tokens.len()).rev() {
            if let Some(slot) = ahead.get_mut(index) {
                *slot = seen;
            }
            if self.is_outside(index) {
                if self.is_arrow(index) {
                    seen = true;
                } else if self.leads_line(index) && (self.may_lead(index) || self.is_head(index)) {
                    seen = false;
                }
            }
        }
        self.arrow_ahead = ahead;
    }

    /// Whether a word at the start of a line may begin a rule, by its neighbors.
    fn may_lead(&self, index: usize) -> bool {
        matches!(self.kind(index), Some(TokenKind::Word(Class::Plain | Class::Trigger))) && !self.is_wanted(index)
    }

    /// Whether a word looks like the head of a declaration or a label, whatever came before.
    fn is_head(&self, index: usize) -> bool {
        let next = self.kind(index + 1);
        match self.kind(index) {
            Some(TokenKind::Word(_)) if next == Some(TokenKind::Colon) => true,
            Some(TokenKind::Word(Class::Declaration)) => match self.word(index) {
                "lead" | "settings" => next == Some(TokenKind::Open(b'{')),
                "test" | "todo" => matches!(next, Some(TokenKind::Text { .. } | TokenKind::LongText { .. })),
                _ => matches!(next, Some(TokenKind::Word(_))),
            },
            Some(TokenKind::Word(Class::On)) => matches!(next, Some(TokenKind::Word(_))),
            Some(TokenKind::Word(Class::Plain)) => {
                self.declares_topics(index) || self.declares_contact(index) || self.declares_metric(index)
            }
            _ => false,
        }
    }

    /// Whether `topics` begins a declaration: the word is a name elsewhere, so it leads a line here, with a
    /// name behind it.
    fn declares_topics(&self, index: usize) -> bool {
        self.word(index) == "topics"
            && self.leads_line(index)
            && matches!(self.kind(index + 1), Some(TokenKind::Word(Class::Plain)))
            && index.checked_sub(1).is_none_or(|_| !self.is_template(index))
    }

    /// Whether `contact` begins a declaration: it leads a line, and a brace or a list of names stands behind it.
    fn declares_contact(&self, index: usize) -> bool {
        let is_name = matches!(self.kind(index + 1), Some(TokenKind::Word(Class::Plain)));
        let behind = if is_name { index + 2 } else { index + 1 };
        let is_list = is_name && self.kind(behind) == Some(TokenKind::Comma);
        self.word(index) == "contact"
            && self.leads_line(index)
            && (is_list || self.kind(behind) == Some(TokenKind::Open(b'{')))
            && index.checked_sub(1).is_none_or(|_| !self.is_template(index))
    }

    /// Whether `metric` begins a declaration: it leads a line, and a name and `=` stand behind it.
    fn declares_metric(&self, index: usize) -> bool {
        self.word(index) == "metric"
            && self.leads_line(index)
            && self.is_word(index + 1)
            && self.kind(index + 2) == Some(TokenKind::Operator)
            && self.word(index + 2) == "="
            && index.checked_sub(1).is_none_or(|_| !self.is_template(index))
    }

    /// Whether the token before still wants something, so that this one continues it.
    fn is_wanted(&self, index: usize) -> bool {
        let Some(before) = index.checked_sub(1).and_then(|i| self.kind(i)) else { return false };
        match before {
            TokenKind::Operator
            | TokenKind::Arrow
            | TokenKind::Comma
            | TokenKind::Colon
            | TokenKind::Dot
            | TokenKind::Open(_) => true,
            TokenKind::Stray => self.is_arrow(index - 1),
            // `event.start` names a property, whatever the word means elsewhere.
            TokenKind::Word(_) if index.checked_sub(2).and_then(|i| self.kind(i)) == Some(TokenKind::Dot) => false,
            TokenKind::Word(class) => {
                self.head != Head::Invariant
                    && matches!(class, Class::Joint | Class::On | Class::Trigger | Class::Effect | Class::Declaration)
            }
            _ => false,
        }
    }

    fn begins(&self, index: usize) -> bool {
        if index == 0 || self.brackets.cuts.binary_search(&index).is_ok() {
            return true;
        }
        if !self.is_outside(index) {
            return false;
        }
        if self.kind(index - 1) == Some(TokenKind::Close(b'}')) {
            return self.word(index) != "why";
        }
        let Some(TokenKind::Word(class)) = self.kind(index) else { return false };
        if self.is_head(index) {
            return self.head_begins(index, class);
        }
        if matches!(self.head, Head::Braces | Head::Experiment) || self.is_wanted(index) {
            return false;
        }
        match class {
            Class::Declaration => self.leads_line(index) && self.head_word_stands(index),
            Class::Trigger => self.leads_line(index) || self.complete,
            Class::Plain if self.leads_line(index) => {
                self.arrow_ahead.get(index) == Some(&true) || self.is_trigger_for_sure(index)
            }
            Class::Plain if self.is_template(index) => false,
            Class::Plain => {
                self.complete && self.trigger_goes_on(index + 1) && self.arrow_ahead.get(index) == Some(&true)
            }
            _ => false,
        }
    }

    fn head_begins(&self, index: usize, class: Class) -> bool {
        let before = self.kind(index - 1);
        if self.kind(index + 1) == Some(TokenKind::Colon) {
            let named = self.word(index - 1) == "invariant";
            return !named && (self.leads_line(index) || !self.is_wanted(index));
        }
        if class == Class::On && (self.head == Head::Experiment || before == Some(TokenKind::Colon)) {
            return false;
        }
        self.leads_line(index) && before != Some(TokenKind::Comma) || !self.is_wanted(index)
    }

    /// Whether a declaration's word is not a fact's name in an expression.
    fn head_word_stands(&self, index: usize) -> bool {
        !matches!(
            self.kind(index + 1),
            Some(TokenKind::Operator | TokenKind::Dot | TokenKind::Arrow | TokenKind::Comma)
        )
    }

    /// Whether a word at the start of a line begins a statement even without an arrow, as
    /// `opened 3x` and `sequnce x {` do.
    fn is_trigger_for_sure(&self, index: usize) -> bool {
        let brace = Some(TokenKind::Open(b'{'));
        self.is_count(index + 1) || (self.is_word(index + 1) && self.kind(index + 2) == brace)
    }

    /// Whether a word on the same line as a usual channel is what is sent on it.
    fn is_template(&self, index: usize) -> bool {
        // `suppress email` and `unsuppress email` are whole: what follows is no template.
        let barred = index.checked_sub(2).is_some_and(|at| matches!(self.word(at), "suppress" | "unsuppress"));
        matches!(self.word(index - 1), "email" | "sms" | "call" | "task" | "linkedin") && !barred
    }

    /// Whether a token continues a trigger or follows one.
    fn trigger_goes_on(&self, index: usize) -> bool {
        match self.kind(index) {
            Some(TokenKind::Open(b'(')) => true,
            Some(TokenKind::Operator) => matches!(self.word(index), "==" | "!=" | "<" | "<=" | ">" | ">="),
            Some(TokenKind::Number) => self.is_count(index),
            Some(TokenKind::Word(Class::Joint | Class::Tail)) => match self.word(index) {
                "within" | "while" | "where" | "once" => true,
                "at" => self.word(index + 1) == "most",
                _ => false,
            },
            _ => self.is_arrow(index),
        }
    }

    /// Notes what kind of statement begins here.
    fn enter(&mut self, index: usize) {
        let labeled = self.is_word(index) && self.kind(index + 1) == Some(TokenKind::Colon);
        let head = if labeled { index + 2 } else { index };
        self.complete = false;
        self.head = match self.kind(head) {
            Some(TokenKind::Word(Class::On)) => Head::Braces,
            Some(TokenKind::Word(Class::Declaration)) if !labeled => match self.word(head) {
                "experiment" => Head::Experiment,
                "invariant" => Head::Invariant,
                "tiers" | "let" | "group" | "event" => Head::Rule,
                _ => Head::Braces,
            },
            _ => Head::Rule,
        };
        self.complete = matches!(self.word(head), "tiers" | "let" | "group" | "event") && !labeled;
    }

    /// Goes past a token.
    fn pass(&mut self, index: usize) {
        if self.is_outside(index) && self.is_arrow(index) {
            self.complete = true;
        }
        if self.kind(index) == Some(TokenKind::Close(b'}')) && self.brackets.depths.get(index) == Some(&1) {
            self.complete = true;
            self.head = Head::Rule;
        }
    }
}
