//! What an old log says of how people were cared for, where there are no rules: findings by harm as data, each with
//! what it was counted over, and what the playbook would have done. Made of a small rulebook of metrics
//! (`audit.ensue`), which nothing acts on; `report::audit` makes the words.

pub mod book;
mod example;
pub mod finding;
pub mod known;
mod measure;
pub mod playbook;
mod repeat;
mod spread;

use std::sync::Arc;

use self::book::MailsTold;
use self::example::Histories;
use self::finding::Finding;
use self::known::LogKnown;
use self::measure::Measured;
use self::playbook::PlaybookReplay;
use crate::event::{EventNumber, LeadId};
use crate::local::Zone;
use crate::log::Log;
use crate::metric::figure::Figure;
use crate::metric::report_zone;
use crate::plan::Plan;
use crate::replay::{self, ReplayError, ReplayOptions};
use crate::rulebook::metric::Benchmark;
use crate::timestamp::Timestamp;

/// An audit of a log.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The moment as of which it is; `None` of a log in which nothing ever happened.
    pub as_of: Option<Timestamp>,
    /// Where its days begin.
    pub zone: Zone,
    /// How complete the log is.
    pub known: LogKnown,
    /// By which events mails were counted.
    pub mails: MailsTold,
    /// The answer to new leads.
    pub response: Response,
    /// Where leads leave the funnel, from its first stage on.
    pub stages: Vec<Stage>,
    /// Everything that was looked for, the most harmful first.
    pub findings: Vec<Finding>,
    /// What the playbook would have done; `None` where nobody has replayed it.
    pub playbook: Option<PlaybookReplay>,
}

/// How long it took until a person answered a new lead.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The median over all new leads.
    pub all: Figure,
    /// What others report.
    pub benchmarks: Vec<Benchmark>,
}

/// A stage of the funnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Which.
    pub kind: StageKind,
    /// Leads that came so far.
    pub leads: u64,
    /// Of these, leads that came no farther.
    pub left: u64,
}

/// What a stage of the funnel begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StageKind {
    /// The log knows of the lead.
    Known,
    /// Somebody reached out.
    Contacted,
    /// The lead gave a sign of interest.
    Interested,
    /// The lead replied or asked for a demo.
    Replied,
    /// A meeting was booked, or a deal opened.
    Meeting,
}

impl StageKind {
    /// All, in order.
    pub const ALL: [Self; 5] = [Self::Known, Self::Contacted, Self::Interested, Self::Replied, Self::Meeting];
}

/// A lead that shows a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// Whose.
    pub lead: LeadId,
    /// When it happened; of a lead as it stands, when the log last said what matters.
    pub at: Timestamp,
    /// The entry of the log that shows it.
    pub entry: EventNumber,
}

/// Audits a log that was read with the rulebook of the audit ([`book::rulebook`]), as of a moment or its end.
///
/// # Errors
/// The threads cannot be started.
pub fn audit(log: &Log, as_of: Option<Timestamp>, replay: ReplayOptions) -> Result<Audit, ReplayError> {
    let end = as_of.or_else(|| replay::end(log));
    let told = book::mails_told(log, end);
    let rulebook = book::rulebook(told);
    let zone = report_zone(&rulebook);
    let known = LogKnown::of(log, &rulebook, end, zone);
    let all: Vec<_> = rulebook.metrics.ids().collect();
    let plan = Arc::new(Plan::compile_measured(rulebook, &all));
    let empty = |as_of| Audit {
        as_of,
        zone,
        known: known.clone(),
        mails: told,
        response: Response::default(),
        stages: Vec::new(),
        findings: Vec::new(),
        playbook: None,
    };
    let Some(as_of) = end.filter(|_| known.events > 0) else { return Ok(empty(end)) };
    let histories = Histories::of(log, as_of);
    let measured = Measured::of(&plan, log, &histories, (as_of, told), replay)?;
    let stages = measured.stages();
    let mut findings = measured.findings(&stages);
    findings.sort_by_key(|finding| (finding.kind.harm(), std::cmp::Reverse(finding.count), finding.kind));
    Ok(Audit { response: measured.response(), stages, findings, ..empty(Some(as_of)) })
}
