//! What a person does about what waits for them: messages that are halted, and a store that has lost a part of
//! its past. In commands to be pasted.

use crate::decision::reason::HaltScope;
use crate::decision::words;
use crate::engine::Halt;
use crate::local::{Zone, rfc3339};

use super::{Io, leap};

/// What to do after something of the past was lost; `command` makes a command for the store of its words.
pub fn steps(command: &dyn Fn(&str) -> String, io: Io) {
    let (ingest, run) = (command("ingest --replay LOG"), command("run"));
    let (unknown, unhalt) = (command("run --unknown"), command("unhalt all"));
    io.note(&format!("first feed every source again, for what has stopped somebody since: `{ingest}`; what is there already does no harm"));
    io.note(&format!("then `{run}`, and say of each action that `{unknown}` lists whether it went out"));
    io.note(&format!("then let messages go on: `{unhalt}`"));
}

/// Says what is halted, and how it goes on.
pub fn halted<'h>(halts: impl Iterator<Item = &'h Halt>, io: Io) {
    for halt in halts {
        let (what, since) = (words::halt(&halt.scope), rfc3339(halt.since, Zone::UTC));
        let scope = match &halt.scope {
            HaltScope::All => String::from("all"),
            HaltScope::Sequence(name) => format!("sequence {}", leap::quoted(name)),
            HaltScope::Channel(name) => format!("channel {}", leap::quoted(name)),
            HaltScope::Rule(name) => format!("rule {}", leap::quoted(name)),
        };
        let command = leap::here(&format!("unhalt {scope}"));
        io.note(&format!("{what} halted since {since}; `{command}` lets it go on"));
    }
}
