//! What an episode will still cost and take, by what past episodes of the same show cost and took.
//!
//! A forecast is an observation, and no bound: what holds is the worst case that is reserved and the cap. Under
//! [`FEWEST`] past episodes nothing is forecast. Not for prices of single calls.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cost::EpisodeSummary;
use super::episode::{Episode, Life, Standing};
use super::ids::StageId;
use super::money::MicroUsd;

/// Under so many past episodes nothing is forecast.
pub const FEWEST: usize = 8;

/// What one stage of a past episode cost and took, all its rounds together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Took {
    /// What it cost.
    pub cost: MicroUsd,
    /// How long providers worked for it, in milliseconds; calls side by side add up.
    pub machine_ms: u64,
}

impl Took {
    fn plus(self, other: Self) -> Self {
        Self { cost: self.cost.plus(other.cost), machine_ms: self.machine_ms.saturating_add(other.machine_ms) }
    }

    /// What is left of it when so much is done; never under nothing.
    fn less(self, done: Self) -> Self {
        let cost = self.cost.minus(done.cost).max(MicroUsd::ZERO);
        Self { cost, machine_ms: self.machine_ms.saturating_sub(done.machine_ms) }
    }
}

/// A past episode, by stage.
pub type Past = BTreeMap<StageId, Took>;

/// The past episodes of a show that came to their package, each by stage. Those that were stopped say nothing of a whole one.
pub fn history(past: &[EpisodeSummary], show: &str) -> Vec<Past> {
    let whole = past.iter().filter(|episode| episode.show == show && matches!(episode.life, Life::Packaged(_)));
    whole
        .map(|episode| {
            let mut stages = Past::new();
            for row in &episode.rows {
                let stage = stages.entry(row.stage.clone()).or_default();
                *stage = stage.plus(Took { cost: row.spent, machine_ms: row.machine_ms });
            }
            stages
        })
        .collect()
}

/// Tenths of a distribution: a value under which a tenth, a half and nine tenths of the past lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range<T> {
    /// A tenth lies below.
    pub p10: T,
    /// A half lies below.
    pub p50: T,
    /// Nine tenths lie below.
    pub p90: T,
}

/// What a stage that is left is likely to cost and take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageLeft {
    /// The stage.
    pub stage: StageId,
    /// Its cost.
    pub cost: Range<MicroUsd>,
    /// Its time at providers, in milliseconds.
    pub machine_ms: Range<u64>,
}

/// What is likely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// How many past episodes it rests on.
    pub past: usize,
    /// The cost of all that is left.
    pub cost: Range<MicroUsd>,
    /// The time at providers of all that is left, in milliseconds.
    pub machine_ms: Range<u64>,
    /// By stage, in their order; the ranges of stages do not add up to that of the whole.
    pub stages: Vec<StageLeft>,
}

/// What is likely where too few episodes are past for a forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// The cost of all that is left.
    pub cost: MicroUsd,
    /// On how many past episodes it rests; on the sizes of prompts where there is none.
    pub past: usize,
}

/// What can be said of the rest of an episode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// What is likely; nothing where too few episodes are past.
    pub forecast: Option<Forecast>,
    /// What is likely where nothing is forecast.
    pub estimate: Option<Estimate>,
    /// How many past episodes of the show there are.
    pub past: usize,
    /// The most that what is left was projected to cost, without rounds.
    pub worst: MicroUsd,
    /// What is held for calls under way and uncertain ones.
    pub reserved: MicroUsd,
    /// What the cap leaves, where there is one: more is not spent without asking.
    pub left_of_cap: Option<MicroUsd>,
}

/// What is likely for stages that are left, of each of which so much is done already; nothing under [`FEWEST`] past episodes.
pub fn forecast(history: &[Past], left: &[(StageId, Took)]) -> Option<Forecast> {
    if history.len() < FEWEST {
        return None;
    }
    let of = |past: &Past, (stage, done): &(StageId, Took)| past.get(stage).copied().unwrap_or_default().less(*done);
    let whole: Vec<Took> =
        history.iter().map(|past| left.iter().map(|left| of(past, left)).fold(Took::default(), Took::plus)).collect();
    let stages = left.iter().map(|left| {
        let (cost, machine_ms) = ranges(history.iter().map(|past| of(past, left)).collect());
        StageLeft { stage: left.0.clone(), cost, machine_ms }
    });
    let stages = stages.collect();
    let (cost, machine_ms) = ranges(whole);
    Some(Forecast { past: history.len(), cost, machine_ms, stages })
}

