//! The pipeline: the graph of stages that an episode runs through, and the checks that it must pass before anything runs.
//!
//! The graph has no cycle within a round, and every handoff is typed: what a stage reads, some stage before it makes.
//! Not for files: where a pipeline is written down and on which line, the loader knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::handoff::Contract;
use super::ids::StageId;
use super::panel::{MOST_TURNS, PanelSpec, Style};

/// What a stage is, which decides the code that runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One paid call to a model.
    Agent,
    /// Several models that talk in turns.
    Panel,
    /// Several paid calls to a judge, joined by code.
    Evaluate,
    /// A gate: checks by code, and a person where the gate asks for one.
    Gate,
    /// One paid call for each line that is spoken.
    Speech,
    /// Mixing and loudness, by code.
    Master,
    /// Something made from what is there, by code.
    Render,
}

/// When a gate asks a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Human {
    /// Every time.
    Always,
    /// When the judges disagree about what matters, or the gate fails again and again.
    OnDispute,
    /// Only when the gate fails again and again.
    Never,
}

/// One stage as the pipeline describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name.
    pub id: StageId,
    /// Its name for people.
    pub title: String,
    /// What it is.
    pub kind: Kind,
    /// The agent that does it, by the name of its prompt.
    pub agent: Option<String>,
    /// The agent that does it again when a note was sent back.
    pub reviser: Option<String>,
    /// The stages whose outputs it reads.
    pub inputs: Vec<StageId>,
    /// Stages that must be done and gates that must be open before it; what they hand on is not read.
    pub after: Vec<StageId>,
    /// What it hands on.
    pub output: Contract,
    /// When it asks a person; gates only.
    pub human: Option<Human>,
    /// Where a gate sends back to.
    pub send_back: Option<StageId>,
    /// The inputs that an approval at this gate signs.
    pub signs: Vec<StageId>,
    /// The input that, being empty, lets the stage pass its base on unchanged.
    pub skip_when_empty: Option<StageId>,
    /// The script that a revision starts from.
    pub revises: Option<StageId>,
    /// The longest that one step of it may take, in seconds.
    pub time_limit_seconds: u32,
    /// Who talks and how; panels only.
    pub panel: Option<PanelSpec>,
    /// The agent that attacks a revision where a fault is mended by a red team.
    pub attacker: Option<String>,
}

impl Stage {
    /// The stage that feeds a prompt's slot: the input of that name, or the last input whose contract the slot takes.
    pub fn feeds(&self, slot: &str, output_of: impl Fn(&StageId) -> Option<Contract>) -> Option<StageId> {
        let named = self.inputs.iter().find(|input| input.as_str() == slot);
        let typed = || {
            self.inputs.iter().rev().find(|input| match output_of(input) {
                Some(Contract::Draft | Contract::Revision) => slot == "script",
                Some(contract) => contract.name() == slot,
                None => false,
            })
        };
        named.or_else(typed).cloned()
    }
}

/// A fault of a pipeline, and the index of the stage that it stands at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct PipelineFault {
    /// The stage, by its place in the list; 0 where the list is empty.
    pub stage: usize,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What can be wrong with a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// No stage.
    #[error("the pipeline has no stage")]
    Empty,
    /// Two stages of one name.
    #[error("`{0}` is the name of two stages")]
    Repeated(StageId),
    /// A reference to a stage that is not there.
    #[error("`{stage}` names `{named}` under `{key}`, and there is no such stage")]
    Unknown {
        /// The stage.
        stage: StageId,
        /// The key.
        key: &'static str,
        /// The name.
        named: StageId,
    },
    /// Stages that wait for one another.
    #[error("these stages wait for one another: {0}")]
    Cycle(String),
    /// A key that the stage's kind needs or cannot have.
    #[error("`{stage}` is {kind:?} and {what}")]
    Shape {
        /// The stage.
        stage: StageId,
        /// Its kind.
        kind: Kind,
        /// What is missing or too much.
        what: &'static str,
    },
    /// A kind that this version does not run yet.
    #[error("`{stage}` is of the kind {kind:?}, which this version does not run yet")]
    NotYet {
        /// The stage.
        stage: StageId,
        /// Its kind.
        kind: Kind,
    },
    /// A handoff without its contract.
    #[error("`{stage}` needs an input of the contract `{needs}` and none of its inputs makes one")]
    Untyped {
        /// The stage.
        stage: StageId,
        /// What it needs.
        needs: &'static str,
    },
}

