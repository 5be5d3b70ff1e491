//! What each confirm box says: the object with its hash, what starts, what it may spend, what can be stopped later.

use super::confirm::{Confirm, Intent, Rule};
use crate::domain::budget::Scope;
use crate::domain::episode::{CallState, Episode, Life, Standing};
use crate::domain::event::{Provenance, Ruling};
use crate::domain::handoff::Note;
use crate::domain::ids::{ContentHash, EpisodeNumber, IntentKey, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::pipeline::Kind;
use crate::engine::handle::NewEpisode;
use crate::tui::look;
use crate::tui::model::Shared;
use crate::tui::text::{clean, left};
use crate::tui::theme::Role;

fn named(episode: &Episode) -> String {
    format!("{} {}", episode.number, clean(&episode.title))
}

/// What follows a gate and is not done: the stages in order, those that are paid for and those that are not.
pub(crate) fn follows<'a>(episode: &'a Episode, gate: &StageId) -> Vec<&'a crate::domain::event::Pin> {
    let standings = episode.standings();
    let is_done = |id: &StageId| matches!(standings.get(id), Some(Standing::Done(..)));
    let pins = episode.pins.iter().filter(|pin| &pin.stage.id != gate && !is_done(&pin.stage.id));
    pins.collect()
}

/// The most that is proposed for what follows a gate: what was projected for the whole and is not spent, within what the
/// cap leaves; nothing where no paid stage follows.
pub(crate) fn ceiling(episode: &Episode, gate: &StageId) -> MicroUsd {
    let is_paid = follows(episode, gate).iter().any(|pin| pin.route.is_some());
    if !is_paid {
        return MicroUsd::ZERO;
    }
    let taken = episode.spent().plus(episode.reserved());
    let left_of_cap = episode.cap().map(|cap| cap.minus(taken).max(MicroUsd::ZERO));
    let projected = episode.projected.minus(taken);
    let wanted = if projected > MicroUsd::ZERO { projected } else { left_of_cap.unwrap_or(MicroUsd::ZERO) };
    left_of_cap.map_or(wanted, |left| wanted.min(left))
}

/// An amount with all the decimals that it has, and two at least.
fn exact(amount: MicroUsd) -> String {
    let text = format!("{amount:.6}");
    let cut = text.trim_end_matches('0');
    let decimals = cut.rsplit('.').next().map_or(0, str::len);
    if decimals >= 2 { cut.to_owned() } else { format!("{amount:.2}") }
}

/// The box of an approval.
pub(crate) fn approve(shared: &Shared, episode: &Episode, gate: &StageId, hash: ContentHash, seen: &str) -> Confirm {
    let title = format!("Approve {} at {}", named(episode), look::title(episode, gate));
    let intent = Intent::Approve { episode: episode.number, gate: gate.clone(), hash };
    let signs = episode.pin(gate).map(|pin| pin.stage.signs.clone()).unwrap_or_default();
    let signed: Vec<String> = signs.iter().map(|id| look::title(episode, id).to_lowercase()).collect();
    let covers = if signed.is_empty() { String::new() } else { format!(" It covers {}.", signed.join(", ")) };
    let mut confirm = Confirm::new(shared, title, "approve", intent)
        .fact(Role::Strong, format!("You approve exactly content {}.", hash.short()))
        .fact(Role::Text, format!("{seen}{covers}"))
        .fact(Role::Text, "");
    let follows = follows(episode, gate);
    let (paid, free): (Vec<_>, Vec<_>) = follows.into_iter().partition(|pin| pin.route.is_some());
    if paid.is_empty() {
        confirm = confirm.fact(Role::Text, "Nothing that follows is paid for.");
    } else {
        confirm = confirm.fact(Role::Text, "This starts, and is paid for:");
        for pin in paid.iter().take(6) {
            let route = episode.route(&pin.stage.id);
            let model = route.map(|route| format!("{} {}", route.provider, clean(&route.model))).unwrap_or_default();
            confirm = confirm.fact(Role::Text, format!("  {} {model}", left(&clean(&pin.stage.title), 18)));
        }
        if paid.len() > 6 {
            confirm = confirm.fact(Role::Dim, format!("  and {} more", paid.len() - 6));
        }
    }
    let gates: Vec<String> = free
        .iter()
        .filter(|pin| {
            pin.stage.kind == Kind::Gate
                && pin.stage.human.is_some_and(|human| human == crate::domain::pipeline::Human::Always)
        })
        .map(|pin| clean(&pin.stage.title))
        .collect();
    if !gates.is_empty() {
        confirm = confirm.fact(Role::Text, format!("It waits for you again at: {}.", gates.join(", ")));
    }
    let taken = episode.spent().plus(episode.reserved());
    let ceiling = ceiling(episode, gate);
    let cap = episode.cap();
    let cap_words = cap.map_or("no cap".to_owned(), |cap| format!("cap {cap}"));
    confirm = confirm
        .fact(
            Role::Text,
            format!("Spent and reserved {taken} USD, {cap_words}. What you agree to below is a cap of its own."),
        )
        .fact(Role::Dim, undo_words(shared));
    let max = cap.map(|cap| cap.minus(taken).max(MicroUsd::ZERO));
    confirm.ask("At most, in USD", Rule::Amount { min: MicroUsd::ZERO, max }, &exact(ceiling)).at_answer()
}

