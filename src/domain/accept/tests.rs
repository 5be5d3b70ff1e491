//! Tables of answers that meet or miss their contract, and properties of revisions.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::gate::Cause;
use crate::domain::handoff::{Finding, Fix, Heard, Points, Priority, Revision};
use crate::domain::ids::LineId;
use crate::domain::script::{Line, Segment};

fn research() -> Research {
    crate::domain::research::read(
        b"# Tides\n\n## Mills\n- La Rance opened in 1966 [1].\n- It still  runs today [2].\n\n## Sources\n[1] a\n[2] b\n",
    )
    .unwrap()
}

fn plan() -> Value {
    json!({"title": "Tides", "arc": "a", "segments": [
        {"id": "hook", "title": "H", "purpose": "p", "seconds": 30, "passages": ["P1"]},
        {"id": "close_2", "title": "C", "purpose": "p", "seconds": 30, "passages": []}]})
}

fn draft() -> Value {
    json!({"claimed_words": 999, "script": {"title": "Tides", "segments": [
        {"id": "hook", "title": "H", "lines": [
            {"id": "L001", "speaker": "HOST", "text": "The  mill opened – in 1966.", "pause_ms": 200,
             "claims": [{"source": "P1", "excerpt": "opened in  1966"}]},
            {"id": "L002", "speaker": "GUEST", "text": "And it runs.", "pause_ms": 0, "claims": []}]},
        {"id": "close_2", "title": "C", "lines": [
            {"id": "L003", "speaker": "HOST", "text": "Good night.", "pause_ms": 0, "claims": []}]}]}})
}

fn finding(id: &str, dimension: &str, severity: &str, line: &str, quote: &str) -> Value {
    json!({"id": id, "line": line, "quote": quote, "sources": [], "dimension": dimension, "kind": "other",
           "problem": "p", "suggestion": "s", "severity": severity})
}

fn judgement() -> Value {
    let score = |dimension: &str, line: &str, quote: &str, points: u8| {
        json!({"dimension": dimension, "evidence": [{"line": line, "quote": quote}], "reasoning": "r",
               "points": points, "confidence": "high"})
    };
    let mut blocker = finding("F1", "accuracy", "blocker", "L001", "mill  opened");
    blocker["sources"] = json!([{"passage": "P1", "excerpt": "opened in 1966"}]);
    json!({"findings": [blocker, finding("F2", "sensitivity", "minor", "L003", "Good")],
           "scores": [score("accuracy", "L001", "opened - in", 2), score("sensitivity", "L003", "Good night.", 5)],
           "summary": "s"})
}

fn arbitration() -> Value {
    json!({"rulings": [{"item": "D1", "evidence": [{"line": "L001", "quote": "mill opened"}], "reasoning": "r",
                        "advice": "upheld"}]})
}

fn comparison() -> Value {
    json!({"reasoning": "r", "better": "tie"})
}

fn review() -> Value {
    json!({"findings": [finding("F1", "pacing", "minor", "L002", "it runs")], "summary": "s", "ready": true})
}

fn researched() -> Value {
    let passage = |text: &str| json!({"text": text, "source": 1, "excerpt": text, "date": null});
    json!({"topic": "Tides", "questions": ["How old?"],
           "passages": [passage("The mill opened in 1966."), passage("It runs today."), passage("Nobody knows why.")],
           "sources": [{"number": 1, "title": "A report", "url": "https://example.org/a", "published": null}],
           "gaps": []})
}

fn fixes() -> Value {
    json!({"fixes": [{"id": "N1", "from": "L001", "to": "L002", "wrong": "w", "wanted": "i", "keep": "",
                      "priority": "must", "findings": ["a:F1"]}]})
}

fn revision() -> Value {
    json!({"lines": [{"id": "L002", "speaker": "GUEST", "text": "It runs  still.", "pause_ms": 0, "claims": []}],
           "removed": ["L001"], "declined": [{"fix": "N1", "reason": "half of it"}]})
}

fn speech_text() -> Value {
    json!({"lines": [{"id": "L001", "text": "The mill opened - in 1966."}, {"id": "L002", "text": "And it runs."},
                     {"id": "L003", "text": "Good\u{a0}night."}]})
}

fn show_notes() -> Value {
    json!({"summary": "s", "points": ["p"], "references": [2, 1]})
}

fn artwork() -> Value {
    json!({"concept": "c", "palette": ["#00ff9a", "#000000"], "alt_text": "a"})
}

fn promotion() -> Value {
    json!({"posts": [{"channel": "newsletter", "text": "n"}, {"channel": "short_post", "text": "s"},
                     {"channel": "long_post", "text": "l"}]})
}

