//! The rulebook as one page for people who do not read rule files. [`page`] makes a model of it with
//! every sentence on it; [`markdown`] and [`html`] only draw that model, so the two say the same.

pub mod html;
pub mod markdown;
mod moves;
pub mod page;
pub mod prose;
mod svg;
mod words;

pub use page::{Page, page};
