//! A judge is held against the key, and one check against another.

use super::*;
use crate::domain::handoff::{Finding, Reading};
use crate::domain::ids::StageId;
use crate::domain::script::{Line, Segment};

fn points(number: u8) -> Points {
    Points::new(number).unwrap()
}

fn canary(name: &str, planted: Vec<Planted>) -> CanaryScript {
    let line = |number: u32| Line {
        id: LineId(number),
        speaker: "HOST".into(),
        text: format!("{name} line {number}"),
        pause_ms: 0,
        claims: vec![],
    };
    let segment = Segment { id: "a".into(), title: "A".into(), lines: vec![line(1), line(2), line(3)] };
    CanaryScript {
        name: name.into(),
        what: "A fault.".into(),
        expected: vec![Expected { dimension: Dimension::Accuracy, from: points(1), to: points(3) }],
        planted,
        research: Research::default(),
        script: Script { title: name.into(), segments: vec![segment] },
    }
}

fn planted(severity: Severity) -> Planted {
    Planted {
        kind: FaultKind::Date,
        also_kinds: vec![FaultKind::Figure],
        dimension: Dimension::Accuracy,
        severity,
        line: LineId(2),
        also_lines: vec![LineId(3)],
        quote: "line 2".into(),
    }
}

fn finding(line: u32, kind: FaultKind, severity: Severity) -> Finding {
    Finding {
        id: "F1".into(),
        line: LineId(line),
        quote: "line".into(),
        sources: vec![],
        dimension: Dimension::Accuracy,
        kind,
        problem: "It is wrong.".into(),
        suggestion: "Mend it.".into(),
        severity,
    }
}

fn judgement(findings: Vec<Finding>, accuracy: Option<u8>, hook: u8) -> Judgement {
    let reading = |dimension, points: Option<u8>| Reading {
        dimension,
        points: points.map(|number| Points::new(number).unwrap()),
        samples: vec![],
        reasoning: String::new(),
        evidence: vec![],
        carried: false,
    };
    Judgement {
        script: ContentHash::of(b"script"),
        readings: vec![reading(Dimension::Accuracy, accuracy), reading(Dimension::Hook, Some(hook))],
        findings,
        dropped: vec![],
        canary: None,
        summary: String::new(),
    }
}

fn epoch(model: &str) -> Epoch {
    Epoch {
        agent: "quality_claude".into(),
        version: "1.0.0".into(),
        prompt: ContentHash::of(b"prompt"),
        model: model.into(),
        rubric: "rubric/1".into(),
        rule: "consensus/1".into(),
    }
}

fn report(judgements: Vec<(&CanaryScript, Judgement)>) -> CanaryReport {
    let of =
        |(canary, judgement): (&CanaryScript, Judgement)| CanaryJudgement { canary: canary.name.clone(), judgement };
    CanaryReport { epoch: epoch("a"), judgements: judgements.into_iter().map(of).collect() }
}

fn judge() -> StageId {
    "judge_a".parse().unwrap()
}

fn seen_with(findings: Vec<Finding>) -> Seen {
    let set = CanarySet { title: "t".into(), canaries: vec![canary("one", vec![planted(Severity::Blocker)])] };
    let report = report(vec![(&set.canaries[0], judgement(findings, Some(2), 4))]);
    check(&judge(), &set, &report).unwrap().planted[0].seen
}

#[test]
fn a_fault_is_found_at_its_line_or_beside_it_by_its_kind_or_a_near_one() {
    assert_eq!(seen_with(vec![finding(2, FaultKind::Date, Severity::Blocker)]), Seen::Found);
    assert_eq!(seen_with(vec![finding(3, FaultKind::Figure, Severity::Blocker)]), Seen::Found);
    assert_eq!(seen_with(vec![finding(1, FaultKind::Date, Severity::Blocker)]), Seen::Missed, "another line");
    assert_eq!(seen_with(vec![finding(2, FaultKind::Pace, Severity::Blocker)]), Seen::Missed, "another kind");
    let both = vec![finding(2, FaultKind::Date, Severity::Minor), finding(2, FaultKind::Figure, Severity::Major)];
    assert_eq!(seen_with(both), Seen::Lighter(Severity::Major), "the gravest counts");
}

