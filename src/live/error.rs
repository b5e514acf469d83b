//! What can go wrong in a live run, in the words a user sees.

use std::fmt;

use crate::engine::Stopped;
use crate::store::StoreError;

/// Why a live run could not do what it was asked.
#[derive(Debug)]
pub enum LiveError {
    /// The store said no.
    Store(StoreError),
    /// No rulebook is in force yet.
    NoRulebook,
    /// A rulebook of the past is not in the store, or does not compile any more.
    Ruleset {
        /// Its fingerprint.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The store's own bookkeeping was written by a later Ensue.
    Newer,
    /// The rules in force were put there under an older meaning of theirs.
    OlderMeaning {
        /// Its number.
        number: u32,
    },
    /// An event of the log cannot be read by the rulebook in force.
    Unreadable {
        /// The event's id.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The guard has stopped a script: what it had a part in is not recorded, and is asked again.
    Stopped(Stopped),
}

impl LiveError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Store(error) => error.help(),
            Self::NoRulebook => Some("put one in force with `ensue activate RULES`"),
            Self::Ruleset { .. } => Some("restore the store from a backup"),
            Self::OlderMeaning { .. } => Some(
                "`ensue activate` lets all leads go on by them as they are read now, and counts what differs; what was decided stays as recorded",
            ),
            Self::Newer => Some("use the version of ensue that wrote the store, or a later one"),
            Self::Unreadable { .. } | Self::Stopped(_) => None,
        }
    }
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::NoRulebook => f.write_str("no rulebook is in force in this store"),
            Self::Ruleset { id, reason } => write!(f, "the rulebook {id} that was in force cannot be used: {reason}"),
            Self::Newer => f.write_str("the store was written by a later version of ensue"),
            Self::OlderMeaning { number } => write!(
                f,
                "the rules in force were put there by an ensue that read some of them otherwise (semantics {number}, now {})",
                crate::SEMANTICS
            ),
            Self::Unreadable { id, reason } => write!(f, "the event `{id}` does not fit the rulebook: {reason}"),
            Self::Stopped(stopped) => stopped.fmt(f),
        }
    }
}

impl std::error::Error for LiveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Stopped(stopped) => Some(stopped),
            _ => None,
        }
    }
}

impl From<StoreError> for LiveError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Stopped> for LiveError {
    fn from(stopped: Stopped) -> Self {
        Self::Stopped(stopped)
    }
}
