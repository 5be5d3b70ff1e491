//! What a call used, counted the same way for every vendor, and the bill where a vendor writes one. Prices
//! are elsewhere.
//!
//! The vendors disagree on what a number includes (their documentation, November 2026): Anthropic keeps cached tokens
//! outside its input and thinking inside its output; Gemini keeps cached tokens inside its prompt and thinking outside
//! its candidates; OpenAI's chat completions keep cached tokens inside their prompt and reasoning inside their
//! completion, and Perplexity's Agent API counts as they do. Here every token is in exactly one of the billed counts.

use serde::{Deserialize, Serialize};

use crate::domain::money::MicroUsd;

/// The counts of one call. `input`, `cache_read`, `cache_write_5m`, `cache_write_1h` and `output` do not overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt at the plain price.
    pub input: u64,
    /// Tokens of the prompt that were read from the vendor's memory.
    pub cache_read: u64,
    /// Tokens of the prompt that were written to the vendor's memory for five minutes.
    pub cache_write_5m: u64,
    /// Tokens of the prompt that were written for one hour, or for a time that the vendor did not say: the dearer price
    /// is then the safe one.
    pub cache_write_1h: u64,
    /// Tokens that were produced, thinking included.
    pub output: u64,
    /// How many of `output` were thinking. For show: they are already in `output`.
    pub thinking: u64,
    /// Characters that the answer's timing covers; `None` for text. The price goes by the characters that were
    /// submitted, [`super::call::SpeechRequest::characters`].
    pub characters: Option<u64>,
    /// The vendor's own credits, which are not characters; `None` where it bills in none or did not say.
    pub credits: Option<u64>,
    /// Tokens of reasoning that the vendor bills at a rate of their own; they are not in `output`.
    pub reasoning: u64,
    /// Tokens of cited pages that the vendor bills at a rate of their own; they are not in `input`.
    pub citations: u64,
    /// Searches of the web, which are billed apart from the tokens.
    pub searches: u64,
    /// What the vendor says that the whole call cost, rounded up to a micro-dollar; `None` where it does not say. It comes
    /// before every price of ours.
    pub cost: Option<MicroUsd>,
}

impl Usage {
    /// The whole prompt in tokens, by which some prices are graded.
    pub fn prompt(&self) -> u64 {
        [self.input, self.cache_read, self.cache_write_5m, self.cache_write_1h].into_iter().fold(0, u64::saturating_add)
    }
}