fn brief() -> Value {
    json!({"title": "t", "question": "q", "audience": "a", "angle": "b", "must_cover": ["P1"], "open_points": [],
           "orchestration": orchestration()})
}

fn orchestration() -> Value {
    json!({"task": "t", "budget_cents": 200, "minutes": 40, "gates": ["quality_evaluation"], "assignments": [
        {"stage": "plan", "agent": "episode_planner", "output": "plan", "focus": "f"}]})
}

fn graph() -> Vec<Node> {
    let node = |stage: &str, agent: Option<&str>, output: &str, is_gate| Node {
        stage: stage.into(),
        agent: agent.map(str::to_owned),
        output: output.into(),
        is_gate,
    };
    vec![
        node("research", None, "research", false),
        node("plan", Some("episode_planner"), "plan", false),
        node("quality_evaluation", None, "report", true),
    ]
}

fn turn() -> Value {
    json!({"said": "s", "proposal": "", "next": "rights_reader", "done": true, "unmet": []})
}

fn selection() -> Value {
    json!({"next": "rights_reader", "why": "w", "done": false})
}

fn angle() -> Value {
    json!({"angles": [{"id": "A1", "angle": "a", "passages": ["P1"], "risk": ""}], "chosen": "A1", "why": "w"})
}

fn notes() -> Value {
    json!({"notes": [{"gap": "g", "finding": "f", "passages": ["P1", "P2"]}], "still_open": ["o"]})
}

fn routing() -> Value {
    json!({"way": "author", "reason": "r", "lines": ["L001"]})
}

fn sound(contract: Contract) -> Value {
    match contract {
        Contract::Brief => brief(),
        Contract::Plan => plan(),
        Contract::Draft => draft(),
        Contract::Judgement => judgement(),
        Contract::Arbitration => arbitration(),
        Contract::Preference => comparison(),
        Contract::Review => review(),
        Contract::Fixes => fixes(),
        Contract::Revision => revision(),
        Contract::SpeechText => speech_text(),
        Contract::ShowNotes => show_notes(),
        Contract::ArtworkBrief => artwork(),
        Contract::Promotion => promotion(),
        Contract::Turn => turn(),
        Contract::Selection => selection(),
        Contract::Angle => angle(),
        Contract::ResearchNotes => notes(),
        Contract::Routing => routing(),
        Contract::Research => researched(),
        Contract::Speech
        | Contract::Report
        | Contract::Package
        | Contract::Canaries
        | Contract::CanaryReport
        | Contract::Calibration => Value::Null,
    }
}

/// Holds an answer to its contract, in the setting that the sound answers make up.
fn held(contract: Contract, answer: &str) -> Result<Accepted, Rejection> {
    held_at(contract, answer, false)
}

fn held_at(contract: Contract, answer: &str, is_last_word: bool) -> Result<Accepted, Rejection> {
    let (research, plan) = (research(), serde_json::from_value(plan()).unwrap());
    let mut script: Script = serde_json::from_value(draft()["script"].clone()).unwrap();
    script.segments[0].lines[0].text = "The mill opened - in 1966.".into();
    let found: Vec<Finding> = serde_json::from_value(judgement()["findings"].clone()).unwrap();
    let findings: Vec<Listed> = found.into_iter().map(|finding| Listed { by: 'a', finding }).collect();
    let dispute = |id: &str| Dispute {
        id: id.into(),
        line: None,
        dimension: Dimension::Accuracy,
        cause: Cause::FarApart,
        views: vec![],
        advice: None,
    };
    let note = Note { fixes: serde_json::from_value(fixes()["fixes"].clone()).unwrap(), text: String::new() };
    let speakers = ["HOST".to_owned(), "GUEST".to_owned()];
    let context = Context {
        research: Some(&research),
        plan: Some(&plan),
        script: Some(&script),
        fixes: Some(&note),
        findings: &findings,
        dimensions: &[Dimension::Accuracy, Dimension::Sensitivity],
        disputes: &[dispute("D1")],
        seats: &["sensitivity_reader".to_owned(), "rights_reader".to_owned()],
        graph: &graph(),
        is_last_word,
        speakers: &speakers,
    };
    accept(contract, answer, &context)
}

#[test]
fn every_sound_answer_is_accepted_and_goes_on_as_its_own_canonical_form() {
    for contract in AGENTS {
        let accepted =
            held(contract, &format!(" {:#}\n", sound(contract))).unwrap_or_else(|e| panic!("{contract:?} {e}"));
        assert!(!accepted.artifact.contains(&b'\n'), "{contract:?}");
        assert_eq!(accepted, held(contract, &sound(contract).to_string()).unwrap(), "spacing changes nothing");
        let is_script = matches!(contract, Contract::Draft | Contract::Revision);
        assert_eq!(accepted.words.is_some(), is_script, "{contract:?}");
        assert_eq!(serde_json::from_slice::<Script>(&accepted.artifact).is_ok(), is_script, "{contract:?}");
    }
}

