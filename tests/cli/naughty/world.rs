//! A folder in which every text is naughty: rules, tests, templates, calendars, logs, names of files, a
//! configuration, and a store in which all of it has happened.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::super::process::{program, run};

/// What steers a terminal: colors, a title, clearing, one-byte codes, directions, backspaces.
pub const STEERS: &str = "\u{1b}[31mE\u{1b}]0;pwn\u{7}\u{1b}[2J\u{9b}31m\u{202e}R\u{2066}\u{200f}\u{85}\u{8}\u{7f}";
/// What steers a page.
pub const MARKUP: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&]]>-->`|**b**[l](javascript:alert(3))\
                          ![i](https://evil.example/i.png) www.evil.example @octocat ##[add-path]x";
/// What begins lines of its own.
pub const LINES: &str = "\n::error file=a::pwn\n  INJECTED  sent\n# INJECTED\r\nINJECTED";

/// The id of the lead that it is all about.
pub fn lead() -> String {
    format!("lead{STEERS}{MARKUP}{LINES}")
}

/// A text without line breaks, as rules hold it.
pub fn one_line() -> String {
    format!("{STEERS}{MARKUP}")
}

/// The name of a file.
pub fn file_name() -> String {
    format!("{STEERS}{}{LINES}", MARKUP.replace('/', "_")).chars().take(150).collect()
}

/// A text in quotes of the language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn rules() -> String {
    let text = quoted(&one_line());
    let name = quoted(&format!("a test {}", one_line()));
    let todo = quoted(&format!("later {}", one_line()));
    format!(
        "# A comment {all}\n\
         tiers hot, cold\n\
         calendar office {{ days mon..sun hours 00:00-23:59 closed from \"calendars/c.yaml\" zone lead, \"UTC\" }}\n\
         channel email {{ calendar office }}\n\
         lead {{ nick text? }}\n\
         # above the sequence {all}\n\
         sequence s for hot {{ gap 1s day 1 email m {text} }}\n\
         x: opened -> hot, alert owner {text}, set nick = name why {text}\n\
         z: visited(page == {text}) -> task {text}, assign {text}, set company = {text}\n\
         y: clicked -> escalate manager {text}\n\
         never: opened where deal_value ?? 0 > 5 and deal_value ?? 0 < 3 -> alert owner {text}\n\
         score sc {{ rhai \"\"\" print(\"{steers}\"); if count(\"visited\") > 0 {{ throw \"{steers}\" + lead.name; }} 1 \"\"\" }}\n\
         sc_up: sc >= 1 -> tag seen\n\
         metric odd = count opened {{ by owner benchmark 5 {text} remedy {text} }} why {text}\n\
         invariant quiet: at most 1 touch per 1d per lead\n\
         test {name} {{ lead ana {{ name: {text} }} 2026-03-02 08:00 ana created\n\
         2026-03-02 09:00 ana opened\n\
         expect ana becomes cold\n\
         expect alert owner {text} for ana }}\n\
         todo {todo} {{ lead ana {{ }} 2026-03-02 08:00 ana created expect ana becomes cold }}\n",
        all = one_line(),
        steers = STEERS,
    )
}

fn events() -> Vec<Value> {
    let (text, lead) = (one_line(), lead());
    let event = |id: &str, ty: &str, lead: &str, hour: u32, props: Value| {
        let at = format!("2026-03-01T{hour:02}:00:00Z");
        json!({ "id": format!("{id}{text}"), "type": ty, "lead": lead, "at": at, "account": format!("acc{lead}"), "props": props })
    };
    let facts = json!({ "name": format!("N{lead}"), "email": "a@x.example", "owner": lead, "timezone": "UTC", "phone": text, "company": lead });
    vec![
        event("i1", "lead.created", &lead, 9, facts),
        event("i2", "email.opened", &lead, 10, json!({})),
        event("i3", "page.viewed", &lead, 11, json!({ "page": text, format!("k{lead}"): lead })),
        event("i4", "link.clicked", &lead, 12, json!({})),
        event("i5", &format!("ty{lead}"), &lead, 13, json!({})),
        event("i6", "lead.created", "z2", 13, json!({ "timezone": format!("Zone{lead}"), "phone": text })),
    ]
}

/// Records that cannot be taken: values of a wrong kind, and what is no record at all.
fn bad() -> String {
    let (text, lead) = (one_line(), lead());
    let wrong = [
        json!({ "id": format!("b1{lead}"), "type": "lead.created", "lead": lead, "at": "2026-03-01T09:00:00Z", "props": { "email": lead } }),
        json!({ "id": format!("b2{lead}"), "type": "lead.created", "lead": lead, "at": "2026-03-01T09:00:00Z", "props": { "deal_value": lead } }),
        json!({ "id": "b3", "type": 5, "lead": lead, "at": format!("at{lead}") }),
    ];
    let mut lines: String = wrong.iter().map(|record| format!("{record}\n")).collect();
    let _ = write!(lines, "{{\"id\":\"{text}\",\"type\":5,\"lead\":\"{text}\"\n{text}\n");
    lines
}

const SINK: &str = "#!/bin/sh
printf '\\033[31mnote\\033]0;x\\007 \\302\\233 \\342\\200\\256\\n::error file=a::pwn\\nINJECTED\\n'
printf '\\033[31mwhy\\033]0;x\\007\\n::error file=a::pwn\\nINJECTED\\n' >&2
[ \"$CODE\" = kill ] && kill -9 $$
exit ${CODE:-0}
";

/// Makes the folder; its store has been through a sink that died, one that put off, and a pause.
pub fn make(folder: &Path) {
    let put = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    put("rules/r.ensue", &rules());
    put(
        "rules/templates/m.md",
        &format!("---\nchannel: email\nsubject: \"S {{{{ name }}}}\"\n---\nHi {{{{ name }}}} {STEERS}\n"),
    );
    put("rules/calendars/c.yaml", "closed:\n  2026-12-25: \"XMAS <b>bold</b> \\e[31m\"\n");
    put(&format!("names/a{}.ensue", file_name()), "tiers hot\nx: opnd -> hto\n");
    put(&format!("names/b{}.ensue", file_name()), "y:   opened   ->   hot\n");
    put("names/templates/m.md", "---\nchannel: email\nsubject: \"S\"\n---\nHi {{ nobody }}\n");
    put(&format!("tidy/b{}.ensue", file_name()), "tiers hot\n\n\ny:   opened   ->   hot\n");
    put(
        "broken.ensue",
        &format!("tiers hot\nx{}: opened -> {}\n\"{}\n::error file=a::pwn\n", one_line(), one_line(), one_line()),
    );
    put("log.jsonl", &events().iter().map(|event| format!("{event}\n")).collect::<String>());
    put(&format!("bad{}.jsonl", file_name()), &bad());
    put("sink.sh", SINK);
    put(
        "ensue.yaml",
        "store: st\nrules: rules\nsinks: { out: { kind: exec, command: [\"sh\", \"sink.sh\"] } }\nroute: { default: out }\n",
    );
    put(
        "bad.yaml",
        &format!("sinks:\n  \"o{}\": {{ kind: {} }}\nroute: {{ default: {} }}\n", STEERS, STEERS, quoted(&one_line())),
    );
    let bad = format!("bad{}.jsonl", file_name());
    let verb = |code: &str, words: &[&str]| {
        let mut command = program();
        command.current_dir(folder).env("CODE", code).args(words);
        run(&mut command, b"")
    };
    let taken = verb("0", &["ingest", "log.jsonl", "--replay"]);
    assert_eq!(taken.code, 0, "{}", taken.err);
    let refused = verb("0", &["ingest", &bad, "--replay"]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    verb("kill", &["run", "--at", "2026-03-01T13:10:00Z"]);
    verb("75", &["run", "--at", "2026-03-01T13:20:00Z"]);
    let paused = verb(
        "0",
        &["lead", &lead(), "pause", "--for", "2d", "--by", &lead(), "--why", &lead(), "--at", "2026-03-01T13:30:00Z"],
    );
    assert_eq!(paused.code, 0, "{}", paused.err);
}

/// A copy of a folder, for a verb that changes it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
