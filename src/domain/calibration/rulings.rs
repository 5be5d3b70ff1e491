//! What people ruled at gates, beside what each judge had said of it; and what two judges gave the same script.
//!
//! The scale has three steps: 1 no fault, 2 a fault that can go out, 3 a fault that must be mended. People are the measure: a judge
//! is right where its word is the person's. Not for coefficients: those are `domain::agreement`'s.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Epoch;
use crate::domain::agreement::{self, Agreement, EpisodeAgreement, Scale, TooFew};
use crate::domain::episode::{Episode, RuledItem};
use crate::domain::event::{Actor, ItemRuling};
use crate::domain::gate::{Dispute, Report};
use crate::domain::handoff::Severity;
use crate::domain::ids::{ContentHash, EpisodeNumber, StageId};

/// The letters of the judges, in the order in which a gate reads them.
const LETTERS: [char; 6] = ['a', 'b', 'd', 'e', 'f', 'g'];

/// Where the resampling behind intervals starts, so that the same rulings give the same figures.
const SEED: u64 = 1;

/// A ruling with the word of one judge on what was ruled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuledPair {
    /// The episode.
    pub episode: EpisodeNumber,
    /// The gate.
    pub gate: StageId,
    /// What was ruled, such as `D1`.
    pub item: String,
    /// The judge: `a`, `b` and so on, as in findings.
    pub by: char,
    /// What the measure of the judge belongs to.
    pub epoch: Epoch,
    /// The judge's word, from 1 to 3.
    pub judge: u8,
    /// The person's word, from 1 to 3.
    pub person: u8,
}

/// A ruling as a word of the scale.
pub fn word_of(ruling: ItemRuling) -> u8 {
    match ruling {
        ItemRuling::NotAFault => 1,
        ItemRuling::Waive => 2,
        ItemRuling::Fix => 3,
    }
}

/// The rulings of people on what the judges of an episode disputed, each with the word of each judge. The last ruling of an item
/// counts, and rulings under a name that `is_person` denies are left out.
pub fn pairs(
    episode: &Episode,
    reports: &BTreeMap<ContentHash, Report>,
    is_person: impl Fn(&Actor) -> bool,
) -> Vec<RuledPair> {
    let mut pairs = Vec::new();
    for (gate, state) in &episode.gates {
        let mut last: BTreeMap<(ContentHash, &str), &RuledItem> = BTreeMap::new();
        for ruled in state.rulings.iter().filter(|ruled| is_person(&ruled.by)) {
            last.insert((ruled.hash, ruled.ruled.item.as_str()), ruled);
        }
        for ((hash, item), ruled) in last {
            let report = state.evaluations.get(&hash).and_then(|evaluation| reports.get(&evaluation.report));
            let Some(report) = report else { continue };
            let Some(dispute) = report.disputes.iter().find(|dispute| dispute.id == item) else { continue };
            for (by, view) in LETTERS.into_iter().zip(&dispute.views) {
                let Some(epoch) = epoch_of(episode, report, &view.judge) else { continue };
                pairs.push(RuledPair {
                    episode: episode.number,
                    gate: gate.clone(),
                    item: item.to_owned(),
                    by,
                    epoch,
                    judge: judges_word(report, dispute, by, view.objects),
                    person: word_of(ruled.ruled.ruling),
                });
            }
        }
    }
    pairs
}

/// What a judge held of what is disputed: its gravest finding at the line, or in the dimension where no line is named. Points below
/// the floor without a finding are a fault that can go out.
fn judges_word(report: &Report, dispute: &Dispute, by: char, objects: bool) -> u8 {
    let is_of_it = |line, dimension| match dispute.line {
        Some(disputed) => line == disputed,
        None => dimension == dispute.dimension,
    };
    let own = report.findings.iter().filter(|listed| listed.by == by).map(|listed| &listed.finding);
    match own.filter(|finding| is_of_it(finding.line, finding.dimension)).map(|finding| finding.severity).max() {
        Some(Severity::Blocker) => 3,
        Some(Severity::Major | Severity::Minor) => 2,
        None if objects => 2,
        None => 1,
    }
}

