//! Reads a rulebook from a folder or a file: every `*.ensue` below it in path order, and the files
//! beside the rules that it may name.
//!
//! A rulebook may come from anybody who can propose a change, and what is wrong in it is printed with its
//! lines. So nothing is read but plain files inside of it: no link may lead out, no pipe or device is opened,
//! and no file is read beyond its limit, whatever size it says it has.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

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
    /// A link leads to a file outside of the rulebook.
    LeadsOut(PathBuf),
    /// A pipe, a device or a folder where a file should be.
    NoFile(PathBuf),
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
            Self::LeadsOut(path) => write!(
                f,
                "`{}` is a link that leads out of the rulebook, and is not read: put a copy of the file in its place",
                path.display()
            ),
            Self::NoFile(path) => write!(
                f,
                "`{}` is no plain file, and is not read: rules, scripts, templates and calendars are files",
                path.display()
            ),
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

/// The texts of a rulebook's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// Rules by path as people see it.
    pub rules: Vec<(String, String)>,
    /// The rulebook's folder as people see it.
    pub root: String,
    /// Files beside the rules by path relative to the rulebook's folder.
    pub beside: BTreeMap<String, String>,
}

impl Files {
    /// Reads the files of the rulebook at a path.
    ///
    /// # Errors
    /// Fails where files cannot be read.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        if is_folder(path)? { folder(path) } else { single(path) }
    }

    /// Checks them.
    #[must_use]
    pub fn check(&self) -> Checked {
        self.check_with(&Env::default())
    }

    /// Checks them with the standard metrics, whether the rulebook has metrics of its own or not.
    #[must_use]
    pub fn check_measured(&self) -> Checked {
        self.check_with(&Env { metrics: true, ..Env::default() })
    }

    /// Checks them with the standard metrics and the questions of the weekly review.
    #[must_use]
    pub fn check_review(&self) -> Checked {
        self.check_with(&Env { metrics: true, review: true, ..Env::default() })
    }

    fn check_with(&self, wanted: &Env) -> Checked {
        let env = Env { root: self.root.clone(), files: self.beside.clone(), ..wanted.clone() };
        check::load(self.rules.clone(), &env)
    }

    /// Whether both decide alike: they differ in tests, comments, layout, and files that no rule reads at
    /// most.
    #[must_use]
    pub fn means_the_same(&self, other: &Self) -> bool {
        let meaning = self.meaning();
        meaning.is_some() && meaning == other.meaning()
    }

    /// What decides: statements in rulebook order, and the files beside them.
    fn meaning(&self) -> Option<(Vec<String>, BTreeMap<&str, &str>)> {
        let mut statements = Vec::new();
        for (_, text) in &self.rules {
            statements.extend(crate::syntax::format::meaning(text)?);
        }
        let beside = self.beside.iter().filter(|(path, _)| !is_other_text(path));
        Some((statements, beside.map(|(path, text)| (path.as_str(), text.as_str())).collect()))
    }

    /// The same for the same files, wherever the rulebook lies.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let inner = |path: &str| {
            let rest = path.strip_prefix(&self.root).unwrap_or(path);
            rest.trim_start_matches('/').to_owned()
        };
        let rules = self.rules.iter().map(|(path, text)| (inner(path), text));
        for (path, text) in rules.chain(self.beside.iter().map(|(path, text)| (path.clone(), text))) {
            for part in [path.as_str(), text] {
                hasher.update(&(part.len() as u64).to_be_bytes());
                hasher.update(part.as_bytes());
            }
        }
        *hasher.finalize().as_bytes()
    }
}

/// Reads and checks the rulebook at a path.
///
/// # Errors
/// Fails where files cannot be read; mistakes in them are findings of the result.
pub fn rulebook(path: &Path) -> Result<Checked, LoadError> {
    Ok(Files::read(path)?.check())
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
    let inside = Inside::of(path)?;
    files.iter().try_for_each(|file| inside.holds(file))?;
    if files.is_empty() { Err(LoadError::NoRules(path.to_owned())) } else { Ok(files) }
}

