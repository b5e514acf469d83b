//! Every decision so far, as the lines of a dry run, in blocks. A line that quotes a personal fact
//! is sealed under the key of its lead.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::error::LiveError;
use super::personal::Personal;
use super::personal_text::placeholder;
use super::places::{Place, Places};
use super::salt;
use super::shelf::encode;
use crate::address::Salt;
use crate::decision::line::Line;
use crate::decision::names::Names;
use crate::decision::{Decision, Note};
use crate::store::{Batch, Store, StoreError, TreeName};

/// Lines are put together up to so many bytes.
const BLOCK: usize = 7000;
/// No line has fewer bytes: a moment and what was done alone take more.
const SHORTEST: usize = 40;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
enum StoredLine {
    Plain(String),
    /// Lead, the sealed line, and what is shown when it can no longer be read.
    Sealed(String, Vec<u8>, String),
}

impl StoredLine {
    fn len(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Sealed(lead, sealed, shown) => lead.len() + sealed.len() + shown.len(),
        }
    }
}

/// Writes decisions down from the number `first` on, and notes where they lie.
pub(crate) fn append(
    store: &mut Store,
    names: &Names<'_>,
    decisions: &[Decision],
    first: u64,
    places: &mut Places,
    batch: &mut Batch<'_>,
) -> Result<(), LiveError> {
    let mut redacted = redactions(store, names, decisions)?.into_iter().peekable();
    let (mut lines, mut size, mut number) = (Vec::new(), 0, first);
    for (index, (decision, next)) in decisions.iter().zip(first + 1..).enumerate() {
        let redacted = redacted.next_if(|(place, _)| *place == index);
        let line = line(store, names, decision, redacted.as_ref().map(|(_, redacted)| redacted))?;
        size += line.len();
        places.note(decision, Place { block: number, line: lines.len() as u32 });
        lines.push(line);
        if size >= BLOCK {
            batch.put_large(TreeName::Decisions, &number.to_be_bytes(), encode(&lines));
            (lines, size, number) = (Vec::new(), 0, next);
        }
    }
    if !lines.is_empty() {
        batch.put_large(TreeName::Decisions, &number.to_be_bytes(), encode(&lines));
    }
    Ok(())
}

fn line(
    store: &mut Store,
    names: &Names<'_>,
    decision: &Decision,
    redacted: Option<&Decision>,
) -> Result<StoredLine, LiveError> {
    let text = names.line(decision).to_string();
    let Some(redacted) = redacted else { return Ok(StoredLine::Plain(text)) };
    let shown = names.line(redacted).to_string();
    let lead = names.log.lead_name(decision.lead);
    Ok(match store.seal(lead, "decision", text.as_bytes())? {
        Some(sealed) => StoredLine::Sealed(lead.to_owned(), sealed, shown),
        None => StoredLine::Plain(shown),
    })
}

/// The decisions that tell something of their leads, by their places, as they read once the leads
/// are erased.
fn redactions(store: &Store, names: &Names<'_>, decisions: &[Decision]) -> Result<Vec<(usize, Decision)>, LiveError> {
    let mut personal = Personal::new(store, names);
    let salt = salt::of(store)?;
    let mut all = Vec::new();
    for (index, decision) in decisions.iter().enumerate() {
        let body = personal.redacted(decision)?;
        let note = decision
            .note
            .as_deref()
            .map(|note| without_words(note, salt))
            .filter(|note| Some(note) != decision.note.as_deref());
        if body.is_some() || note.is_some() {
            let mut redacted = decision.clone();
            redacted.body = body.unwrap_or(redacted.body);
            redacted.note = note.map(Box::new).or(redacted.note);
            all.push((index, redacted));
        }
    }
    Ok(all)
}

/// `by bob: erased`: what a person wrote about a lead goes with it, as it goes from the log.
fn without_words(note: &Note, salt: Salt) -> Note {
    let shown = |name, text: &Option<Box<str>>| {
        text.as_deref().map(|text| placeholder(name, text, salt).unwrap_or(Cow::Borrowed(text)).into())
    };
    Note { by: shown("by", &note.by), why: shown("reason", &note.why) }
}

