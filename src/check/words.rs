//! Words for messages: types, and names made from text.

use std::collections::{BTreeMap, BTreeSet};

use crate::value::Type;

/// A type as it is spoken of: `a number`.
pub(super) fn type_words(ty: Type) -> &'static str {
    match ty {
        Type::Text => "a text",
        Type::Number => "a number",
        Type::Bool => "a bool",
        Type::Time => "a time",
        Type::Date => "a date",
        Type::Zone => "a zone",
        Type::Email => "an email",
        Type::List => "a list",
        Type::Length => "a length of time",
        Type::Any => "a number or a bool",
    }
}

/// Several of a type: `numbers`.
pub(super) fn types_words(ty: Type) -> &'static str {
    match ty {
        Type::Text => "texts",
        Type::Number => "numbers",
        Type::Bool => "bools",
        Type::Time => "times",
        Type::Date => "dates",
        Type::Zone => "zones",
        Type::Email => "emails",
        Type::List => "lists",
        Type::Length => "lengths of time",
        Type::Any => "numbers or bools",
    }
}

/// What an author means who writes a type as other languages do.
pub(super) fn type_meant(word: &str) -> Option<&'static str> {
    Some(match word {
        "string" | "str" | "varchar" => "text",
        "int" | "integer" | "float" | "decimal" | "money" => "number",
        "boolean" | "flag" => "bool",
        "datetime" | "timestamp" => "time",
        "timezone" => "zone",
        "array" | "set" => "list",
        _ => return None,
    })
}

/// The type of a word an author writes after a property.
pub(super) fn type_named(word: &str) -> Option<Type> {
    Some(match word {
        "text" => Type::Text,
        "number" => Type::Number,
        "bool" => Type::Bool,
        "time" => Type::Time,
        "date" => Type::Date,
        "zone" => Type::Zone,
        "email" => Type::Email,
        "list" => Type::List,
        _ => return None,
    })
}

/// The types an author can name.
pub(super) const TYPES: [&str; 8] = ["text", "number", "bool", "time", "date", "zone", "email", "list"];

/// Whether values of the two types can be compared for equality: texts, zones and emails are all
/// texts, a date is its first moment, and a function of a script may give a number or a bool.
pub(super) fn comparable(a: Type, b: Type) -> bool {
    match (a, b) {
        (Type::Any, other) | (other, Type::Any) => matches!(other, Type::Any | Type::Number | Type::Bool),
        _ => kind(a) == kind(b),
    }
}

fn kind(ty: Type) -> Type {
    match ty {
        Type::Zone | Type::Email => Type::Text,
        Type::Date => Type::Time,
        other => other,
    }
}

/// Words joined by underscores, at most sixty letters, comments left out.
pub(super) fn snake_case(text: &str) -> String {
    // The two count signs are one, so that the canonical form keeps the name.
    let text = without_comments(text).replace('×', "x").to_ascii_lowercase();
    let mut name = String::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if !name.is_empty() && name.len() + word.len() > 59 {
            break;
        }
        if !name.is_empty() {
            name.push('_');
        }
        name.push_str(word);
    }
    name
}

/// Names that are taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    names: BTreeSet<String>,
    /// The last number given to a name, so that many alike cost no search.
    numbers: BTreeMap<String, u32>,
}

impl Taken {
    /// Takes a name that an author gave.
    pub fn take(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    /// Takes the name, or the name with `_2`, `_3` … where it is taken.
    pub fn take_unused(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        let number = self.numbers.entry(name.to_owned()).or_insert(1);
        while self.names.contains(&free) {
            *number += 1;
            free = format!("{name}_{number}");
        }
        self.names.insert(free.clone());
        free
    }
}

/// One line with single blanks, comments left out.
pub(super) fn one_line(text: &str) -> String {
    without_comments(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without `# …` outside quotes.
pub(super) fn without_comments(text: &str) -> String {
    let (mut quoted, mut comment, mut escaped) = (false, false, false);
    text.chars()
        .filter(|c| {
            comment = (comment && *c != '\n') || (*c == '#' && !quoted);
            quoted ^= *c == '"' && !comment && !escaped;
            escaped = quoted && *c == '\\' && !escaped;
            !comment
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_words() {
        assert_eq!(snake_case("visited(page == \"Pricing # 1\") # a comment\n 3×"), "visited_page_pricing_1_3x");
        assert_eq!(snake_case(&"word ".repeat(40)).len(), 59);
        let mut taken = Taken::default();
        taken.take("a_2");
        assert_eq!(["a", "a", "b", "a"].map(|name| taken.take_unused(name)), ["a", "a_3", "b", "a_4"]);
        assert_eq!(one_line("a  # \"x\n  == \"b # \\\" c\""), "a == \"b # \\\" c\"");
    }
}
