//! The numbers of metrics: by another way, over logs whose truth is known, and what must hold of all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "metrics/alerts.rs"]
mod alerts;
#[path = "metrics/experiments.rs"]
mod experiments;
#[path = "metrics/known.rs"]
mod known;
#[path = "metrics/oracle.rs"]
mod oracle;
#[path = "metrics/properties.rs"]
mod properties;
#[path = "metrics/quickstart.rs"]
mod quickstart;
#[path = "metrics/rates.rs"]
mod rates;
#[path = "metrics/support.rs"]
mod support;
