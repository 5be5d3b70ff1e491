//! The records of version 1: what the body of a journal line says, member by member.
//!
//! A body is one member named after the record, such as `{"call_settled":{…}}`; a record without members is its name
//! alone. Unknown records and unknown members are refused. What stands here is on people's disks: a new record, a new word or
//! a member that older lines may lack may be added, and anything else is a new version with types of its own. The text forms of ids, hashes, amounts,
//! scopes and times are contracts themselves and are taken over as they are.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::budget::Scope;
use crate::domain::ids::{ContentHash, IntentKey, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::sent::StudioId;
use bills::ReadBillV1;
use names::{
    AnswerRulingV1, ChoiceV1, HandoffV1, NearCapV1, ProvenanceV1, ProviderV1, RetryClassV1, RulingV1, VerdictV1, WayV1,
};
use paid::{BillV1, UsageV1};
use values::{NeedV1, PinV1, PolicyV1, PromptPinV1, RouteV1, RuledV1, SeenV1, ToldV1, UncertainV1, UnitPlanV1};

mod bills;
mod events;
mod names;
mod paid;
mod panel;
mod values;

/// The body of a line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum RecordV1 {
    StudioOpened {
        provenance: ProvenanceV1,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<StudioId>,
    },
    ClockSteppedBack {
        by_ms: u64,
    },
    ClockSteppedForward {
        by_ms: u64,
    },
    ClockBelieved {
        ahead_ms: u64,
    },
    LossAccepted {
        held: u64,
        known: u64,
        cost: MicroUsd,
        until: Option<Timestamp>,
        calls: Vec<IntentKey>,
        episodes: u32,
        reason: String,
    },
    CapSet {
        scope: Scope,
        cap: MicroUsd,
        reason: String,
    },
    CapNear {
        scope: Scope,
        cap: MicroUsd,
        committed: MicroUsd,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        then: Option<NearCapV1>,
    },
    CommandRefused {
        asked: String,
        reason: String,
    },
    EpisodeStarted {
        title: String,
        show: String,
        research: ContentHash,
        profile: ContentHash,
        policy: PolicyV1,
        projected: MicroUsd,
    },
    StagePinned {
        pin: Box<PinV1>,
    },
    StagePrepared {
        stage: StageId,
        input: ContentHash,
        units: Vec<UnitPlanV1>,
        last: bool,
    },
    CorrectionPrepared {
        stage: StageId,
        input: ContentHash,
        unit: UnitPlanV1,
    },
    CallIntended {
        key: IntentKey,
        request: ContentHash,
        worst: MicroUsd,
        route: RouteV1,
    },
    CallSettled {
        key: IntentKey,
        answer: ContentHash,
        usage: UsageV1,
        price: MicroUsd,
        machine_ms: u64,
        request_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bill: Option<Box<BillV1>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<ToldV1>,
    },
    CallBatched {
        key: IntentKey,
        batch: String,
    },
    CallFailed {
        key: IntentKey,
        class: RetryClassV1,
        message: String,
        price: MicroUsd,
        not_before: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Box<UsageV1>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bill: Option<Box<BillV1>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<ToldV1>,
    },
    BreakerOpened {
        provider: ProviderV1,
        until: Timestamp,
        failures: u32,
        reason: String,
    },
    BreakerProbing {
        provider: ProviderV1,
    },
    BreakerClosed {
        provider: ProviderV1,
    },
    ChargeUncertain {
        key: IntentKey,
        reason: String,
    },
    ChargeRuled {
        key: IntentKey,
        ruling: RulingV1,
        not_before: Option<Timestamp>,
    },
    AnswerUnread {
        key: IntentKey,
        reason: String,
    },
    AnswerRuled {
        key: IntentKey,
        ruling: AnswerRulingV1,
    },
    UncertainPolicySet {
        uncertain: UncertainV1,
    },
    ChargeCorrected {
        key: IntentKey,
        price: MicroUsd,
        reason: String,
    },
    AnswerReused {
        stage: StageId,
        input: ContentHash,
        unit: u32,
        route: RouteV1,
        name: ContentHash,
        answer: ContentHash,
        of: IntentKey,
        saved: MicroUsd,
    },
    UnitAccepted {
        stage: StageId,
        input: ContentHash,
        unit: u32,
        output: ContentHash,
        claimed_words: Option<u64>,
    },
    OutputRejected {
        stage: StageId,
        input: ContentHash,
        unit: u32,
        reason: String,
    },
    StageCompleted {
        stage: StageId,
        input: ContentHash,
        output: ContentHash,
        handoff: HandoffV1,
        words: Option<u64>,
    },
    StageFailed {
        stage: StageId,
        input: ContentHash,
        reason: String,
    },
    RetryGranted {
        stage: StageId,
    },
    RouteChanged {
        stage: StageId,
        route: RouteV1,
        reason: String,
    },
    GateEvaluated {
        gate: StageId,
        hash: ContentHash,
        verdict: VerdictV1,
        reasons: Vec<String>,
        report: ContentHash,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open: Vec<String>,
    },
    GateApproved {
        gate: StageId,
        hash: ContentHash,
        max_spend: MicroUsd,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<SeenV1>,
    },
    ItemRuled {
        gate: StageId,
        hash: ContentHash,
        ruled: RuledV1,
    },
    OverrideProposed {
        gate: StageId,
        hash: ContentHash,
        reason: String,
    },
    GateOverridden {
        gate: StageId,
        hash: ContentHash,
        reason: String,
        max_spend: MicroUsd,
        seen: Option<SeenV1>,
    },
    OutputChosen {
        stage: StageId,
        input: ContentHash,
        output: ContentHash,
        parent: ContentHash,
        choice: ChoiceV1,
        reason: String,
        words: Option<u64>,
    },
    SentBack {
        gate: StageId,
        hash: ContentHash,
        target: StageId,
        note: ContentHash,
        base: ContentHash,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        way: Option<WayV1>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen: Option<SeenV1>,
    },
    PromptChosen {
        stage: StageId,
        prompt: PromptPinV1,
        reviser: bool,
        reason: String,
    },
    BillReconciled {
        bill: Box<ReadBillV1>,
    },
    NeedOpened {
        need: NeedV1,
    },
    NeedClosed {
        id: String,
        answer: String,
    },
    Paused,
    Resumed,
    Cancelled {
        reason: String,
    },
    Rejected {
        reason: String,
    },
    Packaged {
        manifest: ContentHash,
    },
}
