//! The lines between the two `---`: YAML of four known keys, each found again in the text for
//! its place.

use std::ops::Range;

use super::Found;

/// Longest front matter, in bytes; it is read by a YAML reader, which is not made for more.
const MAX_FRONT: usize = 4 * 1024;

/// What the front matter says.
pub struct Front {
    /// The channel and where it stands.
    pub channel: (String, Range<usize>),
    /// First byte of the subject, and its text.
    pub subject: Option<(usize, String)>,
    /// The topic and where it stands.
    pub topic: Option<(String, Range<usize>)>,
    /// Names and where they stand.
    pub needs: Vec<(String, Range<usize>)>,
    /// First byte of the body.
    pub body: usize,
}

/// Reads the front matter of a template.
pub fn parse(text: &str) -> Result<Front, Vec<Found>> {
    let (front, body) = split(text)?;
    let lines = keys(text, &front);
    refuse_machinery(&lines)?;
    refuse_twice(&lines)?;
    let yaml = text.get(front.clone()).unwrap_or("");
    let values: yaml::Mapping = yaml::from_str(yaml).map_err(|error| {
        let at = front.start + error.location().map_or(0, |l| l.index()).min(yaml.len());
        let help = Some("write `key: value`, with `\"` around values that have signs in them".to_owned());
        vec![(at..at, "this is not a list of keys and values".to_owned(), help)]
    })?;
    let mut found = unknown(&lines);
    let channel = lines.iter().find(|line| line.name == "channel").map(|line| (line, string(&values, "channel")));
    let subject = lines.iter().find(|line| line.name == "subject").map(|line| (line, string(&values, "subject")));
    let topic = lines.iter().find(|line| line.name == "topic").map(|line| (line, string(&values, "topic")));
    let needs = lines.iter().find(|line| line.name == "needs").map(|line| (line, names(&values)));
    for (line, missing) in [channel.as_ref(), subject.as_ref(), topic.as_ref()].into_iter().flatten().filter_map(absent)
    {
        found.push((line, missing, None));
    }
    if let Some((line, None)) = &needs {
        let help = Some("write `needs: [topic, offer]`".to_owned());
        found.push((line.range.clone(), "`needs` is a list of names".into(), help));
    }
    let Some((line, Some(name))) = channel.filter(|_| found.is_empty()) else {
        if found.is_empty() {
            found.push((0..3, "the template has no `channel`".into(), Some("add `channel: email`".into())));
        }
        return Err(found);
    };
    let range = line.place(&name);
    Ok(Front {
        channel: (name, range),
        subject: subject.and_then(|(line, text)| text.map(|text| (line.place(&text).start, text))),
        topic: topic.and_then(|(line, name)| name.map(|name| (name.clone(), line.place(&name)))),
        needs: needs.map_or(Vec::new(), |(line, names)| {
            names.unwrap_or_default().into_iter().map(|name| (name.clone(), line.place(&name))).collect()
        }),
        body,
    })
}

fn absent((line, value): &(&Key<'_>, Option<String>)) -> Option<(Range<usize>, String)> {
    value.is_none().then(|| (line.range.clone(), format!("`{}` is one text", line.name)))
}

/// The bytes of the front matter, and the first byte of the body.
fn split(text: &str) -> Result<(Range<usize>, usize), Vec<Found>> {
    let help = Some("begin with `---`, `channel: email`, `---`".to_owned());
    let first = text.split_inclusive('\n').next().unwrap_or("");
    if first.trim_end() != "---" {
        return Err(vec![(0..first.trim_end().len(), "a template begins with a line `---`".into(), help)]);
    }
    let mut at = first.len();
    for line in text.get(at..).unwrap_or("").split_inclusive('\n') {
        if line.trim_end() == "---" {
            if at > MAX_FRONT {
                let message = format!("the front matter is longer than {MAX_FRONT} bytes");
                return Err(vec![(0..3, message, None)]);
            }
            return Ok((first.len()..at, at + line.len()));
        }
        at += line.len();
    }
    Err(vec![(0..3, "the front matter does not end".into(), Some("close it with a line `---`".into()))])
}

/// One key with everything up to the next.
struct Key<'a> {
    name: &'a str,
    range: Range<usize>,
    value: &'a str,
    value_start: usize,
}

