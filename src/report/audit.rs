//! An audit as people and programs get it: what was found is put into sentences here, and drawn as text or Markdown.

mod finding;
mod human;
pub mod line;
mod log;
mod markdown;
mod page;
pub mod rows;

pub use self::human::render as human;
pub use self::markdown::render as markdown;
pub use self::page::summary;

use crate::audit::Audit;
use crate::log::Log;

/// What an audit is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct AuditDrawn<'a> {
    /// What was found.
    pub audit: &'a Audit,
    /// The log it was found in.
    pub log: &'a Log,
    /// The command that made it, without its options for printing; with `--rows KIND` it shows all of a finding.
    pub command: &'a str,
}