/// The half of a few past episodes, else what stages are likely to cost by themselves, less what is done of each.
fn estimate(history: &[Past], left: &[(StageId, Took)], likely: &BTreeMap<StageId, MicroUsd>) -> Option<Estimate> {
    let of = |past: &Past| -> MicroUsd {
        left.iter().map(|(stage, done)| past.get(stage).copied().unwrap_or_default().less(*done).cost).sum()
    };
    if !history.is_empty() && history.len() < FEWEST {
        let sums = history.iter().map(|past| Took { cost: of(past), machine_ms: 0 });
        return Some(Estimate { cost: ranges(sums.collect()).0.p50, past: history.len() });
    }
    if likely.is_empty() || history.len() >= FEWEST {
        return None;
    }
    let reckoned: Past =
        likely.iter().map(|(stage, cost)| (stage.clone(), Took { cost: *cost, machine_ms: 0 })).collect();
    Some(Estimate { cost: of(&reckoned), past: 0 })
}

/// The rest of an episode under way: every paid stage that is not done, less what its present work has cost by now. `likely` is
/// what stages are likely to cost by the sizes of their prompts, where that is known.
pub fn rest(episode: &Episode, past: &[EpisodeSummary], likely: &BTreeMap<StageId, MicroUsd>) -> Outlook {
    let standings = episode.standings();
    let is_left = |id: &StageId| !matches!(standings.get(id), Some(Standing::Done(..)));
    let paid = episode.pins.iter().filter(|pin| pin.route.is_some() && is_left(&pin.stage.id));
    let left: Vec<_> = paid.map(|pin| (pin.stage.id.clone(), present(episode, &pin.stage.id))).collect();
    let history = history(past, &episode.show);
    let taken = episode.committed();
    let worst = if left.is_empty() { MicroUsd::ZERO } else { episode.projected.minus(taken).max(MicroUsd::ZERO) };
    Outlook {
        forecast: forecast(&history, &left),
        estimate: estimate(&history, &left, likely),
        past: history.len(),
        worst,
        reserved: episode.reserved(),
        left_of_cap: episode.cap().map(|cap| cap.minus(taken).max(MicroUsd::ZERO)),
    }
}

/// A whole new episode of a show with these paid stages, projected to cost so much at worst.
pub fn whole(
    stages: &[StageId],
    show: &str,
    past: &[EpisodeSummary],
    likely: &BTreeMap<StageId, MicroUsd>,
    (projected, cap): (MicroUsd, MicroUsd),
) -> Outlook {
    let left: Vec<_> = stages.iter().map(|stage| (stage.clone(), Took::default())).collect();
    let history = history(past, show);
    Outlook {
        forecast: forecast(&history, &left),
        estimate: estimate(&history, &left, likely),
        past: history.len(),
        worst: projected,
        reserved: MicroUsd::ZERO,
        left_of_cap: Some(cap),
    }
}

/// What the present work of a stage has cost by now: earlier rounds are in what past episodes cost too.
fn present(episode: &Episode, stage: &StageId) -> Took {
    let Some(run) = episode.stages.get(stage).and_then(|state| state.run.as_ref()) else { return Took::default() };
    let calls = episode.calls_of(stage).filter(|(_, call)| call.at >= run.at);
    calls.map(|(_, call)| Took { cost: call.spent(), machine_ms: call.machine_ms() }).fold(Took::default(), Took::plus)
}

fn ranges(all: Vec<Took>) -> (Range<MicroUsd>, Range<u64>) {
    let micros = range(all.iter().map(|took| u64::try_from(took.cost.0).unwrap_or(0)).collect());
    let money = |amount: u64| MicroUsd(i64::try_from(amount).unwrap_or(i64::MAX));
    let cost = Range { p10: money(micros.p10), p50: money(micros.p50), p90: money(micros.p90) };
    (cost, range(all.iter().map(|took| took.machine_ms).collect()))
}

fn range(mut values: Vec<u64>) -> Range<u64> {
    values.sort_unstable();
    Range { p10: quantile(&values, 10), p50: quantile(&values, 50), p90: quantile(&values, 90) }
}

