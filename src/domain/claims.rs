//! The claim sheet of a script: every sentence that states a fact, and how far the research package bears it out.
//!
//! The sheet is made by code: verbatim excerpts, figures, dates, superlatives, causes and hedges are compared, nothing is
//! understood. The states are those that producers mark their sheets with (verified, murky, false), with two between.
//! A researcher's verdicts are merged in afterwards; they need evidence and are held to the same comparison. What code
//! found false stays false. English wording alone is known here. Not for gates: what a state means is decided there.

mod evidence;
mod figures;

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::evidence::{Reading, Weighed};
use super::accept::form::{folded, is_verbatim};
use super::ids::{ContentHash, LineId};
use super::research::{Passage, Research};
use super::script::{Line, Script};
use super::wording::{clean, start};

pub(in crate::domain) use self::figures::month;

/// The checker of every row before a verdict is merged in.
pub const CODE: &str = "code";
/// The most characters of a checker's name or of an address that are kept.
const MAX_NAME: usize = 300;
/// The most characters of a verdict's source text that are kept.
const MAX_EVIDENCE: usize = 1_000;

/// What a sentence claims: the kind that is hardest to get right, where it is of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// A figure.
    Number,
    /// A year or another date.
    Date,
    /// Who or what something is called.
    Name,
    /// Somebody's words.
    Quote,
    /// That something is the first, the only, the largest.
    Superlative,
    /// That one thing brings another about, or proves it.
    Causal,
    /// Any other statement of a line that names a source.
    Other,
}

impl ClaimKind {
    /// The name as it is kept and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Date => "date",
            Self::Name => "name",
            Self::Quote => "quote",
            Self::Superlative => "superlative",
            Self::Causal => "causal",
            Self::Other => "other",
        }
    }
}

/// How far a sentence is borne out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimState {
    /// The excerpt carries it, and the package gives a reference for the excerpt.
    Verified,
    /// The excerpt carries it, and nothing is known of where the excerpt is from.
    Likely,
    /// The excerpt stands and carries the sentence only in part.
    Murky,
    /// The excerpt says otherwise, or a quotation is not in the source's words.
    False,
    /// Nothing is given that bears it out.
    Unsourced,
}

impl ClaimState {
    /// The name as it is kept and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Likely => "likely",
            Self::Murky => "murky",
            Self::False => "false",
            Self::Unsourced => "unsourced",
        }
    }

    /// How much stands behind it; nothing stands behind what is false.
    fn standing(self) -> u8 {
        match self {
            Self::False => 0,
            Self::Unsourced => 1,
            Self::Murky => 2,
            Self::Likely => 3,
            Self::Verified => 4,
        }
    }
}

/// One sentence that states a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetRow {
    /// `c1`, `c2` and so on, in the order of the script.
    pub id: String,
    /// The line it stands in.
    pub line: LineId,
    /// What it claims.
    pub kind: ClaimKind,
    /// The sentence.
    pub text: String,
    /// The id of the passage that bears it out.
    pub source: Option<String>,
    /// The words that bear it out: of the passage verbatim, or of what a checker found.
    pub excerpt: Option<String>,
    /// The hash of those words.
    pub excerpt_hash: Option<ContentHash>,
    /// The numbers of the references that the package has and gives for the passage.
    pub references: Vec<u32>,
    /// Where a checker found the words, if they are not of the package.
    pub url: Option<String>,
    /// How far it is borne out.
    pub state: ClaimState,
    /// Who found that: `code`, or the name of a checker.
    pub checker: String,
    /// Why, for people.
    pub note: String,
}

/// The sheet of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// The sentences in the order of the script.
    pub rows: Vec<SheetRow>,
}

/// How many rows of a sheet are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Verified.
    pub verified: usize,
    /// Likely.
    pub likely: usize,
    /// Murky.
    pub murky: usize,
    /// False.
    pub r#false: usize,
    /// Unsourced.
    pub unsourced: usize,
}

/// What a researcher's search found about one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The id of the row.
    pub row: String,
    /// The state that the checker holds to be right.
    pub state: ClaimState,
    /// The words of the source that was found, verbatim. A verdict without them changes nothing.
    pub source_text: String,
    /// The address it was found at.
    pub url: Option<String>,
    /// Who searched.
    pub checker: String,
}

