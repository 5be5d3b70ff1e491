//! From events to records of version 1 and back. Not for what is on disk: see the records themselves.

use super::RecordV1;
use super::values::ToldV1;
use crate::domain::call::{Told, Usage};
use crate::domain::event::{Event, NearCap, Way};

impl From<&Event> for RecordV1 {
    fn from(event: &Event) -> Self {
        match event.clone() {
            Event::StudioOpened { provenance, id } => Self::StudioOpened { provenance: provenance.into(), id },
            Event::ClockSteppedBack { by_ms } => Self::ClockSteppedBack { by_ms },
            Event::ClockSteppedForward { by_ms } => Self::ClockSteppedForward { by_ms },
            Event::ClockBelieved { ahead_ms } => Self::ClockBelieved { ahead_ms },
            Event::LossAccepted { held, known, cost, until, calls, episodes, reason } => {
                Self::LossAccepted { held, known, cost, until, calls, episodes, reason }
            }
            Event::CapSet { scope, cap, reason } => Self::CapSet { scope, cap, reason },
            Event::CapNear { scope, cap, committed, then } => {
                Self::CapNear { scope, cap, committed, then: (then != NearCap::Alert).then(|| then.into()) }
            }
            Event::CommandRefused { asked, reason } => Self::CommandRefused { asked, reason },
            Event::EpisodeStarted { title, show, research, profile, policy, projected } => {
                Self::EpisodeStarted { title, show, research, profile, policy: policy.into(), projected }
            }
            Event::StagePinned { pin } => Self::StagePinned { pin: Box::new((*pin).into()) },
            Event::StagePrepared { stage, input, units, last } => {
                Self::StagePrepared { stage, input, units: units.into_iter().map(Into::into).collect(), last }
            }
            Event::CorrectionPrepared { stage, input, unit } => {
                Self::CorrectionPrepared { stage, input, unit: unit.into() }
            }
            Event::CallIntended { key, request, worst, route } => {
                Self::CallIntended { key, request, worst, route: route.into() }
            }
            Event::CallSettled { key, answer, usage, price, machine_ms, request_id, bill, told } => {
                let told = ToldV1::of(told);
                let bill = bill.map(|bill| Box::new((*bill).into()));
                Self::CallSettled { key, answer, usage: usage.into(), price, machine_ms, request_id, bill, told }
            }
            Event::CallBatched { key, batch } => Self::CallBatched { key, batch },
            Event::CallFailed { key, class, message, price, not_before, usage, bill, request_id, told } => {
                let told = ToldV1::of(told);
                let (class, bill) = (class.into(), bill.map(|bill| Box::new((*bill).into())));
                // Most failures used nothing.
                let usage = (usage != Usage::default()).then(|| Box::new(usage.into()));
                Self::CallFailed { key, class, message, price, not_before, usage, bill, request_id, told }
            }
            Event::BreakerOpened { provider, until, failures, reason } => {
                Self::BreakerOpened { provider: provider.into(), until, failures, reason }
            }
            Event::BreakerProbing { provider } => Self::BreakerProbing { provider: provider.into() },
            Event::BreakerClosed { provider } => Self::BreakerClosed { provider: provider.into() },
            Event::ChargeUncertain { key, reason } => Self::ChargeUncertain { key, reason },
            Event::ChargeRuled { key, ruling, not_before } => {
                Self::ChargeRuled { key, ruling: ruling.into(), not_before }
            }
            Event::AnswerUnread { key, reason } => Self::AnswerUnread { key, reason },
            Event::AnswerRuled { key, ruling } => Self::AnswerRuled { key, ruling: ruling.into() },
            Event::UncertainPolicySet { uncertain } => Self::UncertainPolicySet { uncertain: uncertain.into() },
            Event::ChargeCorrected { key, price, reason } => Self::ChargeCorrected { key, price, reason },
            Event::AnswerReused { stage, input, unit, route, name, answer, of, saved } => {
                Self::AnswerReused { stage, input, unit, route: route.into(), name, answer, of, saved }
            }
            Event::UnitAccepted { stage, input, unit, output, claimed_words } => {
                Self::UnitAccepted { stage, input, unit, output, claimed_words }
            }
            Event::OutputRejected { stage, input, unit, reason } => Self::OutputRejected { stage, input, unit, reason },
            Event::StageCompleted { stage, input, output, handoff, words } => {
                Self::StageCompleted { stage, input, output, handoff: handoff.into(), words }
            }
            Event::StageFailed { stage, input, reason } => Self::StageFailed { stage, input, reason },
            Event::RetryGranted { stage } => Self::RetryGranted { stage },
            Event::RouteChanged { stage, route, reason } => Self::RouteChanged { stage, route: route.into(), reason },
            Event::GateEvaluated { gate, hash, verdict, reasons, report, open } => {
                Self::GateEvaluated { gate, hash, verdict: verdict.into(), reasons, report, open }
            }
            Event::GateApproved { gate, hash, max_spend, seen } => {
                Self::GateApproved { gate, hash, max_spend, seen: seen.map(Into::into) }
            }
            Event::ItemRuled { gate, hash, ruled } => Self::ItemRuled { gate, hash, ruled: ruled.into() },
            Event::OverrideProposed { gate, hash, reason } => Self::OverrideProposed { gate, hash, reason },
            Event::GateOverridden { gate, hash, reason, max_spend, seen } => {
                Self::GateOverridden { gate, hash, reason, max_spend, seen: seen.map(Into::into) }
            }
            Event::OutputChosen { stage, input, output, parent, choice, reason, words } => {
                Self::OutputChosen { stage, input, output, parent, choice: choice.into(), reason, words }
            }
            Event::SentBack { gate, hash, target, note, base, way, seen } => {
                let (way, seen) = ((way != Way::Author).then(|| way.into()), seen.map(Into::into));
                Self::SentBack { gate, hash, target, note, base, way, seen }
            }
            Event::PromptChosen { stage, prompt, reviser, reason } => {
                Self::PromptChosen { stage, prompt: prompt.into(), reviser, reason }
            }
            Event::BillReconciled { bill } => Self::BillReconciled { bill: Box::new((*bill).into()) },
            Event::NeedOpened { need } => Self::NeedOpened { need: need.into() },
            Event::NeedClosed { id, answer } => Self::NeedClosed { id, answer },
            Event::Paused => Self::Paused,
            Event::Resumed => Self::Resumed,
            Event::Cancelled { reason } => Self::Cancelled { reason },
            Event::Rejected { reason } => Self::Rejected { reason },
            Event::Packaged { manifest } => Self::Packaged { manifest },
        }
    }
}

