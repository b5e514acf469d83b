//! Programs that take actions: how they end is the outcome, whatever they do besides.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ensue::config::{BreakerSettings, Retries, SinkKind, SinkSettings as Settings};
use ensue::sink::{Exec, Handed, OpenError, Outcome, Sink, open};
use ensue::timestamp::Span;

use crate::touch;

/// A folder with a program `take` of these lines of shell.
fn program(lines: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("bin")).unwrap();
    write(&folder.path().join("bin/take"), &format!("#!/bin/sh\n{lines}\n"));
    folder
}

/// Writes a program in a process of its own: were it open for writing here while another test starts
/// a program, it could not be run.
fn write(path: &Path, text: &str) {
    use std::io::Write as _;
    let mut child = std::process::Command::new("/bin/sh")
        .args(["-c", "cat > \"$0\"", path.to_str().unwrap()])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn run_for(folder: &Path, timeout: Span, action: &Handed) -> Outcome {
    let command = ["./bin/take".to_owned(), "--live".to_owned(), "two words; $HOME".to_owned()];
    Exec::open("crm", &command, folder, timeout).unwrap().hand_over(action)
}

fn run(lines: &str) -> Outcome {
    run_for(program(lines).path(), Span::seconds(20), &touch("0b5d"))
}

fn taken(note: &str) -> Outcome {
    Outcome::Taken { note: (!note.is_empty()).then(|| note.to_owned()) }
}

fn refused(reason: &str, retry: bool) -> Outcome {
    Outcome::Refused { reason: reason.to_owned(), retry }
}

#[test]
fn the_program_gets_the_action_its_id_and_its_arguments() {
    let folder = program("cat > got; printf '%s|' \"$ENSUE_ACTION_ID\" \"$#\" \"$@\" > told");
    assert_eq!(run_for(folder.path(), Span::seconds(20), &touch("0b5d")), taken(""));
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("got"), touch("0b5d").line().unwrap());
    assert_eq!(read("told"), "0b5d|2|--live|two words; $HOME|");
}

#[test]
fn exit_codes_are_outcomes() {
    assert_eq!(run("exit 0"), taken(""));
    assert_eq!(run("echo; echo '  message 17 '; echo more"), taken("message 17"));
    assert_eq!(run("exit 75"), refused("the program ended with code 75", true));
    assert_eq!(run("echo busy >&2; exit 75"), refused("busy (code 75)", true));
    assert_eq!(run("exit 1"), refused("the program ended with code 1", false));
    assert_eq!(run("echo out; echo 'no such address\nbye' >&2; exit 3"), refused("no such address (code 3)", false));
    // What a program says cannot upset a terminal, nor fill the log.
    assert_eq!(run("printf 'red \\033[31m\\377 x' >&2; exit 3"), refused("red  [31m\u{fffd} x (code 3)", false));
    let Outcome::Refused { reason, .. } = run("printf '%09999d' 0 >&2; exit 3") else { panic!() };
    assert_eq!(reason, format!("{}… (code 3)", "0".repeat(200)));
}

#[test]
fn a_signal_leaves_the_outcome_unknown() {
    let Outcome::Unknown { reason } = run("kill -9 $$") else { panic!("killed") };
    assert_eq!(reason, "the program was ended by a signal: 9 (SIGKILL)");
}

#[test]
fn a_program_that_takes_too_long_is_ended_with_all_it_started() {
    let folder = program("sleep 600 &\necho $! > began\nsleep 600");
    let outcome = run_for(folder.path(), Span(1_000_000), &touch("0b5d"));
    assert_eq!(outcome, Outcome::Unknown { reason: "the program took longer than 1s and was ended".into() });
    // On a machine that is too busy to have begun there is nothing to end.
    let Ok(began) = std::fs::read_to_string(folder.path().join("began")) else { return };
    let state = || std::fs::read_to_string(format!("/proc/{}/stat", began.trim())).unwrap_or_default();
    // Whose parent has ended is somebody else's to bury: a zombie has ended too. A signal takes its time.
    let mut looks = 0;
    while !(state().is_empty() || state().contains(") Z ")) {
        looks += 1;
        assert!(looks < 3_000, "still runs: {}", state());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

#[test]
fn what_it_leaves_running_is_not_waited_for() {
    // Waiting would end in an outcome that nobody knows.
    assert_eq!(run("echo kept; sleep 600 & exit 0"), taken("kept"));
}

#[test]
fn input_that_is_not_read_and_output_that_is_not_wanted_stop_nobody() {
    let large = Handed { body: Some("x".repeat(1 << 20)), ..touch("0b5d") };
    let outcome = |lines: &str| run_for(program(lines).path(), Span::seconds(20), &large);
    assert_eq!(outcome("exit 0"), taken(""));
    assert_eq!(outcome("exec 0<&-; sleep 0.1; exit 0"), taken(""));
    assert_eq!(outcome("cat >&2; cat /dev/null; exit 75"), {
        let begin: String = large.line().unwrap().chars().take(200).collect();
        refused(&format!("{begin}… (code 75)"), true)
    });
    // Both pipes full while the input waits as well; zeros are shown as blanks.
    let blanks = format!("{}…", " ".repeat(200));
    assert_eq!(outcome("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; wc -c"), taken(&blanks));
}

#[test]
fn a_missing_program_is_found_out_before_the_run() {
    let folder = program("exit 0");
    let open_as = |command: &str| {
        let kind = SinkKind::Exec { command: vec![command.to_owned()], timeout: Span::seconds(1) };
        let settings = Settings {
            name: "crm".into(),
            kind,
            idempotent: false,
            retries: Retries::default(),
            breaker: BreakerSettings::default(),
        };
        open(&settings, folder.path()).err().map(|error| error.to_string())
    };
    let place = |path: &str| folder.path().join(path).display().to_string();
    assert_eq!(open_as("bin/take"), None);
    assert_eq!(open_as("sh"), None);
    let expected = format!("sink `crm` runs `{}`, and there is no program that can be run", place("bin/tkae"));
    assert_eq!(open_as("bin/tkae"), Some(expected));
    std::fs::write(folder.path().join("bin/text"), "#!/bin/sh\n").unwrap();
    assert!(open_as("bin/text").unwrap().contains("no program that can be run"));
    let error = open_as("no-such-program-anywhere").unwrap();
    assert_eq!(error, "sink `crm` runs `no-such-program-anywhere`, and no folder of `PATH` has a program of that name");
}

#[test]
fn a_program_that_goes_missing_may_take_the_action_later() {
    let folder = program("exit 0");
    let command = ["bin/take".to_owned()];
    let mut sink = Exec::open("crm", &command, folder.path(), Span::seconds(20)).unwrap();
    let path: PathBuf = folder.path().join("bin/take");
    std::fs::remove_file(&path).unwrap();
    let Outcome::Refused { reason, retry: true } = sink.hand_over(&touch("0b5d")) else { panic!("it is gone") };
    assert!(reason.contains("cannot be run"), "{reason}");
    write(&path, "#!/no/such/shell\n");
    assert!(matches!(sink.hand_over(&touch("0b5d")), Outcome::Refused { retry: true, .. }));
    write(&path, "#!/bin/sh\nexit 0\n");
    assert_eq!(sink.hand_over(&touch("0b5d")), taken(""));
    assert!(matches!(Exec::open("crm", &[], folder.path(), Span::ZERO), Err(OpenError::Program { .. })));
}
