//! Channels: when they may be used, how often, and under which conditions.

use std::collections::BTreeMap;

use super::checker::Checker;
use super::expression::{Known, Scope};
use super::name::{CALENDAR, FACT};
use super::reference::ReferenceKind;
use crate::decimal::Decimal;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{CalendarId, Cap, CapScope, Channel, ChannelId, Expr, FactId};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{At, ChannelClause, ChannelDecl, Name, Per};
use crate::units::ClockTime;
use crate::words::nearest;

impl Checker<'_> {
    /// Resolves every channel.
    pub fn check_channels(&mut self) {
        let channels: Vec<&ChannelDecl> = self.declared.channels.iter().map(|entry| entry.item).collect();
        for (index, channel) in channels.into_iter().enumerate() {
            let channel = self.check_channel(ChannelId(index as u8), channel);
            self.resolved.channels.push(channel);
        }
        // A person does what is like something that a person does.
        for id in self.resolved.channels.ids() {
            let kind = self.resolved.channels.get(id).map_or(id, |channel| channel.kind);
            let manual = self.resolved.channels.get(kind).is_some_and(|kind| kind.manual);
            if let Some(channel) = self.resolved.channels.get_mut(id) {
                channel.manual |= manual;
            }
        }
    }

    /// The channel that another is like; itself where it is like none.
    fn kind(&mut self, id: ChannelId, declared: &ChannelDecl) -> ChannelId {
        let Some(like) = &declared.like else { return id };
        let Some(kind) = self.channel(like) else { return id };
        let entry = self.declared.channels.entry(&like.node).map(|entry| (entry.range, &entry.item.like));
        if let Some((place, Some(other))) = entry {
            let message = format!(
                "`{}` cannot be like `{}`, which is like another channel itself",
                declared.name.node, like.node
            );
            let help = format!("write `like {}`, or take a channel that is like none", other.node);
            let found = Diagnostic::new(Slug::ChannelKind, like.range, message).label("of a kind itself");
            self.report(found.other(place, "declared here").help(help));
            return id;
        }
        kind
    }

    fn check_channel(&mut self, id: ChannelId, declared: &ChannelDecl) -> Channel {
        let mut channel = Channel {
            name: declared.name.node.clone(),
            kind: self.kind(id, declared),
            calendar: None,
            quiet: Vec::new(),
            caps: Vec::new(),
            requires: Vec::new(),
            needs: Vec::new(),
            manual: false,
            transactional: false,
            range: declared.name.range,
        };
        let mut seen: BTreeMap<String, Range> = BTreeMap::new();
        for clause in &declared.clauses {
            match &clause.node {
                ChannelClause::Calendar(name) => {
                    self.refuse_second("calendar".to_owned(), clause.range, &mut seen);
                    channel.calendar = self.calendar(name);
                }
                ChannelClause::Cap { count, per, scope } => channel.caps.extend(self.cap(count, per, scope)),
                ChannelClause::Quiet(range) => {
                    self.refuse_second("quiet".to_owned(), clause.range, &mut seen);
                    channel.quiet.extend(self.clock_range(*range));
                }
                ChannelClause::Require(condition) => {
                    let text = self.text(condition.range);
                    let typed = self.condition(condition, &Scope::channel(), &Known::new(), "what a channel requires");
                    channel.requires.extend(typed.map(|typed| (typed.expr, text)));
                }
                ChannelClause::Needs(names) => {
                    self.refuse_second("needs".to_owned(), clause.range, &mut seen);
                    channel.needs = names.iter().filter_map(|name| self.needed(name)).collect();
                }
                ChannelClause::Transactional => {
                    self.refuse_second("transactional".to_owned(), clause.range, &mut seen);
                    channel.transactional = true;
                }
                ChannelClause::Manual => {
                    self.refuse_second("manual".to_owned(), clause.range, &mut seen);
                    channel.manual = true;
                }
            }
        }
        self.transactional(declared);
        self.require_consent(&mut channel);
        channel
    }

    /// A transactional channel has no limits that could hold.
    fn transactional(&mut self, declared: &ChannelDecl) {
        if declared.clauses.iter().all(|clause| clause.node != ChannelClause::Transactional) {
            return;
        }
        let limits =
            |clause: &&At<ChannelClause>| matches!(clause.node, ChannelClause::Cap { .. } | ChannelClause::Quiet(_));
        for limit in declared.clauses.iter().filter(limits) {
            let message = format!("`{}` is transactional, so no limit holds for it", declared.name.node);
            let found = Diagnostic::new(Slug::ChannelKind, limit.range, message).label("would never be asked");
            self.report(found.help("take it out, or take out `transactional`"));
        }
    }

    /// A fact that a channel cannot do without.
    fn needed(&mut self, name: &Name) -> Option<FactId> {
        let known = self.fact(&name.node).map(|(fact, ..)| fact);
        if known.is_none() {
            let names = self.declared.facts.names();
            self.unknown(&FACT, &name.node, name.range, &names, None);
        }
        self.refer_fact(&name.node, name.range);
        known
    }

    /// Mail, text messages and calls need consent however a rulebook declares the channel anew.
    fn require_consent(&self, channel: &mut Channel) {
        let kind = self.declared.channels.at(channel.kind.index()).map_or("", |kind| kind.name.as_str());
        // Who asked for something may get the answer by mail.
        let asked = kind == "email" && channel.transactional;
        if !["email", "sms", "call"].contains(&kind) || asked {
            return;
        }
        let name = format!("{kind}_ok");
        let Some((fact, ..)) = self.fact(&name) else { return };
        if !channel.requires.iter().any(|(expr, _)| *expr == Expr::Fact(fact)) {
            channel.requires.insert(0, (Expr::Fact(fact), name));
        }
    }

    fn calendar(&mut self, name: &Name) -> Option<CalendarId> {
        let id = self.declared.calendars.id(&name.node);
        if id.is_none() {
            let names = self.declared.calendars.names();
            self.unknown(&CALENDAR, &name.node, name.range, &names, None);
        }
        if let Some(declared) = self.declared.calendars.entry(&name.node).map(|entry| entry.range) {
            self.refer(ReferenceKind::Calendar, &name.node, name.range, declared);
        }
        id
    }

    pub(super) fn cap(&mut self, count: &At<Decimal>, per: &At<Per>, scope: &Name) -> Option<Cap> {
        let number = self.whole_number(count, "a cap");
        let per = match per.node {
            Per::Length(length) => self.measured_at(length, per.range, "the span of a cap").map(|_| per.node),
            Per::Period(_) => Some(per.node),
        };
        let range = count.range.to(scope.range);
        let scopes = ["lead", "account", "owner"];
        let scope = match scope.node.as_str() {
            "lead" => Some(CapScope::Lead),
            "account" => Some(CapScope::Account),
            "owner" => Some(CapScope::Owner),
            other => {
                let help = match nearest(other, &scopes.map(str::to_owned)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "caps are counted per `lead`, per `account` or per `owner`".to_owned(),
                };
                let found = Diagnostic::new(Slug::Syntax, scope.range, format!("a cap cannot be per `{other}`"));
                self.report(found.label("not lead, account or owner").help(help));
                None
            }
        };
        Some(Cap { count: number?, per: per?, scope: scope?, range })
    }

    /// A whole number from 1.
    pub fn whole_number(&mut self, count: &At<Decimal>, what: &str) -> Option<u32> {
        let whole = count.node.to_whole().and_then(|number| u32::try_from(number).ok());
        let Some(number) = whole.filter(|number| (1..=1_000_000_000).contains(number)) else {
            let found = Diagnostic::new(
                Slug::NotWholeNumber,
                count.range,
                format!("{what} counts from 1, and `{}` is no such number", count.node),
            );
            self.report(found.label("not a whole number from 1").help("write a whole number such as `1` or `200`"));
            return None;
        };
        Some(number)
    }

    /// Why a clock time can never be used on a channel: its window, in words.
    pub fn outside_window(&self, channel: ChannelId, time: ClockTime) -> Option<String> {
        let channel = self.resolved.channels.get(channel)?;
        let calendar = channel.calendar.and_then(|id| self.resolved.calendars.get(id));
        let hours = calendar.and_then(|calendar| calendar.hours.map(|hours| (&calendar.name, hours)));
        if let Some((name, hours)) = hours.filter(|(_, hours)| !within(*hours, time)) {
            return Some(format!("calendar `{name}` is open {}-{}", hours.0, hours.1));
        }
        let quiet = channel.quiet.iter().find(|quiet| within(**quiet, time))?;
        Some(format!("channel `{}` is quiet {}-{}", channel.name, quiet.0, quiet.1))
    }

    /// Why a channel is closed in the whole of a part of the day.
    pub fn closed_throughout(&self, channel: ChannelId, part: (ClockTime, ClockTime)) -> Option<String> {
        let minutes = (0..1_440).map(ClockTime).filter(|minute| within(part, *minute));
        let reasons: Vec<Option<String>> = minutes.map(|minute| self.outside_window(channel, minute)).collect();
        reasons.iter().all(Option::is_some).then(|| reasons.into_iter().flatten().next()).flatten()
    }
}

/// Whether a time lies in a half-open range, which may wrap midnight.
fn within((start, end): (ClockTime, ClockTime), time: ClockTime) -> bool {
    if start < end { (start..end).contains(&time) } else { time >= start || time < end }
}
