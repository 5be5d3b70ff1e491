//! Tables of what a gate is given and how it judges.

use serde_json::{from_value, json};

use super::*;
use crate::domain::checks::Guardrails;
use crate::domain::handoff::{Advice, ArbiterRuling, Dimension, Finding, Points, Reading, Severity};
use crate::domain::ids::{ContentHash, LineId};

fn research() -> Research {
    crate::domain::research::read(b"# Tides\n\n- La Rance opened in 1966 [1].\n\n## Sources\n[1] a\n").unwrap()
}

fn script() -> Script {
    from_value(json!({"title": "Tides", "segments": [{"id": "hook", "title": "H", "lines": [
        {"id": "L001", "speaker": "HOST", "text": "The mill opened in 1966.", "pause_ms": 500,
         "claims": [{"source": "P1", "excerpt": "opened in 1966"}]},
        {"id": "L002", "speaker": "GUEST", "text": "And it runs.", "pause_ms": 0, "claims": []}]}]}))
    .unwrap()
}

fn plan() -> Plan {
    let segment = json!({"id": "hook", "title": "H", "purpose": "p", "seconds": 5, "passages": []});
    from_value(json!({"title": "T", "arc": "a", "segments": [segment]})).unwrap()
}

/// A script as the first gate gets it: 8 words at 96 a minute take five seconds, and half a second of pause.
fn written() -> Material {
    Material {
        research: Some(research()),
        plan: Some(plan()),
        script: Some(script()),
        target_ms: (5_000, 6_000),
        words_per_minute: 96,
        speakers: vec!["HOST".into(), "GUEST".into()],
        guardrails: Guardrails { disclosure: vec![], ..Guardrails::default() },
        ..Material::default()
    }
}

fn finding(id: &str, severity: Severity, line: u32, quote: &str) -> Finding {
    Finding {
        id: id.into(),
        line: LineId(line),
        quote: quote.into(),
        sources: vec![],
        dimension: Dimension::Accuracy,
        kind: FaultKind::Figure,
        problem: format!("problem {id}"),
        suggestion: format!("mend {id}"),
        severity,
    }
}

fn points(number: u8) -> Option<Points> {
    Points::new(number).ok()
}

/// A judgement with points for each dimension in the order of reports.
fn judgement(given: [u8; 8], findings: Vec<Finding>) -> Judgement {
    let reading = |(dimension, number)| Reading {
        dimension,
        points: points(number),
        samples: vec![points(number)],
        reasoning: "because".into(),
        evidence: vec![],
        carried: false,
    };
    Judgement {
        script: ContentHash::of(b"script"),
        readings: Dimension::ALL.into_iter().zip(given).map(reading).collect(),
        findings,
        dropped: vec![],
        canary: None,
        summary: "s".into(),
    }
}

const GOOD: [u8; 8] = [4, 4, 4, 3, 3, 3, 3, 3];

fn rubric() -> Rubric {
    let rule = |(dimension, floor)| DimensionRule {
        dimension,
        floor: Points::new(floor).unwrap(),
        group: "all".into(),
        times: 1,
        anchors: Default::default(),
    };
    Rubric { version: "test/1".into(), rules: Dimension::ALL.into_iter().zip(GOOD).map(rule).collect() }
}

fn judged_by(judgements: Vec<Judgement>) -> Material {
    let names = ["judge_a", "judge_b", "judge_c"];
    let judgements = names.iter().zip(judgements).map(|(name, j)| (name.parse().unwrap(), j)).collect();
    Material { research: None, plan: None, judgements, rubric: rubric(), ..written() }
}

fn fixes() -> Fixes {
    from_value(json!({"fixes": [{"id": "N1", "from": "L001", "to": "L001", "wrong": "w", "wanted": "i", "keep": "",
                                 "priority": "must", "findings": ["a:F1"]}]}))
    .unwrap()
}

fn checks(judged: &Judged) -> Vec<(&str, bool)> {
    judged.report.checks.iter().map(|check| (check.name.as_str(), check.passed)).collect()
}

