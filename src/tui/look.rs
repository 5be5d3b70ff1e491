//! What screens say of an episode, worked out from its state: marks, groups, needs in words.
//!
//! Not for drawing: no colours and no widths here.

use std::collections::BTreeMap;

use super::model::Shared;
use super::text::{clean, since, span};
use crate::domain::budget::{CapReached, Period, Scope};
use crate::domain::episode::{CallState, Episode, Life, Standing, Unit, UnitState};
use crate::domain::event::{Need, Pin, Provenance, Verdict};
use crate::domain::handoff::Contract;
use crate::domain::ids::StageId;
use crate::domain::pipeline::Kind;
use crate::domain::room::Periods;
use crate::engine::snapshot::Purse;

/// How a stage stands, as a character shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Done; of a gate: open.
    Done,
    /// A gate that a person approved.
    Approved,
    /// A gate that failed and that a person went on past.
    Overridden,
    /// At work.
    Running,
    /// Waits for a person.
    Person,
    /// Cannot go on, or a check fails.
    Failed,
    /// Not reached, or held by a pause.
    Later,
    /// The pipeline has no such thing.
    Absent,
}

/// The groups of stages in the strip: the letter, what it stands for.
pub(crate) const GROUPS: [(char, &str); 12] = [
    ('R', "research"),
    ('B', "brief"),
    ('P', "plan"),
    ('S', "script"),
    ('J', "judges"),
    ('F', "fixes"),
    ('L', "polish"),
    ('E', "review"),
    ('T', "text"),
    ('V', "voice"),
    ('N', "notes"),
    ('K', "package"),
];

/// The place of a stage in the strip; gates have their own.
fn group(pin: &Pin, after_polish: bool) -> Option<usize> {
    Some(match pin.stage.output {
        Contract::Research | Contract::Canaries => 0,
        Contract::Angle | Contract::ResearchNotes | Contract::Brief => 1,
        Contract::Plan => 2,
        Contract::Draft => 3,
        Contract::Judgement => {
            if after_polish {
                7
            } else {
                4
            }
        }
        Contract::Arbitration | Contract::Preference | Contract::CanaryReport => 4,
        Contract::Review => 7,
        Contract::Fixes | Contract::Routing => 5,
        Contract::Revision => 6,
        Contract::SpeechText => 8,
        Contract::Speech => 9,
        Contract::ShowNotes | Contract::ArtworkBrief | Contract::Promotion => 10,
        Contract::Package | Contract::Calibration => 11,
        Contract::Turn | Contract::Selection | Contract::Report => return None,
    })
}

/// How a stage stands.
pub(crate) fn mark(episode: &Episode, pin: &Pin, standings: &BTreeMap<StageId, Standing>) -> Mark {
    let id = &pin.stage.id;
    let is_gate = pin.stage.kind == Kind::Gate;
    match standings.get(id) {
        None | Some(Standing::Waiting) => Mark::Later,
        Some(Standing::Done(inputs, _)) => {
            let state = episode.gates.get(id).filter(|_| is_gate);
            match state {
                Some(state) if state.approvals.contains_key(&inputs.hash) => Mark::Approved,
                Some(state) if state.overrides.contains_key(&inputs.hash) => Mark::Overridden,
                Some(_) | None => Mark::Done,
            }
        }
        Some(Standing::Open(inputs)) => {
            let evaluation = episode.gates.get(id).and_then(|gate| gate.evaluations.get(&inputs.hash));
            let run = episode.stages.get(id).and_then(|state| state.run.as_ref());
            let run = run.filter(|run| run.input == inputs.hash);
            let waits = |unit: &Unit| matches!(unit.state, UnitState::Held(_) | UnitState::Unread(_));
            let is_held = run.is_some_and(|run| run.units.values().any(waits));
            let waits_for_money = || run.is_some_and(|run| run.units.values().any(waits_for_money));
            let asks = episode.needs.iter().any(|open| match &open.need {
                Need::Cap { stage, scope: Scope::Call | Scope::Stage(..), .. } => stage == id,
                // A cap that stages share stands in the way of each that has a call to send.
                Need::Cap { stage, .. } => stage == id || waits_for_money(),
                Need::Gate { .. }
                | Need::Charge { .. }
                | Need::Retries { .. }
                | Need::Unread { .. }
                | Need::OverBilled { .. } => false,
            });
            match evaluation.map(|evaluation| evaluation.verdict) {
                Some(Verdict::Person) => Mark::Person,
                Some(Verdict::Failed) => Mark::Failed,
                Some(Verdict::Passed) | None if run.is_some_and(|run| run.failed.is_some()) => Mark::Failed,
                Some(Verdict::Passed) | None if is_held || asks => Mark::Person,
                Some(Verdict::Passed) | None if episode.life == Life::Running => Mark::Running,
                Some(Verdict::Passed) | None => Mark::Later,
            }
        }
    }
}

/// Whether a unit is not at work and could be sent, as far as its own stage is concerned.
fn waits_for_money(unit: &Unit) -> bool {
    matches!(unit.state, UnitState::Waiting(None))
}

