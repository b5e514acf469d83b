//! Ensue is follow-ups as code: rules say what happens when a lead opens a mail three times, replies,
//! or goes quiet, and an engine decides it from a log of events, the same way every time.
//!
//! Rules and events in, decisions out:
//!
//! ```
//! use std::sync::Arc;
//! use ensue::{check, log, plan::Plan, replay, decision::names::Names};
//!
//! let rules = r#"tiers hot
//!     third_open: opened 3x within 7d -> hot, alert owner "call now"
//!     reply -> stop"#;
//! let checked = check::load([("rules.ensue".into(), rules.into())], &check::Env::default());
//! let rulebook = checked.rulebook.ok_or("the rules do not compile: see checked.diagnostics")?;
//!
//! let events = r#"{"id":"e1","type":"email.opened","lead":"ana","at":"2026-03-02T09:00:00Z"}
//!     {"id":"e2","type":"email.opened","lead":"ana","at":"2026-03-03T09:00:00Z"}
//!     {"id":"e3","type":"email.opened","lead":"ana","at":"2026-03-04T09:00:00Z"}"#;
//! let input = log::Input { path: "events.jsonl".into(), reader: Box::new(events.as_bytes()) };
//! let log = log::read(vec![input], &rulebook, &log::ReadOptions::default(), &|_| ())?;
//!
//! let plan = Arc::new(Plan::compile(rulebook));
//! let replayed = replay::replay(&plan, &log, &replay::ReplayOptions::default())?;
//! let names = Names { rulebook: &plan.rulebook, log: &log };
//! let lines: Vec<String> = replayed.decisions.iter().map(|decided| names.line(decided).to_string()).collect();
//! assert!(lines[0].contains(r#""do":"tier","to":"hot","rule":"third_open""#));
//! assert!(lines[1].contains(r#""do":"alert","to":"owner","text":"call now""#));
//! # assert_eq!(lines.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A folder of rules is read by [`load::rulebook`]; events that come one by one go to
//! [`engine::Engine::handle`], and [`engine::Engine::drain`] lets time pass.
//!
//! # Features
//!
//! - `program`, the default: everything, with the command line.
//! - `live`: the store, sinks and live runs.
//! - `threads`: long logs are read and replayed by several threads.
//!
//! Without any of them rules and logs are read, decided on, explained, tested and drawn, in memory and
//! in one thread, with the same results.
//!
//! # The way through
//!
//! Each stage is a type that only the stage before can make: what is not checked cannot be
//! compiled, what is not compiled cannot run.
//!
//! ```text
//! source -> syntax -> check -> plan -> engine -> report
//! texts     tree      rulebook  plan   decisions  lines
//!                       |                ^
//!                       +----> log ------+
//! ```
//!
//! The modules stand on floors, one above the other; those of one floor know nothing of each other:
//!
//! 1. [`words`] such as plurals and near names, text from outside as it is [`shown`], [`source`] texts
//!    with places in them, [`slug`]s of findings, [`timestamp`]s and [`decimal`] numbers, the [`statistics`]
//!    of shares, times and experiments, and a [`crew`] of threads.
//! 2. [`diagnostic`]: what is wrong at a place; [`units`] and [`value`]s of the language; [`address`]es as they are
//!    compared; [`yaml`].
//! 3. [`syntax`]: text to tree, every syntax error of a file in one run; [`local`] clocks in zones;
//!    [`script`] and [`template`], which stand beside the rules.
//! 4. [`calendar`]: open hours and days.
//! 5. [`rulebook`]: what the author said, with every name resolved and every expression typed.
//! 6. [`check`]: tree to rulebook; [`plan`]: the rulebook compiled for the engine; [`event`]s;
//!    [`config`], which is `ensue.yaml`.
//! 7. What reads and writes: [`load`] a folder of rules, [`log`] JSON Lines to events in order of
//!    arrival, [`store`] what must outlive the process, [`sink`] what is handed over.
//! 8. [`decision`]: what is decided, as data and as a line.
//! 9. [`engine`]: plan, state and event to decisions.
//! 10. [`replay`]: a whole log through the engine; [`invariant`]: what must never come of it.
//! 11. [`metric`]: what follow-ups achieve, in numbers.
//! 12. [`trial`]: the rulebook's own tests; [`explain`]: why a decision was made, and why another was
//!     not, asked of the engine; [`review`]: who waits for a person, and which numbers to look at;
//!     [`audit`]: what an old log says where there are no rules.
//! 13. [`live`]: events into the store, decisions out of the engine.
//! 14. [`report`]: decisions and findings as text; [`doc`]: the rulebook as a page.
//! 15. [`cli`]: the program.
//!
//! # What always holds
//!
//! - A decision is a function of rulebook, log in order of arrival, and the moment it is drained to.
//!   The same input gives the same bytes, with any number of threads.
//! - Only [`cli`] prints, exits and looks at the terminal; only [`load`], [`config`], [`store`],
//!   [`sink`] and [`cli`] touch files. The engine reads no clock, draws no random numbers and iterates
//!   over nothing without an order.
//! - A module names only modules of floors below its own; `tests/layers.rs` reads the floors from this
//!   file.
//! - Facts stay data: what a later stage asks for is a field or a variant. Sentences are made at the
//!   very end, by [`report`], [`doc`] and [`cli`], and nobody reads them back.
//! - At one instant timers come before entries, and a stop beats a start.
//! - Mistakes of authors are [`diagnostic::Diagnostic`]s, never panics; so is hostile input an error.

pub mod crew;
pub mod decimal;
pub mod shown;
pub mod slug;
pub mod source;
pub mod statistics;
pub mod timestamp;
pub mod words;

pub mod address;
pub mod diagnostic;
pub mod units;
pub mod value;
pub mod yaml;

pub mod local;
pub mod script;
pub mod syntax;
pub mod template;

pub mod calendar;

pub mod rulebook;

pub mod check;
pub mod config;
pub mod event;
pub mod plan;

pub mod load;
pub mod log;
#[cfg(feature = "live")]
pub mod sink;
#[cfg(feature = "live")]
pub mod store;

pub mod decision;

pub mod engine;

pub mod invariant;
pub mod replay;

pub mod metric;

pub mod audit;
pub mod explain;
pub mod review;
pub mod trial;

#[cfg(feature = "live")]
pub mod live;

pub mod doc;
pub mod report;

#[cfg(feature = "program")]
pub mod cli;

/// The number of what rules mean: the same rules and the same log give the same decisions for as long as it
/// stays. 1 is that of all programs before there was a number.
pub const SEMANTICS: u32 = 2;

/// The version of the rule language this program understands.
pub const LANGUAGE_VERSION: u32 = 1;
