//! Each reference names what it points to, and no name of a file is left out: the names are looked
//! for in the tree anew, by matches without a rest.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::check::{self, Checked, Env};
use crate::load::Files;
use crate::syntax::tree::*;

/// The names of a file that stand for something declared.
#[derive(Default)]
struct Names {
    /// Those of templates, which need not be there.
    templates: Vec<Range>,
    others: Vec<Range>,
}

impl Names {
    fn item(&mut self, item: &Item) {
        match &item.node {
            ItemKind::Event(EventDecl { names: _, types: _, guard, fields: _ }) => self.exprs(guard),
            ItemKind::Group(GroupDecl { name: _, members }) => self.names(members),
            ItemKind::Lead(fields) => fields.iter().for_each(|field| self.exprs(&field.default)),
            ItemKind::Tiers(_) | ItemKind::Topics(_) | ItemKind::Calendar(_) => {}
            ItemKind::Channel(ChannelDecl { name: _, like, clauses }) => {
                like.iter().for_each(|name| self.name(name));
                clauses.iter().for_each(|clause| self.channel_clause(&clause.node));
            }
            ItemKind::Contact(ContactDecl { kinds, clauses: _ }) => self.names(kinds),
            ItemKind::Let(LetDecl { name: _, value }) => self.expr(value),
            ItemKind::Settings(settings) => settings.iter().for_each(|setting| self.expr(&setting.value)),
            ItemKind::Rule(rule) => self.rule(rule),
            ItemKind::Sequence(sequence) => self.sequence(sequence),
            ItemKind::Score(ScoreDecl { name: _, lines }) => {
                lines.iter().for_each(|line| self.score_line(&line.node));
            }
            ItemKind::Experiment(experiment) => self.experiment(experiment),
            ItemKind::Test(TestDecl { name: _, todo: _, updated: _, lines }) => {
                lines.iter().for_each(|line| self.test_line(&line.node));
            }
            ItemKind::Invariant(InvariantDecl { name: _, rule, range: _ }) => self.invariant(rule),
            ItemKind::Metric(metric) => self.metric(metric),
        }
    }

    fn metric(&mut self, MetricDecl { name: _, measure, clauses, why: _ }: &MetricDecl) {
        match &measure.node {
            Measure::Count(rows) => self.rows(rows),
            Measure::Share { rows, outcomes } => {
                self.rows(rows);
                for outcome in outcomes {
                    match &outcome.node {
                        Outcome::Event { event, within: _ } | Outcome::Without { event, within: _ } => {
                            self.event(event)
                        }
                        Outcome::Expr { value, after: _ } => self.expr(value),
                    }
                }
            }
            Measure::Statistic { statistic: _, value, rows } => {
                self.expr(value);
                self.rows(rows);
            }
            Measure::Time { quantile: _, open: _, rows, event, within: _ } => {
                self.rows(rows);
                self.event(event);
            }
            Measure::Steps { rows, steps, within: _ } => {
                self.rows(rows);
                steps.iter().for_each(|event| self.event(event));
            }
            Measure::Formula(formula) => self.expr(formula),
        }
        for clause in clauses {
            match &clause.node {
                MetricClause::Except { event, within: _ } => self.event(event),
                MetricClause::By(list) => {
                    for DimensionPart { name, edges: _ } in list.iter().flat_map(|by| &by.node.parts) {
                        if !["tier", "weekday", "hour", "attempts"].contains(&name.node.as_str()) {
                            self.name(name);
                        }
                    }
                }
                MetricClause::Kind(_)
                | MetricClause::CreditAccount
                | MetricClause::Target { goal: _, from: _ }
                | MetricClause::Better { lower: _ }
                | MetricClause::Benchmark { value: _, to: _, source: _ }
                | MetricClause::Least(_)
                | MetricClause::Remedy(_)
                | MetricClause::Alert { to: _, when: _, each: _ } => {}
            }
        }
    }

    fn rows(&mut self, Rows { of: _, events, while_, guard, range: _ }: &Rows) {
        events.iter().for_each(|event| self.event(event));
        while_.iter().for_each(|state| self.state(state));
        self.exprs(guard);
    }

