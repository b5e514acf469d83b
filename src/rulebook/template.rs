//! Templates with a source for every value.

use super::{ChannelId, FactId, PropId, TopicId};
use crate::source::Range;

/// A template of the rulebook.
#[derive(Clone, Debug)]
pub struct BookTemplate {
    /// Its name: the file's name without `.md`, whatever folder below `templates` it is in. One name
    /// may stand for a template on each of several channels.
    pub name: String,
    /// The parsed template.
    pub template: crate::template::Template,
    /// What its messages are about.
    pub topic: Option<TopicId>,
    /// The channel it is for.
    pub channel: ChannelId,
    /// What each of its [`crate::template::Template::variables`] stands for, by index.
    pub values: Vec<Filling>,
    /// The file among the sources.
    pub range: Range,
}

/// Where a template's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// A fact of the lead.
    Fact(FactId),
    /// A property of the triggering event.
    Prop(PropId),
    /// A person supplies it.
    Need,
}
