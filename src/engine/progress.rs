//! What is happening between two events: text as it streams, units as they are done. Never kept.

mod outline;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use tokio::sync::{Notify, watch};

pub use self::outline::Outline;
use crate::domain::ids::IntentKey;

/// Characters of an answer that are about a token.
const CHARACTERS_A_TOKEN: u64 = 4;

/// The live side of every call that is under way; published at most 20 times a second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// By call.
    pub calls: BTreeMap<IntentKey, Arc<CallProgress>>,
}

/// The live side of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallProgress {
    /// What its answer becomes.
    pub outline: Outline,
    /// Bytes of text that have streamed in all.
    pub streamed: u64,
    /// Characters of text that have streamed in all.
    characters: u64,
    /// Output tokens that the provider has counted, and the characters that had come by then.
    counted: Option<(u64, u64)>,
    /// Whether the model thinks, and has written nothing yet.
    pub is_thinking: bool,
    /// Bytes of an answer that is no text, such as speech.
    pub bytes: u64,
}

impl CallProgress {
    /// Takes in text that streamed.
    pub fn push(&mut self, text: &str) {
        self.streamed = self.streamed.saturating_add(text.len() as u64);
        self.characters = self.characters.saturating_add(text.chars().count() as u64);
        self.is_thinking = false;
        self.outline.push(text);
    }

    /// The provider has counted what it has written.
    pub fn count(&mut self, tokens: u64) {
        self.counted = Some((tokens, self.characters));
    }

    /// Output tokens so far, and whether the provider has counted all of them; what it has not is reckoned from the text.
    pub fn tokens(&self) -> (u64, bool) {
        let (counted, then) = self.counted.unwrap_or_default();
        let since = self.characters.saturating_sub(then);
        (counted.saturating_add(since.div_ceil(CHARACTERS_A_TOKEN)), self.counted.is_some() && since == 0)
    }
}

/// The time between two publications.
const PAUSE: Duration = Duration::from_millis(50);

/// Gathers progress from the calls and publishes it no faster than anyone can look.
#[derive(Debug, Default)]
pub(super) struct ProgressHub {
    now: Mutex<Progress>,
    changed: Notify,
}

impl ProgressHub {
    fn all(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes of a call that has ended is no longer shown.
    fn change(&self, key: &IntentKey, change: impl FnOnce(&mut CallProgress)) {
        if let Some(call) = self.all().calls.get_mut(key) {
            change(Arc::make_mut(call));
            self.changed.notify_one();
        }
    }

    /// A call was sent.
    pub(super) fn begun(&self, key: &IntentKey) {
        self.all().calls.insert(key.clone(), Arc::default());
        self.changed.notify_one();
    }

    /// Text arrived.
    pub(super) fn text(&self, key: &IntentKey, text: &str) {
        self.change(key, |call| call.push(text));
    }

    /// The model thinks.
    pub(super) fn thinking(&self, key: &IntentKey) {
        self.change(key, |call| call.is_thinking = call.streamed == 0);
    }

    /// So many bytes of an answer that is no text have arrived in all.
    pub(super) fn bytes(&self, key: &IntentKey, bytes: u64) {
        self.change(key, |call| call.bytes = bytes);
    }

    /// The provider reported how many tokens it has written.
    pub(super) fn tokens(&self, key: &IntentKey, tokens: u64) {
        self.change(key, |call| call.count(tokens));
    }

    /// The call is over; its answer is seen elsewhere.
    pub(super) fn ended(&self, key: &IntentKey) {
        self.all().calls.remove(key);
        self.changed.notify_one();
    }

    /// Publishes changes until nobody can see them any more.
    pub(super) async fn publish(self: Arc<Self>, to: watch::Sender<Arc<Progress>>) {
        while !to.is_closed() {
            tokio::select! {
                () = self.changed.notified() => {}
                () = to.closed() => return,
            }
            let now = self.now.lock().unwrap_or_else(PoisonError::into_inner).clone();
            to.send_replace(Arc::new(now));
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(unit: u32) -> IntentKey {
        format!("042-voice-{unit}-1").parse().unwrap()
    }

    #[test]
    fn calls_side_by_side_are_told_apart_and_one_that_has_ended_does_not_come_back() {
        let hub = ProgressHub::default();
        (0..3).for_each(|unit| hub.begun(&key(unit)));
        for (unit, piece) in [(0, "{\"text\":\"One "), (1, "{\"text\":\"Two "), (0, "sea comes in"), (1, "tides go")] {
            hub.text(&key(unit), piece);
        }
        hub.ended(&key(2));
        hub.text(&key(2), "late");
        let now = hub.all().clone();
        let lines = |unit: u32| now.calls[&key(unit)].outline.lines().collect::<Vec<_>>().join("|");
        assert_eq!((lines(0).as_str(), lines(1).as_str()), ("One sea comes in", "Two tides go"));
        assert_eq!(now.calls.len(), 2);
    }

    #[test]
    fn tokens_are_reckoned_as_they_come_until_they_are_counted() {
        let mut call = CallProgress::default();
        assert_eq!(call.tokens(), (0, false));
        call.push("twelve chars");
        assert_eq!(call.tokens(), (3, false));
        call.count(5);
        assert_eq!(call.tokens(), (5, true));
        call.push("more");
        assert_eq!(call.tokens(), (6, false));
    }
}
