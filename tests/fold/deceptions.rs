//! Twelve ways in which a production line has deceived itself, and what stops each here. Where a wall stands in the types, the
//! test walks up to it from the side of text.

use greenroom::config::rubric;
use greenroom::domain::accept::{Context, accept};
use greenroom::domain::checks::Guardrails;
use greenroom::domain::command::Command;
use greenroom::domain::decide::{self, Refusal};
use greenroom::domain::episode::Standing;
use greenroom::domain::event::{
    Actor, Choice, Event, Need, Overriding, Person, Policy, Provenance, Stamped, Uncertain, Verdict,
};
use greenroom::domain::gate::{Material, Rubric, judge};
use greenroom::domain::handoff::{Contract, Dimension, Judgement, Points, Reading};
use greenroom::domain::ids::{ContentHash, EpisodeNumber, StageId};
use greenroom::domain::pipeline::Human;
use greenroom::domain::script::Script;
use greenroom::domain::share::Share;
use greenroom::domain::step::{Done, GateJudged, Outcome, Output};
use serde_json::json;

use crate::ROOM;
use crate::world::{Weather, World};

const ONE: EpisodeNumber = EpisodeNumber(1);

fn id(name: &str) -> StageId {
    name.parse().unwrap()
}

fn script() -> Script {
    serde_json::from_value(json!({"title": "Tides", "segments": [{"id": "hook", "title": "H", "lines": [
        {"id": "L001", "speaker": "HOST", "text": "Our voices are made with AI, and the mill still runs.", "pause_ms": 0,
         "claims": []}]}]}))
    .unwrap()
}

/// A world that has come to its first open need, which is a gate.
fn at_first_gate(overriding: Overriding) -> (World, StageId, ContentHash) {
    let mut world = World::new(3, Weather::FAIR);
    let mut start = crate::world::start(1, ROOM, Uncertain::Ask);
    start.policy = Policy { overriding, ..start.policy };
    world.command(Command::Start(Box::new(start))).unwrap();
    while world.turn() {}
    let Need::Gate { gate, hash } = world.studio.episodes[&ONE].needs[0].need.clone() else { panic!("no gate") };
    (world, gate, hash)
}

fn approve(gate: &StageId, hash: ContentHash) -> Command {
    Command::Approve { episode: ONE, gate: gate.clone(), hash, max_spend: ROOM, rulings: vec![], seen: None }
}

#[test]
fn a_claimed_word_count_is_a_claim_and_its_mismatch_a_finding() {
    let material = Material {
        script: Some(script()),
        claimed_words: Some(4_000),
        speakers: vec!["HOST".into()],
        target_ms: (1, 60_000),
        words_per_minute: 150,
        ..Material::default()
    };
    let report = judge(&material, Human::Never).report;
    assert_eq!(report.measured.script.unwrap().words, 11, "what is measured is measured");
    let told = report.findings.iter().any(|listed| listed.by == 'c' && listed.finding.problem.contains("4000"));
    assert!(told, "{:?}", report.findings);
}