/// What the measure of a judge belongs to, by what the episode pinned and the report says.
pub fn epoch_of(episode: &Episode, report: &Report, judge: &StageId) -> Option<Epoch> {
    let prompt = episode.pin(judge)?.prompt.as_ref()?;
    Some(Epoch {
        agent: prompt.agent.clone(),
        version: prompt.version.clone(),
        prompt: prompt.hash,
        model: episode.route(judge)?.model.clone(),
        rubric: report.rubric.clone(),
        rule: report.rule.clone(),
    })
}

/// How a judge agrees with people within one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochAgreement {
    /// The judge's letter.
    pub by: char,
    /// The epoch.
    pub epoch: Epoch,
    /// How many rulings there are.
    pub n: usize,
    /// In how many of them the judge's word is the person's.
    pub exact: usize,
    /// How often the judge was graver than the person.
    pub graver: usize,
    /// How often the judge was milder.
    pub milder: usize,
    /// The measures, where there are enough rulings for them.
    pub measures: Option<Agreement>,
}

/// How each judge agrees with people, by epoch; those with the most rulings first.
pub fn by_epoch(pairs: &[RuledPair]) -> Vec<EpochAgreement> {
    let mut groups: BTreeMap<(char, &Epoch), Vec<(u8, u8)>> = BTreeMap::new();
    for pair in pairs {
        groups.entry((pair.by, &pair.epoch)).or_default().push((pair.judge, pair.person));
    }
    let mut all: Vec<EpochAgreement> = groups
        .into_iter()
        .map(|((by, epoch), words)| EpochAgreement {
            by,
            epoch: epoch.clone(),
            n: words.len(),
            exact: words.iter().filter(|(judge, person)| judge == person).count(),
            graver: words.iter().filter(|(judge, person)| judge > person).count(),
            milder: words.iter().filter(|(judge, person)| judge < person).count(),
            measures: measures(&words).ok(),
        })
        .collect();
    all.sort_by(|a, b| b.n.cmp(&a.n).then(a.by.cmp(&b.by)).then_with(|| a.epoch.cmp(&b.epoch)));
    all
}

fn measures(words: &[(u8, u8)]) -> Result<Agreement, TooFew> {
    let too_few = TooFew { n: words.len(), needed: agreement::NEEDED };
    agreement::window_on(words, Scale::up_to(3).ok_or(too_few)?, SEED)
}

/// How the judges of one script agree, in counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgesAgreement {
    /// The episode.
    pub episode: EpisodeNumber,
    /// The gate.
    pub gate: StageId,
    /// The round in which its last script was judged.
    pub round: u32,
    /// The first two judges.
    pub judges: (StageId, StageId),
    /// In how many dimensions they gave the same, and at most one point apart.
    pub counts: EpisodeAgreement,
}

/// How the first two judges of an episode agree on the last script that each gate had judged.
pub fn between_judges(episode: &Episode, reports: &BTreeMap<ContentHash, Report>) -> Vec<JudgesAgreement> {
    let mut all = Vec::new();
    for (gate, state) in &episode.gates {
        let judged = state.evaluations.values().filter_map(|evaluation| {
            let report = reports.get(&evaluation.report).filter(|report| !report.dimensions.is_empty())?;
            Some((evaluation, report))
        });
        let Some((evaluation, report)) = judged.max_by_key(|(evaluation, _)| evaluation.at) else { continue };
        let mut judges = None;
        let mut points = Vec::new();
        for row in &report.dimensions {
            let [first, second, ..] = row.given.as_slice() else { continue };
            judges.get_or_insert((first.judge.clone(), second.judge.clone()));
            if let (Some(first), Some(second)) = (first.points, second.points) {
                points.push((first.get(), second.get()));
            }
        }
        let Some(judges) = judges else { continue };
        let (gate, round, counts) = (gate.clone(), evaluation.round, agreement::episode(&points));
        all.push(JudgesAgreement { episode: episode.number, gate, round, judges, counts });
    }
    all
}
