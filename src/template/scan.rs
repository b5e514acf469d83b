//! What can be known of a template's text before it is filled in: every name it asks for and
//! where, and every tag, filter and call that does not exist, which the template engine itself
//! would find only while filling in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Found, filters, render};

const TAGS: &[&str] = &["if", "elif", "else", "endif", "for", "endfor", "raw", "endraw"];
const TESTS: &[&str] = &["defined", "undefined"];
/// Words of expressions that are no variables.
const WORDS: &[&str] =
    &["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"];

/// A piece of a tag.
#[derive(Clone, Debug, PartialEq)]
enum Token<'t> {
    Name(&'t str),
    Text(&'t str),
    Sign(char),
    /// `{%`
    Tag,
    /// `{{`
    Print,
    /// The end of either.
    End,
}

type Tokens<'t> = Vec<(Token<'t>, Range<usize>)>;

/// The names a text asks for, each at its first place.
pub fn check(text: &str) -> Result<BTreeMap<String, Range<usize>>, Vec<Found>> {
    let tokens = tokens(text);
    let environment = render::environment();
    let template =
        environment.template_from_named_str("template", text).map_err(|error| vec![syntax(&error, text, &tokens)])?;
    let mut found = Vec::new();
    for index in 0..tokens.len() {
        found.extend(mistake(&tokens, index));
    }
    let mut places = BTreeMap::new();
    let names: BTreeSet<String> = template.undeclared_variables(true).into_iter().collect();
    for name in names {
        let range = place(&tokens, &name).unwrap_or(0..0);
        if name.contains('.') && !name.starts_with("event.") || name.matches('.').count() > 1 {
            let help = Some("facts are plain names; only `event` has parts, like `event.page`".to_owned());
            found.push((range, format!("`{name}` cannot be filled in"), help));
        } else if name == "event" {
            let help = Some("write `event.NAME`".to_owned());
            found.push((range, "`event` by itself cannot be filled in".into(), help));
        } else {
            places.insert(name, range);
        }
    }
    // What a loop goes through are texts as a rule.
    let unknown = |name: &String| !places.contains_key(name) && !name.starts_with("loop.");
    if let Some(name) = multiplied(text).into_iter().find(unknown).filter(|_| found.is_empty()) {
        let message = format!("`{name}` cannot be multiplied here");
        found.push((
            place(&tokens, &name).unwrap_or(0..0),
            message,
            Some("multiply facts that are numbers".to_owned()),
        ));
    }
    if found.is_empty() { Ok(places) } else { Err(found) }
}

fn syntax(error: &minijinja::Error, text: &str, tokens: &Tokens) -> Found {
    let range = error.range().filter(|range| range.end <= text.len() && text.is_char_boundary(range.start));
    let tags = (0..tokens.len()).find_map(|index| mistake(tokens, index));
    if let Some(tag) = tags {
        return tag;
    }
    let range = range.unwrap_or_else(|| line_range(text, error.line().unwrap_or(1)));
    let detail = error.detail().unwrap_or("");
    let message = if detail.contains("end of input") {
        "the template ends too early; something is not closed"
    } else if detail.contains("end of variable block") {
        "`{{` is not closed here with `}}`"
    } else if detail.contains("end of block") {
        "`{%` is not closed here with `%}`"
    } else {
        "the template cannot be read here"
    };
    (range, message.to_owned(), None)
}

fn line_range(text: &str, line: usize) -> Range<usize> {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let length = text.get(start..).unwrap_or("").lines().next().unwrap_or("").len();
    start..start + length
}

fn mistake(tokens: &Tokens, index: usize) -> Option<Found> {
    let (token, range) = tokens.get(index)?;
    let before = index.checked_sub(1).and_then(|i| tokens.get(i)).map(|(token, _)| token);
    let after = tokens.get(index + 1).map(|(token, _)| token);
    let Token::Name(name) = token else {
        let times = *token == Token::Sign('~') || *token == Token::Sign('*') && may_repeat(tokens, index);
        let message = || "texts cannot be joined or repeated here".to_owned();
        return times.then(|| (range.clone(), message(), Some("write them one after the other".to_owned())));
    };
    match before {
        Some(Token::Tag) if !TAGS.contains(name) => {
            let help = Some("there are `if`, `elif`, `else`, `for` and `raw`".to_owned());
            Some((range.clone(), format!("there is no tag `{name}`"), help))
        }
        Some(Token::Sign('|')) => filter(tokens, index, name, range),
        Some(Token::Name("is")) if *name != "not" => test(name, range),
        Some(Token::Name("not")) if is_not(tokens, index) => test(name, range),
        Some(Token::Tag | Token::Sign('.')) => None,
        _ if after == Some(&Token::Sign('(')) && !WORDS.contains(name) => {
            let help = Some(format!("filters are written after a value: `value | {name}`"));
            Some((range.clone(), format!("there is no function `{name}`"), help.filter(|_| filters::known(name))))
        }
        _ => None,
    }
}

