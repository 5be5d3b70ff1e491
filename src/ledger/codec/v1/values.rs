//! The structured values of version 1: what an episode pinned, what waits for a person.
//!
//! Each is taken apart member by member, so that a member that the domain gains or loses does not compile until it is
//! said here what becomes of it on disk.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::names::{
    ContractV1, HumanV1, InputFormV1, ItemRulingV1, KindV1, NearCapV1, OverridingV1, ProviderV1, WhenDownV1,
};
use super::panel::{PanelV1, SeatV1};
use crate::domain::budget::Scope;
use crate::domain::call::{Route, Told};
use crate::domain::event::{
    InputForm, Mending, NearCap, Need, Overriding, Pin, Policy, PromptPin, ResendLimit, Ruled, Seen, Uncertain,
    UnitPlan, WhenDown, Window,
};
use crate::domain::ids::{ContentHash, IntentKey, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::panel::{PanelSpec, Seat};
use crate::domain::pipeline::Stage;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct PolicyV1 {
    uncertain: UncertainV1,
    corrections: u32,
    target_ms: (u64, u64),
    words_per_minute: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rubric: Option<ContentHash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mending: Option<MendingV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overriding: Option<OverridingV1>,
    #[serde(default, skip_serializing_if = "is_zero")]
    canary_every: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lately: Option<ContentHash>,
    #[serde(default, skip_serializing_if = "is_zero")]
    sample: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    near_cap: Option<NearCapV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    when_down: Option<WhenDownV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inputs: Option<InputFormV1>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl From<Policy> for PolicyV1 {
    fn from(policy: Policy) -> Self {
        let Policy {
            uncertain,
            corrections,
            target_ms,
            words_per_minute,
            rubric,
            mending,
            overriding,
            canary_every,
            lately,
            sample,
            near_cap,
            when_down,
            inputs,
        } = policy;
        Self {
            uncertain: uncertain.into(),
            corrections,
            target_ms,
            words_per_minute,
            rubric,
            // What older lines lack is what they meant.
            mending: (mending != Mending::default()).then(|| mending.into()),
            overriding: (overriding != Overriding::Nobody).then(|| overriding.into()),
            canary_every,
            lately,
            sample,
            near_cap: (near_cap != NearCap::Alert).then(|| near_cap.into()),
            when_down: (when_down != WhenDown::Wait).then(|| when_down.into()),
            inputs: (inputs != InputForm::First).then(|| inputs.into()),
        }
    }
}

impl From<PolicyV1> for Policy {
    fn from(record: PolicyV1) -> Self {
        let PolicyV1 {
            uncertain,
            corrections,
            target_ms,
            words_per_minute,
            rubric,
            mending,
            overriding,
            canary_every,
            lately,
            sample,
            near_cap,
            when_down,
            inputs,
        } = record;
        Self {
            uncertain: uncertain.into(),
            corrections,
            target_ms,
            words_per_minute,
            rubric,
            mending: mending.map(Mending::from).unwrap_or_default(),
            overriding: overriding.map_or(Overriding::Nobody, Overriding::from),
            canary_every,
            lately,
            sample,
            near_cap: near_cap.map(NearCap::from).unwrap_or_default(),
            when_down: when_down.map(WhenDown::from).unwrap_or_default(),
            inputs: inputs.map(InputForm::from).unwrap_or_default(),
        }
    }
}

/// `"ask"`, `"resend"` or `{"within":{…}}`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::ledger::codec) enum UncertainV1 {
    Ask,
    Resend,
    Within { call: MicroUsd, episode: MicroUsd },
}

impl From<Uncertain> for UncertainV1 {
    fn from(uncertain: Uncertain) -> Self {
        match uncertain {
            Uncertain::Ask => Self::Ask,
            Uncertain::Resend => Self::Resend,
            Uncertain::Within(ResendLimit { call, episode }) => Self::Within { call, episode },
        }
    }
}

impl From<UncertainV1> for Uncertain {
    fn from(record: UncertainV1) -> Self {
        match record {
            UncertainV1::Ask => Self::Ask,
            UncertainV1::Resend => Self::Resend,
            UncertainV1::Within { call, episode } => Self::Within(ResendLimit { call, episode }),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct ToldV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    most: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

impl ToldV1 {
    /// What was said; nothing where nothing was.
    pub(super) fn of(told: Told) -> Option<Self> {
        let Told { most, until } = told;
        (told != Told::default()).then_some(Self { most, until })
    }
}

impl From<ToldV1> for Told {
    fn from(record: ToldV1) -> Self {
        let ToldV1 { most, until } = record;
        Self { most, until }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct MendingV1 {
    rounds: u32,
    spend: Option<MicroUsd>,
    minutes: Option<u32>,
}

impl From<Mending> for MendingV1 {
    fn from(mending: Mending) -> Self {
        let Mending { rounds, spend, minutes } = mending;
        Self { rounds, spend, minutes }
    }
}

impl From<MendingV1> for Mending {
    fn from(record: MendingV1) -> Self {
        let MendingV1 { rounds, spend, minutes } = record;
        Self { rounds, spend, minutes }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct RuledV1 {
    item: String,
    ruling: ItemRulingV1,
    reason: String,
}

impl From<Ruled> for RuledV1 {
    fn from(ruled: Ruled) -> Self {
        let Ruled { item, ruling, reason } = ruled;
        Self { item, ruling: ruling.into(), reason }
    }
}

impl From<RuledV1> for Ruled {
    fn from(record: RuledV1) -> Self {
        let RuledV1 { item, ruling, reason } = record;
        Self { item, ruling: ruling.into(), reason }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct SeenV1 {
    report: ContentHash,
    open: u32,
    spent: MicroUsd,
    read_percent: u8,
    seconds: u32,
}

impl From<Seen> for SeenV1 {
    fn from(seen: Seen) -> Self {
        let Seen { report, open, spent, read_percent, seconds } = seen;
        Self { report, open, spent, read_percent, seconds }
    }
}

impl From<SeenV1> for Seen {
    fn from(record: SeenV1) -> Self {
        let SeenV1 { report, open, spent, read_percent, seconds } = record;
        Self { report, open, spent, read_percent, seconds }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct RouteV1 {
    provider: ProviderV1,
    model: String,
}

impl From<Route> for RouteV1 {
    fn from(route: Route) -> Self {
        let Route { provider, model } = route;
        Self { provider: provider.into(), model }
    }
}

impl From<RouteV1> for Route {
    fn from(record: RouteV1) -> Self {
        let RouteV1 { provider, model } = record;
        Self { provider: provider.into(), model }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct UnitPlanV1 {
    unit: u32,
    request: ContentHash,
    worst: MicroUsd,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    route: Option<RouteV1>,
    /// Tokens of the prompt, of the answer, and of what the model has room for; 0 where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<(u32, u32, u32)>,
}

impl From<UnitPlan> for UnitPlanV1 {
    fn from(plan: UnitPlan) -> Self {
        let UnitPlan { unit, request, worst, route, window } = plan;
        let window = window.map(|Window { prompt, answer, context }| (prompt, answer, context.unwrap_or(0)));
        Self { unit, request, worst, route: route.map(RouteV1::from), window }
    }
}

impl From<UnitPlanV1> for UnitPlan {
    fn from(record: UnitPlanV1) -> Self {
        let UnitPlanV1 { unit, request, worst, route, window } = record;
        let known = |context: u32| (context > 0).then_some(context);
        let window = window.map(|(prompt, answer, context)| Window { prompt, answer, context: known(context) });
        Self { unit, request, worst, route: route.map(Route::from), window }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct PromptPinV1 {
    agent: String,
    version: String,
    hash: ContentHash,
}

impl From<PromptPin> for PromptPinV1 {
    fn from(pin: PromptPin) -> Self {
        let PromptPin { agent, version, hash } = pin;
        Self { agent, version, hash }
    }
}

impl From<PromptPinV1> for PromptPin {
    fn from(record: PromptPinV1) -> Self {
        let PromptPinV1 { agent, version, hash } = record;
        Self { agent, version, hash }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct PinV1 {
    stage: StageV1,
    prompt: Option<PromptPinV1>,
    revise: Option<PromptPinV1>,
    route: Option<RouteV1>,
    fallback: Option<RouteV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    further: Vec<RouteV1>,
    cheaper: Option<RouteV1>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seats: Vec<SeatV1>,
}

impl From<Pin> for PinV1 {
    fn from(pin: Pin) -> Self {
        let Pin { stage, prompt, revise, route, fallback, further, cheaper, seats } = pin;
        Self {
            stage: stage.into(),
            prompt: prompt.map(PromptPinV1::from),
            revise: revise.map(PromptPinV1::from),
            route: route.map(RouteV1::from),
            fallback: fallback.map(RouteV1::from),
            further: further.into_iter().map(RouteV1::from).collect(),
            cheaper: cheaper.map(RouteV1::from),
            seats: seats.into_iter().map(SeatV1::from).collect(),
        }
    }
}

impl From<PinV1> for Pin {
    fn from(record: PinV1) -> Self {
        let PinV1 { stage, prompt, revise, route, fallback, further, cheaper, seats } = record;
        Self {
            stage: stage.into(),
            prompt: prompt.map(PromptPin::from),
            revise: revise.map(PromptPin::from),
            route: route.map(Route::from),
            fallback: fallback.map(Route::from),
            further: further.into_iter().map(Route::from).collect(),
            cheaper: cheaper.map(Route::from),
            seats: seats.into_iter().map(Seat::from).collect(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::ledger::codec) struct StageV1 {
    id: StageId,
    title: String,
    kind: KindV1,
    agent: Option<String>,
    reviser: Option<String>,
    inputs: Vec<StageId>,
    after: Vec<StageId>,
    output: ContractV1,
    human: Option<HumanV1>,
    send_back: Option<StageId>,
    signs: Vec<StageId>,
    skip_when_empty: Option<StageId>,
    revises: Option<StageId>,
    time_limit_seconds: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    panel: Option<PanelV1>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attacker: Option<String>,
}

impl From<Stage> for StageV1 {
    fn from(stage: Stage) -> Self {
        let Stage {
            id,
            title,
            kind,
            agent,
            reviser,
            inputs,
            after,
            output,
            human,
            send_back,
            signs,
            skip_when_empty,
            revises,
            time_limit_seconds,
            panel,
            attacker,
        } = stage;
        Self {
            id,
            title,
            kind: kind.into(),
            agent,
            reviser,
            inputs,
            after,
            output: output.into(),
            human: human.map(HumanV1::from),
            send_back,
            signs,
            skip_when_empty,
            revises,
            time_limit_seconds,
            panel: panel.map(PanelV1::from),
            attacker,
        }
    }
}

impl From<StageV1> for Stage {
    fn from(record: StageV1) -> Self {
        let StageV1 {
            id,
            title,
            kind,
            agent,
            reviser,
            inputs,
            after,
            output,
            human,
            send_back,
            signs,
            skip_when_empty,
            revises,
            time_limit_seconds,
            panel,
            attacker,
        } = record;
        Self {
            id,
            title,
            kind: kind.into(),
            agent,
            reviser,
            inputs,
            after,
            output: output.into(),
            human: human.map(Into::into),
            send_back,
            signs,
            skip_when_empty,
            revises,
            time_limit_seconds,
            panel: panel.map(PanelSpec::from),
            attacker,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::ledger::codec) enum NeedV1 {
    Gate { gate: StageId, hash: ContentHash },
    Charge { key: IntentKey },
    Cap { stage: StageId, scope: Scope, cap: MicroUsd, committed: MicroUsd, worst: MicroUsd },
    Retries { stage: StageId, reason: String },
    Unread { key: IntentKey, reason: String },
    OverBilled { key: IntentKey, reserved: MicroUsd, billed: MicroUsd },
}

impl From<Need> for NeedV1 {
    fn from(need: Need) -> Self {
        match need {
            Need::Gate { gate, hash } => Self::Gate { gate, hash },
            Need::Charge { key } => Self::Charge { key },
            Need::Cap { stage, scope, cap, committed, worst } => Self::Cap { stage, scope, cap, committed, worst },
            Need::Retries { stage, reason } => Self::Retries { stage, reason },
            Need::Unread { key, reason } => Self::Unread { key, reason },
            Need::OverBilled { key, reserved, billed } => Self::OverBilled { key, reserved, billed },
        }
    }
}

impl From<NeedV1> for Need {
    fn from(record: NeedV1) -> Self {
        match record {
            NeedV1::Gate { gate, hash } => Self::Gate { gate, hash },
            NeedV1::Charge { key } => Self::Charge { key },
            NeedV1::Cap { stage, scope, cap, committed, worst } => Self::Cap { stage, scope, cap, committed, worst },
            NeedV1::Retries { stage, reason } => Self::Retries { stage, reason },
            NeedV1::Unread { key, reason } => Self::Unread { key, reason },
            NeedV1::OverBilled { key, reserved, billed } => Self::OverBilled { key, reserved, billed },
        }
    }
}
