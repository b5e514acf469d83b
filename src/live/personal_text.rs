//! What tells who somebody is: texts that are sealed under the key of their lead, and what stands in their
//! place once it is erased.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::address::{Address, AddressKind, Salt, is_nobody, is_number};
use crate::local::parse_rfc3339;
use crate::log;

/// Names who works for the lead, and not who the lead is; limits of owners rest on it.
const OWNER: &str = "owner";
/// Longer texts are taken for free text, and may tell more than a rule should ask for.
const FREE_TEXT: usize = 40;
/// Properties that tell who someone is, whatever their value: the letters of their names.
const PERSONAL: [&str; 29] = [
    "name",
    "firstname",
    "lastname",
    "fullname",
    "email",
    "phone",
    "mobile",
    "phonenumber",
    "mobilephone",
    "workphone",
    "telephone",
    "tel",
    "cell",
    "whatsapp",
    "address",
    "street",
    "birthday",
    "linkedin",
    "text",
    "subject",
    "body",
    "note",
    "notes",
    "message",
    "comment",
    "reason",
    "signature",
    "ip",
    "useragent",
];

/// Whether a text may tell who somebody is.
pub(crate) fn is_personal(name: &str, text: &str) -> bool {
    if name == OWNER {
        return false;
    }
    let named = is_named(name) && !(name.eq_ignore_ascii_case("message") && is_id(text));
    named || text.len() > FREE_TEXT || text.contains('@') || text.starts_with('+') && is_number(text)
}

/// Whether a property's name says that its value tells who somebody is, however it is spelled:
/// `first_name`, `firstName`.
pub(crate) fn is_named(name: &str) -> bool {
    let letters = name.bytes().filter(|byte| !matches!(byte, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase());
    let letters: SmallVec<[u8; 24]> = letters.collect();
    PERSONAL.iter().any(|personal| personal.as_bytes() == letters.as_slice())
}

/// Whether a text is one word of letters and digits, both among them, as the number of a message.
/// Neither words that somebody writes are, nor numbers of telephones.
fn is_id(text: &str) -> bool {
    let any = |is: fn(&char) -> bool| text.chars().any(|c| is(&c));
    any(char::is_ascii_alphabetic)
        && any(char::is_ascii_digit)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// What a text looks like to whoever reads it as a property of a declared type.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// With what it is known by; without it is nobody's in particular.
    Address(AddressKind, Option<Address>),
    Date,
    Time,
    Words,
}

impl Shape {
    pub fn of(text: &str, salt: Salt) -> Self {
        let address = |kind| {
            let is_one =
                kind == AddressKind::Phone || text.trim().ends_with('>') || !text.trim().contains(char::is_whitespace);
            Self::Address(kind, Address::of(kind, text, salt).filter(|_| is_one))
        };
        match text {
            _ if text.contains('@') => address(AddressKind::Email),
            _ if log::date(text).is_some() => Self::Date,
            _ if parse_rfc3339(text.as_bytes()).is_ok() => Self::Time,
            _ if is_number(text) || is_nobody(text) => address(AddressKind::Phone),
            _ => Self::Words,
        }
    }

    /// What stands in the place of a text whose lead was erased: of the same shape, so that whatever
    /// could read the one can read the other. Rules that only ask whether there is a value, and
    /// templates, decide as they did.
    pub fn erased(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Address(kind, Some(address)) => return Cow::Owned(address.erased(kind)),
            Self::Address(AddressKind::Email, None) => "erased@erased.invalid",
            Self::Date => "2000-01-01",
            Self::Time => "2000-01-01T00:00:00Z",
            Self::Address(AddressKind::Phone, None) | Self::Words => ERASED,
        })
    }
}

/// What stands in the place of words whose lead was erased.
pub(crate) const ERASED: &str = "erased";

/// What stands in the place of a personal text once its lead is erased.
pub(crate) fn placeholder(name: &str, text: &str, salt: Salt) -> Option<Cow<'static, str>> {
    is_personal(name, text).then(|| Shape::of(text, salt).erased())
}
