//! `ensue explain SLUG`: the page of a diagnostic.

use crate::slug::Slug;

use super::Io;
use super::exit::{Error, Exit};

/// Show the page of a finding: what it means, why it matters, how to mend it
#[derive(Debug, clap::Args)]
#[command(before_help = "Example: ensue explain unknown-tier")]
pub struct Args {
    /// The name in the brackets of a finding; without one, all names are listed
    slug: Option<String>,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let Some(name) = &args.slug else {
        let names: String = Slug::ALL.iter().flat_map(|slug| [slug.name(), "\n"]).collect();
        io.out(&names)?;
        return Ok(Exit::Fine);
    };
    let Some(slug) = Slug::ALL.iter().find(|slug| slug.name() == name) else {
        let near =
            Slug::ALL.iter().map(|slug| slug.name()).min_by_key(|other| strsim::damerau_levenshtein(name, other));
        let near = near.filter(|other| strsim::damerau_levenshtein(name, other) * 3 <= name.len());
        let help = near
            .map_or_else(|| String::from("`ensue explain` lists all names"), |near| format!("did you mean `{near}`?"));
        return Err(Error::Use(format!("error: there is no finding named `{name}`\n  = help: {help}")));
    };
    io.out(slug.page())?;
    Ok(Exit::Fine)
}
