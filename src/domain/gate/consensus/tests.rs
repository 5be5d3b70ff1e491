//! The whole table of the rule, and what must hold for every panel.

use proptest::prelude::*;

use super::*;
use crate::domain::gate::rubric::DimensionRule;
use crate::domain::handoff::{FaultKind, Reading};

fn points(number: u8) -> Option<Points> {
    Points::new(number).ok()
}

fn rubric() -> Rubric {
    let floor = |dimension: Dimension| {
        let floor = if dimension.is_grave() || dimension == Dimension::BrandVoice { 4 } else { 3 };
        Points::new(floor).unwrap()
    };
    let rule = |dimension| DimensionRule {
        dimension,
        floor: floor(dimension),
        group: "all".into(),
        times: 1,
        anchors: Default::default(),
    };
    Rubric { version: "test/1".into(), rules: Dimension::ALL.into_iter().map(rule).collect() }
}

fn judgement(given: [Option<Points>; 8], findings: Vec<Finding>) -> Judgement {
    let reading = |(dimension, points)| Reading {
        dimension,
        points,
        samples: vec![points],
        reasoning: "r".into(),
        evidence: vec![],
        carried: false,
    };
    Judgement {
        script: crate::domain::ids::ContentHash::of(b"script"),
        readings: Dimension::ALL.into_iter().zip(given).map(reading).collect(),
        findings,
        dropped: vec![],
        canary: None,
        summary: String::new(),
    }
}

fn finding(severity: Severity, line: u32) -> Finding {
    Finding {
        id: "F1".into(),
        line: LineId(line),
        quote: "q".into(),
        sources: vec![],
        dimension: Dimension::Accuracy,
        kind: FaultKind::Figure,
        problem: "p".into(),
        suggestion: "s".into(),
        severity,
    }
}

fn panel(judgements: Vec<Judgement>) -> Vec<(StageId, Judgement)> {
    let names = ["judge_a", "judge_b", "judge_c"].map(|name| name.parse::<StageId>().unwrap());
    names.into_iter().zip(judgements).collect()
}

/// Every pair of scores on both floors, as the rule of essay scoring has it: equal is taken, neighbours on one side meet or
/// take the lower one, a gap over one point or across the floor is a dispute.
#[test]
fn every_pair_of_scores_is_weighed_as_the_table_says() {
    for dimension in Dimension::ALL {
        for floor in 1..=5_u8 {
            for a in 1..=5_u8 {
                for b in 1..=5_u8 {
                    let weighed = weigh(dimension, Points::new(floor).unwrap(), &[points(a), points(b)]);
                    let (low, high) = (a.min(b), a.max(b));
                    let expected = match high - low {
                        2.. => Outcome::Disputed(Cause::FarApart),
                        1 if low < floor && floor <= high => Outcome::Disputed(Cause::AcrossFloor),
                        _ => {
                            let together = if dimension.is_grave() { 2 * low } else { low + high };
                            if high < floor {
                                Outcome::Below(HalfPoints(together))
                            } else {
                                Outcome::Holds(HalfPoints(together))
                            }
                        }
                    };
                    assert_eq!(weighed, expected, "{dimension}, floor {floor}: {a} and {b}");
                }
            }
        }
    }
}

#[test]
fn the_cases_of_the_table_by_name() {
    let (accuracy, hook) = (Dimension::Accuracy, Dimension::Hook);
    let (four, three) = (Points::new(4).unwrap(), Points::new(3).unwrap());
    let table = [
        ("equal", accuracy, four, [points(4), points(4)], Outcome::Holds(HalfPoints(8))),
        ("equal and below", accuracy, four, [points(3), points(3)], Outcome::Below(HalfPoints(6))),
        ("one apart, grave: the lower", accuracy, four, [points(5), points(4)], Outcome::Holds(HalfPoints(8))),
        ("one apart, elsewhere: the mean", hook, three, [points(4), points(3)], Outcome::Holds(HalfPoints(7))),
        ("one apart below, grave", accuracy, four, [points(3), points(2)], Outcome::Below(HalfPoints(4))),
        ("one apart below, elsewhere", hook, three, [points(2), points(1)], Outcome::Below(HalfPoints(3))),
        ("one apart across", accuracy, four, [points(4), points(3)], Outcome::Disputed(Cause::AcrossFloor)),
        ("two apart", hook, three, [points(5), points(3)], Outcome::Disputed(Cause::FarApart)),
        ("one cannot tell", hook, three, [points(5), None], Outcome::Disputed(Cause::CannotTell)),
        ("nobody can tell", hook, three, [None, None], Outcome::Disputed(Cause::CannotTell)),
    ];
    for (name, dimension, floor, given, outcome) in table {
        assert_eq!(weigh(dimension, floor, &given), outcome, "{name}");
    }
    assert_eq!(weigh(hook, three, &[points(5)]), Outcome::Disputed(Cause::OneJudge));
    assert_eq!(weigh(hook, three, &[]), Outcome::Disputed(Cause::OneJudge));
    assert_eq!((HalfPoints(9).to_string(), HalfPoints(8).to_string()), ("4.5".into(), "4".into()));
}

