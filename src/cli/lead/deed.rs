//! What a person can do with a lead by hand, as it is written on the command line, and the event
//! it becomes. Names are checked against the lead and the rulebook before anything is written.

use serde_json::{Map, Value};

use crate::live::{LeadView, Live};
use crate::local::{Zone, rfc3339};
use crate::timestamp::Timestamp;
use crate::units::Length;

use super::super::exit::Error;
use super::super::near;
use super::moment::{MomentArg, length};

/// Something done by hand.
#[derive(Debug, clap::Subcommand)]
pub enum Deed {
    /// Hold all touches, until a date, for a while, or until `resume`
    Pause {
        /// Until then
        #[arg(long, value_name = "TIME", value_parser = MomentArg::parse, conflicts_with = "length")]
        until: Option<MomentArg>,
        /// For so long
        #[arg(long = "for", value_name = "D", value_parser = length)]
        length: Option<Length>,
    },
    /// End a pause; what remains keeps its spacing
    Resume,
    /// End the lead's sequences and cancel their touches
    Stop {
        /// Also single actions that are scheduled, and parallel sequences
        #[arg(long)]
        all: bool,
    },
    /// Leave out a touch that lies ahead
    Skip {
        /// The touch's name
        touch: String,
    },
    /// Let a touch that lies ahead fall due at another time
    Move {
        /// The touch's name
        touch: String,
        /// When
        #[arg(long, value_name = "TIME", value_parser = MomentArg::parse)]
        to: MomentArg,
    },
    /// Release what waits for approval
    Approve {
        /// The touch's name; default: whatever waits
        touch: Option<String>,
    },
    /// Move the lead to a tier
    Tier {
        /// The tier
        tier: String,
        /// Let no rule move it until `unlock`
        #[arg(long)]
        lock: bool,
    },
    /// Let rules move the lead between tiers again
    Unlock,
    /// Never contact the lead, on one channel or any; no rule lifts it
    Suppress {
        /// On this channel only
        #[arg(long, value_name = "CHANNEL")]
        channel: Option<String>,
        /// Until then; default: for good
        #[arg(long, value_name = "TIME", value_parser = MomentArg::parse)]
        until: Option<MomentArg>,
    },
    /// Allow contact again
    Unsuppress {
        /// On this channel only
        #[arg(long, value_name = "CHANNEL")]
        channel: Option<String>,
    },
    /// Hold all touches for a while: `pause --for`
    Snooze {
        /// For so long, such as `90d`
        #[arg(value_name = "D", value_parser = length)]
        length: Length,
    },
    /// Destroy what tells who the lead is, and never contact it again
    Erase {
        /// It cannot be undone
        #[arg(long)]
        yes: bool,
    },
}

impl Deed {
    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pause { .. } => "pause",
            Self::Resume => "resume",
            Self::Stop { .. } => "stop",
            Self::Skip { .. } => "skip",
            Self::Move { .. } => "move",
            Self::Approve { .. } => "approve",
            Self::Tier { .. } => "tier",
            Self::Unlock => "unlock",
            Self::Suppress { .. } => "suppress",
            Self::Unsuppress { .. } => "unsuppress",
            Self::Snooze { .. } => "snooze",
            Self::Erase { .. } => "erase",
        }
    }

    /// The type of its event.
    pub fn event_type(&self) -> String {
        let word = if matches!(self, Self::Snooze { .. }) { "pause" } else { self.word() };
        format!("override.{word}")
    }

    /// The properties of its event.
    ///
    /// # Errors
    /// A name that the lead or the rulebook does not have, or a time that has passed.
    pub fn props(&self, live: &Live, view: &LeadView) -> Result<Map<String, Value>, Error> {
        let now = view.at;
        let mut props = Map::new();
        let mut put = |name: &str, value: Value| props.insert(name.to_owned(), value);
        match self {
            Self::Pause { until, length } => {
                let ends = match (until, length) {
                    (Some(until), _) => Some(later(*until, view, "--until")?),
                    (None, Some(length)) => Some(live.later(&view.lead, now, *length)?),
                    (None, None) => None,
                };
                if let Some(ends) = ends {
                    put("ends", written(ends));
                }
            }
            Self::Snooze { length } => drop(put("ends", written(live.later(&view.lead, now, *length)?))),
            Self::Stop { all } => {
                if *all {
                    put("all", true.into());
                }
            }
            Self::Skip { touch } => drop(put("touch", touch_ahead(view, touch)?)),
            Self::Move { touch, to } => {
                put("touch", touch_ahead(view, touch)?);
                put("to", written(later(*to, view, "--to")?));
            }
            Self::Approve { touch } => {
                if let Some(touch) = waiting(view, touch.as_deref())? {
                    put("touch", touch.into());
                }
            }
            Self::Tier { tier, lock } => {
                let tiers = view.plan.rulebook.tiers.iter().map(|tier| tier.name.as_str());
                put("to", known("tier", tier, tiers, "the rulebook has no tiers")?);
                if *lock {
                    put("lock", true.into());
                }
            }
            Self::Suppress { channel, until } => {
                if let Some(channel) = channel {
                    put("channel", known_channel(view, channel)?);
                }
                if let Some(until) = until {
                    put("ends", written(later(*until, view, "--until")?));
                }
            }
            Self::Unsuppress { channel } => {
                if let Some(channel) = channel {
                    put("channel", known_channel(view, channel)?);
                }
            }
            Self::Erase { yes: false } => {
                return Err(wrong(
                    &format!("`{}` would be erased for good", view.lead),
                    "say so with `--yes`: it cannot be undone, not even from a copy of the log made later",
                ));
            }
            Self::Resume | Self::Unlock | Self::Erase { yes: true } => {}
        }
        Ok(props)
    }
}

