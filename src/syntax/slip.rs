//! The common slips by name: what an author meant, seen from the token at which a statement
//! failed. Asked only after a statement failed, so that nothing valid is ever called a slip.

pub mod log_name;
mod test_line;

use super::grammar;
use super::mistake::{Context, Said, said};
use super::token::TokenKind;
use super::words::{self, Class};
use crate::diagnostic::Diagnostic;
use crate::words::nearest;
pub use test_line::of_test_line;

/// The finding for a known slip at token `at`, if it is one.
pub fn find(context: &Context<'_>, at: usize, expected: &[&'static str]) -> Option<Diagnostic> {
    let slip = Slip { context, at, expected };
    slip.number(at)
        .or_else(|| at.checked_sub(1).and_then(|before| slip.number(before)))
        .or_else(|| slip.head())
        .or_else(|| log_name::find(context, at))
        .or_else(|| slip.spelling())
        .or_else(|| slip.lift())
        .or_else(|| slip.sign())
        .or_else(|| slip.word())
        .or_else(|| slip.arrow())
        .or_else(|| slip.comma())
        .or_else(|| slip.reserved())
}

struct Slip<'a> {
    context: &'a Context<'a>,
    at: usize,
    expected: &'a [&'static str],
}

impl Slip<'_> {
    fn text(&self, index: usize) -> &str {
        self.context.word(index)
    }

    /// The place `n` tokens before the failure; no token has it where there are not so many.
    fn back(&self, n: usize) -> usize {
        self.at.checked_sub(n).unwrap_or(usize::MAX / 2)
    }

    fn wants(&self, words: &str) -> bool {
        self.expected.contains(&words)
    }

    fn head_word(&self) -> &str {
        self.text(self.context.statement.tokens.start)
    }

    fn is_word(&self, index: usize) -> bool {
        matches!(self.context.kind(index), Some(TokenKind::Word(_)))
    }

    /// A finding about tokens `first..=last`.
    #[expect(clippy::unnecessary_wraps, reason = "what every check returns")]
    fn tell(&self, first: usize, last: usize, said: Said) -> Option<Diagnostic> {
        Some(self.context.tell(first, last, said))
    }

    /// `7 days`, `3 x`, `x3`, `10am`, `9:00`, `1.5h`.
    fn number(&self, index: usize) -> Option<Diagnostic> {
        let text = self.text(index);
        if let Some(count) = text.strip_prefix(['x', '×']).filter(|rest| is_digits(rest)) {
            return self.tell(index, index, said(format!("`{text}` is not a count"), "", format!("write `{count}x`")));
        }
        if self.context.kind(index) != Some(TokenKind::Number) {
            return None;
        }
        let next = self.text(index + 1);
        if index == self.at && text.len() == 5 && text.contains(':') && self.wants("`at` or a part of the day") {
            return self.tell(index, index, said("`at` is missing", "", format!("write `at {text}`")));
        }
        if is_digits(text) && index == self.at && self.head_word() == "score" && self.wants(grammar::OPERATOR) {
            return self.tell(index, index, said("points need a sign", "", format!("write `+{text}`")));
        }
        if is_digits(text) {
            return self.number_and_word(index, text, next);
        }
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let suffix = text.get(digits.len()..).unwrap_or("");
        if let Some(time) = clock(digits, suffix) {
            let message = format!("`{text}` is not a time");
            return self.tell(index, index, said(message, "", format!("write `{time}`")));
        }
        if is_digits(digits) {
            let unit = unit(suffix).filter(|unit| *unit != suffix)?;
            let message = format!("`{text}` is not a length");
            return self.tell(index, index, said(message, "", format!("write `{digits}{unit}`")));
        }
        if digits.contains('.') && unit(suffix).is_some() {
            let help = "lengths are whole numbers; use a smaller unit, such as `90m` for an hour and a half";
            return self.tell(index, index, said(format!("`{text}` is not a length"), "", help));
        }
        None
    }

    fn number_and_word(&self, index: usize, text: &str, next: &str) -> Option<Diagnostic> {
        if matches!(next, "x" | "×" | "times") && !self.wants("`times`") {
            let message = format!("`{text} {next}` is not a count");
            return self.tell(index, index + 1, said(message, "", format!("write `{text}x`")));
        }
        if let Some(time) = clock(text, next).filter(|_| matches!(next, "am" | "pm")) {
            let message = format!("`{text} {next}` is not a time");
            return self.tell(index, index + 1, said(message, "", format!("write `{time}`")));
        }
        if let Some(unit) = unit(next) {
            let message = format!("`{text} {next}` is not a length");
            return self.tell(index, index + 1, said(message, "", format!("write `{text}{unit}`")));
        }
        let hour = text.parse::<u32>().ok().filter(|hour| *hour < 24)?;
        if index == self.at && self.expected.iter().any(|words| words.starts_with("a time such as `09:30`")) {
            let message = format!("`{text}` is not a time");
            return self.tell(index, index, said(message, "", format!("write `{hour:02}:00`")));
        }
        None
    }

    /// A statement that begins with a word near a declaration's, or with one of another language.
    fn head(&self) -> Option<Diagnostic> {
        let start = self.context.statement.tokens.start;
        let head = self.head_word();
        if matches!(head, "when" | "if" | "rule") && self.is_word(start + 1) {
            let help = "begin with the trigger: `opened 3x -> hot`, or with a label: `third_open: opened 3x -> hot`";
            return self.tell(start, start, said(format!("a rule does not begin with `{head}`"), "", help));
        }
        let follows = matches!(self.context.kind(start + 1), Some(TokenKind::Word(_) | TokenKind::Open(b'{')));
        if !follows || self.context.kind(start) != Some(TokenKind::Word(Class::Plain)) {
            return None;
        }
        nearest(head, DECLARATIONS).filter(|near| *near != head).map(|near| {
            let message = format!("`{head}` does not begin a declaration");
            self.context.tell(start, start, said(message, "", format!("did you mean `{near}`?")))
        })
    }

    /// Names with capitals, hyphens or other letters.
    fn spelling(&self) -> Option<Diagnostic> {
        let (at, text) = (self.at, self.text(self.at));
        let hyphen = text == "-" && self.context.touches(self.back(1)) && self.context.touches(at);
        if hyphen && self.is_word(self.back(1)) && self.is_word(at + 1) {
            let mut last = at + 1;
            while self.text(last + 1) == "-" && self.is_word(last + 2) && self.context.touches(last) {
                last += 2;
            }
            let written = self.context.covered(self.back(1), last);
            let message = format!("`{written}` is not a name");
            return self.tell(
                at - 1,
                last,
                said(message, "names have no hyphen", format!("write `{}`", snake(written))),
            );
        }
        if !self.is_word(at) {
            return None;
        }
        if !text.is_ascii() || text.starts_with('_') {
            let help = "names begin with a letter a-z and go on with a-z, 0-9 and `_`";
            return self.tell(at, at, said(format!("`{text}` is not a name"), "", help));
        }
        if text.chars().any(|c| c.is_ascii_uppercase()) {
            let help = format!("write `{}`", snake(text));
            return self.tell(at, at, said(format!("`{text}` is not a name"), "names are in lower case", help));
        }
        None
    }

    /// A word of the language where a name must stand.
    fn reserved(&self) -> Option<Diagnostic> {
        let (at, text) = (self.at, self.text(self.at));
        let is_name_here = NAMED.iter().any(|words| self.wants(words)) || self.text(at + 1) == ":";
        if words::is_reserved(text) && is_name_here {
            let message = format!("`{text}` is a word of the language and cannot be a name");
            return self.tell(at, at, said(message, "", format!("choose another name, such as `{text}_1`")));
        }
        None
    }

    /// `=` for `==`, `>` for the arrow, `<>`.
    fn sign(&self) -> Option<Diagnostic> {
        let (at, text) = (self.at, self.text(self.at));
        match text {
            "==" if self.wants("`=`") => self.tell(at, at, said("`==` compares, it does not set", "", "write `=`")),
            "=" if self.wants("`is`") => {
                self.tell(at, at, said("an event is declared with `is`", "", "write `is` in place of `=`"))
            }
            "=" if self.wants("`->`") && !self.wants(grammar::OPERATOR) => self.not_the_arrow(text),
            "=" if self.wants(grammar::OPERATOR) || self.wants("a comparison") => {
                self.tell(at, at, said("`=` does not compare", "", "write `==`"))
            }
            "=" if self.text(self.back(1)) == "=" || matches!(self.text(self.back(1)), "==" | "!=") => {
                self.tell(self.back(1), at, said("this is not an operator", "", "write `==` or `!=`"))
            }
            ">" if self.text(self.back(1)) == "<" => {
                self.tell(self.back(1), at, said("`<>` is not an operator", "", "write `!=`"))
            }
            ">" if self.wants("`->`") => self.not_the_arrow(text),
            _ => None,
        }
    }

    /// `find 50`, `find -50%`: the lift an experiment looks for.
    fn lift(&self) -> Option<Diagnostic> {
        let is_lift = self.head_word() == "experiment" && self.text(self.back(1)) == "find";
        let end = if self.text(self.at) == "-" { self.at + 1 } else { self.at };
        if !is_lift || self.context.kind(end) != Some(TokenKind::Number) {
            return None;
        }
        let number = self.text(end).trim_end_matches('%');
        let help = format!("say how much better it must be: `find +{number}%`");
        self.tell(self.at, end, said("a lift is a percentage with a `+`", "", help))
    }

    fn not_the_arrow(&self, text: &str) -> Option<Diagnostic> {
        self.tell(self.at, self.at, said(format!("`{text}` is not the arrow"), "", "write `->`"))
    }

    /// Words of other languages, and words in the wrong place.
    fn word(&self) -> Option<Diagnostic> {
        let (at, text) = (self.at, self.text(self.at));
        let in_sequence = self.head_word() == "sequence";
        let short = text.get(..3).unwrap_or("");
        match text {
            "else" => self.tell(at, at, said("`else` is not a word of the language", "", "write `otherwise`")),
            "->" | "→" if self.text(self.back(1)) == "else" => {
                self.tell(self.back(1), at - 1, said("`else` is not a word of the language", "", "write `otherwise`"))
            }
            _ if matches!(self.text(self.back(1)), "alert" | "escalate") && text.starts_with('"') => {
                let help = format!("write who it is for: `{} owner {text}`", self.text(self.back(1)));
                self.tell(self.back(1), at, said("this alert is for nobody", "", help))
            }
            _ if self.wants("a length such as `7d`") && unit(text).is_some() => {
                let help = format!("write `1{}`", unit(text).unwrap_or("d"));
                self.tell(at, at, said(format!("`{text}` is not a length"), "", help))
            }
            "where" | "when" if in_sequence && !self.wants("`{`") => {
                let message = format!("a touch has no `{text}`");
                self.tell(at, at, said(message, "", "write `if`: `email recap if sms_ok`"))
            }
            "if" | "when" if !in_sequence && self.wants("`->`") => {
                let message = format!("the condition of a rule does not begin with `{text}`");
                self.tell(at, at, said(message, "", "write `where`: `opened where deal_value > 5 -> hot`"))
            }
            "and" if !in_sequence && self.wants("`->`") => {
                let help = "for a condition write `where`: `opened where deal_value > 5 -> hot`; for another event too, \
                            `opened where count(clicked) > 0 -> hot`";
                self.tell(at, at, said("`and` does not join triggers", "", help))
            }
            "if" | "where" | "while" | "when" if self.wants("`,`") && !in_sequence && self.after_arrow() => {
                let message = "conditions stand before the arrow";
                let help = "write `where` between the trigger and `->`: `opened where deal_value > 5 -> hot`";
                self.tell(at, at, said(message, "", help))
            }
            "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday" => {
                let message = format!("`{text}` is not a weekday");
                self.tell(at, at, said(message, "", format!("write `{short}`")))
            }
            _ => None,
        }
    }

    fn after_arrow(&self) -> bool {
        (self.context.statement.tokens.start..self.at).any(|index| self.context.kind(index) == Some(TokenKind::Arrow))
    }

    /// A rule without its arrow.
    fn arrow(&self) -> Option<Diagnostic> {
        let (at, text) = (self.at, self.text(self.at));
        if !self.wants("`->`") {
            return None;
        }
        let tokens = self.context.statement.tokens.clone();
        if at >= tokens.end {
            let last = tokens.end.saturating_sub(1);
            let first = self.text(tokens.start + 1);
            let compared = self.text(self.back(2)) == ">" && self.is_word(last) && matches!(first, ">" | ":");
            let help = if compared {
                format!("write `-> {}` if `>` is meant as the arrow", self.text(last))
            } else {
                "write `->` and what to do: `opened 3x -> hot`".to_owned()
            };
            return self.tell(last, last, said("this rule does nothing", "expected `->` after this", help));
        }
        if matches!(text, "then" | "do" | "=" | "-") {
            return self.not_the_arrow(text);
        }
        (self.is_word(at) && !matches!(text, "and" | "or" | "in")).then(|| {
            let help = format!("write `->` before the effects: `-> {text}`");
            self.context.tell(at, at, said("the arrow is missing", format!("expected `->` before `{text}`"), help))
        })
    }

    /// Effects without a comma between them.
    fn comma(&self) -> Option<Diagnostic> {
        let (at, text) = (self.at, self.text(self.at));
        if !self.wants("`,`")
            || !self.after_arrow()
            || self.head_word() == "sequence"
            || at >= self.context.statement.tokens.end
        {
            return None;
        }
        let usual = |index: usize| matches!(self.text(index), "email" | "sms" | "call" | "task" | "linkedin");
        let first = if usual(self.back(1)) && self.is_word(self.back(2)) { self.back(1) } else { at };
        let word = self.text(first);
        let help = if matches!(text, "and" | "then") {
            format!("write `,` in place of `{text}`")
        } else {
            format!("write `, {word}`")
        };
        self.is_word(at).then(|| {
            self.context.tell(
                first,
                at,
                said("effects are separated by commas", format!("expected `,` before `{word}`"), help),
            )
        })
    }
}