#[test]
fn words_are_measured_and_a_claimed_count_is_kept_beside_them() {
    let draft = held(Contract::Draft, &draft().to_string()).unwrap();
    assert_eq!((draft.words, draft.claimed_words), (Some(11), Some(999)));
    let script: Script = serde_json::from_slice(&draft.artifact).unwrap();
    assert_eq!(script.segments[0].lines[0].text, "The mill opened - in 1966.", "spoken text is folded");
    let revised = held(Contract::Revision, &revision().to_string()).unwrap();
    assert_eq!((revised.words, revised.claimed_words), (Some(5), None));
    let script: Script = serde_json::from_slice(&revised.artifact).unwrap();
    assert_eq!(script.spoken(), "It runs still.\nGood night.");
}

/// An answer with the value at a JSON pointer replaced; a pointer that ends in `/-` appends to a list.
fn with(contract: Contract, changes: &[(&str, Value)]) -> String {
    let mut answer = sound(contract);
    for (pointer, value) in changes {
        if let Some(list) = pointer.strip_suffix("/-") {
            answer.pointer_mut(list).unwrap().as_array_mut().unwrap().push(value.clone());
        } else {
            *answer.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value.clone();
        }
    }
    answer.to_string()
}

#[test]
fn every_breach_is_refused_in_words_that_name_its_place() {
    use Contract::*;
    let line = |id: &str, text: &str| json!({"id": id, "speaker": "HOST", "text": text, "pause_ms": 0, "claims": []});
    let first = "/script/segments/0/lines/0";
    let claim = format!("{first}/claims/0/excerpt");
    let fix = json!({"id": "N1", "from": "L003", "to": "L003", "wrong": "w", "wanted": "i", "keep": "", "priority": "nice",
                     "findings": ["a:F2"]});
    let finding = judgement()["findings"][0].clone();
    let (last, long) = ("L003 changes", "x".repeat(300));
    let spoken = |id: &str| json!({"id": id, "text": "t"});
    type Case<'a> = (Contract, Vec<(&'a str, Value)>, &'a str);
    let cases: Vec<Case<'_>> = vec![
        (Brief, vec![("/must_cover", json!(["P9"]))], "must_cover: there is no passage `P9`"),
        (Brief, vec![("/must_cover", json!(["P1", "P1"]))], "`P1` is named twice"),
        (Brief, vec![("/must_cover", json!([]))], "names no passage"),
        (Brief, vec![("/title", json!("two\nlines"))], "`title` has one line"),
        (Brief, vec![("/angle", json!("wipe \u{1b}[2J"))], "/angle: the character \\u{1b}"),
        (Brief, vec![("/angle", json!("a\u{202e}b"))], "/angle: the character \\u{202e}"),
        (Brief, vec![("/question", json!(" "))], "`question` says nothing"),
        (Plan, vec![("/segments", json!([]))], "`segments` is empty"),
        (Plan, vec![("/segments/1/id", json!("hook"))], "`hook` is the id of two"),
        (Plan, vec![("/segments/0/id", json!("../etc"))], "/segments/0/id: `.` is not allowed"),
        (Plan, vec![("/segments/0/seconds", json!(0))], "segment `hook` has no seconds"),
        (Plan, vec![("/segments/0/seconds", json!(-1))], "/segments/0/seconds: "),
        (Plan, vec![("/segments/0/passages/-", json!("P7"))], "segment `hook`: there is no passage `P7`"),
        (Draft, vec![("/script/segments/0/id", json!("intro"))], "segment `hook` is planned and missing"),
        (
            Draft,
            vec![("/script/segments/-", json!({"id": "hook", "title": "H", "lines": [line("L9", "x")]}))],
            "stand as",
        ),
        (Draft, vec![("/script/segments/1/lines", json!([]))], "segment `close_2` has no line"),
        (Draft, vec![(&claim, json!("opened in 1967"))], "L001: the excerpt `opened in 1967` does not stand"),
        (Draft, vec![(&claim, json!("Opened in 1966"))], "does not stand verbatim in P1"),
        (Draft, vec![(&claim, json!(" "))], "does not stand verbatim in P1"),
        (Draft, vec![("/script/segments/0/lines/0/claims/0/source", json!("P3"))], "no source `P3`"),
        (Draft, vec![("/script/segments/0/lines/1/speaker", json!("MODEL"))], "L002: `MODEL` is no speaker"),
        (Draft, vec![("/script/segments/0/lines/1/text", json!("[laughs]"))], "L002: `[`"),
        (Draft, vec![("/script/segments/0/lines/1/pause_ms", json!(u32::MAX))], "L002: a pause of"),
        (Draft, vec![("/script/segments/0/lines/1/id", json!("L007"))], "L003 stands after L007"),
        (Draft, vec![("/script/segments/0/lines/1/id", json!("L001"))], "L001 is the id of two"),
        (Draft, vec![("/script/segments/0/lines/1/id", json!("l2"))], "`l2` is not a line id"),
        (Judgement, vec![("/scores/0/points", json!(6))], "/scores/0/points: "),
        (Judgement, vec![("/scores/0/points", json!(4.5))], "/scores/0/points: "),
        (Judgement, vec![("/scores/0/dimension", json!("hook"))], "`accuracy` has no score; (2) `hook` was not asked"),
        (Judgement, vec![("/scores/1/dimension", json!("accuracy"))], "`accuracy` is scored twice"),
        (Judgement, vec![("/scores/0/evidence", json!([]))], "`accuracy` has points and no evidence"),
        (Judgement, vec![("/scores/0/evidence/0/quote", json!("never said"))], "`accuracy`: a quote of its evidence"),
        (Judgement, vec![("/findings/0/sources/0/excerpt", json!("opened in 1967"))], "does not stand verbatim in P1"),
        (Arbitration, vec![("/rulings/0/item", json!("D2"))], "`D1` has no ruling; (2) `D2` was not asked"),
        (Arbitration, vec![("/rulings/0/evidence", json!([]))], "`D1` is ruled without evidence"),
        (Arbitration, vec![("/rulings/0/evidence/0/line", json!("L002"))], "`D1`: a quote does not stand verbatim"),
        (Preference, vec![("/reasoning", json!(" "))], "`reasoning` says nothing"),
        (Review, vec![("/findings/0/severity", json!("blocker"))], "`ready` is true beside a blocker"),
        (Review, vec![("/findings/0/quote", json!("gone"))], "does not stand verbatim in L002"),
        (Fixes, vec![("/fixes/0/wanted", json!(" "))], "fix `N1` says nothing in `wanted`"),
        (Judgement, vec![("/findings/0/line", json!("L009"))], "finding `F1`: there is no line L009"),
        (Judgement, vec![("/findings/0/quote", json!("Mill opened"))], "`Mill opened` does not stand verbatim in L001"),
        (Judgement, vec![("/findings/0/quote", json!("Good night."))], "does not stand verbatim in L001"),
        (Judgement, vec![("/findings/0/quote", json!("\t"))], "does not stand verbatim"),
        (Judgement, vec![("/findings/0/severity", json!("fatal"))], "/findings/0/severity: "),
        (Judgement, vec![("/findings/-", finding)], "`F1` is the id of two findings"),
        (Fixes, vec![("/fixes/0/from", json!("L003"))], "fix `N1`: L003 is after L002"),
        (Fixes, vec![("/fixes/0/to", json!("L003"))], "stand in two segments"),
        (Fixes, vec![("/fixes/0/to", json!("L090"))], "there is no line L090"),
        (Fixes, vec![("/fixes/0/findings", json!(["b:F1"]))], "no finding `b:F1`; (2) the blocker `a:F1` has no fix"),
        (Fixes, vec![("/fixes/0/findings", json!([]))], "rests on no finding"),
        (Fixes, vec![("/fixes", json!([]))], "the blocker `a:F1` has no fix"),
        (Fixes, vec![("/fixes/-", fix)], "`N1` is the id of two fixes"),
        (Revision, vec![("/lines/0/id", json!("L003"))], last),
        (Revision, vec![("/removed/-", json!("L003"))], last),
        (Revision, vec![("/removed/-", json!("L002"))], "L002 is given twice, or is both"),
        (Revision, vec![("/lines/-", line("L004", "New."))], "L004 is no line of the script"),
        (Revision, vec![("/removed/-", json!("L077"))], "L077 is no line of the script"),
        (Revision, vec![("/lines/0/text", json!(" "))], "L002 has nothing to say"),
        (Revision, vec![("/lines/0/speaker", json!("X"))], "L002: `X` is no speaker"),
        (
            Revision,
            vec![("/lines/0/claims/-", json!({"source": "P2", "excerpt": "runs for ever"}))],
            "L002: the excerpt",
        ),
        (Revision, vec![("/declined/0/fix", json!("N8"))], "there is no fix `N8`"),
        (Revision, vec![("/declined/0/reason", json!(""))], "`N1` is declined without a reason"),
        (Revision, vec![("/lines", json!([])), ("/removed/-", json!("L002"))], "segment `hook` has no line"),
        (SpeechText, vec![("/lines/1/text", json!("  "))], "L002 has nothing to say"),
        (SpeechText, vec![("/lines/1/text", json!("<break/>"))], "L002: `<`"),
        (SpeechText, vec![("/lines/1/id", json!("L001"))], "L001 is given twice; (2) L002 of the script is missing"),
        (SpeechText, vec![("/lines/0", spoken("L002")), ("/lines/1", spoken("L001"))], "L002 stands where L001 is due"),
        (SpeechText, vec![("/lines/-", spoken("L004"))], "L004 is no line of the script"),
        (ShowNotes, vec![("/references/-", json!(3))], "no reference 3"),
        (ShowNotes, vec![("/references/-", json!(2))], "reference 2 is named twice"),
        (ShowNotes, vec![("/summary", json!("x".repeat(2_500)))], "have 2501 characters"),
        (ShowNotes, vec![("/points/0", json!(""))], "/points/0 says nothing"),
        (ArtworkBrief, vec![("/palette", json!(["#000000"]))], "has 1 colours"),
        (ArtworkBrief, vec![("/palette/0", json!("#00FF9A"))], "`#00FF9A` is no colour"),
        (ArtworkBrief, vec![("/palette/0", json!("#000000"))], "stands twice"),
        (ArtworkBrief, vec![("/alt_text", json!(long))], "more than 200"),
        (Promotion, vec![("/posts/0/channel", json!("short_post"))], "no post for `newsletter`; (2) there are 2"),
        (Promotion, vec![("/posts/0/channel", json!("tv"))], "`tv` is no channel"),
        (Promotion, vec![("/posts/1/text", json!(long))], "the short post has 300 characters"),
        (Promotion, vec![("/posts/1/text", json!("\n"))], "the post for `short_post` says nothing"),
    ];
    for (contract, changes, words) in cases {
        let rejection = held(contract, &with(contract, &changes)).expect_err(words);
        assert!(rejection.words().contains(words), "{contract:?}: {words}\n  said: {rejection}");
        assert!(rejection.is_mendable(), "{rejection}");
    }
}

