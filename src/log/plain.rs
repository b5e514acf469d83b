//! Records written in the plainest way: known fields, texts without escapes, whole numbers,
//! nothing nested. Nearly all lines of nearly all logs are such, and read so they cost a third.
//! Whatever else there is - a mistake among it - is left to `record`.

use std::borrow::Cow;

use super::hash;
use super::record::{Field, Record, Scratch};
use super::value::Raw;
use super::vocabulary::Vocabulary;

/// Reads a plain record just as `record` would; `None` where it is not plain.
pub(super) fn read<'a>(line: &'a str, vocabulary: &Vocabulary<'_>, scratch: &mut Scratch<'a>) -> Option<Record<'a>> {
    let mut cursor = Cursor { line, at: 0 };
    let mut record = Record::default();
    let mut seen = 0_u16;
    scratch.props.clear();
    cursor.token(b'{')?;
    loop {
        let field = Field::of(cursor.key()?).filter(|field| field.is_own())?;
        let bit = 1 << field as u16;
        if seen & bit != 0 {
            return None;
        }
        seen |= bit;
        if field == Field::Props {
            record.props_hash = props(&mut cursor, vocabulary, scratch)?;
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
    cursor.skip_space();
    (cursor.at == line.len()).then_some(record)
}

/// The properties, put into `scratch`, and the hash of them all.
fn props<'a>(cursor: &mut Cursor<'a>, vocabulary: &Vocabulary<'_>, scratch: &mut Scratch<'a>) -> Option<u64> {
    let mut sum = 0_u64;
    scratch.keys.clear();
    cursor.token(b'{')?;
    if cursor.peek()? == b'}' {
        cursor.at += 1;
        return Some(0);
    }
    loop {
        let name = cursor.key()?;
        let key = hash::of_text(name);
        scratch.keys.add(key);
        let (value, value_hash) = cursor.value()?;
        sum = hash::mix(key, value_hash).wrapping_add(sum);
        if let Some(prop) = vocabulary.prop_id(name, key) {
            scratch.props.push((prop, value));
        }
        if !cursor.goes_on()? {
            break;
        }
    }
    scratch.keys.distinct().is_ok().then_some(sum)
}

struct Cursor<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        self.line.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        self.at += self.rest().iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.rest().first().copied()
    }

    fn token(&mut self, token: u8) -> Option<()> {
        (self.peek()? == token).then(|| self.at += 1)
    }

    /// Whether a comma follows, or else the end of the object.
    fn goes_on(&mut self) -> Option<bool> {
        let next = self.peek()?;
        self.at += 1;
        match next {
            b',' => Some(true),
            b'}' => Some(false),
            _ => None,
        }
    }

    fn key(&mut self) -> Option<&'a str> {
        let key = self.text()?;
        self.token(b':')?;
        Some(key)
    }

    /// A text without escapes and control characters.
    fn text(&mut self) -> Option<&'a str> {
        self.token(b'"')?;
        let rest = self.rest();
        let len = plain_len(rest);
        if rest.get(len) != Some(&b'"') {
            return None;
        }
        let text = self.line.get(self.at..self.at + len)?;
        self.at += len + 1;
        Some(text)
    }

    fn value(&mut self) -> Option<(Raw<'a>, u64)> {
        match self.peek()? {
            b'"' => {
                let text = self.text()?;
                Some((Raw::Text(Cow::Borrowed(text)), hash::of_text(text)))
            }
            b't' => self.word(b"true").map(|()| (Raw::Bool(true), hash::of_bool(true))),
            b'f' => self.word(b"false").map(|()| (Raw::Bool(false), hash::of_bool(false))),
            b'0'..=b'9' => {
                let number = self.whole_number()?;
                Some((Raw::Number(number), hash::of_number(number)))
            }
            _ => None,
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest().starts_with(word).then(|| self.at += word.len())
    }

    /// Up to 15 digits: every such number is exact as floating point.
    fn whole_number(&mut self) -> Option<f64> {
        let rest = self.rest();
        let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let digits = rest.get(..len)?;
        if len > 15 || (len > 1 && digits.first() == Some(&b'0')) || matches!(rest.get(len), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        self.at += len;
        Some(digits.iter().fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0')) as f64)
    }
}

/// How many bytes stand before the first quote, backslash or control character. Looks at eight
/// bytes at a time: a byte minus one borrows into its highest bit only where the byte was zero.
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
    use crate::rulebook::{FactId, PropId, Rulebook, SetId, Settings, WellKnown};
    use crate::timestamp::Span;

    fn rulebook() -> Rulebook {
        Rulebook {
            sources: Arc::default(),
            types: Vec::new(),
            props: vec!["page".to_owned(), "seconds".to_owned()],
            facts: Vec::new(),
            sets: Vec::new(),
            tiers: Vec::new(),
            calendars: Vec::new(),
            channels: Vec::new(),
            sequences: Vec::new(),
            scores: Vec::new(),
            tags: Vec::new(),
            rules: Vec::new(),
            settings: Settings { stale_after: Span::ZERO },
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
        let Record { id, ty, lead, account, at, received_at, props_hash } = record;
        format!("{id:?} {ty:?} {lead:?} {account:?} {at:?} {received_at:?} {props_hash} {:?}", scratch.props)
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
