//! The program as people and scripts meet it: help, exit codes, messages, pipes, and input that
//! means harm. Each run has a limit on time and, where the system tells, on memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "cli/process.rs"]
mod process;

#[cfg(unix)]
#[path = "cli/bounds.rs"]
mod bounds;
#[path = "cli/exits.rs"]
mod exits;
#[path = "cli/fmt.rs"]
mod fmt;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/hostile.rs"]
mod hostile;
#[cfg(unix)]
#[path = "cli/naughty.rs"]
mod naughty;
#[path = "cli/pipes.rs"]
mod pipes;
#[path = "cli/start.rs"]
mod start;
#[cfg(unix)]
#[path = "cli/update.rs"]
mod update;
