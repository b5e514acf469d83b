//! What an audit looks for: what it is, how much it harms, and which file of the playbook answers it.

use std::collections::BTreeSet;

use super::{Example, StageKind};
use crate::rulebook::metric::Benchmark;
use crate::statistics::{self, Interval, Proportion};
use crate::timestamp::Span;

/// So many leads show a finding.
const SHOWN: usize = 3;
/// With fewer a share is a hint.
pub const FEW: u64 = 30;

/// How much a finding harms, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// A promise was broken.
    Promise,
    /// Somebody was interested, and waited.
    Waiting,
    /// A lead was let go.
    LetGo,
    /// Care depends on whose lead one is, or is worn out.
    Uneven,
    /// It cannot be told from the log.
    Unknown,
}

impl Harm {
    /// All, the worst first.
    pub const ALL: [Self; 5] = [Self::Promise, Self::Waiting, Self::LetGo, Self::Uneven, Self::Unknown];

    /// The word of reports for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Promise => "promise",
            Self::Waiting => "waiting",
            Self::LetGo => "let_go",
            Self::Uneven => "uneven",
            Self::Unknown => "unknown",
        }
    }
}

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// Mails to who had opted out.
    MailAfterOptOut,
    /// Mails while a reply waited for a person.
    MailOverReply,
    /// Replies that nobody answered within an open day.
    ReplyUnanswered,
    /// Leads whose reply nobody has answered to this day.
    ReplyStillOpen,
    /// Requests for a demo that nobody picked up within an hour.
    DemoWaited,
    /// New leads that nobody picked up within a day.
    SlowStart,
    /// Leads that nobody ever contacted.
    NeverContacted,
    /// Leads that were contacted once, and no more.
    ContactedOnce,
    /// Open leads that have not heard anything for over a week.
    GoneSilent,
    /// Leads that said no, and heard nothing since.
    DroppedAfterNo,
    /// Lost deals of leads that nobody had contacted.
    LostUnreached,
    /// Leads that left at the stage that loses most.
    Leaving,
    /// Leads of owners who contact theirs less than half as often as another does.
    UnevenOwners,
    /// The same of sources.
    UnevenSources,
    /// Leads that were contacted three times or more, on one channel alone.
    OneChannel,
    /// Mails of a template that the lead had already.
    TemplateTwice,
    /// Mails of one template, where that is more than two fifths of all.
    OneTemplate,
    /// Opens and clicks without a mail.
    OpenWithoutMail,
    /// Leads of whom it is not known when they began.
    NotCreated,
    /// Leads of whom something is missing.
    FieldsMissing,
}

impl FindingKind {
    /// All.
    pub const ALL: [Self; 20] = [
        Self::MailAfterOptOut,
        Self::MailOverReply,
        Self::ReplyUnanswered,
        Self::ReplyStillOpen,
        Self::DemoWaited,
        Self::SlowStart,
        Self::NeverContacted,
        Self::ContactedOnce,
        Self::GoneSilent,
        Self::DroppedAfterNo,
        Self::LostUnreached,
        Self::Leaving,
        Self::UnevenOwners,
        Self::UnevenSources,
        Self::OneChannel,
        Self::TemplateTwice,
        Self::OneTemplate,
        Self::OpenWithoutMail,
        Self::NotCreated,
        Self::FieldsMissing,
    ];

