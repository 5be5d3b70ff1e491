//! The contracts of the judges, the arbiter, the final reviewer, the comparer and agent 06.

use std::collections::BTreeMap;

use super::Context;
use super::form::{is_blank, is_verbatim, repeated};
use crate::domain::gate::Listed;
use crate::domain::handoff::{
    Arbitration, Assessment, Comparison, Dropped, Evidence, Finding, Fixes, Heard, Review, Severity,
};
use crate::domain::ids::LineId;
use crate::domain::research::Research;
use crate::domain::script::Script;

/// Holds a judge's answer to its contract: a score for each dimension that was asked for and no other, and evidence for all
/// that is said. At the last word, what has no evidence is dropped and the rest is heard.
pub(super) fn assessment(
    mut assessment: Assessment,
    script: &Script,
    context: &Context<'_>,
) -> Result<Heard, Vec<String>> {
    let mut faults = Vec::new();
    for dimension in context.dimensions {
        match assessment.scores.iter().filter(|score| score.dimension == *dimension).count() {
            1 => {}
            0 => faults.push(format!("`{}` has no score", dimension.name())),
            _ => faults.push(format!("`{}` is scored twice", dimension.name())),
        }
    }
    let asked = |dimension| context.dimensions.contains(&dimension);
    for score in assessment.scores.iter().filter(|score| !asked(score.dimension)) {
        faults.push(format!("`{}` was not asked for here", score.dimension.name()));
    }
    faults.extend(form_of(&assessment.findings));
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut unproven: Vec<String> = Vec::new();
    let mut dropped = Vec::new();
    let mut kept = Vec::with_capacity(assessment.findings.len());
    for finding in assessment.findings {
        match unproved(&finding, script, context.research) {
            None => kept.push(finding),
            Some(why) => {
                dropped.push(Dropped {
                    id: finding.id.clone(),
                    line: finding.line,
                    quote: finding.quote.chars().take(200).collect(),
                    why: why.clone(),
                });
                unproven.push(why);
            }
        }
    }
    for score in &mut assessment.scores {
        let name = score.dimension.name();
        let before = score.evidence.len();
        score.evidence.retain(|evidence| stands(evidence, script));
        if score.evidence.len() < before {
            unproven.push(format!("`{name}`: a quote of its evidence does not stand verbatim at its line"));
        } else if score.evidence.is_empty() && score.points.is_some() {
            unproven.push(format!("`{name}` has points and no evidence"));
        }
        if score.evidence.is_empty() {
            // Points that nothing bears out are no points.
            score.points = None;
        }
    }
    if !unproven.is_empty() && !context.is_last_word {
        return Err(unproven);
    }
    assessment.findings = kept;
    Ok(Heard { assessment, dropped })
}

fn stands(evidence: &Evidence, script: &Script) -> bool {
    script.lines().any(|line| line.id == evidence.line && is_verbatim(&evidence.quote, &line.text))
}

/// Why a finding is not borne out by the script and the package, where it is not.
fn unproved(finding: &Finding, script: &Script, research: Option<&Research>) -> Option<String> {
    let id = &finding.id;
    let start = |text: &str| text.chars().take(80).collect::<String>();
    let Some(line) = script.lines().find(|line| line.id == finding.line) else {
        return Some(format!("finding `{id}`: there is no line {} in the script", finding.line));
    };
    if !is_verbatim(&finding.quote, &line.text) {
        let quote = start(&finding.quote);
        return Some(format!("finding `{id}`: the quote `{quote}` does not stand verbatim in {}", line.id));
    }
    let passages = research.map(|research| research.passages.as_slice()).unwrap_or_default();
    let is_there = |passage: &str, excerpt: &str| {
        passages.iter().any(|known| known.id == passage && is_verbatim(excerpt, &known.text))
    };
    let invented = finding.sources.iter().find(|source| !is_there(&source.passage, &source.excerpt))?;
    let excerpt = start(&invented.excerpt);
    Some(format!("finding `{id}`: the excerpt `{excerpt}` does not stand verbatim in {}", invented.passage))
}

