//! The page of an audit as sentences and tables, whatever it is drawn as. Texts of the log stand between backticks.

use super::{AuditDrawn, finding, log};
use crate::audit::finding::Harm;
use crate::audit::playbook::PlaybookReplay;
use crate::audit::{Audit, Stage, StageKind};
use crate::metric::value::{short, value};
use crate::rulebook::metric::MetricUnit;
use crate::timestamp::Timestamp;
use crate::words::{many, times};

/// A page.
pub(super) struct AuditPage {
    pub title: &'static str,
    pub parts: Vec<PagePart>,
}

/// A part of a page.
#[derive(Default)]
pub(super) struct PagePart {
    pub title: String,
    /// Sentences.
    pub lines: Vec<String>,
    pub table: Option<PageTable>,
    pub items: Vec<PageItem>,
}

/// A table; the first column holds words, the others numbers.
pub(super) struct PageTable {
    pub head: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

/// One finding.
pub(super) struct PageItem {
    pub head: String,
    /// What is known of it, each under a word.
    pub facts: Vec<(&'static str, String)>,
    /// Whose, when, and where in the log.
    pub examples: Vec<[String; 3]>,
    /// What shows all of it.
    pub command: Option<String>,
}

/// The title of every page.
const TITLE: &str = "How leads were cared for";

/// The page of an audit.
pub(super) fn page(drawn: &AuditDrawn<'_>) -> AuditPage {
    let audit = drawn.audit;
    let mut parts = vec![PagePart { title: "The log".into(), lines: log::lines(audit), ..PagePart::default() }];
    if audit.known.events > 0 {
        let found = |harm: Harm| finding::part(drawn, harm);
        parts.push(speed(audit));
        parts.extend(Harm::ALL.into_iter().filter_map(found));
        parts.push(funnel(audit));
        parts.extend(finding::rest(audit));
    }
    parts.extend(audit.playbook.as_ref().map(playbook));
    AuditPage { title: TITLE, parts }
}

/// The line that can be grepped.
#[must_use]
pub fn summary(drawn: &AuditDrawn<'_>) -> String {
    let audit = drawn.audit;
    let found = audit.findings.iter().filter(|finding| finding.count > 0).count();
    let as_of = audit.as_of.map_or_else(String::new, |as_of| format!(", as of {}", moment(audit, as_of)));
    format!(
        "audit: {} in {} of {}{as_of} ({})\n",
        many(found as u32, "finding"),
        many(audit.known.events as u32, "event"),
        many(audit.known.leads as u32, "lead"),
        audit.zone.name(),
    )
}

/// A moment in the zone of the audit.
pub(super) fn moment(audit: &Audit, at: Timestamp) -> String {
    audit.zone.to_local(at).format("%Y-%m-%d %H:%M").to_string()
}

/// `12 %`, `-` of nothing.
pub(super) fn share(count: u64, of: u64) -> String {
    if of == 0 { String::from("-") } else { format!("{} %", short(count as f64 * 100.0 / of as f64)) }
}

fn speed(audit: &Audit) -> PagePart {
    let figure = &audit.response.all;
    let all = figure.rows + figure.unripe;
    let mut lines = Vec::new();
    let length = |at: f64| value(MetricUnit::Length, at);
    match (figure.value, figure.more) {
        _ if all == 0 => lines.push(String::from("the log has no `lead.created`, so nobody can say how fast anybody was")),
        (Some(at), _) => lines.push(format!(
            "half of all new leads heard from a person within {}: a call, a meeting, or a mail or text that no program sent",
            length(at)
        )),
        (None, Some(_)) => lines.push(String::from(
            "more than half of all new leads did not hear from a person within 30 days: no call, no meeting, no mail or text but those of programs",
        )),
        (None, None) => lines.push(String::from("it is too early to say how long new leads wait for a person")),
    }
    if all > 0 {
        let answered = figure.outcomes + figure.so_far;
        lines.push(format!("{answered} of {} heard from one within 30 days", many(all, "new lead")));
    }
    let other =
        |benchmark| format!("others report {}", crate::report::metric::words::benchmark(MetricUnit::Length, benchmark));
    lines.extend(audit.response.benchmarks.iter().map(other));
    if audit.known.count("email.sent") == 0 && all > 0 {
        lines.push(String::from(
            "the log has no `email.sent`, so mails that people wrote themselves are not counted here",
        ));
    }
    PagePart { title: "How fast a person answers".into(), lines, ..PagePart::default() }
}

fn funnel(audit: &Audit) -> PagePart {
    let row = |stage: &Stage| {
        let (came, left) = (stage.leads.to_string(), stage.left.to_string());
        vec![stage_words(stage.kind).to_owned(), came, left, share(stage.left, stage.leads)]
    };
    let head = vec!["stage", "came so far", "no farther", "share"];
    let table = Some(PageTable { head, rows: audit.stages.iter().map(row).collect() });
    let lines = vec![String::from(
        "who came farther counts as having passed every stage before, whether the log tells of it or not",
    )];
    PagePart { title: "Where leads stop".into(), lines, table, ..PagePart::default() }
}

/// What a lead of a stage has.
fn stage_words(kind: StageKind) -> &'static str {
    match kind {
        StageKind::Known => "known to the log",
        StageKind::Contacted => "contacted",
        StageKind::Interested => "opened, clicked, visited or downloaded",
        StageKind::Replied => "replied, or asked for a demo",
        StageKind::Meeting => "has a meeting or a deal",
    }
}

fn playbook(replay: &PlaybookReplay) -> PagePart {
    let contacts: u64 = replay.contacts.values().sum();
    let by: Vec<String> = replay.contacts.iter().map(|(channel, count)| format!("{count} by {channel}")).collect();
    let by = if by.is_empty() { String::new() } else { format!(": {}", by.join(", ")) };
    let lines = vec![
        String::from(
            "with the rules of the playbook in force from the first day, the same events would have led to this:",
        ),
        format!("a person would have been alerted {}", times(replay.alerts)),
        format!("{} would have been contacted {}{by}", many(replay.leads_contacted as u64, "lead"), times(contacts)),
        format!("{} would have been given to people", many(replay.tasks, "task")),
        format!(
            "{} would have stopped because of a reply, a meeting or an opt-out, and {} would not have gone out",
            many(replay.stops, "sequence"),
            many(replay.cancelled, "planned message")
        ),
        String::from(
            "what leads did answers what was really sent: with other messages they would have done other things",
        ),
    ];
    PagePart { title: "What the playbook would have done".into(), lines, ..PagePart::default() }
}