/// The real folder of a rulebook, which no link in it may lead out of.
struct Inside(PathBuf);

impl Inside {
    fn of(folder: &Path) -> Result<Self, LoadError> {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        fs::canonicalize(here).map(Self).map_err(|error| LoadError::Io(folder.to_owned(), error))
    }

    /// Whether a file of the folder is really in it.
    fn holds(&self, file: &Path) -> Result<(), LoadError> {
        let failed = |error| LoadError::Io(file.to_owned(), error);
        if !fs::symlink_metadata(file).map_err(failed)?.is_symlink() {
            return Ok(());
        }
        let real = fs::canonicalize(file).map_err(failed)?;
        if real.starts_with(&self.0) { Ok(()) } else { Err(LoadError::LeadsOut(file.to_owned())) }
    }

    /// The text of a file of the folder, without a byte order mark.
    fn text(&self, file: &Path) -> Result<String, LoadError> {
        self.holds(file)?;
        let mut text = text(file)?;
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Ok(text)
    }
}

fn is_folder(path: &Path) -> Result<bool, LoadError> {
    let kind = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => LoadError::Missing(path.to_owned()),
        _ => LoadError::Io(path.to_owned(), error),
    })?;
    Ok(kind.is_dir())
}

fn folder(path: &Path) -> Result<Files, LoadError> {
    let mut files = Vec::new();
    collect(path, &mut files)?;
    files.sort();
    let inside = Inside::of(path)?;
    let (mut rules, mut beside) = (Vec::new(), BTreeMap::new());
    for file in files {
        let is_rules = file.extension().is_some_and(|end| end == "ensue");
        if is_rules {
            rules.push((shown(&file), inside.text(&file)?));
        } else if beside_the_rules(&file) {
            let inner = shown(file.strip_prefix(path).unwrap_or(&file));
            match inside.text(&file) {
                // A folder may hold texts that are no templates, and are not the rulebook's to refuse.
                Err(_) if is_other_text(&inner) => {}
                text => drop(beside.insert(inner, text?)),
            }
        }
    }
    if rules.is_empty() {
        return Err(LoadError::NoRules(path.to_owned()));
    }
    Ok(Files { rules, root: shown(path), beside })
}

fn single(path: &Path) -> Result<Files, LoadError> {
    let root = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for name in ["calendars", "scripts", "templates"] {
        let inner = root.join(name);
        if inner.is_dir() {
            collect(&inner, &mut files)?;
        }
    }
    let inside = Inside::of(root)?;
    let mut beside = BTreeMap::new();
    for file in files.into_iter().filter(|file| beside_the_rules(file)) {
        beside.insert(shown(file.strip_prefix(root).unwrap_or(&file)), inside.text(&file)?);
    }
    Ok(Files { rules: vec![(shown(path), inside.text(path)?)], root: shown(root), beside })
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

/// Whether a file, by its path in the rulebook, is a text that nothing reads: of those only templates are.
fn is_other_text(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end == "md") && !path.starts_with("templates/")
}

fn beside_the_rules(file: &Path) -> bool {
    let end = file.extension().and_then(|end| end.to_str()).unwrap_or("");
    matches!(end, "yaml" | "yml" | "rhai" | "md")
}

/// A file's text as it is.
///
/// # Errors
/// Fails where it is no plain file, cannot be read, is no UTF-8, or is far too large.
pub fn text(path: &Path) -> Result<String, LoadError> {
    let failed = |error| LoadError::Io(path.to_owned(), error);
    // Opening a pipe would wait for whoever writes to it.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(LoadError::NoFile(path.to_owned()));
    }
    let mut bytes = Vec::new();
    // Some files of the system say that they are empty, and are not.
    fs::File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(LoadError::TooLarge(path.to_owned()));
    }
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