#[test]
fn a_failed_gate_is_never_rewritten_as_passed() {
    let (mut world, _, _) = at_first_gate(Overriding::Reason);
    // Judged again, and better, the same content keeps its first verdict.
    let episode = &world.studio.episodes[&ONE];
    let gate = id("script_development");
    let hash = episode.standings()[&gate].inputs().unwrap().hash;
    let before = episode.gates[&gate].evaluations[&hash].clone();
    let better = GateJudged {
        verdict: Verdict::Passed,
        reasons: vec!["better now".into()],
        report: ContentHash::of(b"better"),
        open: vec![],
        remedy: None,
        fall_back: None,
    };
    let outcome = Outcome::Worked {
        episode: ONE,
        stage: gate.clone(),
        input: hash,
        result: Ok(Done::Evaluated(better)),
        past: Default::default(),
    };
    let decided = decide::outcome(&world.studio, &outcome, &world.limits, world.now);
    assert!(decided.is_empty(), "{decided:?}");
    assert_eq!(world.studio.episodes[&ONE].gates[&gate].evaluations[&hash], before);

    // A failure can be overridden, by a person with a reason and the number typed; it stays a failure.
    let (gate, hash) = world.fail_gate();
    let refused = world.command(approve(&gate, hash)).unwrap_err();
    assert!(refused.to_string().contains("no approval turns that into a pass"), "{refused}");
    let over = |typed: &str, reason: &str| Command::Override {
        episode: ONE,
        gate: gate.clone(),
        hash,
        typed: typed.into(),
        reason: reason.into(),
        max_spend: ROOM,
        seen: None,
    };
    for other in ["2", "", "1.0", "-1", "one", "0x1"] {
        assert!(world.command(over(other, "it is fine")).is_err(), "{other} is not the number of the episode");
    }
    for spelled in ["1", "01", " 001 "] {
        assert!(world.command(over(spelled, " ")).is_err(), "a reason is needed");
    }
    world.command(over("1", "the guest\u{1b}[2J \u{202e}insists")).unwrap();
    let state = &world.studio.episodes[&ONE].gates[&gate];
    assert_eq!(state.evaluations[&hash].verdict, Verdict::Failed);
    assert_eq!(state.overrides[&hash].reason, "the guest insists");
    assert!(matches!(world.studio.episodes[&ONE].standings()[&gate], Standing::Done(..)));
}

#[test]
fn a_second_person_is_another_account_or_a_secret_and_never_a_spelling() {
    let person = |name: &str, uid: u32| Person::new(name, "studio").unwrap().of_account(uid);
    let over = |gate: &StageId, hash| Command::Override {
        episode: ONE,
        gate: gate.clone(),
        hash,
        typed: "1".into(),
        reason: "the guest insists".into(),
        max_spend: ROOM,
        seen: None,
    };
    for (first, second, is_two) in [
        (person("Ada", 7), person("ada", 7), false),
        (person("Ada", 7), person("\u{410}da", 7), false),
        (person("Ada", 7), person("Ada", 8), false),
        (person("Ada", 7), person("Bob", 7), false),
        (person("Ada", 7), person("Bob", 7).proven(), false),
        (person("Ada", 7).proven(), person("Bob", 7).proven(), true),
        (person("Ada", 7), person("Bob", 8), true),
    ] {
        let (mut world, _, _) = at_first_gate(Overriding::SecondPerson);
        let (gate, hash) = world.fail_gate();
        world.command_of(&Actor::Person(first.clone()), over(&gate, hash)).unwrap();
        assert!(
            world.command_of(&Actor::Person(first.clone()), over(&gate, hash)).is_err(),
            "one person is one person"
        );
        let confirmed = world.command_of(&Actor::Person(second.clone()), over(&gate, hash));
        assert_eq!(confirmed.is_ok(), is_two, "{first:?} {second:?}: {confirmed:?}");
        assert_eq!(world.studio.episodes[&ONE].gates[&gate].overrides.contains_key(&hash), is_two);
    }
}

#[test]
fn what_was_rehearsed_is_never_released() {
    let (mut world, _, _) = at_first_gate(Overriding::Nobody);
    assert_eq!(world.studio.episodes[&ONE].provenance, Provenance::Rehearsal, "it is on the episode for ever");
    // The kind of a studio is its first event; a second one does not fit.
    let again = Stamped {
        seq: world.studio.seq + 1,
        at: world.now,
        episode: None,
        actor: Actor::Engine,
        event: Event::StudioOpened { provenance: Provenance::Live, id: None },
    };
    assert!(world.studio.apply(&again).is_err());
}