#[test]
fn a_sound_script_passes_and_is_measured() {
    for human in [Human::Never, Human::OnDispute, Human::Always] {
        let judged = judge(&written(), human);
        assert_eq!(
            judged.verdict,
            Verdict::Passed,
            "the engine turns this into a question where a person always signs"
        );
        assert_eq!(checks(&judged), [("form", true), ("length", true), ("computed", true)]);
        assert_eq!((judged.reasons.len(), judged.remedy), (0, None));
        let measured = judged.report.measured;
        assert_eq!((measured.script.unwrap().words, measured.projected_ms), (8, Some(5_500)));
    }
}

#[test]
fn a_fault_of_a_line_has_a_remedy_at_that_line_and_a_fault_of_the_whole_has_none() {
    let mut material = written();
    let script = material.script.as_mut().unwrap();
    script.segments[0].lines[0].claims[0].excerpt = "opened in 1967".into();
    script.segments[0].lines[0].text = "The mill *opened* in 1966.".into();
    let judged = judge(&material, Human::Never);
    assert_eq!((judged.verdict, judged.reasons.len()), (Verdict::Failed, 3), "form, evidence and a date: {judged:?}");
    let remedy = judged.remedy.unwrap();
    assert!(remedy.fixes.iter().all(|fix| (fix.from, fix.to) == (LineId(1), LineId(1))), "{remedy:?}");
    let ids: std::collections::BTreeSet<&str> = remedy.fixes.iter().map(|fix| fix.id.as_str()).collect();
    assert_eq!(ids.len(), remedy.fixes.len(), "each fix has a name of its own");
    assert!(remedy.fixes[0].wanted.contains("opened in 1967"), "{remedy:?}");

    material.script.as_mut().unwrap().segments[0].id = "intro".into();
    let judged = judge(&material, Human::Never);
    assert_eq!((judged.verdict, judged.remedy), (Verdict::Failed, None), "lines alone would not mend it");
}

#[test]
fn a_script_outside_its_length_fails_without_a_remedy() {
    for (target, passes) in [((6_875, 9_000), true), ((6_877, 9_000), false), ((1, 4_584), true), ((1, 4_582), false)] {
        let judged = judge(&Material { target_ms: target, ..written() }, Human::Never);
        assert_eq!(judged.verdict == Verdict::Passed, passes, "{target:?}");
        assert_eq!((judged.remedy, judged.reasons.len()), (None, usize::from(!passes)));
    }
    let mut material = Material { target_ms: (60_000, 70_000), ..written() };
    material.script.as_mut().unwrap().segments[0].lines[0].text = "The *mill* in 1966.".into();
    let judged = judge(&material, Human::Never);
    assert_eq!((judged.reasons.len(), judged.remedy), (2, None), "to mend the lines alone would not be enough");
}

