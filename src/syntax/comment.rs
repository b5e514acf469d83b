//! Where a file's comments stand: the tree leaves them out. Used for what they say to `check`.

use std::ops::Range;

use super::token;

/// The bytes of every comment of a text, from its `#` to the end of its line, in order.
#[must_use]
pub fn comments(text: &str) -> Vec<Range<usize>> {
    let tokens = token::scan(text);
    let starts = std::iter::once(0).chain(tokens.iter().map(|token| token.end));
    let ends = tokens.iter().map(|token| token.start).chain(std::iter::once(text.len()));
    starts.zip(ends).flat_map(|(start, end)| between(text, start, end)).collect()
}

/// The comments between two tokens.
fn between(text: &str, start: usize, end: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = start;
    let hash = |at: usize| text.get(at..end).and_then(|rest| rest.find('#')).map(|offset| at + offset);
    while let Some(first) = hash(at) {
        let line = text.get(first..end).unwrap_or("");
        at = line.find('\n').map_or(end, |length| first + length);
        found.push(first..first + text.get(first..at).unwrap_or("").trim_end().len());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_those_outside_quotes() {
        let text = "# one\na: opened -> hot # two # still\n  why \"# no\" # three\n\"\"\"\n# no\n\"\"\"#four";
        let found: Vec<&str> = comments(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["# one", "# two # still", "# three", "#four"]);
    }
}