impl Key<'_> {
    /// Where a value stands within this key's lines; the key itself where it is written otherwise.
    fn place(&self, value: &str) -> Range<usize> {
        let found = self.value.match_indices(value).find(|(at, found)| {
            let end = at + found.len();
            let open = self.value.get(..*at).and_then(|b| b.chars().last()).is_none_or(|c| !name_char(c));
            open && self.value.get(end..).and_then(|b| b.chars().next()).is_none_or(|c| !name_char(c))
        });
        found.map_or(self.range.clone(), |(at, found)| self.value_start + at..self.value_start + at + found.len())
    }
}

fn name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn keys<'a>(text: &'a str, front: &Range<usize>) -> Vec<Key<'a>> {
    let mut found: Vec<Key<'a>> = Vec::new();
    let mut at = front.start;
    for line in text.get(front.clone()).unwrap_or("").split_inclusive('\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        let plain = line.trim_end();
        let indented = line.starts_with([' ', '\t', '-', '#', ']', '}']) || plain.is_empty();
        match plain.split_once(':').filter(|_| !indented) {
            Some((key, _)) => {
                let value_start = start + key.len() + 1;
                let value = text.get(value_start..end).unwrap_or("");
                found.push(Key {
                    name: key.trim_matches(['"', '\'']),
                    range: start..start + key.len(),
                    value,
                    value_start,
                });
            }
            None => {
                if let Some(last) = found.last_mut() {
                    last.value = text.get(last.value_start..end).unwrap_or("");
                }
            }
        }
    }
    found
}

/// Anchors, aliases and tags can make a small text large; no template needs them.
fn refuse_machinery(keys: &[Key]) -> Result<(), Vec<Found>> {
    for key in keys {
        let starts =
            std::iter::once(0).chain(key.value.match_indices(['\n', ',', '[', '{', '-', ':']).map(|(at, _)| at + 1));
        for start in starts {
            let rest = key.value.get(start..).unwrap_or("");
            let skipped = rest.len() - rest.trim_start().len();
            let quoted = key.value.get(..start).is_some_and(|b| b.matches('"').count() % 2 == 1);
            if rest.trim_start().starts_with(['&', '*', '!']) && !quoted {
                let at = key.value_start + start + skipped;
                let help = Some("put `\"` around the value".to_owned());
                return Err(vec![(at..at + 1, "anchors, aliases and tags are not allowed here".into(), help)]);
            }
        }
    }
    Ok(())
}

fn refuse_twice(keys: &[Key]) -> Result<(), Vec<Found>> {
    let before = |at: usize, key: &Key| keys.iter().take(at).any(|other| other.name == key.name);
    match keys.iter().enumerate().find(|(at, key)| before(*at, key)) {
        Some((_, key)) => Err(vec![(key.range.clone(), format!("`{}` is given twice", key.name), None)]),
        None => Ok(()),
    }
}

fn unknown(keys: &[Key]) -> Vec<Found> {
    let known = ["channel", "subject", "topic", "needs"];
    let unknown = keys.iter().filter(|key| !known.contains(&key.name));
    let message = |key: &Key| format!("there is no key `{}`", key.name);
    let help = || Some("the keys are `channel`, `subject`, `topic` and `needs`".to_owned());
    unknown.map(|key| (key.range.clone(), message(key), help())).collect()
}

fn string(values: &yaml::Mapping, key: &str) -> Option<String> {
    values.get(key).and_then(yaml::Value::as_str).map(str::to_owned)
}

fn names(values: &yaml::Mapping) -> Option<Vec<String>> {
    let list = values.get("needs")?.as_sequence()?;
    let name = |value: &yaml::Value| {
        let name = value.as_str()?;
        let proper = name.chars().all(name_char) && !name.starts_with(|c: char| c.is_numeric()) && !name.is_empty();
        proper.then(|| name.to_owned())
    };
    list.iter().map(name).collect()
}