fn wrong(what: &str, help: &str) -> Error {
    Error::wrong(what).help(help)
}

fn written(at: Timestamp) -> Value {
    rfc3339(at, Zone::UTC).into()
}

/// A moment that must lie ahead.
fn later(moment: MomentArg, view: &LeadView, option: &str) -> Result<Timestamp, Error> {
    let zone = view.standing.zone.0;
    let at = moment.in_zone(zone);
    if at > view.at {
        return Ok(at);
    }
    let (at, now) = (rfc3339(at, zone), rfc3339(view.at, zone));
    Err(wrong(&format!("`{option}` has passed: {at}"), &format!("it is {now} for `{}`", view.lead)))
}

fn known<'a>(kind: &str, name: &str, names: impl Iterator<Item = &'a str> + Clone, none: &str) -> Result<Value, Error> {
    if names.clone().any(|known| known == name) {
        return Ok(name.into());
    }
    Err(wrong(&format!("there is no {kind} `{name}`"), &near::help(name, names, none)))
}

fn known_channel(view: &LeadView, name: &str) -> Result<Value, Error> {
    let channels = view.plan.rulebook.channels.iter().map(|channel| channel.name.as_str());
    known("channel", name, channels, "the rulebook has no channels")
}

fn touch_ahead(view: &LeadView, name: &str) -> Result<Value, Error> {
    let touches = view.standing.ways.iter().flat_map(|way| &way.ahead).map(String::as_str);
    if touches.clone().any(|touch| touch == name) {
        return Ok(name.into());
    }
    let help = near::help(name, touches, "the lead is in no sequence");
    Err(wrong(&format!("no touch `{name}` lies ahead of `{}`", view.lead), &help))
}

/// The touch that waits for a person; nothing where any is meant.
fn waiting<'a>(view: &LeadView, name: Option<&'a str>) -> Result<Option<&'a str>, Error> {
    let waits =
        view.standing.ways.iter().filter(|way| way.waits.as_ref().is_some_and(|(_, awaited)| awaited.is_for_person()));
    let waits: Vec<&str> = waits.filter_map(|way| way.ahead.first()).map(String::as_str).collect();
    if waits.is_empty() || name.is_some_and(|name| !waits.contains(&name)) {
        let what = name.map_or_else(|| String::from("nothing"), |name| format!("no touch `{name}`"));
        let none = match name {
            Some(_) => String::from("nothing of it waits for approval"),
            None => format!("`ensue lead {}` shows what lies ahead, and what it waits for", view.lead),
        };
        let help = near::help(name.unwrap_or_default(), waits.into_iter(), &none);
        return Err(wrong(&format!("{what} of `{}` waits for approval", view.lead), &help));
    }
    Ok(name)
}
