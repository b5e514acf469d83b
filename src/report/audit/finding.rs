//! Findings in words: what was counted, why it harms, what to do.

use super::AuditDrawn;
use super::page::{PageItem, PagePart, moment, share};
use crate::audit::finding::{Detail, FEW, Finding, FindingKind, Harm, SpreadGroup, WorstGroup};
use crate::audit::{Audit, Example, StageKind};
use crate::metric::value::short;
use crate::report::metric::words::benchmark;
use crate::rulebook::metric::MetricUnit;

/// A group of those who have none.
const NOTHING: &str = "-";

/// What was found of one weight; nothing where nothing was.
pub(super) fn part(drawn: &AuditDrawn<'_>, harm: Harm) -> Option<PagePart> {
    let found = drawn.audit.findings.iter().filter(|finding| finding.kind.harm() == harm && finding.count > 0);
    let items: Vec<PageItem> = found.map(|finding| item(drawn, finding)).collect();
    (!items.is_empty()).then(|| PagePart { title: title(harm).into(), items, ..PagePart::default() })
}

fn title(harm: Harm) -> &'static str {
    match harm {
        Harm::Promise => "Promises that were broken",
        Harm::Waiting => "Interest that waited",
        Harm::LetGo => "Leads that were let go",
        Harm::Uneven => "Care that is uneven or worn out",
        Harm::Unknown => "What the log does not say",
    }
}

/// What was looked for and not found, and what cannot be told.
pub(super) fn rest(audit: &Audit) -> Vec<PagePart> {
    let none = |finding: &&Finding| finding.count == 0;
    let good: Vec<String> = audit
        .findings
        .iter()
        .filter(none)
        .filter(|finding| finding.of > 0)
        .map(|finding| format!("{} ({})", phrase(finding), out_of(finding)))
        .collect();
    let untold = audit.findings.iter().filter(none).filter(|finding| finding.of == 0);
    let untold: Vec<String> = untold.map(|finding| format!("{}: {}", phrase(finding), untold_why(finding))).collect();
    let part = |title: &str, lines: Vec<String>| {
        (!lines.is_empty()).then(|| PagePart { title: title.into(), lines, ..PagePart::default() })
    };
    [part("Looked for and not found", good), part("Cannot be told from this log", untold)]
        .into_iter()
        .flatten()
        .collect()
}

fn untold_why(finding: &Finding) -> String {
    let (_, plural, of_what) = counted_in(finding.kind);
    match (finding.kind, finding.unripe) {
        (FindingKind::UnevenOwners, _) => String::from("no two owners have five leads older than a month"),
        (FindingKind::UnevenSources, _) => String::from("no two sources have five leads older than a month"),
        (FindingKind::OneTemplate, _) => String::from("it has fewer than ten mails that name their template"),
        (_, 0) => format!("it has no {plural}{of_what}"),
        (_, young) => format!("it has {young} {plural}{of_what}, all too young to say"),
    }
}

fn item(drawn: &AuditDrawn<'_>, finding: &Finding) -> PageItem {
    let few = if finding.of < FEW { ", few" } else { "" };
    let head = format!("{}: {} ({}{few})", phrase(finding), out_of(finding), share(finding.count, finding.of));
    let mut facts = Vec::new();
    facts.extend(worst(&finding.worst).map(|text| ("worst", text)));
    facts.extend(detail(&finding.detail));
    facts.extend(young(finding).map(|text| ("not counted", text)));
    facts.extend(finding.benchmarks.iter().map(|of| ("others", benchmark(MetricUnit::Share, of))));
    facts.extend(why(finding).map(|text| ("why", text)));
    facts.extend(remedy(finding).map(|text| ("do", text)));
    let stage = match finding.detail {
        Detail::Stage(stage) => Some(stage),
        _ => None,
    };
    let rules: Vec<String> = finding.kind.rules(stage).iter().map(|path| format!("`{path}`")).collect();
    facts.push(("playbook", rules.join(", ")));
    let example = |example: &Example| {
        let (path, line) = drawn.log.place(example.entry);
        [drawn.log.lead_name(example.lead).to_owned(), moment(drawn.audit, example.at), format!("{path}:{line}")]
    };
    PageItem {
        head,
        facts,
        examples: finding.shown().iter().map(example).collect(),
        command: Some(format!("{} --rows {}", drawn.command, finding.kind.word())),
    }
}

