//! Whether two trees say the same, wherever their parts stand.

use super::super::tree::{File, Item};

/// What differs first, or `None`.
///
/// The debug form of a tree shows every field of every node, so a field added to the tree is
/// compared without anybody thinking of it.
pub fn difference(before: &File, after: &File) -> Option<String> {
    if before.items.len() != after.items.len() {
        return Some(format!("{} statements become {}", before.items.len(), after.items.len()));
    }
    let mut pairs = before.items.iter().zip(&after.items);
    let (old, new) = pairs.find_map(|(old, new)| {
        let (old, new) = (said(old), said(new));
        (old != new).then_some((old, new))
    })?;
    Some(format!("a statement changes its meaning:\n  {old}\n  {new}"))
}

/// What a statement says, wherever it stands: equal texts mean the same.
pub fn said(item: &Item) -> String {
    without_places(&format!("{item:?}"))
}

/// A debug form without `Range { … }`; quoted text is kept whatever it says.
fn without_places(shown: &str) -> String {
    const PLACE: &str = "Range { source";
    let mut out = String::with_capacity(shown.len());
    let mut rest = shown;
    while let Some(at) = rest.find(['"', 'R']) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        let length = if found.starts_with('"') {
            quoted(found)
        } else if found.starts_with(PLACE) {
            // The id of the source has no braces of its own.
            let length = found.find('}').map_or(found.len(), |end| end + 1);
            rest = found.get(length..).unwrap_or("");
            continue;
        } else {
            1
        };
        let (kept, after) = found.split_at_checked(length).unwrap_or((found, ""));
        out.push_str(kept);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The length of a quoted text at the start.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            '"' if !escaped => return at + 1,
            _ => escaped = char == '\\' && !escaped,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;
    use crate::syntax::parse;

    fn differ(a: &str, b: &str) -> bool {
        let tree = |text| parse(SourceId::default(), text).0;
        difference(&tree(a), &tree(b)).is_some()
    }

    #[test]
    fn places_do_not_count_and_all_else_does() {
        assert!(!differ("tiers hot opened 3x -> hot", "tiers   hot\n\nopened  3×\n → hot"));
        assert!(differ("opened 3x -> hot", "opened 4x -> hot"));
        assert!(differ("opened 3x -> hot", "opened 3x -> hot, stop"));
        assert!(differ("let a = b and c or d", "let a = b and (c or d)"));
        assert!(differ("tiers hot", "tiers hot tiers cold"));
        assert!(differ("let a = \"Range { source: 1 }\"", "let a = \"Range { source: 2 }\""));
        assert!(differ("let a = \"\\\" Range { source }\"", "let a = \"\\\" Range { sources }\""));
    }
}
