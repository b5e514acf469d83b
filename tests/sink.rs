//! Configuration and sinks of live runs: `fixtures/config`, and programs that take actions or not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "sink/config.rs"]
mod config;
