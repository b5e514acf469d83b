//! Scores: points that fade, or the result of a script.

use super::{ScriptId, SetId};
use crate::decimal::Decimal;
use crate::source::Range;
use crate::timestamp::Span;

/// A score.
#[derive(Clone, Debug)]
pub struct Score {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub range: Range,
    /// How many points which events bring.
    pub points: Vec<(SetId, Decimal)>,
    /// How points lose worth.
    pub decay: Decay,
    /// The score never reads above this.
    pub cap: Option<Decimal>,
    /// The score never reads below this.
    pub floor: Option<Decimal>,
    /// The script whose result is the score, in place of points.
    pub script: Option<ScriptScore>,
}

/// A score that a script computes.
#[derive(Clone, Debug)]
pub struct ScriptScore {
    /// The script.
    pub script: ScriptId,
    /// `on EVENT, …`: only these run it; empty: whatever changes what it reads.
    pub on: Vec<SetId>,
}

/// How points lose worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decay {
    /// Never.
    None,
    /// By half in every such span, each from its own time.
    HalfLife(Span),
    /// Whole for so long, then nothing.
    Window(Span),
}
