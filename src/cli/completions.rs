//! `ensue completions`: what a shell reads to complete verbs and options.

use clap_complete::Shell;

use super::Io;
use super::exit::{Error, Exit};

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue completions bash > ~/.local/share/bash-completion/completions/ensue",
    after_help = "Exit codes: 0 fine, 3 a shell that is not known."
)]
pub struct Args {
    /// The shell
    shell: Shell,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "ensue", &mut script);
    io.file(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}
