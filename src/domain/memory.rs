//! The memory of errors across episodes: what keeps being found, under which prompt, and whether a new prompt helped.
//!
//! Findings are counted by agent, kind and source, and gathered by what their texts say. The same findings give the same
//! patterns in any order. What a person did not uphold or let stand is no error and is not counted. Not for the findings
//! of one episode, which are the gate's; and nothing here changes a prompt: a person decides what becomes a guardrail.

mod cluster;
pub mod gather;
mod lately;
mod notes;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{EpisodeNumber, LineId};

pub use self::lately::lately;
pub use self::notes::{Proposal, repeated_notes};

/// In how many episodes something must have been found to be a pattern.
pub const EPISODES_OF_A_PATTERN: usize = 2;
/// The most examples of a pattern.
pub const MOST_EXAMPLES: usize = 3;

/// What became of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was an error.
    Upheld,
    /// The judge was wrong.
    NotUpheld,
    /// A person let it stand, with a reason.
    Waived,
    /// Nobody has ruled on it.
    Open,
}

impl Outcome {
    /// Whether a finding counts as an error: it was upheld, or nobody has said otherwise.
    pub fn counts(self) -> bool {
        match self {
            Self::Upheld | Self::Open => true,
            Self::NotUpheld | Self::Waived => false,
        }
    }
}

/// A finding as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Remembered {
    /// When it was found.
    pub at: Timestamp,
    /// The episode.
    pub episode: EpisodeNumber,
    /// The line it stands at.
    pub line: LineId,
    /// The dimension it was judged in.
    pub dimension: String,
    /// What kind of fault it is.
    pub kind: String,
    /// The agent whose work it was found in.
    pub agent: String,
    /// The prompt that the work was made with, such as `script_writer@3`.
    pub prompt: String,
    /// The source that the line rests on, where it names one.
    pub source: Option<String>,
    /// What is wrong, in the judge's words.
    pub text: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// How many episodes were made with a prompt: what makes a number of findings a rate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Use {
    /// When the prompt was first used; prompts follow one another in this order.
    pub since: Timestamp,
    /// The agent.
    pub agent: String,
    /// The prompt, such as `script_writer@3`.
    pub prompt: String,
    /// In how many episodes.
    pub episodes: u32,
}

/// What the findings of a pattern have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum Key {
    /// The agent and the kind of fault.
    Kind {
        /// The agent.
        agent: String,
        /// The kind.
        kind: String,
    },
    /// The agent, the kind of fault and the source.
    Source {
        /// The agent.
        agent: String,
        /// The kind.
        kind: String,
        /// The source.
        source: String,
    },
    /// The agent, and what the texts say.
    Words {
        /// The agent.
        agent: String,
        /// The words that mark these texts off from the rest, the weightiest first.
        words: Vec<String>,
    },
}

/// Findings for each episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// How many findings.
    pub findings: u32,
    /// In how many episodes; never 0.
    pub episodes: u32,
}

impl Rate {
    /// The rate in hundredths, rounded down: 150 is one and a half findings an episode.
    pub fn hundredths(self) -> u64 {
        u64::from(self.findings) * 100 / u64::from(self.episodes.max(1))
    }
}

/// The rate of a pattern under one prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderPrompt {
    /// The prompt.
    pub prompt: String,
    /// The rate.
    pub rate: Rate,
}

/// A finding that stands for its pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The episode.
    pub episode: EpisodeNumber,
    /// The line.
    pub line: LineId,
    /// What was wrong, without control characters and cut where it is long.
    pub text: String,
}

/// Something that was found in several episodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// What the findings have in common.
    pub key: Key,
    /// How many findings.
    pub count: usize,
    /// The episodes, rising.
    pub episodes: Vec<EpisodeNumber>,
    /// The kind of most of them.
    pub kind: String,
    /// The agent.
    pub agent: String,
    /// The latest, at most [`MOST_EXAMPLES`].
    pub examples: Vec<Example>,
    /// The rate under each prompt that the agent was used with, in the order of first use: each entry is what came before
    /// the change to the next, and after the change from the one before.
    pub prompts: Vec<UnderPrompt>,
    /// The rate under the last prompt but one.
    pub rate_before: Option<Rate>,
    /// The rate under the last prompt, where there was one before it.
    pub rate_after: Option<Rate>,
    /// The words that most of the texts share and others do not, the weightiest first.
    pub words: Vec<String>,
}

