//! The record that says what the addresses of a log are hashed with.

use serde::Deserialize;

use super::explain::Fault;
use crate::address::Salt;

#[derive(Deserialize)]
struct Line {
    #[serde(alias = "data")]
    props: Option<Props>,
}

#[derive(Deserialize)]
struct Props {
    salt: Option<String>,
}

/// The salt in a line that is such a record.
pub(super) fn read(line: &str) -> Result<Salt, Fault> {
    let line: Option<Line> = serde_json::from_str(line).ok();
    let digits = line.and_then(|line| line.props).and_then(|props| props.salt);
    digits.as_deref().and_then(Salt::parse).ok_or_else(|| Fault {
        column: 1,
        reason: String::from(NOT_ONE),
        help: Some(String::from("take the line over as the store exported it")),
    })
}

/// What is wrong with what is no salt.
pub(crate) const NOT_ONE: &str = "the salt of addresses is 64 hexadecimal digits, or `fixed`";

/// What is wrong with a second salt.
pub(super) fn another() -> Fault {
    Fault { column: 1, reason: ANOTHER.to_owned(), help: Some(ANOTHER_HELP.to_owned()) }
}

/// What is wrong with a salt where another one is in use.
pub(crate) const ANOTHER: &str = "this log hashes addresses with a salt of its own, as another one before it did: \
    addresses that were erased in one of them would not be known";
const ANOTHER_HELP: &str = "read the exports of two stores apart";