    fn experiment(&mut self, experiment: &ExperimentDecl) {
        let ExperimentDecl { name: _, sequence, touch, variants, goal, find: _, at_most: _, guard } = experiment;
        self.name(sequence);
        touch.iter().for_each(|name| self.name(name));
        for VariantDecl { what, share: _ } in variants {
            match &what.node {
                VariantKind::Named(_) if touch.is_none() => self.others.push(what.range),
                VariantKind::Named(_) => self.templates.push(what.range),
                VariantKind::Choice(Choice { channel, content }) => {
                    self.name(channel);
                    self.content(content);
                }
                VariantKind::Day(_) | VariantKind::Later(_) | VariantKind::At(_) => {}
            }
        }
        goal.iter().chain(guard).for_each(|(event, _)| self.event(event));
    }

    fn channel_clause(&mut self, clause: &ChannelClause) {
        match clause {
            ChannelClause::Calendar(name) => self.name(name),
            ChannelClause::Require(condition) => self.expr(condition),
            ChannelClause::Needs(names) => names.iter().for_each(|name| self.name(name)),
            ChannelClause::Cap { count: _, per: _, scope: _ }
            | ChannelClause::Quiet(_)
            | ChannelClause::Manual
            | ChannelClause::Transactional => {}
        }
    }

    fn score_line(&mut self, line: &ScoreLine) {
        match line {
            ScoreLine::Points(event, _) => self.event(event),
            ScoreLine::On(events) => events.iter().for_each(|event| self.event(event)),
            ScoreLine::HalfLife(_)
            | ScoreLine::Window(_)
            | ScoreLine::Cap(_)
            | ScoreLine::Floor(_)
            | ScoreLine::Rhai(_)
            | ScoreLine::Script(_) => {}
        }
    }

    fn invariant(&mut self, kind: &InvariantKind) {
        match kind {
            InvariantKind::NeverAfter { event, never, length: _ } => {
                self.event(event);
                never.iter().for_each(|name| self.kept(name));
            }
            InvariantKind::AtMost { count: _, what, per: _, scope: _ } => self.kept(what),
            InvariantKind::InTime { within: _, event, expect } => {
                self.event(event);
                self.kept(expect);
            }
        }
    }

    /// `touch` and `alert` are words of the language.
    fn kept(&mut self, name: &Name) {
        if !["touch", "alert"].contains(&name.node.as_str()) {
            self.name(name);
        }
    }

    fn rule(&mut self, rule: &RuleDecl) {
        let RuleDecl { label: _, trigger, while_, guard, limit: _, body, why: _ } = rule;
        self.trigger(&trigger.node);
        while_.iter().for_each(|state| self.state(state));
        self.exprs(guard);
        match body {
            RuleBody::Effects(effects) => effects.iter().for_each(|effect| self.effect(effect)),
            RuleBody::Decision(arms) => {
                for Arm { guard, effects, why: _, range: _ } in arms {
                    self.exprs(guard);
                    effects.iter().for_each(|effect| self.effect(effect));
                }
            }
        }
    }

    fn trigger(&mut self, trigger: &TriggerKind) {
        match trigger {
            TriggerKind::Event(event) | TriggerKind::Absent { event, length: _ } => self.event(event),
            TriggerKind::Count { event, times: _, within: _, without } => {
                self.event(event);
                without.iter().for_each(|event| self.event(event));
            }
            TriggerKind::Follows { event, within: _, after } | TriggerKind::AbsentAfter { event, within: _, after } => {
                self.event(event);
                self.event(after);
            }
            TriggerKind::Score { score, op: _, value } => {
                self.name(score);
                self.expr(value);
            }
            TriggerKind::Becomes(name)
            | TriggerKind::Leaves(name)
            | TriggerKind::Finished(name)
            | TriggerKind::Enrolled(name)
            | TriggerKind::Exited(name) => self.name(name),
            TriggerKind::Silent { length: _ }
            | TriggerKind::Idle { length: _ }
            | TriggerKind::Every { length: _ }
            | TriggerKind::EveryWeekday { days: _, at: _ } => {}
        }
    }

    fn state(&mut self, state: &State) {
        match &state.node {
            StateKind::Tier(_) => self.others.push(state.range),
            StateKind::In(name) => self.name(name),
            StateKind::Suppressed => {}
            StateKind::Not(inner) => self.state(inner),
            StateKind::And(a, b) | StateKind::Or(a, b) => {
                self.state(a);
                self.state(b);
            }
        }
    }

