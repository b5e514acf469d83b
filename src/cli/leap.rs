//! A clock that has leapt: what a store decides under it can hardly be taken back, so nothing is decided
//! before a person says that the clock is right.

use crate::live::Live;
use crate::local::{Zone, rfc3339};
use crate::timestamp::{Span, Timestamp};

use super::exit::Error;

/// A store that was left alone for longer than this is not taken up again unasked.
const AHEAD: Span = Span::days(7);
/// Clocks are set back by as much as this, in the small.
const BEHIND: Span = Span::seconds(3600);

/// What a person can do who knows that the clock is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insist {
    /// The same command takes `--yes`.
    Yes,
    /// It was said already.
    Said,
    /// Another command does.
    Run,
}

/// Refuses a moment that is taken for now and lies far from what a store knows.
pub fn refuse(now: Timestamp, live: &Live, insist: Insist) -> Result<(), Error> {
    // Under an empty log nothing can be jumped over.
    if live.store().is_empty() {
        return Ok(());
    }
    let floor = live.floor();
    let told = |at| rfc3339(at, Zone::UTC);
    if now > floor + AHEAD && insist != Insist::Said {
        let days = (now.0 - floor.0) / Span::days(1).0;
        let what =
            format!("it is {} now, {days} days after the last that this store knows of, {}", told(now), told(floor));
        let command = if insist == Insist::Yes { again("--yes") } else { here("run --yes") };
        let first = if insist == Insist::Yes { "" } else { " first" };
        return Err(Error::wrong(what).help(format!(
            "if that is right, `{command}`{first}: what fell due meanwhile and is of no use any more expires; if the clock is wrong, set \
             it, since a store cannot go back"
        )));
    }
    if now < floor - BEHIND {
        let reaches =
            if live.now() < floor { "the log of this store reaches to" } else { "this store has been handled up to" };
        let what = format!("it is {} now, and {reaches} {}", told(now), told(floor));
        let last = live.last_arrival_by(now)?;
        let to = last.map_or_else(|| told(now), told);
        return Err(Error::wrong(what).help(format!(
            "set the clock, if it is behind; if it was ahead when the store was handled, `{}` makes one as if it \
             had not been",
            here(&format!("store rewind --to {to}"))
        )));
    }
    Ok(())
}

/// The command that was given with one more word, to be pasted.
fn again(word: &str) -> String {
    let given = std::env::args_os().skip(1).map(|arg| quoted(&arg.to_string_lossy()));
    std::iter::once(String::from("ensue")).chain(given).chain([word.to_owned()]).collect::<Vec<_>>().join(" ")
}

/// Another command for the same store.
pub fn here(words: &str) -> String {
    let given: Vec<String> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let mut command = format!("ensue {words}");
    for (arg, next) in given.iter().zip(given.iter().skip(1).map(Some).chain([None])) {
        for option in ["--store", "--config"] {
            let value = if arg == option { next } else { None };
            let value = value.map(String::as_str).or_else(|| arg.strip_prefix(option)?.strip_prefix('='));
            if let Some(value) = value {
                command.push_str(&format!(" {option} {}", quoted(value)));
            }
        }
    }
    command
}

/// As a shell reads it back.
pub fn quoted(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !arg.is_empty() && arg.chars().all(plain) { arg.to_owned() } else { format!("'{}'", arg.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_a_shell_reads_them() {
        assert_eq!(quoted("rules/a.ensue"), "rules/a.ensue");
        assert_eq!(quoted("my rules"), "'my rules'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
