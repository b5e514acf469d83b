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

/// An address, hashed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address([u8; 16]);

impl Address {
    /// The address a text stands for; `None` for one that names nobody.
    ///
    /// Mail addresses are compared trimmed, in lower case, their domains as IDNA 2008 writes them (RFC 5891);
    /// of numbers the digits count, with `00` at the beginning read as `+`.
    #[must_use]
    pub fn of(kind: AddressKind, text: &str) -> Option<Self> {
        let plain = match kind {
            AddressKind::Email => mail(text)?,
            AddressKind::Phone => number(text)?,
        };
        let mut hasher = blake3::Hasher::new_derive_key("ensue address 1");
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

/// What stands in the place of an address that was erased, or can no longer be read, ends with it.
pub(crate) const NOBODY: &str = "@erased.invalid";

/// Whether a text stands in the place of an address that is gone: of many people, and of nobody.
#[must_use]
pub fn is_nobody(text: &str) -> bool {
    text.trim().to_ascii_lowercase().ends_with(NOBODY)
}

fn mail(text: &str) -> Option<String> {
    let text = text.trim();
    if is_nobody(text) {
        return None;
    }
    let (local, domain) = text.rsplit_once('@').unwrap_or((text, ""));
    let labels: Option<Vec<String>> = domain.trim_end_matches('.').split('.').map(label).collect();
    let plain = format!("{}@{}", local.to_lowercase(), labels?.join("."));
    (plain.len() > 1).then_some(plain)
}

/// A label of a domain in ASCII.
fn label(label: &str) -> Option<String> {
    let label = label.to_lowercase();
    if label.is_ascii() { Some(label) } else { punycode::encode(&label).ok().map(|ascii| format!("xn--{ascii}")) }
}

fn number(text: &str) -> Option<String> {
    let text = text.trim();
    let digits: String = text.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| char::from_digit(d, 10)).collect();
    if digits.is_empty() {
        return None;
    }
    if text.starts_with('+') {
        return Some(format!("+{digits}"));
    }
    Some(digits.strip_prefix("00").map_or_else(|| digits.clone(), |rest| format!("+{rest}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use AddressKind::{Email, Phone};

    #[test]
    fn what_means_the_same_is_one_address() {
        let same = |kind, a: &str, b: &str| assert_eq!(Address::of(kind, a), Address::of(kind, b), "{a} {b}");
        let differ = |kind, a: &str, b: &str| assert_ne!(Address::of(kind, a), Address::of(kind, b), "{a} {b}");
        same(Email, " Ana@Acme.Example ", "ana@acme.example");
        same(Email, "ana@b\u{fc}cher.example", "ana@xn--bcher-kva.example");
        same(Email, "ana@B\u{dc}CHER.example.", "ana@b\u{fc}cher.example");
        differ(Email, "ana@acme.example", "anna@acme.example");
        differ(Email, "ana@acme.example", "ana@acme.test");
        same(Phone, "+49 (30) 123-456", "004930123456");
        same(Phone, "030 123", "030123");
        differ(Phone, "030123", "+4930123");
        assert_ne!(Address::of(Email, "1"), Address::of(Phone, "1"));
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
            assert_eq!(Address::of(kind, text), None, "{text:?}");
        }
    }
}
