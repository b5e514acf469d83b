//! Reading event logs. `fixtures/log/ok` and `bad` hold one log a file, with what comes of it in a
//! snapshot beside it; a file added there needs no change here.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::fmt::Write as _;
use std::io::{self, Cursor, Read};
use std::path::Path;

use ensue::check::{self, Env};
use ensue::event::{EventNumber, PropValue};
use ensue::log::{self, BadRecord, Input, Log, ReadError, ReadOptions};
use ensue::rulebook::Rulebook;
use ensue::value::View;
use proptest::prelude::*;

const SKIP: ReadOptions = ReadOptions { skip_bad: true, threads: 1, block_size: 1 << 20 };
const STOP: ReadOptions = ReadOptions { skip_bad: false, ..SKIP };

/// The standard events, and one with a property of every kind.
fn rulebook() -> Rulebook {
    let text = r#"
        event everything is "test.every" {
            words text?, count number?, sure bool?, moment time?, day date?, place zone?, address email?, topics list?
        }
        event required is "test.required" { seats number }
    "#;
    let checked = check::load([("log.ensue".to_owned(), text.to_owned())], &Env::default());
    let worse = checked.diagnostics.iter().any(|found| found.severity > ensue::diagnostic::Severity::Info);
    assert!(!worse, "{:?}", checked.diagnostics);
    checked.rulebook.unwrap()
}

fn input(path: &str, text: impl AsRef<[u8]>) -> Input {
    Input { path: path.to_owned(), reader: Box::new(Cursor::new(text.as_ref().to_vec())) }
}

fn read(inputs: &[(&str, &[u8])], options: ReadOptions) -> Result<Log, ReadError> {
    let inputs = inputs.iter().map(|(path, text)| input(path, text)).collect();
    log::read(inputs, &rulebook(), &options, &|_| ())
}

fn skipping(text: impl AsRef<[u8]>) -> Log {
    read(&[("log.jsonl", text.as_ref())], SKIP).unwrap()
}

fn first_bad(text: impl AsRef<[u8]>) -> BadRecord {
    match read(&[("log.jsonl", text.as_ref())], STOP) {
        Err(ReadError::Bad(bad)) => bad,
        other => panic!("not a bad record: {other:?}"),
    }
}

/// Everything a log holds, as text.
fn show(log: &Log) -> String {
    let rulebook = rulebook();
    let mut out = String::new();
    for event in log.iter() {
        let (path, line) = log.place(event.number);
        let ty = event.ty.map_or("(undeclared)", |ty| &rulebook.types[ty.index()].name);
        write!(out, "{path}:{line} {} {ty} {}", log.event_id(event.number), log.lead_name(event.lead)).unwrap();
        if let Some(account) = event.account {
            write!(out, " of {}", log.account_name(account)).unwrap();
        }
        write!(out, " at {}", moment(event.at.0)).unwrap();
        if event.received_at != event.at {
            write!(out, " received {}", moment(event.received_at.0)).unwrap();
        }
        for (prop, value) in event.props.list {
            let name = &rulebook.props[prop.index()];
            match (value, event.props.get(*prop)) {
                (PropValue::Time(t), _) => write!(out, " {name}={}", moment(t.0)),
                (_, View::Text(text)) => write!(out, " {name}={text:?}"),
                (_, View::List(items)) => write!(out, " {name}={items:?}"),
                (value, _) => write!(out, " {name}={value:?}"),
            }
            .unwrap();
        }
        out.push('\n');
    }
    let (leads, accounts) = (log.lead_count(), log.account_count());
    write!(out, "{} events, {leads} leads, {accounts} accounts", log.len()).unwrap();
    writeln!(out, "; {} duplicates, {} conflicts, {} bad", log.duplicates, log.conflicts, log.bad.len()).unwrap();
    for (ty, count) in &log.undeclared {
        writeln!(out, "undeclared: {ty} {count}").unwrap();
    }
    for bad in &log.bad {
        writeln!(out, "{bad}").unwrap();
        if let Some(help) = &bad.help {
            writeln!(out, "  help: {help}").unwrap();
        }
        writeln!(out, "  text: {}", bad.text).unwrap();
    }
    out
}

fn moment(micros: i64) -> String {
    chrono::DateTime::from_timestamp_micros(micros).unwrap().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

fn snapshot(path: &Path) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let text = std::fs::read(path).unwrap();
    let log = read(&[(name, &text)], SKIP).unwrap();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path.parent().unwrap());
    settings.set_prepend_module_to_snapshot(false);
    settings.remove_snapshot_suffix();
    settings.remove_input_file();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), show(&log)));
}