/// `12 of 40 new leads`
fn out_of(finding: &Finding) -> String {
    let (one, plural, of_what) = counted_in(finding.kind);
    let noun = if finding.of == 1 { one } else { plural };
    format!("{} of {} {noun}{of_what}", finding.count, finding.of)
}

/// What a finding is counted among: one, several, and which of them.
fn counted_in(kind: FindingKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        FindingKind::MailAfterOptOut | FindingKind::MailOverReply => ("mail", "mails", ""),
        FindingKind::ReplyUnanswered => ("reply", "replies", ""),
        FindingKind::ReplyStillOpen => ("lead", "leads", " that replied"),
        FindingKind::DemoWaited => ("demo request", "demo requests", ""),
        FindingKind::SlowStart => ("new lead", "new leads", ""),
        FindingKind::NeverContacted => ("lead", "leads", " older than a week"),
        FindingKind::ContactedOnce => ("contacted lead", "contacted leads", " older than a month"),
        FindingKind::GoneSilent => ("open lead", "open leads", ""),
        FindingKind::DroppedAfterNo => ("lead", "leads", " that said no over a month ago"),
        FindingKind::LostUnreached => ("lost deal", "lost deals", ""),
        FindingKind::Leaving => ("lead", "leads", " that came so far"),
        FindingKind::UnevenOwners | FindingKind::UnevenSources => ("lead", "leads", " that can be compared"),
        FindingKind::OneChannel => ("lead", "leads", " contacted three times or more"),
        FindingKind::TemplateTwice | FindingKind::OneTemplate => ("mail", "mails", " with the name of a template"),
        FindingKind::OpenWithoutMail => ("open or click", "opens and clicks", ""),
        FindingKind::NotCreated | FindingKind::FieldsMissing => ("lead", "leads", ""),
    }
}

/// What a finding says.
fn phrase(finding: &Finding) -> String {
    let text = match finding.kind {
        FindingKind::MailAfterOptOut => "mails to people who had opted out",
        FindingKind::MailOverReply => "mails sent while a reply waited for a person",
        FindingKind::ReplyUnanswered => "replies that nobody answered within a working day",
        FindingKind::ReplyStillOpen => "leads whose reply nobody has answered to this day",
        FindingKind::DemoWaited => "demo requests that nobody picked up within an hour",
        FindingKind::SlowStart => "new leads that no person picked up within a day",
        FindingKind::NeverContacted => "leads that nobody ever contacted",
        FindingKind::ContactedOnce => "leads that were contacted once and never again",
        FindingKind::GoneSilent => "open leads that have heard nothing for over a week",
        FindingKind::DroppedAfterNo => "leads that said no and have heard nothing since",
        FindingKind::LostUnreached => "deals that were lost without a single contact",
        FindingKind::Leaving => match finding.detail {
            Detail::Stage(StageKind::Known) | Detail::None => "most leads stop before anybody contacts them",
            Detail::Stage(StageKind::Contacted) => "most leads stop after a contact, without a sign of interest",
            Detail::Stage(StageKind::Interested) => "most leads stop after a sign of interest, without a reply",
            Detail::Stage(StageKind::Replied) => "most leads stop after a reply, without a meeting or a deal",
            Detail::Stage(_) => "most leads stop after a meeting or with a deal, and are not won",
            _ => "where most leads stop",
        },
        FindingKind::UnevenOwners => "leads whose owner contacts less than half as often as another owner",
        FindingKind::UnevenSources => "leads whose source is contacted less than half as often as another source",
        FindingKind::OneChannel => "leads contacted three times or more, always on one channel",
        FindingKind::TemplateTwice => "mails of a template that the lead had been sent before",
        FindingKind::OneTemplate => match &finding.detail {
            Detail::Template(name) => {
                return format!("one template, `{name}`, is worn out: more than 40 % of all mails");
            }
            _ => "one template for more than 40 % of all mails",
        },
        FindingKind::OpenWithoutMail => "opens and clicks of leads for whom the log has no mail",
        FindingKind::NotCreated => "leads without the event `lead.created`",
        FindingKind::FieldsMissing => "leads of whom something is not known",
    };
    text.to_owned()
}