impl StoredLine {
    /// As it reads now.
    fn text(self, store: &Store) -> String {
        match self {
            Self::Plain(text) => text,
            Self::Sealed(lead, sealed, shown) => {
                let open = store.unseal(&lead, "decision", &sealed);
                open.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(shown)
            }
        }
    }
}

fn damaged() -> LiveError {
    let reason = String::from("a block that is not in its format");
    LiveError::Store(StoreError::TreeDamaged { part: "decisions", reason })
}

/// The lines at some places, in their order.
pub(crate) fn at(store: &Store, places: &[Place]) -> Result<Vec<String>, LiveError> {
    let mut found = Vec::with_capacity(places.len());
    for of_block in places.chunk_by(|a, b| a.block == b.block) {
        let Some(first) = of_block.first() else { continue };
        let value = store.get(TreeName::Decisions, &first.block.to_be_bytes())?.ok_or_else(damaged)?;
        let mut lines: Vec<Option<StoredLine>> =
            postcard::from_bytes::<Vec<StoredLine>>(&value).map_err(|_| damaged())?.into_iter().map(Some).collect();
        for place in of_block {
            let line = lines.get_mut(place.line as usize).and_then(Option::take).ok_or_else(damaged)?;
            found.push(line.text(store));
        }
    }
    Ok(found)
}

/// Gives every line from the number `first` on to `each`, in order.
pub(crate) fn read(store: &Store, first: u64, each: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), LiveError> {
    // The block that holds a line begins not far before it, for a line is not shorter than this.
    let mut from = first.saturating_sub((BLOCK / SHORTEST) as u64).to_be_bytes().to_vec();
    loop {
        let blocks = store.scan_range(TreeName::Decisions, &from[..]..&[0xff; 9][..], 256)?;
        let Some((last, _)) = blocks.last() else { return Ok(()) };
        from = last.clone();
        from.push(0);
        for (key, value) in &blocks {
            let number = key.as_slice().try_into().map(u64::from_be_bytes).map_err(|_| damaged())?;
            let lines: Vec<StoredLine> = postcard::from_bytes(value).map_err(|_| damaged())?;
            for line in lines.into_iter().skip(first.saturating_sub(number) as usize) {
                if each(&line.text(store)).is_break() {
                    return Ok(());
                }
            }
        }
    }
}

/// How many lines there are, by the last of them.
pub(crate) fn count(store: &Store) -> Result<u64, LiveError> {
    let Some((key, value)) = store.last(TreeName::Decisions)? else { return Ok(0) };
    let number = key.as_slice().try_into().map(u64::from_be_bytes).map_err(|_| damaged())?;
    let lines: Vec<StoredLine> = postcard::from_bytes(&value).map_err(|_| damaged())?;
    Ok(number + lines.len() as u64)
}

/// Where what was decided about each lead lies, read off the lines.
pub(crate) fn places(store: &Store) -> Result<BTreeMap<String, Vec<Place>>, LiveError> {
    let mut found: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    for (key, value) in store.scan_prefix(TreeName::Decisions, &[])? {
        let block = key.as_slice().try_into().map(u64::from_be_bytes).map_err(|_| damaged())?;
        let lines: Vec<StoredLine> = postcard::from_bytes(&value).map_err(|_| damaged())?;
        for (line, number) in lines.into_iter().zip(0..) {
            let text = line.text(store);
            let lead = Line::parse(&text).ok_or_else(damaged)?.lead.into_owned();
            found.entry(lead).or_default().push(Place { block, line: number });
        }
    }
    Ok(found)
}

/// Removes every line.
pub(crate) fn clear(store: &Store, batch: &mut Batch<'_>) -> Result<(), LiveError> {
    for (key, _) in store.scan_prefix(TreeName::Decisions, &[])? {
        batch.delete(TreeName::Decisions, &key);
    }
    Ok(())
}
