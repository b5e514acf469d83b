//! The workload's eight rules as a rulebook.

use ensue::check::{self, Env};
use ensue::rulebook::Rulebook;

/// The rulebook of the workload.
pub fn workload() -> Rulebook {
    let file = ("w1.ensue".to_owned(), include_str!("w1.ensue").to_owned());
    check::load([file], &Env::default()).rulebook.unwrap()
}
