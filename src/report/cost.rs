//! What was spent, grouped in one of six ways. Whichever way, the groups add up to the same total.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::plain;
use super::table::{Align, Table};
use crate::domain::billed::{AllInvoiced, Invoiced};
use crate::domain::cost::{CostRow, EpisodeSummary};
use crate::domain::money::MicroUsd;

/// The head of the column of what was reserved: it is the worst case, and no forecast.
pub const ESTIMATED: &str = "Estimated worst USD";

/// What the rows are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// The stage of the pipeline
    Stage,
    /// The agent that the stage asks
    Agent,
    /// The model
    Model,
    /// The provider
    Provider,
    /// The episode
    Episode,
    /// The month in which the episode was begun, UTC
    Month,
}

impl By {
    fn head(self) -> &'static str {
        match self {
            Self::Stage => "Stage",
            Self::Agent => "Agent",
            Self::Model => "Model",
            Self::Provider => "Provider",
            Self::Episode => "Episode",
            Self::Month => "Month",
        }
    }
}

/// One group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What it stands for.
    pub name: String,
    /// Episodes that it has calls of.
    pub episodes: usize,
    /// Calls, failed ones included.
    pub calls: u32,
    /// Tokens in, cached ones included.
    pub tokens_in: u64,
    /// Tokens out.
    pub tokens_out: u64,
    /// Characters spoken.
    pub characters: u64,
    /// Micro-dollars that were reserved before the calls were sent: the worst case of each.
    pub estimated_worst_micro_usd: MicroUsd,
    /// Micro-dollars that they cost by their usage.
    pub metered_micro_usd: MicroUsd,
    /// Micro-dollars that the providers' bills say; `None` where no bill that was read has any of the calls.
    pub invoiced_micro_usd: Option<MicroUsd>,
    /// Calls that those bills have.
    pub invoiced_calls: u32,
    /// What those calls had cost by the ledger: less than the metered sum where not all calls are on a bill that was read.
    pub invoiced_of_micro_usd: MicroUsd,
    /// Micro-dollars held for calls that are not answered.
    pub reserved_micro_usd: MicroUsd,
    /// Micro-dollars that calls may have cost whose charge is uncertain, or that were sent again.
    pub possible_micro_usd: MicroUsd,
    /// Calls that were not made, since equal ones had been answered.
    pub reused: u32,
    /// Micro-dollars that those had cost: what was saved.
    pub saved_micro_usd: MicroUsd,
}

impl Group {
    fn add(&mut self, row: &CostRow, billed: Option<Invoiced>) {
        self.calls = self.calls.saturating_add(row.calls);
        self.tokens_in = self.tokens_in.saturating_add(row.usage.tokens_in());
        self.tokens_out = self.tokens_out.saturating_add(row.usage.output);
        self.characters = self.characters.saturating_add(row.usage.characters);
        self.estimated_worst_micro_usd = self.estimated_worst_micro_usd.plus(row.estimated);
        self.metered_micro_usd = self.metered_micro_usd.plus(row.spent);
        if let Some(billed) = billed {
            self.invoice(billed.invoiced);
            self.invoiced_calls = self.invoiced_calls.saturating_add(billed.calls);
            self.invoiced_of_micro_usd = self.invoiced_of_micro_usd.plus(billed.metered);
        }
        self.reserved_micro_usd = self.reserved_micro_usd.plus(row.reserved);
        self.possible_micro_usd = self.possible_micro_usd.plus(row.possible);
        self.reused = self.reused.saturating_add(row.reused);
        self.saved_micro_usd = self.saved_micro_usd.plus(row.saved);
    }

    fn invoice(&mut self, amount: MicroUsd) {
        self.invoiced_micro_usd = Some(self.invoiced_micro_usd.unwrap_or_default().plus(amount));
    }

    /// Whether some of what was metered is on no bill that was read.
    fn is_part(&self) -> bool {
        self.invoiced_micro_usd.is_some() && self.invoiced_of_micro_usd < self.metered_micro_usd
    }
}

/// The group of what bills have beyond the calls of the ledger.
const OUTSIDE: &str = "(billed, in no call)";

/// A cost report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CostReport {
    /// `rehearsal` where no money was real.
    pub studio: String,
    /// What the groups stand for.
    pub by: String,
    /// The groups in order.
    pub groups: Vec<Group>,
    /// All of them together.
    pub total: Group,
    /// How the ledger stands to the bills that were read, in lines for people.
    pub bills: Vec<BillsLine>,
}

