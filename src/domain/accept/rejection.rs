//! Why an answer was refused, in words that the model can mend it by.
//!
//! Bounded and clean: what is quoted from an answer may be long and may hold anything, and these words go back into a
//! prompt, into the ledger and onto a screen.

/// The most characters that the words of a rejection have.
const MOST: usize = 800;

/// The most characters of one fault.
const EACH: usize = 220;

/// An answer that missed its contract, or a stage that cannot hold any answer to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct Rejection {
    words: String,
    is_mendable: bool,
}

impl Rejection {
    /// The first faults of an answer, each with its place; those that find no room are counted.
    pub(super) fn answer(faults: Vec<String>) -> Self {
        let all = faults.len();
        let mut words = String::new();
        let mut told = 0;
        for fault in faults {
            let part = if all == 1 { clean(&fault) } else { format!("({}) {}", told + 1, clean(&fault)) };
            // Room is left for the count of those that are not told.
            if told > 0 && words.chars().count() + part.chars().count() + 30 > MOST {
                break;
            }
            if told > 0 {
                words.push_str("; ");
            }
            words.push_str(&part);
            told += 1;
        }
        if told < all {
            words.push_str(&format!("; and {} more", all - told));
        }
        Self { words, is_mendable: true }
    }

    /// A fault of the stage's own setting: no answer could meet the contract.
    pub(super) fn setting(why: String) -> Self {
        Self { words: clean(&why), is_mendable: false }
    }

    /// A rejection where there is any fault.
    pub(super) fn unless_empty(faults: Vec<String>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self::answer(faults)) }
    }

    /// The validator's words, in one line of at most 800 characters.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// Whether another answer could meet the contract. Where not, asking again only costs money.
    pub fn is_mendable(&self) -> bool {
        self.is_mendable
    }
}

/// Text without control and formatting characters, cut.
fn clean(text: &str) -> String {
    let visible = |c: char| if c.is_control() || super::form::is_hidden(c) { ' ' } else { c };
    let mut kept: String = text.chars().take(EACH).map(visible).collect();
    if text.chars().nth(EACH).is_some() {
        kept.push('…');
    }
    kept
}
