//! Live runs: whatever way a log is cut into groups, polled, taken up again after a crash, what is
//! decided is what a dry run over the same log decides.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "live/book.rs"]
mod book;
#[path = "live/damage.rs"]
mod damage;
#[path = "live/explained.rs"]
mod explained;
#[path = "recipient/fair.rs"]
mod fair;
#[path = "live/guarded.rs"]
mod guarded;
#[path = "live/handover.rs"]
mod handover;
#[path = "live/kill.rs"]
mod kill;
#[path = "live/let_go.rs"]
mod let_go;
#[path = "live/life.rs"]
mod life;
#[path = "live/lost.rs"]
mod lost;
#[path = "live/meanwhile.rs"]
mod meanwhile;
#[path = "live/next_step.rs"]
mod next_step;
#[path = "recipient/playbook.rs"]
mod playbook;
#[path = "live/post.rs"]
mod post;
#[path = "store/power.rs"]
mod power;
#[path = "live/promise.rs"]
mod promise;
#[path = "live/random.rs"]
mod random;
#[path = "live/recipient.rs"]
mod recipient;
#[path = "live/seen.rs"]
mod seen;
#[path = "live/stand.rs"]
mod stand;
#[path = "live/told.rs"]
mod told;
#[path = "live/vectors.rs"]
mod vectors;