#[test]
fn what_is_not_the_json_alone_is_refused_and_the_reason_is_said() {
    let json = brief().to_string();
    let cases = [
        (String::new(), "empty"),
        (format!("```json\n{json}\n```"), "code fence"),
        (format!("Here it is: {json}"), "text stands before"),
        (format!("{json} I hope it helps."), "not valid JSON: trailing"),
        (json[..json.len() - 5].to_owned(), "ends before it is complete"),
        (json.replace("\"angle\"", "\"title\":\"again\",\"angle\""), "duplicate field `title`"),
        (json.replace("\"angle\"", "\"extra\":1,\"angle\""), "extra"),
        (json.replace("\"angle\":\"b\",", ""), "\"angle\" is a required"),
        ("[".repeat(100_000), "text stands before"),
        (format!("{{\"a\":{}", "[".repeat(100_000)), "not valid JSON: recursion"),
    ];
    for (answer, words) in cases {
        let rejection = held(Contract::Brief, &answer).unwrap_err();
        assert!(rejection.words().contains(words), "{words}\n  said: {rejection}");
    }
}

#[test]
fn many_faults_are_told_in_few_words_and_counted() {
    let ids: Vec<String> = (0..90).map(|n| format!("P1{n:03}\u{1b}{}", "x".repeat(n * 9))).collect();
    let rejection = held(Contract::Brief, &with(Contract::Brief, &[("/must_cover", json!(ids))])).unwrap_err();
    assert!(rejection.words().chars().count() <= 800, "{rejection}");
    let ids: Vec<String> = (0..90).map(|n| format!("P1{n:03}{}", "x".repeat(n * 9))).collect();
    let rejection = held(Contract::Brief, &with(Contract::Brief, &[("/must_cover", json!(ids))])).unwrap_err();
    assert!(rejection.words().chars().count() <= 800, "{rejection}");
    assert!(rejection.words().contains(" more"), "{rejection}");
    assert!(rejection.words().starts_with("(1) must_cover: there is no passage `P1000`"), "{rejection}");
}

