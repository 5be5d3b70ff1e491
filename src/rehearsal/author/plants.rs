//! What a draft has wrong on purpose, with the key that tells where.
//!
//! The faults are made of the draft's own sentences or of a stock that sounds like it; the judges find them by looking, since
//! the key never leaves this side of the wire. Not for finding them: that is `examine`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::dice::Dice;
use super::draft::{Said, Turn};
use super::examine::{self, HARDENED, LONGEST, TERMS};
use super::phrases::{DRAWN_OUT, Planted as Stock, SUPERLATIVES};
use super::text::{continued, figures, sentences, words};
use crate::domain::handoff::FaultKind;
use crate::domain::ids::LineId;
use crate::domain::script::Claim;
use crate::rehearsal::temper::DraftTemper;

/// A fault that was put into a script: an entry of the answer key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Planted {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// The line it stands in.
    pub line: LineId,
    /// The sentence it stands in, verbatim.
    pub quote: String,
}

/// The kinds of which one more is planted now and then: no computed check can see them, and none puts the facts in doubt.
const MORE: &[FaultKind] = &[
    FaultKind::Brand,
    FaultKind::Order,
    FaultKind::Missing,
    FaultKind::Padding,
    FaultKind::Opening,
    FaultKind::Jargon,
];

/// What is to be planted: a figure and a date count as one where no set is given.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    kinds: BTreeSet<FaultKind>,
    any_figure: bool,
}

impl Wanted {
    /// What a draft of this temper gets.
    pub(super) fn drawn(dice: &mut Dice, temper: &DraftTemper) -> Self {
        if let Some(kinds) = &temper.plants {
            return Self { kinds: kinds.clone(), any_figure: false };
        }
        let mut kinds = BTreeSet::from([FaultKind::Superlative, FaultKind::Overclaim, FaultKind::Pace]);
        if dice.in_hundred(temper.more) {
            kinds.extend(dice.pick(MORE));
        }
        Self { kinds, any_figure: true }
    }
}

/// A draft in which faults are planted.
pub(super) struct Bed<'a> {
    /// What is said.
    pub(super) turns: &'a mut Vec<Turn>,
    /// The titles of its segments, as they are said.
    pub(super) titles: Vec<String>,
}

