//! The page of a rulebook: `fixtures/doc/NAME` holds `rules.ensue` and the page of it in both forms; the
//! page of the playbook tells of everything; HTML is well-formed and holds no markup of an author.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "doc/sober.rs"]
mod sober;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ensue::doc::{self, Page, html, markdown};
use ensue::load;
use ensue::rulebook::Rulebook;
use uppsala::parse_bytes;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Rulebooks of every sort: the playbook, the starter, the pages' own fixtures and those of the dry run.
fn rulebooks() -> Vec<(PathBuf, Rulebook)> {
    let root = Path::new(ROOT);
    let mut paths = vec![root.join("rules"), root.join("starter/rules")];
    for folder in ["fixtures/doc", "fixtures/run", "fixtures/explain"] {
        let entries = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        paths.extend(entries.filter(|path| path.join("rules.ensue").exists()));
    }
    paths.sort();
    assert!(paths.len() > 80, "rulebooks are found where they are looked for");
    let checked = paths.into_iter().filter_map(|path| {
        let rulebook = load::rulebook(&path).unwrap().rulebook?;
        Some((path, rulebook))
    });
    checked.collect()
}

fn page(folder: &str) -> (Rulebook, Page) {
    let checked = load::rulebook(&Path::new(ROOT).join(folder)).unwrap();
    let rulebook = checked.rulebook.unwrap_or_else(|| panic!("{folder}: {:?}", checked.diagnostics));
    let page = doc::page(&rulebook);
    (rulebook, page)
}

#[test]
fn folders() {
    insta::glob!("../fixtures/doc", "*/rules.ensue", |path| {
        let folder = path.parent().unwrap();
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_snapshot_suffix("");
        settings.set_omit_expression(true);
        settings.remove_input_file();
        settings.bind(|| {
            insta::assert_snapshot!("markdown", run(folder, &["doc", "rules.ensue"]));
            // The style is the same in every page.
            let page = run(folder, &["doc", "rules.ensue", "--format", "html"]);
            let (before, rest) = page.split_once("<style>").unwrap();
            let (_, after) = rest.split_once("</style>").unwrap();
            insta::assert_snapshot!("html", format!("{before}<style>...</style>{after}"));
        });
    });
}

fn run(folder: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ensue"))
        .args(args)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A tag that is not closed, a character that is not escaped and a doubled attribute are errors of XML.
#[test]
fn every_page_is_well_formed_and_needs_nothing_else() {
    for (path, rulebook) in rulebooks() {
        sober::assert(&path.display().to_string(), &html::render(&doc::page(&rulebook)));
    }
}

/// What authors write is text: it comes back from both forms as it was.
#[test]
fn what_authors_write_is_text() {
    let (_, page) = page("fixtures/doc/hostile");
    let text = html::render(&page);
    let document = parse_bytes(text.as_bytes()).unwrap();
    let body = document.text_content_deep(document.root());
    for said in [
        "<script>alert('text')</script> & \"quoted\"",
        "<img src=x onerror=alert(1)> | **bold** _it_ `code`",
        "</li><script>",
        "<script>note</script>",
        "</style><script>guard</script>",
        "<b>name</b>",
        "a\\b \"c\" 'd' &amp; <!-- --> e",
    ] {
        assert!(body.contains(said), "{said}");
    }
    let text = markdown::render(&page);
    for markup in ["<script", "<img", "<i>", "<b>", "</", "<!--"] {
        let found = text.replace("<sub>", "").replace("</sub>", "");
        assert!(!found.contains(markup), "{markup}");
    }
    let bare = |start: &str| text.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect::<Vec<_>>();
    assert!(bare("# ").len() == 1 && bare("- not a list").is_empty());
    assert!(
        !text.contains("https://") && !text.contains(" @someone") && !text.replace("\\]", "").contains("](javascript")
    );
}

/// Nothing of the playbook is left out, in either form.
#[test]
fn the_page_tells_of_everything() {
    let (rulebook, page) = page("rules");
    let html = html::render(&page).replace("<wbr/>", "");
    let markdown = markdown::render(&page).replace('\\', "");
    let mut named = 0;
    let mut has = |what: &str| {
        named += 1;
        assert!(html.contains(&what.replace('\'', "&#39;")), "{what} is not in HTML");
        assert!(markdown.contains(what), "{what} is not in Markdown");
    };
    for rule in &rulebook.rules {
        has(&rule.label);
        has(&rulebook.sources.place(rule.range));
        if let Some(why) = &rule.why {
            has(why);
        }
    }
    for test in &rulebook.tests {
        has(&rulebook.sources.file(test.range.source).path);
    }
    for sequence in &rulebook.sequences {
        let (_, rest) = html.split_once(&format!("<h3 id=\"sequence-{}\">", sequence.name)).unwrap();
        let part = rest.split("<h3").next().unwrap();
        let (_, rest) = markdown.split_once(&format!("\n### {}\n", sequence.name)).unwrap();
        let lines = rest.split("\n### ").next().unwrap();
        for touch in sequence.touches.iter().chain(sequence.tail.iter().map(|(tail, _)| tail)) {
            named += 1;
            assert!(part.contains(&format!("<span class=\"name\">{}</span>", touch.id)), "{}", touch.id);
            assert!(lines.contains(&format!("| `{}` |", touch.id)), "{}", touch.id);
        }
        // A mark for each touch, and three for the tail.
        let marks = part.matches("<circle class=\"mark\" cx").count() + part.matches("class=\"ghost\"").count();
        assert_eq!(marks, sequence.touches.len() + 3 * usize::from(sequence.tail.is_some()), "{}", sequence.name);
    }
    assert!(named > 300, "{named}");
}

/// Sentences are English: they hold no word of the grammar or of the program.
#[test]
fn sentences_are_plain_words() {
    let (_, page) = page("fixtures/doc/every_form");
    let text = markdown::render(&page);
    let words = ["==", "!=", "->", "??", ">=", "Some(", "None", "event.", "SetId", "  the ", "{}", "and and", "  ("];
    for line in text.lines() {
        for word in words {
            assert!(!line.contains(word), "`{word}` in: {line}");
        }
        // A sentence ends, and says something before it does.
        assert!(!line.contains(" .") && !line.contains(" ,") && !line.contains(",,"), "{line}");
    }
}

/// The same rulebook gives the same bytes.
#[test]
fn the_page_is_the_same_every_time() {
    let (rulebook, page) = page("rules");
    let again = doc::page(&rulebook);
    assert_eq!(page, again);
    assert_eq!(html::render(&page), html::render(&again));
}

#[test]
fn a_file_is_written_and_replaced() {
    let room = tempfile::tempdir().unwrap();
    let root = Path::new(ROOT);
    let file = room.path().join("playbook.html");
    let name = file.to_str().unwrap();
    for _ in 0..2 {
        assert_eq!(run(root, &["doc", "rules", "-o", name]), "");
        let written = std::fs::read_to_string(&file).unwrap();
        assert_eq!(written, run(root, &["doc", "rules", "--format", "html"]));
    }
    assert_eq!(std::fs::read_dir(room.path()).unwrap().count(), 1, "nothing is left behind");
    assert!(run(root, &["doc", "rules"]).starts_with("# How we follow up\n"));
}

#[test]
fn what_cannot_be_written_says_so() {
    let output = Command::new(env!("CARGO_BIN_EXE_ensue"))
        .args(["doc", "rules", "-o", "no/such/folder/page.md"])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: `no/such/folder/page.md` cannot be written"));
}
