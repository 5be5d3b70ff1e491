//! What each confirm box says: the object, what starts, what it may spend, what can be stopped later.
//!
//! Not for decisions at a gate: those are in [`super::propose_gate`].

use std::collections::BTreeSet;

use super::confirm::{Confirm, Intent, Rule};
use crate::domain::budget::Scope;
use crate::domain::cost::EpisodeSummary;
use crate::domain::decide;
use crate::domain::episode::{CallState, Episode, Life, UnitState};
use crate::domain::event::{Provenance, ResendLimit, Ruling, Uncertain};
use crate::domain::forecast::{self, Outlook};
use crate::domain::ids::{EpisodeNumber, IntentKey, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::room::{Needed, Taken};
use crate::engine::handle::{LookedOver, NewEpisode, Quote};
use crate::engine::preflight::{Check, Mark};
use crate::report::outlook_short;
use crate::tui::look;
use crate::tui::model::{Loadable, Shared};
use crate::tui::text::{clean, fit, width};
use crate::tui::theme::Role;

pub(super) fn named(episode: &Episode) -> String {
    format!("{} {}", episode.number, clean(&episode.title))
}

/// An amount with all the decimals that it has, and two at least.
pub(super) fn exact(amount: MicroUsd) -> String {
    let text = format!("{amount:.6}");
    let cut = text.trim_end_matches('0');
    let decimals = cut.rsplit('.').next().map_or(0, str::len);
    if decimals >= 2 { cut.to_owned() } else { format!("{amount:.2}") }
}

/// Columns of what a provider said, which may be long.
const LONG: usize = 280;

/// The end of a text that may be long, which of a path says most.
fn end(text: &str, columns: usize) -> String {
    let mut rest = text.to_owned();
    while width(&rest) > columns && !rest.is_empty() {
        rest.remove(0);
    }
    if rest.len() == text.len() { rest } else { format!("…{rest}") }
}

/// The box of a rejection for good.
pub(crate) fn reject(shared: &Shared, episode: &Episode) -> Confirm {
    Confirm::new(
        shared,
        format!("Reject {} for good", named(episode)),
        "reject for good",
        Intent::Reject(episode.number),
    )
    .fact(Role::Failed, "IRREVERSIBLE: the episode ends here and can never be taken up again.")
    .fact(
        Role::Text,
        format!("{} USD already spent is not refunded. The reason is kept in the ledger.", episode.spent()),
    )
    .ask("Reason", Rule::Reason, "")
    .ask("Type the episode number", Rule::Number(episode.number), "")
}

/// The paid calls of an episode that are under way, and what their ends mean.
fn under_way(episode: &Episode) -> String {
    let calls = episode.calls.values();
    let worst: Vec<MicroUsd> = calls.filter(|call| call.is_under_way()).map(|call| call.worst).collect();
    let most: MicroUsd = worst.iter().copied().sum();
    match worst.len() {
        0 => "No paid call is under way.".to_owned(),
        1 => format!("1 paid call is under way; it finishes and is paid for, {most:.4} USD at most."),
        n => format!("{n} paid calls are under way; they finish and are paid for, {most:.4} USD at most together."),
    }
}

/// The box that stops an episode.
pub(crate) fn stop(shared: &Shared, episode: &Episode) -> Confirm {
    Confirm::new(shared, format!("Stop {}", named(episode)), "stop", Intent::Stop(episode.number))
        .fact(Role::Failed, "The episode will be cancelled and cannot be taken up again. To hold it, pause it with P.")
        .fact(Role::Text, format!("{}. What is spent is not refunded. {}", look::money(episode), under_way(episode)))
        .ask("Reason", Rule::Reason, "")
}

/// The box that pauses an episode or lets it go on.
pub(crate) fn pause(shared: &Shared, episode: &Episode) -> Confirm {
    match episode.life {
        Life::Paused => {
            let confirm =
                Confirm::new(shared, format!("Resume {}", named(episode)), "resume", Intent::Resume(episode.number))
                    .fact(Role::Text, "Work goes on where it was left, within the caps.");
            rest(confirm, shared, episode)
        }
        Life::Running | Life::Cancelled(_) | Life::Rejected(_) | Life::Packaged(_) => {
            Confirm::new(shared, format!("Pause {}", named(episode)), "pause", Intent::Pause(episode.number))
                .fact(Role::Text, format!("No new work is started. {}", under_way(episode)))
                .fact(Role::Text, "Press P to resume.")
        }
    }
}

/// The box that lets a stage try again.
pub(crate) fn retry(shared: &Shared, episode: &Episode, stage: &StageId, reason: &str) -> Confirm {
    let intent = Intent::Retry { episode: episode.number, stage: stage.clone() };
    let route = episode.route(stage).map(|route| format!(" with {} {}", route.provider, clean(&route.model)));
    let title = format!("Retry {} of {}", look::title(episode, stage), named(episode));
    let confirm = Confirm::new(shared, title, "retry", intent)
        .fact(Role::Text, format!("It gave up: {}", fit(&clean(reason), LONG)))
        .fact(
            Role::Text,
            format!("It tries again{}, and what that costs is held under the caps.", route.unwrap_or_default()),
        );
    rest(confirm, shared, episode)
}

/// The box by which an answer that could not be read is read again.
pub(crate) fn read_again(shared: &Shared, key: &IntentKey, reason: &str) -> Confirm {
    let intent = Intent::ReadAgain(key.clone());
    Confirm::new(shared, format!("Read again: {key}"), "read it again", intent)
        .fact(Role::Text, format!("The reader stumbled: {}", fit(&clean(reason), LONG)))
        .fact(Role::Text, "The kept answer is read once more. Nothing is sent and nothing is paid.")
        .fact(
            Role::Text,
            "Where this version still cannot read it, you are asked again; a newer one reads it at its first start.",
        )
}

/// The box by which another call is paid for in the place of an answer that cannot be read.
pub(crate) fn call_again(shared: &Shared, episode: &Episode, key: &IntentKey) -> Confirm {
    let (spent, worst) = episode.calls.get(key).map(|call| (call.spent(), call.worst)).unwrap_or_default();
    let intent = Intent::Rule { key: key.clone(), ruling: Ruling::Resend, alike: false };
    let confirm = Confirm::new(shared, format!("Pay for another call: {key}"), "pay for another call", intent)
        .fact(Role::Text, format!("The answer that cannot be read cost {spent:.4} USD, which stays spent."))
        .fact(Role::Text, format!("The same is asked again; it may cost up to {worst:.4} USD more."));
    rest(confirm, shared, episode)
}

/// The box of a ruling.
pub(crate) fn rule(shared: &Shared, episode: &Episode, key: &IntentKey, ruling: Ruling) -> Confirm {
    let worst = episode.calls.get(key).map(|call| call.worst).unwrap_or_default();
    let (title, verb, says) = match ruling {
        Ruling::Resend => {
            ("Send again", "send it again", "The call is sent again. If the first one was charged too, both are paid.")
        }
        Ruling::WriteOff => (
            "Write off",
            "write it off",
            "The call is not sent again. Its stage then waits for a retry, because its answer is missing.",
        ),
    };
    let why = match episode.calls.get(key).map(|call| &call.state) {
        Some(CallState::Uncertain { reason }) => clean(reason),
        Some(CallState::InFlight | CallState::Settled { .. } | CallState::Failed { .. } | CallState::Ruled { .. })
        | None => String::new(),
    };
    let intent = Intent::Rule { key: key.clone(), ruling, alike: false };
    let counts = match ruling {
        Ruling::Resend => format!("{worst:.4} USD, the most that the first one may have cost, stay taken as possible."),
        Ruling::WriteOff => format!("{worst:.4} USD, the most that it may have cost, stay taken."),
    };
    let confirm = Confirm::new(shared, format!("{title}: {key}"), verb, intent)
        .fact(Role::Text, fit(&why, LONG))
        .fact(Role::Text, says)
        .fact(Role::Text, counts);
    match ruling {
        Ruling::Resend => rest(confirm, shared, episode),
        Ruling::WriteOff => confirm,
    }
}

/// The charges that wait and have the same cause as one of them.
pub(super) fn alike(shared: &Shared, key: &IntentKey) -> Vec<IntentKey> {
    decide::alike(shared.episodes().iter().map(AsRef::as_ref), key)
}

/// The box that sends all calls of one cause again.
pub(crate) fn rule_alike(shared: &Shared, episode: &Episode, key: &IntentKey) -> Confirm {
    let keys = alike(shared, key);
    let worst = |key: &IntentKey| Some(shared.under_way(key.episode)?.calls.get(key)?.worst);
    let most: MicroUsd = keys.iter().filter_map(worst).sum();
    let episodes: BTreeSet<EpisodeNumber> = keys.iter().map(|key| key.episode).collect();
    let of = match episodes.len() {
        0 | 1 => String::new(),
        several => format!(" of {several} episodes"),
    };
    let intent = Intent::Rule { key: key.clone(), ruling: Ruling::Resend, alike: true };
    let (title, verb) = (format!("Send {} calls again", keys.len()), "send them again");
    let confirm = Confirm::new(shared, title, verb, intent)
        .fact(
            Role::Text,
            format!("{} calls{of} were lost in the same way, or at the same provider at the same time.", keys.len()),
        )
        .fact(Role::Text, "All are sent again. Where the first one was charged too, both are paid.")
        .fact(
            Role::Text,
            format!("{most:.4} USD, the most that the first ones may have cost, stay taken as possible."),
        );
    rest(confirm, shared, episode)
}

/// The box that sends calls whose answers were lost again from now on, up to a limit.
pub(crate) fn resend_within(shared: &Shared, episode: &Episode) -> Confirm {
    let limit = ResendLimit::RECOMMENDED;
    let intent = Intent::Uncertain { episode: episode.number, uncertain: Uncertain::Within(limit) };
    let title = format!("Send lost calls of {} again, up to a limit", named(episode));
    let ResendLimit { call, episode: all } = limit;
    let confirm = Confirm::new(shared, title, "do so from now on", intent)
        .fact(
            Role::Text,
            format!("A call that may have cost {call} USD at most is sent again unasked, up to {all} USD in all."),
        )
        .fact(
            Role::Text,
            "What the first ones may have cost stays taken as possible, under every cap. Beyond that you are asked.",
        );
    rest(confirm, shared, episode)
}

/// Says what is likely to be spent. A box that spends cannot be confirmed before that is known.
pub(super) fn likely(confirm: Confirm, shared: &Shared, of: impl Fn(&[EpisodeSummary]) -> Outlook) -> Confirm {
    match &shared.past {
        Loadable::Ready(past) => {
            let (likely, exceeds, basis) = outlook_short(&of(past));
            let confirm = confirm.fact(Role::Strong, likely);
            exceeds.into_iter().fold(confirm, |confirm, text| confirm.fact(Role::Person, text)).aside(Role::Dim, basis)
        }
        Loadable::Loading => confirm
            .fact(Role::Dim, "What it is likely to cost is being read from past episodes.")
            .locked("nothing is spent without an estimate: open the box again in a moment"),
        Loadable::Failed(why) => {
            let worst = of(&[]).worst;
            let said = format!(
                "Past episodes cannot be read ({}). Worst case {worst:.2} USD, without further rounds.",
                clean(why)
            );
            confirm.fact(Role::Failed, said)
        }
    }
}

/// Says what the rest of an episode is likely to cost.
pub(super) fn rest(confirm: Confirm, shared: &Shared, episode: &Episode) -> Confirm {
    let sizes = shared.likely_of(episode.number);
    likely(confirm, shared, |past| forecast::rest(episode, past, &sizes))
}

/// The box that raises a cap. What is needed is worked out from the studio as it stands; `worst` is what the call that asked may
/// cost.
pub(crate) fn raise(shared: &Shared, episode: &Episode, scope: &Scope, stage: &StageId, worst: MicroUsd) -> Confirm {
    let number = episode.number;
    let Needed { taken: Taken { cap, committed }, one, all } =
        look::periods(shared).needed(episode, scope, stage, worst);
    let cap = cap.unwrap_or_default();
    // A ceiling that was agreed to can lie under the cap, which is never to be lowered by the way.
    let now = if *scope == Scope::Episode(number) { episode.cap().unwrap_or_default() } else { MicroUsd::ZERO };
    let wanted = whole_cents(cap.plus(MicroUsd(cap.0 / 4)).max(all).max(now));
    let waits = if all > one { format!(" All calls that wait now need {all:.4} USD.") } else { String::new() };
    let intent = Intent::Raise { scope: scope.clone(), episode: number, stage: stage.clone(), worst };
    let title = format!("Raise the cap of {} for {}", look::scope(scope), named(episode));
    let confirm = Confirm::new(shared, title, "raise the cap", intent)
        .fact(Role::Failed, "Raising the cap allows more spending.")
        .fact(Role::Text, format!("It is {cap} USD now, of which {committed} are spent or reserved."))
        .fact(Role::Text, format!("The next call needs a cap of at least {one:.4} USD.{waits}"));
    rest(confirm, shared, episode)
        .ask("New cap, in USD", Rule::Amount { min: one, max: None }, &exact(wanted))
        .ask("Reason", Rule::Reason, "")
        .ask("Type the episode number", Rule::Number(number), "")
}

/// An amount rounded up to a whole cent.
fn whole_cents(amount: MicroUsd) -> MicroUsd {
    MicroUsd((amount.0.saturating_add(9_999) / 10_000).saturating_mul(10_000))
}

/// A box put together anew from the studio as it stands now, where what it says moves while it is open.
pub(crate) fn again(shared: &Shared, intent: &Intent) -> Option<Confirm> {
    match intent {
        Intent::Raise { scope, episode, stage, worst } => {
            Some(raise(shared, shared.under_way(*episode)?, scope, stage, *worst))
        }
        Intent::Cheaper { episode, stage } => Some(cheaper(shared, shared.under_way(*episode)?, stage)),
        Intent::Stop(episode) => Some(stop(shared, shared.under_way(*episode)?)),
        Intent::Quit => Some(quit(shared)),
        _ => None,
    }
}

/// What a stage costs with its cheaper model, what of it is kept, and what is bought again.
fn quoted(confirm: Confirm, shared: &Shared, episode: &Episode, stage: &StageId) -> Confirm {
    let run = episode.stages.get(stage).and_then(|state| state.run.as_ref());
    let calling = run.map(|run| run.units.values().filter(|unit| matches!(unit.state, UnitState::Calling(_))).count());
    let confirm = match calling.unwrap_or_default() {
        0 => confirm,
        calling => confirm.fact(
            Role::Person,
            format!("Calls running now are paid for and made again there: {calling}. To keep them, wait until they are answered."),
        ),
    };
    match shared.quotes.get(&(episode.number, stage.clone())) {
        Some(Loadable::Ready(Quote { kept, left, worst, now, .. })) => {
            let now = now.map(|now| format!("; with the present model {now:.4} USD")).unwrap_or_default();
            confirm
                .fact(Role::Text, format!("Kept, and not paid for again: {kept} accepted answers."))
                .fact(Role::Text, format!("Bought there: {left} calls, at most {worst:.4} USD{now}."))
        }
        Some(Loadable::Failed(why)) => confirm
            .fact(Role::Failed, format!("What it costs there cannot be told ({why}). Accepted answers are kept.")),
        Some(Loadable::Loading) | None => confirm
            .fact(Role::Dim, "What it costs there is being worked out.")
            .locked("nothing is spent without a price: it is here in a moment"),
    }
}

/// The box that takes the cheaper model.
pub(crate) fn cheaper(shared: &Shared, episode: &Episode, stage: &StageId) -> Confirm {
    let model =
        episode.pin(stage).and_then(|pin| pin.cheaper.as_ref()).map(|route| clean(&route.model)).unwrap_or_default();
    let intent = Intent::Cheaper { episode: episode.number, stage: stage.clone() };
    let title = format!("Use the cheaper model for {} of {}", look::title(episode, stage), named(episode));
    let confirm = Confirm::new(shared, title, "use it", intent).fact(
        Role::Text,
        format!("The calls of this stage go to {model} from here on. Each costs less, and may do worse."),
    );
    let confirm = quoted(confirm, shared, episode, stage);
    rest(confirm, shared, episode)
}

/// The box that takes note of a bill above the reservation.
pub(crate) fn accept_bill(shared: &Shared, key: &IntentKey, reserved: MicroUsd, billed: MicroUsd) -> Confirm {
    Confirm::new(shared, format!("Bill of {key}"), "seen, go on", Intent::AcceptBill(key.clone()))
        .fact(
            Role::Text,
            format!("{billed:.4} USD were billed where {reserved:.4} USD were reserved. The bill is recorded in full."),
        )
        .fact(Role::Text, "The episode goes on spending within its caps.")
}

/// The box that begins an episode.
pub(crate) fn begin(shared: &Shared, new: NewEpisode, number: EpisodeNumber, looked: &LookedOver) -> Confirm {
    let cap = if looked.stages.is_empty() { "the show's".to_owned() } else { format!("{} USD", looked.cap) };
    let rehearsal = match shared.provenance() {
        Provenance::Rehearsal => "This is a rehearsal: no money is spent, and the episode can never be released.",
        Provenance::Live => "Real providers are called and real money is spent, up to the caps.",
    };
    let mut confirm = Confirm::new(shared, format!("Begin episode {number}"), "begin", Intent::Begin(new.clone()))
        .fact(Role::Text, format!("research  {}", end(&clean(&new.research.display().to_string()), 60)))
        .fact(Role::Text, format!("show      {}", clean(&new.show)))
        .fact(Role::Text, format!("cap       {cap}"))
        .fact(Role::Strong, rehearsal);
    // The worst comes first: on a small screen the last ones give way.
    // What the cap is to the worst case is told beside what is likely.
    let is_told = |check: &&Check| check.mark != Mark::Ok && check.what != "cap";
    let mut checks: Vec<_> = looked.checks.iter().filter(is_told).collect();
    checks.sort_by_key(|check| std::cmp::Reverse(check.mark));
    for check in checks {
        let role = if check.mark == Mark::Mind { Role::Person } else { Role::Failed };
        confirm = confirm.aside(role, format!("{}: {}", clean(&check.what), clean(&check.found)));
    }
    if looked.checks.iter().any(|check| check.mark == Mark::Fail) {
        return confirm.locked("what fails is to be mended first; Esc goes back to the form");
    }
    if looked.checks.iter().any(|check| check.mark == Mark::Unasked) {
        confirm =
            confirm.fact(Role::Person, "What could not be asked may fail later. y begins the episode all the same.");
    }
    confirm = fitting(confirm, shared, looked);
    let bounds = (looked.projected, looked.cap);
    likely(confirm, shared, |past| forecast::whole(&looked.stages, &looked.show, past, &looked.likely, bounds))
}

/// Says where a cap is lower than what the episode is likely to come through with, and why.
fn fitting(confirm: Confirm, shared: &Shared, looked: &LookedOver) -> Confirm {
    let today = shared.snapshot.as_ref().map(|snapshot| snapshot.today).unwrap_or_default();
    let left = today.cap.map(|cap| cap.minus(today.committed).max(MicroUsd::ZERO));
    let confirm = if looked.cap < looked.fits {
        let why = "likely cost, half as much again, and room for the dearest call";
        confirm.fact(Role::Person, format!("A cap of {} USD fits ({why}). Esc: set it.", looked.fits))
    } else {
        confirm
    };
    match left {
        Some(left) if left < looked.fits.min(looked.cap) => confirm.fact(
            Role::Person,
            format!("Today's cap leaves {left} USD: the episode may wait for tomorrow (UTC) or for you to raise it."),
        ),
        Some(_) | None => confirm,
    }
}

/// The box that ends the console.
pub(crate) fn quit(shared: &Shared) -> Confirm {
    let calls = || shared.episodes().iter().flat_map(|episode| episode.calls.values());
    let under_way: Vec<MicroUsd> = calls().filter(|call| call.is_under_way()).map(|call| call.worst).collect();
    let batched = calls().filter(|call| call.is_in_batch()).count();
    let running = shared.episodes().iter().filter(|episode| episode.life == Life::Running).count();
    let work = match running {
        0 => "No episode is running.".to_owned(),
        1 => "1 episode is running.".to_owned(),
        n => format!("{n} episodes are running."),
    };
    let worst: MicroUsd = under_way.iter().copied().sum();
    let paid = match under_way.len() {
        0 => "No paid call is under way; nothing new is started.".to_owned(),
        1 => format!(
            "1 paid call is under way. It gets a grace period; cut off after that, it may cost up to {worst:.4} USD and is asked about."
        ),
        n => format!(
            "{n} paid calls are under way. They get a grace period; those cut off after that may cost up to {worst:.4} USD and are \
             asked about."
        ),
    };
    let mut confirm =
        Confirm::new(shared, "Quit".to_owned(), "quit", Intent::Quit).fact(Role::Text, work).fact(Role::Text, paid);
    if batched > 0 {
        let told = format!("{batched} call(s) wait in batches at their providers and are fetched at the next start.");
        confirm = confirm.fact(Role::Text, told);
    }
    confirm = confirm.fact(Role::Text, "Work goes on at the next start; drafts are kept.");
    match shared.held.len() {
        0 => confirm,
        n => confirm.fact(
            Role::Person,
            format!("{n} decision(s) not sent yet: quitting takes them back, and they are asked again."),
        ),
    }
}