#[test]
fn what_judges_agree_and_disagree_about() {
    use Severity::{Blocker, Major, Minor};
    let at = |severity, line, quote: &str| vec![finding("F1", severity, line, quote)];
    let mill = |severity| at(severity, 1, "mill opened");
    let runs = |severity| at(severity, 2, "it runs");
    let with = |place: usize, number| {
        let mut given = GOOD;
        given[place] = number;
        given
    };
    // Each judge's points and findings, the verdict, and the number of disputes.
    type Side = ([u8; 8], Vec<Finding>);
    let table: Vec<(&str, Side, Side, Verdict, usize)> = vec![
        ("nothing", (GOOD, vec![]), (GOOD, vec![]), Verdict::Passed, 0),
        ("majors go on into the fixes", (GOOD, mill(Major)), (GOOD, mill(Major)), Verdict::Passed, 0),
        ("both hold a blocker", (GOOD, mill(Blocker)), (GOOD, mill(Blocker)), Verdict::Failed, 0),
        ("one holds a blocker", (GOOD, mill(Blocker)), (GOOD, vec![]), Verdict::Person, 1),
        ("one holds it, one a major", (GOOD, mill(Major)), (GOOD, mill(Blocker)), Verdict::Person, 1),
        ("blockers at two lines", (GOOD, mill(Blocker)), (GOOD, runs(Blocker)), Verdict::Person, 2),
        ("across a floor", (with(0, 3), vec![]), (GOOD, vec![]), Verdict::Person, 1),
        ("a mean opens nothing", (with(0, 3), vec![]), (with(0, 5), vec![]), Verdict::Person, 1),
        ("both below a floor", (with(5, 2), runs(Minor)), (with(5, 1), vec![]), Verdict::Failed, 0),
        ("below two different floors", (with(3, 2), vec![]), (with(6, 2), vec![]), Verdict::Person, 2),
        ("a failure outweighs a dispute", (with(0, 3), mill(Blocker)), (GOOD, mill(Blocker)), Verdict::Failed, 1),
    ];
    for (name, a, b, verdict, disputes) in table {
        let mut material = judged_by(vec![judgement(a.0, a.1), judgement(b.0, b.1)]);
        let judged = judge(&material, Human::OnDispute);
        assert_eq!((judged.verdict, judged.report.disputes.len()), (verdict, disputes), "{name}");
        assert_eq!(judged.report.open.len(), disputes, "{name}: without an arbiter every dispute is a person's");
        assert_eq!(judged.remedy.is_some(), verdict == Verdict::Failed && !judged.report.findings.is_empty(), "{name}");
        assert_eq!(judged.reasons.is_empty(), verdict == Verdict::Passed, "{name}");
        assert!(judged.report.sentence.contains(RULE), "{name}: {}", judged.report.sentence);
        material.fixes = Some(fixes());
        let with_fixes = judge(&material, Human::OnDispute);
        assert_eq!(with_fixes.verdict, verdict, "{name}");
        let remedy = with_fixes.remedy.map(|note| note.fixes);
        assert_eq!(remedy, (verdict == Verdict::Failed).then(|| fixes().fixes), "{name}");
        if verdict == Verdict::Person {
            assert_eq!(judge(&material, Human::Always).verdict, Verdict::Person, "{name}");
            assert_eq!(judge(&material, Human::Never).verdict, Verdict::Failed, "{name}: nobody can settle it");
        }
    }
}

fn advised(items: &[(&str, Advice)]) -> Option<Arbitration> {
    let ruling = |(item, advice): &(&str, Advice)| ArbiterRuling {
        item: (*item).into(),
        evidence: vec![],
        reasoning: "r".into(),
        advice: *advice,
    };
    Some(Arbitration { rulings: items.iter().map(ruling).collect() })
}

#[test]
fn advice_settles_what_is_not_grave_and_nothing_that_is() {
    let with = |place: usize, number| {
        let mut given = GOOD;
        given[place] = number;
        given
    };
    let table = [
        // Place 5 is the hook, place 0 the accuracy.
        (5, Some(Advice::Upheld), Verdict::Failed, 0),
        (5, Some(Advice::NotUpheld), Verdict::Passed, 0),
        (5, Some(Advice::CannotTell), Verdict::Person, 1),
        (5, None, Verdict::Person, 1),
        (0, Some(Advice::Upheld), Verdict::Person, 1),
        (0, Some(Advice::NotUpheld), Verdict::Person, 1),
        (1, Some(Advice::NotUpheld), Verdict::Person, 1),
    ];
    for (place, advice, verdict, open) in table {
        let low = with(place, if place < 2 { 3 } else { 2 });
        let mut material = judged_by(vec![judgement(low, vec![]), judgement(GOOD, vec![])]);
        material.arbitration = advice.and_then(|advice| advised(&[("D1", advice)]));
        let judged = judge(&material, Human::OnDispute);
        assert_eq!((judged.verdict, judged.report.open.len()), (verdict, open), "{place} {advice:?}");
        assert_eq!(judged.report.disputes.len(), 1, "it stays on the record");
    }
}

#[test]
fn a_dispute_names_both_views_and_the_report_has_every_dimension() {
    let a = judgement(GOOD, vec![finding("F1", Severity::Blocker, 1, "mill")]);
    let mut low = GOOD;
    low[0] = 3;
    let b = judgement(low, vec![finding("F7", Severity::Minor, 1, "mill")]);
    let judged = judge(&judged_by(vec![a, b]), Human::OnDispute);
    assert!(judged.reasons[0].contains("judge_a holds a blocker (F1: problem F1); judge_b holds a minor (F7"));
    assert!(judged.reasons[1].contains("judge_a gives 4: because; judge_b gives 3: because"), "{:?}", judged.reasons);
    let views: Vec<bool> = judged.report.disputes[0].views.iter().map(|view| view.objects).collect();
    assert_eq!(views, [true, false]);
    assert_eq!(judged.report.dimensions.len(), 8);
    assert_eq!(judged.report.measured.means[1].hundredths, 325);
    let items: Vec<String> = judged.report.findings.iter().map(Listed::item).collect();
    assert_eq!(items, ["a:F1", "b:F7"]);
}

