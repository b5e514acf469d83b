//! A rulebook with the standard events and facts and nothing else, for what reads logs.

use std::sync::Arc;

use ensue::rulebook::{EventType, FactId, Prop, PropId, Rulebook, SetId, Settings, TOUCHED_TYPE, WellKnown};
use ensue::source::Sources;
use ensue::timestamp::Span;
use ensue::value::Type::{self, *};

const FACTS: [(&str, Type); 13] = [
    ("name", Text),
    ("email", Email),
    ("phone", Text),
    ("company", Text),
    ("title", Text),
    ("industry", Text),
    ("source", Text),
    ("deal_value", Number),
    ("owner", Text),
    ("timezone", Zone),
    ("email_ok", Bool),
    ("sms_ok", Bool),
    ("call_ok", Bool),
];

/// The standard types with their properties, all of which may be missing.
const TYPES: [(&str, &[(&str, Type)]); 27] = [
    (TOUCHED_TYPE, &[("channel", Text), ("template", Text), ("sequence", Text), ("touch", Text)]),
    ("lead.created", &FACTS),
    ("lead.updated", &FACTS),
    ("email.sent", &[("template", Text)]),
    ("email.delivered", &[("template", Text)]),
    ("email.opened", &[("template", Text), ("machine", Bool)]),
    ("link.clicked", &[("url", Text)]),
    ("email.clicked", &[("url", Text)]),
    ("page.viewed", &[("page", Text), ("url", Text)]),
    ("file.downloaded", &[("file", Text)]),
    ("replied", &[("text", Text)]),
    ("email.replied", &[("text", Text)]),
    ("sms.replied", &[("text", Text)]),
    ("email.auto_replied", &[("returns", Date)]),
    ("email.bounced", &[("hard", Bool)]),
    ("unsubscribed", &[("channel", Text)]),
    ("email.unsubscribed", &[("channel", Text)]),
    ("email.complained", &[("channel", Text)]),
    ("demo.requested", &[]),
    ("meeting.booked", &[("start", Time)]),
    ("meeting.canceled", &[("start", Time)]),
    ("meeting.held", &[("start", Time)]),
    ("call.completed", &[("outcome", Text)]),
    ("deal.stage_changed", &[("stage", Text), ("amount", Number)]),
    ("deal.won", &[("stage", Text), ("amount", Number)]),
    ("deal.lost", &[("stage", Text), ("amount", Number)]),
    ("alert.acked", &[("by", Text)]),
];

/// The standard events and facts.
pub fn standard() -> Rulebook {
    let mut rulebook = Rulebook {
        sources: Arc::new(Sources::default()),
        types: Vec::new(),
        props: Vec::new(),
        facts: Vec::new(),
        sets: Vec::new(),
        tiers: Vec::new(),
        calendars: Vec::new(),
        channels: Vec::new(),
        sequences: Vec::new(),
        scores: Vec::new(),
        tags: Vec::new(),
        rules: Vec::new(),
        settings: Settings { stale_after: Span::days(3) },
        // Nothing that reads a log looks at these.
        well_known: WellKnown {
            timezone: FactId(0),
            owner: FactId(0),
            email: FactId(0),
            phone: FactId(0),
            replied: SetId(0),
            facts: SetId(0),
            touched: SetId(0),
            touched_props: [PropId(0); 4],
        },
    };
    for (name, props) in TYPES {
        declare(&mut rulebook, name, props, true);
    }
    rulebook
}

/// Declares one more type.
pub fn declare(rulebook: &mut Rulebook, name: &str, props: &[(&str, Type)], optional: bool) {
    let props = props.iter().map(|(prop, ty)| Prop { id: prop_id(rulebook, prop), ty: *ty, optional }).collect();
    let sets_facts = name.starts_with("lead.");
    rulebook.types.push(EventType { name: name.to_owned(), props, sets_facts });
}

fn prop_id(rulebook: &mut Rulebook, name: &str) -> PropId {
    let known = rulebook.props.iter().position(|prop| prop == name);
    let i = known.unwrap_or_else(|| {
        rulebook.props.push(name.to_owned());
        rulebook.props.len() - 1
    });
    PropId(i as u16)
}
