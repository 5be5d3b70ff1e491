//! Decisions at a gate: to approve, to send back, to go on past a failure, to put another revision in its place.
//!
//! Each binds to the content that was seen. An open item must be ruled before an approval; a failed gate is never approved.

use super::{Decided, Refusal, not_now, of, under_way, worded};
use crate::domain::actor::second_person;
use crate::domain::command::Command;
use crate::domain::episode::{Episode, Evaluation, Standing};
use crate::domain::event::{Actor, Choice, Event, ItemRuling, Need, Overriding, PromptPin, Ruled, Seen, Verdict, Way};
use crate::domain::handoff::Contract;
use crate::domain::ids::{ContentHash, StageId};
use crate::domain::money::MicroUsd;
use crate::domain::pipeline::Kind;
use crate::domain::studio::Studio;

/// What a decision at a gate brings about.
pub(super) fn decided(studio: &Studio, by: &Actor, command: &Command) -> Result<Vec<Decided>, Refusal> {
    let (episode, events) = match command {
        Command::Approve { episode, gate, hash, max_spend, rulings, seen } => {
            let found = under_way(studio, *episode)?;
            let evaluation = at_gate(found, gate, hash)?;
            (*episode, approved(evaluation, gate, *hash, *max_spend, rulings, *seen)?)
        }
        Command::SendBack { episode, gate, hash, note, way, rulings, seen } => {
            let found = under_way(studio, *episode)?;
            let evaluation = at_gate(found, gate, hash)?;
            let sent = sent_back(found, gate, *note, *way, *seen);
            let sent = sent.ok_or_else(|| not_now("this gate has nowhere to send back to"))?;
            let mut events = ruled(evaluation, gate, *hash, rulings)?;
            events.extend([sent, closed(gate, *hash, "sent back")]);
            (*episode, events)
        }
        Command::Override { episode, gate, hash, typed, reason, max_spend, seen } => {
            let found = under_way(studio, *episode)?;
            let evaluation = at_gate(found, gate, hash)?;
            let reason = worded(reason)?;
            if typed.trim().parse() != Ok(episode.0) {
                return Err(not_now(&format!(
                    "to go on past a failed gate, type the number {episode} and nothing else"
                )));
            }
            (*episode, overridden(found, evaluation, by, gate, *hash, reason, *max_spend, *seen)?)
        }
        Command::Start(_)
        | Command::ChooseOutput { .. }
        | Command::ChoosePrompt { .. }
        | Command::ResolveCharge { .. }
        | Command::ReadAgain { .. }
        | Command::SetUncertain { .. }
        | Command::CorrectCharge { .. }
        | Command::SetCap { .. }
        | Command::UseCheaper { .. }
        | Command::Retry { .. }
        | Command::AcceptBill { .. }
        | Command::RecordBill(_)
        | Command::Pause(_)
        | Command::Resume(_)
        | Command::Cancel { .. }
        | Command::Reject { .. } => return Err(not_now("this is no decision at a gate")),
    };
    Ok(events.into_iter().map(|event| of(episode, event)).collect())
}

fn closed(gate: &StageId, hash: ContentHash, answer: &str) -> Event {
    Event::NeedClosed { id: Need::Gate { gate: gate.clone(), hash }.id(), answer: answer.to_owned() }
}

