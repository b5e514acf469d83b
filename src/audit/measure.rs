//! The metrics of the audit, counted over a log, and the findings that come of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::book::MailsTold;
use super::example::{Anchor, Histories};
use super::finding::{Detail, Finding, FindingKind, WorstGroup};
use super::repeat::Repeats;
use super::spread::Spread;
use super::{Example, Response, Stage, StageKind};
use crate::event::LeadId;
use crate::log::Log;
use crate::metric::cell::{Tally, TallyKey};
use crate::metric::figure::Figure;
use crate::metric::period::Stretch;
use crate::metric::{self, Counted, Counting, RowLine, RowState, report_zone};
use crate::plan::Plan;
use crate::replay::{ReplayError, ReplayOptions};
use crate::rulebook::{Metric, MetricId};
use crate::statistics::{self, Proportion};
use crate::timestamp::Timestamp;

/// With fewer rows a group is compared with none.
pub(super) const LEAST: u64 = 5;
/// With fewer mails no template is called worn out.
const LEAST_MAILS: u64 = 10;
/// So many hours of the day are named.
const HOURS: usize = 3;
/// What [`FindingKind::FieldsMissing`] asks for, in the order of its metric.
const FIELDS: [&str; 6] = ["name", "email", "company", "source", "owner", "timezone"];

/// Which moment of a lead a finding shows.
enum Shows {
    /// The event that is counted.
    Row,
    /// The first thing known of the lead.
    First,
    /// The last event of this name.
    Last(&'static str),
}

/// Findings that are shares, each with what it shows of a lead; the metric has the name of the finding.
const SHARES: [(FindingKind, Shows); 15] = [
    (FindingKind::MailAfterOptOut, Shows::Row),
    (FindingKind::MailOverReply, Shows::Row),
    (FindingKind::ReplyUnanswered, Shows::Row),
    (FindingKind::ReplyStillOpen, Shows::Last("replied")),
    (FindingKind::DemoWaited, Shows::Row),
    (FindingKind::SlowStart, Shows::Row),
    (FindingKind::NeverContacted, Shows::First),
    (FindingKind::ContactedOnce, Shows::Last("reached_at_all")),
    (FindingKind::GoneSilent, Shows::Last("cared_for")),
    (FindingKind::DroppedAfterNo, Shows::Last("refused")),
    (FindingKind::LostUnreached, Shows::Row),
    (FindingKind::OneChannel, Shows::Last("reached")),
    (FindingKind::OpenWithoutMail, Shows::Row),
    (FindingKind::NotCreated, Shows::First),
    (FindingKind::FieldsMissing, Shows::First),
];

impl StageKind {
    /// The metric of those who leave here.
    fn metric(self) -> &'static str {
        match self {
            Self::Known => "leaves_before_contact",
            Self::Contacted => "leaves_before_sign",
            Self::Interested => "leaves_before_reply",
            Self::Replied => "leaves_before_meeting",
            Self::Meeting => "leaves_before_deal",
        }
    }

    /// What is shown of those who leave here.
    fn shows(self) -> Shows {
        match self {
            Self::Known => Shows::First,
            Self::Contacted => Shows::Last("at_contact"),
            Self::Interested => Shows::Last("at_sign"),
            Self::Replied => Shows::Last("at_reply"),
            Self::Meeting => Shows::Last("at_meeting"),
        }
    }
}

/// What was counted, to be looked up by name.
pub(super) struct Counts<'a> {
    plan: &'a Plan,
    counted: &'a Counted,
}

impl Counts<'_> {
    fn metric(&self, name: &str) -> Option<(MetricId, &Metric)> {
        let id = self.plan.rulebook.metrics.find(name)?;
        Some((id, self.plan.rulebook.metrics.get(id)?))
    }

    /// The number of a metric over all rows.
    fn figure(&self, name: &str) -> Figure {
        let Some((id, metric)) = self.metric(name) else { return Figure::default() };
        let key = TallyKey { metric: id, group: None, stretch: 0 };
        Figure::of(metric, self.counted.cells.0.get(&key).unwrap_or(&Tally::default()))
    }

    /// The groups of a breakdown, by its name.
    pub fn groups(&self, name: &str, by: &str) -> impl Iterator<Item = (&str, Figure)> {
        let found = self.metric(name);
        let place = found.and_then(|(_, metric)| metric.by.iter().position(|known| known.name == by));
        let of = found.zip(place);
        let from =
            of.map(|((id, _), place)| TallyKey { metric: id, group: Some((place as u8, String::new())), stretch: 0 });
        let cells = from.into_iter().flat_map(|from| self.counted.cells.0.range(from..));
        cells.map_while(move |(key, cell)| {
            let ((id, metric), place) = of?;
            let (at, label) = key.group.as_ref()?;
            (key.metric == id && usize::from(*at) == place).then(|| (label.as_str(), Figure::of(metric, cell)))
        })
    }
}

