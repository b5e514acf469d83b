//! Runs the built program under watch.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// A hang is an error; a slow machine is none.
const LIMIT: Duration = Duration::from_secs(300);
const TICK: Duration = Duration::from_millis(5);
/// No input may make the program take more.
const MEMORY: u64 = 512 << 20;

/// What came of a run.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// The program, to be run in the folder of the project as in a pipe: no terminal, no color.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ensue"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("COLUMNS").env_remove("ENSUE_TEST_GUARD_MS");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program with words as arguments.
#[allow(dead_code, reason = "two test programs share this file, and one has stores of its own")]
pub fn ensue(words: &str) -> Ran {
    run(program().args(words.split_whitespace()), b"")
}

/// Runs a command with something on its standard input.
pub fn run(command: &mut Command, input: &[u8]) -> Ran {
    let mut child = command.spawn().unwrap();
    let (mut stdin, mut stdout, mut stderr) =
        (child.stdin.take().unwrap(), child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let input = input.to_vec();
    // A program that does not read its input closes it, which is its right.
    let write = thread::spawn(move || drop(stdin.write_all(&input)));
    let out = thread::spawn(move || text(&mut stdout));
    let err = thread::spawn(move || text(&mut stderr));
    let code = wait(&mut child);
    write.join().unwrap();
    let ran = Ran { code, out: out.join().unwrap(), err: err.join().unwrap() };
    assert!(!ran.err.contains("this is a bug"), "{ran:?}");
    ran
}

fn text(from: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The exit code, within the limits.
pub fn wait(child: &mut Child) -> i32 {
    let mut waited = Duration::ZERO;
    loop {
        let peak = peak_memory(child.id());
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or_else(|| panic!("ended by a signal: {status}"));
        }
        if waited > LIMIT || peak > MEMORY {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("stopped after {waited:?} with {} MB", peak >> 20);
        }
        thread::sleep(TICK);
        waited += TICK;
    }
}

/// The most memory a process has had, in bytes; 0 where the system does not tell.
fn peak_memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).map_or(0, |kilobytes: u64| kilobytes << 10)
}
