//! Rulebooks of the random lives, read, checked and compiled once; and rooms for stores.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use ensue::load::Files;
use ensue::plan::Plan;
use ensue::rulebook::Rulebook;
use ensue::store;
use tempfile::TempDir;

/// Between them they use every kind of timer; much of the first one waits to be handed over, and much of the
/// second one must not be. The last one is the playbook.
const FOLDERS: [&str; 9] = [
    "live/outreach",
    "live/channels",
    "run/mixed_everything",
    "run/mixed_accounts",
    "run/mixed_scores",
    "run/mixed_absences",
    "run/mixed_facts",
    "run/mixed_contact",
    "../rules",
];

pub struct Book {
    pub folder: &'static str,
    pub files: Files,
    pub rulebook: Rulebook,
    pub plan: Arc<Plan>,
}

pub static BOOKS: LazyLock<Vec<Book>> = LazyLock::new(|| {
    let read = |folder: &&'static str| {
        let files = Files::read(&Path::new("fixtures").join(folder)).unwrap();
        let rulebook = files.check().rulebook.unwrap();
        let plan = Arc::new(Plan::compile(rulebook.clone()));
        Book { folder, files, rulebook, plan }
    };
    FOLDERS.iter().map(read).collect()
});

/// A folder in memory where the machine has one: a life syncs dozens of times, and what is lost with
/// the power is for the tests of the store. The calls that sync are made, and can fail, all the same.
pub fn room() -> Room {
    let outer = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let path = outer.path().join("room");
    std::fs::create_dir(&path).unwrap();
    Room { path, _outer: outer }
}

/// A folder that goes with all that a store leaves beside it.
pub struct Room {
    path: PathBuf,
    _outer: TempDir,
}

impl Room {
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a store notes beside its folder how far it had come.
    pub fn latest(&self) -> PathBuf {
        self.path.with_extension("latest")
    }
}

pub fn options() -> store::StoreOptions {
    store::StoreOptions { cache_capacity: 8 << 20, ..store::StoreOptions::default() }
}