#[test]
fn a_setting_in_which_no_answer_can_be_sound_is_told_apart() {
    let empty = Context::default();
    for contract in [Contract::Speech, Contract::Report, Contract::Package] {
        let rejection = accept(contract, "{}", &empty).unwrap_err();
        assert!(!rejection.is_mendable() && rejection.words().contains("by no agent"), "{rejection}");
    }
    for contract in [Contract::Judgement, Contract::Fixes, Contract::Revision, Contract::SpeechText] {
        assert!(!accept(contract, &sound(contract).to_string(), &empty).unwrap_err().is_mendable());
    }
    let speakers = ["HOST".to_owned(), "GUEST".to_owned()];
    let context = Context { speakers: &speakers, ..Context::default() };
    let refused = accept(Contract::Draft, &draft().to_string(), &context).unwrap_err();
    assert_eq!(refused.words(), "L001: there is no source `P1` in the research package", "nothing can be cited");
}

#[test]
fn the_words_of_a_note_open_every_line_and_no_note_opens_none() {
    let base: Script = serde_json::from_value(draft()["script"].clone()).unwrap();
    let (research, speakers) = (research(), ["HOST".to_owned(), "GUEST".to_owned()]);
    let spoken = Note { fixes: vec![], text: "Warmer.".into() };
    let context = Context { research: Some(&research), script: Some(&base), speakers: &speakers, ..Context::default() };
    let answer = with(Contract::Revision, &[("/declined", json!([]))]);
    let rejection = accept(Contract::Revision, &answer, &context).unwrap_err();
    assert_eq!(rejection.words(), "(1) L001 changes and no fix names it; (2) L002 changes and no fix names it");
    assert!(accept(Contract::Revision, &answer, &Context { fixes: Some(&spoken), ..context }).is_ok());
    let unchanged = json!({"lines": [base.segments[1].lines[0]], "removed": [], "declined": []}).to_string();
    assert!(accept(Contract::Revision, &unchanged, &context).is_ok(), "a line given as it is changes nothing");
}

