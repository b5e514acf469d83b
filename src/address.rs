//! Addresses of people as they are compared: what writes them differently and means the same is one
//! address. Kept as keyed hashes, so that who is barred is known without knowing who it is.

use serde::{Deserialize, Serialize};

/// What an address is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AddressKind {
    /// A mail address.
    Email,
    /// A telephone number.
    Phone,
}

/// What the addresses of a log are hashed with, so that the hashes of two logs tell nothing of each other.
/// A log without an entry that says so has a fixed one.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Salt(Option<[u8; 32]>);

impl Salt {
    /// The salt of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Some(bytes))
    }

    /// The salt that 64 hexadecimal digits stand for, or the word `fixed`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == FIXED { Some(Self::default()) } else { from_hex(text).map(Self::new) }
    }

    /// Its bytes; `None` for the fixed one.
    #[must_use]
    pub const fn bytes(&self) -> Option<&[u8; 32]> {
        self.0.as_ref()
    }

    /// As it is written in a log.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.map_or_else(|| FIXED.to_owned(), |bytes| to_hex(&bytes))
    }

    fn hasher(&self) -> blake3::Hasher {
        match &self.0 {
            Some(key) => blake3::Hasher::new_keyed(key),
            None => blake3::Hasher::new_derive_key("ensue address 1"),
        }
    }
}

/// How the fixed salt is written.
const FIXED: &str = "fixed";

/// A salt is a secret.
impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Salt(…)" } else { "Salt(fixed)" })
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes().chunks_exact(2);
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits) {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| !pair.starts_with('+'))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

/// An address, hashed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address([u8; 16]);

impl Address {
    /// The address a text stands for; `None` for one that names nobody.
    ///
    /// Mail addresses are compared trimmed, in lower case, without a name or `mailto:` around them, their domains
    /// as IDNA 2008 writes them (RFC 5891); of numbers the digits count, with `00` at the beginning read as `+`. What stands in the place of one that
    /// was erased is still that one.
    #[must_use]
    pub fn of(kind: AddressKind, text: &str, salt: Salt) -> Option<Self> {
        if let Some(hash) = gone(kind, text) {
            return from_hex(hash).map(Self);
        }
        let plain = match kind {
            AddressKind::Email => mail(text)?,
            AddressKind::Phone => number(text)?,
        };
        let mut hasher = salt.hasher();
        hasher.update(match kind {
            AddressKind::Email => b"email ",
            AddressKind::Phone => b"phone ",
        });
        hasher.update(plain.as_bytes());
        let mut out = [0; 16];
        hasher.finalize_xof().fill(&mut out);
        Some(Self(out))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// What stands in its place once it is erased, and still is this address.
    #[must_use]
    pub fn erased(self, kind: AddressKind) -> String {
        let hash = to_hex(&self.0);
        match kind {
            AddressKind::Email => format!("{hash}{NOBODY}"),
            AddressKind::Phone => format!("{NO_NUMBER}{hash}"),
        }
    }

    /// The address of such bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, ..] = self.0;
        write!(f, "Address({a:02x}{b:02x}…)")
    }
}

/// What stands in the place of a mail address that was erased, or can no longer be read, ends with it.
pub(crate) const NOBODY: &str = "@erased.invalid";
/// What stands in the place of such a number begins with it.
const NO_NUMBER: &str = "erased-";

/// Whether a text stands in the place of an address that is gone, and reaches nobody.
#[must_use]
pub fn is_nobody(text: &str) -> bool {
    [AddressKind::Email, AddressKind::Phone].into_iter().any(|kind| gone(kind, text).is_some())
}

/// What stands for the hash in a text that stands in the place of an address; of a mail address it may be none.
fn gone(kind: AddressKind, text: &str) -> Option<&str> {
    let text = text.trim();
    match kind {
        AddressKind::Email => {
            let (hash, domain) = text.split_at_checked(text.len().checked_sub(NOBODY.len())?)?;
            domain.eq_ignore_ascii_case(NOBODY).then_some(hash)
        }
        AddressKind::Phone => text.strip_prefix(NO_NUMBER).filter(|hash| from_hex::<16>(hash).is_some()),
    }
}

/// Telephone numbers have at least so many digits.
#[cfg(feature = "live")]
const DIGITS: usize = 6;

fn mail(text: &str) -> Option<String> {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let text = bare(visible.trim());
    let (local, domain) = text.rsplit_once('@').unwrap_or((text, ""));
    let labels: Option<Vec<String>> = domain.trim_end_matches('.').split('.').map(label).collect();
    let plain = format!("{}@{}", local.to_lowercase(), labels?.join("."));
    (plain.len() > 1).then_some(plain)
}

/// The address in `Ana Li <ana@acme.example>` (RFC 5322) and in `mailto:ana@acme.example?subject=Hi` (RFC 6068).
fn bare(text: &str) -> &str {
    let inside =
        text.strip_suffix('>').and_then(|text| text.rsplit_once('<')).map_or(text, |(_, inside)| inside.trim());
    let scheme = inside.split_at_checked("mailto:".len()).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("mailto:"));
    scheme.map_or(inside, |(_, rest)| rest.split_once('?').map_or(rest, |(address, _)| address))
}

