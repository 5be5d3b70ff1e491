//! Every kind of event and every word in one, as lists that cannot be left incomplete: a missing entry does not compile.

use crate::domain::bill::{Basis, SearchSize, Service};
use crate::domain::call::{Provider, RetryClass};
use crate::domain::event::{
    AnswerRuling, Choice, Event, Handoff, InputForm, ItemRuling, NearCap, Overriding, Provenance, Ruling, Verdict, Way,
    WhenDown,
};
use crate::domain::handoff::Contract;
use crate::domain::panel::Style;
use crate::domain::pipeline::{Human, Kind};

/// A list of all values of an enum of names, with an exhaustive match over the same names.
macro_rules! every {
    ($($list:ident: $enum:ident { $($value:ident),+ $(,)? })+) => {$(
        pub(super) const $list: &[$enum] = {
            const fn complete(value: $enum) -> $enum {
                match value {
                    $($enum::$value => $enum::$value,)+
                }
            }
            &[$(complete($enum::$value)),+]
        };
    )+};
}

every! {
    PROVENANCES: Provenance { Rehearsal, Live }
    BASES: Basis { Counted, Billed, Worst, Impossible }
    SERVICES: Service { Standard, Batch, Fast, Priority }
    SEARCH_SIZES: SearchSize { Low, Medium, High }
    INPUT_FORMS: InputForm { First, Second }
    NEAR_CAPS: NearCap { Alert, Cheaper, Slower }
    WHEN_DOWNS: WhenDown { Wait, Fallback }
    HANDOFFS: Handoff { FirstTry, Corrected, Local, Skipped, Chosen }
    VERDICTS: Verdict { Passed, Failed, Person }
    RULINGS: Ruling { Resend, WriteOff }
    ANSWER_RULINGS: AnswerRuling { ReadAgain, CallAgain }
    CHOICES: Choice { Edited, FellBack, RolledBack }
    ITEM_RULINGS: ItemRuling { Fix, Waive, NotAFault }
    OVERRIDINGS: Overriding { Nobody, Reason, SecondPerson }
    WAYS: Way { Author, Peer, RedTeam, Plan }
    PROVIDERS: Provider { Anthropic, Gemini, ElevenLabs, OpenAi, Perplexity }
    CLASSES: RetryClass { RetryAfter, LowerConcurrency, FixRequest, OtherModel, AskPerson, Stop }
    KINDS: Kind { Agent, Panel, Evaluate, Gate, Speech, Master, Render }
    STYLES: Style { RoundRobin, LlmSelect, Handoff, Goal }
    HUMANS: Human { Always, OnDispute, Never }
    CONTRACTS: Contract {
        Research, Brief, Plan, Draft, Judgement, Arbitration, Preference, Review, Fixes, Revision, SpeechText, ShowNotes,
        ArtworkBrief, Promotion, Turn, Selection, Angle, ResearchNotes, Routing, Speech, Report, Package, Canaries,
        CanaryReport, Calibration,
    }
}

/// The names of all kinds of events and the name of one, from the same list.
macro_rules! events {
    ($($kind:ident),+ $(,)?) => {
        pub(super) const EVENTS: &[&str] = &[$(stringify!($kind)),+];

        pub(super) fn name(event: &Event) -> &'static str {
            match event {
                $(Event::$kind { .. } => stringify!($kind),)+
            }
        }
    };
}

events!(
    StudioOpened,
    ClockSteppedBack,
    ClockSteppedForward,
    ClockBelieved,
    LossAccepted,
    CapSet,
    CapNear,
    CommandRefused,
    EpisodeStarted,
    StagePinned,
    StagePrepared,
    CorrectionPrepared,
    CallIntended,
    CallSettled,
    CallBatched,
    CallFailed,
    BreakerOpened,
    BreakerProbing,
    BreakerClosed,
    ChargeUncertain,
    ChargeRuled,
    AnswerUnread,
    AnswerRuled,
    UncertainPolicySet,
    ChargeCorrected,
    AnswerReused,
    UnitAccepted,
    OutputRejected,
    StageCompleted,
    StageFailed,
    RetryGranted,
    RouteChanged,
    GateEvaluated,
    ItemRuled,
    OverrideProposed,
    GateOverridden,
    GateApproved,
    OutputChosen,
    SentBack,
    PromptChosen,
    BillReconciled,
    NeedOpened,
    NeedClosed,
    Paused,
    Resumed,
    Cancelled,
    Rejected,
    Packaged,
);
