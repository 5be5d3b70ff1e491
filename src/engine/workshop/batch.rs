//! Calls that may wait: those that are made at one time go to their provider together, and are asked after until it has answered
//! them, for hours if need be.
//!
//! The first of them to come has all of them sent; each waits to be told. A batch is known by its name from
//! the moment that it was taken, so that the next start of the program fetches what this one did not wait for. Not for what an
//! answer costs and where it is kept: that is the same as for any call, in [`super::call`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::Workshop;
use crate::domain::ids::IntentKey;
use crate::domain::step::{CallStep, Outcome};
use crate::engine::executor::Tell;
use crate::provider::batches::{self, Results, Standing, Unfetched};
use crate::provider::call::Prepared;
use crate::provider::endpoint::Endpoint;
use crate::provider::error::{CallError, ChargeKnown, RetryClass};
use crate::provider::headers::Headers;
use crate::provider::probe;

/// How long calls are gathered, from the first one on.
const GATHER: Duration = Duration::from_millis(200);

/// The most calls that go together: their results are fetched in one piece.
const TOGETHER: usize = 16;

/// The wait before a batch is asked after; each further one is twice as long.
const SOON: Duration = Duration::from_secs(1);

/// The longest of these waits.
const LATER: Duration = Duration::from_secs(60);

/// How often a provider must say that it has no such batch before it is believed.
const DENIALS: u32 = 10;

/// What came of one call: the headers of the results and its own line of them.
type Said = Result<(Headers, Vec<u8>), CallError>;

/// A call that waits.
struct Waiting {
    key: IntentKey,
    /// The name that it has in its batch.
    sent: String,
    request: Prepared,
    told: oneshot::Sender<Said>,
}

impl Waiting {
    /// Whoever waited is gone only when the program ends; the next start then asks again.
    fn tell(self, said: Said) {
        let _ = self.told.send(said);
    }
}

#[derive(Default)]
struct Rooms {
    gathering: Vec<Waiting>,
    followed: BTreeMap<String, Vec<Waiting>>,
}

/// The calls that wait.
#[derive(Default)]
pub(in crate::engine) struct Batches(Mutex<Rooms>);

impl Batches {
    fn lock(&self) -> MutexGuard<'_, Rooms> {
        // The rooms stay sound through a panic elsewhere: each change is one call that comes or goes.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a call in; whether it is the first.
    fn gather(&self, waiting: Waiting) -> bool {
        let gathering = &mut self.lock().gathering;
        gathering.push(waiting);
        gathering.len() == 1
    }

    /// Those that were gathered, in groups that may go together.
    fn gathered(&self) -> Vec<Vec<Waiting>> {
        let mut all = std::mem::take(&mut self.lock().gathering).into_iter();
        std::iter::from_fn(|| Some(all.by_ref().take(TOGETHER).collect::<Vec<_>>()).filter(|group| !group.is_empty()))
            .collect()
    }

    /// Lets calls wait for a batch; whether nobody follows it yet.
    fn follow(&self, batch: &str, waiting: Vec<Waiting>) -> bool {
        let mut rooms = self.lock();
        let known = rooms.followed.entry(batch.to_owned()).or_default();
        let is_first = known.is_empty();
        known.extend(waiting);
        is_first
    }

    /// Those that wait for a batch, who wait no longer.
    fn leave(&self, batch: &str) -> Vec<Waiting> {
        self.lock().followed.remove(batch).unwrap_or_default()
    }
}

/// The one that follows a batch. However it ends, those who wait for the batch leave with it, and they leave once: who comes
/// afterwards is followed anew.
struct Follower<'a> {
    batches: &'a Batches,
    batch: &'a str,
    has_left: bool,
}

impl<'a> Follower<'a> {
    fn new(batches: &'a Batches, batch: &'a str) -> Self {
        Self { batches, batch, has_left: false }
    }

    /// Ends, and gives those who waited.
    fn leave(mut self) -> Vec<Waiting> {
        self.has_left = true;
        self.batches.leave(self.batch)
    }
}

impl Drop for Follower<'_> {
    fn drop(&mut self) {
        if !self.has_left {
            self.batches.leave(self.batch);
        }
    }
}

impl Workshop {
    /// Makes a call as one of a batch, or fetches what came of it where it was taken into one before.
    pub(super) async fn patiently(
        self: Arc<Self>,
        step: &CallStep,
        request: &Prepared,
        endpoint: &Endpoint,
        tell: &Tell,
    ) -> Said {
        let (told, said) = oneshot::channel();
        let waiting = Waiting { key: step.key.clone(), sent: step.sent.to_string(), request: request.clone(), told };
        // Each batch is followed beside the calls, so that no call waits for a batch that it is not in.
        if let Some(batch) = &step.batch {
            if self.batches.follow(batch, vec![waiting]) {
                let (shop, endpoint, batch) = (Arc::clone(&self), endpoint.clone(), batch.clone());
                self.runtime.spawn(async move { shop.followed(&endpoint, &batch).await });
            }
        } else if self.batches.gather(waiting) {
            tokio::time::sleep(GATHER).await;
            for group in self.batches.gathered() {
                let (shop, endpoint, tell) = (Arc::clone(&self), endpoint.clone(), tell.clone());
                self.runtime.spawn(async move { shop.sent(&endpoint, group, &tell).await });
            }
        }
        said.await.unwrap_or_else(|_| Err(unsure("the program lost sight of the batch")))
    }