impl Bed<'_> {
    /// Plants what is wanted, each in a turn of its own. What the package gives no place for is not planted.
    pub(super) fn plant(&mut self, dice: &mut Dice, wanted: &Wanted) {
        let has = |kind| wanted.kinds.contains(&kind);
        if wanted.any_figure {
            self.in_statement(dice, |dice, said, claim| falsify(dice, said, claim, None));
        }
        for kind in [FaultKind::Figure, FaultKind::Date].into_iter().filter(|kind| has(*kind)) {
            self.in_statement(dice, |dice, said, claim| falsify(dice, said, claim, Some(kind)));
        }
        if has(FaultKind::Overclaim) && !self.in_statement(dice, |_, said, claim| harden(said, claim)) {
            self.after_statement(dice, FaultKind::Overclaim, Stock::CERTAIN);
        }
        if has(FaultKind::Name) {
            let names = self.names();
            self.in_statement(dice, |dice, said, claim| rename(dice, said, claim, &names));
        }
        if has(FaultKind::Pace) {
            self.in_statement(dice, |dice, said, _| draw_out(dice, said));
        }
        if has(FaultKind::Padding) {
            self.repeat(dice);
        }
        let stock: [(FaultKind, &[&str]); 6] = [
            (FaultKind::Superlative, SUPERLATIVES),
            (FaultKind::Quotation, Stock::QUOTATIONS),
            (FaultKind::Unsourced, Stock::REPORTS),
            (FaultKind::Harm, Stock::HARM),
            (FaultKind::Brand, Stock::PRAISE),
            (FaultKind::Injection, Stock::BAIT),
        ];
        for (kind, stock) in stock.into_iter().filter(|(kind, _)| has(*kind)) {
            let text = dice.pick(stock).map(|text| (*text).to_owned());
            self.in_talk(dice, kind, text, usize::MAX);
        }
        if has(FaultKind::Jargon) {
            let text: String = self.turns.iter().map(Turn::text).collect::<Vec<_>>().join(" ").to_lowercase();
            let strange: Vec<&str> = TERMS.iter().map(|(term, _)| *term).filter(|term| !text.contains(term)).collect();
            let said = dice.pick(&strange).and_then(|term| Some(dice.pick(Stock::JARGON)?.replace("{t}", term)));
            self.in_talk(dice, FaultKind::Jargon, said, usize::MAX);
        }
        if has(FaultKind::Missing) {
            let said = dice.pick(Stock::PROMISED).map(|what| format!("Before we stop, we will come to {what}."));
            self.in_talk(dice, FaultKind::Missing, said, usize::MAX);
        }
        if has(FaultKind::Order)
            && let Some((last, before)) = self.titles.split_last().filter(|(_, before)| !before.is_empty())
        {
            let said = format!("As we heard in the part called {last}, that is how it had to end.");
            let until = before.len();
            self.in_talk(dice, FaultKind::Order, Some(said), until);
        }
        if has(FaultKind::Opening)
            && let (Some(first), Some(text)) = (self.turns.first_mut(), dice.pick(Stock::GREETINGS))
        {
            first.said.insert(0, Said::planted((*text).to_owned(), None, FaultKind::Opening));
        }
    }

    /// Turns with a statement of the package in which nothing is planted yet, in a random order.
    fn statements(&self, dice: &mut Dice) -> Vec<usize> {
        let is_free = |turn: &Turn| !turn.is_talk() && !turn.said.iter().any(|said| said.fixed);
        let mut free: Vec<usize> =
            self.turns.iter().enumerate().filter(|(_, turn)| is_free(turn)).map(|(at, _)| at).collect();
        dice.shuffle(&mut free);
        // What is planted makes a segment longer: the first and the last are the shortest, and get it where no other can.
        free.sort_by_key(|at| !self.is_inner(*at));
        free
    }

    /// Whether a turn stands in neither the first segment nor the last.
    fn is_inner(&self, at: usize) -> bool {
        let last = self.titles.len().saturating_sub(1);
        self.turns.get(at).is_some_and(|turn| (1..last).contains(&turn.segment))
    }

    /// Plants in the first statement that can be spoilt so; says whether there was one.
    fn in_statement(
        &mut self,
        dice: &mut Dice,
        mut spoil: impl FnMut(&mut Dice, &str, &Claim) -> Option<(FaultKind, String)>,
    ) -> bool {
        for at in self.statements(dice) {
            let Some(turn) = self.turns.get_mut(at) else { continue };
            for said in &mut turn.said {
                let Some(claim) = said.claim.clone() else { continue };
                let Some((kind, text)) = spoil(dice, &said.text, &claim) else { continue };
                // It shows as what it is meant to be, and as nothing else.
                let shown = examine::faults_of(&text, std::slice::from_ref(&claim));
                if shown.len() == 1 && shown.iter().all(|fault| fault.kind == kind) {
                    *said = Said::planted(text, Some(claim), kind);
                    return true;
                }
            }
        }
        false
    }

    /// Adds a sentence of a stock behind a statement.
    fn after_statement(&mut self, dice: &mut Dice, kind: FaultKind, stock: &[&str]) {
        let places = self.statements(dice);
        if let (Some(at), Some(text)) = (places.first(), dice.pick(stock))
            && let Some(turn) = self.turns.get_mut(*at)
        {
            // Without the statement there would be nothing to be too sure of.
            turn.said.iter_mut().for_each(|said| said.fixed = true);
            turn.said.push(Said::planted((*text).to_owned(), None, kind));
        }
    }

    /// Adds a sentence to a turn of talk of the first segments, or as a turn where none is free.
    fn in_talk(&mut self, dice: &mut Dice, kind: FaultKind, text: Option<String>, until: usize) {
        let Some(text) = text else { return };
        let last = self.turns.len().saturating_sub(1);
        let is_free = |turn: &Turn| turn.is_talk() && !turn.said.iter().any(|said| said.fixed) && turn.segment < until;
        // Neither the first words nor the last ones.
        let free: Vec<usize> = (2..last).filter(|at| self.turns.get(*at).is_some_and(is_free)).collect();
        let inner: Vec<usize> = free.iter().copied().filter(|at| self.is_inner(*at)).collect();
        let free = if inner.is_empty() { free } else { inner };
        let planted = Said::planted(text, None, kind);
        match dice.pick(&free).copied().and_then(|at| self.turns.get_mut(at)) {
            Some(turn) => turn.said.push(planted),
            None => {
                let inner: Vec<usize> =
                    (1..=last).filter(|at| self.turns.get(*at).is_some_and(|turn| turn.segment < until)).collect();
                let at = dice.pick(&inner).copied().unwrap_or(last);
                let segment = self.turns.get(at).map_or(0, |turn| turn.segment);
                self.turns.insert(at, Turn { segment, said: vec![planted] });
            }
        }
    }

    /// Says a statement once more, some turns later.
    fn repeat(&mut self, dice: &mut Dice) {
        let mut places = self.statements(dice);
        places.retain(|at| at + 2 < self.turns.len());
        for at in places {
            let Some(turn) = self.turns.get_mut(at) else { continue };
            let Some(said) = turn.said.iter_mut().find(|said| said.claim.is_some() && words(&said.text) >= 8) else {
                continue;
            };
            said.fixed = true;
            let text = format!("Let me say that again: {}", continued(&said.text));
            let again = Said::planted(text, said.claim.clone(), FaultKind::Padding);
            let later = at + 2 + dice.below(3);
            let later = later.min(self.turns.len().saturating_sub(1));
            let segment = self.turns.get(later).map_or(0, |turn| turn.segment);
            self.turns.insert(later, Turn { segment, said: vec![again] });
            return;
        }
    }

    /// The names in the draft's statements.
    fn names(&self) -> BTreeSet<String> {
        let said = self.turns.iter().flat_map(|turn| &turn.said).filter(|said| said.claim.is_some());
        said.flat_map(|said| named(&said.text).into_iter().map(|(_, name)| name.to_owned())).collect()
    }
}