#[test]
fn at_the_last_word_what_has_no_evidence_is_dropped_and_the_rest_is_heard() {
    let script: Script = serde_json::from_value(draft()["script"].clone()).unwrap();
    let context = Context {
        script: Some(&script),
        dimensions: &[Dimension::Accuracy, Dimension::Sensitivity],
        is_last_word: true,
        ..Context::default()
    };
    let invented = [("/findings/1/quote", json!("words that are gone")), ("/findings/0/sources", json!([]))];
    let answer = with(Contract::Judgement, &[&invented[..], &[("/scores/1/evidence", json!([]))]].concat());
    let first_time = Context { is_last_word: false, ..context };
    let refused = accept(Contract::Judgement, &answer, &first_time).unwrap_err();
    assert!(refused.is_mendable() && refused.words().contains("words that are gone"), "{refused}");
    let accepted = accept(Contract::Judgement, &answer, &context).unwrap();
    let heard: Heard = serde_json::from_slice(&accepted.artifact).unwrap();
    assert_eq!(heard.assessment.findings.iter().map(|f| f.id.as_str()).collect::<Vec<_>>(), ["F1"]);
    assert_eq!((heard.dropped.len(), heard.dropped[0].id.as_str()), (1, "F2"));
    assert_eq!(heard.assessment.scores[1].points, None, "points without evidence are no points");
    assert_eq!(heard.assessment.scores[0].points.map(Points::get), None, "its quote stands in another text");
}

/// A line that no fix names, changed in one of the ways in which an answer can change it.
fn strayed(revision: &mut Revision, line: &Line, way: u64) {
    let changed = match way % 6 {
        0 => Line { text: format!("{} And more.", line.text), ..line.clone() },
        1 => Line { speaker: if line.speaker == "HOST" { "GUEST".into() } else { "HOST".into() }, ..line.clone() },
        2 => Line { pause_ms: line.pause_ms + 10, ..line.clone() },
        3 => Line { text: line.text.replace('.', "!"), ..line.clone() },
        4 => Line { text: line.text.to_uppercase(), ..line.clone() },
        _ => {
            revision.removed.push(line.id);
            return;
        }
    };
    revision.lines.push(changed);
}

