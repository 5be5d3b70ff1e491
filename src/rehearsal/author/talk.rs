//! Conversation out of the stock: sentences of a kind with their slots filled, none of them said twice in an episode.

use std::collections::{BTreeMap, BTreeSet};

use super::dice::Dice;
use super::examine;
use super::phrases::{Kind, PREFIXES};

/// How often a sentence is drawn anew before two words of the package are put together instead.
const DRAWS: usize = 60;

/// A conversation under way.
#[derive(Debug)]
pub(super) struct Talk {
    dice: Dice,
    topic: String,
    keywords: Vec<String>,
    decks: BTreeMap<Kind, Vec<&'static str>>,
    said: BTreeSet<String>,
}

impl Talk {
    /// A conversation on a topic, with the words it can take up.
    pub(super) fn new(dice: Dice, topic: String, keywords: Vec<String>) -> Self {
        Self { dice, topic, keywords, decks: BTreeMap::new(), said: BTreeSet::new() }
    }

    /// A sentence of a kind that has not been said yet. `place` is what a handover leads to.
    pub(super) fn sentence(&mut self, kind: Kind, place: &str) -> String {
        for _ in 0..DRAWS {
            let text = self.draw(kind);
            let mut text = self.filled(text, place);
            if self.said.contains(&text)
                && let Some(prefix) = self.dice.pick(PREFIXES).copied()
            {
                let prefix = self.filled(prefix, place);
                text = format!("{prefix} {}", lowered(&text));
            }
            if examine::superlatives(&text).is_empty() && self.said.insert(text.clone()) {
                return text;
            }
        }
        self.pair()
    }

    fn draw(&mut self, kind: Kind) -> &'static str {
        if self.decks.get(&kind).is_none_or(Vec::is_empty) {
            let mut deck = kind.stock().to_vec();
            self.dice.shuffle(&mut deck);
            self.decks.insert(kind, deck);
        }
        self.decks.get_mut(&kind).and_then(Vec::pop).unwrap_or("I do not know.")
    }

    fn filled(&mut self, template: &str, place: &str) -> String {
        let mut text = template.replace("{t}", &self.topic).replace("{p}", place);
        if text.contains("{k}") {
            let keyword = self.dice.pick(&self.keywords).cloned().unwrap_or_default();
            text = text.replace("{k}", &keyword);
        }
        text
    }

    /// Two words of the package put together: there are more pairs than an episode has sentences.
    fn pair(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..DRAWS {
            let one = self.dice.pick(&self.keywords).cloned().unwrap_or_default();
            let two = self.dice.pick(&self.keywords).cloned().unwrap_or_default();
            text = format!("Put {one} beside {two}, and the question looks different again.");
            if self.said.insert(text.clone()) {
                break;
            }
        }
        text
    }
}

/// One of our own sentences as it goes on after a prefix.
fn lowered(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    if first == "I" || first == "AI" {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_twice_in_a_long_conversation() {
        let words = ["tides", "turbine", "estuary", "sluices"].map(str::to_owned).to_vec();
        let mut talk = Talk::new(Dice::new(3, []), "tides".to_owned(), words);
        let kinds = [Kind::Reaction, Kind::Question, Kind::Doubt, Kind::Reflection];
        let all: Vec<String> = (0..400).map(|n| talk.sentence(kinds[n % kinds.len()], "mills")).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|text| !text.contains(['{', '}'])));
    }
}