    fn effect(&mut self, effect: &Effect) {
        match &effect.node {
            EffectKind::Tier(_) => self.others.push(effect.range),
            EffectKind::Start(name) | EffectKind::StopSequence(name) => self.name(name),
            EffectKind::HoldUntil { account: _, until: value } | EffectKind::Assign(value) => self.expr(value),
            EffectKind::Suppress { channel, length: _ } | EffectKind::Unsuppress { channel } => {
                channel.iter().for_each(|name| self.name(name));
            }
            EffectKind::Send { channel, content, timing, expires } => {
                self.name(channel);
                self.content(content);
                timing.iter().for_each(|timing| self.timing(&timing.node));
                self.expiry(expires.as_ref());
            }
            EffectKind::Set { field, value } => {
                self.name(field);
                self.expr(value);
            }
            EffectKind::Unset { word: _, field } => self.name(field),
            EffectKind::Add { amount, score } => {
                self.expr(amount);
                self.name(score);
            }
            EffectKind::Alert { to: _, text: _, expires } | EffectKind::Escalate { to: _, text: _, expires } => {
                self.expiry(expires.as_ref());
            }
            // Tags and webhooks are declared nowhere, and persons are words of the language.
            EffectKind::Tag(_)
            | EffectKind::Untag(_)
            | EffectKind::Webhook(_)
            | EffectKind::Stop
            | EffectKind::StopAccount
            | EffectKind::StopAll
            | EffectKind::Hold { account: _, length: _ }
            | EffectKind::Resume => {}
        }
    }

    fn timing(&mut self, timing: &Timing) {
        match timing {
            Timing::Before { length: _, moment } | Timing::After { length: _, moment } => self.expr(moment),
            Timing::In { length: _, at: _ } | Timing::At(_) | Timing::Next { day: _, at: _ } => {}
        }
    }

    fn content(&mut self, content: &At<Content>) {
        match content.node {
            Content::Template(_) => self.templates.push(content.range),
            Content::Text(_) => {}
        }
    }

    fn sequence(&mut self, sequence: &SequenceDecl) {
        let SequenceDecl { name: _, tier, guard, renamed_from: _, clauses, touches, tail } = sequence;
        tier.iter().for_each(|name| self.name(name));
        self.exprs(guard);
        for clause in clauses {
            match &clause.node {
                SequenceClause::ExitOn(events) => events.iter().for_each(|event| self.event(event)),
                SequenceClause::Topic(name) => self.name(name),
                SequenceClause::Gap(_)
                | SequenceClause::AgainAfter(_)
                | SequenceClause::NeverAgain
                | SequenceClause::Parallel
                | SequenceClause::Roll(_) => {}
            }
        }
        for TouchDecl { when: _, time, message, range: _ } in touches {
            self.message(time.as_ref(), message);
        }
        if let Some(TailDecl { every: _, time, message, times: _, range: _ }) = tail {
            self.message(time.as_ref(), message);
        }
    }

    fn message(&mut self, time: Option<&At<TouchTime>>, message: &MessageDecl) {
        let MessageDecl { choices, id: _, note: _, condition, expires, approve: _, roll: _, renamed_from: _ } = message;
        if let Some(At { node: TouchTime::Part(_), range }) = time {
            self.others.push(*range);
        }
        for Choice { channel, content } in choices {
            self.name(channel);
            self.content(content);
        }
        self.exprs(condition);
        self.expiry(expires.as_ref());
    }

    fn expiry(&mut self, expiry: Option<&Expiry>) {
        match expiry {
            Some(Expiry::At(moment)) => self.expr(moment),
            Some(Expiry::After(_)) | None => {}
        }
    }

    fn test_line(&mut self, line: &TestLine) {
        match line {
            TestLine::Lead { name: _, account: _, facts } => self.properties(facts),
            TestLine::Allow(names) => {
                names.iter().filter(|name| name.node != "alerts").for_each(|name| self.name(name));
            }
            TestLine::Clock { moment: _, event } => {
                if let Some(Happening { lead, event, halted: _, properties, late: _ }) = event {
                    self.name(lead);
                    self.name(event);
                    self.properties(properties);
                }
            }
            TestLine::Expect(Expectation::Some(wanted, clauses)) => {
                self.wanted(&wanted.node);
                self.clauses(clauses);
            }
            TestLine::Expect(Expectation::None(wanted, clauses)) => {
                wanted.iter().for_each(|wanted| self.wanted(&wanted.node));
                self.clauses(clauses);
            }
            TestLine::Expect(Expectation::Score { score, lead, rows: _ }) => {
                self.name(score);
                lead.iter().for_each(|name| self.name(name));
            }
            TestLine::Expect(Expectation::Metric(MeasuredExpect { metric, group: _, shows: _, at: _ })) => {
                self.name(metric);
            }
            TestLine::Zone(_) | TestLine::Until(_) => {}
        }
    }

