//! Who does work that falls into parts: this thread alone, or several side by side. What comes of it is
//! the same; only with the feature `threads` there can be more than one.

use std::cmp::Ordering;
use std::fmt;

#[cfg_attr(not(feature = "threads"), path = "crew/alone.rs")]
mod pool;

use pool::Pool;

/// One thread or several.
pub struct Crew {
    /// None where this thread works alone.
    pool: Option<Pool>,
}

/// Threads that cannot be started: what the system says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoThreads(String);

impl fmt::Display for NoThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoThreads {}

impl Crew {
    /// So many threads; 0 for as many as the machine has cores. For one nothing is started.
    ///
    /// # Errors
    /// Fails where the threads cannot be started.
    pub fn new(threads: usize) -> Result<Self, NoThreads> {
        Ok(Self { pool: if threads == 1 { None } else { Pool::start(threads)? } })
    }

    /// This thread.
    #[must_use]
    pub fn alone() -> Self {
        Self { pool: None }
    }

    /// The work for `0..count`, in this order.
    pub fn numbered<R: Send>(&self, count: usize, work: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
        match &self.pool {
            Some(pool) => pool.numbered(count, work),
            None => (0..count).map(work).collect(),
        }
    }

    /// The work for items that come one by one, in no order; less of it after the first error.
    ///
    /// # Errors
    /// One of those that the work gave.
    pub fn streamed<T: Send, R: Send, E: Send>(
        &self,
        items: impl Iterator<Item = T> + Send,
        work: impl Fn(T) -> Result<R, E> + Sync + Send,
    ) -> Result<Vec<R>, E> {
        match &self.pool {
            Some(pool) => pool.streamed(items, work),
            None => items.map(work).collect(),
        }
    }

    /// Two things.
    pub fn both<A: Send, B: Send>(
        &self,
        first: impl FnOnce() -> A + Send,
        second: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        match &self.pool {
            Some(pool) => pool.both(first, second),
            None => (first(), second()),
        }
    }

    /// Puts items in order; equal ones stay as they are.
    pub fn sort_by<T: Send>(&self, items: &mut [T], order: impl Fn(&T, &T) -> Ordering + Sync + Send) {
        match &self.pool {
            Some(pool) => pool.sort_by(items, order),
            None => items.sort_by(order),
        }
    }
}
