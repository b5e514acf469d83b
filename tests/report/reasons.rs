//! The codes of reasons: the manual lists each of them with what it stands for, and nothing else.

use ensue::decision::code::Code;

use super::read;

#[test]
fn the_manual_lists_every_code() {
    let page = read("docs/reasons.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "));
    let listed: Vec<(&str, &str)> = rows.collect();
    let known: Vec<(&str, &str)> = Code::ALL.iter().map(|code| (code.text(), code.meaning())).collect();
    assert_eq!(listed, known);
    let mut texts: Vec<&str> = known.iter().map(|(text, _)| *text).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), known.len(), "two reasons share a code");
}
