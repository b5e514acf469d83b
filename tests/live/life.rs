//! Random lives of a store: taken in, polled, handed over, put off, settled, crashed and reopened at
//! random; then held against a dry run over what was exported, a store made from the export, the
//! state made anew, and the promises about what leaves.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

use ensue::invariant;
use ensue::live::{Arrival, DeliveryState, Live, LiveError, LogLine};
use ensue::replay::{self, ReplayOptions};
use ensue::store;
use ensue::timestamp::Timestamp;

use super::book::{BOOKS, Book, Room, options, room};
use super::lost::Way;
use super::next_step;
use super::post::Post;
use super::promise;
use super::random::Random;
use super::recipient;
use super::seen::{decided, dry_run, export, in_words, read, texts};
use super::stand::{asked, copy, files};
use super::told::{Told, lines, minutes, secrets, start};

pub(super) struct Life<'a> {
    pub(super) random: &'a mut Random,
    book: &'static Book,
    pub(super) room: Room,
    pub(super) live: Option<Live>,
    /// Entries of one step at most.
    step: usize,
    post: Post,
    pub(super) wall: Timestamp,
    /// What is still to be told.
    pub(super) to_come: VecDeque<Told>,
    /// What was told, for when it has to be told again.
    pub(super) told: Vec<String>,
    /// How often it was.
    pub(super) told_again: u64,
    /// An older copy of the store.
    pub(super) backup: Option<(Room, Way)>,
    /// Something of its past is lost.
    pub(super) has_lost: bool,
}

