//! Panels: several agents on one task, one after the other, until they are through or a bound is reached.
//!
//! This is the machine that says who speaks next. It is pure: the same transcript gives the same move for ever, so that a
//! transcript is read back by asking the machine again. Not for prompts or calls: the engine's workshop makes those.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::call::Route;
use super::episode::Episode;
use super::event::{Pin, PromptPin, Way};
use super::handoff::{Selection, Turn};
use super::ids::StageId;
use super::money::MicroUsd;
use super::pipeline::Kind;
use super::step::NoteInput;

/// The unit of the call that closes a panel. The turns before it have smaller numbers.
pub const CLOSING: u32 = 1_000;

/// The most turns that a panel may be given: with a choice before each of them they stay below [`CLOSING`].
pub const MOST_TURNS: u32 = 200;

/// How often one seat may speak without being done before it is held to be stuck: once, and twice again.
pub const MOST_TRIES: usize = 3;

/// The artifact of a turn whose seat gave no answer that could be used.
pub const MISSED: &[u8] = b"{\"missed\":true}";

/// The unit of the attack where a red team works on a revision: 0 is the revision, [`CLOSING`] the one after the attack.
pub const ATTACK: u32 = 1;

/// How the seats of a panel take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// One after the other, round after round, until every seat says that it is done.
    RoundRobin,
    /// A coordinator chooses who speaks.
    LlmSelect,
    /// Whoever speaks keeps the task until it is done, and then hands it on.
    Handoff,
    /// Whoever speaks names who goes on, until the goal is reached.
    Goal,
}

impl Style {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::RoundRobin, Self::LlmSelect, Self::Handoff, Self::Goal];

    /// The name in pipelines.
    pub fn name(self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::LlmSelect => "llm_select",
            Self::Handoff => "handoff",
            Self::Goal => "goal",
        }
    }
}

/// What a pipeline says of a panel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PanelSpec {
    /// How the seats take turns.
    pub style: Style,
    /// The seats, by the names of their prompts.
    pub seats: Vec<String>,
    /// The prompt of the one who chooses the speaker, where one does.
    pub coordinator: Option<String>,
    /// The most turns.
    pub turns: u32,
    /// What the turns may cost together, where there is a limit.
    pub spend: Option<MicroUsd>,
    /// How long the turns may take together, in minutes, where there is a limit.
    pub minutes: Option<u32>,
}

/// A seat as an episode pins it: the prompt, and where its calls go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// The prompt.
    pub prompt: PromptPin,
    /// Where its calls go.
    pub route: Route,
    /// Where they go when that model cannot.
    pub fallback: Option<Route>,
}

/// What happened at a panel so far, call by call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A seat spoke.
    Spoke {
        /// The seat, by its place in the list.
        seat: usize,
        /// What it said.
        turn: Turn,
    },
    /// The coordinator chose.
    Chose(Selection),
    /// A seat gave no answer that could be used.
    Missed {
        /// The seat.
        seat: usize,
    },
    /// The coordinator gave no answer that could be used.
    Unchosen,
}

/// Why a panel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The task is done.
    Success,
    /// A bound was reached.
    Bound(Bound),
    /// A seat could not do its part; what is there goes on.
    BadAgent,
}

/// A bound of a panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The number of turns.
    Turns,
    /// The money.
    Spend,
    /// The time.
    Time,
}

/// What a panel does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// This seat speaks.
    Speak(usize),
    /// The coordinator chooses who speaks.
    Select,
    /// The panel is over, and the closing call is made.
    Close(Ended),
}

