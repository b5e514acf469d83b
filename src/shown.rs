//! Text from outside - of a lead, a log, a rule file, the name of a file or a test - as it is written out.
//!
//! Such text must not steer whoever reads it: a terminal by control characters or by signs that turn the
//! direction of writing, a page by markup, a CI system by lines that it takes for commands. What would is
//! written as `\u001b`: four digits that mean the same in JSON, and nothing anywhere else.
//!
//! There are two walls. A field is written by [`line`], [`Shown`], [`markup`] or [`markdown`], each for its
//! place. All that leaves the process goes through [`whole`], which knows nothing of fields, so that a verb
//! that forgets the first wall still has the second.

use std::borrow::Cow;
use std::fmt;

/// Whether a character steers a terminal or turns the direction of writing. Tabs and line breaks do the
/// first in a small way: they are left alone where text of several lines is meant.
fn steers(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

/// A character that steers, as it is written. All of them fit into four digits.
fn written(c: char, into: &mut String) {
    use fmt::Write as _;
    let _ = write!(into, "\\u{:04x}", u32::from(c));
}

/// A field on one line: nothing in it steers, and it has no tabs and line breaks.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) { written(c, &mut safe) } else { safe.push(c) }
    }
    Cow::Owned(safe)
}

/// A field on one line, for sentences: `format!("no lead {}", Shown(name))`.
#[derive(Clone, Copy, Debug)]
pub struct Shown<T>(pub T);

impl<T: fmt::Display> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&line(&self.0.to_string()))
    }
}

/// A field inside HTML, SVG and XML, in elements and in attributes: nothing in it is markup.
#[must_use]
pub fn markup(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML cannot hold these two at all.
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c if steers(c) && c != '\n' && c != '\t' => written(c, &mut safe),
            c => safe.push(c),
        }
    }
    safe
}

/// A field inside Markdown, on one line: nothing in it is markup, an address or a name that would be called.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            // An address would become a link by itself, and a name would call a person.
            '@' => safe.push_str("&#64;"),
            // Behind a backslash it could still end a piece of code.
            '`' => safe.push_str("&#96;"),
            '\\' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '$' => {
                safe.push('\\');
                safe.push(c);
            }
            '\n' | '\r' | '\t' => safe.push(' '),
            c if steers(c) => {
                safe.push('\\');
                written(c, &mut safe);
            }
            c => safe.push(c),
        }
    }
    safe.replace("://", ":&#47;&#47;").replace("www.", "www&#46;")
}

/// A field inside Markdown in the type of code; what would end it, or be a tag outside of it, is left out of
/// that type.
#[must_use]
pub fn code(text: &str) -> String {
    let ends = |c: char| matches!(c, '`' | '|' | '\\' | '<') || steers(c);
    if text.contains(ends) || text.is_empty() || text.trim() != text { markdown(text) } else { format!("`{text}`") }
}

/// A sentence inside Markdown, on one line: what stands between backticks is set as code, the rest is text.
///
/// Whoever puts backticks into a name moves what is code, and nothing else: no piece holds a backtick, and no
/// two pieces of code touch.
#[must_use]
pub fn markdown_sentence(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let mut safe = String::with_capacity(text.len());
    let mut after_code = false;
    for (at, part) in parts.iter().enumerate() {
        let is_code = at % 2 == 1;
        // The last backtick of an odd number opens nothing.
        if is_code && at + 1 == parts.len() {
            safe.push_str("&#96;");
            safe.push_str(&markdown(part));
        } else if is_code && !after_code {
            safe.push_str(&code(part));
        } else {
            safe.push_str(&markdown(part));
        }
        after_code = is_code || (after_code && part.is_empty());
    }
    safe
}

/// What of a whole output is ours, and stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ours {
    /// The codes that color it.
    pub color: bool,
    /// Lines that are commands to a CI system.
    pub commands: bool,
}

/// A whole output, a file or a stream: whatever it holds, it steers nobody. Line breaks and tabs stay, and so
/// does what is ours.
#[must_use]
pub fn whole(text: &str, ours: Ours) -> Cow<'_, str> {
    // Most outputs hold nothing of the kind, and some are long.
    let suspect = |byte: u8| byte < 0x20 && byte != b'\n' && byte != b'\t' || matches!(byte, 0x7f | 0xc2 | 0xd8 | 0xe2);
    // By blocks without a way out of each, so that many bytes are looked at at once.
    let any = text.as_bytes().chunks(256).any(|block| block.iter().fold(false, |any, byte| any | suspect(*byte)));
    let clean = !any && !text.contains("##") && !text.contains("::");
    if clean {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 64);
    let mut rest = text;
    let mut at_start = true;
    while let Some(c) = rest.chars().next() {
        let next = rest.get(c.len_utf8()..).unwrap_or_default();
        if let Some(code) = color_code(rest).filter(|_| ours.color) {
            safe.push_str(code);
            rest = rest.get(code.len()..).unwrap_or_default();
            continue;
        }
        let is_command = begins_command(rest, at_start, ours);
        let is_break = c == '\n' || (c == '\r' && next.starts_with('\n'));
        if is_command || (steers(c) && c != '\t' && !is_break) {
            written(c, &mut safe);
        } else {
            safe.push(c);
        }
        // Blanks before a command do not make it less of one.
        at_start = c == '\n' || (at_start && c.is_whitespace());
        rest = next;
    }
    Cow::Owned(safe)
}