/// A log, measured.
pub(super) struct Measured<'a> {
    plan: &'a Plan,
    log: &'a Log,
    histories: &'a Histories<'a>,
    as_of: Timestamp,
    mails: MailsTold,
    counted: Counted,
}

impl<'a> Measured<'a> {
    /// Counts all metrics over a log, with the rows that show a finding.
    pub fn of(
        plan: &'a Arc<Plan>,
        log: &'a Log,
        histories: &'a Histories<'a>,
        (as_of, mails): (Timestamp, MailsTold),
        replay: ReplayOptions,
    ) -> Result<Self, ReplayError> {
        // What happened at the very moment counts.
        let end = Timestamp(as_of.0.saturating_add(1));
        let listed: Vec<MetricId> = plan.rulebook.metrics.ids().collect();
        let counting = Counting {
            stretches: &[Stretch { from: Timestamp::MIN, to: end }],
            as_of: end,
            listed: &listed,
            apart: true,
            zone: report_zone(&plan.rulebook),
            replay,
        };
        let counted = metric::count(plan, log, &counting)?;
        Ok(Self { plan, log, histories, as_of, mails, counted })
    }

    fn counts(&self) -> Counts<'_> {
        Counts { plan: self.plan, counted: &self.counted }
    }

    /// The answer to new leads.
    pub fn response(&self) -> Response {
        let counts = self.counts();
        let benchmarks = counts.metric("first_response").map(|(_, metric)| metric.benchmarks.clone());
        Response { all: counts.figure("first_response"), benchmarks: benchmarks.unwrap_or_default() }
    }

    /// The funnel.
    pub fn stages(&self) -> Vec<Stage> {
        let counts = self.counts();
        let stage = |kind: StageKind| {
            let figure = counts.figure(kind.metric());
            Stage { kind, leads: figure.rows, left: figure.outcomes }
        };
        StageKind::ALL.into_iter().map(stage).collect()
    }

    /// Everything that is looked for, in no order.
    pub fn findings(&self, stages: &[Stage]) -> Vec<Finding> {
        let mut findings: Vec<Finding> = SHARES.iter().map(|(kind, shows)| self.share(*kind, shows)).collect();
        findings.push(self.leaving(stages));
        findings.push(self.uneven(FindingKind::UnevenOwners, "owner"));
        findings.push(self.uneven(FindingKind::UnevenSources, "source"));
        findings.push(self.template_twice());
        findings.push(self.one_template());
        findings
    }

    /// A finding with nothing found.
    fn nothing(&self, kind: FindingKind, metric: &str) -> Finding {
        let metric = self.counts().metric(metric).map(|(_, metric)| metric.clone());
        Finding {
            kind,
            count: 0,
            of: 0,
            unripe: 0,
            examples: Vec::new(),
            worst: Vec::new(),
            detail: Detail::None,
            benchmarks: metric.as_ref().map(|metric| metric.benchmarks.clone()).unwrap_or_default(),
            remedy: metric.as_ref().and_then(|metric| metric.remedy.clone()),
            why: metric.and_then(|metric| metric.why),
        }
    }

    fn share(&self, kind: FindingKind, shows: &Shows) -> Finding {
        let (counts, name) = (self.counts(), kind.word());
        let figure = counts.figure(name);
        // Fields are asked for as they should be, everything else as it should not.
        let lacks = kind == FindingKind::FieldsMissing;
        let missing = figure.rows - figure.outcomes;
        let (state, count) = if lacks { (RowState::Without, missing) } else { (RowState::With, figure.outcomes) };
        let fields = FIELDS.into_iter().zip(&figure.each).map(|(field, has)| (field, figure.rows - has));
        Finding {
            count,
            of: figure.rows,
            unripe: figure.unripe,
            examples: self.examples(name, shows, |row| row.state == state),
            worst: self.worst(name, &figure),
            detail: if lacks { Detail::Fields(fields.collect()) } else { Detail::None },
            ..self.nothing(kind, name)
        }
    }

    fn leaving(&self, stages: &[Stage]) -> Finding {
        let most = stages.iter().max_by_key(|stage| (stage.left, std::cmp::Reverse(stage.kind)));
        let Some(stage) = most else { return self.nothing(FindingKind::Leaving, "") };
        let name = stage.kind.metric();
        Finding {
            count: stage.left,
            of: stage.leads,
            examples: self.examples(name, &stage.kind.shows(), |row| row.state == RowState::With),
            detail: Detail::Stage(stage.kind),
            ..self.nothing(FindingKind::Leaving, name)
        }
    }

    fn uneven(&self, kind: FindingKind, by: &str) -> Finding {
        let counts = self.counts();
        let found = counts.metric("contacts_each");
        let place = found.and_then(|(_, metric)| metric.by.iter().position(|known| known.name == by));
        let spread = Spread::of(&counts, by, self.gaps(place));
        let poor: BTreeSet<&str> = spread.neglected().map(|group| group.label.as_str()).collect();
        let is_poor = |row: &RowLine| {
            let label = place.and_then(|place| row.groups.get(place));
            label.is_some_and(|label| poor.contains(label.as_str()))
        };
        Finding {
            count: spread.neglected().map(|group| group.leads).sum(),
            of: spread.leads(),
            examples: self.examples("contacts_each", &Shows::Last("reached"), is_poor),
            detail: Detail::Spread(spread.groups.clone()),
            ..self.nothing(kind, "contacts_each")
        }
    }

    /// The times between two mails, calls or texts of a lead, in microseconds, by group of a breakdown.
    fn gaps(&self, place: Option<usize>) -> BTreeMap<&str, Vec<f64>> {
        let mut gaps: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let found = self.counts().metric("contacts_each").map(|(id, _)| id);
        let rulebook = &self.plan.rulebook;
        let types = [self.mails.ty(), "call.completed", "sms.sent"].map(|name| rulebook.types.find(name));
        for row in self.counted.rows.iter().filter(|row| Some(row.metric) == found) {
            let Some(label) = place.and_then(|place| row.groups.get(place)) else { continue };
            gaps.entry(label).or_default().extend(self.histories.gaps(row.lead, &types));
        }
        gaps
    }

    fn template_twice(&self) -> Finding {
        let repeats = Repeats::of(self.log, &self.plan.rulebook, self.mails, self.as_of);
        Finding {
            count: repeats.again.len() as u64,
            of: repeats.mails,
            examples: self.histories.latest(repeats.again),
            ..self.nothing(FindingKind::TemplateTwice, "template_share")
        }
    }

    fn one_template(&self) -> Finding {
        let counts = self.counts();
        let nothing = self.nothing(FindingKind::OneTemplate, "template_share");
        let of = counts.figure("template_share").rows;
        let most = counts.groups("template_share", "template").max_by_key(|(_, figure)| figure.rows);
        let Some((label, figure)) = most.filter(|_| of >= LEAST_MAILS) else { return Finding { of: 0, ..nothing } };
        if figure.rows * 5 <= of * 2 {
            return Finding { of, ..nothing };
        }
        let is_one = |row: &RowLine| row.groups.first().is_some_and(|of| of == label);
        Finding {
            count: figure.rows,
            of,
            examples: self.examples("template_share", &Shows::Row, is_one),
            detail: Detail::Template(label.to_owned()),
            ..nothing
        }
    }

    fn examples(&self, metric: &str, shows: &Shows, is_one: impl Fn(&RowLine) -> bool) -> Vec<Example> {
        let Some((id, metric)) = self.counts().metric(metric).map(|(id, metric)| (id, metric.clone())) else {
            return Vec::new();
        };
        let rulebook = &self.plan.rulebook;
        let anchor = match shows {
            Shows::Row => Anchor::row(rulebook, &metric),
            Shows::First => Anchor::First,
            Shows::Last(name) => Anchor::last(rulebook, name),
        };
        let rows = self.counted.rows.iter().filter(|row| row.metric == id && is_one(row));
        let rows: Vec<(LeadId, Timestamp)> = rows.map(|row| (row.lead, row.at)).collect();
        self.histories.latest(self.histories.all(rows, &anchor))
    }

    /// The groups in which a share is surely higher than in all: of each breakdown the worst, of hours some. Where it
    /// may be chance, nobody is named.
    fn worst(&self, name: &str, all: &Figure) -> Vec<WorstGroup> {
        let counts = self.counts();
        let Some((_, metric)) = counts.metric(name) else { return Vec::new() };
        let low = |figure: &Figure| statistics::wilson(Proportion::new(figure.outcomes, figure.rows)).map(|it| it.low);
        let is_above = |figure: &Figure| low(figure) > all.value;
        let mut worst = Vec::new();
        for by in &metric.by {
            let groups = counts.groups(name, &by.name).filter(|(_, figure)| figure.rows >= LEAST && is_above(figure));
            let mut groups: Vec<(&str, Figure)> = groups.collect();
            groups.sort_by(|(a, x), (b, y)| {
                let (x, y) = (low(x).unwrap_or_default(), low(y).unwrap_or_default());
                y.total_cmp(&x).then_with(|| a.cmp(b))
            });
            groups.truncate(if by.name == "hour" { HOURS } else { 1 });
            worst.extend(groups.into_iter().map(|(label, figure)| WorstGroup {
                by: by.name.clone(),
                label: label.to_owned(),
                count: figure.outcomes,
                of: figure.rows,
            }));
        }
        worst
    }
}
