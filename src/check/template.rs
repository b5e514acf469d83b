//! Templates: every one parsed, each of its values found, and every message that names one proved
//! to have it for its channel.

use std::collections::BTreeSet;

use super::checker::Checker;
use super::name::CHANNEL;
use super::script::has_ending;
use super::words::snake_case;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rulebook::{BookTemplate, ChannelId, Filling};
use crate::slug::Slug;
use crate::source::Range;
use crate::syntax::tree::At;
use crate::template::{Template, Variable};
use crate::units::Content;
use crate::words::{listed, nearest};

/// The folder of templates; folders inside it are for order alone.
const FOLDER: &str = "templates/";

/// The channel whose messages have a subject.
const EMAIL: &str = "email";

/// What is known of templates before all of their uses are.
#[derive(Default)]
pub(super) struct Templates {
    /// The rulebook has a template file.
    any: bool,
    /// Names of templates with a mistake.
    broken: BTreeSet<String>,
    /// Where messages name templates.
    uses: Vec<Use>,
}

/// A message names a template.
struct Use {
    name: String,
    range: Range,
    /// `None` where the channel has a mistake.
    channel: Option<ChannelId>,
}

impl Checker<'_> {
    /// Resolves every template.
    pub fn check_templates(&mut self) {
        let env = self.env;
        for (path, text) in &env.files {
            let file = path.rsplit('/').next().unwrap_or(path);
            if path.starts_with(FOLDER) && has_ending(path, &["md"]) && file != "README.md" {
                self.templates.any = true;
                let range = self.side_file(path, text);
                self.check_template(file.trim_end_matches(".md"), text, range);
            }
        }
        self.resolved.templates.sort_by(|a, b| (&a.name, a.channel).cmp(&(&b.name, b.channel)));
    }

    fn check_template(&mut self, name: &str, text: &str, range: Range) {
        if !self.template_name(name, range) {
            return;
        }
        let sound = match Template::parse(name, text) {
            Ok(template) => self.resolve_template(name, template, range).is_some(),
            Err(errors) => {
                for error in errors {
                    let place = part(range, &error.range);
                    let found = Diagnostic::new(Slug::BadTemplate, place, error.message);
                    self.report(Diagnostic { help: error.help, ..found });
                }
                false
            }
        };
        if !sound {
            self.templates.broken.insert(name.to_owned());
        }
    }

    /// Rules write the name of a template as any other name.
    fn template_name(&mut self, name: &str, range: Range) -> bool {
        let proper = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !proper {
            let message = format!("no rule can name a template `{name}`");
            let found = Diagnostic::new(Slug::TemplateName, first_line(range), message).label("this file");
            let better = Some(snake_case(name)).filter(|better| better.starts_with(|c: char| c.is_ascii_lowercase()));
            let better = better.unwrap_or_else(|| "recap".to_owned());
            self.report(found.help(format!("names are small letters, digits and `_`; call the file `{better}.md`")));
        }
        proper
    }

    fn resolve_template(&mut self, name: &str, template: Template, range: Range) -> Option<()> {
        let word = template.channel();
        let place = part(range, &word.range);
        let Some(channel) = self.declared.channels.id(&word.name) else {
            let names = self.declared.channels.names();
            self.unknown(&CHANNEL, &word.name, place, &names, None);
            return None;
        };
        self.refer_channel(&word.name, place);
        let topic = match template.topic() {
            Some(topic) => {
                let name = At { node: topic.name.clone(), range: part(range, &topic.range) };
                Some(self.topic(&name)?)
            }
            None => None,
        };
        if self.channel_name(self.kind_of(channel)) == EMAIL && !template.has_subject() {
            let message = format!("template `{name}` is an email without a subject");
            let found = Diagnostic::new(Slug::MissingSubject, place, message).label("an email needs a subject");
            self.report(found.help("add a line: `subject: \"…\"`"));
        }
        let values: Vec<Option<Filling>> =
            template.variables().iter().map(|variable| self.filling(&template, variable, range)).collect();
        let values: Vec<Filling> = values.into_iter().collect::<Option<_>>()?;
        let first = self.resolved.templates.iter().find(|old| old.name == name && old.channel == channel);
        if let Some(first) = first {
            let first = part(first.range, &first.template.channel().range);
            let message = format!("there are two templates `{name}` for {}", self.channel_name(channel));
            let found = Diagnostic::new(Slug::DuplicateName, place, message).label("there again");
            self.report(
                found.other(first, "there first").help("rename one of the files; folders are no part of the name"),
            );
            return None;
        }
        self.resolved.templates.push(BookTemplate { name: name.to_owned(), template, topic, channel, values, range });
        Some(())
    }

    /// Where a value comes from.
    fn filling(&mut self, template: &Template, variable: &Variable, file: Range) -> Option<Filling> {
        let range = part(file, &variable.range);
        if let Some(property) = variable.name.strip_prefix("event.") {
            let id = self.any_property(property, range)?;
            self.refer_any_property(id, Range { start: range.end - property.len() as u32, ..range });
            return Some(Filling::Prop(id));
        }
        if let Some((fact, ..)) = self.fact(&variable.name) {
            self.refer_fact(&variable.name, range);
            return (!self.broken.contains(&variable.name)).then_some(Filling::Fact(fact));
        }
        if template.needs().iter().any(|need| need.name == variable.name) {
            return Some(Filling::Need);
        }
        if !self.broken.contains(&variable.name) {
            self.unknown_variable(template, &variable.name, range);
        }
        None
    }

    fn unknown_variable(&mut self, template: &Template, name: &str, range: Range) {
        let mut names = self.declared.facts.names();
        names.extend(template.needs().iter().map(|need| need.name.clone()));
        let help = if let Some(near) = nearest(name, &names) {
            format!("did you mean `{near}`?")
        } else if self.property_of_any(name).is_some() {
            format!("`{name}` is a property of an event: write `event.{name}`")
        } else {
            format!(
                "declare the fact, `lead {{ {name} text? }}`, or list it where a person supplies it: `needs: [{name}]`"
            )
        };
        let found = Diagnostic::new(Slug::UnknownVariable, range, format!("nothing gives `{name}` a value"));
        self.report(found.label("not a lead fact, not under `needs`").help(help));
    }

    /// Notes that a message carries something; where that is a template, it must exist.
    pub fn use_template(&mut self, content: &At<Content>, channel: Option<ChannelId>) {
        if let Content::Template(name) = &content.node {
            self.templates.uses.push(Use { name: name.clone(), range: content.range, channel });
        }
    }

    /// Judges every use of a template, once all are known.
    pub fn check_template_uses(&mut self) {
        let uses = std::mem::take(&mut self.templates.uses);
        if self.templates.any {
            for one in &uses {
                self.check_template_use(one);
            }
        }
        // Notes are for a rulebook that is sound: what a mistake left out may be what is missed.
        if self.incomplete || self.diagnostics.iter().any(|found| found.severity == Severity::Error) {
            return;
        }
        if self.templates.any {
            self.unused_templates(&uses);
        } else {
            self.no_templates(&uses);
        }
    }

    fn no_templates(&mut self, uses: &[Use]) {
        if let Some(first) = uses.iter().min_by_key(|one| (one.range.source, one.range.start)) {
            let message = "the rulebook has no templates, so what messages say is not looked into";
            let found = Diagnostic::new(Slug::NoTemplates, first.range, message).label("the first one named");
            self.report(found.help(format!("beside the rules, write `templates/{}.md`", first.name)));
        }
    }

    fn check_template_use(&mut self, one: &Use) {
        if self.templates.broken.contains(&one.name) {
            return;
        }
        let there: Vec<(ChannelId, Range)> = self
            .resolved
            .templates
            .iter()
            .filter(|template| template.name == one.name)
            .map(|template| (template.channel, part(template.range, &template.template.channel().range)))
            .collect();
        match (there.first(), one.channel) {
            (None, _) => self.unknown_template(one),
            (Some((other, place)), Some(wanted))
                if there.iter().all(|(channel, _)| *channel != wanted && *channel != self.kind_of(wanted)) =>
            {
                let (other, wanted) = (self.channel_name(*other), self.channel_name(wanted));
                let message = format!("template `{}` is for {other}, not for {wanted}", one.name);
                let found =
                    Diagnostic::new(Slug::TemplateChannel, one.range, message).label(format!("sent by {wanted}"));
                let help = format!("name a template for {wanted}, or write one: `templates/{wanted}/{}.md`", one.name);
                self.report(found.other(*place, format!("for {other}")).help(help));
            }
            (Some(_), channel) => {
                let content = Content::Template(one.name.clone());
                channel.into_iter().for_each(|channel| self.refer_template(&content, channel, one.range));
            }
        }
    }

    fn unknown_template(&mut self, one: &Use) {
        let key = (Slug::UnknownTemplate, one.name.clone());
        if let Some(first) = self.reported.get(&key).and_then(|at| self.diagnostics.get_mut(*at)) {
            first.others.push((one.range, "also used here".to_owned()));
            return;
        }
        self.reported.insert(key, self.diagnostics.len());
        let fits = |template: &&BookTemplate| {
            one.channel.is_none_or(|channel| [channel, self.kind_of(channel)].contains(&template.channel))
        };
        let names: Vec<String> = self.resolved.templates.iter().filter(fits).map(|found| found.name.clone()).collect();
        let help = match nearest(&one.name, &names) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => format!("write it: `templates/{}.md`", one.name),
            None => format!("write `templates/{}.md`, or take one of {}", one.name, listed(&names)),
        };
        let found = Diagnostic::new(Slug::UnknownTemplate, one.range, format!("there is no template `{}`", one.name));
        self.report(found.label("no such file below `templates`").help(help));
    }

    fn unused_templates(&mut self, uses: &[Use]) {
        let of = |one: &Use| {
            let own = one.channel?;
            let has = |channel: ChannelId| {
                self.resolved.templates.iter().any(|found| found.name == one.name && found.channel == channel)
            };
            Some(if has(own) { own } else { self.kind_of(own) })
        };
        let used: BTreeSet<(&str, ChannelId)> =
            uses.iter().filter_map(|one| Some((one.name.as_str(), of(one)?))).collect();
        let unused: Vec<(String, Range)> = self
            .resolved
            .templates
            .iter()
            .filter(|template| !used.contains(&(template.name.as_str(), template.channel)))
            .map(|template| (template.name.clone(), template.range))
            .collect();
        for (name, range) in unused {
            let message = format!("no message uses the template `{name}`");
            let found = Diagnostic::new(Slug::UnusedTemplate, first_line(range), message).label("this file");
            self.report(found.help("name it in a sequence, a rule or an experiment, or remove the file"));
        }
    }

    pub(super) fn kind_of(&self, channel: ChannelId) -> ChannelId {
        self.resolved.channels.get(channel).map_or(channel, |channel| channel.kind)
    }

    fn channel_name(&self, channel: ChannelId) -> String {
        self.declared.channels.at(channel.index()).map_or_else(String::new, |entry| entry.name.clone())
    }
}

/// Bytes of a file as a place.
fn part(file: Range, bytes: &std::ops::Range<usize>) -> Range {
    Range { start: file.start + bytes.start as u32, end: file.start + bytes.end as u32, ..file }
}

/// The `---` a template begins with.
fn first_line(file: Range) -> Range {
    Range { end: file.end.min(file.start + 3), ..file }
}