impl Life<'_> {
    fn live(&mut self) -> &mut Live {
        self.live.as_mut().unwrap()
    }

    /// Opens the store again; now and then so that one of its syncs will fail, or already does.
    pub(super) fn open(&mut self) {
        self.live = None;
        if self.random.one_in(3) {
            let at = 1 + self.random.below(60);
            let failing = store::StoreOptions { fail_sync_at: Some(at), ..options() };
            self.live = Live::open(self.room.path(), &failing).ok();
        }
        if self.live.is_none() {
            self.live = Some(Live::open(self.room.path(), &options()).unwrap());
        }
        self.live = self.live.take().map(|live| live.with_step(self.step));
    }

    /// Does something as often as it takes: a sync that fails stops the store, as a crash would.
    pub(super) fn insist<T>(&mut self, mut attempt: impl FnMut(&mut Live) -> Result<T, LiveError>) -> T {
        loop {
            match attempt(self.live()) {
                Ok(done) => return done,
                Err(LiveError::Store(store::StoreError::Io { .. } | store::StoreError::Stopped { .. })) => self.open(),
                Err(other) => panic!("{other}"),
            }
        }
    }

    /// The same where the store may be another one afterwards, so that nothing is tried again.
    pub(super) fn try_once<T>(&mut self, attempt: impl FnOnce(&mut Live) -> Result<T, LiveError>) -> Option<T> {
        match attempt(self.live()) {
            Ok(done) => Some(done),
            Err(LiveError::Store(store::StoreError::Io { .. } | store::StoreError::Stopped { .. })) => {
                self.open();
                None
            }
            Err(other) => panic!("{other}"),
        }
    }

    pub(super) fn put_in_force(&mut self, at: Timestamp) {
        let book = self.book;
        self.insist(|live| match live.plan() {
            Some(_) => Ok(()),
            None => live.activate_first(&book.files, book.rulebook.clone(), at),
        });
    }

    /// Takes some of what is to come in, together.
    pub(super) fn take_in(&mut self) {
        let count = 1 + self.random.below(self.to_come.len() as u64) as usize;
        let group: Vec<Told> = self.to_come.drain(..count).collect();
        for told in group.iter().filter(|told| !told.line.is_empty()) {
            if !self.told.contains(&told.line) {
                self.told.push(told.line.clone());
            }
        }
        let backfill = self.random.one_in(12);
        // All arrive together, when the last of them is told.
        let wall = group.iter().map(|told| told.wall).max().unwrap();
        self.wall = self.wall.max(wall);
        let line = |(told, number): (&Told, u64)| LogLine {
            path: "-".into(),
            number,
            text: Cow::Owned(told.line.clone()),
            broken: None,
        };
        let lines: Vec<LogLine<'_>> = group.iter().zip(1..).map(line).collect();
        self.insist(|live| live.ingest(lines.clone(), Arrival::At(wall), backfill));
    }

    pub(super) fn hand_over(&mut self) {
        let (post, mut wall) = (self.post.clone(), self.wall);
        let mut clock = Random::new(self.random.next());
        let ends_early = self.random.one_in(8);
        let mut asked = 0;
        self.try_once(|live| {
            let mut now = || {
                asked += 1;
                wall = wall + minutes([0, 0, 0, 1, clock.below(200)][clock.below(5) as usize]);
                // A clock that is set back while it is looked at.
                if clock.one_in(20) { wall - minutes(clock.below(500)) } else { wall }
            };
            let stop = std::cell::Cell::new(0);
            let stops = || {
                stop.set(stop.get() + 1);
                ends_early && stop.get() > 2
            };
            live.hand_over(&mut post.desk(), &mut now, &stops)
        });
        self.wall = wall;
    }

    /// The same in its three cuts: while a sink is asked the store is closed, and others use it.
    fn hand_over_in_cuts(&mut self) {
        let post = self.post.clone();
        let (mut desk, wall) = (post.desk(), self.wall);
        let Some(mut round) = self.try_once(|live| live.begin(live.store().alone()?, &desk, wall)) else { return };
        loop {
            let wall = self.wall;
            let Some(claim) = self.try_once(|live| live.claim(&mut round, &desk, wall)) else { return };
            let Some(claim) = claim else { break };
            let let_go = !self.random.one_in(3);
            if let_go {
                self.live = None;
                self.others();
            }
            let outcomes = claim.attempt(desk.windows.get_mut(claim.sink()).unwrap().sink.as_mut());
            if let_go {
                self.others();
                self.open();
            }
            if self.random.one_in(12) {
                return self.crash();
            }
            let wall = self.wall;
            if self.try_once(|live| live.settle(&mut round, claim, outcomes, wall)).is_none() {
                return;
            }
        }
        self.try_once(|live| live.end(round));
    }

    /// Other processes, while one hands over and has let the store go.
    fn others(&mut self) {
        while self.random.one_in(2) {
            self.open();
            match self.random.below(4) {
                0 | 1 if !self.to_come.is_empty() => self.take_in(),
                2 => {
                    self.wall = self.wall + minutes(self.random.below(2_000));
                    let wall = self.wall;
                    self.try_once(|live| live.advance(wall));
                }
                _ => {
                    let (post, wall) = (self.post.clone(), self.wall);
                    let second = self.live().hand_over(&mut post.desk(), &mut || wall, &|| false);
                    let refused = matches!(second, Err(LiveError::Store(store::StoreError::HandingOver { .. })));
                    assert!(refused, "two hand over at a time: {second:?}");
                }
            }
            self.live = None;
        }
    }

    /// A person looks at an unknown outcome.
    fn settle(&mut self) {
        let unknown: Vec<String> = self
            .live()
            .outbox()
            .unwrap()
            .into_iter()
            .filter(|item| matches!(item.state, DeliveryState::Unknown { .. }))
            .map(|item| item.id)
            .collect();
        if unknown.is_empty() {
            return;
        }
        let id = &unknown[self.random.below(unknown.len() as u64) as usize];
        let (went_out, wall) = (self.random.one_in(2), self.wall);
        if !went_out {
            self.post.state().again.insert(id.clone());
        }
        self.try_once(|live| live.settle_by_hand(id, went_out, wall));
    }

    /// The store as a kill would leave it: the files as they are, nothing closed.
    fn crash(&mut self) {
        let next = room();
        copy(self.room.path(), next.path());
        // With what it keeps beside its folder.
        let _ = std::fs::copy(self.room.latest(), next.latest());
        self.live = None;
        self.room = next;
        self.open();
    }

    fn something(&mut self) {
        match self.random.below(15) {
            0..4 => {
                // A poll by a clock that may have been set back.
                let at = self.wall + minutes(self.random.below(3_000)) - minutes(1_000);
                self.wall = self.wall.max(at);
                self.try_once(|live| live.advance(at));
            }
            4 | 5 => self.hand_over(),
            6 | 7 => self.hand_over_in_cuts(),
            8 | 9 => self.open(),
            10 => self.settle(),
            11 => self.crash(),
            12 | 13 => self.copy_or_put_back(),
            _ if self.random.one_in(2) => self.damage_and_repair(),
            _ => self.leap(),
        }
    }

    /// Everything that can still go out does.
    fn empty_the_outbox(&mut self) {
        self.post.state().willing = true;
        for _ in 0..6 {
            self.wall = self.wall.max(self.live().floor()) + minutes(121);
            let (post, wall) = (self.post.clone(), self.wall);
            self.insist(|live| live.hand_over(&mut post.desk(), &mut || wall, &|| false));
        }
    }
}

