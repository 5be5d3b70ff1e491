//! What the boxes of a decision at a gate say: the content with its hash, the rulings that go with it, what starts, what it
//! may spend, what can be stopped later.

use std::collections::BTreeSet;

use super::confirm::{AtGate, Confirm, Intent, Rule};
use super::propose::{exact, named, rest};
use crate::domain::actor::second_person;
use crate::domain::episode::{Call, CallState, Episode, Evaluation, Standing};
use crate::domain::event::{Actor, ItemRuling, Overriding, Pin, Ruled, Way};
use crate::domain::gate::Report;
use crate::domain::handoff::{Dimension, Note};
use crate::domain::ids::StageId;
use crate::domain::money::MicroUsd;
use crate::domain::pipeline::{Human, Kind};
use crate::tui::look;
use crate::tui::model::Shared;
use crate::tui::text::{clean, fit, left, span};
use crate::tui::theme::Role;

/// What follows a gate and is not done: the stages in order, those that are paid for and those that are not.
pub(crate) fn follows<'a>(episode: &'a Episode, gate: &StageId) -> Vec<&'a Pin> {
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
    let left_of_cap = left_of_cap(episode);
    let projected = episode.projected.minus(taken(episode));
    let wanted = if projected > MicroUsd::ZERO { projected } else { left_of_cap.unwrap_or(MicroUsd::ZERO) };
    left_of_cap.map_or(wanted, |left| wanted.min(left))
}

fn taken(episode: &Episode) -> MicroUsd {
    episode.committed()
}

fn left_of_cap(episode: &Episode) -> Option<MicroUsd> {
    episode.cap().map(|cap| cap.minus(taken(episode)).max(MicroUsd::ZERO))
}

/// The gates behind this one that wait for a person again.
fn waits_again(episode: &Episode, gate: &StageId) -> Vec<String> {
    let asks = |pin: &&Pin| pin.stage.kind == Kind::Gate && pin.stage.human == Some(Human::Always);
    follows(episode, gate).into_iter().filter(asks).map(|pin| clean(&pin.stage.title)).collect()
}

/// What an approval would spend, in two lines: the most and what is left then, and what starts.
pub(crate) fn spend(episode: &Episode, gate: &StageId) -> [String; 2] {
    let most = ceiling(episode, gate);
    let left = left_of_cap(episode).map_or("no cap".to_owned(), |left| {
        let of = episode.cap().map(|cap| format!(" of {cap}")).unwrap_or_default();
        format!("leaves {}{of}", left.minus(most).max(MicroUsd::ZERO))
    });
    let follows = follows(episode, gate);
    let paid: Vec<String> =
        follows.iter().filter(|pin| pin.route.is_some()).map(|pin| clean(&pin.stage.title).to_lowercase()).collect();
    let starts = match paid.as_slice() {
        [] => "nothing that follows is paid for".to_owned(),
        paid => format!("starts {}", paid.join(", ")),
    };
    [format!("at most {most} USD, {left}"), starts]
}

/// How open items were ruled, in lines.
fn rulings(confirm: Confirm, rulings: &[Ruled]) -> Confirm {
    rulings.iter().fold(confirm, |confirm, ruled| {
        let reason = if ruled.reason.is_empty() { String::new() } else { format!(": “{}”", clean(&ruled.reason)) };
        let role = match ruled.ruling {
            ItemRuling::Fix => Role::Added,
            ItemRuling::Waive | ItemRuling::NotAFault => Role::Person,
        };
        confirm.aside(role, format!("{} {}{reason}", clean(&ruled.item), ruled.ruling.words()))
    })
}

