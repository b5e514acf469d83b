//! Events per second: the log reader alone, and the eight rules of the workload written by hand.
//! `cargo bench --bench replay`
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a bench may panic")]

use std::io::Cursor;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use ensue::log::{self, Input, ReadOptions};

#[path = "workload/by_hand.rs"]
mod by_hand;
#[path = "workload/generate.rs"]
mod generate;
#[path = "workload/rulebook.rs"]
mod rulebook;
#[path = "workload/truth.rs"]
#[expect(dead_code, reason = "the small log is for the tests")]
mod truth;

use generate::Workload;

const EVENTS: u32 = 1_000_000;
const LEADS: u32 = 10_000;

static CLEAN: LazyLock<&'static [u8]> = LazyLock::new(|| workload(false));
static DIRTY: LazyLock<&'static [u8]> = LazyLock::new(|| workload(true));

fn workload(dirty: bool) -> &'static [u8] {
    generate::bytes(Workload { leads: LEADS, events: EVENTS, seed: 42, dirty }).leak()
}

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn by_hand_json(bencher: Bencher) {
    let log = *CLEAN;
    bencher
        .counter(ItemsCount::new(EVENTS))
        .counter(BytesCount::new(log.len()))
        .bench(|| assert_eq!(by_hand::from_clean_json(log), truth::LARGE));
}

/// With what a log that may be dirty needs: ids remembered, events sorted.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn by_hand_json_dirty(bencher: Bencher) {
    let log = *DIRTY;
    bencher
        .counter(ItemsCount::new(EVENTS))
        .counter(BytesCount::new(log.len()))
        .bench(|| assert_eq!(by_hand::from_json(log), truth::LARGE));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn by_hand_parsed(bencher: Bencher) {
    let (events, leads) = by_hand::parse(*CLEAN);
    bencher.counter(ItemsCount::new(EVENTS)).bench(|| assert_eq!(by_hand::from_events(&events, leads), truth::LARGE));
}

#[divan::bench(sample_count = 10, sample_size = 1, args = [1, 2])]
fn log_read(bencher: Bencher, threads: usize) {
    read(bencher, *CLEAN, threads);
}

#[divan::bench(sample_count = 10, sample_size = 1, args = [1, 2])]
fn log_read_dirty(bencher: Bencher, threads: usize) {
    read(bencher, *DIRTY, threads);
}

fn read(bencher: Bencher, log: &'static [u8], threads: usize) {
    let rulebook = rulebook::workload();
    let options = ReadOptions { threads, ..ReadOptions::default() };
    bencher.counter(ItemsCount::new(EVENTS)).counter(BytesCount::new(log.len())).bench(|| {
        let input = Input { path: "log.jsonl".to_owned(), reader: Box::new(Cursor::new(log)) };
        let read = log::read(vec![input], &rulebook, &options, &|_| ()).unwrap();
        assert_eq!(read.len(), EVENTS as usize);
        read
    });
}
