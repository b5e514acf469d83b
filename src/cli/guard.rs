//! The guard over how long scripts run, with the clock of the machine. For tests, the milliseconds of
//! `ENSUE_TEST_GUARD_MS` stand in for its ten seconds; nothing else reads the variable, and it is no
//! part of the program's interface.

use std::time::Duration;

use crate::engine::Stopped;
use crate::script::TimeGuard;

use super::clock;
use super::exit::Error;

/// How long one run of a script may take. Scripts are bounded by what they do, and on any machine that
/// takes a small part of this.
const LIMIT: Duration = Duration::from_secs(10);

/// The guard every script of this process runs under.
pub fn guard() -> TimeGuard {
    let wanted = || std::env::var("ENSUE_TEST_GUARD_MS").ok()?.parse().ok().map(Duration::from_millis);
    TimeGuard { clock: clock::elapsed, limit: wanted().unwrap_or(LIMIT) }
}

impl From<Stopped> for Error {
    fn from(stopped: Stopped) -> Self {
        Self::wrong(stopped.to_string()).help(
            "nothing of it is recorded; run the same again, it is asked anew. If it happens again, make the script do less",
        )
    }
}
