//! The result of a check of judges: what each found and missed, how far it has moved, and what is alarming.

use std::io::{self, Write};

use serde::Serialize;

use super::plain;
use super::table::{Align, Table};
use crate::domain::calibration::{Alarm, Calibration, Drift, JudgeCheck, Seen, alarms, drift};
use crate::domain::handoff::Severity;
use crate::domain::ids::EpisodeNumber;
use crate::domain::money::MicroUsd;

/// The result of a check, with the check before it where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The episode that made the check.
    pub episode: EpisodeNumber,
    /// What it cost, in micro-dollars.
    pub spent_micro_usd: MicroUsd,
    /// How many scripts were judged.
    pub canaries: u32,
    /// Every judge.
    pub judges: Vec<JudgeReport>,
    /// What a person must look at.
    pub alarms: Vec<Alarm>,
}

/// The result for one judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JudgeReport {
    /// The name of its epoch.
    pub epoch: String,
    /// What was found.
    pub check: JudgeCheck,
    /// The earlier check that it is compared with.
    pub since: Option<EpisodeNumber>,
    /// How far it has moved since.
    pub drift: Option<Drift>,
}

impl CheckReport {
    /// Compares a check with the ones before it, the latest first: each judge with the latest of its own epoch.
    pub fn new(
        episode: EpisodeNumber,
        spent: MicroUsd,
        now: Calibration,
        before: &[(EpisodeNumber, Calibration)],
    ) -> Self {
        let compared = |check: JudgeCheck| {
            let earlier = before.iter().find_map(|(number, calibration)| {
                calibration.judges.iter().find_map(|old| drift(&check, old)).map(|drift| (*number, drift))
            });
            let (since, drift) = earlier.unzip();
            JudgeReport { epoch: check.epoch.id(), check, since, drift }
        };
        let judges: Vec<JudgeReport> = now.judges.into_iter().map(compared).collect();
        let alarms = judges.iter().flat_map(|judge| alarms(&judge.check, judge.drift.as_ref())).collect();
        Self { episode, spent_micro_usd: spent, canaries: now.canaries, judges, alarms }
    }

    /// Writes the result for people. What is alarming stands last, each in a line of its own.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}  {} scripts, {:.4} USD", self.episode, self.canaries, self.spent_micro_usd)?;
        for judge in &self.judges {
            judge.print(out)?;
        }
        writeln!(out)?;
        match self.alarms.len() {
            0 => writeln!(out, "no alarm: every planted blocker was found, and no judge has drifted"),
            _ => self.alarms.iter().try_for_each(|alarm| writeln!(out, "ALARM  {}", plain::line(&alarm.to_string()))),
        }
    }
}

impl JudgeReport {
    fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let check = &self.check;
        let (found, all) = check.found();
        writeln!(out, "\n{}  {}  (epoch {})", check.judge, plain::line(&check.epoch.to_string()), self.epoch)?;
        writeln!(out, "  planted       {found} of {all} found at their weight")?;
        match (&self.drift, self.since) {
            (Some(drift), Some(since)) => {
                writeln!(out, "  drift         {} in the mean of {} scores since {since}", drift.words(), drift.pairs)?;
            }
            _ => writeln!(out, "  drift         none known: this is the first check of its epoch")?,
        }
        writeln!(out, "  false         {} findings above a minor in clean scripts", check.false_findings.len())?;
        writeln!(out, "  out of range  {} scores", check.out_of_range.len())?;
        writeln!(out, "  dropped       {} findings without evidence", check.dropped)?;
        let mut table = Table::new(&[("What", Align::Left), ("Canary", Align::Left), ("Said", Align::Left)]);
        for planted in check.planted.iter().filter(|planted| planted.seen != Seen::Found) {
            let weight = severity(planted.severity);
            table.row([
                format!("{} {}", if planted.is_missed_blocker() { "MISSED" } else { "missed" }, weight),
                planted.canary.clone(),
                match planted.seen {
                    Seen::Found => String::new(),
                    Seen::Lighter(said) => {
                        format!("{} at {}, called a {}", planted.kind.name(), planted.line, severity(said))
                    }
                    Seen::Missed => format!("{} at {}, nothing said", planted.kind.name(), planted.line),
                },
            ]);
        }
        for found in &check.false_findings {
            let said = format!("{} at {}: {}", found.kind.name(), found.line, found.problem);
            table.row([format!("false {}", severity(found.severity)), found.canary.clone(), said]);
        }
        for off in &check.out_of_range {
            let given = off.points.map_or_else(|| "cannot tell".to_owned(), |points| points.to_string());
            let said = format!("{}: {given}, expected {} to {}", off.dimension, off.from, off.to);
            table.row(["out of range".to_owned(), off.canary.clone(), said]);
        }
        if table.is_empty() { Ok(()) } else { table.print(out) }
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Minor => "minor",
        Severity::Major => "major",
        Severity::Blocker => "blocker",
    }
}
