//! Live runs: whatever way a log is cut into groups, polled, taken up again after a crash, what is
//! decided is what a dry run over the same log decides.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "live/random.rs"]
mod random;
