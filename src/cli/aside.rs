//! A copy of a store beside it, in which things are decided that must not be decided in the store.

use std::fs;
use std::path::{Path, PathBuf};

use crate::live::Live;
use crate::store;

use super::exit::Error;
use super::guard::guard;

/// A copy that does not outlive its use.
pub struct Aside(PathBuf);

impl Aside {
    /// Of an open store.
    pub fn of(live: &Live) -> Result<Self, Error> {
        let dir = live.store().dir();
        let mut name = prefix(dir);
        name.push_str(&std::process::id().to_string());
        let aside = Self(dir.with_file_name(name));
        live.store().copy(&aside.0)?;
        Ok(aside)
    }

    /// The copy.
    pub fn open(&self) -> Result<Live, Error> {
        let options = store::StoreOptions { create: false, ..store::StoreOptions::default() };
        Ok(Live::open_guarded(&self.0, &options, Some(guard()), &mut |_| ())?)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

fn prefix(dir: &Path) -> String {
    format!("{}.preview-", dir.file_name().unwrap_or_default().to_string_lossy())
}

/// Removes the copies that processes left behind when they were killed, previews and what `compact`
/// or `rewind` was writing: they have keys, and no erasure would reach them. Whoever calls has the store open, so
/// nobody uses one now.
pub fn sweep(dir: &Path) {
    let (Some(parent), prefix) = (dir.parent(), prefix(dir)) else { return };
    for word in ["compacting", "rewinding"] {
        let fresh = parent.join(format!("{}.{word}", dir.file_name().unwrap_or_default().to_string_lossy()));
        if fresh.join("keys").exists() {
            remove(&fresh);
        }
        let unfinished = fresh.with_extension(format!("{word}.unfinished"));
        if unfinished.exists() {
            remove(&unfinished);
        }
    }
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(&prefix));
        let number = number.map(|number| number.strip_suffix(".unfinished").unwrap_or(number).parse::<u32>());
        if matches!(number, Some(Ok(_))) {
            remove(&entry.path());
        }
    }
}

/// Removes a copy. What cannot be removed is in the way of nobody.
fn remove(dir: &Path) {
    let _ = store::remove_copy(dir);
}