/// The caps that episodes share, as they stand.
pub(crate) fn periods(shared: &Shared) -> Periods {
    let of = |purse: Option<Purse>| purse.unwrap_or_default().taken();
    let snapshot = shared.snapshot.as_ref();
    let (day, month) = (snapshot.map(|snapshot| snapshot.today), snapshot.map(|snapshot| snapshot.month));
    let period = snapshot.map_or_else(|| Period::of(shared.now), |snapshot| snapshot.period);
    Periods { period, day: of(day), month: of(month) }
}

/// What a stage waits for that no cap admits, in two sentences; nothing where none of its calls waits for money.
pub(crate) fn waits_for_cap(shared: &Shared, episode: &Episode, stage: &StageId) -> Option<[String; 2]> {
    let CapReached { scope: over, cap, committed, worst } = periods(shared).short(episode, stage)?;
    let what = format!(
        "Waiting for money: the next call may cost {worst:.4} USD, and {committed} of the {cap} USD cap of {} are spent or \
         reserved.",
        scope(&over)
    );
    let is_asked = episode.needs.iter().any(|open| matches!(&open.need, Need::Cap { scope, .. } if *scope == over));
    let how = if is_asked {
        "It goes on when the cap is raised: Enter opens the need.".to_owned()
    } else {
        "It goes on by itself when running calls cost less than was reserved for them.".to_owned()
    };
    Some([what, how])
}

/// The strip of an episode and its gates, in the order of the pipeline.
pub(crate) struct Strip {
    pub(crate) groups: [Mark; GROUPS.len()],
    pub(crate) gates: Vec<Mark>,
    /// The stages at work, or those that stand in the way.
    pub(crate) at: Vec<StageId>,
    pub(crate) percent: u8,
}

/// Works the strip out.
pub(crate) fn strip(episode: &Episode) -> Strip {
    let standings = episode.standings();
    let mut groups: [Vec<Mark>; GROUPS.len()] = Default::default();
    let mut gates = Vec::new();
    let mut at = Vec::new();
    let mut after_polish = false;
    let mut done = 0_usize;
    for pin in &episode.pins {
        let mark = mark(episode, pin, &standings);
        match mark {
            Mark::Running | Mark::Person | Mark::Failed => at.push(pin.stage.id.clone()),
            Mark::Done | Mark::Approved | Mark::Overridden => done += 1,
            Mark::Later | Mark::Absent => {}
        }
        match group(pin, after_polish).and_then(|at| groups.get_mut(at)) {
            Some(marks) => marks.push(mark),
            None => gates.push(mark),
        }
        after_polish |= pin.stage.output == Contract::Revision;
    }
    let percent = u8::try_from(done * 100 / episode.pins.len().max(1)).unwrap_or(100);
    Strip { groups: groups.map(|marks| joined(&marks)), gates, at, percent }
}

/// One mark for several stages: what a person should see first.
fn joined(marks: &[Mark]) -> Mark {
    let has = |mark: Mark| marks.contains(&mark);
    let all_done = marks.iter().all(|mark| matches!(mark, Mark::Done | Mark::Approved | Mark::Overridden));
    match marks {
        [] => Mark::Absent,
        _ if has(Mark::Failed) => Mark::Failed,
        _ if has(Mark::Person) => Mark::Person,
        _ if has(Mark::Running) => Mark::Running,
        _ if all_done => Mark::Done,
        _ => Mark::Later,
    }
}

/// The title of a stage.
pub(crate) fn title(episode: &Episode, stage: &StageId) -> String {
    episode.pin(stage).map_or_else(|| stage.to_string(), |pin| clean(&pin.stage.title))
}

/// What an episode is at, in a few words.
pub(crate) fn at(episode: &Episode, strip: &Strip) -> String {
    match &episode.life {
        Life::Running => {}
        Life::Paused => return "paused".to_owned(),
        Life::Cancelled(_) | Life::Rejected(_) | Life::Packaged(_) => {
            return life(&episode.life, episode.provenance).to_owned();
        }
    }
    let round = match episode.round() {
        1 => String::new(),
        round => format!(" r{round}"),
    };
    match strip.at.split_first() {
        None => "next stage".to_owned(),
        Some((first, rest)) => {
            let units = units(episode, first).map(|(done, all)| format!(" {done}/{all}")).unwrap_or_default();
            let more = if rest.is_empty() { String::new() } else { format!(" +{}", rest.len()) };
            format!("{}{units}{round}{more}", title(episode, first))
        }
    }
}

/// How many units of a stage are done, where it has several.
pub(crate) fn units(episode: &Episode, stage: &StageId) -> Option<(usize, usize)> {
    let run = episode.stages.get(stage)?.run.as_ref()?;
    let done = run.units.values().filter(|unit| matches!(unit.state, UnitState::Accepted(_))).count();
    (run.units.len() > 1).then_some((done, run.units.len()))
}

