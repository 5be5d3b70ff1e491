//! Whether a request has begun to leave this machine: the line between a call that surely cost nothing and one that may
//! have cost something.
//!
//! The body of a request is read only when a connection stands, so the first read of the body is the moment. A time
//! limit and that moment race; exactly one of them wins.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::Notify;

const CLOSED: u8 = 0;
const LEAVING: u8 = 1;
const ABANDONED: u8 = 2;

#[derive(Debug, Default)]
struct Shared {
    state: AtomicU8,
    opened: Notify,
}

/// A gate that is passed once or abandoned once.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate(Arc<Shared>);

impl Gate {
    fn turn(&self, to: u8) -> bool {
        self.0.state.compare_exchange(CLOSED, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Lets the request out; `false` when it was abandoned, and then it must not leave.
    pub(super) fn pass(&self) -> bool {
        let passed = self.turn(LEAVING);
        self.0.opened.notify_one();
        passed
    }

    /// Keeps the request in; `false` when it is on its way already.
    pub(super) fn abandon(&self) -> bool {
        self.turn(ABANDONED)
    }

    /// Whether the request began to leave.
    pub(super) fn passed(&self) -> bool {
        self.0.state.load(Ordering::Acquire) == LEAVING
    }

    /// Waits until the request begins to leave.
    pub(super) async fn opened(&self) {
        self.0.opened.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_leaves_or_is_abandoned_and_never_both() {
        let gate = Gate::default();
        assert!(!gate.passed());
        assert!(gate.pass() && gate.passed());
        assert!(!gate.abandon(), "it is on its way");
        let gate = Gate::default();
        assert!(gate.abandon());
        assert!(!gate.pass() && !gate.passed());
    }
}