    /// Its name, for programs and `--rows`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::MailAfterOptOut => "mail_after_opt_out",
            Self::MailOverReply => "mail_over_reply",
            Self::ReplyUnanswered => "reply_unanswered",
            Self::ReplyStillOpen => "reply_still_open",
            Self::DemoWaited => "demo_waited",
            Self::SlowStart => "slow_start",
            Self::NeverContacted => "never_contacted",
            Self::ContactedOnce => "contacted_once",
            Self::GoneSilent => "gone_silent",
            Self::DroppedAfterNo => "dropped_after_no",
            Self::LostUnreached => "lost_unreached",
            Self::Leaving => "leaving",
            Self::UnevenOwners => "uneven_owners",
            Self::UnevenSources => "uneven_sources",
            Self::OneChannel => "one_channel",
            Self::TemplateTwice => "template_twice",
            Self::OneTemplate => "one_template",
            Self::OpenWithoutMail => "open_without_mail",
            Self::NotCreated => "not_created",
            Self::FieldsMissing => "fields_missing",
        }
    }

    /// How much it harms.
    #[must_use]
    pub fn harm(self) -> Harm {
        match self {
            Self::MailAfterOptOut | Self::MailOverReply => Harm::Promise,
            Self::ReplyUnanswered | Self::ReplyStillOpen | Self::DemoWaited | Self::SlowStart => Harm::Waiting,
            Self::NeverContacted
            | Self::ContactedOnce
            | Self::GoneSilent
            | Self::DroppedAfterNo
            | Self::LostUnreached
            | Self::Leaving => Harm::LetGo,
            Self::UnevenOwners | Self::UnevenSources | Self::OneChannel | Self::TemplateTwice | Self::OneTemplate => {
                Harm::Uneven
            }
            Self::OpenWithoutMail | Self::NotCreated | Self::FieldsMissing => Harm::Unknown,
        }
    }

    /// The files of the playbook that answer it; `stage` is where most leads leave.
    #[must_use]
    pub fn rules(self, stage: Option<StageKind>) -> &'static [&'static str] {
        match self {
            Self::MailAfterOptOut | Self::MailOverReply => &["rules/safety.ensue"],
            Self::ReplyUnanswered | Self::ReplyStillOpen | Self::DemoWaited | Self::SlowStart => {
                &["rules/alerts.ensue"]
            }
            Self::NeverContacted => &["rules/tiers.ensue", "rules/sequences/cold.ensue"],
            Self::ContactedOnce | Self::UnevenOwners | Self::UnevenSources => {
                &["rules/sequences/hot.ensue", "rules/sequences/warm.ensue", "rules/sequences/cold.ensue"]
            }
            Self::GoneSilent => &["rules/overdue.ensue"],
            Self::DroppedAfterNo => &["rules/objections.ensue", "rules/sequences/dead.ensue"],
            Self::LostUnreached => &["rules/deals.ensue"],
            Self::Leaving => match stage {
                Some(StageKind::Known) | None => &["rules/tiers.ensue"],
                Some(StageKind::Contacted) => &["rules/sequences/cold.ensue", "rules/sequences/warm.ensue"],
                Some(StageKind::Interested) => &["rules/scores.ensue", "rules/rules.ensue"],
                Some(StageKind::Replied) => &["rules/alerts.ensue", "rules/safety.ensue"],
                Some(StageKind::Meeting) => &["rules/meetings.ensue", "rules/deals.ensue"],
            },
            Self::OneChannel => &["rules/sequences/hot.ensue"],
            Self::TemplateTwice | Self::OneTemplate => &["rules/sequences/warm.ensue", "rules/sequences/nurture.ensue"],
            Self::OpenWithoutMail | Self::NotCreated => &["rules/events.ensue"],
            Self::FieldsMissing => &["rules/lead.ensue"],
        }
    }
}

/// What was found of one kind.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which kind.
    pub kind: FindingKind,
    /// How many.
    pub count: u64,
    /// Out of how many; 0 where the log holds nothing of it.
    pub of: u64,
    /// How many more are too young to be counted.
    pub unripe: u64,
    /// What shows it, the latest first.
    pub examples: Vec<Example>,
    /// Groups in which it is worst: by owner, source, weekday or hour.
    pub worst: Vec<WorstGroup>,
    /// What else is known of it.
    pub detail: Detail,
    /// What others report.
    pub benchmarks: Vec<Benchmark>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// Why it harms.
    pub why: Option<String>,
}

impl Finding {
    /// Which part it is; `None` of nothing.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        Proportion::new(self.count, self.of).rate()
    }

    /// At most three leads that show it, the latest first.
    #[must_use]
    pub fn shown(&self) -> Vec<Example> {
        let mut leads = BTreeSet::new();
        let other = |example: &&Example| leads.insert(example.lead);
        self.examples.iter().filter(other).take(SHOWN).copied().collect()
    }

    /// Where the share lies with 95 %.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        statistics::wilson(Proportion::new(self.count, self.of))
    }
}

/// A group in which a finding is worse than in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorstGroup {
    /// What it is a group of: `owner`, `source`, `weekday`, `hour`.
    pub by: String,
    /// Its name.
    pub label: String,
    /// How many.
    pub count: u64,
    /// Out of how many.
    pub of: u64,
}

/// What is known of a finding beyond its numbers.
#[derive(Clone, Debug, Default)]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// The stage at which most leads leave.
    Stage(StageKind),
    /// The template.
    Template(String),
    /// How each group fares, the least contacted first.
    Spread(Vec<SpreadGroup>),
    /// How many leads lack each field.
    Fields(Vec<(&'static str, u64)>),
}

/// How leads of one owner or source are cared for.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadGroup {
    /// The owner or the source.
    pub label: String,
    /// Its leads that are older than a month.
    pub leads: u64,
    /// The mean of their contacts.
    pub contacts: f64,
    /// The median time from one contact to the next.
    pub gap: Option<Span>,
}