#[test]
fn a_blocker_that_is_called_less_is_a_missed_blocker_and_a_missed_major_is_none() {
    let of = |severity, findings| {
        let set = CanarySet { title: "t".into(), canaries: vec![canary("one", vec![planted(severity)])] };
        let report = report(vec![(&set.canaries[0], judgement(findings, Some(2), 4))]);
        alarms(&check(&judge(), &set, &report).unwrap(), None)
    };
    let told = of(Severity::Blocker, vec![finding(2, FaultKind::Date, Severity::Minor)]);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].to_string(), "judge_a missed a blocker: date in `one`; it called it a minor");
    assert_eq!(of(Severity::Blocker, vec![finding(2, FaultKind::Date, Severity::Blocker)]), []);
    assert_eq!(of(Severity::Major, vec![]), [], "only blockers alarm");
}

#[test]
fn what_is_found_in_a_clean_script_above_a_minor_is_false_and_points_are_held_to_their_range() {
    let set = CanarySet { title: "t".into(), canaries: vec![canary("clean", vec![])] };
    let findings = vec![finding(1, FaultKind::Name, Severity::Major), finding(2, FaultKind::Pace, Severity::Minor)];
    let found = check(&judge(), &set, &report(vec![(&set.canaries[0], judgement(findings, Some(4), 4))])).unwrap();
    assert_eq!(found.false_findings.len(), 1);
    assert_eq!((found.false_findings[0].line, found.false_findings[0].kind), (LineId(1), FaultKind::Name));
    assert_eq!(found.out_of_range.len(), 1);
    assert_eq!(found.out_of_range[0].points, Some(points(4)));
    let inside = check(&judge(), &set, &report(vec![(&set.canaries[0], judgement(vec![], Some(3), 4))])).unwrap();
    assert_eq!(inside.out_of_range, []);
    let mute = check(&judge(), &set, &report(vec![(&set.canaries[0], judgement(vec![], None, 4))])).unwrap();
    assert_eq!(mute.out_of_range[0].points, None, "a judge that cannot tell is out of range");
}

#[test]
fn a_report_without_a_script_of_the_set_is_refused() {
    let set = CanarySet { title: "t".into(), canaries: vec![canary("one", vec![]), canary("two", vec![])] };
    let report = report(vec![(&set.canaries[0], judgement(vec![], Some(3), 4))]);
    assert_eq!(check(&judge(), &set, &report).unwrap_err(), "judge_a has no judgement of `two`");
}

#[test]
fn drift_is_the_mean_of_the_differences_within_one_epoch() {
    let set = CanarySet { title: "t".into(), canaries: vec![canary("one", vec![]), canary("two", vec![])] };
    let of = |first: (u8, u8), second: (u8, u8)| {
        let first = judgement(vec![], Some(first.0), first.1);
        let second = judgement(vec![], Some(second.0), second.1);
        check(&judge(), &set, &report(vec![(&set.canaries[0], first), (&set.canaries[1], second)])).unwrap()
    };
    let before = of((3, 3), (3, 3));
    let same = drift(&before, &before).unwrap();
    assert_eq!((same.hundredths, same.pairs), (0, 4));
    assert_eq!(alarms(&before, Some(&same)), []);
    let milder = drift(&of((4, 3), (3, 4)), &before).unwrap();
    assert_eq!((milder.hundredths, milder.words().as_str()), (50, "+0.50"));
    assert!(matches!(alarms(&before, Some(&milder))[0], Alarm::Drifted { dimension: None, hundredths: 50, .. }));
    // Two dimensions that move against one another have a mean of nothing, and each alarms for itself.
    let crossed = drift(&of((2, 4), (2, 4)), &before).unwrap();
    assert_eq!(crossed.hundredths, 0);
    let told: Vec<String> = alarms(&before, Some(&crossed)).iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], "judge_a has drifted by -1.00 of a point in accuracy since the check before");
    let mut other = before.clone();
    other.epoch = epoch("b");
    assert_eq!(drift(&other, &before), None, "another model is another epoch");
    let mut changed = before.clone();
    changed.points.iter_mut().for_each(|point| point.content = ContentHash::of(b"another script"));
    assert_eq!(drift(&changed, &before), None, "another script is not compared");
}

#[test]
fn an_epoch_is_known_by_all_that_makes_it() {
    let one = epoch("a");
    assert_eq!(one.id(), epoch("a").id());
    for other in [
        epoch("b"),
        Epoch { prompt: ContentHash::of(b"other"), ..one.clone() },
        Epoch { rubric: "rubric/2".into(), ..one.clone() },
        Epoch { rule: "consensus/2".into(), ..one.clone() },
    ] {
        assert_ne!(other.id(), one.id());
    }
}
