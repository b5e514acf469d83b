//! Whether standard output leads anywhere. Where a program is started with it closed, Rust puts
//! `/dev/null` in its place before `main`, and every write to it seems to succeed.

#[cfg(unix)]
pub fn is_stdout() -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;

    use rustix::fs::{OFlags, fcntl_getfl};

    #[expect(clippy::disallowed_methods, reason = "it is looked at, not written to")]
    let stdout = std::io::stdout();
    let Ok(flags) = fcntl_getfl(&stdout) else { return true };
    // Whoever writes `> /dev/null` opens it for writing alone, and means it.
    if !flags.contains(OFlags::RDWR) {
        return false;
    }
    let copy = stdout.as_fd().try_clone_to_owned().map(std::fs::File::from);
    let (here, null) = (copy.and_then(|file| file.metadata()), std::fs::metadata("/dev/null"));
    matches!((here, null), (Ok(here), Ok(null)) if here.rdev() == null.rdev() && null.rdev() != 0)
}

#[cfg(not(unix))]
pub fn is_stdout() -> bool {
    false
}