/// Why it harms, where its metric does not say.
fn why(finding: &Finding) -> Option<String> {
    let text = match finding.kind {
        FindingKind::TemplateTwice => "who gets the same mail again sees a machine",
        FindingKind::OneTemplate => "what everybody gets is soon a mail that nobody reads",
        FindingKind::Leaving => "one step that loses most is worth more than all others together",
        FindingKind::NotCreated => "how fast somebody was cannot be told without the moment it began",
        _ => return finding.why.clone(),
    };
    Some(text.to_owned())
}

/// What to do, where its metric does not say.
fn remedy(finding: &Finding) -> Option<String> {
    let text = match finding.kind {
        FindingKind::TemplateTwice => "write a second template, and let none go out twice to one lead",
        FindingKind::OneTemplate => "write two others, and test which of them is answered",
        FindingKind::Leaving => match finding.detail {
            Detail::Stage(StageKind::Known) => "let a sequence begin with every new lead",
            Detail::Stage(StageKind::Contacted) => "change the first mail: another subject, shorter, one question",
            Detail::Stage(StageKind::Interested) => "call whoever opened three mails or looked at the prices in a week",
            Detail::Stage(StageKind::Replied) => "offer two times for a meeting in the very answer",
            _ => "agree on the next step and its day before a meeting ends; write to deals that rest",
        },
        _ => return finding.remedy.clone(),
    };
    Some(text.to_owned())
}

fn young(finding: &Finding) -> Option<String> {
    (finding.unripe > 0).then(|| format!("{} too young to say", finding.unripe))
}

fn detail(detail: &Detail) -> Vec<(&'static str, String)> {
    match detail {
        Detail::None | Detail::Stage(_) | Detail::Template(_) => Vec::new(),
        Detail::Spread(groups) => spread(groups),
        Detail::Fields(fields) => {
            let missing = fields.iter().filter(|(_, count)| *count > 0);
            let names: Vec<String> = missing.map(|(field, count)| format!("{field} of {count}")).collect();
            vec![("missing", names.join(", "))]
        }
    }
}

/// The least and the most contacted, so many of each.
const ENDS: usize = 4;

fn spread(groups: &[SpreadGroup]) -> Vec<(&'static str, String)> {
    let words = |group: &SpreadGroup| {
        let gap = group.gap.map_or_else(String::new, |gap| format!(", {} from one to the next", gap.in_words()));
        format!(
            "{} {} contacts a lead{gap} ({})",
            name(&group.label),
            short(group.contacts),
            crate::words::many(group.leads, "lead")
        )
    };
    let least = groups.iter().take(ENDS).map(words).collect::<Vec<_>>().join("; ");
    let rest = groups.get(ENDS..).unwrap_or_default();
    let most = rest.iter().rev().take(ENDS).map(words).collect::<Vec<_>>().join("; ");
    let most = (!most.is_empty()).then_some(("most", most));
    std::iter::once(("least", least)).chain(most).collect()
}

/// A group as it is called; what has none says so.
fn name(label: &str) -> String {
    if label == NOTHING { String::from("nobody named") } else { format!("`{label}`") }
}

/// `owner `ben` 8 of 9; Mondays 3 of 4; at 09:00 5 of 5`
fn worst(groups: &[WorstGroup]) -> Option<String> {
    let words = |group: &WorstGroup| {
        let which = match (group.by.as_str(), group.label.as_str()) {
            ("hour", hour) => format!("from {hour}:00 to {hour}:59"),
            ("weekday", day) => format!("on {day}"),
            (by, NOTHING) => format!("without {by}"),
            (by, label) => format!("{by} `{label}`"),
        };
        format!("{which}: {} of {}", group.count, group.of)
    };
    (!groups.is_empty()).then(|| groups.iter().map(words).collect::<Vec<_>>().join("; "))
}
