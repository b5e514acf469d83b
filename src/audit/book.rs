//! The rulebook of the audit: metrics and no rule, so that nothing comes of the log but numbers.

use crate::check::{self, Env};
use crate::log::Log;
use crate::rulebook::Rulebook;
use crate::timestamp::Timestamp;

/// The metrics.
const METRICS: &str = include_str!("audit.ensue");

/// How a log tells of mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailsTold {
    /// When they were sent.
    Sent,
    /// When they were delivered; the log has fewer that were sent, or none.
    Delivered,
}

impl MailsTold {
    /// The type of the events.
    #[must_use]
    pub fn ty(self) -> &'static str {
        match self {
            Self::Sent => "email.sent",
            Self::Delivered => "email.delivered",
        }
    }

    /// What `mailed` is.
    fn declaration(self) -> &'static str {
        match self {
            Self::Sent => "group mailed = sent",
            Self::Delivered => "group mailed = delivered",
        }
    }
}

/// The rulebook; whatever mails are counted by, it reads logs alike.
///
/// # Panics
/// Never: the text is ours, and a test compiles it.
#[must_use]
pub fn rulebook(mails: MailsTold) -> Rulebook {
    let files = [("audit.ensue", METRICS), ("mails.ensue", mails.declaration())];
    let checked = check::load(files.map(|(path, text)| (path.to_owned(), text.to_owned())), &Env::default());
    #[expect(clippy::expect_used, reason = "the text is ours, and a test compiles it")]
    checked.rulebook.expect("the rulebook of the audit compiles")
}

/// The types of events that the audit understands.
#[must_use]
pub fn types() -> Vec<String> {
    rulebook(MailsTold::Sent).types.iter().map(|ty| ty.name.clone()).collect()
}

/// How a log tells of most of its mails, of what was received until a moment.
pub(super) fn mails_told(log: &Log, as_of: Option<Timestamp>) -> MailsTold {
    let rulebook = rulebook(MailsTold::Sent);
    let count = |told: MailsTold| {
        let ty = rulebook.types.find(told.ty());
        let until = |received| as_of.is_none_or(|as_of| received <= as_of);
        log.entries().iter().filter(|entry| until(entry.received_at) && entry.ty() == ty).count()
    };
    if count(MailsTold::Delivered) > count(MailsTold::Sent) { MailsTold::Delivered } else { MailsTold::Sent }
}