    fn properties(&mut self, properties: &[Property]) {
        for Property { name, value } in properties {
            self.name(name);
            self.expr(value);
        }
    }

    fn clauses(&mut self, clauses: &Clauses) {
        let Clauses { lead, at: _, by, because: _, status: _, times: _ } = clauses;
        lead.iter().for_each(|name| self.name(name));
        if let Some((name, touch)) = by {
            self.name(name);
            touch.iter().for_each(|name| self.name(name));
        }
    }

    fn wanted(&mut self, wanted: &WantedKind) {
        match wanted {
            WantedKind::Becomes(name)
            | WantedKind::Starts(name)
            | WantedKind::Exits(name)
            | WantedKind::Finishes(name)
            | WantedKind::Suppressed(Some(name))
            | WantedKind::Unsuppressed(Some(name)) => self.name(name),
            WantedKind::Set { field, value } => {
                self.name(field);
                self.exprs(value);
            }
            WantedKind::Send { channel, content } => {
                self.name(channel);
                content.iter().for_each(|content| self.content(content));
            }
            WantedKind::Suppressed(None)
            | WantedKind::Unsuppressed(None)
            | WantedKind::Holds(_)
            | WantedKind::Resumes
            | WantedKind::Tag(_)
            | WantedKind::Untag(_)
            | WantedKind::Assign(_)
            | WantedKind::Alert { to: _, text: _ }
            | WantedKind::Webhook(_)
            | WantedKind::Touch => {}
        }
    }

    fn event(&mut self, event: &EventRef) {
        let EventRef { name, filters, range: _ } = event;
        self.name(name);
        filters.iter().for_each(|filter| self.expr(filter));
    }

    fn exprs(&mut self, expr: &Option<Expr>) {
        expr.iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &Expr) {
        expr.walk(&mut |part| match &part.node {
            ExprKind::Name(name) if !["tier", "touches", "now"].contains(&name.as_str()) => {
                self.others.push(part.range)
            }
            ExprKind::Property { base: _, name } => self.name(name),
            ExprKind::Call { name, args: _ } if !["count", "days_since"].contains(&name.node.as_str()) => {
                self.name(name);
            }
            _ => {}
        });
    }

    fn names(&mut self, names: &[Name]) {
        names.iter().for_each(|name| self.name(name));
    }

    fn name(&mut self, name: &Name) {
        self.others.push(name.range);
    }
}

fn shipped(folder: &str) -> Checked {
    let checked = Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap().check();
    assert!(checked.rulebook.is_some(), "{folder}: {:#?}", checked.diagnostics);
    checked
}

fn written(files: &[(&str, &str)], beside: &[(&str, &str)]) -> Checked {
    let own = |list: &[(&str, &str)]| list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    let env = Env { files: own(beside).into_iter().collect(), ..Env::default() };
    let checked = check::load(own(files), &env);
    assert!(checked.rulebook.is_some(), "{:#?}", checked.diagnostics);
    checked
}

/// Checks the list of a rulebook against its texts and its trees.
fn is_whole(checked: &Checked) {
    let text = |range: Range| checked.sources.text(range);
    for pair in checked.references.windows(2) {
        assert!((pair[0].at, pair[0].kind) < (pair[1].at, pair[1].kind), "in order, and each once");
    }
    for reference in &checked.references {
        let Reference { at, kind, name, declared } = reference;
        let place = checked.sources.place(*at);
        assert_eq!(text(*at), name, "{place}: {kind:?}");
        match kind {
            // They may have no name of their own where they are declared.
            ReferenceKind::Rule | ReferenceKind::Touch => assert!(!text(*declared).is_empty(), "{place}: {name}"),
            ReferenceKind::Template => {
                let path = &checked.sources.file(declared.source).path;
                assert!(path.ends_with(&format!("/{name}.md")), "{place}: {name} in {path}");
            }
            _ => assert_eq!(text(*declared), name, "{place}: {kind:?}"),
        }
    }
    let has_templates = checked.rulebook.as_ref().is_some_and(|book| !book.templates.is_empty());
    let known: BTreeSet<Range> = checked.references.iter().map(|found| found.at).collect();
    let mut names = 0;
    for (id, source) in checked.sources.iter().filter(|(_, source)| source.path.strip_suffix(".ensue").is_some()) {
        let mut used = Names::default();
        let items = crate::syntax::parse(id, &source.text).0.items;
        items.iter().filter(|item| !is_replaced(checked, item)).for_each(|item| used.item(item));
        let templates = used.templates.into_iter().filter(|_| has_templates);
        for at in used.others.into_iter().chain(templates) {
            assert!(known.contains(&at), "{}: {} is not listed", checked.sources.place(at), text(at));
            names += 1;
        }
    }
    assert!(names > 30, "the vocabulary alone has more than {names}");
}

