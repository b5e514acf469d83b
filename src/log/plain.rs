//! Records written in the plainest way: known fields, texts without escapes, whole numbers,
//! nothing nested. Nearly all lines of nearly all logs are such, and read so they cost a third.
//! Whatever else there is - a mistake among it - is left to `record`.

use std::borrow::Cow;

use super::hash;
use super::record::{Field, Record, Scratch};
use super::value::{Keys, Raw};
use super::vocabulary::Vocabulary;
use crate::decimal::Decimal;

/// Reads a plain record just as `record` would; `None` where it is not plain.
pub(super) fn read<'a>(line: &'a str, vocabulary: &Vocabulary<'_>, scratch: &mut Scratch<'a>) -> Option<Record<'a>> {
    let Scratch { props, keys } = scratch;
    props.clear();
    read_with(line, keys, &mut |name, key, value| {
        if let Some(prop) = vocabulary.prop_id(name, key) {
            props.push((prop, value));
        }
    })
}

/// The same with `each` told of every property: its name, the hash of that, and its value.
pub(super) fn read_with<'a>(
    line: &'a str,
    keys: &mut Keys,
    each: &mut impl FnMut(&'a str, u64, Raw<'a>),
) -> Option<Record<'a>> {
    let mut cursor = Cursor(line);
    let mut record = Record::default();
    let mut seen = 0_u16;
    cursor.token(b'{')?;
    loop {
        let field = Field::of(cursor.key()?).filter(|field| field.is_own())?;
        let bit = 1 << field as u16;
        if seen & bit != 0 {
            return None;
        }
        seen |= bit;
        if field == Field::Props {
            record.props_hash = props(&mut cursor, keys, each)?;
        } else {
            let text = Some(Cow::Borrowed(cursor.text()?));
            match field {
                Field::Id => record.id = text,
                Field::Type => record.ty = text,
                Field::Lead => record.lead = text,
                Field::Account => record.account = text,
                Field::At => record.at = text,
                Field::ReceivedAt => record.received_at = text,
                _ => return None,
            }
        }
        if !cursor.goes_on()? {
            break;
        }
    }
    cursor.peek().is_none().then_some(record)
}

/// The hash of all properties, each of which `each` is told of.
fn props<'a>(cursor: &mut Cursor<'a>, keys: &mut Keys, each: &mut impl FnMut(&'a str, u64, Raw<'a>)) -> Option<u64> {
    let mut sum = 0_u64;
    keys.clear();
    cursor.token(b'{')?;
    if cursor.peek()? == b'}' {
        cursor.pass(1)?;
        return Some(0);
    }
    loop {
        let name = cursor.key()?;
        let key = hash::of_text(name);
        keys.add(key);
        let (value, value_hash) = cursor.value()?;
        sum = hash::mix(key, value_hash).wrapping_add(sum);
        each(name, key, value);
        if !cursor.goes_on()? {
            break;
        }
    }
    keys.distinct().is_ok().then_some(sum)
}

