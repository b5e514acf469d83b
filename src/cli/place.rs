//! Where the store, the rules and the sinks of a live run are: from the command line, else from
//! `ensue.yaml`, else the usual places.

use std::path::{Path, PathBuf};

use crate::config::{self, Config, ConfigError};
use crate::live::{Live, LiveError};
use crate::load::Files;
use crate::rulebook::Rulebook;
use crate::store::{self, StoreError};

use super::Io;
use super::exit::Error;

/// So many tenths of a second another process may hold the store.
const PATIENCE: u32 = 100;

/// The store of a live run.
#[derive(Debug, clap::Args)]
pub struct StoreArgs {
    /// The store's folder; default: from `ensue.yaml`, else `.ensue`
    #[arg(long, global = true, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// The configuration
    #[arg(long, global = true, value_name = "FILE", default_value = config::FILE)]
    pub config: PathBuf,
}

/// What a live run works with.
#[derive(Debug)]
pub struct Place {
    /// The store's folder.
    pub store: PathBuf,
    /// `ensue.yaml`, where there is one.
    pub config: Option<Config>,
}

impl StoreArgs {
    /// Reads the configuration and decides where the store is.
    pub fn place(&self, io: Io) -> Result<Place, Error> {
        let config = match config::read(&self.config) {
            Ok(config) => Some(config),
            Err(ConfigError::Missing(_)) if self.config == Path::new(config::FILE) => None,
            Err(error) => {
                io.err(&crate::report::diagnostic::config(&error, io.color_err()));
                return Err(Error::Told);
            }
        };
        let usual = || config.as_ref().map_or_else(|| PathBuf::from(".ensue"), Config::store);
        Ok(Place { store: self.store.clone().unwrap_or_else(usual), config })
    }
}

impl Place {
    /// Where the rules are, unless the command line says.
    pub fn rules(&self, given: Option<&Path>) -> PathBuf {
        let usual = || self.config.as_ref().map_or_else(|| PathBuf::from("rules"), Config::rules);
        given.map_or_else(usual, Path::to_path_buf)
    }

    /// The store, which must be there.
    pub fn open(&self) -> Result<Live, Error> {
        self.patiently(&store::Options { create: false, ..store::Options::default() })
    }

    /// The store, made where there is none.
    pub fn open_or_make(&self) -> Result<Live, Error> {
        self.patiently(&store::Options::default())
    }

    /// Opens the store; while another process has it, waits a little.
    fn patiently(&self, options: &store::Options) -> Result<Live, Error> {
        let nap = std::time::Duration::from_millis(100);
        for _ in 0..PATIENCE {
            match Live::open(&self.store, options) {
                Err(LiveError::Store(StoreError::Locked { .. })) => std::thread::sleep(nap),
                other => return Ok(other?),
            }
        }
        Ok(Live::open(&self.store, options)?)
    }
}

/// The rulebook at a path, with the texts of its files; findings go to standard error where it does
/// not compile.
pub fn rulebook(path: &Path, io: Io) -> Result<(Files, Rulebook), Error> {
    let files = Files::read(path)?;
    let checked = files.check();
    if let Some(rulebook) = checked.rulebook {
        return Ok((files, rulebook));
    }
    Err(super::dry_run::refused(&checked, io))
}

impl From<LiveError> for Error {
    fn from(error: LiveError) -> Self {
        let help = error.help().map(|help| format!("\n  = help: {help}")).unwrap_or_default();
        Self::Use(format!("error: {error}{help}"))
    }
}

impl From<store::StoreError> for Error {
    fn from(error: store::StoreError) -> Self {
        LiveError::from(error).into()
    }
}
