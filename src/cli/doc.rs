//! `ensue doc`: the rulebook as one page for people who do not read rule files.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::doc;

use super::Io;
use super::dry_run::compiled;
use super::exit::{Error, Exit};

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
    let text = match args.format.unwrap_or_else(|| by_name(args.output.as_deref())) {
        Format::Markdown => doc::markdown::render(&page),
        Format::Html => doc::html::render(&page),
    };
    let Some(path) = &args.output else {
        io.out(&text)?;
        return Ok(Exit::Fine);
    };
    super::out::put(path, &text)?;
    io.err(&format!("doc: {} written to {}\n", page.counted(), path.display()));
    Ok(Exit::Fine)
}

fn by_name(path: Option<&Path>) -> Format {
    let end = path.and_then(Path::extension).and_then(|end| end.to_str()).unwrap_or("");
    if end.eq_ignore_ascii_case("html") || end.eq_ignore_ascii_case("htm") { Format::Html } else { Format::Markdown }
}