/// The faults of findings that have nothing to do with their evidence.
fn form_of(findings: &[Finding]) -> Vec<String> {
    let mut faults = Vec::new();
    for id in repeated(findings.iter().map(|finding| finding.id.as_str())) {
        faults.push(format!("`{id}` is the id of two findings"));
    }
    for (index, finding) in findings.iter().enumerate() {
        if is_blank(&finding.id) {
            faults.push(format!("/findings/{index}: a finding has no id"));
        }
        if is_blank(&finding.problem) || is_blank(&finding.suggestion) {
            faults.push(format!("finding `{}` lacks its problem or its suggestion", finding.id));
        }
    }
    faults
}

/// Holds the final review to its contract; at the last word, findings without evidence are dropped.
pub(super) fn review(mut review: Review, script: &Script, context: &Context<'_>) -> Result<Review, Vec<String>> {
    let faults = form_of(&review.findings);
    if !faults.is_empty() {
        return Err(faults);
    }
    let unproven: Vec<String> =
        review.findings.iter().filter_map(|finding| unproved(finding, script, context.research)).collect();
    if !unproven.is_empty() && !context.is_last_word {
        return Err(unproven);
    }
    review.findings.retain(|finding| unproved(finding, script, context.research).is_none());
    let blocks = review.findings.iter().any(|finding| finding.severity == Severity::Blocker);
    if blocks && review.ready {
        return Err(vec!["`ready` is true beside a blocker".to_owned()]);
    }
    Ok(review)
}

/// The faults of an arbitration: one ruling for each point that was asked, each with words of the lines in dispute.
pub(super) fn arbitration(arbitration: &Arbitration, script: &Script, context: &Context<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for id in repeated(arbitration.rulings.iter().map(|ruling| ruling.item.as_str())) {
        faults.push(format!("`{id}` is ruled twice"));
    }
    for dispute in context.disputes {
        if !arbitration.rulings.iter().any(|ruling| ruling.item == dispute.id) {
            faults.push(format!("`{}` has no ruling", dispute.id));
        }
    }
    for ruling in &arbitration.rulings {
        let item = &ruling.item;
        if !context.disputes.iter().any(|dispute| dispute.id == *item) {
            faults.push(format!("`{item}` was not asked"));
        }
        if is_blank(&ruling.reasoning) {
            faults.push(format!("`{item}` lacks its reasoning"));
        }
        if ruling.evidence.is_empty() {
            faults.push(format!("`{item}` is ruled without evidence"));
        }
        if ruling.evidence.iter().any(|evidence| !stands(evidence, script)) {
            faults.push(format!("`{item}`: a quote does not stand verbatim at its line"));
        }
    }
    faults
}

/// The faults of a comparison.
pub(super) fn comparison(comparison: &Comparison) -> Vec<String> {
    if is_blank(&comparison.reasoning) { vec!["`reasoning` says nothing".to_owned()] } else { Vec::new() }
}

/// The faults of a list of fixes: ranges within a segment, findings that exist, and nothing grave left out.
pub(super) fn fixes(fixes: &Fixes, script: &Script, listed: &[Listed]) -> Vec<String> {
    let mut faults = Vec::new();
    let place: BTreeMap<LineId, (usize, usize)> = script
        .segments
        .iter()
        .enumerate()
        .flat_map(|(part, segment)| segment.lines.iter().enumerate().map(move |(at, line)| (line.id, (part, at))))
        .collect();
    let findings: BTreeMap<String, Severity> =
        listed.iter().map(|listed| (listed.item(), listed.finding.severity)).collect();
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
        for (name, text) in [("wrong", &fix.wrong), ("wanted", &fix.wanted)] {
            if is_blank(text) {
                faults.push(format!("fix `{id}` says nothing in `{name}`"));
            }
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
