//! Keeps the database's panics and endless loops inside: calls are caught, long walks run in a
//! thread of their own that is given up when it no longer gets on. Used wherever sled is called.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::error::StoreError;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs a call into the database; a panic inside comes back as its message and prints nothing.
pub fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    hush_caught_panics();
    let before = QUIET.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(call));
    QUIET.set(before);
    outcome.map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
        format!("the database gave up: {}", text.lines().next().unwrap_or_default())
    })
}

/// Runs `call` in a fresh thread and waits for at most `limit`; a thread that takes longer is left
/// behind.
pub fn watched<T: Send + 'static>(
    doing: &'static str,
    limit: Duration,
    call: impl FnOnce() -> T + Send + 'static,
) -> Result<Result<T, String>, StoreError> {
    let (sender, receiver) = mpsc::sync_channel(1);
    spawn(move || {
        // Nobody listens when the wait was given up; then the result is of no use.
        let _ = sender.send(guarded(call));
    })?;
    match receive(&receiver, limit) {
        Ok(result) => Ok(result),
        Err(RecvTimeoutError::Timeout) => Err(StoreError::Stuck { doing, seconds: limit.as_secs() }),
        Err(RecvTimeoutError::Disconnected) => Ok(Err("the database gave up without a reason".to_owned())),
    }
}

/// Waits for at most `limit` of time in which this process ran: one that was suspended meanwhile, with
/// the database's thread in it, has not waited.
pub fn receive<T>(receiver: &Receiver<T>, limit: Duration) -> Result<T, RecvTimeoutError> {
    const SLICES: u32 = 20;
    for _ in 1..SLICES {
        match receiver.recv_timeout(limit / SLICES) {
            Err(RecvTimeoutError::Timeout) => {}
            told => return told,
        }
    }
    receiver.recv_timeout(limit / SLICES)
}

/// Starts a thread of the store.
pub fn spawn(body: impl FnOnce() + Send + 'static) -> Result<(), StoreError> {
    let started = thread::Builder::new().name("ensue-store".to_owned()).spawn(body);
    started.map(drop).map_err(|error| StoreError::Stopped { reason: format!("no thread can be started: {error}") })
}

/// The default hook prints every panic; those caught here, and those of the database's own
/// threads, are told as errors instead.
fn hush_caught_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let of_database = thread::current().name().is_some_and(|name| name.starts_with("sled"));
            if !of_database && !QUIET.get() {
                previous(info);
            }
        }));
    });
}