fn approved(
    evaluation: &Evaluation,
    gate: &StageId,
    hash: ContentHash,
    max_spend: MicroUsd,
    rulings: &[Ruled],
    seen: Option<Seen>,
) -> Result<Vec<Event>, Refusal> {
    if max_spend < MicroUsd::ZERO {
        return Err(not_now("a ceiling below zero is none"));
    }
    match evaluation.verdict {
        Verdict::Person => {}
        Verdict::Failed => {
            return Err(not_now(
                "a check at this gate fails, and no approval turns that into a pass: send it back, or override it with a \
                 reason",
            ));
        }
        Verdict::Passed => return Err(not_now("this gate asks nobody")),
    }
    let unruled: Vec<&str> = evaluation
        .open
        .iter()
        .filter(|item| !rulings.iter().any(|ruled| ruled.item == **item))
        .map(String::as_str)
        .collect();
    if !unruled.is_empty() {
        return Err(not_now(&format!("open: {}. Rule each first: fix, waive or not a fault", unruled.join(", "))));
    }
    if let Some(ruled) = rulings.iter().find(|ruled| ruled.ruling == ItemRuling::Fix) {
        return Err(not_now(&format!(
            "{} is to be fixed, and nothing alters a script after it is approved: send it back",
            ruled.item
        )));
    }
    let mut events = ruled(evaluation, gate, hash, rulings)?;
    events.push(Event::GateApproved { gate: gate.clone(), hash, max_spend, seen });
    events.push(closed(gate, hash, "approved"));
    Ok(events)
}

/// The rulings as events: each of an item that is open here, with its reason where one is needed.
fn ruled(evaluation: &Evaluation, gate: &StageId, hash: ContentHash, rulings: &[Ruled]) -> Result<Vec<Event>, Refusal> {
    let mut events = Vec::with_capacity(rulings.len());
    for ruling in rulings {
        if !evaluation.open.contains(&ruling.item) {
            let item: String = ruling.item.chars().filter(|c| !c.is_control()).take(40).collect();
            return Err(not_now(&format!("`{item}` is not open at this gate")));
        }
        let reason = match worded(&ruling.reason) {
            Ok(reason) => reason.chars().take(400).collect(),
            Err(_) if !ruling.ruling.needs_reason() => String::new(),
            Err(_) => {
                return Err(not_now(&format!("{} is {}: say why", ruling.item, ruling.ruling.words())));
            }
        };
        let ruled = Ruled { item: ruling.item.clone(), ruling: ruling.ruling, reason };
        events.push(Event::ItemRuled { gate: gate.clone(), hash, ruled });
    }
    Ok(events)
}

#[expect(clippy::too_many_arguments, reason = "the parts of one command, taken apart by its only caller")]
fn overridden(
    episode: &Episode,
    evaluation: &Evaluation,
    by: &Actor,
    gate: &StageId,
    hash: ContentHash,
    reason: String,
    max_spend: MicroUsd,
    seen: Option<Seen>,
) -> Result<Vec<Event>, Refusal> {
    match evaluation.verdict {
        Verdict::Failed => {}
        Verdict::Person | Verdict::Passed => {
            return Err(not_now("no check fails at this gate: there is nothing to override"));
        }
    }
    if max_spend < MicroUsd::ZERO {
        return Err(not_now("a ceiling below zero is none"));
    }
    let over = Event::GateOverridden { gate: gate.clone(), hash, reason: reason.clone(), max_spend, seen };
    let through = vec![over, closed(gate, hash, "overridden")];
    match episode.policy.overriding {
        Overriding::Nobody => Err(not_now("the show lets nobody override a failed gate")),
        Overriding::Reason => Ok(through),
        Overriding::SecondPerson => match episode.gates.get(gate).and_then(|state| state.proposals.get(&hash)) {
            None => Ok(vec![Event::OverrideProposed { gate: gate.clone(), hash, reason }]),
            Some(proposal) => match second_person(&proposal.by, by) {
                Ok(_) => Ok(through),
                Err(why) => Err(not_now(why)),
            },
        },
    }
}

/// What puts another output in the place of what a stage made from its present inputs.
pub(super) fn chosen(
    episode: &Episode,
    stage: &StageId,
    output: ContentHash,
    choice: Choice,
    reason: &str,
    words: Option<u64>,
) -> Result<Vec<Decided>, Refusal> {
    if episode.life.is_over() {
        return Err(not_now("the episode is over"));
    }
    let makes_script = |contract| matches!(contract, Contract::Draft | Contract::Revision);
    if !episode.pin(stage).is_some_and(|pin| makes_script(pin.stage.output)) {
        return Err(not_now(&format!("{stage} makes no script")));
    }
    let reason = worded(reason)?;
    let standings = episode.standings();
    let Some(Standing::Done(inputs, now)) = standings.get(stage) else {
        return Err(not_now(&format!("{stage} is not done, so nothing stands there to be replaced")));
    };
    if *now == output {
        return Err(not_now("this is what stands there already"));
    }
    let is_known =
        episode.stages.values().flat_map(crate::domain::episode::StageState::made).any(|m| m.output == output);
    if choice != Choice::Edited && !is_known {
        return Err(not_now("this episode never had such a revision"));
    }
    let event =
        Event::OutputChosen { stage: stage.clone(), input: inputs.hash, output, parent: *now, choice, reason, words };
    Ok(vec![of(episode.number, event)])
}

