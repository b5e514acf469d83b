//! Words that every stage may need: a noun with its count, the near name, and lists of names. What a message
//! says stands where it is said.

use std::borrow::Cow;
use std::fmt::Display;

/// `1 lead`, `2 leads`, `2 touches`, `3 entries`
#[must_use]
pub fn many<N: Copy + Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    format!("{count} {}", counted(count == N::from(1), noun))
}

/// `once`, `3 times`
#[must_use]
pub fn times<N: Copy + Display + PartialEq + From<u8>>(count: N) -> String {
    if count == N::from(1) { String::from("once") } else { format!("{count} times") }
}

/// `2nd`, `3rd`, `11th`
#[must_use]
pub fn ordinal(number: u32) -> String {
    let end = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}

/// A noun as it stands after a count: as it is for one, else its plural.
#[must_use]
pub fn counted(is_one: bool, noun: &str) -> Cow<'_, str> {
    let before_y = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    match before_y {
        _ if is_one => noun.into(),
        Some(stem) => format!("{stem}ies").into(),
        None if ["ch", "sh", "s", "x"].iter().any(|end| noun.ends_with(end)) => format!("{noun}es").into(),
        None => format!("{noun}s").into(),
    }
}

/// The candidate nearest to a name, where one is near: at most a third of the name's letters
/// changed, added, left out or swapped. The first of several equally near.
#[must_use]
pub fn nearest<'n, S: AsRef<str> + ?Sized + 'n>(
    name: &str,
    candidates: impl IntoIterator<Item = &'n S>,
) -> Option<&'n str> {
    let letters = name.chars().count();
    let limit = letters / 3;
    candidates
        .into_iter()
        .map(AsRef::as_ref)
        // Names of very different lengths are never near, and comparing them would take long.
        .filter(|candidate| candidate.chars().count().abs_diff(letters) <= limit)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many names a list shows.
const LISTED: usize = 8;

/// At most eight names, in backticks.
#[must_use]
pub fn listed(names: &[String]) -> String {
    let text = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn nouns_follow_their_count() {
        assert_eq!([many(0, "lead"), many(1, "lead"), many(2, "lead")], ["0 leads", "1 lead", "2 leads"]);
        assert_eq!([many(1_u64, "touch"), many(2_u64, "touch")], ["1 touch", "2 touches"]);
        assert_eq!([many(1, "entry"), many(2, "entry"), many(2, "day")], ["1 entry", "2 entries", "2 days"]);
        assert_eq!([times(1), times(3)], ["once", "3 times"]);
    }

    #[test]
    fn a_name_is_near_up_to_a_third_of_its_length() {
        let tiers = names(&["hot", "warm", "cold"]);
        assert_eq!(nearest("hto", &tiers), Some("hot"));
        assert_eq!(nearest("wram", &tiers), Some("warm"));
        assert_eq!(nearest("wrma", &tiers), None);
        assert_eq!(nearest("ht", &tiers), None);
        assert_eq!(nearest("äö", ["äöü"]), None, "letters are counted, not bytes");
        assert_eq!(nearest("lad", ["lead", "laud"]), Some("lead"), "the first of several equally near");
    }

    #[test]
    fn at_most_eight_names_are_listed() {
        assert_eq!(listed(&names(&["a", "b"])), "`a`, `b`");
        let many: Vec<String> = ('a'..='j').map(String::from).collect();
        assert!(listed(&many).ends_with("`h` and 2 more"));
    }
}
