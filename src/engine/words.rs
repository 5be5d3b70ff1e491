//! Events in words, for the feed of the console and for logs that people read.

use super::snapshot::{FeedLine, Tone};
use crate::domain::bill::{Basis, Bill};
use crate::domain::billed::ReadBill;
use crate::domain::decide;
use crate::domain::event::{AnswerRuling, Event, Handoff, Need, Ruling, Stamped, Verdict, Way};

/// The event as a line of the feed; `None` where people need not see it.
pub fn line(stamped: &Stamped) -> Option<FeedLine> {
    let (tone, text) = words(stamped)?;
    Some(FeedLine { seq: stamped.seq, at: stamped.at, episode: stamped.episode, tone, text })
}

fn words(stamped: &Stamped) -> Option<(Tone, String)> {
    let actor = &stamped.actor;
    Some(match &stamped.event {
        Event::StudioOpened { provenance, id: _ } => (Tone::Done, format!("the studio was opened ({provenance})")),
        Event::ClockSteppedBack { by_ms } => (
            Tone::Fault,
            format!("the clock was set back by {}; caps count by its day, with what that day has spent", span(*by_ms)),
        ),
        Event::ClockSteppedForward { by_ms } => (
            Tone::Fault,
            format!(
                "the clock went forward by {} more than this machine counted: it slept, or the clock was set. Caps count by \
                 the former day for an hour; set the clock right if it is wrong",
                span(*by_ms)
            ),
        ),
        Event::ClockBelieved { ahead_ms: 0 } => (Tone::Done, "time in the ledger goes by the clock".to_owned()),
        Event::ClockBelieved { ahead_ms } => (
            Tone::Done,
            format!("time in the ledger runs {} ahead of the clock; caps count by the clock's day", span(*ahead_ms)),
        ),
        Event::LossAccepted { held, known, reason, .. } => {
            let missing = match known.saturating_sub(*held) {
                0 => "events".to_owned(),
                1 => format!("event {known}"),
                _ => format!("events {} to {known}", held + 1),
            };
            (Tone::Fault, format!("{missing} went missing; {actor} goes on without: {reason}"))
        }
        // What a show sets at the start of every episode is no news.
        Event::CapSet { reason, .. } if reason == decide::FROM_THE_SHOW => return None,
        Event::CapSet { scope, cap, .. } => (Tone::Money, format!("cap of {scope} set to {cap} USD by {actor}")),
        Event::CapNear { scope, cap, committed, then } => {
            (Tone::Money, format!("80 % of {scope}: {committed} of {cap} USD spent, held or possible{}", then.words()))
        }
        Event::CommandRefused { asked, reason } => (Tone::Fault, format!("refused: {asked}: {reason}")),
        Event::EpisodeStarted { title, .. } => (Tone::Done, format!("begun: {title}")),
        Event::StagePinned { .. } | Event::UnitAccepted { .. } => return None,
        Event::StagePrepared { stage, units, last, .. } => {
            if !last || units.len() <= 1 {
                return None;
            }
            (Tone::Work, format!("{stage}: calls made ready"))
        }
        Event::CorrectionPrepared { stage, .. } => {
            (Tone::Work, format!("{stage}: asked again with the validator's words"))
        }
        Event::CallIntended { key, worst, route, .. } => {
            if key.unit > 0 {
                return None;
            }
            (Tone::Work, format!("{}: {} called, at most {worst:.4} USD", key.stage, route.model))
        }
        Event::CallSettled { key, price, usage, bill, .. } => {
            let unit = match key.unit {
                0 => String::new(),
                line if usage.characters > 0 => format!(" L{line:03}"),
                other => format!(" (call {})", other + 1),
            };
            let how = bill.as_deref().map(unusual).unwrap_or_default();
            (Tone::Money, format!("{}{unit}: answered, {price:.4} USD{how}", key.stage))
        }
        Event::AnswerReused { stage, unit, of, saved, .. } => {
            let unit = if *unit == 0 { String::new() } else { format!(" (call {})", unit + 1) };
            (Tone::Money, format!("{stage}{unit}: answered as {of} was, {saved:.4} USD saved"))
        }
        Event::CallBatched { key, batch } => {
            (Tone::Work, format!("{}: in the batch {batch}, answered within a day", key.stage))
        }
        Event::CallFailed { key, message, not_before, .. } => {
            let again = if not_before.is_some() { "; trying again" } else { "" };
            (Tone::Fault, format!("{}: {message}{again}", key.stage))
        }
        Event::BreakerOpened { provider, failures, until, reason } => {
            let until = until.strftime("%H:%M:%S");
            let text = format!("{provider}: {failures} failures in a row, no call before {until} UTC: {reason}");
            (Tone::Fault, text)
        }
        Event::BreakerProbing { provider } => {
            (Tone::Work, format!("{provider}: one call tries whether it answers again"))
        }
        Event::BreakerClosed { provider } => (Tone::Done, format!("{provider}: answers again, calls go on")),
        Event::ChargeUncertain { key, reason } => (Tone::Fault, format!("{}: charge uncertain: {reason}", key.stage)),
        Event::ChargeRuled { key, ruling, .. } => {
            let how = match ruling {
                Ruling::Resend => "sent again; a second charge is possible",
                Ruling::WriteOff => "written off",
            };
            (Tone::Decision, format!("{}: {how} ({actor})", key.stage))
        }
        Event::AnswerUnread { key, reason } => {
            (Tone::Fault, format!("{}: the answer is paid for and cannot be read: {reason}", key.stage))
        }
        Event::AnswerRuled { key, ruling } => {
            let how = match ruling {
                AnswerRuling::ReadAgain => "the answer is read again, for nothing",
                AnswerRuling::CallAgain => "another call is paid for",
            };
            (Tone::Decision, format!("{}: {how} ({actor})", key.stage))
        }
        Event::UncertainPolicySet { uncertain } => {
            (Tone::Decision, format!("from now on: {} ({actor})", uncertain.words()))
        }
        Event::ChargeCorrected { key, price, reason } => {
            (Tone::Money, format!("{}: the price of {key} is {price:.4} USD now ({actor}): {reason}", key.stage))
        }
        Event::OutputRejected { stage, reason, .. } => (Tone::Fault, format!("{stage}: answer refused: {reason}")),
        Event::StageCompleted { stage, handoff, words, .. } => {
            let how = match handoff {
                Handoff::FirstTry | Handoff::Local => "",
                Handoff::Corrected => ", after a correction",
                Handoff::Skipped => ", nothing to do",
                Handoff::Chosen => ", chosen",
            };
            let words = words.map(|words| format!(", {words} words")).unwrap_or_default();
            (Tone::Done, format!("{stage}: done{words}{how}"))
        }
        Event::StageFailed { stage, reason, .. } => (Tone::Fault, format!("{stage}: stopped: {reason}")),
        Event::RetryGranted { stage } => (Tone::Decision, format!("{stage}: may try again ({actor})")),
        Event::RouteChanged { stage, route, reason } => {
            (Tone::Decision, format!("{stage}: goes to {} now: {reason}", route.model))
        }
        Event::GateEvaluated { gate, verdict, reasons, .. } => {
            let first = reasons.first().map(|reason| format!(": {reason}")).unwrap_or_default();
            match verdict {
                Verdict::Passed => (Tone::Done, format!("{gate}: PASS")),
                Verdict::Failed => (Tone::Fault, format!("{gate}: FAIL{first}")),
                Verdict::Person => (Tone::Need, format!("{gate}: a person decides{first}")),
            }
        }
        Event::GateApproved { gate, hash, .. } => {
            (Tone::Decision, format!("{gate}: approved at {} by {actor}", hash.short()))
        }
        Event::ItemRuled { gate, ruled, .. } => {
            let why = if ruled.reason.is_empty() { String::new() } else { format!(": {}", ruled.reason) };
            (Tone::Decision, format!("{gate}: {} {} by {actor}{why}", ruled.item, ruled.ruling.words()))
        }
        Event::OverrideProposed { gate, reason, .. } => {
            (Tone::Need, format!("{gate}: {actor} would override it, a second person must confirm: {reason}"))
        }
        Event::GateOverridden { gate, reason, .. } => {
            (Tone::Decision, format!("{gate}: FAILED and overridden by {actor}: {reason}"))
        }
        Event::OutputChosen { stage, choice, reason, .. } => {
            (Tone::Decision, format!("{stage}: {} ({actor}): {reason}", choice.words()))
        }
        Event::PromptChosen { stage, prompt, reason, .. } => {
            (Tone::Decision, format!("{stage}: asked by {} {} now ({actor}): {reason}", prompt.agent, prompt.version))
        }
        Event::SentBack { gate, target, way, .. } => {
            let how = match way {
                Way::Author | Way::Plan => "",
                Way::Peer => ", to another model",
                Way::RedTeam => ", with an attack on the revision",
            };
            (Tone::Decision, format!("{gate}: sent back to {target}{how} by {actor}"))
        }
        Event::BillReconciled { bill } => {
            let ReadBill { provider, from, to, sums, .. } = bill.as_ref();
            let (billed, metered) = (sums.invoiced_micro_usd, sums.metered_micro_usd);
            let tone = if sums.is_alarming() { Tone::Fault } else { Tone::Money };
            (
                tone,
                format!("bill of {provider}, {from} to {to}: billed {billed:.4} USD, metered {metered:.4} ({actor})"),
            )
        }
        Event::NeedOpened { need } => (Tone::Need, need_words(need)),
        Event::NeedClosed { id, answer } => (Tone::Decision, format!("{id}: {answer}")),
        Event::Paused => (Tone::Decision, format!("paused by {actor}")),
        Event::Resumed => (Tone::Decision, format!("resumed by {actor}")),
        Event::Cancelled { reason } => (Tone::Decision, format!("stopped by {actor}: {reason}")),
        Event::Rejected { reason } => (Tone::Decision, format!("rejected for good by {actor}: {reason}")),
        Event::Packaged { manifest } => (Tone::Done, format!("packaged, manifest {}", manifest.short())),
    })
}