/// How an episode's life stands, in a word.
pub(crate) fn life(life: &Life, provenance: Provenance) -> &'static str {
    match (life, provenance) {
        (Life::Running, _) => "under way",
        (Life::Paused, _) => "paused",
        (Life::Cancelled(_), _) => "stopped",
        (Life::Rejected(_), _) => "rejected",
        (Life::Packaged(_), Provenance::Rehearsal) => "packaged (rehearsal)",
        (Life::Packaged(_), Provenance::Live) => "packaged",
    }
}

/// What kind of need it is, in a word.
pub(crate) fn word(need: &Need) -> &'static str {
    match need {
        Need::Gate { .. } => "GATE",
        Need::Charge { .. } => "CHARGE",
        Need::Cap { .. } => "CAP",
        Need::Retries { .. } => "STUCK",
        Need::Unread { .. } => "UNREAD",
        Need::OverBilled { .. } => "BILL",
    }
}

/// A cap in words for people.
pub(crate) fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Call => "one call".to_owned(),
        Scope::Stage(_, stage) => format!("the stage {stage}"),
        Scope::Episode(_) => "the episode".to_owned(),
        Scope::Day(_) => "the day".to_owned(),
        Scope::Month(_) => "the month".to_owned(),
    }
}

/// A need in two lines: what it is, and what can be done. Why a gate asks is its report's sentence, where that was read.
pub(crate) fn told(shared: &Shared, episode: &Episode, need: &Need) -> (String, String) {
    match need {
        Need::Gate { gate, hash } => {
            let evaluation = episode.gates.get(gate).and_then(|state| state.evaluations.get(hash));
            let report = evaluation.and_then(|evaluation| shared.report(evaluation.report));
            let sentence = report.map(|report| clean(&report.sentence)).filter(|sentence| !sentence.is_empty());
            let first = evaluation.and_then(|evaluation| evaluation.reasons.first()).map(|reason| clean(reason));
            let open = evaluation.map_or(0, |evaluation| evaluation.open.len());
            let asks = match (evaluation.map(|evaluation| evaluation.verdict), open) {
                (Some(Verdict::Failed), _) => "a check fails: send it back, or override it with a reason".to_owned(),
                (Some(Verdict::Person | Verdict::Passed) | None, 0) => {
                    "read it, then approve or send it back".to_owned()
                }
                (Some(Verdict::Person | Verdict::Passed) | None, open) => {
                    format!("rule what is open ({open}), then approve or send it back")
                }
            };
            let what = title(episode, gate);
            (sentence.or(first).map_or_else(|| what.clone(), |why| format!("{what}: {why}")), asks)
        }
        Need::Charge { key } => {
            let call = episode.calls.get(key);
            let worst = call.map(|call| call.worst).unwrap_or_default();
            let why = match call.map(|call| &call.state) {
                Some(CallState::Uncertain { reason }) => clean(reason),
                Some(
                    CallState::InFlight
                    | CallState::Settled { .. }
                    | CallState::Failed { .. }
                    | CallState::Ruled { .. },
                )
                | None => "its answer was lost".to_owned(),
            };
            let what = format!("{}: it may have cost up to {worst} USD; {why}", title(episode, &key.stage));
            (what, "send it again, or write it off".to_owned())
        }
        Need::Cap { stage, scope: over, cap, committed, worst } => (
            format!(
                "{}: the next call may cost {worst:.4}, and {committed} of {cap} USD are spent or reserved",
                title(episode, stage)
            ),
            format!("raise the cap of {}, use the cheaper model, or stop", scope(over)),
        ),
        Need::Retries { stage, reason } => {
            (format!("{}: {}", title(episode, stage), clean(reason)), "let it try again, or stop".to_owned())
        }
        Need::Unread { key, reason } => (
            format!(
                "{}: the answer is paid for and kept, and cannot be read: {}",
                title(episode, &key.stage),
                clean(reason)
            ),
            "read it again for nothing, pay for another call, or stop".to_owned(),
        ),
        Need::OverBilled { key, reserved, billed } => (
            format!("{}: billed {billed:.4} USD where {reserved:.4} was reserved", title(episode, &key.stage)),
            "no further call is sent until you have seen it".to_owned(),
        ),
    }
}

/// What an episode has spent, and what is held and possible beside it: three sums, never added up.
pub(crate) fn money(episode: &Episode) -> String {
    let sums = episode.sums();
    let purse = Purse { held: sums.held, possible: sums.possible, ..Purse::default() };
    let beside = purse.beside();
    let spent = format!("{} USD spent", episode.spent());
    if beside.is_empty() { spent } else { format!("{spent}, {beside}") }
}

/// How long the oldest need has waited.
pub(crate) fn waiting(episode: &Episode, now: jiff::Timestamp) -> Option<u64> {
    episode.needs.iter().map(|open| since(open.since, now)).max()
}

/// How long something took or has been taking.
pub(crate) fn age(from: jiff::Timestamp, to: jiff::Timestamp) -> String {
    span(since(from, to))
}