/// What a panel does next, from what happened so far, what it has cost and how long it has taken.
///
/// What the transcript alone decides is looked at before money and time, so that a panel which is through stays through.
pub fn next(spec: &PanelSpec, talk: &[Entry], spent: MicroUsd, minutes: u32) -> Move {
    let wanted = wanted(spec, talk);
    let turns = talk.iter().filter(|entry| matches!(entry, Entry::Spoke { .. } | Entry::Missed { .. })).count();
    match wanted {
        Move::Close(_) => wanted,
        Move::Speak(_) | Move::Select if turns >= usize::try_from(spec.turns).unwrap_or(usize::MAX) => {
            Move::Close(Ended::Bound(Bound::Turns))
        }
        Move::Speak(_) | Move::Select if spec.spend.is_some_and(|most| spent >= most) => {
            Move::Close(Ended::Bound(Bound::Spend))
        }
        Move::Speak(_) | Move::Select if spec.minutes.is_some_and(|most| minutes >= most) => {
            Move::Close(Ended::Bound(Bound::Time))
        }
        Move::Speak(_) | Move::Select => wanted,
    }
}

/// Reads a transcript back: the answers of the calls in their order, each told by what the machine had asked for.
///
/// # Errors
///
/// What `read_turn` and `read_choice` say of an answer that they cannot read.
pub fn transcript<A, E>(
    spec: &PanelSpec,
    answers: impl IntoIterator<Item = A>,
    is_missed: impl Fn(&A) -> bool,
    read_turn: impl Fn(&A) -> Result<Turn, E>,
    read_choice: impl Fn(&A) -> Result<Selection, E>,
) -> Result<Vec<Entry>, E> {
    let mut talk = Vec::new();
    for answer in answers {
        let entry = match (next(spec, &talk, MicroUsd::ZERO, 0), is_missed(&answer)) {
            (Move::Speak(seat), true) => Entry::Missed { seat },
            (Move::Speak(seat), false) => Entry::Spoke { seat, turn: read_turn(&answer)? },
            (Move::Select, true) => Entry::Unchosen,
            (Move::Select, false) => Entry::Chose(read_choice(&answer)?),
            (Move::Close(_), _) => break,
        };
        talk.push(entry);
    }
    Ok(talk)
}

/// The seat that speaks where a choice of the speaker is no use: the one after the last speaker.
pub fn usual_seat(spec: &PanelSpec, talk: &[Entry]) -> usize {
    let last = talk.iter().rev().find_map(|entry| match entry {
        Entry::Spoke { seat, .. } | Entry::Missed { seat } => Some(*seat),
        Entry::Chose(_) | Entry::Unchosen => None,
    });
    last.map_or(0, |seat| after(spec, seat))
}

/// What the style wants, without a look at the bounds.
fn wanted(spec: &PanelSpec, talk: &[Entry]) -> Move {
    if spec.seats.is_empty() || talk.iter().any(|entry| matches!(entry, Entry::Missed { .. })) {
        return Move::Close(Ended::BadAgent);
    }
    match spec.style {
        Style::RoundRobin => round_robin(spec, talk),
        Style::LlmSelect => chosen(spec, talk),
        Style::Handoff => handed_on(spec, talk),
        Style::Goal => towards_goal(spec, talk),
    }
}

fn round_robin(spec: &PanelSpec, talk: &[Entry]) -> Move {
    let last_word = |seat: usize| turns(talk).rev().find(|(speaker, _)| *speaker == seat).map(|(_, turn)| turn);
    let is_done = |seat: usize| last_word(seat).is_some_and(|turn| turn.done);
    if (0..spec.seats.len()).all(is_done) { Move::Close(Ended::Success) } else { Move::Speak(usual_seat(spec, talk)) }
}

fn chosen(spec: &PanelSpec, talk: &[Entry]) -> Move {
    match talk.last() {
        Some(Entry::Chose(choice)) if choice.done => Move::Close(Ended::Success),
        Some(Entry::Chose(choice)) => {
            Move::Speak(seat_of(spec, &choice.next).unwrap_or_else(|| usual_seat(spec, talk)))
        }
        Some(Entry::Unchosen) => Move::Speak(usual_seat(spec, talk)),
        Some(Entry::Spoke { .. } | Entry::Missed { .. }) | None => Move::Select,
    }
}

