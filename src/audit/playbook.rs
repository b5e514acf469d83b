//! The playbook of this repository, in the program, and what it would have done with a log.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::decision::{Body, Decision, Reason, Status};
use crate::load::Files;
use crate::log::Log;
use crate::plan::Plan;
use crate::replay::{self, ReplayError, ReplayOptions};
use crate::rulebook::{ChannelId, Rulebook};
use crate::timestamp::Timestamp;

macro_rules! playbook {
    ($($path:literal),* $(,)?) => { &[$(($path, include_str!(concat!("../../rules/", $path)))),*] };
}

/// The playbook without its tests: what is there for which finding is named by these paths.
const FILES: &[(&str, &str)] = playbook![
    "alerts.ensue",
    "calendar.ensue",
    "deals.ensue",
    "events.ensue",
    "lead.ensue",
    "meetings.ensue",
    "objections.ensue",
    "overdue.ensue",
    "rules.ensue",
    "safety.ensue",
    "scores.ensue",
    "sequences/cold.ensue",
    "sequences/dead.ensue",
    "sequences/hot.ensue",
    "sequences/nurture.ensue",
    "sequences/warm.ensue",
    "tiers.ensue",
    "calendars/us.yaml",
    "templates/case_study.md",
    "templates/check_in.md",
    "templates/check_in_call.md",
    "templates/comparison.md",
    "templates/congratulations.md",
    "templates/connect.md",
    "templates/consultation_call.md",
    "templates/consultation_close.md",
    "templates/consultation_offer.md",
    "templates/customer_story.md",
    "templates/direct_call.md",
    "templates/discount.md",
    "templates/guide.md",
    "templates/incentive.md",
    "templates/industry_data.md",
    "templates/insight.md",
    "templates/last_call.md",
    "templates/meeting_confirmation.md",
    "templates/meeting_prep.md",
    "templates/meeting_recap.md",
    "templates/meeting_reminder.md",
    "templates/meeting_soon.md",
    "templates/new_value.md",
    "templates/nurture_note.md",
    "templates/objection.md",
    "templates/peer_story.md",
    "templates/permission_close.md",
    "templates/permission_close_sms.md",
    "templates/price_objection.md",
    "templates/problem_focus.md",
    "templates/product_update.md",
    "templates/quarterly_check_in.md",
    "templates/quarterly_hello.md",
    "templates/re_engagement.md",
    "templates/recap.md",
    "templates/recap_large.md",
    "templates/recap_small.md",
    "templates/related_reading.md",
    "templates/roi_calculator.md",
    "templates/social_proof.md",
    "templates/social_proof_large.md",
    "templates/thank_you.md",
    "templates/timing_objection.md",
    "templates/toolkit.md",
    "templates/warm_recap.md",
    "templates/webinar_invite.md",
    "templates/welcome.md",
    "templates/worksheet.md",
];

/// The folder under which people see it.
const ROOT: &str = "rules";

/// What the playbook would have done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaybookReplay {
    /// Messages and calls by the kind of channel.
    pub contacts: BTreeMap<String, u64>,
    /// Leads that would have been contacted.
    pub leads_contacted: usize,
    /// Alerts to people.
    pub alerts: u64,
    /// Tasks for people.
    pub tasks: u64,
    /// Sequences that would have stopped, for a reply, a meeting, an opt-out.
    pub stops: u64,
    /// Messages that these stops and pauses would have held back.
    pub cancelled: u64,
}

/// The paths of its files, as people see them.
#[must_use]
pub fn paths() -> Vec<String> {
    FILES.iter().map(|(path, _)| format!("{ROOT}/{path}")).collect()
}

/// The playbook.
///
/// # Panics
/// Never: its files are those of this repository, and a test compiles them.
#[must_use]
pub fn rulebook() -> Rulebook {
    let mut files = Files { root: ROOT.to_owned(), ..Files::default() };
    for (path, text) in FILES {
        if Path::new(path).extension().is_some_and(|end| end == "ensue") {
            files.rules.push((format!("{ROOT}/{path}"), (*text).to_owned()));
        } else {
            files.beside.insert((*path).to_owned(), (*text).to_owned());
        }
    }
    #[expect(clippy::expect_used, reason = "the files are ours, and a test compiles them")]
    files.check().rulebook.expect("the playbook compiles")
}

/// Replays a log that was read with the playbook ([`rulebook`]), as of a moment or its end.
///
/// # Errors
/// The threads cannot be started, or the guard has stopped a script.
pub fn replayed(
    playbook: Rulebook,
    log: &Log,
    as_of: Option<Timestamp>,
    options: ReplayOptions,
) -> Result<PlaybookReplay, ReplayError> {
    let plan = Arc::new(Plan::compile(playbook));
    let replayed = replay::replay(&plan, log, &ReplayOptions { until: as_of, ..options })?;
    let mut done = PlaybookReplay::default();
    let mut leads = std::collections::BTreeSet::new();
    for decision in &replayed.decisions {
        if done.count(&plan.rulebook, decision) {
            leads.insert(decision.lead);
        }
    }
    done.leads_contacted = leads.len();
    Ok(done)
}

impl PlaybookReplay {
    /// Counts a decision; whether it reaches the lead.
    fn count(&mut self, rulebook: &Rulebook, decision: &Decision) -> bool {
        match &decision.body {
            Body::Touch(touch) => self.message(rulebook, touch.status, touch.channel),
            Body::Action(action) => self.message(rulebook, action.status, action.channel),
            Body::Alert { .. } => {
                self.alerts += 1;
                false
            }
            Body::Exit { reason: Reason::StoppedBy(..) | Reason::ExitOn(..) | Reason::SuppressedBy(..), .. } => {
                self.stops += 1;
                false
            }
            _ => false,
        }
    }

    fn message(&mut self, rulebook: &Rulebook, status: Status, channel: ChannelId) -> bool {
        match status {
            Status::Sent if rulebook.is_internal(channel) => self.tasks += 1,
            Status::Sent => {
                let kind = rulebook.channels.name(rulebook.kind(channel));
                *self.contacts.entry(kind.to_owned()).or_default() += 1;
                return true;
            }
            Status::Cancelled => self.cancelled += 1,
            _ => {}
        }
        false
    }
}
