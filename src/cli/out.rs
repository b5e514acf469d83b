//! `--out FORMAT=PATH`: further reports of the same run, into files.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::shown::{self, Ours};

use super::exit::Error;
use super::replace::replace;

/// A form of report for programs and review systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Sarif,
    Junit,
    Github,
    Json,
    Markdown,
}

/// A report and the file it goes to.
#[derive(Clone, Debug)]
pub struct Out {
    form: Form,
    path: PathBuf,
}

impl FromStr for Out {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((form, path)) = text.split_once('=') else {
            return Err("write it as `FORMAT=PATH`, as in `sarif=report.sarif`".to_owned());
        };
        let form = match form {
            "sarif" => Form::Sarif,
            "junit" => Form::Junit,
            "github" => Form::Github,
            "json" => Form::Json,
            "md" => Form::Markdown,
            _ => return Err(format!("there is no report `{form}`; there are sarif, junit, github, json and md")),
        };
        if path.is_empty() {
            return Err("the path is missing, as in `sarif=report.sarif`".to_owned());
        }
        Ok(Self { form, path: path.into() })
    }
}

/// Writes each report to its file; `render` gives the text of a form.
pub fn write(outs: &[Out], render: impl Fn(Form) -> String) -> Result<(), Error> {
    for out in outs {
        let ours = Ours { commands: out.form == Form::Github, color: false };
        said(&out.path, std::fs::write(&out.path, &*shown::whole(&render(out.form), ours)))?;
    }
    Ok(())
}

/// Writes a page to a file. One that is there holds all of the old or all of the new page at any moment.
pub fn put(path: &Path, text: &str) -> Result<(), Error> {
    let text = &shown::whole(text, Ours::default());
    // What is no plain file, such as a terminal, cannot be put in place of.
    let is_file = std::fs::metadata(path).is_ok_and(|about| about.is_file());
    said(path, if is_file { replace(path, text) } else { std::fs::write(path, &**text) })
}

fn said(path: &Path, written: std::io::Result<()>) -> Result<(), Error> {
    written.map_err(|error| Error::unwritten(path, &error))
}
