//! Local time and calendars against data that does not come from this crate: the tz oracle, the times
//! of the JSON Schema suite, the law of federal holidays, and the files of `fixtures/calendar`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "calendar/corpora.rs"]
mod corpora;
#[path = "calendar/files.rs"]
mod files;
#[path = "calendar/holidays.rs"]
mod holidays;
#[path = "calendar/windows.rs"]
mod windows;

/// The text of a file of this package.
fn read(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