/// What is left of a line.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    /// The next byte that is no space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let first = *self.0.as_bytes().first()?;
        if first > b' ' {
            return Some(first);
        }
        self.0 = self.0.trim_start_matches([' ', '\t']);
        self.0.as_bytes().first().copied()
    }

    #[inline]
    fn pass(&mut self, bytes: usize) -> Option<()> {
        self.0 = self.0.get(bytes..)?;
        Some(())
    }

    #[inline]
    fn token(&mut self, token: u8) -> Option<()> {
        if self.peek()? == token { self.pass(1) } else { None }
    }

    /// Whether a comma follows, or else the end of the object.
    #[inline]
    fn goes_on(&mut self) -> Option<bool> {
        let more = match self.peek()? {
            b',' => true,
            b'}' => false,
            _ => return None,
        };
        self.pass(1)?;
        Some(more)
    }

    #[inline]
    fn key(&mut self) -> Option<&'a str> {
        let key = self.text()?;
        self.token(b':')?;
        Some(key)
    }

    /// A text without escapes and control characters.
    #[inline]
    fn text(&mut self) -> Option<&'a str> {
        self.token(b'"')?;
        let (text, rest) = self.0.split_at_checked(plain_len(self.0.as_bytes()))?;
        self.0 = rest;
        if rest.as_bytes().first() != Some(&b'"') {
            return None;
        }
        self.pass(1)?;
        Some(text)
    }

    #[inline]
    fn value(&mut self) -> Option<(Raw<'a>, u64)> {
        match self.peek()? {
            b'"' => {
                let text = self.text()?;
                Some((Raw::Text(Cow::Borrowed(text)), hash::of_text(text)))
            }
            b't' => self.word("true").map(|()| (Raw::Bool(true), hash::of_bool(true))),
            b'f' => self.word("false").map(|()| (Raw::Bool(false), hash::of_bool(false))),
            b'0'..=b'9' => {
                let number = self.whole_number()?;
                Some((Raw::Number(Decimal::whole(number)?), hash::of_number(number as f64)))
            }
            _ => None,
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(word)?;
        Some(())
    }

    /// Up to 15 digits: every such number is exact as floating point.
    fn whole_number(&mut self) -> Option<i64> {
        let rest = self.0.as_bytes();
        let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let digits = rest.get(..len)?;
        if len > 15 || (len > 1 && digits.first() == Some(&b'0')) || matches!(rest.get(len), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.pass(len)?;
        Some(digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
    }
}

/// How many bytes stand before the first quote, backslash or control character. Looks at eight
/// bytes at a time: a byte minus one borrows into its highest bit only where the byte was zero.
#[inline]
fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    let (words, tail) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = word ^ (ONES * 0x22);
        let backslash = word ^ (ONES * 0x5c);
        let found = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let found = found & (ONES * 0x80);
        if found != 0 {
            return i * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let before = tail.iter().take_while(|b| !matches!(b, b'"' | b'\\' | 0..0x20)).count();
    bytes.len() - tail.len() + before
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde::de::DeserializeSeed;

    use super::super::record::RecordSeed;
    use super::*;
    use crate::rulebook::{FactId, PropId, Rulebook, SetId, Settings, Table, WellKnown};
    use crate::timestamp::Span;

    fn rulebook() -> Rulebook {
        Rulebook {
            tests: Vec::new(),
            invariants: Vec::new(),
            sources: Arc::default(),
            types: Table::default(),
            props: vec!["page".to_owned(), "seconds".to_owned()].into(),
            facts: Table::default(),
            events: Vec::new(),
            sets: Table::default(),
            tiers: Table::default(),
            calendars: Table::default(),
            zones: Vec::new(),
            contacts: Vec::new(),
            channels: Table::default(),
            topics: Table::default(),
            sequences: Table::default(),
            scores: Table::default(),
            scripts: Table::default(),
            templates: Table::default(),
            experiments: Table::default(),
            tags: Table::default(),
            rules: Table::default(),
            metrics: Table::default(),
            left_out: Vec::new(),
            reaching: crate::rulebook::metric::Reaching::default(),
            report_zone: None,
            settings: Settings { stale_after: Span::ZERO, same_address_once: true },
            well_known: WellKnown {
                timezone: FactId(0),
                owner: FactId(0),
                email: FactId(0),
                phone: FactId(0),
                replied: SetId(0),
                facts: SetId(0),
                touched: SetId(0),
                touched_props: [PropId(0); 4],
            },
        }
    }

    fn show(record: &Record<'_>, scratch: &Scratch<'_>) -> String {
        let Record { id, ty, lead, account, at, received_at, props_hash, backfill } = record;
        format!("{id:?} {ty:?} {lead:?} {account:?} {at:?} {received_at:?} {props_hash} {backfill} {:?}", scratch.props)
    }

    fn plainly(line: &str) -> Option<String> {
        let rulebook = rulebook();
        let vocabulary = Vocabulary::new(&rulebook);
        let mut scratch = Scratch::default();
        read(line, &vocabulary, &mut scratch).map(|record| show(&record, &scratch))
    }

    fn with_serde(line: &str) -> Option<String> {
        let rulebook = rulebook();
        let vocabulary = Vocabulary::new(&rulebook);
        let mut scratch = Scratch::default();
        let mut json = serde_json::Deserializer::from_str(line);
        let record = RecordSeed { vocabulary: &vocabulary, scratch: &mut scratch }.deserialize(&mut json).ok()?;
        json.end().ok()?;
        Some(show(&record, &scratch))
    }

    const LINE: &str = r#"{"id":"e1", "type":"page.viewed","lead":"ana","account":"acme","at":"2026-03-02T09:00:00Z","received_at":"x" ,"props":{"page" : "pricing","seconds":17,"hard":true,"other":"ä"}}"#;

    #[test]
    fn a_plain_record_is_read_plainly() {
        assert!(plainly(LINE).is_some());
        assert_eq!(plainly(LINE), with_serde(LINE));
    }

    proptest! {
        /// What is read plainly is what the other way reads.
        #[test]
        fn both_ways_agree(changes in prop::collection::vec((any::<prop::sample::Index>(), "[ -~]|[\"\\\\,:{}0e.\u{1}ä]", any::<bool>()), 0..4)) {
            let mut line: Vec<char> = LINE.chars().collect();
            for (at, new, instead) in changes {
                let at = at.index(line.len());
                line.splice(at..at + usize::from(instead), new.chars());
            }
            let line: String = line.into_iter().collect();
            if let Some(plain) = plainly(&line) {
                prop_assert_eq!(Some(plain), with_serde(&line));
            }
        }

        #[test]
        fn the_length_is_found_at_once(text in "[a-zä\"\\\\\u{1}\u{1f}\u{7f}]{0,40}") {
            let slow = text.bytes().take_while(|b| !matches!(b, b'"' | b'\\' | 0..0x20)).count();
            prop_assert_eq!(plain_len(text.as_bytes()), slow);
        }
    }
}
