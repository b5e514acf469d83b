//! For the tests of what a crash leaves behind: `ENSUE_TEST_KILL_AT=after-intent:3` ends the process
//! as a kill would when it comes to that point of a hand-over for the third time. The points are
//! `before-intent`, `after-intent`, `let-go`, `before-sink`, `after-answer` and `after-outcome`. Nothing
//! else reads the variable, and it is no part of the program's interface.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::live::Point;

/// Ends the process here where a test wants that.
pub fn at(point: Point) {
    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("ENSUE_TEST_KILL_AT").ok()?;
        let (name, time) = text.split_once(':')?;
        Some((name.to_owned(), time.parse().ok()?))
    });
    let Some((name, time)) = wanted else { return };
    if *name == name_of(point) && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == *time {
        std::process::abort();
    }
}

const fn name_of(point: Point) -> &'static str {
    match point {
        Point::BeforeIntent => "before-intent",
        Point::AfterIntent => "after-intent",
        Point::LetGo => "let-go",
        Point::BeforeSink => "before-sink",
        Point::AfterAnswer => "after-answer",
        Point::AfterOutcome => "after-outcome",
    }
}