/// Whether it is a standard channel that the rulebook has declared anew, and so not looked at.
fn is_replaced(checked: &Checked, item: &Item) -> bool {
    let ItemKind::Channel(decl) = &item.node else { return false };
    let book = checked.rulebook.iter().flat_map(|book| &book.channels);
    book.into_iter().any(|channel| channel.name == decl.name.node && channel.range != decl.name.range)
}

#[test]
fn the_shipped_playbook_is_listed_whole() {
    let checked = shipped("rules");
    is_whole(&checked);
    let count = |kind: ReferenceKind| checked.references.iter().filter(|found| found.kind == kind).count();
    for kind in [
        ReferenceKind::Event,
        ReferenceKind::Property,
        ReferenceKind::Fact,
        ReferenceKind::Tier,
        ReferenceKind::Channel,
        ReferenceKind::Sequence,
        ReferenceKind::Score,
        ReferenceKind::Rule,
        ReferenceKind::Template,
        ReferenceKind::Lead,
    ] {
        assert!(count(kind) > 0, "{kind:?}");
    }
}

#[test]
fn the_starter_is_listed_whole() {
    is_whole(&shipped("starter"));
}

/// What `names_lead_to_their_declarations` finds: where, what, its name, and where it is declared.
const FOUND: &str = "\
rules.ensue:4 Property seats -> rules.ensue:4
rules.ensue:5 Event trial -> rules.ensue:4
rules.ensue:5 Event opened -> vocabulary.ensue:14
rules.ensue:7 Calendar office -> rules.ensue:6
rules.ensue:7 Fact size -> rules.ensue:2
rules.ensue:7 Constant least -> rules.ensue:3
rules.ensue:8 Event try -> rules.ensue:4
rules.ensue:8 Property seats -> rules.ensue:4
rules.ensue:8 Constant least -> rules.ensue:3
rules.ensue:9 Fact size -> rules.ensue:2
rules.ensue:9 Score heat -> rules.ensue:8
rules.ensue:9 Group active -> rules.ensue:5
rules.ensue:10 Tier hot -> rules.ensue:1
rules.ensue:10 Function grade -> scripts/grade.rhai:1
rules.ensue:10 Fact size -> rules.ensue:2
rules.ensue:10 Group active -> rules.ensue:5
rules.ensue:10 DayPart morning -> rules.ensue:6
rules.ensue:10 Channel fax -> rules.ensue:7
rules.ensue:10 Template hello -> templates/hello.md:1
rules.ensue:11 Sequence s -> rules.ensue:10
rules.ensue:11 Touch hello -> rules.ensue:10
rules.ensue:11 Template hello -> templates/hello.md:1
rules.ensue:11 Template hello_short -> templates/hello_short.md:1
rules.ensue:11 Event reply -> vocabulary.ensue:21
rules.ensue:12 Event trial -> rules.ensue:4
rules.ensue:12 Tier cold -> rules.ensue:1
rules.ensue:12 Property seats -> rules.ensue:4
rules.ensue:12 Constant least -> rules.ensue:3
rules.ensue:12 Tier hot -> rules.ensue:1
rules.ensue:12 Sequence s -> rules.ensue:10
rules.ensue:12 Score heat -> rules.ensue:8
rules.ensue:12 Fact size -> rules.ensue:2
rules.ensue:13 Group active -> rules.ensue:5
rules.ensue:13 Event trial -> rules.ensue:4
rules.ensue:13 Property seats -> rules.ensue:4
rules.ensue:13 Channel fax -> rules.ensue:7
rules.ensue:13 Template hello -> templates/hello.md:1
rules.ensue:14 Event reply -> vocabulary.ensue:21
rules.ensue:14 Channel fax -> rules.ensue:7
rules.ensue:16 Fact size -> rules.ensue:2
rules.ensue:17 Lead ana -> rules.ensue:16
rules.ensue:17 Event created -> vocabulary.ensue:5
rules.ensue:18 Lead ana -> rules.ensue:16
rules.ensue:18 Event trial -> rules.ensue:4
rules.ensue:18 Property seats -> rules.ensue:4
rules.ensue:19 Lead ana -> rules.ensue:16
rules.ensue:19 Tier hot -> rules.ensue:1
rules.ensue:19 Rule r -> rules.ensue:12
rules.ensue:20 Lead ana -> rules.ensue:16
rules.ensue:20 Sequence s -> rules.ensue:10
rules.ensue:20 Rule r -> rules.ensue:12
rules.ensue:21 Channel fax -> rules.ensue:7
rules.ensue:21 Template hello -> templates/hello.md:1
rules.ensue:21 Lead ana -> rules.ensue:16
rules.ensue:21 Sequence s -> rules.ensue:10
rules.ensue:21 Touch hello -> rules.ensue:10
rules.ensue:22 Channel fax -> rules.ensue:7
templates/hello.md:2 Channel fax -> rules.ensue:7
templates/hello.md:4 Fact size -> rules.ensue:2
templates/hello.md:4 Property seats -> rules.ensue:4
templates/hello_short.md:2 Channel fax -> rules.ensue:7";

