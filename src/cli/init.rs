//! `ensue init`: a starter rulebook to change and to learn from.

use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::shown::Shown;

use super::Io;
use super::exit::{Error, Exit};

macro_rules! starter {
    ($($path:literal),* $(,)?) => { &[$(($path, include_str!(concat!("../../starter/", $path)))),*] };
}

/// The files, in the order in which they are named.
const FILES: &[(&str, &str)] = starter![
    "README.md",
    "ensue.yaml",
    "events.jsonl",
    "rules/rules.ensue",
    "rules/sequences.ensue",
    "rules/templates/check_in.md",
    "rules/templates/direct_call.md",
    "rules/templates/recap.md",
    "rules/tests/first.ensue",
];

/// Write a starter rulebook with a log and tests, one of which fails to learn from
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue init follow-ups",
    after_help = "Nothing that exists is overwritten. Exit codes: 0 fine, 3 one of the files exists or cannot be written."
)]
pub struct Args {
    /// The folder; it is made where it does not exist
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let folder = &args.folder;
    let there: Vec<&str> =
        FILES.iter().map(|(path, _)| *path).filter(|path| fs::symlink_metadata(folder.join(path)).is_ok()).collect();
    if !there.is_empty() {
        let names: Vec<String> = there.iter().map(|path| format!("`{path}`")).collect();
        let (folder, names) = (folder.display(), names.join(", "));
        let error = Error::wrong(format!("`{folder}` holds {names} already, and nothing is overwritten"));
        return Err(error.help("name another folder: `ensue init follow-ups`"));
    }
    let mut text = String::new();
    for (path, content) in FILES {
        let path = folder.join(path);
        write(&path, content).map_err(|error| Error::unwritten(&path, &error))?;
        let _ = writeln!(text, "{}", Shown(path.display()));
    }
    let enter = if folder == Path::new(".") { String::new() } else { format!("cd {} && ", Shown(folder.display())) };
    let _ = writeln!(text, "init: {} files; next: {enter}ensue test", FILES.len());
    io.out(&text)?;
    Ok(Exit::Fine)
}

/// Writes a file that must not exist yet.
fn write(path: &Path, content: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => std::io::Error::new(error.kind(), "it exists already"),
            _ => error,
        })?;
    file.write_all(content.as_bytes())
}
