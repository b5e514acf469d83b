//! `ensue fmt`: the one canonical form of rule files, as a diff, written, or checked.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::diagnostic::Diagnostic;
use crate::load;
use crate::report::diagnostic;
use crate::report::fold::Folded;
use crate::shown::{self, Ours, Shown};
use crate::source::{Source, Sources};
use crate::syntax::format::{self, Unformatted};
use crate::words::many;

use super::Io;
use super::exit::{Error, Exit};
use super::replace;

/// What standard input is called in messages.
const STDIN: &str = "<stdin>";
/// The name of standard input on the command line.
const DASH: &str = "-";

/// Print what the one canonical form of the rules would change; write it with -w
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue fmt rules -w",
    after_help = "Exit codes: 0 fine, 1 a file would change (with --check), 2 a file does not parse and nothing is written, 3 wrong use or a missing file."
)]
pub struct Args {
    /// Folders or files, or `-` for standard input
    #[arg(default_value = "rules", value_name = "RULES")]
    rules: Vec<PathBuf>,
    /// Write the files that change
    #[arg(short, long, conflicts_with = "check")]
    write: bool,
    /// Only name the files that would change, and fail if there is one
    #[arg(long)]
    check: bool,
}

/// A file that was formatted.
struct Formatted {
    path: PathBuf,
    shown: String,
    before: String,
    after: String,
}

impl Formatted {
    fn is_changed(&self) -> bool {
        self.before != self.after
    }
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    if args.rules.iter().any(|path| path == Path::new(DASH)) {
        return stdin(args, io);
    }
    let mut paths = BTreeSet::new();
    for path in &args.rules {
        paths.extend(load::rule_files(path)?);
    }
    let mut files = Vec::new();
    for path in paths {
        files.push((load::shown(&path), load::text(&path)?, path));
    }
    let files = match format_all(files, io) {
        Ok(files) => files,
        Err(exit) => return Ok(exit),
    };
    let changed: Vec<&Formatted> = files.iter().filter(|file| file.is_changed()).collect();
    let total = many(files.len(), "file");
    if args.check {
        let names: String = changed.iter().map(|file| format!("{}\n", Shown(&file.shown))).collect();
        io.out(&format!("{names}fmt: {}\n", would_change(changed.len(), &total)))?;
        return Ok(if changed.is_empty() { Exit::Fine } else { Exit::Findings });
    }
    if args.write {
        for file in &changed {
            replace::replace(&file.path, &file.after).map_err(|error| Error::unwritten(&file.shown, &error))?;
            io.out(&format!("{}\n", Shown(&file.shown)))?;
        }
        io.out(&format!("fmt: {} of {total} written\n", changed.len()))?;
        return Ok(Exit::Fine);
    }
    io.painted(&changed.iter().map(|file| diff(file, io.color)).collect::<String>())?;
    io.err(&format!("fmt: {}\n", would_change(changed.len(), &total)));
    Ok(Exit::Fine)
}

/// From standard input to standard output.
fn stdin(args: &Args, io: Io) -> Result<Exit, Error> {
    if args.write || args.rules.len() > 1 {
        let help = "`-` reads standard input and writes to standard output: leave out `-w` and other files";
        return Err(Error::wrong(help));
    }
    let mut text = String::new();
    let failed = |error| Error::wrong(format!("standard input cannot be read: {error}"));
    std::io::stdin().lock().take(load::MAX_FILE).read_to_string(&mut text).map_err(failed)?;
    let files = match format_all(vec![(STDIN.to_owned(), text, PathBuf::from(DASH))], io) {
        Ok(files) => files,
        Err(exit) => return Ok(exit),
    };
    let changed = files.iter().any(Formatted::is_changed);
    if args.check {
        io.out(&format!("fmt: {}\n", would_change(usize::from(changed), &many(1, "file"))))?;
        return Ok(if changed { Exit::Findings } else { Exit::Fine });
    }
    io.file(&files.iter().map(|file| file.after.as_str()).collect::<String>())?;
    Ok(Exit::Fine)
}

/// The files with their canonical form. Where one has mistakes, all are printed, and nothing else is done.
fn format_all(files: Vec<(String, String, PathBuf)>, io: Io) -> Result<Vec<Formatted>, Exit> {
    let mut sources = Sources::default();
    let mut findings: Vec<Diagnostic> = Vec::new();
    let mut formatted = Vec::new();
    for (shown, before, path) in files {
        let text = before.strip_prefix('\u{feff}').unwrap_or(&before);
        let id = sources.add(Source::new(shown.as_str(), text));
        match format::format(id, text) {
            Ok(after) => formatted.push(Formatted { path, shown, after, before }),
            Err(Unformatted::Mistakes(found)) => findings.extend(found),
            Err(Unformatted::Bug(difference)) => {
                io.err(&format!("ensue: this is a bug in ensue, not in your rules: {shown}: {difference}\n"));
                io.err("ensue: nothing is written; please report it with the file that led to it\n");
                return Err(Exit::Bug);
            }
        }
    }
    if findings.is_empty() {
        return Ok(formatted);
    }
    io.painted_err(&diagnostic::human_folded(&Folded::of(&findings, &sources), &sources, io.color_err()));
    io.err(&format!("fmt: {}, nothing is changed\n", many(findings.len(), "error")));
    Err(Exit::Rules)
}

/// What changes, in the form that `patch` reads.
fn diff(file: &Formatted, color: bool) -> String {
    let diff = TextDiff::from_lines(&file.before, &file.after);
    let name = shown::line(&file.shown);
    let unified = diff.unified_diff().context_radius(3).header(&name, &name).to_string();
    if !color {
        return unified;
    }
    // The codes of a color are ours alone.
    let unified = shown::whole(&unified, Ours::default());
    let paint = |line: &str| match line.as_bytes().first() {
        Some(b'-') => format!("\u{1b}[31m{line}\u{1b}[0m\n"),
        Some(b'+') => format!("\u{1b}[32m{line}\u{1b}[0m\n"),
        Some(b'@') => format!("\u{1b}[36m{line}\u{1b}[0m\n"),
        _ => format!("{line}\n"),
    };
    unified.lines().map(paint).collect()
}

fn would_change(changed: usize, total: &str) -> String {
    match changed {
        0 => format!("no change in {total}"),
        _ => format!("{changed} of {total} would change"),
    }
}