fn undo_words(shared: &Shared) -> String {
    let seconds = shared.settings.undo_ms / 1_000;
    if seconds == 0 {
        "It is sent at once. A stage that runs can be stopped later; what it spent stays spent.".to_owned()
    } else {
        format!("Nothing is sent for {seconds} s; u takes it back in that time. Afterwards what is spent stays spent.")
    }
}

/// The box of a send-back.
pub(crate) fn send_back(shared: &Shared, episode: &Episode, gate: &StageId, hash: ContentHash, note: Note) -> Confirm {
    let target = episode.pin(gate).and_then(|pin| pin.stage.send_back.clone());
    let to = target.as_ref().map(|id| look::title(episode, id)).unwrap_or_default();
    let title = format!("Send {} back to {to}", named(episode));
    let words = if note.text.trim().is_empty() { "no words of your own" } else { "your own words" };
    let fixes = match note.fixes.len() {
        1 => "1 fix".to_owned(),
        n => format!("{n} fixes"),
    };
    let left = episode.cap().map(|cap| cap.minus(episode.spent().plus(episode.reserved())).max(MicroUsd::ZERO));
    let left = left.map_or(String::new(), |left| format!(" Left under the cap: {left} USD."));
    let intent = Intent::SendBack { episode: episode.number, gate: gate.clone(), hash, note };
    Confirm::new(shared, title, "send back", intent)
        .fact(Role::Strong, format!("Content {} is refused; round {} begins.", hash.short(), episode.round() + 1))
        .fact(Role::Text, format!("The note carries {fixes} and {words}."))
        .fact(Role::Text, format!("{to} is revised at the lines that the note names, and everything behind it that depends on it is made again.{left}"))
        .fact(Role::Dim, undo_words(shared))
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
    .fact(Role::Text, format!("{} USD stay spent. The reason is kept in the ledger.", episode.spent()))
    .ask("Reason", Rule::Reason, "")
    .ask("Type the episode number", Rule::Number(episode.number), "")
}

/// The box that stops an episode.
pub(crate) fn stop(shared: &Shared, episode: &Episode) -> Confirm {
    let reserved = episode.reserved();
    Confirm::new(shared, format!("Stop {}", named(episode)), "stop", Intent::Stop(episode.number))
        .fact(
            Role::Failed,
            "The episode ends before its end; it cannot be taken up again. To hold it, pause it with P.",
        )
        .fact(
            Role::Text,
            format!(
                "{} USD stay spent; calls under way ({reserved} USD at most) finish and are paid.",
                episode.spent()
            ),
        )
        .ask("Reason", Rule::Reason, "")
}

/// The box that pauses an episode or lets it go on.
pub(crate) fn pause(shared: &Shared, episode: &Episode) -> Confirm {
    match episode.life {
        Life::Paused => {
            Confirm::new(shared, format!("Resume {}", named(episode)), "resume", Intent::Resume(episode.number))
                .fact(Role::Text, "Work goes on where it was left, within the caps.")
        }
        Life::Running | Life::Cancelled(_) | Life::Rejected(_) | Life::Packaged(_) => {
            Confirm::new(shared, format!("Pause {}", named(episode)), "pause", Intent::Pause(episode.number))
                .fact(Role::Text, "No new work is started. Calls under way finish and are paid for.")
                .fact(Role::Text, "P lets it go on.")
        }
    }
}