/// What starts, and with which models where there is room.
fn starts(confirm: Confirm, episode: &Episode, gate: &StageId) -> Confirm {
    let paid: Vec<&Pin> = follows(episode, gate).into_iter().filter(|pin| pin.route.is_some()).collect();
    if paid.is_empty() {
        return confirm.fact(Role::Text, "Nothing that follows is paid for.");
    }
    let names: Vec<String> = paid.iter().map(|pin| clean(&pin.stage.title).to_lowercase()).collect();
    let mut confirm = confirm
        .fact(Role::Text, format!("This starts, and is paid for: {}.", fit(&names.join(", "), SHORT)))
        .aside(Role::Dim, "With these models, as long as none has to stand in:");
    let most = if paid.len() > 5 { 4 } else { 5 };
    for pin in paid.iter().take(most) {
        let route = episode.route(&pin.stage.id);
        let model = route.map(|route| format!("{} {}", route.provider, clean(&route.model))).unwrap_or_default();
        confirm = confirm.aside(Role::Text, format!("  {} {model}", left(&clean(&pin.stage.title), 18)));
    }
    if paid.len() > most {
        let rest: Vec<String> = paid.iter().skip(most).map(|pin| clean(&pin.stage.title).to_lowercase()).collect();
        confirm = confirm.aside(Role::Dim, format!("  and {}", fit(&rest.join(", "), 62)));
    }
    confirm
}

/// Columns of what may be long and has to leave room for the rest.
const SHORT: usize = 100;

/// What is spent by now, what the amount below means.
fn money(confirm: Confirm, episode: &Episode, gate: &StageId) -> Confirm {
    let cap = episode.cap().map_or("no cap".to_owned(), |cap| format!("cap {cap}"));
    let left = left_of_cap(episode).map_or(String::new(), |left| {
        format!(", {} would be left", left.minus(ceiling(episode, gate)).max(MicroUsd::ZERO))
    });
    confirm.fact(Role::Text, format!("{}; {cap}{left}.", look::money(episode)))
}

/// The box of an approval.
pub(crate) fn approve(shared: &Shared, episode: &Episode, at: AtGate, seen: &str) -> Confirm {
    let gate = at.gate.clone();
    let title = format!("Approve {} at {}", named(episode), look::title(episode, &gate));
    let signs = episode.pin(&gate).map(|pin| pin.stage.signs.clone()).unwrap_or_default();
    let signed: Vec<String> = signs.iter().map(|id| look::title(episode, id).to_lowercase()).collect();
    let covers = if signed.is_empty() { String::new() } else { format!(" It covers {}.", signed.join(", ")) };
    let ruled = at.rulings.clone();
    let confirm = Confirm::new(shared, title, "approve", Intent::Approve { at: at.clone() })
        .fact(Role::Strong, format!("You approve exactly content {}.", at.hash.short()))
        .fact(Role::Text, format!("{seen}{covers}"));
    let mut confirm = starts(rulings(confirm, &ruled), episode, &gate);
    let gates = waits_again(episode, &gate);
    if !gates.is_empty() {
        confirm = confirm.fact(Role::Text, format!("It waits for you again at: {}.", fit(&gates.join(", "), SHORT)));
    }
    let mut confirm = money(confirm, episode, &gate);
    if follows(episode, &gate).iter().any(|pin| pin.route.is_some()) {
        confirm = rest(confirm, shared, episode);
    }
    let confirm = confirm.fact(Role::Dim, undo_words(shared));
    let max = left_of_cap(episode);
    let most = exact(ceiling(episode, &gate));
    confirm.ask("This approval may spend at most, in USD", Rule::Amount { min: MicroUsd::ZERO, max }, &most).at_answer()
}

fn undo_words(shared: &Shared) -> String {
    let seconds = shared.settings.undo_ms / 1_000;
    if seconds == 0 {
        "It is sent at once. A stage that runs can be stopped later; what it spent stays spent.".to_owned()
    } else {
        format!("Nothing is sent for {seconds} s; u takes it back in that time, and not later.")
    }
}