#[test]
fn a_polisher_that_touches_other_lines_is_caught_in_all_of_five_hundred_diffs() {
    let mut state = 7_u64;
    // Steele, Lea and Flood 2014: the mixing of SplitMix64.
    let mut next = |below: u64| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below
    };
    let speakers = ["HOST".to_owned(), "GUEST".to_owned()];
    let (mut caught, mut let_through) = (0, 0);
    for _ in 0..500 {
        let count = 6 + u32::try_from(next(30)).unwrap();
        let line = |id: u32| Line {
            id: LineId(id),
            speaker: if id.is_multiple_of(2) { "GUEST".into() } else { "HOST".into() },
            text: format!("This is what is said in line {id}."),
            pause_ms: 200,
            claims: vec![],
        };
        let (first, second): (Vec<Line>, Vec<Line>) = (1..=count).map(line).partition(|line| line.id.0 <= count / 2);
        let segment = |id: &str, lines| Segment { id: id.into(), title: "S".into(), lines };
        let base = Script { title: "T".into(), segments: vec![segment("one", first), segment("two", second)] };
        let from = 1 + u32::try_from(next(u64::from(count))).unwrap();
        let to = (from + u32::try_from(next(3)).unwrap()).min(count);
        let fix = Fix {
            id: "N1".into(),
            from: LineId(from),
            to: LineId(to),
            priority: Priority::Must,
            wrong: "w".into(),
            wanted: "do it".into(),
            keep: String::new(),
            findings: vec![],
        };
        let note = Note { fixes: vec![fix], text: String::new() };
        let context = Context { script: Some(&base), fixes: Some(&note), speakers: &speakers, ..Context::default() };
        let named = base.lines().find(|line| line.id.0 == from).unwrap();
        let done = Line { text: "This is what was wanted.".into(), ..named.clone() };
        let mut revision = Revision { lines: vec![done], removed: vec![], declined: vec![] };
        let answer = |revision: &Revision| serde_json::to_string(revision).unwrap();
        let_through += usize::from(accept(Contract::Revision, &answer(&revision), &context).is_ok());
        let others: Vec<&Line> = base.lines().filter(|line| !(from..=to).contains(&line.id.0)).collect();
        for _ in 0..=next(3) {
            let stray = others[usize::try_from(next(others.len() as u64)).unwrap()];
            let is_new =
                !revision.lines.iter().any(|line| line.id == stray.id) && !revision.removed.contains(&stray.id);
            if is_new {
                strayed(&mut revision, stray, next(6));
            }
        }
        let refused = accept(Contract::Revision, &answer(&revision), &context).unwrap_err();
        caught += usize::from(refused.is_mendable() && refused.words().contains("changes and no fix names it"));
    }
    assert_eq!((caught, let_through), (500, 500), "each stray is caught, and none that kept to its lines is refused");
}

prop_compose! {
    fn scripts()(lengths in prop::collection::vec(1_usize..5, 1..4))(
        words in prop::collection::vec("[a-z]{1,4}( [a-z]{1,4}){0,3}", lengths.iter().sum::<usize>()),
        lengths in Just(lengths),
    ) -> Script {
        let mut words = words.into_iter().zip(1..);
        let line = |(text, id)| Line { id: LineId(id), speaker: "HOST".into(), text, pause_ms: 0, claims: vec![] };
        let segments = lengths.iter().enumerate().map(|(at, length)| Segment {
            id: format!("s{at}"), title: "S".into(), lines: words.by_ref().take(*length).map(line).collect(),
        });
        Script { title: "T".into(), segments: segments.collect() }
    }
}

proptest! {
    #[test]
    fn applying_is_exact_and_a_change_outside_the_named_lines_is_always_refused(
        base in scripts(), from in 1_u32..14, length in 0_u32..4,
        touched in prop::collection::btree_map(1_u32..14, prop::option::of("[A-Z]{1,5}"), 0..4),
    ) {
        let known = |id: &u32| base.lines().any(|line| line.id == LineId(*id));
        let touched: Vec<(u32, Option<String>)> = touched.into_iter().filter(|(id, _)| known(id)).collect();
        let lines = touched.iter().filter_map(|(id, text)| {
            let line = base.lines().find(|line| line.id == LineId(*id))?;
            Some(Line { text: text.clone()?, ..line.clone() })
        });
        let revision = Revision {
            lines: lines.collect(),
            removed: touched.iter().filter(|(_, text)| text.is_none()).map(|(id, _)| LineId(*id)).collect(),
            declined: vec![],
        };
        let revised = apply_revision(&base, &revision);
        // Exact: what is not touched stands as it stood, what is touched as it was given, all in the same order.
        let expected: Vec<(LineId, String)> = base.lines().filter_map(|line| {
            match touched.iter().find(|(id, _)| LineId(*id) == line.id) {
                Some((_, text)) => text.clone().map(|text| (line.id, text)),
                None => Some((line.id, line.text.clone())),
            }
        }).collect();
        let found: Vec<(LineId, String)> = revised.lines().map(|line| (line.id, line.text.clone())).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(revised.segments.len(), base.segments.len());

        let fix = Fix {
            id: "N1".into(), from: LineId(from), to: LineId(from + length), priority: Priority::Nice,
            wrong: "w".into(), wanted: "i".into(), keep: String::new(), findings: vec![],
        };
        let (note, speakers) = (Note { fixes: vec![fix], text: String::new() }, ["HOST".to_owned()]);
        let context = Context { script: Some(&base), fixes: Some(&note), speakers: &speakers, ..Context::default() };
        let held = accept(Contract::Revision, &serde_json::to_string(&revision).unwrap(), &context);
        let is_outside = touched.iter().any(|(id, _)| !(from..=from + length).contains(id));
        let is_emptied = revised.segments.iter().any(|segment| segment.lines.is_empty());
        prop_assert_eq!(held.is_ok(), !is_outside && !is_emptied, "{:?}", held);
        if let Ok(accepted) = held {
            prop_assert_eq!(serde_json::from_slice::<Script>(&accepted.artifact).unwrap(), revised);
        }
    }

    #[test]
    fn no_answer_panics_and_every_rejection_is_short(text in "\\PC{0,40}|(\\{|\\}|\"|:|,|title|L1|\\[|\\]| ){0,40}") {
        for contract in AGENTS {
            if let Err(rejection) = held(contract, &text) {
                prop_assert!(rejection.words().chars().count() <= 800);
            }
        }
    }
}

