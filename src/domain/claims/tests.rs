//! Tests of the claim sheet: which sentences it takes, of what kind, in what state, and what a verdict may change.

use proptest::prelude::*;

use super::*;
use crate::domain::research::Source;
use crate::domain::script::{Claim, Segment};

const KIBBLE: &str = "Bryan Kibble proposed in 1975 a balance that compares mechanical power with electrical power.";
const COPIES: &str = "The typical difference was about 50 micrograms in a hundred years.";
const SPHERE: &str = "The sphere is enriched to more than 99.99 per cent silicon-28.";
const QUOTED: &str = "The director said \"we have to change the unit\" and called it the largest reform since 1889.";
const RUST: &str = "Salt in the air led to rust on the gates.";
const MAY: &str = "The mill may date from the year 619.";
const UNCITED: &str = "The prototype was kept in a vault at Saint-Cloud near Paris.";

fn research() -> Research {
    let texts = [KIBBLE, COPIES, SPHERE, QUOTED, RUST, MAY, UNCITED];
    let passages = texts.iter().enumerate().map(|(index, text)| Passage {
        id: format!("P{}", index + 1),
        place: "Part".into(),
        line: 1,
        text: (*text).into(),
        cites: if *text == UNCITED { vec![9] } else { vec![1] },
    });
    Research {
        topic: "T".into(),
        passages: passages.collect(),
        sources: vec![Source { number: 1, text: "A book, 2012".into() }],
    }
}

fn claim(text: &str) -> Claim {
    let research = research();
    let source = research.passages.iter().find(|p| p.text.contains(text)).map_or("P99".into(), |p| p.id.clone());
    Claim { source, excerpt: text.into() }
}

fn script(lines: Vec<(&str, Vec<Claim>)>) -> Script {
    let lines = (1..).zip(lines).map(|(id, (text, claims))| Line {
        id: LineId(id),
        speaker: "HOST".into(),
        text: text.into(),
        pause_ms: 0,
        claims,
    });
    Script { title: "T".into(), segments: vec![Segment { id: "s".into(), title: "S".into(), lines: lines.collect() }] }
}

fn only(text: &str, excerpts: &[&str]) -> SheetRow {
    let sheet = extract(&script(vec![(text, excerpts.iter().map(|e| claim(e)).collect())]), &research());
    assert_eq!(sheet.rows.len(), 1, "{text}: {:?}", sheet.rows);
    sheet.rows[0].clone()
}