#[test]
fn a_low_score_without_a_finding_cannot_be_mended_by_lines() {
    let low = || judgement([1; 8], vec![]);
    let judged = judge(&judged_by(vec![low(), low()]), Human::OnDispute);
    assert_eq!((judged.verdict, judged.remedy), (Verdict::Failed, None));
}

#[test]
fn one_judge_alone_opens_nothing() {
    let judged = judge(&judged_by(vec![judgement([5; 8], vec![])]), Human::OnDispute);
    assert_eq!((judged.verdict, judged.report.open.len()), (Verdict::Person, 8));
}

#[test]
fn a_reviewer_fails_a_script_by_a_blocker_or_by_its_word() {
    let review = |ready, findings| Review { findings, summary: "s".into(), ready };
    let reviewed = |review| Material { review: Some(review), research: None, plan: None, ..written() };
    let minor = finding("F1", Severity::Minor, 2, "runs");
    assert_eq!(judge(&reviewed(review(true, vec![minor.clone()])), Human::Always).verdict, Verdict::Passed);
    let judged = judge(&reviewed(review(false, vec![minor])), Human::Always);
    assert_eq!((judged.verdict, judged.remedy.unwrap().fixes[0].findings[0].as_str()), (Verdict::Failed, "r:F1"));
    let blocked = review(false, vec![finding("F2", Severity::Blocker, 1, "mill")]);
    let judged = judge(&reviewed(blocked), Human::Always);
    assert_eq!((judged.verdict, judged.reasons.len()), (Verdict::Failed, 1));
}

#[test]
fn a_judge_that_was_bought_is_a_persons_matter() {
    let mut bought = judgement(GOOD, vec![]);
    bought.canary = Some(crate::domain::handoff::Canary { flagged: false, raised: true });
    let judged = judge(&judged_by(vec![bought, judgement(GOOD, vec![])]), Human::OnDispute);
    assert_eq!((judged.verdict, judged.report.open[0].id.as_str()), (Verdict::Person, "canary:judge_a"));
}

#[test]
fn a_worse_revision_and_a_fault_that_survived_are_not_mended_again() {
    let mut material = judged_by(vec![judgement(GOOD, vec![]), judgement(GOOD, vec![])]);
    material.preference = Some(Preference::Worse);
    let judged = judge(&material, Human::OnDispute);
    assert!(judged.is_worse && judged.verdict == Verdict::Person && judged.report.open[0].id == "worse");
    material.preference = Some(Preference::Better);
    assert_eq!(judge(&material, Human::OnDispute).verdict, Verdict::Passed);

    let blocked = || judgement(GOOD, vec![finding("F1", Severity::Blocker, 1, "mill opened")]);
    let mut material = judged_by(vec![blocked(), blocked()]);
    assert!(judge(&material, Human::OnDispute).remedy.is_some());
    material.survived.insert((LineId(1), FaultKind::Figure));
    let judged = judge(&material, Human::OnDispute);
    assert_eq!((judged.verdict, judged.remedy), (Verdict::Failed, None), "somebody must look");
    assert!(judged.report.notes[0].contains("survived two rounds"), "{:?}", judged.report.notes);
}

#[test]
fn a_judgement_of_another_script_opens_nothing() {
    let stale = judgement(GOOD, vec![finding("F1", Severity::Minor, 1, "words that are gone")]);
    let judged = judge(&judged_by(vec![stale, judgement(GOOD, vec![])]), Human::OnDispute);
    assert_eq!((judged.verdict, judged.remedy), (Verdict::Failed, None));
    assert!(judged.reasons[0].contains("judge_a"), "{:?}", judged.reasons);
}