#[test]
fn a_proposed_way_that_does_not_fit_the_graph_is_refused_once_and_then_replaced() {
    let faulty = |member: &str, value: Value| {
        let mut brief = brief();
        brief["orchestration"][member] = value;
        brief.to_string()
    };
    let assigned = |stage: &str, agent: &str, output: &str| json!([{"stage": stage, "agent": agent, "output": output, "focus": "f"}]);
    let table = [
        ("assignments", assigned("nowhere", "episode_planner", "plan"), "no stage `nowhere`"),
        ("assignments", assigned("plan", "script_writer", "plan"), "the agent of `plan` is `episode_planner`"),
        ("assignments", assigned("plan", "episode_planner", "draft"), "`plan` hands on `plan`"),
        ("assignments", assigned("research", "anybody", "research"), "`research` has no agent"),
        ("gates", json!([]), "the gate `quality_evaluation` is left out"),
        ("gates", json!(["quality_evaluation", "plan"]), "`plan` is no gate"),
        ("task", json!(" "), "says nothing"),
    ];
    for (member, value, words) in table {
        let answer = faulty(member, value);
        let refused = held(Contract::Brief, &answer).unwrap_err();
        assert!(refused.words().contains(words), "{member}: {refused}");
        let taken = held_at(Contract::Brief, &answer, true).unwrap();
        let taken: crate::domain::handoff::Brief = serde_json::from_slice(&taken.artifact).unwrap();
        assert_eq!(taken.orchestration, usual_orchestration(&graph()), "{member}");
        assert!(taken.orchestration.task.contains(DEFAULT_ROUTE));
        assert_eq!(taken.orchestration.gates, ["quality_evaluation"]);
    }
    let mut also_elsewhere = brief();
    also_elsewhere["orchestration"]["gates"] = json!([]);
    also_elsewhere["must_cover"] = json!(["P9"]);
    let refused = held_at(Contract::Brief, &also_elsewhere.to_string(), true).unwrap_err();
    assert!(refused.words().contains("P9"), "only the orchestration has a default: {refused}");
}

#[test]
fn a_routing_that_cannot_be_used_is_refused_once_and_then_the_author_mends() {
    use crate::domain::handoff::{Mender, Routing};
    for answer in [r#"{"way":"magic","reason":"r","lines":[]}"#, r#"{"way":"peer","reason":"r","lines":["L099"]}"#, "{"]
    {
        assert!(held(Contract::Routing, answer).is_err(), "{answer}");
        let taken = held_at(Contract::Routing, answer, true).unwrap();
        let taken: Routing = serde_json::from_slice(&taken.artifact).unwrap();
        assert_eq!((taken.way, taken.reason.as_str()), (Mender::Author, DEFAULT_ROUTE));
    }
}

#[test]
fn a_seat_that_is_not_there_is_no_next_speaker() {
    let named = |mut answer: Value, next: Value| {
        answer["next"] = next;
        answer.to_string()
    };
    assert!(held(Contract::Turn, &named(turn(), json!("nobody_here"))).unwrap_err().words().contains("rights_reader"));
    assert!(held(Contract::Turn, &named(turn(), Value::Null)).is_ok());
    let choice = named(selection(), json!("nobody_here"));
    assert!(held(Contract::Selection, &choice).is_err());
    assert!(held_at(Contract::Selection, &choice, true).is_ok(), "the seat after the last one speaks then");
    let mut angle = angle();
    angle["chosen"] = json!("A7");
    assert!(held(Contract::Angle, &angle.to_string()).is_err());
    let mut notes = notes();
    notes["notes"][0]["passages"] = json!([]);
    assert!(held(Contract::ResearchNotes, &notes.to_string()).is_err());
}