fn handed_on(spec: &PanelSpec, talk: &[Entry]) -> Move {
    let Some((seat, turn)) = turns(talk).next_back() else { return Move::Speak(0) };
    if !turn.is_finished() {
        let tries = turns(talk).rev().take_while(|(speaker, turn)| *speaker == seat && !turn.is_finished()).count();
        return if tries >= MOST_TRIES { Move::Close(Ended::BadAgent) } else { Move::Speak(seat) };
    }
    match turn.next.as_deref().and_then(|name| seat_of(spec, name)).filter(|named| *named != seat) {
        Some(named) => Move::Speak(named),
        None => {
            let finished: BTreeSet<usize> =
                turns(talk).filter(|(_, turn)| turn.is_finished()).map(|(seat, _)| seat).collect();
            let following = (1..=spec.seats.len()).map(|step| (seat + step) % spec.seats.len());
            following.into_iter().find(|seat| !finished.contains(seat)).map_or(Move::Close(Ended::Success), Move::Speak)
        }
    }
}

fn towards_goal(spec: &PanelSpec, talk: &[Entry]) -> Move {
    let Some((_, turn)) = turns(talk).next_back() else { return Move::Speak(0) };
    if turn.is_finished() {
        return Move::Close(Ended::Success);
    }
    let named = turn.next.as_deref().and_then(|name| seat_of(spec, name));
    Move::Speak(named.unwrap_or_else(|| usual_seat(spec, talk)))
}

fn turns(talk: &[Entry]) -> impl DoubleEndedIterator<Item = (usize, &Turn)> {
    talk.iter().filter_map(|entry| match entry {
        Entry::Spoke { seat, turn } => Some((*seat, turn)),
        Entry::Chose(_) | Entry::Missed { .. } | Entry::Unchosen => None,
    })
}

fn seat_of(spec: &PanelSpec, name: &str) -> Option<usize> {
    spec.seats.iter().position(|seat| seat == name)
}

fn after(spec: &PanelSpec, seat: usize) -> usize {
    if seat + 1 < spec.seats.len() { seat + 1 } else { 0 }
}

/// How a stage's work is laid out where one call follows from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talk<'a> {
    /// A panel by its spec.
    Panel(&'a PanelSpec),
    /// A revision, an attack on it, and the revision once more.
    RedTeam,
}

/// How a stage talks, where it does: the calls of other stages are all known at once.
pub fn talk<'a>(pin: &'a Pin, note: Option<&NoteInput>) -> Option<Talk<'a>> {
    match (pin.stage.kind, &pin.stage.panel) {
        (Kind::Panel, Some(spec)) => Some(Talk::Panel(spec)),
        (Kind::Agent, _) => {
            let is_hard = note.is_some_and(|note| note.way == Way::RedTeam);
            (is_hard && pin.stage.attacker.is_some() && pin.revise.is_some()).then_some(Talk::RedTeam)
        }
        (Kind::Panel | Kind::Evaluate | Kind::Gate | Kind::Speech | Kind::Master | Kind::Render, _) => None,
    }
}

impl Talk<'_> {
    /// Whether a unit without an answer that can be used ends the talk and does not stop the stage.
    pub fn may_miss(self, unit: u32) -> bool {
        match self {
            Self::Panel(_) => unit < CLOSING,
            Self::RedTeam => unit == ATTACK,
        }
    }
}

/// The agent that a unit asks, so far as the unit's number tells it: who sat at a panel's turn, only its transcript knows.
pub fn agent_of(pin: &Pin, unit: u32) -> Option<String> {
    match pin.stage.kind {
        Kind::Panel if unit < CLOSING => None,
        Kind::Agent if unit == ATTACK => pin.seats.first().map(|seat| seat.prompt.agent.clone()),
        Kind::Agent | Kind::Panel | Kind::Evaluate | Kind::Gate | Kind::Speech | Kind::Master | Kind::Render => {
            pin.stage.agent.clone()
        }
    }
}

/// The money that the turns of a panel have cost or hold, without the closing call.
pub fn spent(episode: &Episode, stage: &StageId) -> MicroUsd {
    let began = episode.stages.get(stage).and_then(|state| state.run.as_ref()).map(|run| run.at);
    let calls =
        episode.calls_of(stage).filter(|(key, call)| key.unit < CLOSING && began.is_some_and(|at| call.at >= at));
    calls.map(|(_, call)| call.sums().committed()).sum()
}