/// The box that lets an episode go on past a failed gate.
pub(crate) fn override_failed(shared: &Shared, episode: &Episode, at: AtGate, evaluation: &Evaluation) -> Confirm {
    let gate = at.gate.clone();
    let why = evaluation.reasons.first().map(|reason| clean(reason)).unwrap_or_default();
    let more = match evaluation.reasons.len() {
        0 | 1 => String::new(),
        all => format!(" (and {} more)", all - 1),
    };
    let proposal = episode.gates.get(&gate).and_then(|state| state.proposals.get(&at.hash));
    let (verb, policy) = match (episode.policy.overriding, proposal) {
        (Overriding::Nobody, _) => ("override", "The show lets nobody do this.".to_owned()),
        (Overriding::Reason, _) => ("override", "The show lets one person do this, with a reason.".to_owned()),
        (Overriding::SecondPerson, None) => {
            ("propose it", "The show wants two people: nothing goes on before a second one confirms.".to_owned())
        }
        (Overriding::SecondPerson, Some(proposal)) => {
            let me = Actor::Person(shared.settings.person.clone());
            let proof = second_person(&proposal.by, &me)
                .map_or_else(|why| format!("not proven: {why}"), |proof| format!("proven by {}", proof.words()));
            let said = fit(&clean(&proposal.reason), SHORT);
            (
                "confirm it",
                format!("You are the second person ({proof}); {} said: “{said}”.", clean(&proposal.by.to_string())),
            )
        }
    };
    let title = format!("Override {} of {}", look::title(episode, &gate), named(episode));
    let number = episode.number;
    let hash = at.hash.short();
    let confirm = Confirm::new(shared, title, verb, Intent::Override { at })
        .fact(Role::Failed, format!("FAILED, and stays failed: {}{more}", fit(&why, 140)))
        .fact(Role::Failed, format!("Content {hash} goes on all the same. It cannot be taken back."))
        .aside(Role::Text, "Your name and reason are kept and go into the package.")
        .fact(Role::Strong, policy);
    let max = left_of_cap(episode);
    let most = exact(ceiling(episode, &gate));
    let mut confirm = money(starts(confirm, episode, &gate), episode, &gate);
    if follows(episode, &gate).iter().any(|pin| pin.route.is_some()) {
        confirm = rest(confirm, shared, episode);
    }
    confirm.ask("Reason", Rule::Reason, "").ask("Type the episode number", Rule::Number(number), "").ask(
        "At most, in USD",
        Rule::Amount { min: MicroUsd::ZERO, max },
        &most,
    )
}

/// A way in words.
pub(crate) fn way(way: Way) -> &'static str {
    match way {
        Way::Author => "the author's model revises",
        Way::Peer => "another model revises",
        Way::RedTeam => "it is revised, attacked, and revised again",
        Way::Plan => "the plan is made anew, and all behind it",
    }
}

/// The latest calls of the stages from one to another, each unit's last one.
fn latest<'a>(episode: &'a Episode, from: &StageId, to: &StageId) -> Vec<&'a Call> {
    let place = |id: &StageId| episode.pins.iter().position(|pin| pin.stage.id == *id);
    let (Some(from), Some(to)) = (place(from), place(to)) else { return Vec::new() };
    let mut calls = Vec::new();
    for pin in episode.pins.iter().take(to).skip(from) {
        let mut last: std::collections::BTreeMap<u32, &Call> = std::collections::BTreeMap::new();
        for (key, call) in episode.calls_of(&pin.stage.id) {
            // Keys are in the order of their attempts.
            if matches!(call.state, CallState::Settled { .. }) {
                last.insert(key.unit, call);
            }
        }
        calls.extend(last.into_values());
    }
    calls
}