/// The code at the beginning of a text that colors what follows: `\u{1b}[31m`.
fn color_code(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("\u{1b}[")?;
    let digits = inner.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    let code = text.get(..2 + digits + 1)?;
    code.ends_with('m').then_some(code)
}

/// Whether a text begins with what a CI system takes for a command: `::error …` as the first on a line, and
/// `##[error]`, `##vso[…]` and `##teamcity[…]` anywhere.
fn begins_command(text: &str, at_start: bool, ours: Ours) -> bool {
    if text.starts_with("::") {
        // `::: file:1:1` is how another file is drawn, and no command has a blank for a name.
        return at_start && !ours.commands && !text.starts_with("::: ");
    }
    let Some(after) = text.strip_prefix("##") else { return false };
    let word = after.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    word.starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Ours = Ours { color: false, commands: false };

    #[test]
    fn a_field_is_one_line_that_steers_nothing() {
        assert_eq!(line("ana"), "ana");
        assert_eq!(line("a\u{1b}[2J\u{202e}\n\tb\u{9b}"), "a\\u001b[2J\\u202e\\u000a\\u0009b\\u009b");
        assert_eq!(format!("{}", Shown("a\nb")), "a\\u000ab");
    }

    #[test]
    fn an_output_keeps_its_lines_and_our_colors() {
        assert_eq!(whole("a\n\tb\r\nc\rd", PLAIN), "a\n\tb\r\nc\\u000dd");
        let red = "\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}\u{1b}[2J";
        assert_eq!(whole(red, PLAIN), "\\u001b[31mred\\u001b[0m \\u001b]0;title\\u0007\\u001b[2J");
        let colored = whole(red, Ours { color: true, ..PLAIN });
        assert_eq!(colored, "\u{1b}[31mred\u{1b}[0m \\u001b]0;title\\u0007\\u001b[2J");
        for whole_text in ["", "é — ünï ¶ 日本 👋", "a::b ## c"] {
            assert_eq!(whole(whole_text, PLAIN), whole_text);
        }
    }

    #[test]
    fn what_is_written_out_means_the_same_in_json() {
        let text = "\u{7f}\u{9b}\u{85}\u{202e}\u{2066}\u{61c}\u{2028}##[error]x";
        let json = serde_json::to_string(text).unwrap();
        let safe = whole(&json, PLAIN);
        assert!(!safe.contains(steers) && !safe.contains("##["), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
    }

    #[test]
    fn a_line_is_no_command_unless_it_is_ours() {
        let text = "::error::a\n  ::stop-commands::x\nb ::c ##[add-path]d ##vso[task.x]e";
        let safe = "\\u003a:error::a\n  \\u003a:stop-commands::x\nb ::c \\u0023#[add-path]d \\u0023#vso[task.x]e";
        assert_eq!(whole(text, PLAIN), safe);
        let drawn = "  ::: rules/a.ensue:3:1\n::::error::x\n";
        assert_eq!(whole(drawn, PLAIN), "  ::: rules/a.ensue:3:1\n\\u003a:::error::x\n");
        let ours = whole("::error file=a::b\n", Ours { commands: true, ..PLAIN });
        assert_eq!(ours, "::error file=a::b\n");
    }

    #[test]
    fn markup_is_text() {
        assert_eq!(markup("<b a='1'>&\u{9b}"), "&lt;b a=&#39;1&#39;&gt;&amp;\\u009b");
        assert_eq!(markdown("[a](b) `c` <d> @e\n# f"), "\\[a\\](b) &#96;c&#96; &lt;d&gt; &#64;e \\# f");
        assert_eq!(markdown("https://a.example\u{202e}"), "https:&#47;&#47;a.example\\\\u202e");
        assert_eq!(code("rules/a.ensue:3"), "`rules/a.ensue:3`");
        assert_eq!(code("a`b|"), "a&#96;b\\|");
    }

    #[test]
    fn sentences_set_names_as_code_and_let_no_name_out() {
        assert_eq!(markdown_sentence("tier `h_t` is *not*"), "tier `h_t` is \\*not\\*");
        assert_eq!(markdown_sentence("a `b`[l](x)` c"), "a `b`\\[l\\](x)&#96; c");
        assert_eq!(markdown_sentence("``<img>``"), "&lt;img&gt;");
        assert_eq!(markdown_sentence("`x``<b>``y`"), "`x`&lt;b&gt;y");
    }
}