/// Another store that takes the export in, read in pieces and polled in between.
fn second(random: &mut Random, book: &'static Book, export: &str, first: Timestamp) -> (Room, Live) {
    let room = room();
    let step = 1 + random.below(20) as usize;
    let mut live = Live::open(room.path(), &options()).unwrap().with_step(step);
    live.activate_first(&book.files, book.rulebook.clone(), first).unwrap();
    let lines: Vec<LogLine<'_>> = export
        .lines()
        .zip(1..)
        .map(|(text, number)| LogLine { path: "-".into(), number, text: text.into(), broken: None })
        .collect();
    let (mut rest, mut until) = (lines.as_slice(), None);
    while !rest.is_empty() {
        let (group, after) = rest.split_at(1 + random.below(rest.len() as u64) as usize);
        rest = after;
        let appended = live.ingest(group.to_vec(), Arrival::Own, false).unwrap();
        assert_eq!(appended.quarantined, 0, "an export can be read back");
        until = until.max(appended.drained_to);
        if random.one_in(3) {
            live.advance(live.floor()).unwrap();
        }
    }
    live.advance(until.unwrap_or(live.floor())).unwrap();
    (room, live)
}

/// What there was to see in lives, so that nobody takes empty ones for proof.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// What ended something.
    endings: u64,
    /// Messages that were judged as those who get them would.
    judged: u64,
    /// Lives that have lost a part of their past.
    lost: u64,
}

/// One life; what was seen in it, or what is wrong with it.
pub fn case(seed: u64) -> Result<Seen, String> {
    let mut random = Random::new(seed);
    let book = &BOOKS[random.below(BOOKS.len() as u64 + 2) as usize % BOOKS.len()];
    let lines = lines(&mut random);
    let (step, post) = (1 + random.below(7) as usize, Post::new(&mut random));
    let first = lines[0].wall.max(start());
    let to_come = lines.into();
    let mut life = Life {
        random: &mut random,
        book,
        room: room(),
        live: None,
        step,
        post,
        wall: first,
        to_come,
        told: Vec::new(),
        told_again: 0,
        backup: None,
        has_lost: false,
    };
    life.open();
    life.put_in_force(first);
    while !life.to_come.is_empty() {
        life.take_in();
        while !life.random.one_in(3) {
            life.something();
        }
    }
    if life.random.one_in(2) {
        life.empty_the_outbox();
    }
    let willing = life.post.state().willing;
    let end = life.wall + minutes(life.random.below(15_000));
    life.insist(|live| live.advance(end.max(live.floor())));
    judge(&mut life, first, willing)
}

fn judge(life: &mut Life<'_>, first: Timestamp, willing: bool) -> Result<Seen, String> {
    let book = life.book;
    let leads: BTreeSet<String> = (0..5).map(|lead| format!("l{lead}")).collect();
    // What is judged is a store that works.
    life.live = None;
    life.live = Some(Live::open(life.room.path(), &options()).unwrap().with_step(life.step));
    let live = life.live.as_mut().unwrap();
    let exported = export(live);
    let erased = promise::erased(&exported);
    let text = decided(live);
    let differs = |what: &str, other: &str| {
        let at = text.lines().zip(other.lines()).position(|(a, b)| a != b).map_or(0, |at| at + 1);
        Err(format!("{what}, from line {at} on:\n{other}\nlive:\n{text}\nlog:\n{exported}"))
    };
    let dry = dry_run(book, &read(book, &exported));
    if text != dry {
        return differs("a dry run differs", &dry);
    }
    let broken = live.newly_broken().unwrap();
    let log = read(book, &exported);
    let replayed = replay::replay(&book.plan, &log, &ReplayOptions { threads: 1, ..ReplayOptions::default() }).unwrap();
    let violations = invariant::violations(&book.plan, &log, &replayed.decisions, live.now());
    let of = |place: usize| violations.iter().filter(|violation| violation.invariant == place).count();
    for place in 0..book.rulebook.invariants.len() {
        let told: Vec<_> = broken.iter().filter(|broken| broken.invariant == place).collect();
        if told.len() != of(place) {
            return Err(format!("invariant {place}: live {told:#?}, dry run {violations:#?}\nlog:\n{exported}"));
        }
    }
    let wrong = life.post.state().wrong.clone();
    if !wrong.is_empty() {
        return Err(format!("came again: {wrong:#?}\ndecided:\n{text}\nlog:\n{exported}"));
    }
    let (endings, left) = promise::left_after_a_stop(&exported, &life.post, stops_at_reply(book));
    if !left.is_empty() {
        return Err(format!("left after a stop: {left:#?}\nlog:\n{exported}"));
    }
    let late = promise::left_too_late(&exported, &life.post);
    if !late.is_empty() {
        return Err(format!("left too late: {late:#?}\nlog:\n{exported}"));
    }
    let log = recipient::as_told(&exported, life.told.iter().map(String::as_str));
    let (faults, judged) = recipient::faults(book.folder, &log, &text, &life.post);
    let seen = Seen { endings, judged: judged as u64, lost: u64::from(life.has_lost) };
    if !faults.is_empty() {
        return Err(format!("must not have gone out: {faults:#?}\nlog:\n{log}"));
    }
    if let Some(wrong) = readable(life.room.path(), &erased) {
        return Err(format!("{wrong}\nlog:\n{exported}"));
    }
    let live = life.live.as_mut().unwrap();
    let lines = texts(|each| live.each_decision(each));
    let alone = next_step::left_alone(book.folder, live, &exported, &lines);
    if !alone.is_empty() {
        return Err(format!("without a next step: {alone:#?}\ndecided:\n{text}\nlog:\n{exported}"));
    }
    if let Some(wrong) = promise::unaccounted(live, &leads, &lines) {
        return Err(format!("{wrong}\nlog:\n{exported}"));
    }
    // Taken, unless the end has decided more.
    if willing && life.random.one_in(2) {
        let (post, wall) = (life.post.clone(), live.floor() + minutes(121));
        live.hand_over(&mut post.desk(), &mut || wall, &|| false).unwrap();
        let lost = promise::lost_alerts(live, &leads, life.has_lost);
        return if lost.is_empty() { Ok(seen) } else { Err(format!("lost: {lost:#?}\nlog:\n{exported}")) };
    }
    let waits = promise::outbox(live, &leads, &erased);
    match life.random.below(4) {
        0 => {
            let (direct, by_json) = (live.log(&book.rulebook, 1).unwrap(), read(book, &exported));
            let (direct, by_json) = (in_words(&direct), in_words(&by_json));
            if direct != by_json {
                return Err(format!("read from the store:\n{direct}\nfrom its export:\n{by_json}\nlog:\n{exported}"));
            }
        }
        1 => {
            live.rebuild().unwrap();
            let (again, waits_again) = (decided(live), promise::outbox(live, &leads, &erased));
            if text != again {
                return differs("made anew from the log it differs", &again);
            }
            if waits != waits_again {
                return Err(format!("outbox made anew:\n{waits_again}\nas it was:\n{waits}\nlog:\n{exported}"));
            }
        }
        2 if erased.is_empty() => {
            let (_room, second) = second(life.random, book, &exported, first);
            let (again, waits_again) = (decided(&second), promise::outbox(&second, &leads, &erased));
            if text != again {
                return differs("another store that took the export in differs", &again);
            }
            if waits != waits_again {
                return Err(format!("outbox of another store:\n{waits_again}\nhere:\n{waits}\nlog:\n{exported}"));
            }
        }
        _ => {}
    }
    Ok(seen)
}

