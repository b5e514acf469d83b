//! Puts a new text in place of a file, for verbs that change what an author wrote.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Puts a text in place of a file, which holds all of the old or all of the new one at any moment. A
/// link stays one, and the permissions stay.
///
/// # Errors
/// Fails where the folder cannot be written; the file is then as it was.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    if fs::metadata(&path)?.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is marked as read-only"));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Its name is hidden, so that a copy left behind by a crash is not read as rules.
    let fresh = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = write_new(&fresh, text, &path).and_then(|()| fs::rename(&fresh, &path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written
}

fn write_new(fresh: &Path, text: &str, like: &Path) -> io::Result<()> {
    let mut file = fs::File::create(fresh)?;
    file.write_all(text.as_bytes())?;
    file.set_permissions(fs::metadata(like)?.permissions())?;
    file.sync_all()
}