/// A checked pipeline: its stages in an order in which every stage stands behind what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    stages: Vec<Stage>,
}

impl Pipeline {
    /// Checks the stages and puts them in order; stages that do not wait for one another keep theirs.
    ///
    /// # Errors
    ///
    /// Every fault that was found.
    pub fn new(stages: Vec<Stage>) -> Result<Self, Vec<PipelineFault>> {
        let mut faults = Vec::new();
        if stages.is_empty() {
            faults.push(PipelineFault { stage: 0, kind: FaultKind::Empty });
        }
        let mut index = BTreeMap::new();
        for (at, stage) in stages.iter().enumerate() {
            if index.insert(stage.id.clone(), at).is_some() {
                faults.push(PipelineFault { stage: at, kind: FaultKind::Repeated(stage.id.clone()) });
            }
        }
        let outputs: BTreeMap<StageId, Contract> = stages.iter().map(|s| (s.id.clone(), s.output)).collect();
        for (at, stage) in stages.iter().enumerate() {
            check(stage, &outputs, |kind| faults.push(PipelineFault { stage: at, kind }));
        }
        match sorted(stages) {
            Ok(stages) if faults.is_empty() => Ok(Self { stages }),
            Ok(_) => Err(faults),
            Err(fault) => {
                faults.push(fault);
                Err(faults)
            }
        }
    }

    /// The stages, each behind all that it waits for.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The stage of this name.
    pub fn stage(&self, id: &StageId) -> Option<&Stage> {
        self.stages.iter().find(|stage| &stage.id == id)
    }
}

fn check(stage: &Stage, outputs: &BTreeMap<StageId, Contract>, mut fault: impl FnMut(FaultKind)) {
    let one = |named: &Option<StageId>| named.iter().cloned().collect::<Vec<_>>();
    let references = [
        ("inputs", stage.inputs.clone()),
        ("after", stage.after.clone()),
        ("signs", stage.signs.clone()),
        ("send_back", one(&stage.send_back)),
        ("skip_when_empty", one(&stage.skip_when_empty)),
        ("revises", one(&stage.revises)),
    ];
    for (key, named) in references.into_iter().flat_map(|(key, ids)| ids.into_iter().map(move |id| (key, id))) {
        if !outputs.contains_key(&named) {
            fault(FaultKind::Unknown { stage: stage.id.clone(), key, named });
        }
    }
    let mut shape = |wrong: bool, what: &'static str| {
        if wrong {
            fault(FaultKind::Shape { stage: stage.id.clone(), kind: stage.kind, what });
        }
    };
    let is_agent = matches!(stage.kind, Kind::Agent | Kind::Panel | Kind::Evaluate);
    let is_gate = stage.kind == Kind::Gate;
    shape(is_agent && stage.agent.is_none(), "names no `agent`");
    shape(is_agent && stage.output.answered().schema().is_none(), "hands on what no agent makes");
    shape(!is_agent && stage.kind != Kind::Speech && stage.agent.is_some(), "has an `agent`");
    shape(is_gate && stage.human.is_none(), "does not say when it asks a person (`human`)");
    shape(is_gate && stage.inputs.is_empty(), "has nothing to judge (`inputs`)");
    shape(!is_gate && stage.human.is_some(), "has `human`, which only a gate has");
    shape(!is_gate && stage.send_back.is_some(), "has `send_back`, which only a gate has");
    shape(stage.output == Contract::Revision && stage.revises.is_none(), "does not say what it `revises`");
    shape(stage.signs.iter().any(|signed| !stage.inputs.contains(signed)), "signs what is not among its `inputs`");
    shape(stage.time_limit_seconds == 0, "has a time limit of nothing");
    let is_joined = matches!(
        stage.output,
        Contract::Judgement | Contract::Preference | Contract::Revision | Contract::Turn | Contract::Selection
    );
    shape(stage.attacker.is_some() && stage.reviser.is_none(), "has an `attacker` and no `reviser` to attack");
    match (stage.kind, &stage.panel) {
        (Kind::Panel, None) => shape(true, "does not say how its seats take turns (`panel`)"),
        (Kind::Panel, Some(spec)) => {
            let seats: BTreeSet<&String> = spec.seats.iter().collect();
            let least = if spec.style == Style::Goal { 1 } else { 2 };
            let chooses = spec.style == Style::LlmSelect;
            shape(is_joined, "hands on what no chair can sum up");
            shape(spec.seats.len() < least, "has too few `seats`");
            shape(seats.len() < spec.seats.len(), "gives a prompt two `seats`");
            shape(!(1..=MOST_TURNS).contains(&spec.turns), "is not bound to a number of `turns`, at most 200");
            shape(chooses && spec.coordinator.is_none(), "names no `coordinator` who chooses the speaker");
            shape(!chooses && spec.coordinator.is_some(), "has a `coordinator`, and its seats choose themselves");
        }
        (_, Some(_)) => shape(true, "has a `panel`, which only a panel has"),
        (_, None) => {}
    }
    if stage.kind == Kind::Master {
        fault(FaultKind::NotYet { stage: stage.id.clone(), kind: stage.kind });
    }
    let output_of = |id: &StageId| outputs.get(id).copied();
    let needs: &[&'static str] = match stage.kind {
        Kind::Speech => &["script", "speech_text"],
        Kind::Agent | Kind::Panel | Kind::Evaluate | Kind::Gate | Kind::Master | Kind::Render => &[],
    };
    for needs in needs.iter().copied() {
        if stage.feeds(needs, output_of).is_none() {
            fault(FaultKind::Untyped { stage: stage.id.clone(), needs });
        }
    }
}