/// Makes the sheet of a script against the package that it was written from.
pub fn extract(script: &Script, research: &Research) -> Sheet {
    let mut rows: Vec<SheetRow> = Vec::new();
    for line in script.lines() {
        let text = clean(&line.text);
        let sentences: Vec<Reading> = super::wording::sentences(&text).into_iter().map(Reading::of).collect();
        let support = Support::of(line, research);
        for sentence in support.factual(&sentences) {
            let id = format!("c{}", rows.len() + 1);
            rows.push(support.row(id, line.id, sentence));
        }
    }
    Sheet { rows }
}

/// The claims of a line whose excerpts stand, and why the others do not.
struct Support<'a> {
    is_claimed: bool,
    standing: Vec<Standing<'a>>,
    fallen: Vec<String>,
}

/// A claim whose excerpt stands in its passage.
struct Standing<'a> {
    passage: &'a Passage,
    excerpt: Reading,
    references: Vec<u32>,
}

impl<'a> Support<'a> {
    fn of(line: &Line, research: &'a Research) -> Self {
        let mut support = Self { is_claimed: !line.claims.is_empty(), standing: Vec::new(), fallen: Vec::new() };
        for claim in &line.claims {
            let Some(passage) = research.passages.iter().find(|passage| passage.id == claim.source) else {
                support.fallen.push(format!("there is no passage `{}`", start(&clean(&claim.source), 20)));
                continue;
            };
            let excerpt = folded(&claim.excerpt);
            if !is_verbatim(&excerpt, &passage.text) {
                support.fallen.push(format!("the excerpt given for {} does not stand there", passage.id));
                continue;
            }
            let has = |number: &u32| research.sources.iter().any(|source| source.number == *number);
            let references = passage.cites.iter().copied().filter(has).collect();
            support.standing.push(Standing { passage, excerpt: Reading::of(&excerpt), references });
        }
        support
    }

    /// The sentences that state a fact: by their own wording; or, in a line that names a source, by a name or by a word
    /// that they share with an excerpt. A question without a mark of its own states nothing. Where a line names a source
    /// and no sentence qualifies, the one that says most does, so that no claim is missing from the sheet.
    fn factual<'s>(&self, sentences: &'s [Reading]) -> Vec<&'s Reading> {
        let shares = |sentence: &Reading| self.standing.iter().any(|claim| sentence.shared(&claim.excerpt) > 0);
        let qualifies = |sentence: &&Reading| {
            let is_said = self.is_claimed && !sentence.is_question();
            sentence.is_claim() || (is_said && (sentence.kind() == ClaimKind::Name || shares(sentence)))
        };
        let found: Vec<&Reading> = sentences.iter().filter(qualifies).collect();
        if found.is_empty() && self.is_claimed {
            return sentences.iter().max_by_key(|sentence| sentence.weight()).into_iter().collect();
        }
        found
    }

    fn row(&self, id: String, line: LineId, sentence: &Reading) -> SheetRow {
        let mut row = SheetRow {
            id,
            line,
            kind: sentence.kind(),
            text: sentence.text.clone(),
            source: None,
            excerpt: None,
            excerpt_hash: None,
            references: Vec::new(),
            url: None,
            state: ClaimState::Unsourced,
            checker: CODE.to_owned(),
            note: String::new(),
        };
        let closest = |(at, claim): &(usize, &Standing<'a>)| (sentence.shared(&claim.excerpt), Reverse(*at));
        let Some((at, claim)) = self.standing.iter().enumerate().max_by_key(closest) else {
            let nothing = || "the line names no source".to_owned();
            row.note = if self.fallen.is_empty() { nothing() } else { self.fallen.join("; ") };
            return row;
        };
        let others = self.standing.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, claim)| claim);
        let others: Vec<(&str, &Reading)> = others.map(|claim| (claim.passage.id.as_str(), &claim.excerpt)).collect();
        let passages: Vec<&str> = self.standing.iter().map(|claim| claim.passage.text.as_str()).collect();
        let (weighed, why) = sentence.weigh(&claim.excerpt, &others, &passages);
        (row.state, row.note) = match weighed {
            Weighed::Carried if claim.references.is_empty() => (
                ClaimState::Likely,
                format!("{} carries it and cites no reference that the package has", claim.passage.id),
            ),
            Weighed::Carried => (ClaimState::Verified, format!("{} carries it", claim.passage.id)),
            Weighed::InPart => (ClaimState::Murky, why),
            Weighed::Contradicted => (ClaimState::False, why),
        };
        row.source = Some(claim.passage.id.clone());
        row.excerpt_hash = Some(ContentHash::of(claim.excerpt.text.as_bytes()));
        row.excerpt = Some(claim.excerpt.text.clone());
        row.references.clone_from(&claim.references);
        row
    }
}

