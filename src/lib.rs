//! Greenroom: a terminal production console for podcast episodes that AI agents make and people answer for.
//!
//! The production of an episode is an incremental build over content-addressed artifacts. The ledger is an event
//! log, an episode is a pure fold over its events, and what to do next is a pure function of that fold.
//!
//! Imports point downward only; `tests/floors.rs` reads every path and fails on an upward one.
//!
//! | floor | modules | what they are |
//! |---|---|---|
//! | F0 | [`domain`] | pure: ids, money, scripts, research packages, budgets. No I/O, no clock |
//! | F1 | [`config`], [`prompts`], [`clock`] | settings, shows, prices; what agents are asked; the one door to time and randomness |
//! | F2 | [`ledger`], [`provider`], [`media`] | the journal and its blobs, the vendors' wires, audio. Siblings do not import one another |
//! | F3 | [`engine`], [`rehearsal`] | one task orders everything, many carry it out; provider servers on loopback to rehearse against |
//! | F4 | [`tui`], [`report`], [`cli`] | the console, reports for people and scripts, and the headless verbs: peers over the same handle |

pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod engine;
pub mod ledger;
pub mod media;
pub mod prompts;
pub mod provider;
pub mod rehearsal;
pub mod report;
pub mod tui;