/// The box that lets a stage try again.
pub(crate) fn retry(shared: &Shared, episode: &Episode, stage: &StageId, reason: &str) -> Confirm {
    let intent = Intent::Retry { episode: episode.number, stage: stage.clone() };
    let route = episode.route(stage).map(|route| format!(" with {} {}", route.provider, clean(&route.model)));
    Confirm::new(shared, format!("Retry {} of {}", look::title(episode, stage), named(episode)), "retry", intent)
        .fact(Role::Text, format!("It gave up: {}", clean(reason)))
        .fact(
            Role::Text,
            format!("It tries again{}, and what that costs is held under the caps.", route.unwrap_or_default()),
        )
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
    Confirm::new(shared, format!("{title}: {key}"), verb, Intent::Rule { key: key.clone(), ruling })
        .fact(Role::Text, why)
        .fact(Role::Text, says)
        .fact(Role::Text, format!("Either way its worst case, {worst:.4} USD, counts as spent."))
}

/// The box that raises a cap.
pub(crate) fn raise(shared: &Shared, episode: &Episode, scope: &Scope, cap: MicroUsd, least: MicroUsd) -> Confirm {
    let number = episode.number;
    // A ceiling that was agreed to can lie under the cap, which is never to be lowered by the way.
    let now = if *scope == Scope::Episode(number) { episode.cap().unwrap_or_default() } else { MicroUsd::ZERO };
    let cents = cap.plus(MicroUsd(cap.0 / 4)).max(least).max(now).0.saturating_add(9_999) / 10_000;
    let wanted = MicroUsd(cents.saturating_mul(10_000));
    Confirm::new(
        shared,
        format!("Raise the cap of {} for {}", look::scope(scope), named(episode)),
        "raise the cap",
        Intent::Raise { scope: scope.clone() },
    )
    .fact(Role::Failed, "A raised cap lets money be spent that was not to be spent before.")
    .fact(Role::Text, format!("It is {cap} USD now; the next call needs at least {least:.4} USD."))
    .ask("New cap, in USD", Rule::Amount { min: least, max: None }, &exact(wanted))
    .ask("Reason", Rule::Reason, "")
    .ask("Type the episode number", Rule::Number(number), "")
}

/// The box that takes the cheaper model.
pub(crate) fn cheaper(shared: &Shared, episode: &Episode, stage: &StageId) -> Confirm {
    let model =
        episode.pin(stage).and_then(|pin| pin.cheaper.as_ref()).map(|route| clean(&route.model)).unwrap_or_default();
    let intent = Intent::Cheaper { episode: episode.number, stage: stage.clone() };
    Confirm::new(
        shared,
        format!("Use the cheaper model for {} of {}", look::title(episode, stage), named(episode)),
        "use it",
        intent,
    )
    .fact(Role::Text, format!("The calls of this stage go to {model} from here on. It costs less, and may do worse."))
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
pub(crate) fn begin(shared: &Shared, new: NewEpisode, number: EpisodeNumber) -> Confirm {
    let cap = new.cap.map_or("the show's".to_owned(), |cap| format!("{cap} USD"));
    let rehearsal = match shared.provenance() {
        Provenance::Rehearsal => "This is a rehearsal: no money is spent, and the episode can never be released.",
        Provenance::Live => "Real providers are called and real money is spent, up to the caps.",
    };
    Confirm::new(shared, format!("Begin episode {number}"), "begin", Intent::Begin(new.clone()))
        .fact(Role::Text, format!("research  {}", clean(&new.research.display().to_string())))
        .fact(Role::Text, format!("show      {}", clean(&new.show)))
        .fact(Role::Text, format!("cap       {cap}"))
        .fact(Role::Strong, rehearsal)
}

/// The box that ends the console.
pub(crate) fn quit(shared: &Shared) -> Confirm {
    let calls: u32 = shared.snapshot.as_ref().map(|snapshot| snapshot.in_flight.values().sum()).unwrap_or(0);
    let running = shared.episodes().iter().filter(|episode| episode.life == Life::Running).count();
    let work = match (running, calls) {
        (0, _) => "No episode is at work.".to_owned(),
        (1, calls) => format!("1 episode is at work, {calls} calls are under way."),
        (n, calls) => format!("{n} episodes are at work, {calls} calls are under way."),
    };
    let confirm = Confirm::new(shared, "Quit".to_owned(), "quit", Intent::Quit)
        .fact(Role::Text, work)
        .fact(Role::Text, "Work stops safely: nothing new is started, and calls that are paid for may finish.")
        .fact(Role::Text, "Everything goes on at the next start; drafts are kept.");
    match shared.held.len() {
        0 => confirm,
        n => confirm.fact(
            Role::Person,
            format!("{n} decision(s) not sent yet: quitting takes them back, and they are asked again."),
        ),
    }
}

impl Confirm {
    /// Puts the keys on the answer, where the fields are filled in already; Tab and Up lead to them.
    fn at_answer(mut self) -> Self {
        self.at = self.asked.len();
        self
    }
}