#[test]
fn a_gate_is_never_skipped() {
    let (world, gate, _) = at_first_gate(Overriding::Nobody);
    let standings = world.studio.episodes[&ONE].standings();
    assert!(matches!(standings[&gate], Standing::Open(_)));
    for behind in ["polish", "review", "voice", "package"] {
        assert_eq!(standings[&id(behind)], Standing::Waiting, "{behind} stands behind a gate that is not open");
    }
}

#[test]
fn a_finding_without_evidence_counts_for_nothing() {
    let script = script();
    let context = Context { script: Some(&script), dimensions: &[Dimension::Hook], ..Context::default() };
    let answer = json!({"findings": [{"id": "F1", "line": "L001", "quote": "the first of its kind", "sources": [],
        "dimension": "hook", "kind": "opening", "problem": "p", "suggestion": "s", "severity": "blocker"}],
        "scores": [{"dimension": "hook", "evidence": [{"line": "L001", "quote": "the mill still runs"}],
                    "reasoning": "r", "points": 4, "confidence": "high"}], "summary": "s"});
    let asked_again = accept(Contract::Judgement, &answer.to_string(), &context).unwrap_err();
    assert!(asked_again.is_mendable() && asked_again.words().contains("the first of its kind"));
    let last = Context { is_last_word: true, ..context };
    let heard = accept(Contract::Judgement, &answer.to_string(), &last).unwrap();
    let heard: greenroom::domain::handoff::Heard = serde_json::from_slice(&heard.artifact).unwrap();
    assert!(heard.assessment.findings.is_empty() && heard.dropped.len() == 1);
}

#[test]
fn scales_cannot_clash() {
    // That points and shares do not compare is a matter of types; see the documentation of `Points`, which must not compile.
    for other_scale in ["0.8", "80", "41", "0", "6", "\"4\""] {
        assert!(serde_json::from_str::<Points>(other_scale).is_err(), "{other_scale}");
    }
    assert!(Share::new(1_001).is_err(), "a share is a part of one");
}

fn panel(points: u8) -> Vec<(StageId, Judgement)> {
    let reading = |dimension| Reading {
        dimension,
        points: Points::new(points).ok(),
        samples: vec![Points::new(points).ok()],
        reasoning: "r".into(),
        evidence: vec![],
        carried: false,
    };
    let judgement = Judgement {
        script: ContentHash::of(b"script"),
        readings: Dimension::ALL.into_iter().map(reading).collect(),
        findings: vec![],
        dropped: vec![],
        canary: None,
        summary: String::new(),
    };
    vec![(id("judge_a"), judgement.clone()), (id("judge_b"), judgement)]
}

#[test]
fn settings_cannot_drift_apart() {
    let source = include_str!("../../assets/rubric.toml");
    let shipped = rubric::parse("rubric.toml", source).unwrap();
    let raised = rubric::parse("rubric.toml", &source.replace("floor = 3", "floor = 5")).unwrap();
    let verdict = |rubric: &Rubric| {
        let material = Material { judgements: panel(4), rubric: rubric.clone(), ..Material::default() };
        judge(&material, Human::OnDispute).verdict
    };
    assert_eq!((verdict(&shipped), verdict(&raised)), (Verdict::Passed, Verdict::Failed), "one file moves the gate");
    // Judges are told the floors from that same file, and their prompts name none of their own.
    for prompt in
        [include_str!("../../prompts/quality_claude/1.0.0.md"), include_str!("../../prompts/quality_gemini/1.0.0.md")]
    {
        assert!(prompt.contains("{{ rubric }}") && !prompt.contains("Floors:"), "a floor stands in a prompt");
    }
}

