//! The console's tasks: each ends in a message, also where it panics.
//!
//! Not for what the messages mean: that is in [`super::update`].

use std::collections::HashMap;

use tokio::task::{Id, JoinSet};

use super::msg::Msg;

/// What is under way.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    under_way: JoinSet<Msg>,
    /// What is told in place of each task's own message where it panics.
    broken: HashMap<Id, Msg>,
}

impl Tasks {
    /// Begins a task; `broken` is its message where it panics.
    pub(crate) fn spawn(&mut self, broken: Msg, task: impl Future<Output = Msg> + Send + 'static) {
        let id = self.under_way.spawn(task).id();
        self.broken.insert(id, broken);
    }

    /// The message of the next task that ends; nothing where none is under way.
    pub(crate) async fn next(&mut self) -> Option<Msg> {
        loop {
            let (id, ended) = match self.under_way.join_next_with_id().await? {
                Ok((id, msg)) => (id, Some(msg)),
                Err(error) => (error.id(), None),
            };
            let broken = self.broken.remove(&id);
            if let Some(msg) = ended.or(broken) {
                return Some(msg);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_told_of_like_any_other() {
        let mut tasks = Tasks::default();
        let broken = || Msg::DraftKept(Err("the program failed".to_owned()));
        tasks.spawn(broken(), async { panic!("a fault of this test") });
        assert!(matches!(tasks.next().await, Some(Msg::DraftKept(Err(_)))));
        tasks.spawn(broken(), async { Msg::DraftKept(Ok(())) });
        assert!(matches!(tasks.next().await, Some(Msg::DraftKept(Ok(())))), "the next one goes on");
        assert!(tasks.next().await.is_none());
    }
}
