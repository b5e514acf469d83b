//! `contact email, sms { gap 4h, … }`: limits over channels together.

use std::collections::BTreeMap;

use super::checker::Checker;
use crate::diagnostic::Diagnostic;
use crate::rulebook::{ChannelId, Contact, TASK};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::{ContactClause, ContactDecl, Name};

impl Checker<'_> {
    /// Resolves every `contact` block, and gives its quiet hours to the channels it is about.
    pub fn check_contacts(&mut self) {
        let mut seen: BTreeMap<Option<ChannelId>, Range> = BTreeMap::new();
        for (contact, range) in self.declared.contacts.clone() {
            let contact = self.check_contact(contact, range, &mut seen);
            self.resolved.contacts.push(contact);
        }
    }

    fn check_contact(
        &mut self,
        declared: &ContactDecl,
        range: Range,
        seen: &mut BTreeMap<Option<ChannelId>, Range>,
    ) -> Contact {
        let mut contact = Contact { kinds: Vec::new(), gap: None, quiet: None, caps: Vec::new(), range };
        for name in &declared.kinds {
            let Some(kind) = self.contact_kind(name) else { continue };
            if let Some(first) = seen.insert(Some(kind), name.range) {
                let message = format!("`{}` has two `contact` blocks", name.node);
                let found = Diagnostic::new(Slug::DuplicateName, name.range, message).label("named again");
                self.report(found.other(first, "named first").help("say all about it in one of them"));
                continue;
            }
            contact.kinds.push(kind);
        }
        // A block whose kinds are all unknown is about none of them, and not about every one.
        if declared.kinds.is_empty()
            && let Some(first) = seen.insert(None, range)
        {
            let found = Diagnostic::new(Slug::DuplicateName, range, "there are two `contact` blocks about every kind");
            self.report(found.label("said again").other(first, "said first").help("put them into one"));
        }
        let mut clauses: BTreeMap<String, Range> = BTreeMap::new();
        for clause in &declared.clauses {
            match &clause.node {
                ContactClause::Gap(gap) => {
                    self.refuse_second("gap".to_owned(), clause.range, &mut clauses);
                    contact.gap = self.length(gap, "a gap");
                }
                ContactClause::Quiet(range) => {
                    self.refuse_second("quiet".to_owned(), clause.range, &mut clauses);
                    contact.quiet = self.clock_range(*range);
                }
                ContactClause::Cap { count, per, scope } => contact.caps.extend(self.cap(count, per, scope)),
            }
        }
        if let Some(quiet) = contact.quiet {
            self.keep_quiet(&contact, quiet, !declared.kinds.is_empty());
        }
        contact
    }

    /// The kind of channels that a name stands for.
    fn contact_kind(&mut self, name: &Name) -> Option<ChannelId> {
        let id = self.channel(name)?;
        let channel = self.resolved.channels.get(id)?;
        let kind = self.resolved.channels.get(channel.kind).map_or("", |kind| kind.name.as_str());
        let (message, label, help) = if kind == TASK {
            let message = format!("`{}` is work of our own people and no contact", name.node);
            (message, "reaches no lead", "name the kinds of channels that reach leads".to_owned())
        } else if channel.transactional {
            let message = format!("`{}` is transactional, so no limit holds for it", name.node);
            (message, "would never be asked", "take it out, or take out `transactional`".to_owned())
        } else if channel.kind != id {
            let message = format!("`{}` is like `{kind}`, and `contact` goes by kinds", name.node);
            let help = format!("write `{kind}`, which is about `{}` too", name.node);
            (message, "no kind of its own", help)
        } else {
            return Some(id);
        };
        self.report(Diagnostic::new(Slug::ChannelKind, name.range, message).label(label).help(help));
        None
    }

    /// Quiet hours hold for every channel that the block is about.
    fn keep_quiet(&mut self, contact: &Contact, quiet: crate::calendar::ClockRange, is_named: bool) {
        for id in self.resolved.channels.ids() {
            let kind = self.resolved.channels.get(id).map_or(id, |channel| channel.kind);
            let is_task = self.resolved.channels.get(kind).is_some_and(|kind| kind.name == TASK);
            let Some(channel) = self.resolved.channels.get_mut(id) else { continue };
            let is_about = if is_named { contact.kinds.contains(&kind) } else { !channel.manual };
            let holds = is_about && !is_task && !channel.transactional;
            if holds && !channel.quiet.contains(&quiet) {
                channel.quiet.push(quiet);
            }
        }
    }
}