/// A line about bills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BillsLine {
    /// Whether a bill differs by more than one part in a hundred.
    pub is_alert: bool,
    /// The words.
    pub text: String,
}

impl CostReport {
    /// The report over these episodes, with what the bills say of them; `with_outside` adds what is in no call.
    pub fn new(
        studio: &str,
        episodes: &[EpisodeSummary],
        by: By,
        (billed, with_outside): (&AllInvoiced, bool),
        bills: Vec<(bool, String)>,
    ) -> Self {
        let mut groups: BTreeMap<(usize, String), (Group, std::collections::BTreeSet<u32>)> = BTreeMap::new();
        let mut stages: Vec<String> = Vec::new();
        let mut total = Group { name: "total".to_owned(), ..Group::default() };
        for episode in episodes {
            for row in &episode.rows {
                let name = match by {
                    By::Stage => row.stage.to_string(),
                    By::Agent => row.agent.clone().unwrap_or_else(|| row.stage.to_string()),
                    By::Model => row.model.clone(),
                    By::Provider => row.provider.to_string(),
                    By::Episode => format!("{} {}", episode.number, plain::line(&episode.title)),
                    By::Month => plain::date(episode.started).chars().take(7).collect(),
                };
                // Stages and agents keep the order in which they run; everything else is in the order of its name.
                let place = match by {
                    By::Stage | By::Agent => stages.iter().position(|known| *known == name).unwrap_or_else(|| {
                        stages.push(name.clone());
                        stages.len() - 1
                    }),
                    By::Model | By::Provider | By::Episode | By::Month => 0,
                };
                let (group, members) = groups.entry((place, name.clone())).or_default();
                group.name = name;
                let on_bills = billed.row(row);
                group.add(row, on_bills);
                members.insert(episode.number.0);
                total.add(row, on_bills);
            }
        }
        for (provider, amount) in billed.outside().filter(|_| with_outside) {
            let (place, name) = match by {
                By::Provider => (0, provider.to_string()),
                By::Stage | By::Agent | By::Model | By::Episode | By::Month => (usize::MAX, OUTSIDE.to_owned()),
            };
            let (group, _) = groups.entry((place, name.clone())).or_default();
            group.name = name;
            group.invoice(amount);
            total.invoice(amount);
        }
        total.episodes = episodes.iter().filter(|episode| !episode.rows.is_empty()).count();
        let counted = groups.into_values().map(|(group, members)| Group { episodes: members.len(), ..group });
        let bills = bills.into_iter().map(|(is_alert, text)| BillsLine { is_alert, text }).collect();
        Self { studio: studio.to_owned(), by: by.head().to_lowercase(), groups: counted.collect(), total, bills }
    }

    fn table(&self, by: By, with_share: bool) -> Table {
        let mut head = vec![
            (by.head(), Align::Left),
            ("Episodes", Align::Right),
            ("Calls", Align::Right),
            ("Tokens in", Align::Right),
            ("Tokens out", Align::Right),
            ("Characters", Align::Right),
            (ESTIMATED, Align::Right),
            ("Metered USD", Align::Right),
            ("Invoiced USD", Align::Right),
            ("Held USD", Align::Right),
            ("Possible USD", Align::Right),
            ("Reused", Align::Right),
            ("Saved USD", Align::Right),
        ];
        if with_share {
            head.push(("Share", Align::Right));
        }
        let mut table = Table::new(&head);
        let total = with_share.then_some(&self.total);
        let usd = |amount: MicroUsd| if with_share { format!("{amount:.4}") } else { format!("{amount:.6}") };
        for group in self.groups.iter().chain(total) {
            let invoiced = match group.invoiced_micro_usd {
                Some(amount) if with_share && group.is_part() => format!("part {}", usd(amount)),
                Some(amount) => usd(amount),
                None if with_share => "-".to_owned(),
                // A spreadsheet adds up an empty cell, and no dash.
                None => String::new(),
            };
            let mut row = vec![
                group.name.clone(),
                group.episodes.to_string(),
                group.calls.to_string(),
                group.tokens_in.to_string(),
                group.tokens_out.to_string(),
                group.characters.to_string(),
                usd(group.estimated_worst_micro_usd),
                usd(group.metered_micro_usd),
                invoiced,
                usd(group.reserved_micro_usd),
                usd(group.possible_micro_usd),
                group.reused.to_string(),
                usd(group.saved_micro_usd),
            ];
            if with_share {
                row.push(format!("{} %", plain::percent_of(group.metered_micro_usd, self.total.metered_micro_usd)));
            }
            table.row(row);
        }
        table
    }

