//! A folder for the time of a test, and the program run in it.

use std::path::{Path, PathBuf};

use super::process::{Ran, program, run};

/// A store of a test, and the folder its commands are run in.
pub struct Place {
    pub dir: tempfile::TempDir,
    pub cwd: PathBuf,
}

impl Place {
    /// For the files of a fixture.
    pub fn new(fixture: &str) -> Self {
        let cwd = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(fixture);
        Self { dir: tempfile::tempdir().unwrap(), cwd }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs `ensue` with words; `TMP` stands for the test's folder, and the store is in there unless
    /// the words say where. Quotes hold words together.
    pub fn ensue(&self, words: &str) -> Ran {
        let tmp = self.dir.path().to_str().unwrap();
        let mut args: Vec<String> = split(words).into_iter().map(|word| word.replace("TMP", tmp)).collect();
        let has_store = ["activate", "explain", "halt", "ingest", "run", "lead", "leads", "store", "unhalt"]
            .contains(&args[0].as_str());
        if has_store && !args.iter().any(|arg| arg == "--store") {
            args.extend([String::from("--store"), format!("{tmp}/store")]);
        }
        let mut ran = run(program().current_dir(&self.cwd).env_remove("USER").args(args), b"");
        ran.out = ran.out.replace(tmp, "TMP");
        ran.err = ran.err.replace(tmp, "TMP");
        ran
    }

    /// The same for a command that must succeed: its standard output.
    pub fn good(&self, words: &str) -> String {
        let ran = self.ensue(words);
        assert_eq!(ran.code, 0, "{words}: {ran:?}");
        ran.out
    }
}

fn split(words: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (place, part) in words.split('"').enumerate() {
        if place % 2 == 1 {
            found.push(part.to_owned());
        } else {
            found.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    found
}
