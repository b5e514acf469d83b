//! `ensue render`: a template as one lead would get it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::Engine;
use crate::event::{LeadId, Props};
use crate::log::{self, Log, ReadOptions};
use crate::plan::Plan;
use crate::rulebook::{BookTemplate, Rulebook, TemplateId};
use crate::shown::Shown;
use crate::template::Unfilled;
use crate::timestamp::Timestamp;
use crate::words::nearest;

use super::Io;
use super::exit::{Error, Exit};
use super::guard::guard;
use super::input::{compiled, logs, moment};

/// Show a template as one lead would get it
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example: ensue render recap --lead ana --events fixtures/quickstart/events.jsonl",
    after_help = "Exit codes: 0 fine, 1 a value is missing, so the message would be held, 2 the rules do not compile, 3 wrong use, a missing file, or a bad record."
)]
pub struct Args {
    /// The template's name
    template: String,
    /// The rulebook: a folder or a file
    #[arg(default_value = "rules")]
    rules: PathBuf,
    /// For which channel, where several have a template of that name
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// For whom
    #[arg(long, value_name = "LEAD")]
    lead: String,
    /// Event logs in JSON Lines, `-` for standard input; may be given several times
    #[arg(long, required = true, num_args = 1.., value_name = "LOG")]
    events: Vec<PathBuf>,
    /// As it would go out at this moment (RFC 3339); default: after the last event
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Timestamp>,
}

pub fn run(args: &Args, io: Io) -> Result<Exit, Error> {
    let rulebook = compiled(&args.rules, io)?;
    let template = known_template(&rulebook, args)?;
    let log = log::read(logs(&args.events)?, &rulebook, &ReadOptions::default(), &|_| ())?;
    let lead = (0..log.lead_count() as u32).map(LeadId).find(|lead| log.lead_name(*lead) == args.lead);
    let lead = lead.ok_or_else(|| no_lead(&args.lead))?;
    let channel = rulebook.templates.get(template).map_or("", |t| t.template.channel().name.as_str()).to_owned();
    let result = at_moment(Arc::new(Plan::compile(rulebook)), &log, (lead, template), args)?;
    match result {
        Ok(message) => {
            let subject = message.subject.map(|subject| format!("subject: {}\n", Shown(subject))).unwrap_or_default();
            io.out(&format!("channel: {channel}\n{subject}\n{}\n", message.body.trim()))?;
            Ok(Exit::Fine)
        }
        Err(Unfilled::Missing { variable }) => {
            let (template, lead) = (Shown(&args.template), Shown(&args.lead));
            io.err(&format!("held: `{template}` needs {}, which is missing for {lead}\n", Shown(variable)));
            Ok(Exit::Findings)
        }
        Err(Unfilled::Failed { line, message }) => {
            io.err(&format!("held: template `{}` line {line}: {}\n", Shown(&args.template), Shown(message)));
            Ok(Exit::Findings)
        }
    }
}

type Filled = Result<crate::template::Message, Unfilled>;

/// The message at the moment asked for, with the properties of the lead's last event before it.
fn at_moment(plan: Arc<Plan>, log: &Log, (lead, template): (LeadId, TemplateId), args: &Args) -> Result<Filled, Error> {
    let mut engine = Engine::new(plan).guarded(Some(guard())).salted(log.salt());
    let mut decisions = Vec::new();
    let mut props = Props::default();
    for event in log.iter().take_while(|event| args.at.is_none_or(|at| event.received_at <= at)) {
        engine.handle(&event, log, &mut decisions)?;
        decisions.clear();
        if event.lead == lead {
            props = event.props;
        }
    }
    if let Some(at) = args.at {
        engine.drain(at, log, &mut decisions)?;
    }
    engine.message(lead, template, props, log).ok_or_else(|| no_lead(&args.lead))
}

fn known_template(rulebook: &Rulebook, args: &Args) -> Result<TemplateId, Error> {
    let name = args.template.as_str();
    let fits = |template: &BookTemplate| {
        let channel = template.template.channel().name.as_str();
        template.name == name && args.channel.as_deref().is_none_or(|wanted| wanted == channel)
    };
    rulebook.templates.position(fits).ok_or_else(|| {
        let channels = rulebook.templates.iter().filter(|template| template.name == name);
        let channels: Vec<String> =
            channels.map(|template| format!("`{}`", template.template.channel().name)).collect();
        if let (Some(channel), false) = (&args.channel, channels.is_empty()) {
            let help = format!("it is there for {}", channels.join(", "));
            return Error::wrong(format!("there is no template `{name}` for channel `{channel}`")).help(help);
        }
        let names = rulebook.templates.iter().map(|template| template.name.as_str());
        let help = match nearest(name, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if rulebook.templates.is_empty() => String::from("the rulebook has no `templates` folder"),
            None => format!("there are: {}", names.collect::<Vec<_>>().join(", ")),
        };
        Error::wrong(format!("there is no template `{name}`")).help(help)
    })
}

fn no_lead(name: &str) -> Error {
    Error::wrong(format!("no event of the log is about the lead `{name}` by then"))
}
