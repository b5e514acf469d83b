//! The payload, and the sinks that write it as lines.

use std::io::{self, ErrorKind, Write};

use ensue::sink::{FileSink, Handed, LinesSink, Outcome, Sink};

use crate::touch;

const LINE: &str = r#"{"id":"0b5d","do":"touch","lead":"ana","account":"acme","channel":"email","template":"recap","subject":"Hello, Ana","body":"Two\nlines é","due_at":"2026-03-06T10:00:00-05:00","expires_at":"2026-03-07T10:00:00-05:00","sequence":"hot_leads","touch":"recap","enrollment":1,"rule":"hot_leads","source":"rules/rules.ensue:14","because":["e3","e4"],"facts":{"deal_value":1200,"email":"ana@example.com","sms_ok":false},"attempt":1}"#;

#[test]
fn an_action_is_one_line_with_keys_in_order() {
    let line = touch("0b5d").line().unwrap();
    assert_eq!(line, format!("{LINE}\n"));
    assert_eq!(serde_json::from_str::<Handed>(&line).unwrap(), touch("0b5d"));
    let alert = Handed {
        id: "1".into(),
        verb: "alert".into(),
        lead: "ana".into(),
        to: Some("owner".into()),
        text: Some("call now".into()),
        manual: true,
        attempt: 2,
        ..Handed::default()
    };
    let bare = r#"{"id":"1","do":"alert","lead":"ana","manual":true,"to":"owner","text":"call now","due_at":"","rule":"","source":"","attempt":2}"#;
    assert_eq!(alert.line().unwrap(), format!("{bare}\n"));
}

/// Takes so many bytes, a few at a time, then fails.
struct Full(usize, Vec<u8>);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(7).min(self.0 - self.1.len());
        if taken == 0 {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.1.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_that_was_begun_and_not_ended_is_unknown() {
    let mut sink = LinesSink::new(Full(LINE.len() + 10, Vec::new()), "standard output");
    assert_eq!(sink.hand_over(&touch("0b5d")), Outcome::Taken { note: None });
    let Outcome::Unknown { reason } = sink.hand_over(&touch("0b5d")) else { panic!("nine bytes went out") };
    assert!(reason.starts_with("standard output ended within the action: "), "{reason}");
    // Now not even the first byte goes out.
    let Outcome::Refused { reason, retry: true } = sink.hand_over(&touch("0b5d")) else { panic!("nothing went out") };
    assert!(reason.starts_with("standard output cannot be written: "), "{reason}");
}

#[test]
fn a_file_is_appended_to_and_a_torn_line_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.jsonl");
    for _ in 0..2 {
        let mut sink = FileSink::open(&path).unwrap();
        assert_eq!(sink.hand_over(&touch("0b5d")), Outcome::Taken { note: None });
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{LINE}\n{LINE}\n"));
    std::fs::write(&path, "{\"id\":\"torn").unwrap();
    let mut sink = FileSink::open(&path).unwrap();
    sink.hand_over(&touch("0b5d"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{{\"id\":\"torn\n{LINE}\n"));
    assert!(FileSink::open(&folder.path().join("no/such/folder")).is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_refused_or_unknown_but_never_taken() {
    // Not a file that can be cut: whether something went out is not known.
    let mut sink = FileSink::open(std::path::Path::new("/dev/full")).unwrap();
    assert!(matches!(sink.hand_over(&touch("0b5d")), Outcome::Unknown { .. }));
}

#[test]
fn lines_are_taken_many_at_once_and_only_a_pipe_waits() {
    let folder = tempfile::tempdir().unwrap();
    let (file, lines) = (FileSink::open(&folder.path().join("out")).unwrap(), LinesSink::new(Vec::new(), "memory"));
    assert_eq!((file.at_once(), file.may_wait()), (256, false));
    assert_eq!((lines.at_once(), lines.may_wait()), (256, true));
    let program =
        ensue::sink::Exec::open("crm", &["sh".into()], folder.path(), ensue::timestamp::Span::seconds(1)).unwrap();
    assert_eq!((program.at_once(), program.may_wait()), (1, true), "one is unknown after a crash, not many");
}