#[test]
fn the_strongest_kind_names_a_sentence() {
    for (text, kind) in [
        ("He said “we do not know why” of the oldest mill in 1966.", ClaimKind::Quote),
        ("The largest plant opened in 1966.", ClaimKind::Superlative),
        ("It opened in 1966 with 24 turbines because of a grant.", ClaimKind::Date),
        ("It fell by 70 percent due to wear.", ClaimKind::Number),
        ("The salt led to rust.", ClaimKind::Causal),
    ] {
        let row = only(text, &[]);
        assert_eq!((row.kind, row.state), (kind, ClaimState::Unsourced), "{text}");
        assert_eq!(row.note, "the line names no source");
    }
    assert_eq!(only("The vault is at Saint-Cloud.", &[UNCITED]).kind, ClaimKind::Name);
    assert_eq!(only("The prototype was kept in a vault.", &[UNCITED]).kind, ClaimKind::Other);
    for kind in [ClaimKind::Number, ClaimKind::Superlative, ClaimKind::Other] {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
    for state in [ClaimState::Verified, ClaimState::False, ClaimState::Unsourced] {
        assert_eq!(serde_json::to_value(state).unwrap(), state.name());
    }
}

#[test]
fn talk_is_not_on_the_sheet_and_no_claim_is_missing_from_it() {
    let talk = "I would love to hear that. Really? Two of us were there. May I go on?";
    assert_eq!(extract(&script(vec![(talk, vec![])]), &research()).rows, []);
    let sheet = extract(
        &script(vec![
            ("Here is what the source says. Bryan Kibble proposed a balance in 1975. Is that so?", vec![claim(KIBBLE)]),
            ("Would that do?", vec![claim(RUST)]),
        ]),
        &research(),
    );
    let told: Vec<(&str, &str)> = sheet.rows.iter().map(|row| (row.id.as_str(), row.text.as_str())).collect();
    assert_eq!(told, [("c1", "Bryan Kibble proposed a balance in 1975."), ("c2", "Would that do?")]);
    assert_eq!(sheet.rows[1].state, ClaimState::Murky);
}

#[test]
fn states_follow_from_the_excerpt() {
    use ClaimState::{False, Likely, Murky, Unsourced, Verified};
    for (text, excerpts, state, note) in [
        ("In 1975 Bryan Kibble proposed a balance.", &[KIBBLE][..], Verified, "P1 carries it"),
        ("In nineteen seventy-five Kibble proposed a balance.", &[KIBBLE], Verified, "P1 carries it"),
        ("The difference was fifty micrograms in a hundred years.", &[COPIES], Verified, "P2 carries it"),
        ("He said “we have to change the unit,” and left.", &[QUOTED], Verified, "P4 carries it"),
        ("It is the biggest reform of the unit since 1889.", &[QUOTED], Verified, "P4 carries it"),
        ("The gates rusted because of salt.", &[RUST], Verified, "P5 carries it"),
        ("The mill may date from 619.", &[MAY], Verified, "P6 carries it"),
        ("The prototype was in a vault near Paris.", &[UNCITED], Likely, "P7 carries it and cites no reference"),
        ("In 1976 Bryan Kibble proposed a balance.", &[KIBBLE], False, "`1976` stands where the excerpt has `1975`"),
        ("The difference was 60 micrograms.", &[COPIES], False, "`60 micrograms` stands where"),
        ("The difference was fifty milligrams.", &[COPIES], False, "`fifty milligrams` stands where"),
        ("The sphere is enriched to 99.9 percent.", &[SPHERE], False, "`99.9 percent` stands where"),
        ("The sphere is enriched to about a hundred percent.", &[SPHERE], Murky, "rounds `99.99 per cent`"),
        ("He said “we must change the unit” then.", &[QUOTED], False, "does not stand in the source"),
        ("Bryan Kibble first proposed a balance.", &[KIBBLE], Murky, "does not say `first`"),
        ("The balance led to electrical power.", &[KIBBLE], Murky, "does not say `led to`"),
        ("The mill dates from the year 619.", &[MAY], Murky, "says `may` and the sentence is sure"),
        ("Kibble wrote long letters to friends in distant cities.", &[KIBBLE], Murky, "1 of its"),
        ("In 1975 and 1980 Kibble proposed a balance.", &[KIBBLE], Murky, "`1980` is not in the excerpt"),
        ("In 1901 nobody spoke.", &["no such words"], Unsourced, "there is no passage `P99`"),
    ] {
        let row = only(text, excerpts);
        assert_eq!(row.state, state, "{text}: {}", row.note);
        assert!(row.note.contains(note), "{text}: {}", row.note);
        assert_eq!((row.checker.as_str(), row.source.is_some()), (CODE, state != Unsourced), "{text}");
    }
}

#[test]
fn a_row_rests_on_the_claim_that_shares_most_and_on_none_that_is_invented() {
    let row = only("The copies differ by 50 micrograms in a hundred years.", &[KIBBLE, COPIES]);
    assert_eq!((row.source.as_deref(), row.excerpt.as_deref()), (Some("P2"), Some(COPIES)));
    assert_eq!(row.excerpt_hash, Some(ContentHash::of(COPIES.as_bytes())));
    assert_eq!(row.references, [1]);
    assert_eq!(only("The prototype was kept in a vault.", &[UNCITED]).references, Vec::<u32>::new());
    let both = only("Kibble proposed a balance in 1975, and rust came with the year 619.", &[KIBBLE, MAY]);
    assert_eq!(both.state, ClaimState::Murky);
    assert!(both.note.contains("`619` stands in P6"), "{}", both.note);
    let invented = Claim { source: "P1".into(), excerpt: "Kibble died in 2016".into() };
    let sheet = extract(&script(vec![("Kibble died in 2016.", vec![invented])]), &research());
    assert_eq!(sheet.rows[0].state, ClaimState::Unsourced);
    assert_eq!(sheet.rows[0].note, "the excerpt given for P1 does not stand there");
    assert_eq!(sheet.rows[0].excerpt, None);
}

fn verdict(state: ClaimState, words: &str, url: Option<&str>) -> Verdict {
    Verdict {
        row: "c1".into(),
        state,
        source_text: words.into(),
        url: url.map(str::to_owned),
        checker: "finder".into(),
    }
}

fn merged(text: &str, excerpts: &[&str], verdicts: &[Verdict]) -> SheetRow {
    let mut sheet = Sheet { rows: vec![only(text, excerpts)] };
    assert_eq!(sheet.merge(verdicts), Vec::<String>::new());
    sheet.rows.remove(0)
}

#[test]
fn a_verdict_raises_a_row_as_far_as_its_words_carry_it() {
    use ClaimState::{Likely, Murky, Unsourced, Verified};
    let at = Some("https://example.org/x");
    let text = "The plant opened in 1966.";
    for (given, words, url, state) in [
        (Verified, "The tidal plant was opened in 1966.", at, Verified),
        (Verified, "The tidal plant was opened in 1966.", None, Likely),
        (Verified, "The tidal plant was opened in 1966.", Some("file:///etc"), Likely),
        (Likely, "The tidal plant was opened in 1966.", at, Likely),
        (Verified, "The plant may have opened in 1966.", at, Murky),
        (Verified, "The plant opened in 1967.", at, Unsourced),
        (Verified, " \u{7}", at, Unsourced),
    ] {
        let row = merged(text, &[], &[verdict(given, words, url)]);
        assert_eq!(row.state, state, "{words} {url:?}: {}", row.note);
        assert!(row.note.contains("finder says"), "{}", row.note);
        let is_raised = state != Unsourced;
        assert_eq!((row.excerpt.is_some(), row.checker == "finder"), (is_raised, is_raised), "{words}");
    }
    let row = merged(text, &[], &[verdict(Verified, "The plant opened in 1966.\u{1b}[2J", at)]);
    assert_eq!((row.url.as_deref(), row.excerpt.as_deref()), (at, Some("The plant opened in 1966.[2J")));
    let mut forged = verdict(Verified, "The plant opened in 1966.", at);
    forged.checker = CODE.into();
    assert_ne!(merged(text, &[], &[forged]).checker, CODE, "no verdict passes for the code's own finding");
}

#[test]
fn what_code_found_false_stays_false_and_a_contradiction_is_kept() {
    use ClaimState::{False, Murky, Verified};
    let at = Some("https://example.org/x");
    let wrong = "In 1976 Bryan Kibble proposed a balance.";
    let row = merged(wrong, &[KIBBLE], &[verdict(Verified, wrong, at)]);
    assert_eq!((row.state, row.checker.as_str(), row.excerpt.as_deref()), (False, CODE, Some(KIBBLE)));
    let right = "In 1975 Bryan Kibble proposed a balance.";
    let no = verdict(False, "It was 1972.", at);
    assert_eq!(merged(right, &[KIBBLE], std::slice::from_ref(&no)).state, Murky);
    assert_eq!(merged(right, &[KIBBLE], &[verdict(False, "", at)]).state, Verified, "nothing was shown");
    assert_eq!(merged(right, &[], std::slice::from_ref(&no)).state, False);
    let yes = verdict(Verified, right, at);
    assert_eq!(merged(right, &[], &[yes.clone(), no.clone()]).state, Murky);
    assert_eq!(merged(right, &[], &[no.clone(), yes]).state, Murky, "the order changes nothing");
    let mut sheet = Sheet { rows: vec![only(right, &[])] };
    assert_eq!(sheet.merge(&[Verdict { row: "c\u{1b}9".into(), ..no }]), ["c9"]);
    assert_eq!(sheet.counts(), Counts { unsourced: 1, ..Counts::default() });
}

proptest! {
    #[test]
    fn no_script_panics_and_every_excerpt_is_verbatim_in_its_passage(
        texts in prop::collection::vec("\\PC{0,40}|(1975 |Kibble |proposed |\"|“|”|the |first |50 |percent |led |to |\\. |\\? ){0,14}", 1..4),
        from in 0_usize..60, len in 0_usize..60, passage in 0_usize..9, is_real: bool,
    ) {
        let research = research();
        let text = research.passages.get(passage).map_or("", |p| p.text.as_str());
        let excerpt: String = if is_real { text.chars().skip(from).take(len).collect() } else { texts[0].clone() };
        let claims = vec![Claim { source: format!("P{}", passage + 1), excerpt }];
        let script = script(texts.iter().map(|text| (text.as_str(), claims.clone())).collect());
        let sheet = extract(&script, &research);
        for (number, row) in (1..).zip(&sheet.rows) {
            prop_assert_eq!(&row.id, &format!("c{number}"));
            prop_assert_eq!(row.source.is_some(), row.excerpt.is_some());
            if let Some(excerpt) = &row.excerpt {
                let passage = research.passages.iter().find(|p| Some(&p.id) == row.source.as_ref()).unwrap();
                prop_assert!(passage.text.contains(excerpt), "{}", excerpt);
                prop_assert_eq!(row.excerpt_hash, Some(ContentHash::of(excerpt.as_bytes())));
            }
            if row.state == ClaimState::Verified {
                prop_assert!(!row.references.is_empty());
            }
        }
        let counts = sheet.counts();
        let sum = counts.verified + counts.likely + counts.murky + counts.r#false + counts.unsourced;
        prop_assert_eq!(sum, sheet.rows.len());
        prop_assert_eq!(extract(&script, &research), sheet);
    }
}
