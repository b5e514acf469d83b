//! Every verb with naughty texts in whatever it is given. A verb that is not here fails the test.

/// One command line in the world; `LEAD`, `TEXT` and `BAD` stand for a naughty id, a naughty text and the name
/// of the log with bad records, `WHAT` for what one may ask about.
pub struct Scene {
    /// The verb as its help calls it: `store export`.
    pub verb: &'static str,
    /// The words of the command line, the first of which name the verb.
    pub words: &'static str,
    /// What standard output holds where there is no `--format`.
    pub prints: Prints,
    /// Whether naughty text gets to the output at all: a scene that shows none proves nothing.
    pub shows: bool,
}

/// What an output is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prints {
    /// Lines for people.
    Text,
    /// A message to a lead, which has lines of its own.
    Message,
    /// JSON values, one after the other.
    Json,
    /// Commands to a CI system.
    Commands,
    /// XML, which HTML of ours is too.
    Xml,
    Markdown,
}

const fn text(verb: &'static str, words: &'static str) -> Scene {
    Scene { verb, words, prints: Prints::Text, shows: true }
}

/// Nothing naughty gets there.
const fn plain(verb: &'static str, words: &'static str) -> Scene {
    Scene { verb, words, prints: Prints::Text, shows: false }
}

const fn prints(verb: &'static str, words: &'static str, prints: Prints) -> Scene {
    Scene { verb, words, prints, shows: true }
}

