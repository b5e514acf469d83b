//! Reads a rulebook from a folder or a file: every `*.ensue` below it in path order, and the files
//! beside the rules that it may name. One of two places where the library reads files.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::check::{self, Checked, Env};

/// A file of a rulebook may have so many bytes; a longer one is surely not meant to be read.
pub const MAX_FILE: u64 = 8 << 20;

/// Why a rulebook could not be read.
#[derive(Debug)]
pub enum LoadError {
    /// There is no such file or folder.
    Missing(PathBuf),
    /// The folder holds no `*.ensue` file.
    NoRules(PathBuf),
    /// A file is not UTF-8: its path, line and column of the first byte that is not.
    NotText(PathBuf, usize, usize),
    /// A file is larger than any rulebook file should be.
    TooLarge(PathBuf),
    /// The system would not let us read.
    Io(PathBuf, io::Error),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(
                f,
                "there is no rulebook at `{}`: name a folder with `*.ensue` files, or one such file",
                path.display()
            ),
            Self::NoRules(path) => write!(
                f,
                "there is no `*.ensue` file in `{}` or below it: rules are read from files that end so",
                path.display()
            ),
            Self::NotText(path, line, column) => {
                write!(f, "{}:{line}:{column}: this is not UTF-8 text: save the file as UTF-8", path.display())
            }
            Self::TooLarge(path) => {
                write!(f, "`{}` has more than {} MB: split it into smaller files", path.display(), MAX_FILE >> 20)
            }
            Self::Io(path, error) => write!(f, "`{}` cannot be read: {error}", path.display()),
        }
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            _ => None,
        }
    }
}

/// Reads and checks the rulebook at a path.
///
/// # Errors
/// Fails where files cannot be read; mistakes in them are findings of the result.
pub fn rulebook(path: &Path) -> Result<Checked, LoadError> {
    if is_folder(path)? { folder(path) } else { single(path) }
}

/// The `*.ensue` files of a folder and those below it in path order; of a file, itself.
///
/// # Errors
/// Fails where there is no such file or folder, or no rules in it.
pub fn rule_files(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    if !is_folder(path)? {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    collect(path, &mut files)?;
    files.retain(|file| file.extension().is_some_and(|end| end == "ensue"));
    files.sort();
    if files.is_empty() { Err(LoadError::NoRules(path.to_owned())) } else { Ok(files) }
}

fn is_folder(path: &Path) -> Result<bool, LoadError> {
    let kind = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => LoadError::Missing(path.to_owned()),
        _ => LoadError::Io(path.to_owned(), error),
    })?;
    Ok(kind.is_dir())
}

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

fn folder(path: &Path) -> Result<Checked, LoadError> {
    let mut files = Vec::new();
    collect(path, &mut files)?;
    files.sort();
    let (mut rules, mut beside) = (Vec::new(), BTreeMap::new());
    for file in files {
        let is_rules = file.extension().is_some_and(|end| end == "ensue");
        if is_rules {
            rules.push((shown(&file), bare_text(&file)?));
        } else if beside_the_rules(&file) {
            let inner = file.strip_prefix(path).unwrap_or(&file);
            beside.insert(shown(inner), bare_text(&file)?);
        }
    }
    if rules.is_empty() {
        return Err(LoadError::NoRules(path.to_owned()));
    }
    Ok(check::load(rules, &Env { root: shown(path), files: beside }))
}

fn single(path: &Path) -> Result<Checked, LoadError> {
    let root = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for name in ["calendars", "scripts", "templates"] {
        let inner = root.join(name);
        if inner.is_dir() {
            collect(&inner, &mut files)?;
        }
    }
    let mut beside = BTreeMap::new();
    for file in files.into_iter().filter(|file| beside_the_rules(file)) {
        beside.insert(shown(file.strip_prefix(root).unwrap_or(&file)), bare_text(&file)?);
    }
    Ok(check::load([(shown(path), bare_text(path)?)], &Env { root: shown(root), files: beside }))
}

/// Every file below a folder but for hidden ones; links to folders are not followed.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    let failed = |error| LoadError::Io(folder.to_owned(), error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type().map_err(failed)?.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn beside_the_rules(file: &Path) -> bool {
    let end = file.extension().and_then(|end| end.to_str()).unwrap_or("");
    matches!(end, "yaml" | "yml" | "rhai" | "md")
}

/// A file's text without a byte order mark.
fn bare_text(path: &Path) -> Result<String, LoadError> {
    let mut text = text(path)?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// A file's text as it is.
///
/// # Errors
/// Fails where it cannot be read, is no UTF-8, or is far too large.
pub fn text(path: &Path) -> Result<String, LoadError> {
    let failed = |error| LoadError::Io(path.to_owned(), error);
    if fs::metadata(path).map_err(failed)?.len() > MAX_FILE {
        return Err(LoadError::TooLarge(path.to_owned()));
    }
    let bytes = fs::read(path).map_err(failed)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', good).count() + 1;
        let start = good.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let good = good.get(start..).unwrap_or_default();
        let good = good.strip_prefix(b"\xef\xbb\xbf").unwrap_or(good);
        let column = String::from_utf8_lossy(good).chars().count() + 1;
        LoadError::NotText(path.to_owned(), line, column)
    })
}

/// A path as people see it, with `/` between folders.
pub fn shown(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let joined = parts.join("/");
    joined.strip_prefix("//").map_or(joined.clone(), |rest| format!("/{rest}"))
}
