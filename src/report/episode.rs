//! One episode in lines: its stages, gates, needs and uncertain calls, as tables and JSON show them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::plain;
use crate::domain::episode::{Call, CallState, Episode, Standing};
use crate::domain::event::{Need, Ruling, Verdict};
use crate::domain::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::pipeline::Kind;
use crate::domain::share::Share;
use crate::engine::words;

/// A stage of an episode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageLine {
    /// Its name.
    pub stage: StageId,
    /// What it is called for people.
    pub title: String,
    /// `waiting`, `working`, `stopped` or `done`.
    pub state: &'static str,
    /// Why it stopped, where it did, or that it waits for money.
    pub reason: Option<String>,
    /// Calls, failed ones included.
    pub calls: u32,
    /// Tokens in, cached ones included.
    pub tokens_in: u64,
    /// Tokens out.
    pub tokens_out: u64,
    /// Micro-dollars spent.
    pub spent_micro_usd: MicroUsd,
    /// Micro-dollars held for calls that are not answered.
    pub reserved_micro_usd: MicroUsd,
    /// Micro-dollars that calls may have cost whose charge is uncertain, or that were sent again.
    pub possible_micro_usd: MicroUsd,
    /// The room that its largest call took, in tokens; nothing where it was not recorded.
    pub window: Option<WindowLine>,
    /// Calls that were not made, since equal ones had been answered.
    pub reused: u32,
    /// Micro-dollars that those had cost.
    pub saved_micro_usd: MicroUsd,
    /// How long providers worked for it, in milliseconds.
    pub machine_ms: u64,
    /// What it handed on, where it is done.
    pub output: Option<ContentHash>,
    /// How the gate judged, where it is one that did.
    pub gate: Option<GateLine>,
}

/// The room that a call took of what its model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct WindowLine {
    /// Reserved: the prompt, bounded from above, and the longest answer.
    pub reserved_tokens: u64,
    /// Consumed, as the provider counted it; nothing before it was answered.
    pub consumed_tokens: Option<u64>,
    /// What the model has room for, where it is known.
    pub context_tokens: Option<u32>,
}

impl WindowLine {
    /// Consumed and reserved, in parts of a hundred of what the model has room for.
    pub fn words(&self) -> String {
        let share = |tokens: u64| self.context_tokens.map(|context| Share::of(tokens, u64::from(context)));
        let told = |share: Share| format!("{}.{}", share.per_mille() / 10, share.per_mille() % 10);
        let consumed = self.consumed_tokens.and_then(share).map_or_else(|| "-".to_owned(), told);
        share(self.reserved_tokens).map_or_else(String::new, |reserved| format!("{consumed}/{} %", told(reserved)))
    }
}

/// The call of these that took the most room.
fn window(calls: &[&Call]) -> Option<WindowLine> {
    let told = calls.iter().filter_map(|call| Some((call, call.window?)));
    let (call, window) = told.max_by_key(|(_, window)| window.reserved())?;
    let usage = call.usage();
    let consumed = usage.tokens_in().saturating_add(usage.output);
    Some(WindowLine {
        reserved_tokens: window.reserved(),
        consumed_tokens: (consumed > 0).then_some(consumed),
        context_tokens: window.context,
    })
}

/// How a gate stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GateLine {
    /// What a decision binds to.
    pub hash: ContentHash,
    /// `passed`, `failed` or `person`.
    pub verdict: Verdict,
    /// Why.
    pub reasons: Vec<String>,
    /// Who approved it, where someone did.
    pub approved_by: Option<String>,
    /// When.
    pub approved_at: Option<Timestamp>,
}

/// The stages in the order of the pipeline.
pub fn stages(episode: &Episode) -> Vec<StageLine> {
    let standings = episode.standings();
    episode.pins.iter().map(|pin| stage(episode, &pin.stage.id, &pin.stage.title, &standings)).collect()
}

fn stage(episode: &Episode, id: &StageId, title: &str, standings: &BTreeMap<StageId, Standing>) -> StageLine {
    let standing = standings.get(id);
    let run = episode.stages.get(id).and_then(|state| state.run.as_ref());
    let inputs = standing.and_then(Standing::inputs);
    let reason = run.filter(|run| inputs.is_some_and(|inputs| inputs.hash == run.input)).and_then(|r| r.failed.clone());
    let for_money = |open: &crate::domain::episode::OpenNeed| match &open.need {
        Need::Cap { stage, .. } if stage == id => Some(format!("waits for money: {}", words::need_words(&open.need))),
        _ => None,
    };
    let money = episode.needs.iter().find_map(for_money).filter(|_| reason.is_none());
    let state = match (standing, &reason) {
        (Some(Standing::Done(..)), _) => "done",
        (Some(Standing::Open(_)), None) if money.is_some() => "waiting",
        (Some(Standing::Open(_)), Some(_)) => "stopped",
        (Some(Standing::Open(_)), None) => "working",
        (Some(Standing::Waiting) | None, _) => "waiting",
    };
    let is_gate = episode.pin(id).is_some_and(|pin| pin.stage.kind == Kind::Gate);
    let calls: Vec<_> = episode.calls_of(id).map(|(_, call)| call).collect();
    let reused = || episode.reused.iter().filter(|reused| &reused.stage == id);
    let took = |state: &CallState| match state {
        CallState::Settled { machine_ms, .. } => *machine_ms,
        CallState::InFlight | CallState::Failed { .. } | CallState::Uncertain { .. } | CallState::Ruled { .. } => 0,
    };
    StageLine {
        stage: id.clone(),
        title: title.to_owned(),
        state,
        reason: reason.or(money).map(|reason| plain::line(&reason)),
        calls: u32::try_from(calls.len()).unwrap_or(u32::MAX),
        tokens_in: calls.iter().map(|call| call.usage().tokens_in()).fold(0, u64::saturating_add),
        tokens_out: calls.iter().map(|call| call.usage().output).fold(0, u64::saturating_add),
        spent_micro_usd: calls.iter().map(|call| call.spent()).sum(),
        reserved_micro_usd: calls.iter().map(|call| call.reserved()).sum(),
        possible_micro_usd: calls.iter().map(|call| call.possible()).sum(),
        window: window(&calls),
        reused: u32::try_from(reused().count()).unwrap_or(u32::MAX),
        saved_micro_usd: reused().map(|reused| reused.saved).sum(),
        machine_ms: calls.iter().map(|call| took(&call.state)).fold(0, u64::saturating_add),
        output: standing.and_then(Standing::output),
        gate: inputs.filter(|_| is_gate).and_then(|inputs| gate(episode, id, &inputs.hash)),
    }
}