    /// Sends a group as one batch and follows it.
    async fn sent(&self, endpoint: &Endpoint, group: Vec<Waiting>, tell: &Tell) {
        let keys: Vec<String> = group.iter().map(|waiting| waiting.sent.clone()).collect();
        let requests: Vec<(&str, &Prepared)> =
            keys.iter().map(String::as_str).zip(group.iter().map(|waiting| &waiting.request)).collect();
        match batches::send(&self.transport, endpoint, &requests, self.limits).await {
            Err(error) => group.into_iter().for_each(|waiting| waiting.tell(Err(error.clone()))),
            Ok(batch) => {
                for waiting in &group {
                    // The dispatcher is gone only when the process ends.
                    let _ = tell.send(Outcome::Batched { key: waiting.key.clone(), batch: batch.clone() });
                }
                self.batches.follow(&batch, group);
                self.followed(endpoint, &batch).await;
            }
        }
    }

    /// Asks after a batch until its results are there, and tells all who wait for it. What is paid for is not given up for a word
    /// on the way: the provider itself must say again and again that it has nothing of it.
    async fn followed(&self, endpoint: &Endpoint, batch: &str) {
        let follower = Follower::new(&self.batches, batch);
        let (mut wait, mut denied) = (SOON, 0);
        while denied < DENIALS {
            tokio::time::sleep(wait).await;
            wait = wait.saturating_mul(2).min(LATER);
            match batches::ask(&self.transport, endpoint, batch, probe::LIMITS).await {
                Standing::Worked => denied = 0,
                Standing::Gone => denied += 1,
                Standing::Unknown(why) => {
                    tracing::warn!(%batch, %why, "a batch cannot be asked after; it is asked again");
                }
                Standing::Ended => match batches::fetch(&self.transport, endpoint, batch, self.limits).await {
                    Ok(results) => return arrived(follower.leave(), &results),
                    Err(Unfetched::Gone) => denied += 1,
                    Err(Unfetched::Unknown(why)) => {
                        tracing::warn!(%batch, %why, "the results of a batch cannot be fetched; they are asked for again");
                    }
                },
            }
        }
        let said = format!("{} does not know the batch {batch}, or not any more", endpoint.base());
        follower.leave().into_iter().for_each(|waiting| waiting.tell(Err(unsure(&said))));
    }
}

/// Tells everyone who waited for a batch what its results say.
fn arrived(waited: Vec<Waiting>, results: &Results) {
    for waiting in waited {
        // What was taken before keys carried the id of the studio has the name that it had then.
        let line = results.of(&waiting.sent).or_else(|| results.of(&waiting.key.to_string()));
        let line = line.map(<[u8]>::to_vec);
        let said = line.map(|line| (results.headers().clone(), line));
        waiting.tell(said.ok_or_else(|| unsure("the results of the batch hold nothing of this call")));
    }
}

fn unsure(what: &str) -> CallError {
    CallError::new(RetryClass::AskPerson, ChargeKnown::Uncertain, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::call::{Form, Vendor};

    fn waiting(unit: u32) -> (Waiting, oneshot::Receiver<Said>) {
        let (told, said) = oneshot::channel();
        let key = IntentKey {
            episode: crate::domain::ids::EpisodeNumber(1),
            stage: "judge_a".parse().unwrap(),
            unit,
            attempt: 1,
        };
        let request = Prepared {
            vendor: Vendor::Anthropic,
            path: "/v1/messages".to_owned(),
            body: Vec::new(),
            streaming: false,
            form: Form::Batched,
        };
        (Waiting { key: key.clone(), sent: key.to_string(), request, told }, said)
    }

    #[test]
    fn who_comes_while_a_batch_leaves_is_followed_anew_and_not_thrown_out() {
        let batches = Batches::default();
        let (first, _kept) = waiting(1);
        assert!(batches.follow("b", vec![first]), "nobody followed it");
        let follower = Follower::new(&batches, "b");
        // Its results are there, and those who wait are told; another call of the batch comes just then.
        let told = follower.leave();
        assert_eq!(told.len(), 1);
        let (late, mut said) = waiting(2);
        assert!(batches.follow("b", vec![late]), "it has to be followed anew");
        drop(told);
        assert!(
            matches!(said.try_recv(), Err(oneshot::error::TryRecvError::Empty)),
            "it still waits, and is not lost sight of"
        );
        let again = Follower::new(&batches, "b");
        assert_eq!(again.leave().len(), 1);
    }

    #[test]
    fn who_waits_for_a_batch_is_let_go_when_its_follower_breaks_off() {
        let batches = Batches::default();
        let (first, mut said) = waiting(1);
        batches.follow("b", vec![first]);
        drop(Follower::new(&batches, "b"));
        assert!(matches!(said.try_recv(), Err(oneshot::error::TryRecvError::Closed)), "it is told by the closed way");
    }
}
