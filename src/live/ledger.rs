//! Every decision so far, as the lines of a dry run, in blocks. A line that quotes a personal fact
//! is sealed under the key of its lead.

use serde::{Deserialize, Serialize};

use super::error::LiveError;
use super::record::{ERASED, is_personal};
use super::shelf::encode;
use crate::decision::{Body, Decision};
use crate::report::line::Names;
use crate::store::{Batch, Store, StoreError, TreeName};
use crate::value::Value;

/// Lines are put together up to so many bytes.
const BLOCK: usize = 7000;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
enum Line {
    Plain(String),
    /// Lead, the sealed line, and what is shown when it can no longer be read.
    Sealed(String, Vec<u8>, String),
}

impl Line {
    fn len(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Sealed(lead, sealed, shown) => lead.len() + sealed.len() + shown.len(),
        }
    }
}

/// Writes decisions down from the number `first` on.
pub(crate) fn append(
    store: &mut Store,
    names: &Names<'_>,
    decisions: &[Decision],
    first: u64,
    batch: &mut Batch<'_>,
) -> Result<(), LiveError> {
    let (mut lines, mut size, mut number) = (Vec::new(), 0, first);
    for (decision, next) in decisions.iter().zip(first + 1..) {
        let line = line(store, names, decision)?;
        size += line.len();
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

fn line(store: &mut Store, names: &Names<'_>, decision: &Decision) -> Result<Line, LiveError> {
    let text = names.line(decision).to_string();
    let Body::Set { fact, value: Value::Text(value) } = &decision.body else { return Ok(Line::Plain(text)) };
    let name = names.rulebook.facts.get(fact.index()).map_or("", |fact| fact.name.as_str());
    if !is_personal(name, value) {
        return Ok(Line::Plain(text));
    }
    let mut redacted = decision.clone();
    redacted.body = Body::Set { fact: *fact, value: Value::Text(ERASED.into()) };
    let shown = names.line(&redacted).to_string();
    let lead = names.log.lead_name(decision.lead);
    Ok(match store.seal(lead, "decision", text.as_bytes())? {
        Some(sealed) => Line::Sealed(lead.to_owned(), sealed, shown),
        None => Line::Plain(shown),
    })
}

/// Gives every line written so far to `each`, in order.
pub(crate) fn read(store: &Store, each: &mut dyn FnMut(&str) -> std::ops::ControlFlow<()>) -> Result<(), LiveError> {
    let damaged = || {
        let reason = String::from("a block that is not in its format");
        LiveError::Store(StoreError::TreeDamaged { part: "decisions", reason })
    };
    let mut from = 0_u64.to_be_bytes().to_vec();
    loop {
        let blocks = store.scan_range(TreeName::Decisions, &from[..]..&[0xff; 9][..], 256)?;
        let Some((last, _)) = blocks.last() else { return Ok(()) };
        from = last.clone();
        from.push(0);
        for (_, value) in &blocks {
            let lines: Vec<Line> = postcard::from_bytes(value).map_err(|_| damaged())?;
            for line in lines {
                let text = match line {
                    Line::Plain(text) => text,
                    Line::Sealed(lead, sealed, shown) => {
                        let open = store.unseal(&lead, "decision", &sealed);
                        open.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(shown)
                    }
                };
                if each(&text).is_break() {
                    return Ok(());
                }
            }
        }
    }
}

/// Removes every line.
pub(crate) fn clear(store: &Store, batch: &mut Batch<'_>) -> Result<(), LiveError> {
    for (key, _) in store.scan_prefix(TreeName::Decisions, &[])? {
        batch.delete(TreeName::Decisions, &key);
    }
    Ok(())
}
