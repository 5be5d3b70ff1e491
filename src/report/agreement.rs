//! How far judges agree with people and with one another, over all episodes of a studio.

use std::io::{self, Write};

use serde::Serialize;

use super::plain;
use super::table::{Align, Table};
use crate::domain::agreement::{Measure, NEEDED};
use crate::domain::calibration::rulings::{EpochAgreement, JudgesAgreement};

/// The agreement of judges with people by epoch, and of judges with one another by episode.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgreementReport {
    /// Judges with people.
    pub people: Vec<EpochAgreement>,
    /// Judges with one another.
    pub judges: Vec<JudgesAgreement>,
    /// Rulings that no person made and that are left out.
    pub left_out: usize,
}

impl AgreementReport {
    /// Writes it for people: counts always, coefficients only where there are enough rulings.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "JUDGES WITH PEOPLE, by epoch: 1 no fault, 2 a fault that can go out, 3 must be mended")?;
        if self.people.is_empty() {
            writeln!(out, "no person has ruled on a dispute of judges yet")?;
        }
        for epoch in &self.people {
            print_epoch(epoch, out)?;
        }
        if self.left_out > 0 {
            writeln!(out, "{} rulings of a rehearsal that nobody watched are left out", self.left_out)?;
        }
        writeln!(
            out,
            "\nJUDGE WITH JUDGE, the last script of each episode: a warning light and no measure of who is right"
        )?;
        let mut table = Table::new(&[
            ("Episode", Align::Left),
            ("Gate", Align::Left),
            ("Round", Align::Right),
            ("Same", Align::Right),
            ("Within 1", Align::Right),
        ]);
        for judges in &self.judges {
            let counts = judges.counts;
            table.row([
                judges.episode.to_string(),
                judges.gate.to_string(),
                judges.round.to_string(),
                format!("{}/{}", counts.exact, counts.of),
                format!("{}/{}", counts.within_one, counts.of),
            ]);
        }
        if table.is_empty() { writeln!(out, "no script was judged by two judges yet") } else { table.print(out) }
    }
}

fn print_epoch(epoch: &EpochAgreement, out: &mut dyn Write) -> io::Result<()> {
    let EpochAgreement { by, epoch: name, n, exact, graver, milder, measures } = epoch;
    writeln!(out, "\njudge {}  {}  (epoch {})", by.to_ascii_uppercase(), plain::line(&name.to_string()), name.id())?;
    writeln!(out, "  rulings    {n}: the same word {exact}, the judge graver {graver}, milder {milder}")?;
    let Some(measures) = measures else {
        return writeln!(out, "  too few for a coefficient: it needs {NEEDED} rulings");
    };
    let band = measures.band.map(|band| format!(", {}", band.word())).unwrap_or_default();
    let named = [
        ("exact", Some(measures.exact), ""),
        ("kappa", measures.kappa, band.as_str()),
        ("AC2", measures.ac2, ""),
        ("alpha", measures.alpha, ""),
        ("leniency", measures.leniency, ""),
        ("rank", measures.rank, ""),
    ];
    named.into_iter().try_for_each(|(name, measure, more)| print_measure(name, measure, more, out))
}

fn print_measure(name: &str, measure: Option<Measure>, more: &str, out: &mut dyn Write) -> io::Result<()> {
    match measure {
        Some(Measure { value, n, low, high }) => {
            writeln!(out, "  {name:<9}  {value:.2} (n {n}, 95 % {low:.2} to {high:.2}){more}")
        }
        None => writeln!(out, "  {name:<9}  not defined for these rulings"),
    }
}
