//! The verbs of a store as people meet them: folders of commands that are run in order against one
//! store, and what must hold whatever the store is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "cli/process.rs"]
mod process;

#[path = "verbs/copies.rs"]
mod copies;
#[path = "verbs/damage.rs"]
mod damage;
#[path = "verbs/erase.rs"]
mod erase;
#[path = "verbs/export.rs"]
mod export;
#[path = "verbs/large.rs"]
mod large;
#[path = "verbs/leap.rs"]
mod leap;
#[path = "verbs/looks.rs"]
mod looks;
#[path = "verbs/meaning.rs"]
mod meaning;
#[path = "verbs/place.rs"]
mod place;
#[path = "verbs/regained.rs"]
mod regained;
#[path = "verbs/sinks.rs"]
mod sinks;
#[path = "verbs/transcript.rs"]
mod transcript;
