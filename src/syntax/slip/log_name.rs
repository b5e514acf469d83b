//! Names as a log has them, where the language has its own: `trialEndsAt`, `until`, `$current_url`,
//! `customer.plan`. What the log says is not the author's to change, so the help is a line with `is`.

use super::super::mistake::{Context, said};
use super::super::token::{Token, TokenKind};
use super::super::words;
use super::snake;
use crate::diagnostic::Diagnostic;

/// A name of the log at a token, where it stands for a property: its tokens, and how it is written.
struct Written<'a> {
    first: usize,
    last: usize,
    text: &'a str,
    /// It is declared here; else it is read, behind `event.`
    declared: bool,
}

/// The finding for a name that only the log can have.
pub fn find(context: &Context<'_>, at: usize) -> Option<Diagnostic> {
    let written = written(context, at)?;
    let (text, own) = (written.text, own_name(written.text));
    let message = match context.word(written.first) {
        word if words::is_reserved(word) && written.first == written.last => {
            format!("`{text}` is a word of the language and cannot be a name")
        }
        _ => format!("`{text}` is not a name"),
    };
    let help = help(&own, text, written.declared.then(|| ty(context, written.last)));
    Some(context.tell(written.first, written.last, said(message, "a name of the log", help)))
}

/// The help for a sign that stands before a name, `$current_url`: what to write for it.
pub fn of_sign(text: &str, sign: &Token, next: Option<&Token>) -> Option<String> {
    let next = next.filter(|next| next.start == sign.end && matches!(next.kind, TokenKind::Word(_)))?;
    let name = text.get(sign.start..next.end).filter(|name| name.starts_with(['$', '@']))?;
    let read = text.get(..sign.start)?.trim_end().ends_with("event.");
    Some(help(&own_name(name), name, (!read).then(|| String::from("text?"))))
}

/// What to write: the field that is declared here, or that which is to be declared.
fn help(own: &str, written: &str, ty: Option<String>) -> String {
    match ty {
        Some(ty) => format!("say what the log calls it: `{own} {ty} is \"{written}\"`"),
        None => format!("declare it with its event, `{own} text? is \"{written}\"`, and write `event.{own}`"),
    }
}

/// A name of the language for one of the log: the last part of a path, in lower case.
#[must_use]
pub fn own_name(written: &str) -> String {
    let last = written.rsplit(['.', '/']).find(|part| !part.is_empty()).unwrap_or(written);
    let plain: String = last.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = snake(plain.trim_matches('-'));
    match name.chars().next() {
        Some(first) if first.is_ascii_lowercase() && !words::is_reserved(&name) => name,
        _ => format!("its_{name}"),
    }
}

/// The type that is written behind a name, with its `?`.
fn ty(context: &Context<'_>, last: usize) -> String {
    let word = context.word(last + 1);
    let ty = if words::is_type(word) { word } else { "text" };
    let optional = !words::is_type(word) || context.word(last + 2) == "?";
    format!("{ty}{}", if optional { "?" } else { "" })
}

fn written<'a>(context: &'a Context<'_>, at: usize) -> Option<Written<'a>> {
    let head = context.word(context.statement.tokens.start);
    let is_word = |index: usize| matches!(context.kind(index), Some(TokenKind::Word(_)));
    let fields = matches!(head, "event" | "lead") && opened(context, at);
    // A text in the place of a name.
    if fields && matches!(context.kind(at), Some(TokenKind::Text { closed: true })) {
        let before = context.word(at.checked_sub(1)?);
        let text = context.word(at).trim_matches('"');
        let named = matches!(before, "{" | ",") && !text.is_empty();
        return named.then_some(Written { first: at, last: at, text, declared: true });
    }
    // The parts of a name, joined by dots and hyphens without a space between them.
    let joins = |index: usize| matches!(context.word(index), "." | "-") && context.touches(index);
    let mut first = if is_word(at) { at } else { at.checked_sub(1)? };
    while let Some(before) = first.checked_sub(2).filter(|before| joins(before + 1) && context.touches(*before)) {
        if !is_word(before) {
            break;
        }
        first = before;
    }
    let mut last = first;
    while joins(last + 1) && context.touches(last) && is_word(last + 2) {
        last += 2;
    }
    let declared = fields && context.word(first) != "event";
    let first = if declared { first } else { behind_event(context, first, last)? };
    let text = context.covered(first, last);
    let strange = text.contains(['.', '-']) || text.chars().any(|c| c.is_ascii_uppercase());
    let word = first == last && words::is_reserved(text);
    let begins =
        !declared || matches!(context.word(first.checked_sub(1)?), "{" | "," | "?") || is_type_before(context, first);
    (is_word(first) && (strange || word) && begins && text.is_ascii()).then_some(Written {
        first,
        last,
        text,
        declared,
    })
}

/// Where a name begins that is read as `event.NAME`.
fn behind_event(context: &Context<'_>, first: usize, last: usize) -> Option<usize> {
    (context.word(first) == "event" && last >= first + 2).then_some(first + 2)
}

/// Whether the word before ends a property, so that another may begin.
fn is_type_before(context: &Context<'_>, first: usize) -> bool {
    first.checked_sub(1).is_some_and(|before| words::is_type(context.word(before)))
}

/// Whether a place lies behind the brace of its statement.
fn opened(context: &Context<'_>, at: usize) -> bool {
    (context.statement.tokens.start..at).any(|index| context.word(index) == "{")
}
