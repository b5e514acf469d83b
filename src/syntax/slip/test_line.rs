//! Slips in a line of a test, each line seen by itself.

use super::super::mistake::{Context, said};
use super::super::token::TokenKind;
use crate::diagnostic::Diagnostic;
use crate::words::nearest;

/// What the lines of a test begin with, but for moments.
const HEADS: [&str; 5] = ["expect", "lead", "until", "allow", "in"];
/// What is expected of a lead, as it is often written and as it is right.
const VERBS: [(&str, &str); 10] = [
    ("become", "becomes"),
    ("start", "starts"),
    ("exit", "exits"),
    ("finish", "finishes"),
    ("hold", "holds"),
    ("resume", "resumes"),
    ("is", "becomes"),
    ("tagged", "tag"),
    ("moves", "becomes"),
    ("enters", "starts"),
];
/// The same, where nothing names the lead.
const BARE: [&str; 6] = ["becomes", "starts", "exits", "finishes", "holds", "resumes"];

/// The finding for a line that failed at a token, if it is a known slip.
pub fn of_test_line(context: &Context<'_>, at: usize) -> Option<Diagnostic> {
    let first = context.statement.tokens.start;
    let (head, text) = (context.word(first), context.word(at));
    if at == first {
        return Some(first_word(context, at, text));
    }
    if head != "expect" {
        return None;
    }
    if at == first + 1 && BARE.contains(&text) {
        let rest = context.word(at + 1);
        let help = format!("say of which lead: `expect ana {text} {rest}`");
        return Some(context.tell(at, at, said(format!("`{text}` is said of nobody"), "", help)));
    }
    let verb = [at, at.wrapping_sub(1)].into_iter().filter(|index| *index >= first + 2);
    let verb = verb.filter_map(|index| Some((index, VERBS.iter().find(|(wrong, _)| *wrong == context.word(index))?)));
    let (index, (wrong, right)) = verb.into_iter().next()?;
    let (before, after) = (context.word(index - 1), context.word(index + 1));
    let help = format!("write `expect {before} {right} {after}`");
    Some(context.tell(index, index, said(format!("a lead does not `{wrong}` in an expectation"), "", help.trim_end())))
}

/// A line that begins with something no line begins with.
fn first_word(context: &Context<'_>, at: usize, text: &str) -> Diagnostic {
    let help = match (context.kind(at), nearest(text, HEADS)) {
        (Some(TokenKind::Number), _) => format!("say how much later: `+{text}`; or name a day: `2026-03-02 09:00`"),
        (_, Some(near)) => format!("did you mean `{near}`?"),
        _ if context.statement.tokens.len() > 1 => format!("say when it happens: `+1d {}`", context.line()),
        _ => String::from("write what happens, `+1d ana opened`, or what is expected, `expect ana becomes hot`"),
    };
    context.tell(at, at, said(format!("no line of a test begins with `{text}`"), "", help))
}
