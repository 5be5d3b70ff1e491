//! The signals by which a person or the system asks the program to end, and the one that would end it in the middle of a write.

use tokio::signal::unix::{SignalKind, signal};

/// Lets a file that grows past the limit of this process be a write that fails, as on a full disk, and not the end of the process.
pub(super) fn outlive_file_limits() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    let listening = runtime.and_then(|runtime| {
        let guard = runtime.enter();
        // The listener may go: what was set aside for good is the system's answer, which is to end the process.
        let listening = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop);
        drop(guard);
        runtime.shutdown_background();
        listening
    });
    if let Err(error) = listening {
        tracing::warn!(%error, "a file that grows past the limit of this process ends it");
    }
}

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
