//! Actions to a program, one run for each: `kind: exec`. It gets the action on its standard input and
//! its id in `ENSUE_ACTION_ID`; how it ends is the outcome. No shell reads the command.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use super::feed::{self, Rest};
use super::{Handed, OpenError, Outcome, Sink, group};
use crate::timestamp::Span;

/// The exit code of a program that may take the action later: `EX_TEMPFAIL` of `sysexits.h`.
pub const TEMPORARY: i32 = 75;

/// How much of what a program says is looked at, in bytes, for its first line.
const LOOKED_AT: usize = 4 * 1024;
/// How much of that line is kept, in characters.
const KEPT: usize = 200;
/// How long a program that has ended is listened to: one that it started may hold the line open.
const AFTERWARDS: Duration = Duration::from_millis(200);

/// Runs a program for each action.
#[derive(Debug)]
pub struct Exec {
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
    timeout: Span,
}

impl Exec {
    /// A sink that runs a program in a folder. A program with a `/` begins there, another is looked for
    /// in the folders of `PATH`.
    ///
    /// # Errors
    /// Fails where there is no such program.
    pub fn open(sink: &str, command: &[String], folder: &Path, timeout: Span) -> Result<Self, OpenError> {
        let (program, arguments) = command.split_first().map_or(("", &[] as &[_]), |(first, rest)| (first, rest));
        // The program is found from its own folder, which is not ours.
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let missing = |path| OpenError::Program { sink: sink.to_owned(), program: program.to_owned(), path };
        let program = if program.contains('/') {
            let path = folder.join(program);
            if !can_be_run(&path) {
                return Err(missing(Some(path)));
            }
            path
        } else {
            let paths = std::env::var_os("PATH").unwrap_or_default();
            let found = std::env::split_paths(&paths).map(|path| path.join(program)).find(|path| can_be_run(path));
            std::path::absolute(found.ok_or_else(|| missing(None))?).map_err(|_| missing(None))?
        };
        Ok(Self { program, arguments: arguments.to_vec(), folder, timeout })
    }

    /// Starts the program with its input filled.
    fn start(&self, action: &Handed, line: String) -> std::io::Result<(Child, Option<Rest>)> {
        let (input, rest) = feed::holding(line)?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env("ENSUE_ACTION_ID", &action.id)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        group::apart(&mut command);
        Ok((command.spawn()?, rest))
    }
}

impl Sink for Exec {
    fn hand_over(&mut self, action: &Handed) -> Outcome {
        let line = match action.line() {
            Ok(line) => line,
            Err(error) => return Outcome::Refused { reason: error.to_string(), retry: false },
        };
        let (mut child, rest) = match self.start(action, line) {
            Ok(started) => started,
            Err(error) => return Outcome::refused(not_started(&self.program, &error)),
        };
        match talk(&mut child, rest, self.timeout) {
            Ok(outcome) => outcome,
            Err(error) => {
                group::end(&mut child);
                Outcome::Unknown { reason: format!("the program could not be watched and was ended: {error}") }
            }
        }
    }
}

/// Gives the program the rest of its input and waits for how it ends.
fn talk(child: &mut Child, rest: Option<Rest>, timeout: Span) -> std::io::Result<Outcome> {
    let (said, complaint) = (Listener::new(child.stdout.take())?, Listener::new(child.stderr.take())?);
    if let Some(rest) = rest {
        thread::Builder::new().spawn(move || rest.write())?;
    }
    let longest = Duration::from_micros(u64::try_from(timeout.0).unwrap_or(0));
    if !group::wait(child, longest)? {
        group::end(child);
        return Ok(Outcome::Unknown {
            reason: format!("the program took longer than {} and was ended", timeout.in_words()),
        });
    }
    let status = child.wait()?;
    Ok(match status.code() {
        Some(0) => Outcome::Taken { note: said.first_line() },
        Some(code) => {
            let reason = complaint
                .first_line()
                .map_or_else(|| format!("the program ended with code {code}"), |line| format!("{line} (code {code})"));
            Outcome::Refused { reason, retry: code == TEMPORARY }
        }
        None => Outcome::Unknown { reason: format!("the program was ended by a {status}") },
    })
}

fn not_started(program: &Path, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => {
            format!("`{}` cannot be run: it, or what its first line names, is missing", program.display())
        }
        _ => format!("`{}` cannot be run: {error}", program.display()),
    }
}

fn can_be_run(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else { return false };
    #[cfg(unix)]
    let allowed = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let allowed = true;
    metadata.is_file() && allowed
}

/// Reads all that a program says, so that it never waits for us, and keeps the beginning.
struct Listener {
    heard: Arc<Mutex<Vec<u8>>>,
    ended: mpsc::Receiver<()>,
}

impl Listener {
    fn new(pipe: Option<impl Read + Send + 'static>) -> std::io::Result<Self> {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (sender, ended) = mpsc::channel();
        let ear = Arc::clone(&heard);
        if let Some(pipe) = pipe {
            thread::Builder::new().spawn(move || {
                listen(pipe, &ear);
                let _ = sender.send(());
            })?;
        }
        Ok(Self { heard, ended })
    }

    /// The first line with something in it, without signs that could upset a terminal.
    fn first_line(&self) -> Option<String> {
        let _ = self.ended.recv_timeout(AFTERWARDS);
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&heard);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        let shown = |c: char| if c.is_control() { ' ' } else { c };
        let kept: String = line.chars().take(KEPT).map(shown).collect();
        Some(if line.chars().count() > KEPT { kept + "…" } else { kept })
    }
}

fn listen(mut pipe: impl Read, heard: &Mutex<Vec<u8>>) {
    let mut bytes = [0; 4096];
    loop {
        match pipe.read(&mut bytes) {
            Ok(0) => return,
            Ok(read) => {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                let room = LOOKED_AT.saturating_sub(heard.len()).min(read);
                heard.extend_from_slice(bytes.get(..room).unwrap_or_default());
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Whoever is ended right after the start leaves a program with all of its input.
    #[test]
    fn the_input_is_there_before_the_program_is() {
        let command = [String::from("cat")];
        let exec = Exec::open("crm", &command, Path::new("."), Span::seconds(20)).unwrap();
        let action = Handed { id: String::from("0b5d"), ..Handed::default() };
        for length in [100, 60_000] {
            let line = format!("{}\n", "x".repeat(length));
            let (child, rest) = exec.start(&action, line.clone()).unwrap();
            drop(rest);
            assert_eq!(child.wait_with_output().unwrap().stdout, line.as_bytes());
        }
    }

    /// A line for which the pipe has no room comes whole all the same.
    #[test]
    fn a_long_input_comes_whole() {
        let command = [String::from("sh"), String::from("-c"), String::from("sleep 0.1; wc -c")];
        let mut exec = Exec::open("crm", &command, Path::new("."), Span::seconds(20)).unwrap();
        let action = Handed { text: Some("x".repeat(300_000)), ..Handed::default() };
        let length = action.line().unwrap().len();
        let Outcome::Taken { note } = exec.hand_over(&action) else { panic!("it was not taken") };
        assert_eq!(note.as_deref().map(str::trim), Some(length.to_string().as_str()));
    }
}
