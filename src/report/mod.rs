//! What is told of a studio outside of the console: tables for people, CSV and JSON for scripts.
//!
//! Every report is made from the same fold that the console draws. Not for reading a studio or for deciding anything.

mod agreement;
mod calibration;
mod cost;
mod episode;
mod findings;
mod outlook;
mod plain;
pub mod providers;
mod table;

pub use agreement::AgreementReport;
pub use calibration::CheckReport;
pub use cost::{By, CostReport, ESTIMATED, Group};
pub use episode::{CallLine, GateLine, NeedLine, StageLine, needs, possible_calls, stages, uncertain_calls};
pub use findings::{findings_table, print_notes, print_patterns};
pub use outlook::{outlook_lines, outlook_short, print_outlook, took};
pub use plain::{date, life, line, minute, percent_of};
pub use table::{Align, Table};