    /// Writes the report for people, with the total at the end.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn print(&self, by: By, out: &mut dyn Write) -> io::Result<()> {
        self.table(by, true).print(out)?;
        if self.groups.iter().any(Group::is_part) {
            writeln!(out, "part: some of the calls are on no bill that was read")?;
        }
        for line in &self.bills {
            writeln!(out, "{}", plain::line(&line.text))?;
        }
        Ok(())
    }

    /// Writes the groups as CSV, without the total, so that a column adds up.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn csv(&self, by: By, out: &mut dyn Write) -> io::Result<()> {
        self.table(by, false).csv(out)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::call::{Provider, Usage};
    use crate::domain::episode::Life;
    use crate::domain::event::Provenance;
    use crate::domain::ids::EpisodeNumber;

    fn episode(number: u32, rows: &[(&str, Option<&str>, &str, i64)]) -> EpisodeSummary {
        let row = |(stage, agent, model, spent): &(&str, Option<&str>, &str, i64)| CostRow {
            episode: EpisodeNumber(number),
            stage: stage.parse().unwrap(),
            agent: agent.map(str::to_owned),
            provider: Provider::Anthropic,
            model: (*model).to_owned(),
            calls: 2,
            usage: Usage { input: 10, output: 5, ..Usage::default() },
            estimated: MicroUsd(*spent * 3),
            spent: MicroUsd(*spent),
            reserved: MicroUsd(1),
            possible: MicroUsd::ZERO,
            reused: 1,
            saved: MicroUsd(2_000),
            machine_ms: 0,
        };
        EpisodeSummary {
            number: EpisodeNumber(number),
            title: "A\u{1b} title".to_owned(),
            show: "show".to_owned(),
            provenance: Provenance::Rehearsal,
            started: Timestamp::UNIX_EPOCH,
            touched: Timestamp::UNIX_EPOCH,
            life: Life::Running,
            spent: MicroUsd::ZERO,
            possible: MicroUsd::ZERO,
            saved: MicroUsd::ZERO,
            cap: None,
            rounds: 1,
            rows: rows.iter().map(row).collect(),
        }
    }

    fn plain_report(studio: &str, episodes: &[EpisodeSummary], by: By) -> CostReport {
        CostReport::new(studio, episodes, by, (&AllInvoiced::default(), true), Vec::new())
    }

    #[test]
    fn every_grouping_adds_up_to_the_same_total() {
        let episodes = [
            episode(1, &[("script", Some("writer"), "m1", 700_000), ("brief", Some("planner"), "m2", 50_000)]),
            episode(2, &[("script", Some("writer"), "m2", 250_000), ("voice", None, "v", 1)]),
        ];
        for by in [By::Stage, By::Agent, By::Model, By::Provider, By::Episode, By::Month] {
            let report = plain_report("rehearsal", &episodes, by);
            let sum: MicroUsd = report.groups.iter().map(|group| group.metered_micro_usd).sum();
            assert_eq!((sum, report.total.metered_micro_usd), (MicroUsd(1_000_001), MicroUsd(1_000_001)), "{by:?}");
            assert_eq!((report.total.calls, report.total.tokens_in, report.total.episodes), (8, 40, 2), "{by:?}");
            let saved: MicroUsd = report.groups.iter().map(|group| group.saved_micro_usd).sum();
            assert_eq!((report.total.reused, saved), (4, MicroUsd(8_000)), "{by:?}");
        }
        let by_stage = plain_report("rehearsal", &episodes, By::Stage);
        let names: Vec<&str> = by_stage.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["script", "brief", "voice"], "in the order of the pipeline");
        assert_eq!(by_stage.groups.first().map(|group| group.episodes), Some(2));
        assert_eq!(plain_report("r", &episodes, By::Month).groups.first().unwrap().name, "1970-01");
    }

    #[test]
    fn the_table_has_a_total_and_the_csv_has_every_digit() {
        let episodes = [episode(1, &[("script", None, "m", 123_456)])];
        let report = plain_report("live", &episodes, By::Episode);
        let (mut table, mut csv) = (Vec::new(), Vec::new());
        report.print(By::Episode, &mut table).unwrap();
        report.csv(By::Episode, &mut csv).unwrap();
        let (table, csv) = (String::from_utf8(table).unwrap(), String::from_utf8(csv).unwrap());
        assert!(table.contains("001 A title") && table.contains("total") && table.contains("100 %"), "{table}");
        assert!(
            csv.ends_with(",0.370368,0.123456,,0.000001,0.000000,1,0.002000\r\n") && !csv.contains("total"),
            "{csv}"
        );
    }
}
