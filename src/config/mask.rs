//! `ensue.yaml` as it may be shown: keys and signs as they are, every value masked. A value may be a secret,
//! and a mistake is drawn with its line, in the log of whoever runs it.

/// The text with every letter of a value or a comment replaced by one of as many bytes, so that each place in
/// it stays what it was. Needs no text that can be read as YAML.
pub(super) fn masked(text: &str) -> String {
    text.split_inclusive('\n').map(masked_line).collect()
}

fn masked_line(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.len(),
            '"' | '\'' => quoted(rest, first),
            _ if first.is_whitespace() || is_sign(first) => first.len_utf8(),
            _ => rest.find(is_end).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at_checked(length.max(first.len_utf8())).unwrap_or((rest, ""));
        let is_dash = token == "-" && after.starts_with([' ', '\t']);
        if is_sign(first) || first.is_whitespace() || is_dash || WORDS.contains(&token) || is_key(token, after) {
            out.push_str(token);
        } else {
            out.extend(token.chars().map(mask));
        }
        rest = after;
    }
    out
}

/// Words that are values and say no more than the manual does.
const WORDS: [&str; 5] = ["stdout", "file", "exec", "true", "false"];

/// Whether a sign gives a file its shape.
fn is_sign(c: char) -> bool {
    matches!(c, '{' | '}' | '[' | ']' | ',' | ':')
}

/// Where a word without quotes ends.
fn is_end(c: char) -> bool {
    c.is_whitespace() || is_sign(c) || matches!(c, '"' | '\'')
}

/// How long a text in quotes is that `text` begins with, to the end of the line at most.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + c.len_utf8();
        }
        escaped = quote == '"' && c == '\\' && !escaped;
    }
    text.len()
}

/// Whether a word is the name of an entry: small letters, digits and `_`, then a colon and a space.
fn is_key(token: &str, after: &str) -> bool {
    let name = token.trim_matches(['"', '\'']);
    let rest = after.trim_start_matches([' ', '\t']).strip_prefix(':');
    let ends = rest.is_some_and(|rest| rest.chars().next().is_none_or(|c| c.is_whitespace() || is_sign(c)));
    ends && name.len() <= LONGEST_KEY
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// No key is longer; what is may be a secret that lost its quotes.
const LONGEST_KEY: usize = 24;

fn mask(c: char) -> char {
    match c.len_utf8() {
        _ if c.is_whitespace() => c,
        1 => '*',
        2 => '\u{b7}',
        3 => '\u{2022}',
        _ => '\u{1f784}',
    }
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn keys_and_signs_stay_and_values_do_not() {
        let text = "store: .ensue  # s3cret\nsinks:\n  out: { kind: exec, command: [\"./send\", '--to\u{e9}', sk_live], x: 3s }\n";
        let shown = "store: ******  * ******\nsinks:\n  out: { kind: exec, command: [********, *****\u{b7}*, *******], x: ** }\n";
        assert_eq!(masked(text), shown);
        assert_eq!(masked(text).len(), text.len());
    }

    proptest::proptest! {
        #[test]
        fn every_place_stays_what_it_was(text in "[a-z\"'{}\\[\\]:,# \u{e9}\u{20ac}\\\\\n-]{0,60}") {
            let masked = masked(&text);
            let lengths = |text: &str| text.chars().map(char::len_utf8).collect::<Vec<_>>();
            proptest::prop_assert_eq!(lengths(&masked), lengths(&text));
        }
    }
}
