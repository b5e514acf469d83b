//! The program itself at work in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use ensue::live::Live;
use ensue::store;

use super::book::{Room, options, room};

pub struct Stand {
    room: Room,
}

impl Stand {
    /// A folder with the files of one below `fixtures/live`.
    pub fn new(fixture: &str) -> Self {
        let stand = Self { room: room() };
        copy(&Path::new("fixtures/live").join(fixture), stand.dir());
        stand
    }

    pub fn dir(&self) -> &Path {
        self.room.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The lines of a file, none where there is no such file.
    pub fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        command(self.dir(), args)
    }

    /// Runs to the end. Whatever happens, it is no bug of ours.
    pub fn run(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        assert_ne!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Runs to a good end; what it printed.
    pub fn done(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let (said, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
        assert!(matches!(output.status.code(), Some(0 | 1)), "{args:?}: {said}{printed}");
        printed.into_owned()
    }

    pub fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The store, opened here.
    pub fn live(&self) -> Live {
        Live::open(&self.path("store"), &store::StoreOptions { create: false, ..options() }).unwrap()
    }
}

pub fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ensue"));
    command
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .env_remove("ENSUE_TEST_KILL_AT")
        .env_remove("ENSUE_TEST_GUARD_MS");
    command
}

/// Copies what is in a folder into another one.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// All files below a folder, in the order of their paths.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { self::files(&path) } else { vec![path] })
        .collect();
    files.sort();
    files
}

/// How many times something is done; the environment may ask for another number.
pub fn asked(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}