impl Sheet {
    /// How many rows are in each state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in &self.rows {
            match row.state {
                ClaimState::Verified => counts.verified += 1,
                ClaimState::Likely => counts.likely += 1,
                ClaimState::Murky => counts.murky += 1,
                ClaimState::False => counts.r#false += 1,
                ClaimState::Unsourced => counts.unsourced += 1,
            }
        }
        counts
    }

    /// Merges what a search found: all verdicts at once, so that their order changes no state. Returns the ids that no
    /// row has.
    ///
    /// A row that code found false stays false. A verdict counts only with the words of its source, and raises a row no
    /// further than those words carry the sentence; to verified only with an address. A verdict of false takes a row
    /// that something bears out to murky, and any other to false.
    pub fn merge(&mut self, verdicts: &[Verdict]) -> Vec<String> {
        for row in &mut self.rows {
            let own: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.row == row.id).collect();
            if !own.is_empty() {
                row.merge(&own);
            }
        }
        let is_known = |id: &str| self.rows.iter().any(|row| row.id == id);
        let unknown = verdicts.iter().filter(|verdict| !is_known(&verdict.row));
        unknown.map(|verdict| start(&clean(&verdict.row), 20)).collect()
    }
}

impl SheetRow {
    fn merge(&mut self, verdicts: &[&Verdict]) {
        let sentence = Reading::of(&self.text);
        let mut best: Option<(ClaimState, &Verdict)> = None;
        let mut against: Option<&Verdict> = None;
        let mut notes = vec![std::mem::take(&mut self.note)];
        for verdict in verdicts.iter().copied() {
            let checker = verdict.checker();
            let words = start(&clean(&verdict.source_text), MAX_EVIDENCE);
            if words.is_empty() {
                notes.push(format!("{checker} says {} and shows no source", verdict.state.name()));
                continue;
            }
            notes.push(format!("{checker} says {}", verdict.state.name()));
            match verdict.state {
                ClaimState::False => against = against.or(Some(verdict)),
                ClaimState::Unsourced => {}
                ClaimState::Verified | ClaimState::Likely | ClaimState::Murky => {
                    let (weighed, why) = sentence.weigh(&Reading::of(&words), &[], &[&words]);
                    let most = match weighed {
                        Weighed::Contradicted => ClaimState::False,
                        Weighed::InPart => ClaimState::Murky,
                        Weighed::Carried if verdict.address().is_some() => ClaimState::Verified,
                        Weighed::Carried => ClaimState::Likely,
                    };
                    let held = if most.standing() < verdict.state.standing() { most } else { verdict.state };
                    if held != verdict.state {
                        notes.push(if why.is_empty() { "no address is given".to_owned() } else { why });
                    }
                    if best.is_none_or(|(state, _)| state.standing() < held.standing()) {
                        best = Some((held, verdict));
                    }
                }
            }
        }
        self.note = notes.join("; ");
        if self.state == ClaimState::False {
            return;
        }
        if let Some((state, verdict)) = best.filter(|(state, _)| state.standing() > self.state.standing()) {
            self.state = state;
            self.stand_on(verdict);
        }
        if let Some(verdict) = against {
            let is_borne_out = self.state.standing() >= ClaimState::Likely.standing();
            self.state = if is_borne_out { ClaimState::Murky } else { ClaimState::False };
            self.checker = verdict.checker();
        }
    }

    /// Puts what a checker found in the place of the package's words.
    fn stand_on(&mut self, verdict: &Verdict) {
        let words = start(&clean(&verdict.source_text), MAX_EVIDENCE);
        self.source = None;
        self.references.clear();
        self.excerpt_hash = Some(ContentHash::of(words.as_bytes()));
        self.excerpt = Some(words);
        self.url = verdict.address();
        self.checker = verdict.checker();
    }
}

impl Verdict {
    /// The name of the checker, fit to be shown. Nobody signs as the code.
    fn checker(&self) -> String {
        let name = start(&clean(&self.checker), MAX_NAME);
        if name.is_empty() || name == CODE { "a checker without a name".to_owned() } else { name }
    }

    /// The address, where it is one.
    fn address(&self) -> Option<String> {
        let url = self.url.as_deref()?.trim();
        super::research::is_address(url).then(|| url.to_owned())
    }
}

#[cfg(test)]
mod tests;
