//! Events as parts of a sentence: what a lead does, has done, did, and what the thing is called.

use super::{NameKind, Prose, ProseWords, fill, joined};
use crate::rulebook::{Expr, SetId};

/// The forms of a standard event. Of who does it: a lead, or a noun with its article.
struct Phrase {
    names: &'static [&'static str],
    who: (&'static str, &'static str),
    /// Now, after "has", and in the past.
    verb: [&'static str; 3],
    /// The noun with its article, and many of it.
    noun: (&'static str, &'static str, &'static str),
}

const LEAD: (&str, &str) = ("the", "lead");
const MAIL: (&str, &str) = ("an", "email to the lead");
const MEETING: (&str, &str) = ("a", "meeting");
const DEAL: (&str, &str) = ("a", "deal");

const fn phrase(
    names: &'static [&'static str],
    who: (&'static str, &'static str),
    verb: [&'static str; 3],
    noun: (&'static str, &'static str, &'static str),
) -> Phrase {
    Phrase { names, who, verb, noun }
}

/// Every event of the standard vocabulary, and its group.
const PHRASES: &[Phrase] = &[
    phrase(&["created"], LEAD, ["is created", "been created", "was created"], ("a", "creation", "creations")),
    phrase(&["updated"], LEAD, ["is updated", "been updated", "was updated"], ("an", "update", "updates")),
    phrase(
        &["sent"],
        LEAD,
        ["is sent an email", "been sent an email", "was sent an email"],
        ("a", "sent email", "sent emails"),
    ),
    phrase(
        &["delivered"],
        MAIL,
        ["is delivered", "been delivered", "was delivered"],
        ("a", "delivered email", "delivered emails"),
    ),
    phrase(&["bounced"], MAIL, ["bounces", "bounced", "bounced"], ("a", "bounce", "bounces")),
    phrase(
        &["opened"],
        LEAD,
        ["opens an email", "opened an email", "opened an email"],
        ("an", "opened email", "opened emails"),
    ),
    phrase(
        &["machine_opened"],
        ("a", "machine"),
        ["opens an email to the lead", "opened an email to the lead", "opened an email to the lead"],
        ("an", "email opened by a machine", "emails opened by a machine"),
    ),
    phrase(&["clicked"], LEAD, ["clicks a link", "clicked a link", "clicked a link"], ("a", "click", "clicks")),
    phrase(
        &["visited"],
        LEAD,
        ["visits a page", "visited a page", "visited a page"],
        ("a", "page visit", "page visits"),
    ),
    phrase(
        &["downloaded"],
        LEAD,
        ["downloads a file", "downloaded a file", "downloaded a file"],
        ("a", "download", "downloads"),
    ),
    phrase(&["replied", "reply"], LEAD, ["replies", "replied", "replied"], ("a", "reply", "replies")),
    phrase(
        &["auto_replied"],
        ("an", "automatic reply"),
        ["arrives", "arrived", "arrived"],
        ("an", "automatic reply", "automatic replies"),
    ),
    phrase(&["unsubscribed"], LEAD, ["unsubscribes", "unsubscribed", "unsubscribed"], ("an", "opt-out", "opt-outs")),
    phrase(
        &["resubscribed"],
        LEAD,
        ["consents anew", "consented anew", "consented anew"],
        ("a", "consent anew", "consents anew"),
    ),
    phrase(
        &["complained"],
        LEAD,
        ["reports a message as spam", "reported a message as spam", "reported a message as spam"],
        ("a", "spam report", "spam reports"),
    ),
    phrase(
        &["demo"],
        LEAD,
        ["asks for a demo", "asked for a demo", "asked for a demo"],
        ("a", "demo request", "demo requests"),
    ),
    phrase(
        &["booked"],
        LEAD,
        ["books a meeting", "booked a meeting", "booked a meeting"],
        ("a", "booked meeting", "booked meetings"),
    ),
    phrase(
        &["canceled"],
        MEETING,
        ["is canceled", "been canceled", "was canceled"],
        ("a", "canceled meeting", "canceled meetings"),
    ),
    phrase(&["met"], MEETING, ["is held", "been held", "was held"], ("a", "held meeting", "held meetings")),
    phrase(
        &["called"],
        ("a", "call"),
        ["is completed", "been completed", "was completed"],
        ("a", "completed call", "completed calls"),
    ),
    phrase(
        &["staged"],
        DEAL,
        ["moves to another stage", "moved to another stage", "moved to another stage"],
        ("a", "change of a deal's stage", "changes of a deal's stage"),
    ),
    phrase(&["won"], DEAL, ["is won", "been won", "was won"], ("a", "won deal", "won deals")),
    phrase(&["lost"], DEAL, ["is lost", "been lost", "was lost"], ("a", "lost deal", "lost deals")),
    phrase(
        &["acked"],
        ("an", "alert"),
        ["is acknowledged", "been acknowledged", "was acknowledged"],
        ("an", "acknowledged alert", "acknowledged alerts"),
    ),
    phrase(
        &["picked_up"],
        LEAD,
        ["is taken care of", "been taken care of", "was taken care of"],
        ("a", "person who took care of it", "people who took care of it"),
    ),
    phrase(
        &["worked"],
        ("a", "task"),
        ["is worked on", "been worked on", "was worked on"],
        ("a", "work on it", "works on it"),
    ),
    phrase(&["deal_closed"], DEAL, ["is closed", "been closed", "was closed"], ("a", "closed deal", "closed deals")),
    phrase(&["deal_moved"], DEAL, ["goes on", "gone on", "went on"], ("a", "move of a deal", "moves of deals")),
    phrase(&["quoted"], LEAD, ["gets a quote", "got a quote", "got a quote"], ("a", "quote", "quotes")),
    phrase(
        &["wrote"],
        ("a", "person of ours"),
        ["writes", "written", "wrote"],
        ("a", "message by hand", "messages by hand"),
    ),
    phrase(&["done"], ("a", "task"), ["is done", "been done", "was done"], ("a", "done task", "done tasks")),
    phrase(
        &["messaged"],
        LEAD,
        ["is sent a message", "been sent a message", "was sent a message"],
        ("a", "message", "messages"),
    ),
    phrase(&["contacted"], LEAD, ["is contacted", "been contacted", "was contacted"], ("a", "contact", "contacts")),
    phrase(
        &["planned"],
        ("a", "planned message"),
        ["comes to its end", "come to its end", "came to its end"],
        ("a", "planned message", "planned messages"),
    ),
    phrase(
        &["tiered"],
        LEAD,
        ["changes tier", "changed tier", "changed tier"],
        ("a", "change of tier", "changes of tier"),
    ),
    phrase(
        &["alerted"],
        ("a", "person of ours"),
        ["is alerted", "been alerted", "was alerted"],
        ("an", "alert", "alerts"),
    ),
    phrase(
        &["enrolled_in"],
        LEAD,
        ["is enrolled", "been enrolled", "was enrolled"],
        ("an", "enrollment", "enrollments"),
    ),
    phrase(
        &["finished_with"],
        LEAD,
        ["finishes a sequence", "finished a sequence", "finished a sequence"],
        ("a", "finished sequence", "finished sequences"),
    ),
    phrase(
        &["exited_from"],
        LEAD,
        ["leaves a sequence", "left a sequence", "left a sequence"],
        ("an", "exit from a sequence", "exits from sequences"),
    ),
    phrase(&["touched"], LEAD, ["is touched", "been touched", "was touched"], ("a", "touch", "touches")),
    phrase(
        &["engagement"],
        LEAD,
        ["shows engagement", "shown engagement", "showed engagement"],
        ("a", "sign of engagement", "signs of engagement"),
    ),
    phrase(
        &["override_pause"],
        LEAD,
        ["is paused by hand", "been paused by hand", "was paused by hand"],
        ("a", "pause by hand", "pauses by hand"),
    ),
    phrase(
        &["override_resume"],
        LEAD,
        ["is resumed by hand", "been resumed by hand", "was resumed by hand"],
        ("a", "resumption by hand", "resumptions by hand"),
    ),
    phrase(
        &["override_stop"],
        LEAD,
        ["is stopped by hand", "been stopped by hand", "was stopped by hand"],
        ("a", "stop by hand", "stops by hand"),
    ),
    phrase(
        &["override_skip"],
        ("a", "touch"),
        ["is skipped by hand", "been skipped by hand", "was skipped by hand"],
        ("a", "touch skipped by hand", "touches skipped by hand"),
    ),
    phrase(
        &["override_move"],
        ("a", "touch"),
        ["is moved by hand", "been moved by hand", "was moved by hand"],
        ("a", "touch moved by hand", "touches moved by hand"),
    ),
    phrase(
        &["override_approve"],
        ("a", "touch"),
        ["is approved", "been approved", "was approved"],
        ("an", "approval", "approvals"),
    ),
    phrase(
        &["override_tier"],
        LEAD,
        ["is given a tier by hand", "been given a tier by hand", "was given a tier by hand"],
        ("a", "change of tier by hand", "changes of tier by hand"),
    ),
    phrase(
        &["override_unlock"],
        LEAD,
        ["has its tier unlocked by hand", "had its tier unlocked by hand", "had its tier unlocked by hand"],
        ("an", "unlocking by hand", "unlockings by hand"),
    ),
    phrase(
        &["override_suppress"],
        LEAD,
        ["is suppressed by hand", "been suppressed by hand", "was suppressed by hand"],
        ("a", "suppression by hand", "suppressions by hand"),
    ),
    phrase(
        &["override_unsuppress"],
        LEAD,
        ["may be contacted again by hand", "been allowed contact again by hand", "was allowed contact again by hand"],
        ("an", "end of a suppression by hand", "ends of suppressions by hand"),
    ),
    phrase(&["override_erase"], LEAD, ["is erased", "been erased", "was erased"], ("an", "erasure", "erasures")),
    phrase(
        &["override_halt"],
        ("something", "thing"),
        ["is halted for everybody", "been halted for everybody", "was halted for everybody"],
        ("a", "halt", "halts"),
    ),
    phrase(
        &["override_unhalt"],
        ("something", "thing"),
        ["goes on for everybody", "gone on for everybody", "went on for everybody"],
        ("an", "end of a halt", "ends of halts"),
    ),
];

/// An event as a reader knows it.
enum Said {
    Known(&'static Phrase),
    /// The author's own name.
    Own(Prose),
}

impl ProseWords<'_> {
    fn said(&self, set: SetId) -> Said {
        let Some(set) = self.rulebook.sets.get(set) else { return Said::Own(Prose::default()) };
        let Some(name) = set.name.as_deref() else { return Said::Own(Prose::quote(&set.text)) };
        let phrase = PHRASES.iter().find(|phrase| phrase.names.contains(&name));
        match phrase.filter(|_| self.rulebook.is_standard_event(name)) {
            Some(phrase) => Said::Known(phrase),
            None => Said::Own(Prose::name(NameKind::Event, name)),
        }
    }

    /// ` (page is “pricing”)`, empty where nothing narrows the event.
    fn narrowing(&self, set: SetId) -> Prose {
        let own = self.rulebook.sets.get(set).map_or(&[][..], |set| set.narrowing());
        if own.is_empty() {
            return Prose::default();
        }
        let bare = Self { bare: true, ..*self };
        fill(" ({})", [joined(own.iter().map(|condition| bare.condition(condition)), " and ")])
    }

    /// `the lead opens an email`
    pub fn happens(&self, set: SetId) -> Prose {
        match self.said(set) {
            Said::Known(Phrase { who: (article, noun), verb: [now, ..], .. }) => {
                fill("{}{}", [format!("{article} {noun} {now}").into(), self.narrowing(set)])
            }
            Said::Own(name) => fill("{}{} is recorded", [name, self.narrowing(set)]),
        }
    }

    /// `the lead has opened an email`
    pub fn has_happened(&self, set: SetId) -> Prose {
        match self.said(set) {
            Said::Known(Phrase { who: (article, noun), verb: [_, done, _], .. }) => {
                fill("{}{}", [format!("{article} {noun} has {done}").into(), self.narrowing(set)])
            }
            Said::Own(name) => fill("{}{} has been recorded", [name, self.narrowing(set)]),
        }
    }

    /// `the lead has not opened an email`, `no email to the lead has bounced`
    pub fn has_not_happened(&self, set: SetId) -> Prose {
        match self.said(set) {
            Said::Known(Phrase { who, verb: [_, done, _], .. }) => {
                let text =
                    if *who == LEAD { format!("the lead has not {done}") } else { format!("no {} has {done}", who.1) };
                fill("{}{}", [text.into(), self.narrowing(set)])
            }
            Said::Own(name) => fill("no {}{} has been recorded", [name, self.narrowing(set)]),
        }
    }

    /// `the lead opened an email`
    pub fn happened(&self, set: SetId) -> Prose {
        match self.said(set) {
            Said::Known(Phrase { who: (article, noun), verb: [_, _, past], .. }) => {
                fill("{}{}", [format!("{article} {noun} {past}").into(), self.narrowing(set)])
            }
            Said::Own(name) => fill("{}{} was recorded", [name, self.narrowing(set)]),
        }
    }

    /// `a reply`
    pub fn one(&self, set: SetId) -> Prose {
        match self.said(set) {
            Said::Known(Phrase { noun: (article, noun, _), .. }) => {
                fill("{}{}", [format!("{article} {noun}").into(), self.narrowing(set)])
            }
            Said::Own(name) => name.then(self.narrowing(set)),
        }
    }

    /// `reply`, after "the last" and the like.
    pub fn noun(&self, set: SetId) -> Prose {
        match self.said(set) {
            Said::Known(Phrase { noun: (_, noun, _), .. }) => Prose::from(*noun).then(self.narrowing(set)),
            Said::Own(name) => name.then(self.narrowing(set)),
        }
    }

    /// `replies`
    pub fn nouns(&self, set: SetId) -> Prose {
        match self.said(set) {
            Said::Known(Phrase { noun: (_, _, many), .. }) => Prose::from(*many).then(self.narrowing(set)),
            Said::Own(name) => fill("records of {}{}", [name, self.narrowing(set)]),
        }
    }
}

impl ProseWords<'_> {
    /// The condition that an event's own declaration sets.
    pub fn definition(&self, guard: &Expr) -> Prose {
        Self { bare: true, ..*self }.condition(guard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{self, tree::ItemKind};

    /// An event that is new to the standard vocabulary needs its words.
    #[test]
    fn every_standard_event_has_its_words() {
        let (file, _) = syntax::parse(crate::source::SourceId::default(), crate::check::VOCABULARY);
        let mut names = 0;
        for item in &file.items {
            let declared = match &item.node {
                ItemKind::Event(event) => event.names.iter().map(|name| name.node.clone()).collect(),
                ItemKind::Group(group) => vec![group.name.node.clone()],
                _ => Vec::new(),
            };
            for name in declared {
                names += 1;
                assert!(PHRASES.iter().any(|phrase| phrase.names.contains(&name.as_str())), "{name} has no words");
            }
        }
        assert!(names > 30);
    }
}
