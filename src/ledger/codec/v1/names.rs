//! The words of version 1: values that are one of a few names, each with its name on disk spelled out.
//!
//! A name that stands in a journal is never given another meaning. A new value of the domain needs a new name here, and
//! the compiler asks for it.

use serde::{Deserialize, Serialize};

use crate::domain::bill::{Basis, SearchSize, Service};
use crate::domain::call::{Provider, RetryClass};
use crate::domain::event::{
    AnswerRuling, Choice, Handoff, InputForm, ItemRuling, NearCap, Overriding, Provenance, Ruling, Verdict, Way,
    WhenDown,
};
use crate::domain::handoff::Contract;
use crate::domain::panel::Style;
use crate::domain::pipeline::{Human, Kind};

/// An enum of names with the way from the domain's enum and back, both exhaustive.
macro_rules! names {
    ($($record:ident of $domain:ident { $($value:ident = $name:literal),+ $(,)? })+) => {$(
        #[derive(Clone, Copy, Debug, Serialize, Deserialize)]
        pub(in crate::ledger::codec) enum $record {
            $(#[serde(rename = $name)] $value,)+
        }

        impl From<$domain> for $record {
            fn from(value: $domain) -> Self {
                match value {
                    $($domain::$value => Self::$value,)+
                }
            }
        }

        impl From<$record> for $domain {
            fn from(record: $record) -> Self {
                match record {
                    $($record::$value => Self::$value,)+
                }
            }
        }
    )+};
}

names! {
    ProvenanceV1 of Provenance {
        Rehearsal = "rehearsal",
        Live = "live",
    }
    BasisV1 of Basis {
        Counted = "counted",
        Billed = "billed",
        Worst = "worst",
        Impossible = "impossible",
    }
    ServiceV1 of Service {
        Standard = "standard",
        Batch = "batch",
        Fast = "fast",
        Priority = "priority",
    }
    SearchSizeV1 of SearchSize {
        Low = "low",
        Medium = "medium",
        High = "high",
    }
    InputFormV1 of InputForm {
        First = "first",
        Second = "second",
    }
    NearCapV1 of NearCap {
        Alert = "alert",
        Cheaper = "cheaper",
        Slower = "slower",
    }
    WhenDownV1 of WhenDown {
        Wait = "wait",
        Fallback = "fallback",
    }
    HandoffV1 of Handoff {
        FirstTry = "first_try",
        Corrected = "corrected",
        Local = "local",
        Skipped = "skipped",
        Chosen = "chosen",
    }
    ChoiceV1 of Choice {
        Edited = "edited",
        FellBack = "fell_back",
        RolledBack = "rolled_back",
    }
    ItemRulingV1 of ItemRuling {
        Fix = "fix",
        Waive = "waive",
        NotAFault = "not_a_fault",
    }
    OverridingV1 of Overriding {
        Nobody = "nobody",
        Reason = "reason",
        SecondPerson = "second_person",
    }
    WayV1 of Way {
        Author = "author",
        Peer = "peer",
        RedTeam = "red_team",
        Plan = "plan",
    }
    VerdictV1 of Verdict {
        Passed = "passed",
        Failed = "failed",
        Person = "person",
    }
    AnswerRulingV1 of AnswerRuling {
        ReadAgain = "read_again",
        CallAgain = "call_again",
    }
    RulingV1 of Ruling {
        Resend = "resend",
        WriteOff = "write_off",
    }
    ProviderV1 of Provider {
        Anthropic = "anthropic",
        Gemini = "gemini",
        ElevenLabs = "elevenlabs",
        OpenAi = "openai",
        Perplexity = "perplexity",
    }
    RetryClassV1 of RetryClass {
        RetryAfter = "retry_after",
        LowerConcurrency = "lower_concurrency",
        FixRequest = "fix_request",
        OtherModel = "other_model",
        AskPerson = "ask_person",
        Stop = "stop",
    }
    KindV1 of Kind {
        Agent = "agent",
        Panel = "panel",
        Evaluate = "evaluate",
        Gate = "gate",
        Speech = "speech",
        Master = "master",
        Render = "render",
    }
    StyleV1 of Style {
        RoundRobin = "round_robin",
        LlmSelect = "llm_select",
        Handoff = "handoff",
        Goal = "goal",
    }
    HumanV1 of Human {
        Always = "always",
        OnDispute = "on_dispute",
        Never = "never",
    }
    ContractV1 of Contract {
        Research = "research",
        Brief = "brief",
        Plan = "plan",
        Draft = "draft",
        Judgement = "judgement",
        Arbitration = "arbitration",
        Preference = "preference",
        Review = "review",
        Fixes = "fixes",
        Revision = "revision",
        SpeechText = "speech_text",
        ShowNotes = "show_notes",
        ArtworkBrief = "artwork_brief",
        Promotion = "promotion",
        Turn = "turn",
        Selection = "selection",
        Angle = "angle",
        ResearchNotes = "research_notes",
        Routing = "routing",
        Speech = "speech",
        Report = "report",
        Package = "package",
        Canaries = "canaries",
        CanaryReport = "canary_report",
        Calibration = "calibration",
    }
}
