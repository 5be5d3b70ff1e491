//! The contracts of the judges, the final reviewer and agent 06: judgements and fixes.

use std::collections::BTreeMap;

use super::form::{is_blank, is_verbatim, repeated};
use crate::domain::handoff::{Dimension, Fixes, Judgement, Severity};
use crate::domain::ids::LineId;
use crate::domain::script::Script;

/// Every dimension, in the order that reports list them.
pub(in crate::domain) const DIMENSIONS: [Dimension; 5] =
    [Dimension::Accuracy, Dimension::Structure, Dimension::Engagement, Dimension::BrandVoice, Dimension::Speakability];

/// The name of a dimension as it is written in an answer.
pub(in crate::domain) fn name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Accuracy => "accuracy",
        Dimension::Structure => "structure",
        Dimension::Engagement => "engagement",
        Dimension::BrandVoice => "brand_voice",
        Dimension::Speakability => "speakability",
    }
}

/// The faults of a judgement: a score for each dimension, and evidence for each finding.
pub(super) fn judgement(judgement: &Judgement, script: &Script) -> Vec<String> {
    let mut faults = Vec::new();
    for dimension in DIMENSIONS {
        let scores: Vec<u8> =
            judgement.scores.iter().filter(|score| score.dimension == dimension).map(|score| score.tenths).collect();
        match scores.as_slice() {
            [tenths] if (10..=50).contains(tenths) => {}
            [tenths] => faults.push(format!("`{}` is scored {tenths}, and scores go from 10 to 50", name(dimension))),
            [] => faults.push(format!("`{}` has no score", name(dimension))),
            [_, _, ..] => faults.push(format!("`{}` is scored twice", name(dimension))),
        }
    }
    for id in repeated(judgement.findings.iter().map(|finding| finding.id.as_str())) {
        faults.push(format!("`{id}` is the id of two findings"));
    }
    for (index, finding) in judgement.findings.iter().enumerate() {
        let id = &finding.id;
        if is_blank(id) {
            faults.push(format!("/findings/{index}: a finding has no id"));
        }
        match script.lines().find(|line| line.id == finding.line) {
            None => faults.push(format!("finding `{id}`: there is no line {} in the script", finding.line)),
            Some(line) if !is_verbatim(&finding.quote, &line.text) => {
                let start: String = finding.quote.chars().take(80).collect();
                faults.push(format!("finding `{id}`: the quote `{start}` does not stand verbatim in {}", line.id));
            }
            Some(_) => {}
        }
        if is_blank(&finding.problem) || is_blank(&finding.suggestion) {
            faults.push(format!("finding `{id}` lacks its problem or its suggestion"));
        }
    }
    faults
}

/// The faults of a list of fixes: ranges within a segment, findings that exist, and nothing grave left out.
pub(super) fn fixes(fixes: &Fixes, script: &Script, judgements: &[Judgement]) -> Vec<String> {
    let mut faults = Vec::new();
    let place: BTreeMap<LineId, (usize, usize)> = script
        .segments
        .iter()
        .enumerate()
        .flat_map(|(part, segment)| segment.lines.iter().enumerate().map(move |(at, line)| (line.id, (part, at))))
        .collect();
    let letters = judgements.iter().zip('a'..='z');
    let findings: BTreeMap<String, Severity> = letters
        .flat_map(|(judgement, letter)| {
            judgement.findings.iter().map(move |finding| (format!("{letter}:{}", finding.id), finding.severity))
        })
        .collect();
    for id in repeated(fixes.fixes.iter().map(|fix| fix.id.as_str())) {
        faults.push(format!("`{id}` is the id of two fixes"));
    }
    for (index, fix) in fixes.fixes.iter().enumerate() {
        let id = &fix.id;
        if is_blank(id) {
            faults.push(format!("/fixes/{index}: a fix has no id"));
        }
        if fix.from > fix.to {
            faults.push(format!("fix `{id}`: {} is after {}", fix.from, fix.to));
        }
        for line in [fix.from, fix.to].iter().filter(|line| !place.contains_key(line)) {
            faults.push(format!("fix `{id}`: there is no line {line} in the script"));
        }
        if let (Some(from), Some(to)) = (place.get(&fix.from), place.get(&fix.to)) {
            if from.0 != to.0 {
                faults.push(format!("fix `{id}`: {} and {} stand in two segments", fix.from, fix.to));
            } else if fix.from <= fix.to && from.1 > to.1 {
                faults.push(format!("fix `{id}`: {} stands after {} in the script", fix.from, fix.to));
            }
        }
        if is_blank(&fix.instruction) {
            faults.push(format!("fix `{id}` says nothing in `instruction`"));
        }
        if fix.findings.is_empty() {
            faults.push(format!("fix `{id}` rests on no finding"));
        }
        for named in fix.findings.iter().filter(|named| !findings.contains_key(*named)) {
            faults.push(format!("fix `{id}`: there is no finding `{named}`"));
        }
    }
    let is_named = |finding: &String| fixes.fixes.iter().any(|fix| fix.findings.contains(finding));
    for (finding, severity) in &findings {
        match severity {
            Severity::Minor => {}
            Severity::Major | Severity::Blocker if is_named(finding) => {}
            Severity::Major => faults.push(format!("the major finding `{finding}` has no fix")),
            Severity::Blocker => faults.push(format!("the blocker `{finding}` has no fix")),
        }
    }
    faults
}