/// Kahn's algorithm, taking the first stage in the file that waits for nothing more.
fn sorted(stages: Vec<Stage>) -> Result<Vec<Stage>, PipelineFault> {
    let known: BTreeSet<StageId> = stages.iter().map(|stage| stage.id.clone()).collect();
    let mut left: Vec<(usize, Stage)> = stages.into_iter().enumerate().collect();
    let mut done: BTreeSet<StageId> = BTreeSet::new();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_free = |stage: &Stage| {
            stage.inputs.iter().chain(&stage.after).all(|needed| done.contains(needed) || !known.contains(needed))
        };
        match left.iter().position(|(_, stage)| is_free(stage)) {
            Some(at) => {
                let (_, stage) = left.remove(at);
                done.insert(stage.id.clone());
                ordered.push(stage);
            }
            None => {
                let names: Vec<&str> = left.iter().map(|(_, stage)| stage.id.as_str()).collect();
                let stage = left.first().map_or(0, |(at, _)| *at);
                return Err(PipelineFault { stage, kind: FaultKind::Cycle(names.join(", ")) });
            }
        }
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(id: &str, kind: Kind, inputs: &[&str], output: Contract) -> Stage {
        Stage {
            id: id.parse().unwrap(),
            title: id.into(),
            kind,
            agent: (kind == Kind::Agent).then(|| "writer".into()),
            reviser: None,
            inputs: inputs.iter().map(|i| i.parse().unwrap()).collect(),
            after: vec![],
            output,
            human: (kind == Kind::Gate).then_some(Human::Never),
            send_back: None,
            signs: vec![],
            skip_when_empty: None,
            revises: None,
            time_limit_seconds: 60,
            panel: None,
            attacker: None,
        }
    }

    fn kinds(stages: Vec<Stage>) -> Vec<FaultKind> {
        Pipeline::new(stages).unwrap_err().into_iter().map(|fault| fault.kind).collect()
    }

    #[test]
    fn stages_stand_behind_what_they_wait_for() {
        let mut script = stage("script", Kind::Agent, &["research"], Contract::Draft);
        script.after = vec!["brief".parse().unwrap()];
        let brief = stage("brief", Kind::Agent, &["research"], Contract::Brief);
        let research = stage("research", Kind::Render, &[], Contract::Research);
        let pipeline = Pipeline::new(vec![script, brief, research]).unwrap();
        let order: Vec<&str> = pipeline.stages().iter().map(|s| s.id.as_str()).collect();
        assert_eq!(order, ["research", "brief", "script"]);
    }

    #[test]
    fn a_cycle_is_named_with_its_stages() {
        let a = stage("a", Kind::Agent, &["b"], Contract::Brief);
        let b = stage("b", Kind::Agent, &["a"], Contract::Plan);
        let free = stage("free", Kind::Render, &[], Contract::Research);
        let faults = Pipeline::new(vec![free, a, b]).unwrap_err();
        assert_eq!(faults, vec![PipelineFault { stage: 1, kind: FaultKind::Cycle("a, b".into()) }]);
    }

    #[test]
    fn every_fault_of_form_is_found() {
        let unknown = kinds(vec![stage("a", Kind::Agent, &["nobody"], Contract::Brief)]);
        assert!(matches!(unknown.as_slice(), [FaultKind::Unknown { key: "inputs", .. }]), "{unknown:?}");
        let twice = vec![stage("a", Kind::Render, &[], Contract::Research); 2];
        assert!(matches!(kinds(twice).as_slice(), [FaultKind::Repeated(_)]));
        let mut gate = stage("g", Kind::Gate, &[], Contract::Report);
        gate.human = None;
        assert_eq!(kinds(vec![gate]).len(), 2);
        let speech = stage("voice", Kind::Speech, &[], Contract::Speech);
        assert!(matches!(kinds(vec![speech]).as_slice(), [FaultKind::Untyped { .. }, FaultKind::Untyped { .. }]));
        let master = stage("m", Kind::Master, &[], Contract::Speech);
        assert!(matches!(kinds(vec![master]).as_slice(), [FaultKind::NotYet { .. }]));
        assert_eq!(kinds(vec![]), vec![FaultKind::Empty]);
    }

    #[test]
    fn a_panel_needs_a_chair_seats_and_a_bound() {
        let panel = |style, seats: &[&str], turns, coordinator: Option<&str>| {
            let mut panel = stage("p", Kind::Panel, &[], Contract::Angle);
            panel.agent = Some("chair".into());
            let seats = seats.iter().map(|seat| (*seat).to_owned()).collect();
            let coordinator = coordinator.map(str::to_owned);
            panel.panel = Some(PanelSpec { style, seats, coordinator, turns, spend: None, minutes: None });
            Pipeline::new(vec![panel]).map(drop).map_err(|faults| faults.len())
        };
        assert_eq!(panel(Style::RoundRobin, &["a", "b"], 4, None), Ok(()));
        assert_eq!(panel(Style::Goal, &["a"], 4, None), Ok(()));
        assert_eq!(panel(Style::LlmSelect, &["a", "b"], 4, Some("c")), Ok(()));
        assert_eq!(panel(Style::LlmSelect, &["a", "b"], 4, None), Err(1));
        assert_eq!(panel(Style::Handoff, &["a", "b"], 4, Some("c")), Err(1));
        assert_eq!(panel(Style::Handoff, &["a"], 0, None), Err(2));
        assert_eq!(panel(Style::RoundRobin, &["a", "a"], MOST_TURNS + 1, None), Err(2));
        let bare = stage("p", Kind::Panel, &[], Contract::Angle);
        assert_eq!(kinds(vec![bare]).len(), 2, "neither a chair nor a panel");
    }

    #[test]
    fn a_slot_is_fed_by_name_and_then_by_contract() {
        let polish = stage("polish", Kind::Agent, &["research", "script", "fixes"], Contract::Revision);
        let output = |id: &StageId| match id.as_str() {
            "script" => Some(Contract::Draft),
            "polish" => Some(Contract::Revision),
            "research" => Some(Contract::Research),
            _ => None,
        };
        assert_eq!(polish.feeds("script", output).unwrap().as_str(), "script");
        let review = stage("review", Kind::Agent, &["research", "polish"], Contract::Judgement);
        assert_eq!(review.feeds("script", output).unwrap().as_str(), "polish");
        assert_eq!(review.feeds("plan", output), None);
    }
}
