//! The signals by which a person or the system asks the program to end.

use tokio::signal::unix::{SignalKind, signal};

/// Waits for Ctrl-C, SIGTERM or SIGHUP. Where none can be listened to, it waits for ever.
pub(super) async fn any() {
    tokio::select! {
        () = one(SignalKind::interrupt()) => {}
        () = ended() => {}
    }
}

/// Waits for SIGTERM or SIGHUP: Ctrl-C is a key of the console.
pub(super) async fn ended() {
    tokio::select! {
        () = one(SignalKind::terminate()) => {}
        () = one(SignalKind::hangup()) => {}
    }
}

async fn one(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(error) => {
            tracing::warn!(%error, "a signal cannot be listened to");
            std::future::pending::<()>().await;
        }
    }
}
