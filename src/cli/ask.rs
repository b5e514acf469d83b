//! Asking a sink in the middle of a run: whoever waits for the store has it meanwhile.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::live::{Claim, Live, Point};
use crate::sink::{Outcome, Sink};
use crate::store::Wanted;

use super::exit::Error;
use super::place::Workplace;
use super::{Io, kill};

/// How long a sink is waited for before it is seen whether anybody wants the store.
const SLICE: Duration = Duration::from_millis(20);
/// After so many slices, a second, the store is closed whether anybody is seen to want it or not.
const LONG: u32 = 50;

/// Where the store of a run is, and who can end the wait for it.
#[derive(Clone, Copy)]
pub struct Ways<'a> {
    pub place: &'a Workplace,
    pub stop: &'a AtomicBool,
    pub io: Io,
}

/// Asks a sink to take what was claimed; what came of it, and the store to settle it in.
///
/// To open a store costs 10 ms to 40 ms, and in a log of a million events as much again to read its ids,
/// so it is not closed for an attempt that is over sooner, unless somebody waits. The intents are as they
/// would be otherwise: what could be claimed beforehand to save openings would all be unknown after a
/// crash, and a stop that arrives meanwhile would come too late for it.
pub fn ask(live: Live, claim: &Claim, sink: &mut dyn Sink, ways: Ways<'_>) -> Result<(Live, Vec<Outcome>), Error> {
    let begun_in = Begun::of(live.store().dir());
    let mut held = Held { live: Some(live), ways, begun_in };
    held.let_go_if_wanted();
    let outcomes = if sink.may_wait() { held.while_asked(claim, sink) } else { claim.attempt(sink) };
    Ok((held.back()?, outcomes))
}

/// A store that may have been let go.
struct Held<'a> {
    live: Option<Live>,
    ways: Ways<'a>,
    begun_in: Begun,
}

/// Which store a run began in: its folder itself, wherever that is moved.
#[derive(Debug, PartialEq, Eq)]
struct Begun {
    /// Device and number of the folder; `None` where the system has no such numbers.
    folder: Option<(u64, u64)>,
}

impl Begun {
    #[cfg(unix)]
    fn of(dir: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { folder: std::fs::metadata(dir).ok().map(|about| (about.dev(), about.ino())) }
    }

    #[cfg(not(unix))]
    fn of(_: &Path) -> Self {
        Self { folder: None }
    }
}

impl Held<'_> {
    fn while_asked(&mut self, claim: &Claim, sink: &mut dyn Sink) -> Vec<Outcome> {
        thread::scope(|scope| {
            let (sender, answer) = mpsc::channel::<()>();
            let asked = scope.spawn(move || {
                let outcomes = claim.attempt(sink);
                drop(sender);
                outcomes
            });
            for slice in 1.. {
                if self.live.is_none() || answer.recv_timeout(SLICE) != Err(mpsc::RecvTimeoutError::Timeout) {
                    break;
                }
                if slice < LONG { self.let_go_if_wanted() } else { self.let_go() }
            }
            asked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn let_go_if_wanted(&mut self) {
        if self.live.as_ref().is_some_and(|live| Wanted::is_there(live.store().dir())) {
            self.let_go();
        }
    }

    fn let_go(&mut self) {
        self.live = None;
        kill::at(Point::LetGo);
    }

    fn back(self) -> Result<Live, Error> {
        let Ways { place, stop, io } = self.ways;
        if let Some(live) = self.live {
            return Ok(live);
        }
        let live = place.reopen(stop, io)?.with_points(kill::at);
        // Somebody has moved the folder away and put another in its place, a backup perhaps. What this run has
        // claimed stands in the first one, and so does the lock that keeps others from handing it over too.
        if Begun::of(live.store().dir()) != self.begun_in {
            let store = place.store.display();
            let complaint = format!("`{store}` is another store than the run began in; it hands over nothing more");
            let help = "what came of the last attempt is written down in neither; a run in the first store takes it for unknown";
            return Err(Error::wrong(complaint).help(help));
        }
        Ok(live)
    }
}