/// The pieces of the tag around a piece.
fn around(tokens: &Tokens, index: usize) -> Range<usize> {
    let is_open = |i: &usize| matches!(tokens.get(*i), Some((Token::Tag | Token::Print, _)));
    let start = (0..index).rev().find(is_open).map_or(0, |open| open + 1);
    let is_end = |i: &usize| matches!(tokens.get(*i), Some((Token::End, _)));
    start..(index..tokens.len()).find(is_end).unwrap_or(tokens.len())
}

/// Whether a `*` may stand beside a text or a list, which it would repeat as often as a value says: beside one
/// that is written out, or beside what a filter makes. What variables hold is asked when they are filled in.
fn may_repeat(tokens: &Tokens, index: usize) -> bool {
    let tag = around(tokens, index);
    let is = |at: usize, sign: char| tokens.get(at).is_some_and(|(token, _)| *token == Token::Sign(sign));
    let pipe = tag.clone().find(|at| is(*at, '|'));
    let operands = tag.start..pipe.unwrap_or(tag.end);
    let written_out = |at: usize| matches!(tokens.get(at), Some((Token::Text(_) | Token::Sign('[' | '{'), _)));
    if index >= operands.end || operands.clone().any(written_out) {
        return true;
    }
    // A filter binds closer than `*`, unless what it is for stands in parentheses.
    let closed = |sign: char| (index..operands.end).filter(|at| is(*at, sign)).count();
    pipe.is_some() && closed(')') <= closed('(')
}

/// The variables in tags that multiply.
pub fn multiplied(text: &str) -> BTreeSet<String> {
    let tokens = tokens(text);
    let signs = (0..tokens.len()).filter(|at| tokens.get(*at).is_some_and(|(token, _)| *token == Token::Sign('*')));
    let tags: Vec<Range<usize>> = signs.map(|at| around(&tokens, at)).collect();
    let named = variables(&tokens).filter(|(index, _)| tags.iter().any(|tag| tag.contains(index)));
    let whole = |(index, name): (usize, &str)| match (tokens.get(index + 1), tokens.get(index + 2)) {
        (Some((Token::Sign('.'), _)), Some((Token::Name(part), _))) => format!("{name}.{part}"),
        _ => name.to_owned(),
    };
    named.map(whole).collect()
}

fn is_not(tokens: &Tokens, index: usize) -> bool {
    let two_before = index.checked_sub(2).and_then(|i| tokens.get(i)).map(|(token, _)| token);
    two_before == Some(&Token::Name("is"))
}

fn test(name: &str, range: &Range<usize>) -> Option<Found> {
    let help = || Some("after `is` stand `defined` and `undefined`".to_owned());
    (!TESTS.contains(&name)).then(|| (range.clone(), format!("there is no test `{name}`"), help()))
}

