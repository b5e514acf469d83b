//! Threads that share work.

use std::cmp::Ordering;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::NoThreads;

pub struct Pool(ThreadPool);

impl Pool {
    pub fn start(threads: usize) -> Result<Option<Self>, NoThreads> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        pool.map(|pool| Some(Self(pool))).map_err(|error| NoThreads(error.to_string()))
    }

    pub fn numbered<R: Send>(&self, count: usize, work: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
        self.0.install(|| (0..count).into_par_iter().map(work).collect())
    }

    pub fn streamed<T: Send, R: Send, E: Send>(
        &self,
        items: impl Iterator<Item = T> + Send,
        work: impl Fn(T) -> Result<R, E> + Sync + Send,
    ) -> Result<Vec<R>, E> {
        self.0.install(|| items.par_bridge().map(work).collect())
    }

    pub fn both<A: Send, B: Send>(
        &self,
        first: impl FnOnce() -> A + Send,
        second: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        self.0.install(|| rayon::join(first, second))
    }

    pub fn sort_by<T: Send>(&self, items: &mut [T], order: impl Fn(&T, &T) -> Ordering + Sync + Send) {
        self.0.install(|| items.par_sort_by(order));
    }
}
