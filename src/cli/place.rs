//! Where the store, the rules and the sinks of a live run are: from the command line, else from
//! `ensue.yaml`, else the usual places.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::config::{self, Config, ConfigError};
use crate::live::{Live, LiveError};
use crate::load::Files;
use crate::local::{Zone, rfc3339};
use crate::rulebook::Rulebook;
use crate::store::{self, Alone, StoreError, Wanted};
use crate::timestamp::{Span, Timestamp};
use crate::words::many;

use super::complaint::Complaint;
use super::exit::Error;
use super::guard::guard;
use super::{Io, aside, clock};

/// How long whoever waits for a store sleeps before looking again.
const NAP: Duration = Duration::from_millis(20);
/// So many naps another process may hold the store: 10 s.
const PATIENCE: u32 = 500;
/// So many naps whoever waits is let in first: 0.2 s, and it looks every nap.
const COURTESY: u32 = 10;

/// How a store is opened that must be there.
fn present() -> store::StoreOptions {
    store::StoreOptions { create: false, ..store::StoreOptions::default() }
}

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
pub struct Workplace {
    /// The store's folder.
    pub store: PathBuf,
    /// `ensue.yaml`, where there is one.
    pub config: Option<Config>,
    io: Io,
}

impl StoreArgs {
    /// Reads the configuration and decides where the store is.
    pub fn place(&self, io: Io) -> Result<Workplace, Error> {
        let config = match config::read(&self.config) {
            Ok(config) => Some(config),
            Err(ConfigError::Missing(_)) if self.config == Path::new(config::FILE) => None,
            Err(error) => {
                io.painted_err(&crate::report::diagnostic::config(&error, io.color_err()));
                return Err(Error::Told);
            }
        };
        let usual = || config.as_ref().map_or_else(|| PathBuf::from(".ensue"), Config::store);
        Ok(Workplace { store: self.store.clone().unwrap_or_else(usual), config, io })
    }
}

impl Workplace {
    /// Where the rules are, unless the command line says.
    pub fn rules(&self, given: Option<&Path>) -> PathBuf {
        let usual = || self.config.as_ref().map_or_else(|| PathBuf::from("rules"), Config::rules);
        given.map_or_else(usual, Path::to_path_buf)
    }

    /// The store, which must be there.
    pub fn open(&self) -> Result<Live, Error> {
        Ok(self.patiently(&present())?)
    }

    /// The store, made where there is none.
    pub fn open_or_make(&self) -> Result<Live, Error> {
        Ok(self.patiently(&store::StoreOptions::default())?)
    }

    /// The store, which must be there, and that no other process hands over from it; while another does,
    /// waits a little.
    pub fn open_alone(&self) -> Result<(Live, Alone), Error> {
        let mut naps = 0;
        loop {
            // Whoever hands over has better use for the store than to find us in it.
            if naps < PATIENCE && Alone::is_taken(&self.store) {
                thread::sleep(NAP);
                naps += 1;
                continue;
            }
            let live = self.patiently(&present())?;
            match live.store().alone() {
                Ok(alone) => return Ok((live, alone)),
                Err(StoreError::HandingOver { .. }) if naps < PATIENCE => naps += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The store once more, which this process has let go in the middle of handing over. Whoever waits for
    /// it gets it first.
    ///
    /// What came of an attempt is known here alone, and would be lost: so it waits as long as it takes, if
    /// nobody asks it to `stop`.
    pub fn reopen(&self, stop: &AtomicBool, io: Io) -> Result<Live, Error> {
        for _ in 0..COURTESY {
            if !Wanted::is_there(&self.store) {
                break;
            }
            thread::sleep(NAP);
        }
        let mut told = false;
        loop {
            let error = match self.patiently(&present()) {
                Err(LiveError::Store(error @ StoreError::Locked { .. })) => error,
                done => return Ok(done?),
            };
            if stop.load(Ordering::Relaxed) {
                let complaint = Complaint::new(format!("{error}; what came of the last attempt is not written down"));
                return Err(Error::Use(complaint.help("the next run takes it for unknown")));
            }
            if !std::mem::replace(&mut told, true) {
                io.note(&format!("{error}; waiting to write down what was handed over"));
            }
        }
    }

    /// Opens the store; while another process has it, waits a little.
    fn patiently(&self, options: &store::StoreOptions) -> Result<Live, LiveError> {
        let mut wanted = None;
        for _ in 0..PATIENCE {
            match Live::open_guarded(&self.store, options, Some(guard()), &mut |entries| self.anew(entries)) {
                Err(LiveError::Store(StoreError::Locked { .. })) => {
                    wanted.get_or_insert_with(|| Wanted::new(&self.store));
                    thread::sleep(NAP);
                }
                other => {
                    let live = other?;
                    aside::sweep(live.store().dir());
                    return Ok(live);
                }
            }
        }
        Live::open_guarded(&self.store, options, Some(guard()), &mut |entries| self.anew(entries))
    }

    /// Says why the first opening of an older store takes its time.
    fn anew(&self, entries: u64) {
        let (store, entries) = (self.store.display(), many(entries as usize, "entry"));
        self.io.note(&format!(
            "`{store}` was written by an earlier ensue: its bookkeeping is made anew from {entries}, once; \
             `ensue store compact` gives back the room of the old one"
        ));
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
    Err(super::input::refused(&checked, io))
}

/// How far ahead of the wall clock a moment may be taken for now: what was decided cannot be undone.
pub const AHEAD: Span = Span::seconds(24 * 3600);

/// Refuses to take a moment for now that the wall clock is far from.
pub fn not_ahead(at: Option<Timestamp>) -> Result<(), Error> {
    let now = clock::now();
    let Some(at) = at.filter(|at| *at > now + AHEAD) else { return Ok(()) };
    let (at, now) = (rfc3339(at, Zone::UTC), rfc3339(now, Zone::UTC));
    let help = "a store cannot go back; look ahead with `ensue run --dry --at`, `ensue lead LEAD --at` or `ensue explain --at`";
    Err(Error::wrong(format!("`--at` is {at}, more than a day after now, {now}")).help(help))
}

/// Says so where a moment lies before what the store knows, and is not taken for now.
pub fn note_past(at: Option<Timestamp>, live: &Live, io: Io) {
    let Some(at) = at.filter(|at| *at < live.floor()) else { return };
    let why =
        if live.now() < live.floor() { "the log of the store reaches to" } else { "the store has been handled up to" };
    let (at, floor) = (rfc3339(at, Zone::UTC), rfc3339(live.floor(), Zone::UTC));
    io.note(&format!("{why} {floor}; that is taken for now instead of {at}"));
}

impl From<LiveError> for Error {
    fn from(error: LiveError) -> Self {
        if let LiveError::Stopped(stopped) = error {
            return stopped.into();
        }
        let complaint = Complaint::new(error.to_string());
        let complaint = match error.help() {
            Some(help) => complaint.help(help),
            None => complaint,
        };
        match error {
            LiveError::Store(StoreError::Locked { .. } | StoreError::HandingOver { .. }) => Self::Busy(complaint),
            _ => Self::Use(complaint),
        }
    }
}

impl From<store::StoreError> for Error {
    fn from(error: store::StoreError) -> Self {
        LiveError::from(error).into()
    }
}
