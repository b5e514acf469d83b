//! The clock of the machine: the only place that reads it.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chrono::{Days, NaiveDate};

use crate::timestamp::Timestamp;

/// Today in UTC.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn today() -> NaiveDate {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    NaiveDate::default().checked_add_days(Days::new(since.as_secs() / 86_400)).unwrap_or_default()
}

/// Now, to the microsecond.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX / 8))
}

/// How long it has been since this was first asked; no change of the machine's time moves it.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn elapsed() -> Duration {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    FIRST.get_or_init(Instant::now).elapsed()
}
