//! The progress bar on standard error, for long logs and only on a terminal.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Logs shorter than this are read before anyone could look.
const WORTH_SHOWING: u64 = 16 << 20;

/// A bar over so many bytes, or over an unknown number; hidden where nobody looks.
#[expect(clippy::disallowed_methods, reason = "it asks whether anybody looks")]
pub fn bytes(total: Option<u64>) -> ProgressBar {
    let long = total.is_none_or(|total| total >= WORTH_SHOWING);
    if !std::io::stderr().is_terminal() || !long {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(10));
    let template = if total.is_some() {
        "reading {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}"
    } else {
        "reading {spinner} {bytes} {bytes_per_sec}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