impl From<RecordV1> for Event {
    fn from(record: RecordV1) -> Self {
        match record {
            RecordV1::StudioOpened { provenance, id } => Self::StudioOpened { provenance: provenance.into(), id },
            RecordV1::ClockSteppedBack { by_ms } => Self::ClockSteppedBack { by_ms },
            RecordV1::ClockSteppedForward { by_ms } => Self::ClockSteppedForward { by_ms },
            RecordV1::ClockBelieved { ahead_ms } => Self::ClockBelieved { ahead_ms },
            RecordV1::LossAccepted { held, known, cost, until, calls, episodes, reason } => {
                Self::LossAccepted { held, known, cost, until, calls, episodes, reason }
            }
            RecordV1::CapSet { scope, cap, reason } => Self::CapSet { scope, cap, reason },
            RecordV1::CapNear { scope, cap, committed, then } => {
                Self::CapNear { scope, cap, committed, then: then.map(NearCap::from).unwrap_or_default() }
            }
            RecordV1::CommandRefused { asked, reason } => Self::CommandRefused { asked, reason },
            RecordV1::EpisodeStarted { title, show, research, profile, policy, projected } => {
                Self::EpisodeStarted { title, show, research, profile, policy: policy.into(), projected }
            }
            RecordV1::StagePinned { pin } => Self::StagePinned { pin: Box::new((*pin).into()) },
            RecordV1::StagePrepared { stage, input, units, last } => {
                Self::StagePrepared { stage, input, units: units.into_iter().map(Into::into).collect(), last }
            }
            RecordV1::CorrectionPrepared { stage, input, unit } => {
                Self::CorrectionPrepared { stage, input, unit: unit.into() }
            }
            RecordV1::CallIntended { key, request, worst, route } => {
                Self::CallIntended { key, request, worst, route: route.into() }
            }
            RecordV1::CallSettled { key, answer, usage, price, machine_ms, request_id, bill, told } => {
                let told = told.map(Told::from).unwrap_or_default();
                let bill = bill.map(|bill| Box::new((*bill).into()));
                Self::CallSettled { key, answer, usage: usage.into(), price, machine_ms, request_id, bill, told }
            }
            RecordV1::CallBatched { key, batch } => Self::CallBatched { key, batch },
            RecordV1::CallFailed { key, class, message, price, not_before, usage, bill, request_id, told } => {
                let told = told.map(Told::from).unwrap_or_default();
                let (class, bill) = (class.into(), bill.map(|bill| Box::new((*bill).into())));
                let usage = usage.map(|usage| (*usage).into()).unwrap_or_default();
                Self::CallFailed { key, class, message, price, not_before, usage, bill, request_id, told }
            }
            RecordV1::BreakerOpened { provider, until, failures, reason } => {
                Self::BreakerOpened { provider: provider.into(), until, failures, reason }
            }
            RecordV1::BreakerProbing { provider } => Self::BreakerProbing { provider: provider.into() },
            RecordV1::BreakerClosed { provider } => Self::BreakerClosed { provider: provider.into() },
            RecordV1::ChargeUncertain { key, reason } => Self::ChargeUncertain { key, reason },
            RecordV1::ChargeRuled { key, ruling, not_before } => {
                Self::ChargeRuled { key, ruling: ruling.into(), not_before }
            }
            RecordV1::AnswerUnread { key, reason } => Self::AnswerUnread { key, reason },
            RecordV1::AnswerRuled { key, ruling } => Self::AnswerRuled { key, ruling: ruling.into() },
            RecordV1::UncertainPolicySet { uncertain } => Self::UncertainPolicySet { uncertain: uncertain.into() },
            RecordV1::ChargeCorrected { key, price, reason } => Self::ChargeCorrected { key, price, reason },
            RecordV1::AnswerReused { stage, input, unit, route, name, answer, of, saved } => {
                Self::AnswerReused { stage, input, unit, route: route.into(), name, answer, of, saved }
            }
            RecordV1::UnitAccepted { stage, input, unit, output, claimed_words } => {
                Self::UnitAccepted { stage, input, unit, output, claimed_words }
            }
            RecordV1::OutputRejected { stage, input, unit, reason } => {
                Self::OutputRejected { stage, input, unit, reason }
            }
            RecordV1::StageCompleted { stage, input, output, handoff, words } => {
                Self::StageCompleted { stage, input, output, handoff: handoff.into(), words }
            }
            RecordV1::StageFailed { stage, input, reason } => Self::StageFailed { stage, input, reason },
            RecordV1::RetryGranted { stage } => Self::RetryGranted { stage },
            RecordV1::RouteChanged { stage, route, reason } => {
                Self::RouteChanged { stage, route: route.into(), reason }
            }
            RecordV1::GateEvaluated { gate, hash, verdict, reasons, report, open } => {
                Self::GateEvaluated { gate, hash, verdict: verdict.into(), reasons, report, open }
            }
            RecordV1::GateApproved { gate, hash, max_spend, seen } => {
                Self::GateApproved { gate, hash, max_spend, seen: seen.map(Into::into) }
            }
            RecordV1::ItemRuled { gate, hash, ruled } => Self::ItemRuled { gate, hash, ruled: ruled.into() },
            RecordV1::OverrideProposed { gate, hash, reason } => Self::OverrideProposed { gate, hash, reason },
            RecordV1::GateOverridden { gate, hash, reason, max_spend, seen } => {
                Self::GateOverridden { gate, hash, reason, max_spend, seen: seen.map(Into::into) }
            }
            RecordV1::OutputChosen { stage, input, output, parent, choice, reason, words } => {
                Self::OutputChosen { stage, input, output, parent, choice: choice.into(), reason, words }
            }
            RecordV1::SentBack { gate, hash, target, note, base, way, seen } => {
                // Before there were ways there was the author's alone.
                let (way, seen) = (way.map(Way::from).unwrap_or_default(), seen.map(Into::into));
                Self::SentBack { gate, hash, target, note, base, way, seen }
            }
            RecordV1::PromptChosen { stage, prompt, reviser, reason } => {
                Self::PromptChosen { stage, prompt: prompt.into(), reviser, reason }
            }
            RecordV1::BillReconciled { bill } => Self::BillReconciled { bill: Box::new((*bill).into()) },
            RecordV1::NeedOpened { need } => Self::NeedOpened { need: need.into() },
            RecordV1::NeedClosed { id, answer } => Self::NeedClosed { id, answer },
            RecordV1::Paused => Self::Paused,
            RecordV1::Resumed => Self::Resumed,
            RecordV1::Cancelled { reason } => Self::Cancelled { reason },
            RecordV1::Rejected { reason } => Self::Rejected { reason },
            RecordV1::Packaged { manifest } => Self::Packaged { manifest },
        }
    }
}