/// The patterns in what was found: those of the most episodes first, then those of the most findings.
///
/// The same findings can stand in several patterns: by kind, by source, and by what their texts say.
pub fn patterns(found: &[Remembered], uses: &[Use]) -> Vec<Pattern> {
    let mut found: Vec<&Remembered> = found.iter().filter(|finding| finding.outcome.counts()).collect();
    found.sort();
    let mut uses: Vec<&Use> = uses.iter().collect();
    uses.sort();

    let mut groups: BTreeMap<Key, Vec<&Remembered>> = BTreeMap::new();
    let mut agents: BTreeMap<&str, Vec<&Remembered>> = BTreeMap::new();
    for finding in found {
        let (agent, kind) = (finding.agent.clone(), finding.kind.clone());
        groups.entry(Key::Kind { agent: agent.clone(), kind: kind.clone() }).or_default().push(finding);
        if let Some(source) = finding.source.clone() {
            groups.entry(Key::Source { agent, kind, source }).or_default().push(finding);
        }
        agents.entry(&finding.agent).or_default().push(finding);
    }
    let counted = groups.into_iter().filter_map(|(key, members)| pattern(key, &members, Vec::new(), &uses));
    let alike = agents.into_iter().flat_map(|(agent, members)| by_words(agent, &members, &uses));
    let mut patterns: Vec<Pattern> = counted.chain(alike).collect();
    patterns.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| a.key.cmp(&b.key)));
    patterns
}

fn rank(pattern: &Pattern) -> (usize, usize) {
    (pattern.episodes.len(), pattern.count)
}

/// The patterns of one agent that the texts of its findings show.
fn by_words(agent: &str, members: &[&Remembered], uses: &[&Use]) -> Vec<Pattern> {
    let texts: Vec<&str> = members.iter().map(|finding| finding.text.as_str()).collect();
    let of = |cluster: cluster::Cluster| {
        let alike: Vec<&Remembered> = cluster.members.iter().filter_map(|at| members.get(*at).copied()).collect();
        let key = Key::Words { agent: agent.to_owned(), words: cluster.words.clone() };
        pattern(key, &alike, cluster.words, uses)
    };
    cluster::of(&texts).into_iter().filter_map(of).collect()
}

/// A pattern of some findings in the order of time; none if they are of too few episodes.
fn pattern(key: Key, members: &[&Remembered], words: Vec<String>, uses: &[&Use]) -> Option<Pattern> {
    let episodes: BTreeSet<EpisodeNumber> = members.iter().map(|finding| finding.episode).collect();
    if episodes.len() < EPISODES_OF_A_PATTERN {
        return None;
    }
    let agent = members.first()?.agent.clone();
    let prompts: Vec<UnderPrompt> = uses
        .iter()
        .filter(|used| used.agent == agent && used.episodes > 0)
        .map(|used| {
            let findings = members.iter().filter(|finding| finding.prompt == used.prompt).count();
            let findings = u32::try_from(findings).unwrap_or(u32::MAX);
            UnderPrompt { prompt: used.prompt.clone(), rate: Rate { findings, episodes: used.episodes } }
        })
        .collect();
    let rate_before = prompts.iter().rev().nth(1).map(|under| under.rate);
    let rate_after = rate_before.and(prompts.last()).map(|under| under.rate);
    Some(Pattern {
        key,
        count: members.len(),
        episodes: episodes.into_iter().collect(),
        kind: commonest(members.iter().map(|finding| finding.kind.as_str()))?.to_owned(),
        agent,
        examples: members.iter().rev().take(MOST_EXAMPLES).map(|finding| example(finding)).collect(),
        prompts,
        rate_before,
        rate_after,
        words,
    })
}

fn example(finding: &Remembered) -> Example {
    Example { episode: finding.episode, line: finding.line, text: words::shown(&finding.text) }
}

/// What occurs most often; of several the first in order.
fn commonest<'a>(all: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(one, _)| one)
}

#[cfg(test)]
mod tests;