#[test]
fn names_lead_to_their_declarations() {
    let rules = r#"tiers hot, cold
lead { size number = 0 }
let least = 3
event trial, try is "product.trial" where seats > 1 { seats number }
group active = trial, opened
calendar office { days mon..fri hours 09:00-17:00 morning 09:00-12:00 }
channel fax { calendar office require size > least manual }
score heat { try(seats > least) +5 }
score fit { rhai """lead.size + score("heat") + count("active", "7d")""" }
sequence s for hot where grade(size) > 1 { exit on active day 1 morning fax hello }
experiment e on s.hello { hello 50% hello_short 50% goal reply within 1d }
r: trial while cold where event.seats > least -> hot, start s, add 1 to heat, set size = 4
active where count(trial(seats > 2), 7d) > 1 -> fax hello
invariant quiet: after reply never fax for 1d
test "all of it" {
  lead ana { size: 7 }
  2026-03-02 09:00 ana created
  +1d ana trial { seats: 4 }
  expect ana becomes hot by r
  expect ana starts s by r
  expect fax hello to ana by s.hello
  allow fax
}
"#;
    let beside = [
        ("scripts/grade.rhai", "fn grade(x) { x * 2.0 }"),
        ("templates/hello.md", "---\nchannel: fax\n---\nHello, {{ size }}, {{ event.seats }}\n"),
        ("templates/hello_short.md", "---\nchannel: fax\n---\nHello\n"),
    ];
    let checked = written(&[("rules.ensue", rules)], &beside);
    is_whole(&checked);
    let place = |range: Range| checked.sources.place(range);
    let own =
        checked.references.iter().filter(|found| checked.sources.file(found.at.source).path != check::VOCABULARY_PATH);
    let found: Vec<String> = own
        .map(|found| format!("{} {:?} {} -> {}", place(found.at), found.kind, found.name, place(found.declared)))
        .collect();
    assert_eq!(found.join("\n"), FOUND);
}

#[test]
fn a_declaration_in_place_of_a_standard_one_is_the_one_meant() {
    let rules = "event opened is \"letter.opened\"\nchannel sms { manual }\nopened -> sms hello\nlead { owner text? }";
    let checked = written(&[("rules.ensue", rules)], &[]);
    is_whole(&checked);
    let own = checked.references.iter().filter(|found| checked.sources.file(found.at.source).path == "rules.ensue");
    let places: Vec<String> = own.map(|found| checked.sources.place(found.declared)).collect();
    assert_eq!(places, ["rules.ensue:1", "rules.ensue:2"]);
    // The vocabulary's own rules go by the vocabulary's own events.
    let standard = checked.references.iter().filter(|found| found.kind == ReferenceKind::Event);
    let in_vocabulary = standard.filter(|found| checked.sources.file(found.at.source).path == check::VOCABULARY_PATH);
    for found in in_vocabulary {
        assert_eq!(found.declared.source, found.at.source, "{}", found.name);
    }
}
