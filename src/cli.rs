//! The command line: one file per verb. The only place that prints, exits, and reads the clock.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{ColorChoice, Parser, Subcommand};

mod activate;
mod aside;
mod ask;
mod audit;
mod bounded;
mod by_hand;
mod check;
mod clock;
mod complaint;
mod completions;
mod doc;
mod dry_run;
mod exit;
mod explain;
mod fmt;
mod guard;
mod halt;
mod ingest;
mod init;
mod input;
mod kill;
mod lead;
mod leads;
mod leap;
mod man;
mod near;
mod out;
mod place;
mod progress;
mod regain;
mod render;
mod replace;
mod report;
mod review;
mod run;
mod store;
mod test;
mod unhalt;
mod unread;
mod vocabulary;

use complaint::Complaint;

use crate::shown::{self, Ours};

pub use exit::Exit;

/// Follow-ups as code: rules in Git decide who is contacted when, from a log of events.
#[derive(Debug, Parser)]
#[command(
    name = "ensue",
    version = version(),
    disable_help_subcommand = true,
    before_help = "Example: ensue dry-run rules --events fixtures/quickstart/events.jsonl",
    after_help = "Exit codes: 0 fine, 1 findings, 2 the rules do not compile, 3 wrong use, a missing file or a bad record, 4 a bug of ensue."
)]
struct Cli {
    /// When to use color
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, global = true)]
    color: ColorChoice,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Activate(activate::Args),
    Audit(audit::Args),
    Check(check::Args),
    Completions(completions::Args),
    Doc(doc::Args),
    DryRun(dry_run::Args),
    Explain(explain::Args),
    Fmt(fmt::Args),
    Halt(halt::Args),
    Ingest(ingest::Args),
    Init(init::Args),
    Lead(lead::Args),
    Leads(leads::Args),
    Man(man::Args),
    Render(render::Args),
    Report(report::Args),
    Review(review::Args),
    Run(run::Args),
    Store(store::Args),
    Test(test::Args),
    Unhalt(unhalt::Args),
    Vocabulary(vocabulary::Args),
}

/// The versions of program, language and zones, on one line.
fn version() -> &'static str {
    static VERSION: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        format!(
            "{} (language {}, tz {})",
            env!("CARGO_PKG_VERSION"),
            crate::LANGUAGE_VERSION,
            crate::local::tz_version()
        )
    });
    &VERSION
}

/// The command line as data, for completions and manual pages.
fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    // A bug of ours says so and has an exit code of its own.
    std::panic::set_hook(Box::new(|info| {
        PLAIN.err(&format!(
            "ensue: this is a bug in ensue, not in your rules: {info}\n\
             ensue: please report it with the command and the files that led to it\n"
        ));
    }));
    match std::panic::catch_unwind(begin) {
        Ok(exit) => exit.into(),
        Err(_) => Exit::Bug.into(),
    }
}

fn begin() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return unread(&error),
    };
    let io = Io { color: color(cli.color) };
    let result = match cli.verb {
        Verb::Activate(args) => activate::run(&args, io),
        Verb::Audit(args) => audit::run(&args, io),
        Verb::Check(args) => check::run(&args, io),
        Verb::Completions(args) => completions::run(&args, io),
        Verb::Doc(args) => doc::run(&args, io),
        Verb::DryRun(args) => dry_run::run(&args, io),
        Verb::Explain(args) => explain::run(&args, io),
        Verb::Fmt(args) => fmt::run(&args, io),
        Verb::Halt(args) => halt::run(&args, io),
        Verb::Ingest(args) => ingest::run(&args, io),
        Verb::Init(args) => init::run(&args, io),
        Verb::Lead(args) => lead::run(&args, io),
        Verb::Leads(args) => leads::run(&args, io),
        Verb::Man(args) => man::run(&args, io),
        Verb::Render(args) => render::run(&args, io),
        Verb::Report(args) => report::run(&args, io),
        Verb::Review(args) => review::run(&args, io),
        Verb::Run(args) => run::run(&args, io),
        Verb::Store(args) => store::run(&args, io),
        Verb::Test(args) => test::run(&args, io),
        Verb::Unhalt(args) => unhalt::run(&args, io),
        Verb::Vocabulary(args) => vocabulary::run(&args, io),
    };
    result.unwrap_or_else(exit::Error::report)
}

/// Why the arguments cannot be read, or the help that they ask for.
fn unread(error: &clap::Error) -> Exit {
    let (plain, drawn) = (error.render().to_string(), error.render().ansi().to_string());
    let color = color(ColorChoice::Auto);
    // The drawing colors an argument by the codes in it, too.
    let text = if color && !plain.contains('\u{1b}') { drawn } else { plain };
    let io = Io { color };
    if error.use_stderr() {
        io.painted_err(&text);
        return Exit::Use;
    }
    let _ = io.painted(&text);
    Exit::Fine
}

/// How this process talks to the terminal: the one way out of it. Whatever a text holds, it steers nobody.
#[derive(Clone, Copy, Debug)]
struct Io {
    /// Color on standard output.
    color: bool,
}

/// Without color, where nobody has said how to write.
const PLAIN: Io = Io { color: false };

impl Io {
    /// Color on standard error, where `auto` looks at that terminal instead.
    fn color_err(self) -> bool {
        self.color && (is_terminal().1 || !is_terminal().0)
    }

    /// Writes results; a reader that has gone away is no error.
    fn out(self, text: &str) -> Result<(), exit::Error> {
        write_out(&shown::whole(text, Ours::default()))
    }

    /// Writes results that are painted. Whoever paints writes out the texts between the colors, since a
    /// color of a text is not told from one of ours here.
    fn painted(self, text: &str) -> Result<(), exit::Error> {
        write_out(&shown::whole(text, Ours { color: self.color, commands: false }))
    }

    /// Writes lines that a CI system shall take for commands.
    fn commands(self, text: &str) -> Result<(), exit::Error> {
        write_out(&shown::whole(text, Ours { color: false, commands: true }))
    }

    /// Writes what is a file: byte for byte, where nobody reads it from a terminal.
    fn file(self, text: &str) -> Result<(), exit::Error> {
        if is_terminal().0 { self.out(text) } else { write_out(text) }
    }

    /// Writes notes.
    #[expect(clippy::unused_self, reason = "what writes has been told how to write")]
    fn err(self, text: &str) {
        write_err(&shown::whole(text, Ours::default()));
    }

    /// Writes findings that are painted, as [`Io::painted`] does.
    fn painted_err(self, text: &str) {
        write_err(&shown::whole(text, Ours { color: self.color_err(), commands: false }));
    }

    /// Says what is worth knowing.
    fn note(self, text: &str) {
        self.err(&complaint::note(text));
    }

    /// Says what is wrong, where the verb goes on or has its own exit code.
    fn complain(self, complaint: &Complaint) {
        self.err(&format!("{complaint}\n"));
    }
}

/// Whether standard output and standard error are terminals.
#[expect(clippy::disallowed_methods, reason = "it asks whether anybody looks")]
fn is_terminal() -> (bool, bool) {
    (io::stdout().is_terminal(), io::stderr().is_terminal())
}

#[expect(clippy::disallowed_methods, reason = "the one way out")]
fn write_err(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

#[expect(clippy::disallowed_methods, reason = "the one way out")]
fn write_out(text: &str) -> Result<(), exit::Error> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(exit::Error::from_write)
}

fn color(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => is_terminal().0 && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}