/// What a round would cost and take, by what the same stages did the last time; nothing where they never ran.
fn estimate(shared: &Shared, episode: &Episode, from: &StageId, gate: &StageId) -> Option<String> {
    let calls = latest(episode, from, gate);
    if calls.is_empty() {
        let place = |id: &StageId| episode.pins.iter().position(|pin| pin.stage.id == *id);
        let pins = episode.pins.iter().take(place(gate)?).skip(place(from)?);
        let likely = shared.likely_of(episode.number);
        let cost: MicroUsd = pins.filter_map(|pin| likely.get(&pin.stage.id)).copied().sum();
        return (cost > MicroUsd::ZERO).then(|| format!("about {cost} USD, estimated from prompt sizes"));
    }
    let cost: MicroUsd = calls.iter().map(|call| call.spent()).sum();
    let took: u64 = calls.iter().map(|call| machine_ms(call)).sum();
    Some(format!("about {cost} USD and {}, as these stages took last time", span(took)))
}

fn machine_ms(call: &Call) -> u64 {
    match &call.state {
        CallState::Settled { machine_ms, .. } => *machine_ms,
        CallState::InFlight | CallState::Failed { .. } | CallState::Uncertain { .. } | CallState::Ruled { .. } => 0,
    }
}

/// The dimensions that a note touches: those of the findings behind its fixes.
fn touched(note: &Note, report: Option<&Report>) -> Vec<&'static str> {
    let named: BTreeSet<&String> = note.fixes.iter().flat_map(|fix| &fix.findings).collect();
    let found = report.iter().flat_map(|report| &report.findings).filter(|listed| named.contains(&listed.item()));
    let dimensions: BTreeSet<Dimension> = found.map(|listed| listed.finding.dimension).collect();
    dimensions.into_iter().map(Dimension::title).collect()
}

/// The box of a send-back.
pub(crate) fn send_back(
    shared: &Shared,
    episode: &Episode,
    at: AtGate,
    note: Note,
    report: Option<&Report>,
) -> Confirm {
    let target = episode.pin(&at.gate).and_then(|pin| pin.stage.send_back.clone());
    let to = target.as_ref().map(|id| look::title(episode, id)).unwrap_or_default();
    let title = format!("Send {} back to {to}", named(episode));
    let words = if note.text.trim().is_empty() { "no words of your own" } else { "your own words" };
    let fixes = match note.fixes.len() {
        1 => "1 fix".to_owned(),
        n => format!("{n} fixes"),
    };
    let lines: Vec<String> = note
        .fixes
        .iter()
        .map(|fix| if fix.from == fix.to { fix.from.to_string() } else { format!("{}-{}", fix.from, fix.to) })
        .collect();
    let lines = if lines.is_empty() { String::new() } else { format!(" for {}", fit(&lines.join(", "), 40)) };
    let left = left_of_cap(episode)
        .map_or(String::new(), |left| format!(" Worst case: the {left} USD that the cap leaves; then you are asked."));
    let estimate = target.as_ref().and_then(|target| estimate(shared, episode, target, &at.gate));
    let estimate = estimate.unwrap_or_else(|| "no estimate, since these stages have not run yet".to_owned());
    let touched = touched(&note, report);
    let judges = if touched.is_empty() {
        "Judges look again at what the changed lines touch; the rest of their scores stands.".to_owned()
    } else {
        format!("Judges look again at {} and at what the changed lines touch; the rest stands.", touched.join(", "))
    };
    let hash = at.hash.short();
    let ruled = at.rulings.clone();
    let confirm = Confirm::new(shared, title, "send back", Intent::SendBack { at, note, way: Way::Author })
        .fact(Role::Strong, format!("Content {hash} is refused; round {} begins.", episode.round() + 1))
        .fact(Role::Text, format!("The note carries {fixes}{lines}, and {words}."));
    rulings(confirm, &ruled)
        .fact(Role::Text, format!("It costs {estimate}.{left}"))
        .fact(Role::Text, judges)
        .fact(Role::Dim, undo_words(shared))
}

impl Confirm {
    /// Puts the keys on the answer, where the fields are filled in already; Tab and Up lead to them.
    fn at_answer(mut self) -> Self {
        self.at = self.asked.len();
        self
    }
}