fn filter(tokens: &Tokens, index: usize, name: &str, range: &Range<usize>) -> Option<Found> {
    if !filters::known(name) {
        let help = filters::nearest(name).map_or_else(
            || format!("there are {}", filters::NAMES.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        return Some((range.clone(), format!("there is no filter `{name}`"), Some(help)));
    }
    let argument = tokens
        .get(index + 2)
        .filter(|_| name == "date" && tokens.get(index + 1).is_some_and(|t| t.0 == Token::Sign('(')));
    match argument {
        Some((Token::Text(format), range)) if !filters::FORMATS.contains(format) => {
            let help = Some(format!("there are {}", filters::FORMATS.join(", ")));
            Some((range.clone(), format!("there is no date format `{format}`"), help))
        }
        _ => None,
    }
}

/// Where a name, with its part after a dot, first stands.
fn place(tokens: &Tokens, name: &str) -> Option<Range<usize>> {
    let (first, part) = name.split_once('.').map_or((name, None), |(first, part)| (first, Some(part)));
    variables(tokens)
        .find(|(index, found)| {
            let parts = (tokens.get(index + 1).map(|t| &t.0), tokens.get(index + 2).map(|t| &t.0));
            let right = match (part, parts) {
                (None, _) => true,
                (Some(part), (Some(Token::Sign('.')), Some(Token::Name(found)))) => {
                    part.split('.').next() == Some(*found)
                }
                _ => false,
            };
            *found == first && right
        })
        .and_then(|(index, _)| {
            let start = tokens.get(index)?.1.start;
            let last = if part.is_some() { index + 2 } else { index };
            Some(start..tokens.get(last)?.1.end)
        })
}

fn variables<'a, 't>(tokens: &'a Tokens<'t>) -> impl Iterator<Item = (usize, &'t str)> + use<'a, 't> {
    tokens.iter().enumerate().filter_map(|(index, (token, _))| {
        let Token::Name(name) = token else { return None };
        let before = index.checked_sub(1).and_then(|i| tokens.get(i)).map(|(token, _)| token);
        let other = matches!(before, Some(Token::Tag | Token::Sign('.' | '|')));
        (!other && !WORDS.contains(name)).then_some((index, *name))
    })
}

/// The first name in a range that is one of those without a value.
pub fn first_missing(text: &str, range: &Range<usize>, missing: &[&str]) -> Option<String> {
    let tokens = tokens(text);
    let within = |name: &&&str| place_within(&tokens, name, range);
    missing
        .iter()
        .filter(within)
        .min_by_key(|name| place(&tokens, name).map(|r| r.start))
        .map(|name| (*name).to_owned())
}

fn place_within(tokens: &Tokens, name: &str, range: &Range<usize>) -> bool {
    let first = name.split('.').next().unwrap_or(name);
    variables(tokens).any(|(index, found)| {
        found == first && tokens.get(index).is_some_and(|(_, at)| at.start >= range.start && at.end <= range.end)
    })
}

/// The tags of a text in pieces; what is between them, remarks and raw text are left out.
fn tokens(text: &str) -> Tokens<'_> {
    let (mut out, mut at, mut raw) = (Vec::new(), 0, false);
    while let Some(open) = text.get(at..).and_then(|rest| rest.find('{')).map(|found| at + found) {
        let rest = text.get(open..).unwrap_or("");
        at = if rest.starts_with("{#") {
            rest.find("#}").map_or(text.len(), |end| open + end + 2)
        } else if rest.starts_with("{%") || rest.starts_with("{{") && !raw {
            let start = out.len();
            let end = tag(text, open, &mut out);
            let word = out.get(start + 1).map(|(token, _): &(Token, _)| token.clone());
            match word {
                Some(Token::Name("raw")) => raw = true,
                Some(Token::Name("endraw")) => raw = false,
                _ if raw => out.truncate(start),
                _ => {}
            }
            end
        } else {
            open + 1
        };
    }
    out
}

fn tag<'t>(text: &'t str, open: usize, out: &mut Tokens<'t>) -> usize {
    let kind = if text.get(open..).is_some_and(|t| t.starts_with("{%")) { Token::Tag } else { Token::Print };
    let close = if kind == Token::Tag { "%}" } else { "}}" };
    out.push((kind, open..open + 2));
    let mut at = open + 2;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or("");
        if rest.starts_with(close) {
            out.push((Token::End, at..at + 2));
            return at + 2;
        }
        let length = match c {
            '"' | '\'' => quoted(rest, c),
            _ if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            _ => c.len_utf8(),
        };
        let piece = rest.get(..length).unwrap_or("");
        let first_after_open = matches!(out.last(), Some((Token::Tag | Token::Print, _)));
        match c {
            '"' | '\'' => out.push((Token::Text(piece.trim_matches(c)), at..at + length)),
            _ if c.is_alphabetic() || c == '_' => out.push((Token::Name(piece), at..at + length)),
            '-' | '+' if first_after_open => {}
            _ if c.is_whitespace() || c.is_numeric() => {}
            _ => out.push((Token::Sign(c), at..at + length)),
        }
        at += length;
    }
    text.len()
}

/// The length of a text in quotes at the start of `rest`, quotes included.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}
