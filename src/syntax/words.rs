//! The words of the language and what each may do at the border of two statements.

/// What a word may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A name as far as anybody can tell.
    Plain,
    /// Begins a declaration: `sequence`.
    Declaration,
    /// `on`: begins a decision list, or stands in a header.
    On,
    /// Begins a trigger: `silent`.
    Trigger,
    /// Continues a statement and wants something after it: `while`.
    Joint,
    /// Continues a statement and may stand last in it: `once`.
    Tail,
    /// An effect that wants something after it: `start`.
    Effect,
    /// An effect that may stand alone: `stop`.
    LoneEffect,
}

/// The class of a word.
pub fn class(word: &str) -> Class {
    match word {
        "event" | "group" | "lead" | "tiers" | "calendar" | "channel" | "let" | "settings" | "sequence" | "score"
        | "experiment" | "test" | "todo" | "invariant" => Class::Declaration,
        "on" => Class::On,
        "no" | "silent" | "becomes" | "leaves" | "finished" | "enrolled" | "exited" | "every" => Class::Trigger,
        "while" | "where" | "in" | "within" | "after" | "without" | "for" | "until" | "why" | "per" | "at" | "and"
        | "or" | "not" | "has" | "if" | "is" | "to" | "before" | "next" | "most" | "then" | "otherwise" | "from"
        | "as" => Class::Joint,
        "once" => Class::Tail,
        "start" | "hold" | "alert" | "escalate" | "assign" | "set" | "add" | "tag" | "untag" | "webhook" => {
            Class::Effect
        }
        "stop" | "resume" | "suppress" | "unsuppress" => Class::LoneEffect,
        _ => Class::Plain,
    }
}

/// Whether a word names a type of properties and facts.
pub fn is_type(word: &str) -> bool {
    matches!(word, "text" | "number" | "bool" | "time" | "date" | "zone" | "email" | "list")
}

/// Whether a word begins or continues statements, so that it cannot name an event, a tier, a
/// sequence and the like.
pub fn is_reserved(word: &str) -> bool {
    match class(word) {
        Class::Plain => matches!(word, "true" | "false" | "day" | "suppressed"),
        Class::Joint => !matches!(word, "per" | "is" | "to" | "before" | "next" | "most" | "from" | "as"),
        _ => true,
    }
}