/// Words for names in "expected ..." lists.
const NAMED: [&str; 5] =
    ["a name", "an event such as `opened`", "a state such as a tier", "a label", "a template or a text"];

const DECLARATIONS: [&str; 11] =
    ["event", "group", "lead", "tiers", "calendar", "channel", "let", "settings", "sequence", "score", "experiment"];

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The unit an author meant.
fn unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        "w" | "wk" | "week" | "weeks" => "w",
        "bh" => "bh",
        "bd" => "bd",
        _ => return None,
    })
}

/// The time of the day an author meant: `10am`, `9:00`, `9:30pm`.
fn clock(digits: &str, suffix: &str) -> Option<String> {
    let (hour, minute) = digits.split_once(':').unwrap_or((digits, "00"));
    let (hour, minute) = (hour.parse::<u32>().ok()?, minute.parse::<u32>().ok().filter(|m| *m < 60)?);
    let hour = match (suffix, hour) {
        ("am", 12) => 0,
        ("am", _) | ("pm", 12) => hour,
        ("pm", 1..12) => hour + 12,
        ("", _) if digits.contains(':') && digits.len() < 5 => hour,
        _ => return None,
    };
    (hour < 24).then(|| format!("{hour:02}:{minute:02}"))
}

/// A name as the language writes it.
fn snake(text: &str) -> String {
    let mut out = String::new();
    let mut low = false;
    for char in text.chars() {
        if char.is_ascii_uppercase() && low {
            out.push('_');
        }
        low = char.is_ascii_lowercase() || char.is_ascii_digit();
        out.push(if char == '-' { '_' } else { char.to_ascii_lowercase() });
    }
    out
}