/// What asks a stage by another version of its prompt. What was made by the one before is stale then, and made again.
pub(super) fn prompted(
    episode: &Episode,
    stage: &StageId,
    prompt: &PromptPin,
    reviser: bool,
    reason: &str,
) -> Result<Vec<Decided>, Refusal> {
    if episode.life.is_over() {
        return Err(not_now("the episode is over"));
    }
    let pin = episode.pin(stage).ok_or_else(|| not_now(&format!("the episode has no stage {stage}")))?;
    let now = if reviser { pin.revise.as_ref() } else { pin.prompt.as_ref() };
    let now = now.ok_or_else(|| not_now(&format!("{stage} is asked by no such prompt")))?;
    if now.agent != prompt.agent {
        return Err(not_now(&format!(
            "{stage} is the work of {}, and the prompt is that of {}",
            now.agent, prompt.agent
        )));
    }
    if now.hash == prompt.hash {
        return Err(not_now("this is the prompt that it is asked by already"));
    }
    let (prompt, reason) = (prompt.clone(), worded(reason)?);
    Ok(vec![of(episode.number, Event::PromptChosen { stage: stage.clone(), prompt, reviser, reason })])
}

/// Holds a decision to what stands at the gate now.
fn at_gate<'a>(episode: &'a Episode, gate: &StageId, hash: &ContentHash) -> Result<&'a Evaluation, Refusal> {
    if episode.life.is_over() {
        return Err(not_now("the episode is over"));
    }
    let is_gate = episode.pin(gate).is_some_and(|pin| pin.stage.kind == Kind::Gate);
    if !is_gate {
        return Err(not_now(&format!("{gate} is no gate of this episode")));
    }
    let standings = episode.standings();
    let now = match standings.get(gate) {
        Some(Standing::Open(inputs)) => inputs.hash,
        Some(Standing::Done(..)) => return Err(not_now(&format!("{gate} is decided"))),
        Some(Standing::Waiting) | None => return Err(not_now(&format!("{gate} is not reached yet"))),
    };
    if now != *hash {
        return Err(Refusal::Stale { gate: gate.clone(), seen: hash.short(), now: now.short() });
    }
    let evaluation = episode.gates.get(gate).and_then(|state| state.evaluations.get(hash));
    evaluation.ok_or_else(|| not_now(&format!("{gate} is still being checked")))
}

/// The event that sends a gate's content back with a note, where the gate can. The way by the plan goes to the stage that
/// makes the plan; where there is none, it is the author's.
pub(super) fn sent_back(
    episode: &Episode,
    gate: &StageId,
    note: ContentHash,
    way: Way,
    seen: Option<Seen>,
) -> Option<Event> {
    let usual = episode.pin(gate)?.stage.send_back.clone()?;
    let planner = episode.pins.iter().find(|pin| pin.stage.output == Contract::Plan).map(|pin| pin.stage.id.clone());
    let (target, way) = match (way, planner) {
        (Way::Plan, Some(planner)) => (planner, Way::Plan),
        (Way::Plan, None) => (usual, Way::Author),
        (Way::Author | Way::Peer | Way::RedTeam, _) => (usual, way),
    };
    let standings = episode.standings();
    let inputs = standings.get(gate)?.inputs()?;
    let base = episode.script_of(gate, inputs)?;
    Some(Event::SentBack { gate: gate.clone(), hash: inputs.hash, target, note, base, way, seen })
}
