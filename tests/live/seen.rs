//! What can be seen of a store, as text: its decisions, its log; and what a dry run makes of that log.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use ensue::decision::names::Names;
use ensue::live::{Live, LiveError};
use ensue::log::{self, Input, Log, ReadOptions};
use ensue::replay::{self, ReplayOptions};

use super::book::Book;

pub fn texts(give: impl FnOnce(&mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), LiveError>) -> Vec<String> {
    let mut lines = Vec::new();
    give(&mut |line| {
        lines.push(line.to_owned());
        ControlFlow::Continue(())
    })
    .unwrap();
    lines
}

/// Decisions, and what lies ahead.
pub fn decided(live: &Live) -> String {
    let mut lines = texts(|each| live.each_decision(each));
    lines.extend(live.ahead(None).unwrap());
    lines.join("\n")
}

pub fn export(live: &Live) -> String {
    texts(|each| live.export(each)).iter().fold(String::new(), |mut text, line| {
        writeln!(text, "{line}").unwrap();
        text
    })
}

pub fn read(book: &Book, export: &str) -> Log {
    let reader = Box::new(std::io::Cursor::new(export.as_bytes().to_vec()));
    let input = Input { path: String::from("store"), reader };
    let options = ReadOptions { skip_bad: true, threads: 1, ..ReadOptions::default() };
    log::read(vec![input], &book.rulebook, &options, &|_| {}).unwrap()
}

pub fn dry_run(book: &Book, log: &Log) -> String {
    let replayed = replay::replay(&book.plan, log, &ReplayOptions { threads: 1, ..ReplayOptions::default() }).unwrap();
    let names = Names { rulebook: &book.rulebook, log };
    let lines = replayed.decisions.iter().chain(&replayed.pending).map(|decision| names.line(decision).to_string());
    lines.collect::<Vec<_>>().join("\n")
}

/// A log in words, with everything an engine could ask of it.
pub fn in_words(log: &Log) -> String {
    let mut text = format!("{} {:?} {:?} {:?}\n", log.len(), log.drained_to, log.undeclared, log.bad);
    for event in log.iter() {
        let account = event.account.map(|account| log.account_name(account));
        let (id, lead, place) = (log.event_id(event.number), log.lead_name(event.lead), log.place(event.number));
        let lists = event.props.lists;
        writeln!(text, "{id} {lead} {account:?} {place:?} {event:?} {lists:?}").unwrap();
    }
    text
}