/// What is unusual about how a price came about.
fn unusual(bill: &Bill) -> String {
    let who = match &bill.answered {
        Some(other) if *other == bill.model => format!(", by {other}"),
        Some(other) => format!(", by {other}, which the price table does not have: priced as {}", bill.model),
        None => String::new(),
    };
    let basis = match bill.basis {
        Basis::Worst => ", the most it could be: nothing was counted",
        Basis::Impossible => ", the most it could be: what the provider counted cannot be true",
        Basis::Counted | Basis::Billed => "",
    };
    format!("{who}{basis}")
}

/// A need in words.
pub fn need_words(need: &Need) -> String {
    match need {
        Need::Gate { gate, hash } => format!("{gate} waits for a decision on {}", hash.short()),
        Need::Charge { key } => format!("what {key} cost is not known: its answer is not in the ledger"),
        Need::Cap { stage, scope, cap, committed, worst } => {
            format!(
                "{stage} may cost {worst:.4} USD; {committed:.4} of {cap} USD under {scope} is spent, held or possible"
            )
        }
        Need::Retries { stage, reason } => format!("{stage} cannot go on: {reason}"),
        Need::Unread { key, reason } => {
            format!("the answer of {key} is paid for and kept, and this version cannot read it: {reason}")
        }
        Need::OverBilled { key, reserved, billed } => {
            format!("{key} was billed {billed:.4} USD, more than the {reserved:.4} that was held")
        }
    }
}

/// A span of time in its largest unit that fits.
fn span(ms: u64) -> String {
    match ms / 1_000 {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
