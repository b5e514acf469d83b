//! What people and programs read: findings, decisions, summaries. Makes text; prints nothing.

pub mod diagnostic;
pub mod experiment;
pub mod explain;
pub mod invariant;
pub mod lead;
pub mod line;
pub mod summary;
pub mod timeline;
pub mod told;
pub mod trial;
