//! `ensue man`: the manual pages, one for the program and one for each verb.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::Io;
use super::exit::{Error, Exit};

/// Print the manual page, or write one for every verb into a folder
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue man ~/.local/share/man/man1",
    after_help = "Without a folder the page of the program is printed. Exit codes: 0 fine, 3 a page cannot be written."
)]
pub struct Args {
    /// The folder that pages are written into, as `ensue.1` and `ensue-VERB.1`
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let mut program = super::command();
    program.build();
    let Some(folder) = &args.folder else {
        io.out(&page(program)?)?;
        return Ok(Exit::Fine);
    };
    let verbs: Vec<clap::Command> = program.get_subcommands().cloned().collect();
    std::fs::create_dir_all(folder).map_err(|error| Error::unwritten(folder, &error))?;
    let mut count = 0;
    for (name, command) in std::iter::once(("ensue".to_owned(), program))
        .chain(verbs.into_iter().map(|verb| (format!("ensue-{}", verb.get_name()), verb)))
    {
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, page(command)?).map_err(|error| Error::unwritten(&path, &error))?;
        count += 1;
    }
    io.out(&format!("man: {count} pages in {}\n", folder.display()))?;
    Ok(Exit::Fine)
}

/// A page in the language of `man`.
fn page(command: clap::Command) -> Result<String, Error> {
    let mut page = Vec::new();
    let example = command.get_before_help().map(ToString::to_string).unwrap_or_default();
    clap_mangen::Man::new(command).render(&mut page).map_err(Error::from_write)?;
    let mut page = String::from_utf8_lossy(&page).into_owned();
    if let Some(example) = example.trim().strip_prefix("Example: ") {
        // A hyphen that can be copied is written with a stroke before it.
        let example = example.replace('\\', "\\e").replace('-', "\\-");
        let _ = write!(page, ".SH EXAMPLES\n.nf\n{example}\n.fi\n");
    }
    Ok(page)
}
