//! Text from outside steers nobody: whatever a lead, a log, a rule file, a name of a file or a test holds, no
//! verb in any format lets it move a terminal, make a line of its own, become markup or a command to a CI system.
//!
//! Verbs and formats are those that `--help` prints, so that a new one cannot be forgotten: it needs a line in
//! `naughty/scenes.rs`.

#[path = "naughty/scenes.rs"]
mod scenes;
#[path = "naughty/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::process::{Ran, program, run};
use scenes::{Prints, SCENES, Scene};

/// The help of a verb, given as its words.
fn help(verb: &[&str]) -> String {
    let ran = run(program().args(verb).arg("--help"), b"");
    assert_eq!(ran.code, 0, "{verb:?}: {}", ran.err);
    ran.out
}

/// The verbs below one, as its help lists them.
fn below(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let list = list.split("\n\n").next().unwrap();
    let named = list.lines().filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    named.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Every verb that does something, with its help.
fn verbs(above: &[&str], found: &mut Vec<(String, String)>) {
    let help = help(above);
    let below = below(&help);
    // A lead is looked at without a further verb.
    if !above.is_empty() && (below.is_empty() || help.contains("[COMMAND]")) {
        found.push((above.join(" "), help));
    }
    for verb in below {
        verbs(&[above, &[verb.as_str()]].concat(), found);
    }
}

/// The values of an option, as a help lists them.
fn values(help: &str, option: &str) -> Vec<String> {
    let Some((_, about)) = help.split_once(&format!("\n      {option} <")) else { return Vec::new() };
    let about = about.split("\n      --").next().unwrap();
    let listed = about.lines().filter_map(|line| line.trim().strip_prefix("- ")?.split(':').next());
    let inline = about.split_once("[possible values: ").map(|(_, rest)| rest.split(']').next().unwrap());
    let inline = inline.into_iter().flat_map(|values| values.split(", "));
    listed.chain(inline).map(str::to_owned).collect()
}

/// How a format is read.
fn read_as(format: &str) -> Prints {
    match format {
        "human" | "short" | "csv" => Prints::Text,
        "json" | "jsonl" | "sarif" => Prints::Json,
        "github" => Prints::Commands,
        "junit" | "html" => Prints::Xml,
        "markdown" | "md" => Prints::Markdown,
        other => panic!("`--format {other}` is new: say in tests/cli/naughty.rs how it is read"),
    }
}

#[test]
fn every_verb_has_a_scene() {
    let mut found = Vec::new();
    verbs(&[], &mut found);
    let verbs: BTreeSet<&str> = found.iter().map(|(verb, _)| verb.as_str()).collect();
    let scenes: BTreeSet<&str> = SCENES.iter().map(|scene| scene.verb).collect();
    assert!(verbs.len() > 30, "{verbs:?}");
    let missing: Vec<&&str> = verbs.difference(&scenes).collect();
    assert!(
        missing.is_empty(),
        "give these verbs naughty texts, by a line in tests/cli/naughty/scenes.rs: {missing:?}"
    );
    let gone: Vec<&&str> = scenes.difference(&verbs).collect();
    assert!(gone.is_empty(), "no help lists these verbs any more: {gone:?}");
}

/// Four tests with a part of the scenes each, to run beside each other.
macro_rules! parts {
    ($($name:ident = $verbs:expr),* $(,)?) => { $(#[test] fn $name() { play($verbs); })* };
}

parts! {
    looks_at_rules_steer_nobody = |verb| matches!(verb, "check" | "test" | "doc" | "fmt"),
    looks_at_logs_steer_nobody = |verb| matches!(verb, "audit" | "dry-run" | "explain" | "render" | "report" | "review"),
    what_is_done_with_a_lead_steers_nobody = |verb| verb.starts_with("lead"),
    stores_and_runs_steer_nobody = |verb| !matches!(verb, "check" | "test" | "doc" | "fmt" | "audit" | "dry-run" | "explain" | "render" | "report" | "review") && !verb.starts_with("lead"),
}

fn play(wanted: fn(&str) -> bool) {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("world");
    fs::create_dir(&world).unwrap();
    world::make(&world);
    let mut found = Vec::new();
    verbs(&[], &mut found);
    let mut wrong = Vec::new();
    for scene in SCENES.iter().filter(|scene| wanted(scene.verb)) {
        let Some((_, help)) = found.iter().find(|(verb, _)| verb == scene.verb) else { continue };
        play_scene(scene, help, &world, folder.path(), &mut wrong);
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn play_scene(scene: &Scene, help: &str, world: &Path, folder: &Path, wrong: &mut Vec<String>) {
    let mut plays = vec![(Vec::new(), scene.prints)];
    plays.extend(values(help, "--format").into_iter().map(|format| {
        let read = read_as(&format);
        (vec!["--format".to_owned(), format], read)
    }));
    let mut shown = false;
    for (more, prints) in &plays {
        let ran = in_a_copy(scene, more, "never", world, folder);
        let what = format!("`{}` {}", scene.words, more.join(" "));
        judge(&what, &ran.out, *prints, wrong);
        judge(&format!("{what} (standard error)"), &ran.err, Prints::Text, wrong);
        // Where the lines of a rule file are drawn, the drawing has signs of its own for it.
        shown |= [&ran.out, &ran.err].iter().any(|text| text.contains("\\u202e") || text.contains('␛'));
        if matches!(prints, Prints::Text | Prints::Message) {
            let colored = in_a_copy(scene, more, "always", world, folder);
            for (plain, colored) in [(&ran.out, &colored.out), (&ran.err, &colored.err)] {
                if *plain != uncolored(colored) {
                    wrong.push(format!(
                        "{what}: the colors are not all ours:\n{}",
                        first_difference(plain, &uncolored(colored))
                    ));
                }
            }
        }
    }
    if help.contains("--out <FORMAT=PATH>") {
        for form in ["sarif", "junit", "github", "json", "md"] {
            let copied = fresh(world, folder);
            let path = copied.join("report");
            let out = vec![format!("--out={form}={}", path.display())];
            run(&mut command(scene, &out, "never", &copied), b"");
            if let Ok(report) = fs::read_to_string(&path) {
                judge(&format!("`{}` --out {form}", scene.words), &report, read_as(form), wrong);
            }
        }
    }
    if help.contains("--output <FILE>") {
        for form in ["html", "md"] {
            let copied = fresh(world, folder);
            let path = copied.join(format!("page.{form}"));
            let ran =
                run(&mut command(scene, &["--output".to_owned(), path.display().to_string()], "never", &copied), b"");
            let what = format!("`{}` -o {form}", scene.words);
            judge(&format!("{what} (standard error)"), &ran.err, Prints::Text, wrong);
            match fs::read_to_string(&path) {
                Ok(page) => judge(&what, &page, read_as(form), wrong),
                // Nothing is written where the words themselves are wrong.
                Err(_) if ran.code > 1 => {}
                Err(error) => wrong.push(format!("{what}: {error}")),
            }
        }
    }
    if shown != scene.shows {
        let said =
            if scene.shows { "shows nothing naughty, and proves nothing" } else { "shows something naughty: say so" };
        wrong.push(format!("`{}` {said}", scene.words));
    }
}

/// A copy of the world. It lies where the last one lay, so that a run prints the same again.
fn fresh(world: &Path, folder: &Path) -> std::path::PathBuf {
    let copied = folder.join("copy");
    if copied.exists() {
        fs::remove_dir_all(&copied).unwrap();
    }
    world::copy(world, &copied);
    copied
}

fn in_a_copy(scene: &Scene, more: &[String], color: &str, world: &Path, folder: &Path) -> Ran {
    let copied = fresh(world, folder);
    run(&mut command(scene, more, color, &copied), b"")
}

fn command(scene: &Scene, more: &[String], color: &str, world: &Path) -> std::process::Command {
    let bad = format!("bad{}.jsonl", world::file_name());
    let word = |word: &str| match word {
        "LEAD" => world::lead(),
        // As the name of a file it may not hold a stroke, nor be too long.
        "noLEAD" => format!("no{}", world::file_name()),
        "TEXT" => world::one_line(),
        "noTEXT" => format!("no{}", world::file_name()),
        "BAD" => bad.clone(),
        "WHAT" => "alert owner".to_owned(),
        plain => plain.to_owned(),
    };
    let mut command = program();
    command.current_dir(world).env("NO_COLOR", "1").env("CODE", "75").args(scene.words.split(' ').map(word));
    command.args(more).args(["--color", color]);
    command
}

/// A text without the codes of colors.
fn uncolored(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..at]);
        let end = rest[at..].find('m').expect("a code of a color ends");
        rest = &rest[at + end + 1..];
    }
    plain + rest
}

fn first_difference(one: &str, other: &str) -> String {
    let differs = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    differs.map_or_else(|| "one is longer".to_owned(), |(one, other)| format!("  {one}\n  {other}"))
}

/// Says what of an output steers somebody.
fn judge(what: &str, text: &str, prints: Prints, wrong: &mut Vec<String>) {
    let turns =
        |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let steers = |c: char| (c.is_control() && c != '\n' && c != '\t') || turns(c);
    let around =
        |at: usize| text[..at].chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect::<String>();
    let text = &text.replace("\r\n", "\n");
    if let Some(at) = text.find(steers) {
        wrong.push(format!("{what}: {:?} after {:?}", text[at..].chars().next(), around(at)));
    }
    if text.contains("##[") {
        wrong.push(format!("{what}: `##[` is a command anywhere in a line"));
    }
    for line in text.lines() {
        let start = line.trim_start();
        let forged = start.starts_with("INJECTED") || start.starts_with("# INJECTED");
        // The body of a message has lines of its own.
        if (forged && prints != Prints::Message)
            || (start.starts_with("::") && prints != Prints::Commands)
            || start.starts_with("::error file=a::")
        {
            wrong.push(format!("{what}: a line of its own: {line:?}"));
        }
    }
    let found = match prints {
        Prints::Text | Prints::Message => None,
        Prints::Json => not_json(text),
        Prints::Commands => {
            let ours = |line: &&str| {
                ["::error file=", "::warning file=", "::notice file="].iter().any(|own| line.starts_with(own))
            };
            text.lines().find(|line| !ours(line)).map(|line| format!("no command of ours: {line}"))
        }
        Prints::Xml => not_sober_xml(text),
        Prints::Markdown => markup_of(text),
    };
    wrong.extend(found.map(|found| format!("{what}: {found}")));
}

/// JSON that cannot be read, or that has lost what the texts were.
fn not_json(text: &str) -> Option<String> {
    let values: Result<Vec<serde_json::Value>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
    values.err().map(|error| format!("is not JSON: {error}"))
}

/// Pages and reports must be well-formed, and hold no element or attribute that acts.
fn not_sober_xml(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let page = text.strip_prefix("<!DOCTYPE html>\n").unwrap_or(text);
    if let Err(error) = uppsala::parse(page) {
        return Some(format!("is not well-formed: {error:?}"));
    }
    let acts = |tag: &&str| {
        ["script", "img", "b>"].iter().any(|name| tag.starts_with(name)) || bare(tag).contains(" onerror=")
    };
    let tags = page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap());
    tags.into_iter().find(acts).map(|tag| format!("holds <{tag}>"))
}

/// A tag without the values of its attributes.
fn bare(tag: &str) -> String {
    tag.split('"').step_by(2).collect()
}

/// Markdown outside of code may hold nothing that is markup of a text from outside.
fn markup_of(text: &str) -> Option<String> {
    let mut outside = String::new();
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let ticks = line.trim_start();
        let ticks = &ticks[..ticks.len() - ticks.trim_start_matches('`').len()];
        match fence {
            Some(open) if ticks == open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                // Pieces between single backticks are code.
                outside.extend(line.split('`').step_by(2));
                outside.push('\n');
            }
        }
    }
    let marks = ["<script", "<img", "](javascript:", "![", "https://", "www.", "@octocat", "**b**"];
    // What stands behind a backslash is no markup.
    let mut plain = String::new();
    let mut letters = outside.chars();
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            let _ = letters.next();
        } else {
            plain.push(letter);
        }
    }
    marks.iter().find(|mark| plain.contains(**mark)).map(|mark| format!("holds {mark}"))
}

/// Writing to files is for a few places, each of which writes out what would steer.
#[test]
fn files_are_written_in_few_places() {
    let may = ["out.rs", "replace.rs", "man.rs", "init.rs", "aside.rs"];
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let writes = ["fs::write(", "File::create(", "OpenOptions::new("].iter().any(|way| text.contains(way));
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(
                !writes || may.contains(&name.as_str()),
                "src/cli/{name} writes a file by itself: let `out::put` do it"
            );
        }
    }
}
