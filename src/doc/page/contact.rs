//! Scores, channels, calendars, experiments, invariants, tests and what events mean.

use super::{Heading, PageBlock, PageTable};
use crate::doc::prose::{NameKind, Prose};
use crate::doc::words::{ProseWords, fill, joined, listed, time};
use crate::rulebook::{DeclaredEvent, Means, TypeId};

/// Every score.
pub fn scores(words: &ProseWords<'_>) -> Vec<PageBlock> {
    let mut blocks = Vec::new();
    for (id, score) in words.rulebook.scores.with_ids() {
        blocks.push(heading(Prose::name(NameKind::Score, &score.name), words, score.range));
        let facts = words.score_facts(id, score);
        if !score.points.is_empty() {
            let rows = words.points(score).into_iter().map(|points| vec![points.when, points.points]);
            blocks.push(table(vec!["When", "Points"], rows.collect()));
        }
        if !facts.is_empty() {
            blocks.push(PageBlock::Facts(facts));
        }
    }
    blocks
}

/// Channels, then the calendars they use.
pub fn channels(words: &ProseWords<'_>) -> Vec<PageBlock> {
    let rulebook = words.rulebook;
    if rulebook.channels.is_empty() {
        return Vec::new();
    }
    let rows = rulebook.channels.with_ids().map(|(id, channel)| {
        let by = if channel.manual { "a person" } else { "the program" };
        vec![
            words.channel_title(id).into(),
            words.open(channel).capital(),
            dash(words.needs(channel)).capital(),
            dash(ProseWords::caps(channel)).capital(),
            Prose::from(by).capital(),
        ]
    });
    let head = vec!["Channel", "Hours", "Only if", "At most", "Done by"];
    let mut blocks = vec![table(head, rows.collect())];
    if !rulebook.contacts.is_empty() {
        blocks.push(PageBlock::Facts(rulebook.contacts.iter().map(|contact| words.contact(contact)).collect()));
    }
    let stale = time::span(rulebook.settings.stale_after);
    let text = format!(
        "News that arrives more than {stale} late is noted, and sets off nothing but stops, pauses and opt-outs."
    );
    blocks.push(PageBlock::Text(text.into()));
    for calendar in &rulebook.calendars {
        blocks.push(heading(Prose::name(NameKind::Calendar, &calendar.name), words, calendar.range));
        blocks.push(PageBlock::Facts(ProseWords::calendar(calendar)));
    }
    blocks
}

/// Every experiment.
pub fn experiments(words: &ProseWords<'_>) -> Vec<PageBlock> {
    let each = words.rulebook.experiments.iter();
    each.flat_map(|experiment| {
        [
            heading(Prose::other(&experiment.name), words, experiment.range),
            PageBlock::Facts(words.experiment(experiment)),
        ]
    })
    .collect()
}

/// What must always hold.
pub fn invariants(words: &ProseWords<'_>) -> Vec<PageBlock> {
    let rows = words.rulebook.invariants.iter().map(|invariant| {
        let place = words.rulebook.sources.place(invariant.range);
        vec![Prose::other(&invariant.name), words.invariant(invariant), Prose::other(&place)]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let text = "Whatever the rules say, what would break one of these is held back or reported.";
    vec![PageBlock::Text(text.into()), table(vec!["Name", "What holds", "Where"], rows)]
}

/// How many tests there are, by file.
pub fn tests(words: &ProseWords<'_>) -> Vec<PageBlock> {
    let rulebook = words.rulebook;
    let mut files: Vec<(&str, u64, u64)> = Vec::new();
    for test in &rulebook.tests {
        let path = rulebook.sources.file(test.range.source).path.as_str();
        match files.iter_mut().find(|(known, ..)| *known == path) {
            Some((_, tests, gaps)) => {
                *tests += u64::from(!test.todo);
                *gaps += u64::from(test.todo);
            }
            None => files.push((path, u64::from(!test.todo), u64::from(test.todo))),
        }
    }
    if files.is_empty() {
        return vec![PageBlock::Text("No test shows that the rules do what this page says.".into())];
    }
    let tests: u64 = files.iter().map(|(_, tests, _)| tests).sum();
    let gaps: u64 = files.iter().map(|(_, _, gaps)| gaps).sum();
    let verb = if tests == 1 { "shows" } else { "show" };
    let gaps_said = match gaps {
        0 => String::new(),
        1 => ", and 1 known gap is still open".to_owned(),
        many => format!(", and {} are still open", time::many(many, "known gap")),
    };
    let text = format!("{} {verb} with examples what the rules do{gaps_said}.", time::many(tests, "test"));
    let row = |(path, tests, gaps): (&str, u64, u64)| {
        let gaps = if gaps == 0 { Prose::default() } else { gaps.to_string().into() };
        vec![Prose::other(path), tests.to_string().into(), gaps]
    };
    let rows = files.into_iter().map(row).collect();
    vec![PageBlock::Text(text.into()), table(vec!["File", "Tests", "Known gaps"], rows)]
}

/// The events and groups of the rulebook itself.
pub fn glossary(words: &ProseWords<'_>) -> Vec<PageBlock> {
    let rulebook = words.rulebook;
    let own: Vec<&DeclaredEvent> = rulebook.events.iter().filter(|event| !event.standard).collect();
    if own.is_empty() {
        return Vec::new();
    }
    let rows = own.into_iter().map(|event| {
        let first = event.names.first().map_or("", String::as_str);
        let others: Vec<Prose> = event.names.iter().skip(1).map(|name| Prose::name(NameKind::Event, name)).collect();
        let also = match others.is_empty() {
            true => Prose::default(),
            false => fill(", also {}", [listed(others, "and")]),
        };
        let what = match &event.means {
            Means::Group(members) => {
                let members = members.iter().map(|name| Prose::name(NameKind::Event, name)).collect();
                fill("any of {}", [listed(members, "and")])
            }
            Means::Types(types, guard) => {
                let name = |ty: &TypeId| rulebook.types.name(*ty);
                let sets = types.first().and_then(|ty| rulebook.types.get(*ty)).into_iter().flat_map(|ty| &ty.setters);
                let sets: Vec<Prose> =
                    sets.filter(|setter| setter.guard == *guard).map(|setter| words.fact(setter.fact)).collect();
                let types = joined(types.iter().map(|ty| Prose::other(name(ty))), " or ");
                let what = match guard {
                    Some(guard) => fill("{} in the log, where {}", [types, words.definition(guard)]),
                    None => fill("{} in the log", [types]),
                };
                if sets.is_empty() { what } else { fill("{}; it tells of {}", [what, listed(sets, "and")]) }
            }
        };
        let place = rulebook.sources.place(event.range);
        vec![Prose::name(NameKind::Event, first).then(also), what.capital(), Prose::other(&place)]
    });
    let text = "Names that the rulebook gives to what happens.";
    let table = PageTable { head: vec!["Name", "What it is", "Where"], rows: rows.collect(), explains: true };
    vec![PageBlock::Text(text.into()), PageBlock::Table(table)]
}

fn heading(title: Prose, words: &ProseWords<'_>, range: crate::source::Range) -> PageBlock {
    PageBlock::Heading(Heading { title, place: Some(words.rulebook.sources.place(range)) })
}

fn table(head: Vec<&'static str>, rows: Vec<Vec<Prose>>) -> PageBlock {
    PageBlock::Table(PageTable { head, rows, explains: false }.without_empty())
}

fn dash(prose: Prose) -> Prose {
    if prose.is_empty() { "–".into() } else { prose }
}