#[test]
fn good_logs() {
    insta::glob!("../fixtures/log", "ok/*.jsonl", |path| {
        snapshot(path);
        let text = std::fs::read(path).unwrap();
        assert!(read(&[("log", &text)], STOP).is_ok(), "{} has a bad record", path.display());
    });
}

#[test]
fn bad_logs() {
    insta::glob!("../fixtures/log", "bad/*.jsonl", |path| {
        snapshot(path);
        let text = std::fs::read(path).unwrap();
        let all = read(&[("log", &text)], SKIP).unwrap();
        match read(&[("log", &text)], STOP) {
            Err(ReadError::Bad(first)) => assert_eq!(first, all.bad[0]),
            other => panic!("{} has no bad record: {other:?}", path.display()),
        }
    });
}

fn record(id: &str, lead: &str, at: &str) -> String {
    format!(r#"{{"id":"{id}","type":"replied","lead":"{lead}","at":"{at}"}}"#) + "\n"
}

#[test]
fn two_files_are_one_log() {
    let a = [record("e1", "ana", "2026-03-03T00:00:00Z"), record("e2", "ben", "2026-03-01T00:00:00Z")].concat();
    let b = ["\n".to_owned(), record("e3", "ana", "2026-03-02T00:00:00Z"), record("e1", "cy", "2026-03-03T00:00:00Z")];
    let b = b.concat();
    let log = read(&[("a.jsonl", a.as_bytes()), ("b.jsonl", b.as_bytes())], SKIP).unwrap();
    let order: Vec<&str> = (0..3).map(|i| log.event_id(EventNumber(i))).collect();
    assert_eq!(order, ["e2", "e3", "e1"]);
    assert_eq!(log.place(EventNumber(1)), ("b.jsonl", 2));
    assert_eq!(log.bad[0].to_string(), "b.jsonl:3:1: the id `e1` stands for another event at a.jsonl:1");
    // A lead that is only in the conflict is no lead of the log; numbers follow the arrival.
    assert_eq!((log.lead_count(), log.lead_name(log.entries()[0].lead)), (2, "ben"));
}

#[test]
fn the_first_bad_record_is_reported_whatever_kind_it_is() {
    let e1 = record("e1", "ana", "2026-03-03T00:00:00Z");
    let conflict = record("e1", "ben", "2026-03-03T00:00:00Z");
    assert_eq!(first_bad(format!("{e1}{conflict}nonsense\n")).line, 2);
    assert_eq!(first_bad(format!("{e1}nonsense\n{conflict}")).line, 2);
}

#[test]
fn a_line_beyond_one_megabyte_is_bad_and_passed_over() {
    let good = record("e1", "ana", "2026-03-03T00:00:00Z");
    for (length, bad) in [(900_000, 0), (1_100_000, 1), (5_000_000, 1)] {
        let long = record("e2", "ana", "2026-03-03T00:00:00Z")
            .replace('}', &format!(r#","props":{{"x":"{}"}}}}"#, "x".repeat(length)));
        let text = [good.clone(), long.clone(), record("e3", "ana", "2026-03-04T00:00:00Z")].concat();
        for block_size in [1, 100_000, 8 << 20] {
            let log = read(&[("log", text.as_bytes())], ReadOptions { block_size, ..SKIP }).unwrap();
            assert_eq!((log.len(), log.bad.len()), (3 - bad, bad), "{length} in blocks of {block_size}");
            assert_eq!(log.place(EventNumber(2 - bad as u32)).1, 3);
            if let Some(bad) = log.bad.first() {
                assert_eq!((bad.line, bad.column, bad.reason.as_str()), (2, 1_000_001, "the line is longer than 1 MB"));
                assert!(bad.text.chars().count() <= 201);
            }
        }
    }
}

#[test]
fn an_input_that_fails_is_named() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the cable is out"))
        }
    }
    let inputs = vec![
        input("a", record("e1", "ana", "2026-03-03T00:00:00Z")),
        Input { path: "b".into(), reader: Box::new(Broken) },
    ];
    let error = log::read(inputs, &rulebook(), &SKIP, &|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "`b` cannot be read: the cable is out");
}

#[test]
fn progress_counts_all_bytes() {
    let seen = std::sync::Mutex::new(0);
    let text = record("e1", "ana", "2026-03-03T00:00:00Z").repeat(100);
    log::read(vec![input("a", &text), input("b", &text)], &rulebook(), &ReadOptions { block_size: 64, ..SKIP }, &|n| {
        *seen.lock().unwrap() = n;
    })
    .unwrap();
    assert_eq!(seen.into_inner().unwrap(), 2 * text.len() as u64);
}