/// What of erased leads can still be found in the files of a store, where a key that is destroyed is
/// no key to any of it.
fn readable(room: &Path, erased: &BTreeSet<String>) -> Option<String> {
    if erased.is_empty() {
        return None;
    }
    let files = files(room);
    let secrets = erased.iter().flat_map(|lead| secrets(lead));
    secrets.flat_map(|secret| files.iter().map(move |file| (secret.clone(), file))).find_map(|(secret, file)| {
        let bytes = std::fs::read(file).unwrap();
        memchr::memmem::find(&bytes, secret.as_bytes()).map(|at| format!("{secret} lies in {} at {at}", file.display()))
    })
}

fn stops_at_reply(book: &Book) -> bool {
    book.files.rules.iter().any(|(_, text)| text.contains("reply -> stop"))
}

/// Tests run side by side, so the cases are shared out among some. `ENSUE_CASES` asks for another
/// number of them, `ENSUE_SEED` for another first one.
const SHARES: u64 = 4;

fn share(number: u64) {
    let (cases, first) = (asked("ENSUE_CASES", 10_000), asked("ENSUE_SEED", 1));
    let (mut lives, mut all) = (0, Seen::default());
    for seed in (first + number..first + cases).step_by(SHARES as usize) {
        let outcome = std::panic::catch_unwind(|| case(seed));
        let wrong = match outcome {
            Ok(Ok(seen)) => {
                lives += 1;
                (all.endings, all.judged, all.lost) =
                    (all.endings + seen.endings, all.judged + seen.judged, all.lost + seen.lost);
                continue;
            }
            Ok(Err(wrong)) => wrong,
            Err(_) => String::from("it panicked, see above"),
        };
        panic!("seed {seed} (ENSUE_SEED={seed} ENSUE_CASES=1 repeats it)\n{wrong}");
    }
    let is_rich = 2 * all.endings >= lives && all.judged >= 2 * lives && all.lost * 20 >= lives;
    assert!(lives < 100 || is_rich, "there was hardly anything to see in {lives} lives: {all:?}");
}

#[test]
fn whatever_happens_replay_equals_live_1_of_4() {
    share(0);
}

#[test]
fn whatever_happens_replay_equals_live_2_of_4() {
    share(1);
}

#[test]
fn whatever_happens_replay_equals_live_3_of_4() {
    share(2);
}

#[test]
fn whatever_happens_replay_equals_live_4_of_4() {
    share(3);
}