#[test]
fn markup_is_never_spoken() {
    let script = script();
    let context = Context { script: Some(&script), ..Context::default() };
    for markup in ["<break time=\"1s\"/> It runs.", "[laughs] It runs.", "It *runs*.", "It runs.\u{1b}[2J"] {
        let answer = json!({"lines": [{"id": "L001", "text": markup}]}).to_string();
        assert!(accept(Contract::SpeechText, &answer, &context).is_err(), "{markup}");
    }
    let directed = json!({"title": "T", "segments": [{"id": "hook", "title": "H", "lines": [{"id": "L001",
        "speaker": "HOST", "text": "Made with AI (laughs) by us.", "pause_ms": 0, "claims": []}]}]});
    let material = Material {
        script: serde_json::from_value(directed).ok(),
        speakers: vec!["HOST".into()],
        target_ms: (1, 60_000),
        words_per_minute: 150,
        guardrails: Guardrails::default(),
        ..Material::default()
    };
    let judged = judge(&material, Human::Never);
    assert_eq!(judged.verdict, Verdict::Failed, "{:?}", judged.reasons);
}

#[test]
fn no_stage_works_out_of_order() {
    let (world, _, _) = at_first_gate(Overriding::Nobody);
    let output = Output { hash: ContentHash::of(b"speech"), words: None };
    let outcome = Outcome::Worked {
        episode: ONE,
        stage: id("voice"),
        input: ContentHash::of(b"any inputs"),
        result: Ok(Done::Made(output)),
        past: Default::default(),
    };
    let decided = decide::outcome(&world.studio, &outcome, &world.limits, world.now);
    assert!(decided.is_empty(), "what comes before its turn is for nothing: {decided:?}");
}

#[test]
fn no_cost_is_called_spent_that_was_never_metered() {
    let mut world = World::new(3, Weather::FAIR);
    world.start(1, ROOM, Uncertain::Ask);
    world.settle();
    let key = world.next_call();
    let before = world.studio.episodes[&ONE].spent();
    world.lose(&key);
    let episode = &world.studio.episodes[&ONE];
    let call = &episode.calls[&key];
    assert_eq!(episode.spent(), before, "a lost answer has no price");
    assert_eq!(call.possible(), call.worst, "its worst case is possible");
    assert!(episode.needs.iter().any(|open| matches!(&open.need, Need::Charge { key: lost } if *lost == key)));
}

#[test]
fn nothing_is_approved_without_a_person() {
    let (mut world, gate, hash) = at_first_gate(Overriding::Nobody);
    let forged = Stamped {
        seq: world.studio.seq + 1,
        at: world.now,
        episode: Some(ONE),
        actor: Actor::Engine,
        event: Event::GateApproved { gate: gate.clone(), hash, max_spend: ROOM, seen: None },
    };
    let error = world.studio.apply(&forged).unwrap_err();
    assert!(error.to_string().contains("only a person"), "{error}");
    let (mut world, gate, hash) = at_first_gate(Overriding::Nobody);
    let refused = world.command(approve(&gate, hash)).unwrap_err();
    assert!(refused.to_string().contains("D1"), "an open item locks the gate: {refused}");
}

#[test]
fn an_approval_dies_with_its_content() {
    let (mut world, gate, hash) = at_first_gate(Overriding::Nobody);
    world.decide_one();
    while world.turn() {}
    let stale = world.command(approve(&gate, hash)).unwrap_err();
    assert!(matches!(stale, Refusal::Stale { .. } | Refusal::NotNow(_)), "{stale}");
    // The next gate is signed; then a person edits the script, and the signature is void.
    let Need::Gate { gate, hash } = world.studio.episodes[&ONE].needs[0].need.clone() else { panic!("no gate") };
    world.command(approve(&gate, hash)).unwrap();
    assert!(matches!(world.studio.episodes[&ONE].standings()[&gate], Standing::Done(..)));
    let edited = Command::ChooseOutput {
        episode: ONE,
        stage: id("script"),
        output: ContentHash::of(b"another script"),
        choice: Choice::Edited,
        reason: "a typing error".into(),
        words: Some(100),
    };
    world.command(edited).unwrap();
    let standings = world.studio.episodes[&ONE].standings();
    assert!(!matches!(standings[&gate], Standing::Done(..)), "what was signed is gone");
    assert!(!matches!(standings[&id("voice")], Standing::Done(..)));
}
