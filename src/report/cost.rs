//! What was spent, grouped in one of six ways. Whichever way, the groups add up to the same total.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::plain;
use super::table::{Align, Table};
use crate::domain::cost::{CostRow, EpisodeSummary};
use crate::domain::money::MicroUsd;

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
    /// Micro-dollars spent.
    pub spent_micro_usd: MicroUsd,
    /// Micro-dollars held for calls under way and uncertain ones.
    pub reserved_micro_usd: MicroUsd,
    /// Calls that were not made, since equal ones had been answered.
    pub reused: u32,
    /// Micro-dollars that those had cost: what was saved.
    pub saved_micro_usd: MicroUsd,
}

impl Group {
    fn add(&mut self, row: &CostRow) {
        self.calls = self.calls.saturating_add(row.calls);
        self.tokens_in = self.tokens_in.saturating_add(row.usage.tokens_in());
        self.tokens_out = self.tokens_out.saturating_add(row.usage.output);
        self.characters = self.characters.saturating_add(row.usage.characters);
        self.spent_micro_usd = self.spent_micro_usd.plus(row.spent);
        self.reserved_micro_usd = self.reserved_micro_usd.plus(row.reserved);
        self.reused = self.reused.saturating_add(row.reused);
        self.saved_micro_usd = self.saved_micro_usd.plus(row.saved);
    }
}

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
}

impl CostReport {
    /// The report over these episodes.
    pub fn new(studio: &str, episodes: &[EpisodeSummary], by: By) -> Self {
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
                group.add(row);
                members.insert(episode.number.0);
                total.add(row);
            }
        }
        total.episodes = episodes.iter().filter(|episode| !episode.rows.is_empty()).count();
        let counted = groups.into_values().map(|(group, members)| Group { episodes: members.len(), ..group });
        Self { studio: studio.to_owned(), by: by.head().to_lowercase(), groups: counted.collect(), total }
    }

    fn table(&self, by: By, with_share: bool) -> Table {
        let mut head = vec![
            (by.head(), Align::Left),
            ("Episodes", Align::Right),
            ("Calls", Align::Right),
            ("Tokens in", Align::Right),
            ("Tokens out", Align::Right),
            ("Characters", Align::Right),
            ("Spent USD", Align::Right),
            ("Held USD", Align::Right),
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
            let mut row = vec![
                group.name.clone(),
                group.episodes.to_string(),
                group.calls.to_string(),
                group.tokens_in.to_string(),
                group.tokens_out.to_string(),
                group.characters.to_string(),
                usd(group.spent_micro_usd),
                usd(group.reserved_micro_usd),
                group.reused.to_string(),
                usd(group.saved_micro_usd),
            ];
            if with_share {
                row.push(format!("{} %", plain::percent_of(group.spent_micro_usd, self.total.spent_micro_usd)));
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
        self.table(by, true).print(out)
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
            spent: MicroUsd(*spent),
            reserved: MicroUsd(1),
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
            saved: MicroUsd::ZERO,
            cap: None,
            rounds: 1,
            rows: rows.iter().map(row).collect(),
        }
    }

    #[test]
    fn every_grouping_adds_up_to_the_same_total() {
        let episodes = [
            episode(1, &[("script", Some("writer"), "m1", 700_000), ("brief", Some("planner"), "m2", 50_000)]),
            episode(2, &[("script", Some("writer"), "m2", 250_000), ("voice", None, "v", 1)]),
        ];
        for by in [By::Stage, By::Agent, By::Model, By::Provider, By::Episode, By::Month] {
            let report = CostReport::new("rehearsal", &episodes, by);
            let sum: MicroUsd = report.groups.iter().map(|group| group.spent_micro_usd).sum();
            assert_eq!((sum, report.total.spent_micro_usd), (MicroUsd(1_000_001), MicroUsd(1_000_001)), "{by:?}");
            assert_eq!((report.total.calls, report.total.tokens_in, report.total.episodes), (8, 40, 2), "{by:?}");
            let saved: MicroUsd = report.groups.iter().map(|group| group.saved_micro_usd).sum();
            assert_eq!((report.total.reused, saved), (4, MicroUsd(8_000)), "{by:?}");
        }
        let by_stage = CostReport::new("rehearsal", &episodes, By::Stage);
        let names: Vec<&str> = by_stage.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["script", "brief", "voice"], "in the order of the pipeline");
        assert_eq!(by_stage.groups.first().map(|group| group.episodes), Some(2));
        assert_eq!(CostReport::new("r", &episodes, By::Month).groups.first().unwrap().name, "1970-01");
    }

    #[test]
    fn the_table_has_a_total_and_the_csv_has_every_digit() {
        let episodes = [episode(1, &[("script", None, "m", 123_456)])];
        let report = CostReport::new("live", &episodes, By::Episode);
        let (mut table, mut csv) = (Vec::new(), Vec::new());
        report.print(By::Episode, &mut table).unwrap();
        report.csv(By::Episode, &mut csv).unwrap();
        let (table, csv) = (String::from_utf8(table).unwrap(), String::from_utf8(csv).unwrap());
        assert!(table.contains("001 A title") && table.contains("total") && table.contains("100 %"), "{table}");
        assert!(csv.ends_with(",0.123456,0.000001,1,0.002000\r\n") && !csv.contains("total"), "{csv}");
    }
}