/// Every text of the corpus as a line of a log, and as the properties of a record.
#[test]
fn hostile_json_is_a_bad_record_and_no_more() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/corpora/JSONTestSuite/test_parsing");
    let mut texts: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()))
        .collect();
    assert!(texts.len() > 300);
    texts.push(("n_structure_100000_opening_arrays.json".into(), b"[".repeat(100_000)));
    texts.push(("n_structure_open_array_object.json".into(), b"[{\"\":".repeat(50_000)));
    texts.push((
        "i_object_100000_deep.json".into(),
        [b"{\"a\":".repeat(100_000), b"1".to_vec(), b"}".repeat(100_000)].concat(),
    ));
    for (name, text) in texts {
        let log = skipping(&text);
        assert_eq!(log.len(), 0, "{name} holds no record");
        let blank = text
            .strip_prefix(b"\xEF\xBB\xBF")
            .unwrap_or(&text)
            .iter()
            .all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
        assert!(blank || !log.bad.is_empty(), "{name} is passed over in silence");
        // On one line, since a record is one.
        if text.contains(&b'\n') || text.contains(&b'\r') {
            continue;
        }
        let before = br#"{"id":"e1","type":"replied","lead":"ana","at":"2026-03-03T00:00:00Z","props":{"deep":"#;
        let log = skipping([before, text.as_slice(), b"}}"].concat());
        assert_eq!(log.len() + log.bad.len(), 1, "{name}");
        match name.as_bytes()[0] {
            b'y' if name != "y_structure_whitespace_array.json" && !name.contains("duplicated_key") => {
                assert_eq!(log.len(), 1, "{name}: {:?}", log.bad);
            }
            // Within braces these two are complete.
            b'n' if name != "n_structure_no_data.json" && name != "n_structure_UTF8_BOM_no_data.json" => {
                assert_eq!(log.len(), 0, "{name} is no JSON");
            }
            _ => {}
        }
    }
}

/// Lines of every sort, many of them near one another so that ids repeat.
fn line() -> impl Strategy<Value = String> {
    let id = 0..12_u32;
    let time = (1..29_u32, 0..24_u32);
    let props = prop_oneof![
        Just(r#"{"page":"pricing","url":null}"#.to_owned()),
        Just(r#"{"url" : null, "page":"pri\u0063ing"}"#.to_owned()),
        Just(r#"{"page":17}"#.to_owned()),
        Just(r#"{"other":{"a":[1,2.5e3,{"b":null}]},"page":"ä"}"#.to_owned()),
        Just(r#"{"page":"a","page":"b"}"#.to_owned()),
        Just("null".to_owned()),
        Just("[]".to_owned()),
    ];
    let good = (id, 0..3_u32, time, prop::option::of(0..24_u32), props, any::<bool>()).prop_map(
        |(id, lead, (day, hour), late, props, crlf)| {
            let received = late.map_or(String::new(), |late| format!(r#""received_at":"2026-03-{day:02}T{late:02}:30:00Z","#));
            let end = if crlf { "\r\n" } else { "\n" };
            format!(
                r#"{{"id":"e{id}","type":"page.viewed","lead":"l{lead}","account":"a{lead}",{received}"at":"2026-03-{day:02}T{hour:02}:00:00Z","props":{props}}}{end}"#
            )
        },
    );
    prop_oneof![
        20 => good,
        1 => Just("\n".to_owned()),
        1 => Just(" \t\r\n".to_owned()),
        1 => Just("{\"id\":\n".to_owned()),
        1 => "[{}\":,a0 ]{0,12}\n",
    ]
}

proptest! {
    #[test]
    fn cuts_and_threads_do_not_show(lines in prop::collection::vec(line(), 0..60), more in prop::collection::vec(line(), 0..20), block_size in 1..400_usize) {
        let (a, b) = (lines.concat(), more.concat());
        let inputs: [(&str, &[u8]); 2] = [("a", a.as_bytes()), ("b", b.trim_end().as_bytes())];
        let whole = read(&inputs, SKIP).unwrap();
        for threads in [1, 4] {
            let cut = read(&inputs, ReadOptions { threads, block_size, ..SKIP }).unwrap();
            prop_assert_eq!(show(&whole), show(&cut));
            let stopped = read(&inputs, ReadOptions { threads, block_size, skip_bad: false });
            match (stopped, whole.bad.first()) {
                (Ok(log), None) => prop_assert_eq!(show(&log), show(&whole)),
                (Err(ReadError::Bad(bad)), Some(first)) => prop_assert_eq!(&bad, first),
                (stopped, first) => prop_assert!(false, "{stopped:?} against {first:?}"),
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        skipping(bytes);
    }

    #[test]
    fn a_damaged_record_never_panics(line in line(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = line.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        skipping(bytes);
    }
}