#[test]
fn blockers_of_all_fail_and_a_lone_one_is_a_dispute_whatever_the_scores() {
    let full = || [points(5); 8];
    let blocked = |line| judgement(full(), vec![finding(Severity::Blocker, line)]);
    let both = consensus(&panel(vec![blocked(3), blocked(3)]), &rubric());
    assert_eq!((both.blocked.len(), both.disputes.len()), (1, 0));
    for other in [vec![], vec![finding(Severity::Major, 3)], vec![finding(Severity::Blocker, 9)]] {
        let lines = if other.iter().any(|f| f.severity == Severity::Blocker) { 2 } else { 1 };
        let lone = consensus(&panel(vec![blocked(3), judgement(full(), other)]), &rubric());
        assert_eq!((lone.blocked.len(), lone.disputes.len()), (0, lines));
        assert_eq!((lone.disputes[0].cause, lone.disputes[0].id.as_str()), (Cause::LoneBlocker, "D1"));
        assert_eq!(lone.disputes[0].line, Some(LineId(3)));
    }
    let alone = consensus(&panel(vec![blocked(3)]), &rubric());
    assert_eq!((alone.blocked.len(), alone.disputes.len()), (0, 9), "one judge alone settles nothing");
}

fn any_points() -> impl Strategy<Value = Option<Points>> {
    prop_oneof![9 => (1_u8..=5).prop_map(points), 1 => Just(None)]
}

prop_compose! {
    fn any_judgement()(
        given in prop::array::uniform8(any_points()),
        findings in prop::collection::vec((0_u8..3, 1_u32..6), 0..4),
    ) -> Judgement {
        let severity = |number| match number {
            0 => Severity::Minor,
            1 => Severity::Major,
            _ => Severity::Blocker,
        };
        judgement(given, findings.into_iter().map(|(weight, line)| finding(severity(weight), line)).collect())
    }
}

type Nameless = (Vec<(Dimension, Outcome)>, Vec<LineId>, Vec<(Option<LineId>, Dimension, Cause)>);

/// What a consensus says without who said it.
fn nameless(all: &Consensus) -> Nameless {
    let blocked = all.blocked.iter().map(|(line, _)| *line).collect();
    let disputes = all.disputes.iter().map(|d| (d.line, d.dimension, d.cause)).collect();
    (all.dimensions.clone(), blocked, disputes)
}

proptest! {
    #[test]
    fn judges_that_change_places_change_nothing(a in any_judgement(), b in any_judgement()) {
        let one = consensus(&panel(vec![a.clone(), b.clone()]), &rubric());
        let other = consensus(&panel(vec![b, a]), &rubric());
        prop_assert_eq!(nameless(&one), nameless(&other));
    }

    #[test]
    fn no_single_score_passes_alone(given in any_points(), floor in 1_u8..=5, at in 0_usize..8) {
        let floor = Points::new(floor).unwrap();
        let dimension = Dimension::ALL[at];
        for panel in [vec![given], vec![given, None], vec![None, given]] {
            let outcome = weigh(dimension, floor, &panel);
            prop_assert!(matches!(outcome, Outcome::Disputed(_)), "{outcome:?}");
        }
    }

    #[test]
    fn what_holds_has_no_judge_below_the_floor(a in any_points(), b in any_points(), floor in 1_u8..=5, at in 0_usize..8) {
        let floor = Points::new(floor).unwrap();
        if let Outcome::Holds(_) = weigh(Dimension::ALL[at], floor, &[a, b]) {
            prop_assert!(a.unwrap() >= floor && b.unwrap() >= floor, "a mean opens nothing");
        }
    }
}