/// The value under which so many parts of a hundred lie, between two neighbours in proportion and rounded up; 0 where there is
/// no value. The values come in order.
fn quantile(values: &[u64], parts: u64) -> u64 {
    let steps = (values.len() as u64).saturating_sub(1).saturating_mul(parts);
    let (at, between) = (usize::try_from(steps / 100).unwrap_or(usize::MAX), steps % 100);
    let low = values.get(at).copied().unwrap_or(0);
    let high = values.get(at.saturating_add(1)).copied().unwrap_or(low);
    let step = u128::from(high.saturating_sub(low)) * u128::from(between);
    low.saturating_add(u64::try_from(step.div_ceil(100)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(stage: &str) -> StageId {
        stage.parse().unwrap()
    }

    fn past(stages: &[(&str, i64, u64)]) -> Past {
        stages.iter().map(|(stage, cost, ms)| (id(stage), Took { cost: MicroUsd(*cost), machine_ms: *ms })).collect()
    }

    #[test]
    fn quantiles_are_those_that_a_hand_works_out() {
        // Eleven values 0, 10, …, 100: p10 is the second, p50 the sixth, p90 the tenth.
        let even: Vec<u64> = (0..=10).map(|n| n * 10).collect();
        assert_eq!(range(even), Range { p10: 10, p50: 50, p90: 90 });
        // 3 5 8 9 14 20 30 41, seven steps: the tenth is at step 0.7, 4.4; the half at 3.5, 11.5; nine tenths at 6.3, 33.3; rounded up.
        let eight = vec![41, 3, 9, 5, 14, 20, 30, 8];
        assert_eq!(range(eight), Range { p10: 5, p50: 12, p90: 34 });
        assert_eq!(range(vec![7]), Range { p10: 7, p50: 7, p90: 7 });
        assert_eq!(range(Vec::new()), Range { p10: 0, p50: 0, p90: 0 });
    }

    #[test]
    fn under_eight_past_episodes_nothing_is_forecast() {
        let one = past(&[("script", 100, 10)]);
        let left = [(id("script"), Took::default())];
        assert_eq!(forecast(&vec![one.clone(); FEWEST - 1], &left), None);
        assert_eq!(forecast(&vec![one; FEWEST], &left).map(|f| f.cost.p50), Some(MicroUsd(100)));
    }

    #[test]
    fn the_whole_is_of_whole_episodes_and_what_is_done_of_a_stage_counts_off() {
        // In each episode one stage is dear and the other cheap, so that the whole always costs 110: no sum of the stages' own
        // nine tenths would say so.
        let history: Vec<Past> = (0..10)
            .map(|n| {
                if n % 2 == 0 {
                    [("script", 100, 60), ("voice", 10, 5)]
                } else {
                    [("script", 10, 5), ("voice", 100, 60)]
                }
            })
            .map(|stages| past(&stages))
            .collect();
        let left = [(id("script"), Took::default()), (id("voice"), Took::default())];
        let found = forecast(&history, &left).unwrap();
        assert_eq!(found.cost, Range { p10: MicroUsd(110), p50: MicroUsd(110), p90: MicroUsd(110) });
        assert_eq!(found.stages[0].cost, Range { p10: MicroUsd(10), p50: MicroUsd(55), p90: MicroUsd(100) });
        let done = [(id("script"), Took { cost: MicroUsd(40), machine_ms: 30 })];
        let found = forecast(&history, &done).unwrap();
        assert_eq!(found.cost, Range { p10: MicroUsd(0), p50: MicroUsd(30), p90: MicroUsd(60) });
        assert_eq!(found.machine_ms, Range { p10: 0, p50: 15, p90: 30 });
        assert_eq!(forecast(&history, &[]).unwrap().cost.p90, MicroUsd::ZERO, "nothing is left");
    }

    #[test]
    fn a_few_past_episodes_are_an_estimate_and_without_any_the_sizes_are() {
        let likely = BTreeMap::from([(id("script"), MicroUsd(70)), (id("voice"), MicroUsd(20))]);
        let left = [(id("script"), Took { cost: MicroUsd(30), machine_ms: 1 }), (id("voice"), Took::default())];
        assert_eq!(estimate(&[], &left, &likely), Some(Estimate { cost: MicroUsd(60), past: 0 }), "40 and 20 are left");
        let few: Vec<Past> = [100, 130, 200].map(|cost| past(&[("script", cost, 10)])).to_vec();
        assert_eq!(estimate(&few, &left, &likely), Some(Estimate { cost: MicroUsd(100), past: 3 }));
        assert_eq!(estimate(&vec![few[0].clone(); FEWEST], &left, &likely), None, "that is a forecast");
        assert_eq!(estimate(&[], &left, &BTreeMap::new()), None);
    }

    proptest! {
        #[test]
        fn tenths_lie_within_the_past_and_in_their_order(values in prop::collection::vec(any::<u64>(), 1..40)) {
            let found = range(values.clone());
            let (least, most) = (values.iter().min().copied().unwrap(), values.iter().max().copied().unwrap());
            prop_assert!(least <= found.p10 && found.p10 <= found.p50 && found.p50 <= found.p90 && found.p90 <= most);
        }
    }
}
