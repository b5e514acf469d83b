//! Live runs: whatever way a log is cut into groups, polled, taken up again after a crash, what is
//! decided is what a dry run over the same log decides.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "live/book.rs"]
mod book;
#[path = "live/life.rs"]
mod life;
#[path = "live/post.rs"]
mod post;
#[path = "live/promise.rs"]
mod promise;
#[path = "live/random.rs"]
mod random;
#[path = "live/told.rs"]
mod told;