fn gate(episode: &Episode, id: &StageId, hash: &ContentHash) -> Option<GateLine> {
    let state = episode.gates.get(id)?;
    let evaluation = state.evaluations.get(hash)?;
    let approval = state.approvals.get(hash);
    Some(GateLine {
        hash: *hash,
        verdict: evaluation.verdict,
        reasons: evaluation.reasons.iter().map(|reason| plain::line(reason)).collect(),
        approved_by: approval.map(|approval| approval.by.to_string()),
        approved_at: approval.map(|approval| approval.at),
    })
}

/// Something that waits for a person, with the command that answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NeedLine {
    /// The episode.
    pub episode: EpisodeNumber,
    /// The need's id.
    pub id: String,
    /// What it is for, in words.
    pub what: String,
    /// Since when.
    pub since: Timestamp,
    /// How it is answered without a terminal.
    pub answer: String,
}

/// What waits for a person in an episode. `studio` is what stands behind `greenroom` in the answers, such as ` --studio rehearsal`.
pub fn needs(episode: &Episode, studio: &str) -> Vec<NeedLine> {
    let line = |open: &crate::domain::episode::OpenNeed| NeedLine {
        episode: episode.number,
        id: open.id.clone(),
        what: plain::line(&words::need_words(&open.need)),
        since: open.since,
        answer: answer(episode.number, &open.need, studio),
    };
    episode.needs.iter().map(line).collect()
}

fn answer(number: EpisodeNumber, need: &Need, studio: &str) -> String {
    match need {
        Need::Gate { gate, .. } => format!("greenroom{studio} gate show {} {gate}", number.0),
        Need::Charge { key } => format!(
            "greenroom{studio} charge resolve {key} --resend | --write-off (all of the same cause: --all-like; up to a limit from now \
             on: greenroom{studio} charge policy {})",
            number.0
        ),
        Need::Cap { scope, stage, .. } => format!(
            "greenroom{studio} budget raise {} USD --reason WHY, or episode cheaper {} {stage}",
            scope_word(scope),
            number.0
        ),
        Need::Retries { stage, .. } => format!("greenroom{studio} episode retry {} {stage}", number.0),
        Need::Unread { key, .. } => format!("greenroom{studio} charge resolve {key} --read-again | --resend"),
        Need::OverBilled { key, .. } => format!("greenroom{studio} charge resolve {key} --accept-bill"),
    }
}

/// A scope as `budget raise` takes it.
fn scope_word(scope: &crate::domain::budget::Scope) -> String {
    use crate::domain::budget::Scope;
    match scope {
        Scope::Day(_) => "day".to_owned(),
        Scope::Month(_) => "month".to_owned(),
        Scope::Call | Scope::Stage(..) | Scope::Episode(_) => scope.to_string(),
    }
}

/// A paid call of which nobody knows whether it was charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallLine {
    /// Its key.
    pub key: IntentKey,
    /// The model.
    pub model: String,
    /// Micro-dollars that it may have cost at most; they stay held.
    pub worst_micro_usd: MicroUsd,
    /// How its answer was lost.
    pub reason: String,
    /// When it was sent.
    pub at: Timestamp,
}

/// The uncertain calls of an episode.
pub fn uncertain_calls(episode: &Episode) -> Vec<CallLine> {
    let lost = |state: &CallState| match state {
        CallState::Uncertain { reason } => Some(plain::line(reason)),
        CallState::InFlight | CallState::Settled { .. } | CallState::Failed { .. } | CallState::Ruled { .. } => None,
    };
    lines_of(episode, lost)
}

/// The calls of an episode that were sent again: each may have been charged the first time.
pub fn possible_calls(episode: &Episode) -> Vec<CallLine> {
    let resent = |state: &CallState| match state {
        CallState::Ruled { ruling: Ruling::Resend } => Some("sent again".to_owned()),
        CallState::Ruled { ruling: Ruling::WriteOff }
        | CallState::Uncertain { .. }
        | CallState::InFlight
        | CallState::Settled { .. }
        | CallState::Failed { .. } => None,
    };
    lines_of(episode, resent)
}

fn lines_of(episode: &Episode, reason: impl Fn(&CallState) -> Option<String>) -> Vec<CallLine> {
    let line = |(key, call): (&IntentKey, &crate::domain::episode::Call)| {
        Some(CallLine {
            key: key.clone(),
            model: call.route.model.clone(),
            worst_micro_usd: call.worst,
            reason: reason(&call.state)?,
            at: call.at,
        })
    };
    episode.calls.iter().filter_map(line).collect()
}
