//! `ensue.yaml`: where the store and the rules are, and which sink each action goes to. Read by the
//! verbs of live runs, which open its sinks with [`crate::sink::open`]. Knows nothing of the store.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::source::Source;
use crate::timestamp::Span;
use crate::yaml::{MAX_BYTES, Mistake};

mod book;
mod entries;
mod mask;
mod read;

pub use self::read::parse;

/// The name of the file, in the folder a verb is called from.
pub const FILE: &str = "ensue.yaml";

/// A configuration without mistakes.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder that relative paths begin at: the one the file is in.
    pub folder: PathBuf,
    /// The store, as written.
    pub store: PathBuf,
    /// The rulebook, as written.
    pub rules: PathBuf,
    /// The sinks in the order of the file.
    pub sinks: Vec<SinkSettings>,
    /// What goes where.
    pub route: SinkRoute,
    /// The file as it was read.
    text: String,
    /// The same with its values masked, for whoever is shown it.
    source: Source,
}

/// A named sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkSettings {
    /// Its name.
    pub name: String,
    /// What takes the actions.
    pub kind: SinkKind,
    /// Whether an action that comes twice with one id has its effect once, so that one whose outcome
    /// is unknown may be handed over again.
    pub idempotent: bool,
    /// How refused actions are tried again.
    pub retries: Retries,
    /// When a sink that keeps refusing is left alone.
    pub breaker: BreakerSettings,
}

/// What takes the actions of a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// Standard output, as JSON Lines.
    Stdout,
    /// A file that JSON Lines are appended to; its path as written.
    File(PathBuf),
    /// A program that gets each action on its standard input.
    Exec {
        /// The program and its arguments; never empty.
        command: Vec<String>,
        /// How long it may take.
        timeout: Span,
    },
}

/// How refused actions are tried again. Waits double from the first to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often an action is handed over at most, the first time included.
    pub attempts: u32,
    /// The wait after the first refusal.
    pub first_wait: Span,
    /// The longest wait.
    pub longest_wait: Span,
}

/// When a sink that keeps refusing is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// After so many failures in a row.
    pub failures: u32,
    /// For how long.
    pub pause: Span,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 8, first_wait: Span::seconds(30), longest_wait: Span::seconds(3_600) }
    }
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, pause: Span::seconds(300) }
    }
}

/// How long a program may take where nothing is said.
pub const TIMEOUT: Span = Span::seconds(30);

/// What goes where: names of sinks that exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinkRoute {
    /// Where everything goes that nothing else is said of.
    pub default: Option<String>,
    /// Where alerts go.
    pub alerts: Option<String>,
    /// Where the messages and tasks of a channel go.
    pub channels: BTreeMap<String, String>,
    /// Where a `webhook NAME` goes that is not the name of a sink.
    pub webhooks: BTreeMap<String, String>,
}

/// What is to be handed over, as far as its way depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination<'a> {
    /// A message or task on a channel.
    Channel(&'a str),
    /// An alert.
    Alert,
    /// A `webhook NAME`.
    Webhook(&'a str),
}

impl fmt::Display for Destination<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel(name) => write!(f, "channel `{name}`"),
            Self::Alert => write!(f, "alerts"),
            Self::Webhook(name) => write!(f, "webhook `{name}`"),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum ConfigError {
    /// There is no such file.
    Missing(PathBuf),
    /// It cannot be read.
    Io(PathBuf, io::Error),
    /// It is not UTF-8.
    NotText(PathBuf),
    /// What is written has mistakes.
    Mistakes(Box<Source>, Vec<Mistake>),
}

/// For people, `report::diagnostic::config` draws the lines.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "there is no `{}`", path.display()),
            Self::Io(path, error) => write!(f, "`{}` cannot be read: {error}", path.display()),
            Self::NotText(path) => write!(f, "`{}` is not UTF-8 text: save it as UTF-8", path.display()),
            Self::Mistakes(source, mistakes) => {
                for (at, mistake) in mistakes.iter().enumerate() {
                    let (line, column) = source.line_column(mistake.range_start as u32);
                    let end = if at + 1 == mistakes.len() { "" } else { "\n" };
                    write!(f, "{}:{line}:{column}: {}{end}", source.path, mistake.message)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            _ => None,
        }
    }
}

/// Reads the configuration at a path; relative paths in it begin at its folder.
///
/// # Errors
/// Fails where the file is missing, cannot be read, or has mistakes; all of them are reported.
pub fn read(path: &Path) -> Result<Config, ConfigError> {
    use std::io::Read as _;
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => ConfigError::Missing(path.to_owned()),
        _ => ConfigError::Io(path.to_owned(), error),
    };
    // Opening a pipe would wait for whoever writes to it.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file")));
    }
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // One byte more than may be read shows that there is more.
    let most = MAX_BYTES as u64 + 4;
    file.take(most).read_to_end(&mut bytes).map_err(|error| ConfigError::Io(path.to_owned(), error))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    // What was cut off in the middle of a letter is too large, not ill-formed.
    let cut = bytes.len() > MAX_BYTES;
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if cut => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => return Err(ConfigError::NotText(path.to_owned())),
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    // Mistakes are drawn with their lines, and a value may be a secret.
    let source = Source::new(path.display().to_string(), mask::masked(&text));
    match parse(&text) {
        Ok(config) => Ok(Config { folder: folder.to_owned(), text, source, ..config }),
        Err(mistakes) => Err(ConfigError::Mistakes(Box::new(source), mistakes)),
    }
}

impl Config {
    /// Where the store is.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.folder.join(&self.store)
    }

    /// Where the rulebook is.
    #[must_use]
    pub fn rules(&self) -> PathBuf {
        self.folder.join(&self.rules)
    }

    /// The sink of a name.
    #[must_use]
    pub fn sink(&self, name: &str) -> Option<&SinkSettings> {
        self.sinks.iter().find(|sink| sink.name == name)
    }

    /// The sink that takes what goes to a destination; `None` where nothing does. A `webhook NAME`
    /// goes where the route says, else to the sink of that name, else to the default.
    #[must_use]
    pub fn sink_for(&self, destination: Destination<'_>) -> Option<&SinkSettings> {
        let route = &self.route;
        let own = match destination {
            Destination::Channel(name) => route.channels.get(name).map(String::as_str),
            Destination::Alert => route.alerts.as_deref(),
            Destination::Webhook(name) => {
                route.webhooks.get(name).map(String::as_str).or_else(|| self.sink(name).map(|sink| sink.name.as_str()))
            }
        };
        self.sink(own.or(route.default.as_deref())?)
    }

    /// The file with its values masked, for the places of mistakes; empty where there is none.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }
}

impl Default for Config {
    /// What holds where there is no file: a store in `.ensue`, rules in `rules`, no sink.
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            store: ".ensue".into(),
            rules: "rules".into(),
            sinks: Vec::new(),
            route: SinkRoute::default(),
            text: String::new(),
            source: Source::new("", ""),
        }
    }
}
