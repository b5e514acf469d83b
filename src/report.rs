//! What people and programs read: findings, decisions, summaries. Makes text; prints nothing.

pub mod audit;
pub mod case;
pub mod diagnostic;
pub mod experiment;
pub mod explain;
pub mod fold;
pub mod github;
pub mod invariant;
pub mod junit;
#[cfg(feature = "live")]
pub mod lead;
pub mod markdown;
pub mod metric;
pub mod review;
pub mod sarif;
pub mod summary;
pub mod timeline;
#[cfg(feature = "live")]
pub mod told;
pub mod trial;
