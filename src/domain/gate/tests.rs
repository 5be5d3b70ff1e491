//! Tables of what a gate is given and how it judges.

use serde_json::{from_value, json};

use super::*;
use crate::domain::handoff::{Dimension, Finding, Severity};
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
        ..Material::default()
    }
}

fn finding(id: &str, severity: Severity, line: u32, quote: &str) -> Finding {
    Finding {
        id: id.into(),
        dimension: Dimension::Accuracy,
        severity,
        line: LineId(line),
        quote: quote.into(),
        problem: format!("problem {id}"),
        suggestion: format!("mend {id}"),
    }
}

/// A judgement with scores for accuracy, structure, engagement, brand voice and speakability.
fn judgement(scores: [u8; 5], findings: Vec<Finding>) -> Judgement {
    let names = ["accuracy", "structure", "engagement", "brand_voice", "speakability"];
    let scores: Vec<_> = names.iter().zip(scores).map(|(d, t)| json!({"dimension": d, "tenths": t})).collect();
    Judgement { scores: from_value(json!(scores)).unwrap(), findings, summary: "s".into() }
}

const GOOD: [u8; 5] = [40, 35, 35, 40, 35];

fn judged_by(judgements: Vec<Judgement>) -> Material {
    let names = ["judge_a", "judge_b", "judge_c"];
    let judgements = names.iter().zip(judgements).map(|(name, j)| (name.parse().unwrap(), j)).collect();
    Material { research: None, plan: None, judgements, ..written() }
}

fn fixes() -> Fixes {
    from_value(json!({"fixes": [{"id": "N1", "from": "L001", "to": "L001", "severity": "blocker", "instruction": "i",
                                 "findings": ["a:F1"]}]}))
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
        assert_eq!(checks(&judged), [("form", true), ("length", true)]);
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
    assert_eq!((judged.verdict, judged.reasons.len()), (Verdict::Failed, 2));
    let remedy = judged.remedy.unwrap();
    assert_eq!((remedy.fixes.len(), remedy.fixes[0].from, remedy.fixes[0].to), (1, LineId(1), LineId(1)));
    assert!(remedy.fixes[0].instruction.contains("opened in 1967"), "{remedy:?}");

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
    let low = |place: usize, tenths| {
        let mut scores = GOOD;
        scores[place] = tenths;
        scores
    };
    // Each judge's scores and findings, the verdict, whether there is a remedy, and the number of disputes.
    type Side = ([u8; 5], Vec<Finding>);
    let table: Vec<(&str, Side, Side, Verdict, usize)> = vec![
        ("nothing", (GOOD, vec![]), (GOOD, vec![]), Verdict::Passed, 0),
        ("majors go on into the fixes", (GOOD, mill(Major)), (GOOD, mill(Major)), Verdict::Passed, 0),
        ("both hold a blocker", (GOOD, mill(Blocker)), (GOOD, mill(Blocker)), Verdict::Failed, 0),
        ("one holds a blocker", (GOOD, mill(Blocker)), (GOOD, vec![]), Verdict::Person, 1),
        ("one holds it, one a major", (GOOD, mill(Major)), (GOOD, mill(Blocker)), Verdict::Person, 1),
        ("blockers at two lines", (GOOD, mill(Blocker)), (GOOD, runs(Blocker)), Verdict::Person, 2),
        ("one is below a floor", (low(0, 39), vec![]), (GOOD, vec![]), Verdict::Person, 1),
        ("a mean opens nothing", (low(3, 39), vec![]), (low(3, 50), vec![]), Verdict::Person, 1),
        ("both are below it", (low(1, 34), runs(Minor)), (low(1, 20), vec![]), Verdict::Failed, 0),
        ("below two different floors", (low(2, 34), vec![]), (low(4, 34), vec![]), Verdict::Person, 2),
        ("a failure outweighs a dispute", (low(0, 39), mill(Blocker)), (GOOD, mill(Blocker)), Verdict::Failed, 1),
    ];
    for (name, a, b, verdict, disputes) in table {
        let mut material = judged_by(vec![judgement(a.0, a.1), judgement(b.0, b.1)]);
        let judged = judge(&material, Human::OnDispute);
        assert_eq!((judged.verdict, judged.report.disputes.len()), (verdict, disputes), "{name}");
        assert_eq!(judged.remedy.is_some(), verdict == Verdict::Failed, "{name}: from the findings");
        assert_eq!(judged.reasons.is_empty(), verdict == Verdict::Passed, "{name}");
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

#[test]
fn a_dispute_names_both_views() {
    let a = judgement(GOOD, vec![finding("F1", Severity::Blocker, 1, "mill")]);
    let b = judgement([39, 35, 35, 40, 35], vec![finding("F7", Severity::Minor, 1, "mill")]);
    let judged = judge(&judged_by(vec![a, b]), Human::OnDispute);
    let first = "L001 is disputed: judge_a holds a blocker (F1: problem F1); judge_b holds a minor (F7: problem F7)";
    let second = "accuracy has its floor at 4.0: judge_a gives 4.0, judge_b gives 3.9";
    assert_eq!(judged.reasons, [first, second]);
    let views: Vec<bool> = judged.report.disputes[0].views.iter().map(|view| view.objects).collect();
    assert_eq!(views, [true, false]);
    assert_eq!(judged.report.measured.means[0].hundredths, 395);
}

#[test]
fn a_low_score_without_a_finding_cannot_be_mended_by_lines() {
    let low = || judgement([10; 5], vec![]);
    let judged = judge(&judged_by(vec![low(), low()]), Human::OnDispute);
    assert_eq!((judged.verdict, judged.remedy), (Verdict::Failed, None));
}

#[test]
fn a_single_reviewer_fails_a_script_by_a_blocker_and_asks_by_a_number() {
    let findings = vec![finding("F1", Severity::Minor, 2, "runs"), finding("F2", Severity::Blocker, 1, "mill")];
    let judged = judge(&judged_by(vec![judgement(GOOD, findings)]), Human::Always);
    assert_eq!(judged.verdict, Verdict::Failed);
    let fixes = judged.remedy.unwrap().fixes;
    let told: Vec<_> = fixes.iter().map(|f| (f.id.as_str(), f.from, f.to, f.instruction.as_str())).collect();
    assert_eq!(told, [("N1", LineId(1), LineId(1), "mend F2"), ("N2", LineId(2), LineId(2), "mend F1")]);
    assert_eq!(fixes[0].findings, ["a:F2"]);
    let majors = judgement(GOOD, vec![finding("F1", Severity::Major, 2, "runs")]);
    assert_eq!(judge(&judged_by(vec![majors]), Human::Always).verdict, Verdict::Passed);
    let low = judge(&judged_by(vec![judgement([39, 50, 50, 50, 50], vec![])]), Human::Always);
    assert_eq!((low.verdict, low.report.disputes.len()), (Verdict::Person, 1));
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
    assert!(judged.reasons[11].starts_with("and 47 more"), "{}", judged.reasons[11]);
}
