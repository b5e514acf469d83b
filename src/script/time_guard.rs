//! A guard by time. What a script may do is bounded by operations, depth and sizes, the same on every
//! machine; this is for what nobody has thought of. It gives no result and no fault: it ends the run.

use std::time::Duration;

/// Stops a script that has run for too long. Nothing here knows a clock: who has one hands it in.
#[derive(Clone, Copy, Debug)]
pub struct TimeGuard {
    /// How long it has been since some moment that stays the same.
    pub clock: fn() -> Duration,
    /// How long one run of a script may take.
    pub limit: Duration,
}