/// Signs of no width, which a copied text brings along.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// A label of a domain in ASCII.
fn label(label: &str) -> Option<String> {
    let label = label.to_lowercase();
    if label.is_ascii() { Some(label) } else { punycode::encode(&label).ok().map(|ascii| format!("xn--{ascii}")) }
}

fn number(text: &str) -> Option<String> {
    let from = text.trim_start_matches(|c| c != '+' && c != '\u{ff0b}' && digit(c).is_none());
    let plus = from.starts_with(['+', '\u{ff0b}']);
    // In `+49 (0)30` the zero is for whoever calls from within the country.
    let digits: String =
        if plus { text.replace("(0)", "") } else { text.to_owned() }.chars().filter_map(digit).collect();
    if digits.is_empty() {
        return None;
    }
    if plus {
        return Some(format!("+{digits}"));
    }
    Some(digits.strip_prefix("00").map_or_else(|| digits.clone(), |rest| format!("+{rest}")))
}

/// Whether a text looks like a telephone number, and like nothing else.
#[cfg(feature = "live")]
pub(crate) fn is_number(text: &str) -> bool {
    let scheme = text.split_at_checked("tel:".len()).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("tel:"));
    let text = scheme.map_or(text, |(_, rest)| rest);
    let between = |c: char| c.is_whitespace() || "+\u{ff0b}()-./".contains(c);
    text.chars().all(|c| between(c) || digit(c).is_some()) && text.chars().filter_map(digit).count() >= DIGITS
}

/// A digit as ASCII has it, of those that people write numbers with: also Arabic, Persian and of full width.
fn digit(c: char) -> Option<char> {
    let zeros = ['0', '\u{660}', '\u{6f0}', '\u{ff10}'];
    let value = zeros.into_iter().find_map(|zero| (c as u32).checked_sub(zero as u32).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use AddressKind::{Email, Phone};

    #[test]
    fn what_means_the_same_is_one_address() {
        let of = |kind, text: &str| Address::of(kind, text, Salt::default());
        let same = |kind, a: &str, b: &str| assert_eq!(of(kind, a), of(kind, b), "{a} {b}");
        let differ = |kind, a: &str, b: &str| assert_ne!(of(kind, a), of(kind, b), "{a} {b}");
        same(Email, " Ana@Acme.Example ", "ana@acme.example");
        same(Email, "ana@b\u{fc}cher.example", "ana@xn--bcher-kva.example");
        same(Email, "ana@B\u{dc}CHER.example.", "ana@b\u{fc}cher.example");
        for written in [
            "Ana Li <Ana@acme.example>",
            "<ana@acme.example>",
            "mailto:ana@acme.example?subject=Hi",
            "ana@acme.example\u{200b}",
        ] {
            same(Email, written, "ana@acme.example");
        }
        for written in
            ["tel:+4930123456", "+49 (0)30 123456", "+\u{664}\u{669}30123456", "\u{ff0b}49 30123456", "0049 30 123456"]
        {
            same(Phone, written, "+4930123456");
        }
        differ(Phone, "(0)30 123", "30123");
        differ(Email, "ana@acme.example", "anna@acme.example");
        differ(Email, "ana@acme.example", "ana@acme.test");
        same(Phone, "+49 (30) 123-456", "004930123456");
        same(Phone, "030 123", "030123");
        differ(Phone, "030123", "+4930123");
        assert_ne!(of(Email, "1"), of(Phone, "1"));
    }

    #[test]
    fn what_stands_in_the_place_of_an_address_is_still_that_address() {
        let salt = Salt::new([7; 32]);
        for (kind, text) in [(Email, "ana@acme.example"), (Phone, "+49 30 123")] {
            let address = Address::of(kind, text, salt).unwrap();
            let erased = address.erased(kind);
            assert!(is_nobody(&erased), "{erased}");
            // The hash is in the text: no salt is needed to read it, and it is not hashed again.
            for salt in [salt, Salt::default()] {
                assert_eq!(
                    Address::of(kind, &format!(" {} ", erased.replace("invalid", "Invalid")), salt),
                    Some(address)
                );
            }
            assert_ne!(Address::of(kind, text, Salt::default()), Some(address), "another salt, another hash");
            assert_ne!(Address::of(kind, text, Salt::new([8; 32])), Some(address));
        }
        let hash = "0".repeat(32);
        assert_eq!(Address::of(Email, &format!("{hash}@erased.invalid"), salt), Some(Address([0; 16])));
        for text in [format!("{hash}0@erased.invalid"), format!("+{}@erased.invalid", &hash[1..])] {
            assert_eq!(Address::of(Email, &text, salt), None, "{text}");
        }
        assert!(!is_nobody("erased-soon"));
    }

    #[test]
    fn a_salt_is_read_as_it_is_written() {
        let salt = Salt::new(std::array::from_fn(|i| i as u8 * 7));
        assert_eq!(Salt::parse(&salt.text()), Some(salt));
        for text in ["", "00", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(Salt::parse(text), None, "{text}");
        }
        assert_eq!(Salt::parse(&Salt::default().text()), Some(Salt::default()));
    }

    #[test]
    fn what_names_nobody_is_no_address() {
        for (kind, text) in [
            (Email, ""),
            (Email, "  "),
            (Email, "erased@Erased.invalid "),
            (Phone, ""),
            (Phone, "ask the desk"),
            (Phone, "+"),
        ] {
            assert_eq!(Address::of(kind, text, Salt::default()), None, "{text:?}");
        }
    }
}
