//! Help for a name that is not there: the near one, else those there are.

use crate::words::nearest;

/// So many names are listed.
const LISTED: usize = 20;

/// ``did you mean `recap`?``, or the names there are; `none` where there are none.
pub fn help<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone, none: &str) -> String {
    if let Some(near) = nearest(name, names.clone()) {
        return format!("did you mean `{near}`?");
    }
    let mut listed: Vec<String> = names.clone().take(LISTED).map(|name| format!("`{name}`")).collect();
    match names.count() - listed.len() {
        _ if listed.is_empty() => return none.to_owned(),
        0 => {}
        more => listed.push(format!("and {more} more")),
    }
    format!("there are: {}", listed.join(", "))
}
