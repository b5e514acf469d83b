//! Ensue: follow-ups as code.

pub mod calendar;
pub mod check;
pub mod cli;
pub mod decision;
pub mod diagnostic;
pub mod engine;
pub mod replay;
pub mod load;
pub mod event;
pub mod local;
pub mod log;
pub mod plan;
pub mod report;
pub mod rulebook;
pub mod script;
pub mod slug;
pub mod source;
pub mod store;
pub mod syntax;
pub mod template;
pub mod timestamp;
pub mod units;
pub mod value;

/// The version of the rule language this program understands.
pub const LANGUAGE_VERSION: u32 = 1;