/// The words of a sentence that can be names: with a capital, and not at its beginning.
fn named(text: &str) -> Vec<(usize, &str)> {
    const DATED: &[&str] = &[
        "January",
        "February",
        "March",
        "April",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    let mut found = Vec::new();
    let mut from = 0;
    for (nth, word) in text.split_whitespace().enumerate() {
        let Some(at) = text.get(from..).and_then(|rest| rest.find(word)).map(|at| from + at) else { continue };
        from = at + word.len();
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let is_name = bare.chars().count() >= 4
            && bare.chars().all(char::is_alphabetic)
            && bare.chars().next().is_some_and(char::is_uppercase)
            && bare.chars().skip(1).all(char::is_lowercase);
        if nth > 0 && is_name && !DATED.contains(&bare) {
            found.push((at, bare));
        }
    }
    found
}

/// Puts another name of the package in the place of one.
fn rename(dice: &mut Dice, said: &str, claim: &Claim, names: &BTreeSet<String>) -> Option<(FaultKind, String)> {
    let own = named(said);
    let (at, name) = own.last().copied()?;
    let others: Vec<&String> = names.iter().filter(|other| !claim.excerpt.contains(other.as_str())).collect();
    let mut text = said.to_owned();
    text.replace_range(at..at + name.len(), dice.pick(&others)?);
    Some((FaultKind::Name, text))
}

/// Takes the care out of a statement whose source is careful.
fn harden(said: &str, claim: &Claim) -> Option<(FaultKind, String)> {
    let word = |text: &str, word: &str| {
        let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        text.match_indices(word).map(|(at, _)| at).find(|at| {
            is_edge(text.get(..*at).and_then(|before| before.chars().next_back()))
                && is_edge(text.get(at + word.len()..).and_then(|after| after.chars().next()))
        })
    };
    let (at, careful, flat) =
        HARDENED.iter().find_map(|(careful, flat)| word(said, careful).map(|at| (at, *careful, *flat)))?;
    word(&claim.excerpt, careful)?;
    let mut text = said.to_owned();
    text.replace_range(at..at + careful.len(), flat);
    Some((FaultKind::Overclaim, text))
}

/// Changes a figure of a statement so that its excerpt contradicts it.
fn falsify(dice: &mut Dice, said: &str, claim: &Claim, only: Option<FaultKind>) -> Option<(FaultKind, String)> {
    for figure in figures(said).into_iter().filter(|figure| figure.value.len() >= 2) {
        let kind = if examine::is_year(&figure.value) { FaultKind::Date } else { FaultKind::Figure };
        let raw = said.get(figure.at.clone())?;
        // The last digit but one moves, so that a year stays a year and a share stays a share.
        let digits: Vec<usize> = raw.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
        let Some(place) = digits.iter().rev().nth(1).copied() else { continue };
        let old = raw.get(place..=place).and_then(|digit| digit.parse::<u8>().ok()).unwrap_or(0);
        let shift = u8::try_from(2 + dice.below(4)).unwrap_or(2);
        let new = if old >= 5 { old.saturating_sub(shift).max(1) } else { (old + shift).min(9) };
        let mut changed = raw.to_owned();
        changed.replace_range(place..=place, &new.to_string());
        let mut text = said.to_owned();
        text.replace_range(figure.at, &changed);
        let shown = examine::faults_of(&text, std::slice::from_ref(claim));
        if only.is_none_or(|only| only == kind) && shown.len() == 1 && shown.iter().all(|fault| fault.kind == kind) {
            return Some((kind, text));
        }
    }
    None
}

/// Draws a statement out with clauses until it is too long to be said.
fn draw_out(dice: &mut Dice, said: &str) -> Option<(FaultKind, String)> {
    let mut text = said.strip_suffix('.').map(str::to_owned)?;
    let mut clauses = DRAWN_OUT.to_vec();
    dice.shuffle(&mut clauses);
    for clause in clauses {
        if words(&text) > LONGEST {
            break;
        }
        text.push_str(clause);
    }
    text.push('.');
    (words(&text) > LONGEST && sentences(&text).len() == 1).then_some((FaultKind::Pace, text))
}
