//! Words for messages: near names, lists of names, types, and names made from text.

use crate::value::Type;

/// The candidate nearest to a name, where one is near: at most a third of the name's letters
/// changed, added, left out or swapped. The first of several equally near.
pub(super) fn nearest<'n>(name: &str, candidates: &'n [String]) -> Option<&'n str> {
    let limit = name.chars().count() / 3;
    candidates
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate.as_str()))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// At most eight names, in backticks.
pub(super) fn listed(names: &[String]) -> String {
    let mut text = names.iter().take(8).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > 8 {
        text.push_str(&format!(" and {} more", names.len() - 8));
    }
    text
}

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
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut comment) = (false, false);
    for c in text.chars().chain([' ']) {
        comment = (comment && c != '\n') || (c == '#' && !quoted);
        quoted ^= c == '"' && !comment;
        if !comment && c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    let mut name = String::new();
    for word in words {
        if !name.is_empty() && name.len() + word.len() > 59 {
            break;
        }
        if !name.is_empty() {
            name.push('_');
        }
        name.push_str(&word);
    }
    name
}

/// The name, or the name with `_2`, `_3` … where it is taken.
pub(super) fn unused(name: String, taken: impl Fn(&str) -> bool) -> String {
    if !taken(&name) {
        return name;
    }
    (2_u32..).map(|n| format!("{name}_{n}")).find(|name| !taken(name)).unwrap_or(name)
}

/// One line with single blanks.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
