//! `ensue doc`: the rulebook as one page for people who do not read rule files.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::doc;
use crate::shown::Shown;

use super::Io;
use super::exit::{Error, Exit};
use super::input::compiled;

/// Write the rulebook as one page in plain words, for people who do not read rule files
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue doc rules -o playbook.html",
    after_help = "Exit codes: 0 fine, 2 the rules do not compile, 3 wrong use, a missing file, or the page cannot be written."
)]
pub struct Args {
    /// The rulebook: a folder or a file
    #[arg(default_value = "rules")]
    rules: PathBuf,
    /// The form of the page; default: by the name of the file, else markdown
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The file to write; default: standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Markdown, with tables in place of pictures
    Markdown,
    /// One file of HTML with pictures, which needs nothing else
    Html,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let rulebook = compiled(&args.rules, io)?;
    let page = doc::page(&rulebook);
    let format = match args.format {
        Some(format) => format,
        None => by_name(args.output.as_deref())?,
    };
    let text = match format {
        Format::Markdown => doc::markdown::render(&page),
        Format::Html => doc::html::render(&page),
    };
    let Some(path) = &args.output else {
        io.out(&text)?;
        return Ok(Exit::Fine);
    };
    super::out::put(path, &text)?;
    io.err(&format!("doc: {} written to {}\n", page.counted(), Shown(path.display())));
    Ok(Exit::Fine)
}

/// The form a file's name asks for; a name that asks for another form gets no page in the wrong one.
fn by_name(path: Option<&Path>) -> Result<Format, Error> {
    let Some(end) = path.and_then(Path::extension) else { return Ok(Format::Markdown) };
    let is = |names: &[&str]| names.iter().any(|name| end.eq_ignore_ascii_case(name));
    if is(&["html", "htm"]) {
        return Ok(Format::Html);
    }
    if is(&["pdf", "doc", "docx", "odt", "rtf", "tex", "rst", "json", "xml", "png", "svg"]) {
        let end = end.to_string_lossy();
        let error = Error::wrong(format!("a page cannot be written as `.{end}`"));
        return Err(error.help("name it `.md` or `.html`, or choose with `--format`"));
    }
    Ok(Format::Markdown)
}