/// The script with its speech text and its recording at 1,000 samples a second.
fn spoken() -> Material {
    let line = |id: &str, text: &str| json!({"id": id, "text": text});
    let text = json!({"lines": [line("L001", "The mill opened in nineteen sixty-six."), line("L002", "And it runs.")]});
    let segment = |line, speaker: &str, samples| SpeechSegment {
        line: LineId(line),
        speaker: speaker.into(),
        wav: ContentHash::of(b"wav"),
        samples,
        peak: 9_000,
        pause_ms: 500,
    };
    let segments = vec![segment(1, "HOST", 2_400), segment(2, "GUEST", 900)];
    Material {
        research: None,
        plan: None,
        target_ms: (1, 2),
        speech_text: Some(from_value(text).unwrap()),
        speech: Some(SpeechManifest { sample_rate: 1_000, segments }),
        ..written()
    }
}

#[test]
fn speech_is_measured_and_a_signed_script_is_not_held_to_its_projected_length_again() {
    let judged = judge(&spoken(), Human::Never);
    assert_eq!(judged.verdict, Verdict::Passed, "{:?}", judged.reasons);
    assert_eq!(checks(&judged), [("form", true), ("speech_text", true), ("speech", true)]);
    let measured = &judged.report.measured;
    assert_eq!((measured.speech_ms, measured.speech_characters), (Some(4_300), Some(50)));
    let report = serde_json::to_string(&judged.report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&report).unwrap(), judged.report);
}

#[test]
fn each_fault_of_the_speech_fails_the_gate_with_its_line() {
    type Spoil = fn(&mut SpeechManifest, &mut SpeechText);
    let table: Vec<(&str, Spoil)> = vec![
        ("not recorded: L002", |speech, _| drop(speech.segments.pop())),
        ("never asked for: L003", |speech, _| speech.segments.push(SpeechSegment { line: LineId(3), ..last(speech) })),
        ("not one for each line", |speech, _| speech.segments.push(last(speech))),
        ("not one for each line", |speech, _| speech.segments.swap(0, 1)),
        ("L002: the recording is empty", |speech, _| speech.segments[1].samples = 0),
        ("L002: the recording is silent", |speech, _| speech.segments[1].peak = 0),
        ("L002: 449 ms for 3 words", |speech, _| speech.segments[1].samples = 449),
        ("L002: 4601 ms for 3 words", |speech, _| speech.segments[1].samples = 4_601),
        ("ms for all 9 words", |speech, _| (0..2).for_each(|at| speech.segments[at].samples = [8_200, 4_600][at])),
        ("L001: spoken by `GUEST`", |speech, _| speech.segments[0].speaker = "GUEST".into()),
        ("no sample rate", |speech, _| speech.sample_rate = 0),
        ("ms for 6 words", |speech, _| speech.segments[0].samples = u64::MAX),
        ("L001 of the script is missing", |_, text| drop(text.lines.remove(0))),
        ("L002 has nothing to say", |_, text| text.lines[1].text = " ".into()),
        ("L002: `<`", |_, text| text.lines[1].text = "<b> And it".into()),
    ];
    for (words, spoil) in table {
        let mut material = spoken();
        spoil(material.speech.as_mut().unwrap(), material.speech_text.as_mut().unwrap());
        let judged = judge(&material, Human::Never);
        assert_eq!((judged.verdict, &judged.remedy), (Verdict::Failed, &None), "{words}");
        assert!(judged.reasons.iter().any(|reason| reason.contains(words)), "{words}\n  said: {:?}", judged.reasons);
    }
}

fn last(speech: &SpeechManifest) -> SpeechSegment {
    speech.segments.last().unwrap().clone()
}

#[test]
fn many_and_long_reasons_fit_an_event() {
    let mut material = written();
    let line = material.script.as_ref().unwrap().segments[0].lines[1].clone();
    let lines = &mut material.script.as_mut().unwrap().segments[0].lines;
    lines.extend((3..60).map(|id| crate::domain::script::Line {
        id: LineId(id),
        speaker: format!("{}\u{1b}", "é".repeat(200)),
        ..line.clone()
    }));
    let judged = judge(&material, Human::Never);
    assert_eq!((judged.reasons.len(), judged.verdict), (12, Verdict::Failed));
    assert!(judged.reasons.iter().all(|reason| reason.len() <= 220 && !reason.contains('\u{1b}')));
    assert!(judged.reasons[11].starts_with("and 4") && judged.reasons[11].contains(" more"), "{}", judged.reasons[11]);
}
