//! How much of what a model has room for a call takes: reserved before it is sent, consumed when it was answered.
//!
//! What a prompt has in tokens only its model knows. Here it is bounded for text as people write it: two bytes of ASCII a token,
//! and a token a byte otherwise; measured prose has four bytes a token and more. Where that says that a prompt may not fit, its
//! provider may be asked, and the count holds in the bound's place. Not for money: prices are bounded byte by byte.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::share::Share;

/// The tokens that a text has at most, as prose or JSON of prose.
pub fn at_most(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    ascii.div_ceil(2) + (text.len() as u64 - ascii)
}

/// The room that a call takes, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window {
    /// The prompt, bounded from above, or as its provider counted it.
    pub prompt: u32,
    /// The most that may be answered.
    pub answer: u32,
    /// What the model has room for, prompt and answer together; `None` where it is not known.
    pub context: Option<u32>,
}

impl Window {
    /// The room of a call.
    pub fn new(prompt: u64, answer: u64, context: Option<u64>) -> Self {
        let held = |tokens: u64| u32::try_from(tokens).unwrap_or(u32::MAX);
        Self { prompt: held(prompt), answer: held(answer), context: context.map(held) }
    }

    /// The same with the prompt as its provider counted it.
    pub fn counted(self, prompt: u64) -> Self {
        Self { prompt: u32::try_from(prompt).unwrap_or(u32::MAX), ..self }
    }

    /// What is reserved: the prompt and the longest answer.
    pub fn reserved(self) -> u64 {
        u64::from(self.prompt) + u64::from(self.answer)
    }

    /// The reserved share of what the model has room for.
    pub fn share(self) -> Option<Share> {
        self.share_of(self.reserved())
    }

    /// The share that so many tokens are.
    pub fn share_of(self, tokens: u64) -> Option<Share> {
        self.context.map(|context| Share::of(tokens, u64::from(context)))
    }

    /// Holds the call to what the model has room for.
    ///
    /// # Errors
    ///
    /// When it takes more, with the blocks of the prompt that are the largest: name and tokens at most.
    pub fn admits(self, model: &str, mut blocks: Vec<(String, u64)>) -> Result<(), TooLong> {
        let Some(context) = self.context.map(u64::from).filter(|context| *context < self.reserved()) else {
            return Ok(());
        };
        blocks.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        blocks.truncate(3);
        Err(TooLong { model: model.to_owned(), window: self, context, blocks, is_counted: false })
    }
}

/// A call that takes more room than its model has. Nothing was sent and nothing was spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLong {
    model: String,
    window: Window,
    context: u64,
    blocks: Vec<(String, u64)>,
    is_counted: bool,
}

impl TooLong {
    /// The same, by the count of the provider itself.
    pub fn as_counted(self) -> Self {
        Self { is_counted: true, ..self }
    }
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over = self.window.reserved().saturating_sub(self.context);
        let blocks: Vec<String> = self.blocks.iter().map(|(name, tokens)| format!("`{name}` {tokens}")).collect();
        let has = if self.is_counted { "by its provider's count has" } else { "may have" };
        write!(
            f,
            "the prompt {has} {} tokens and its answer {}, together {over} more than the {} that {} has room for. Nothing was \
             sent and nothing was spent. Cut the largest of its material by as much ({}), or give the stage a model with more room; \
             what a server of your own has room for, say in `providers.openai.context_tokens`",
            self.window.prompt,
            self.window.answer,
            self.context,
            self.model,
            blocks.join(", ")
        )
    }
}

impl std::error::Error for TooLong {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_above_what_prose_has_and_counts_other_scripts_byte_by_byte() {
        assert_eq!(at_most("abc"), 2);
        assert_eq!(at_most("ab é"), 2 + 2);
        assert_eq!(at_most("日本"), 6);
        assert_eq!(at_most(""), 0);
    }

    #[test]
    fn a_call_that_is_too_long_names_what_to_cut_and_by_how_much() {
        let blocks =
            || [("show", 10), ("research", 900), ("plan", 40), ("brief", 30)].map(|(n, t)| (n.to_owned(), t)).to_vec();
        let window = Window::new(980, 100, Some(1_000));
        assert_eq!(window.share(), Some(Share::WHOLE));
        assert_eq!(window.share_of(250).map(Share::per_mille), Some(250));
        let refused = window.admits("small-model", blocks()).unwrap_err().to_string();
        assert!(refused.contains("80 more than the 1000 that small-model"), "{refused}");
        assert!(refused.contains("(`research` 900, `plan` 40, `brief` 30)"), "{refused}");
        assert!(refused.starts_with("the prompt may have 980 tokens"), "{refused}");
        let counted = window.counted(950).admits("small-model", blocks()).unwrap_err().as_counted().to_string();
        assert!(counted.starts_with("the prompt by its provider's count has 950 tokens"), "{counted}");
        assert!(counted.contains("50 more than the 1000"), "{counted}");
        assert_eq!(window.counted(900).admits("m", blocks()), Ok(()));
        assert_eq!(Window::new(u64::MAX, 100, None).admits("m", blocks()), Ok(()), "what nobody knows refuses nothing");
    }
}
