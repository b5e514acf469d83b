//! Declarations other than rules and sequences.

use super::super::grammar::Rule;
use super::super::tree::Text;
use super::super::tree::{
    At, CalendarDecl, CalendarEntry, ChannelClause, ChannelDecl, ContactClause, ContactDecl, EventDecl, EventRef,
    Field, GroupDecl, LetDecl, Per, Period, ScoreDecl, ScoreLine, Setting, ZoneSource,
};
use super::super::words::is_type;
use super::literal::is_text;
use super::{Build, Name, Pair, child};
use crate::decimal::Decimal;
use crate::source::Range;

impl Build<'_> {
    pub(super) fn event(&mut self, pair: Pair<'_>) -> EventDecl {
        let mut event = EventDecl { names: Vec::new(), types: Vec::new(), guard: None, fields: Vec::new() };
        for kid in pair.into_inner() {
            match kid.as_rule() {
                Rule::name => event.names.push(self.name(&kid)),
                Rule::where_clause => event.guard = self.expr_in(&kid),
                Rule::fields => event.fields = self.field_list(kid),
                _ if is_text(&kid) => event.types.push(self.text(&kid)),
                _ => {}
            }
        }
        event
    }

    pub(super) fn fields_in(&mut self, pair: Pair<'_>) -> Vec<Field> {
        pair.into_inner().filter(|kid| kid.as_rule() == Rule::fields).flat_map(|kid| self.field_list(kid)).collect()
    }

    fn field_list(&mut self, pair: Pair<'_>) -> Vec<Field> {
        let fields = pair.into_inner().filter(|kid| kid.as_rule() == Rule::field);
        fields.flat_map(|kid| self.field(&kid)).collect()
    }

    fn field(&mut self, pair: &Pair<'_>) -> Vec<Field> {
        let (Some(name), Some(ty)) = (self.name_in(pair), child(pair, Rule::type_name)) else { return Vec::new() };
        let names = child(pair, Rule::named_in_log);
        let mut field = Field {
            name,
            ty: self.name(&ty),
            optional: child(pair, Rule::optional).is_some(),
            default: self.expr_in(pair),
            names: names.map_or_else(Vec::new, |kid| self.texts_in(kid)),
            sets: None,
            range: self.range(pair),
        };
        let Some(sets) = child(pair, Rule::sets) else { return vec![field] };
        let Some(fact) = self.name_in(&sets) else { return vec![field] };
        let range = self.range(&sets);
        if is_own_field(&sets, &field.names) {
            let before = self.tokens.iter().rev().find(|token| token.end <= range.start as usize);
            field.range.end = before.map_or(field.range.end, |token| token.end as u32);
            let word = Range { end: range.start + "sets".len() as u32, ..range };
            let name = Name { node: String::from("sets"), range: word };
            let own = Field { name, ty: fact, optional: false, default: None, names: Vec::new(), sets: None, range };
            return vec![field, own];
        }
        field.sets = Some(fact);
        vec![field]
    }

    fn texts_in(&mut self, pair: Pair<'_>) -> Vec<Text> {
        pair.into_inner().filter(is_text).map(|kid| self.text(&kid)).collect()
    }

    pub(super) fn group(&mut self, pair: &Pair<'_>) -> Option<GroupDecl> {
        let mut names = self.names_in(pair).into_iter();
        Some(GroupDecl { name: names.next()?, members: names.collect() })
    }

    pub(super) fn constant(&mut self, pair: &Pair<'_>) -> Option<LetDecl> {
        Some(LetDecl { name: self.name_in(pair)?, value: self.expr_in(pair)? })
    }

    pub(super) fn settings(&mut self, pair: Pair<'_>) -> Vec<Setting> {
        let lines = pair.into_inner().filter(|kid| kid.as_rule() == Rule::setting);
        lines.filter_map(|kid| Some(Setting { name: self.name_in(&kid)?, value: self.expr_in(&kid)? })).collect()
    }

    pub(super) fn calendar(&mut self, pair: Pair<'_>) -> Option<CalendarDecl> {
        let name = self.name_in(&pair)?;
        let entries = pair.into_inner().filter_map(|kid| {
            let range = self.range(&kid);
            self.calendar_entry(&kid).map(|node| At { node, range })
        });
        Some(CalendarDecl { name, entries: entries.collect() })
    }

    fn calendar_entry(&mut self, pair: &Pair<'_>) -> Option<CalendarEntry> {
        Some(match pair.as_rule() {
            Rule::days_entry => CalendarEntry::Days(self.days_in(pair)),
            Rule::hours_entry => CalendarEntry::Hours(self.time_range_in(pair)?),
            Rule::part_entry => CalendarEntry::Part(self.name_in(pair)?, self.time_range_in(pair)?),
            Rule::prefer_entry => CalendarEntry::Prefer(self.days_in(pair), self.time_range_in(pair)),
            Rule::closed_entry => CalendarEntry::ClosedFrom(self.text_in(pair)?),
            Rule::zone_entry => {
                let links = pair.clone().into_inner().filter(|kid| kid.as_rule() == Rule::zone_source);
                CalendarEntry::Zone(links.filter_map(|kid| self.zone_source(&kid)).collect())
            }
            _ => return None,
        })
    }

    fn zone_source(&mut self, pair: &Pair<'_>) -> Option<At<ZoneSource>> {
        let kid = pair.clone().into_inner().next()?;
        let node = match kid.as_rule() {
            Rule::kw_lead => ZoneSource::Lead,
            Rule::kw_account => ZoneSource::Account,
            Rule::kw_owner => ZoneSource::Owner,
            _ => ZoneSource::Fixed(self.text(&kid).node),
        };
        Some(At { node, range: self.range(pair) })
    }

    pub(super) fn channel(&mut self, pair: Pair<'_>) -> Option<ChannelDecl> {
        let name = self.name_in(&pair)?;
        let like = child(&pair, Rule::like).and_then(|kid| self.name_in(&kid));
        let clauses = pair.into_inner().filter_map(|kid| {
            let range = self.range(&kid);
            self.channel_clause(&kid).map(|node| At { node, range })
        });
        Some(ChannelDecl { name, like, clauses: clauses.collect() })
    }

    fn channel_clause(&mut self, pair: &Pair<'_>) -> Option<ChannelClause> {
        Some(match pair.as_rule() {
            Rule::calendar_clause => ChannelClause::Calendar(self.name_in(pair)?),
            Rule::cap_clause => {
                let (count, per, scope) = self.cap(pair)?;
                ChannelClause::Cap { count, per, scope }
            }
            Rule::quiet_clause => ChannelClause::Quiet(self.time_range_in(pair)?),
            Rule::require_clause => ChannelClause::Require(self.expr_in(pair)?),
            Rule::needs_clause => ChannelClause::Needs(self.names_in(pair)),
            Rule::manual_clause => ChannelClause::Manual,
            Rule::transactional_clause => ChannelClause::Transactional,
            _ => return None,
        })
    }

    /// `cap 1 per 1d per lead`
    fn cap(&mut self, pair: &Pair<'_>) -> Option<(At<Decimal>, At<Per>, Name)> {
        let count = child(pair, Rule::number).map(|kid| self.number(&kid))?;
        let per = match child(pair, Rule::period) {
            Some(kid) => At { node: Per::Period(Period::of_word(kid.as_str())?), range: self.range(&kid) },
            None => self.length_in(pair).map(|length| At { node: Per::Length(length.node), range: length.range })?,
        };
        Some((count, per, child(pair, Rule::scope).map(|kid| self.name(&kid))?))
    }

    pub(super) fn contact(&mut self, pair: Pair<'_>) -> ContactDecl {
        let kinds = self.names_in(&pair);
        let clauses = pair.into_inner().filter_map(|kid| {
            let range = self.range(&kid);
            self.contact_clause(&kid).map(|node| At { node, range })
        });
        ContactDecl { kinds, clauses: clauses.collect() }
    }

    fn contact_clause(&mut self, pair: &Pair<'_>) -> Option<ContactClause> {
        Some(match pair.as_rule() {
            Rule::contact_gap => ContactClause::Gap(self.length_in(pair)?),
            Rule::quiet_clause => ContactClause::Quiet(self.time_range_in(pair)?),
            Rule::cap_clause => {
                let (count, per, scope) = self.cap(pair)?;
                ContactClause::Cap { count, per, scope }
            }
            _ => return None,
        })
    }

    pub(super) fn score(&mut self, pair: Pair<'_>) -> Option<ScoreDecl> {
        let name = self.name_in(&pair)?;
        let lines = pair.into_inner().filter_map(|kid| {
            let range = self.range(&kid);
            self.score_line(&kid).map(|node| At { node, range })
        });
        Some(ScoreDecl { name, lines: lines.collect() })
    }

    fn score_line(&mut self, pair: &Pair<'_>) -> Option<ScoreLine> {
        Some(match pair.as_rule() {
            Rule::points => ScoreLine::Points(self.event_ref_in(pair)?, self.signed_in(pair)?),
            Rule::half_life => ScoreLine::HalfLife(self.length_in(pair)?),
            Rule::window => ScoreLine::Window(self.length_in(pair)?),
            Rule::cap => ScoreLine::Cap(self.signed_in(pair)?),
            Rule::floor => ScoreLine::Floor(self.signed_in(pair)?),
            Rule::rhai => ScoreLine::Rhai(self.inner_text_in(pair)?),
            Rule::script => ScoreLine::Script(self.text_in(pair)?),
            Rule::script_on => ScoreLine::On(self.event_refs_in(pair)),
            _ => return None,
        })
    }

    /// The first event directly inside a pair.
    pub(super) fn event_ref_in(&mut self, pair: &Pair<'_>) -> Option<EventRef> {
        child(pair, Rule::event_ref).and_then(|kid| self.event_ref(&kid))
    }

    /// The events directly inside a pair.
    pub(super) fn event_refs_in(&mut self, pair: &Pair<'_>) -> Vec<EventRef> {
        let events = pair.clone().into_inner().filter(|kid| kid.as_rule() == Rule::event_ref);
        events.filter_map(|kid| self.event_ref(&kid)).collect()
    }

    /// `visited(page == "pricing")`; also the head of a trigger, whose count is not part of it.
    pub(super) fn event_ref(&mut self, pair: &Pair<'_>) -> Option<EventRef> {
        let name = self.name_in(pair)?;
        let Some(filters) = child(pair, Rule::filters) else {
            let range = name.range;
            return Some(EventRef { name, filters: Vec::new(), range });
        };
        let range = name.range.to(self.range(&filters));
        Some(EventRef { name, filters: self.exprs_in(filters), range })
    }
}

/// Whether `sets email` is a property called `sets`. No word is reserved: on a line of its own, before the
/// name of a type, it is one.
pub fn is_own_field<T>(sets: &Pair<'_>, names: &[T]) -> bool {
    let named = sets.clone().into_inner().find(|kid| kid.as_rule() == Rule::soft_name);
    names.is_empty() && named.is_some_and(|name| is_type(name.as_str())) && begins_line(sets)
}

/// Whether nothing but space stands before a pair on its line.
fn begins_line(pair: &Pair<'_>) -> bool {
    let before = pair.get_input().get(..pair.as_span().start()).unwrap_or("");
    before.get(before.trim_end().len()..).is_some_and(|gap| gap.contains('\n'))
}
