//! Stands for threads where there are none: it is never made.

use std::cmp::Ordering;

use super::NoThreads;

pub enum Pool {}

impl Pool {
    pub fn start(_: usize) -> Result<Option<Self>, NoThreads> {
        Ok(None)
    }

    pub fn numbered<R>(&self, _: usize, _: impl Fn(usize) -> R) -> Vec<R> {
        match *self {}
    }

    pub fn streamed<T, R, E>(&self, _: impl Iterator<Item = T>, _: impl Fn(T) -> Result<R, E>) -> Result<Vec<R>, E> {
        match *self {}
    }

    pub fn both<A, B>(&self, _: impl FnOnce() -> A, _: impl FnOnce() -> B) -> (A, B) {
        match *self {}
    }

    pub fn sort_by<T>(&self, _: &mut [T], _: impl Fn(&T, &T) -> Ordering) {
        match *self {}
    }
}