/// All of them.
pub const SCENES: &[Scene] = &[
    text("activate", "activate rules --store noTEXT"),
    plain("activate", "activate rules --at 2026-03-01T13:40:00Z"),
    text("activate", "activate broken.ensue"),
    text("audit", "audit --events log.jsonl"),
    text("audit", "audit --events log.jsonl --rows fields_missing"),
    text("audit", "audit --events log.jsonl --rows noTEXT"),
    text("audit", "audit --events BAD"),
    text("audit", "audit --events noLEAD"),
    text("audit", "audit --events log.jsonl --as-of noTEXT"),
    text("check", "check rules"),
    text("check", "check names"),
    text("check", "check broken.ensue"),
    text("check", "check rules --events log.jsonl"),
    text("check", "check noTEXT"),
    plain("completions", "completions bash"),
    text("completions", "completions TEXT"),
    prints("doc", "doc rules", Prints::Markdown),
    text("dry-run", "dry-run rules --events log.jsonl --trace --until 2026-03-05T00:00:00Z"),
    text("dry-run", "dry-run rules --events log.jsonl --lead noTEXT"),
    text("dry-run", "dry-run rules --events BAD"),
    text("dry-run", "dry-run rules --events BAD --skip-bad"),
    text("dry-run", "dry-run rules --events noLEAD"),
    text("dry-run", "dry-run names --events log.jsonl"),
    text("explain", "explain LEAD rules --events log.jsonl"),
    text("explain", "explain LEAD rules --events log.jsonl --rule x"),
    text("explain", "explain LEAD rules --events log.jsonl --rule noTEXT"),
    text("explain", "explain LEAD rules --events log.jsonl --why-not WHAT"),
    text("explain", "explain LEAD rules --events log.jsonl --why-not noTEXT"),
    text("explain", "explain noLEAD rules --events log.jsonl"),
    text("explain", "explain LEAD"),
    text("explain", "explain noLEAD"),
    text("fmt", "fmt rules"),
    text("fmt", "fmt tidy"),
    text("fmt", "fmt tidy --check"),
    text("fmt", "fmt tidy -w"),
    text("fmt", "fmt broken.ensue"),
    text("halt", "halt all --by TEXT --why TEXT --at 2026-03-01T13:40:00Z"),
    text("halt", "halt channel noTEXT --by TEXT"),
    plain("ingest", "ingest log.jsonl --replay --store noLEAD"),
    plain("ingest", "ingest BAD --replay --store noLEAD"),
    text("ingest", "ingest noLEAD --replay"),
    text("init", "init noLEAD"),
    text("lead", "lead LEAD"),
    text("lead", "lead noLEAD"),
    text("lead approve", "lead LEAD approve noTEXT --by TEXT --at 2026-03-01T13:40:00Z"),
    text("lead erase", "lead LEAD erase --yes --by TEXT --at 2026-03-01T13:40:00Z"),
    text("lead move", "lead LEAD move noTEXT --to 2026-03-09 --by TEXT --at 2026-03-01T13:40:00Z"),
    text("lead pause", "lead LEAD pause --for 3d --by LEAD --why LEAD --at 2026-03-01T13:40:00Z"),
    text("lead resume", "lead LEAD resume --by LEAD --why LEAD --at 2026-03-01T13:40:00Z"),
    text("lead skip", "lead LEAD skip noTEXT --by TEXT --at 2026-03-01T13:40:00Z"),
    text("lead snooze", "lead LEAD snooze 2d --by LEAD --why LEAD --at 2026-03-01T13:40:00Z"),
    text("lead stop", "lead LEAD stop --by LEAD --why LEAD --at 2026-03-01T13:40:00Z"),
    text("lead suppress", "lead LEAD suppress --by LEAD --why LEAD --at 2026-03-01T13:40:00Z"),
    plain("leads", "leads --stuck --idle 0d"),
    plain("leads", "leads --stuck --owner noTEXT --format jsonl"),
    text("leads", "leads --twins"),
    text("lead tier", "lead LEAD tier cold --by LEAD --why LEAD --at 2026-03-01T13:40:00Z"),
    text("lead tier", "lead LEAD tier noTEXT --by LEAD --at 2026-03-01T13:40:00Z"),
    text("lead unlock", "lead LEAD unlock --by LEAD --why LEAD --at 2026-03-01T13:40:00Z"),
    text("lead unsuppress", "lead LEAD unsuppress --by LEAD --why LEAD --at 2026-03-01T13:40:00Z"),
    plain("man", "man"),
    text("man", "man noLEAD"),
    prints("render", "render m rules --lead LEAD --events log.jsonl", Prints::Message),
    text("render", "render noTEXT rules --lead LEAD --events log.jsonl"),
    text("render", "render m rules --lead noLEAD --events log.jsonl"),
    text("report", "report rules --events log.jsonl --period month --rows contacts"),
    text("report", "report rules --events log.jsonl --period day --by owner contacts"),
    text("report", "report rules odd --events log.jsonl --period day --by owner"),
    text("report", "report rules noTEXT --events log.jsonl"),
    text("report", "report rules --events log.jsonl --as-of noTEXT"),
    text("report", "report rules contacts --events log.jsonl --by noTEXT"),
    text("review", "review weekly rules --events log.jsonl"),
    text("review", "review weekly rules --events log.jsonl --as-of noTEXT"),
    text("run", "run --dry --at 2026-03-01T13:50:00Z"),
    plain("run", "run --at 2026-03-01T13:50:00Z"),
    text("run", "run --unknown --at 2026-03-01T13:50:00Z"),
    text("run", "run --went-out noLEAD --at 2026-03-01T13:50:00Z"),
    text("run", "run --at noTEXT"),
    plain("run", "run --config bad.yaml"),
    text("store backup", "store backup --to noLEAD"),
    plain("store compact", "store compact"),
    prints("store decisions", "store decisions", Prints::Json),
    prints("store export", "store export", Prints::Json),
    text("store quarantine drop", "store quarantine drop noTEXT"),
    plain("store quarantine drop", "store quarantine drop 1"),
    text("store quarantine list", "store quarantine list"),
    text("store quarantine retry", "store quarantine retry --all --at 2026-03-01T13:50:00Z"),
    text("store quarantine show", "store quarantine show 1"),
    text("store quarantine show", "store quarantine show 2"),
    text("store quarantine show", "store quarantine show 3"),
    text("store repair", "store repair --to noLEAD"),
    text("store rewind", "store rewind --to 2026-03-01T11:30:00Z --store noLEAD"),
    plain("store rewind", "store rewind --to 2026-03-01T11:30:00Z"),
    text("store stats", "store stats --store noLEAD"),
    plain("store stats", "store stats"),
    plain("store verify", "store verify"),
    text("test", "test rules"),
    text("test", "test rules --coverage"),
    text("test", "test rules --run noTEXT"),
    text("test", "test names"),
    text("unhalt", "unhalt sequence noTEXT --by TEXT --at 2026-03-01T13:40:00Z"),
    plain("vocabulary", "vocabulary"),
];
