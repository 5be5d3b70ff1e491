//! Passes connections on to one of several servers of this machine, and can be pointed at another while it runs.
//!
//! A studio is opened with fixed addresses, and the first rehearsal has two paces: its finished episodes are made as fast as
//! possible, the ones under way at the pace that can be watched. Not for anything but loopback.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// A running relay; dropping it ends it and what it passes on.
pub(in crate::cli) struct Relay {
    addr: SocketAddr,
    target: watch::Sender<SocketAddr>,
    task: AbortHandle,
}

/// Points a relay at another server.
#[derive(Clone)]
pub(super) struct Pointer(watch::Sender<SocketAddr>);

impl Pointer {
    /// Closes what was passed on before; what connects from now on reaches the new target.
    pub(super) fn point(&self, target: SocketAddr) {
        self.0.send_replace(target);
    }
}

impl Relay {
    /// Starts a relay on a free port.
    pub(super) fn start(runtime: &Runtime, target: SocketAddr) -> io::Result<Self> {
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let addr = listener.local_addr()?;
        let (target, targets) = watch::channel(target);
        let task = runtime.spawn(accept(listener, targets)).abort_handle();
        Ok(Self { addr, target, task })
    }

    /// Its address, without a slash at the end.
    pub(super) fn base(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// A way to point it elsewhere.
    pub(super) fn pointer(&self) -> Pointer {
        Pointer(self.target.clone())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, targets: watch::Receiver<SocketAddr>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((incoming, _)) => {
                connections.spawn(pass_on(incoming, targets.clone()));
            }
            Err(error) => tracing::warn!(%error, "the relay could not take a connection"),
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn pass_on(mut incoming: TcpStream, mut targets: watch::Receiver<SocketAddr>) {
    let target = *targets.borrow_and_update();
    let Ok(mut outgoing) = TcpStream::connect(target).await else { return };
    tokio::select! {
        // Either end may close; both are closed when the relay points elsewhere.
        _ = tokio::io::copy_bidirectional(&mut incoming, &mut outgoing) => {}
        _ = targets.changed() => {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn says(word: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::runtime::Handle::current().spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                stream.write_all(word).await.unwrap();
            }
        });
        addr
    }

    async fn heard(addr: SocketAddr) -> Vec<u8> {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        heard
    }

    #[test]
    fn what_connects_later_reaches_the_new_target() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let (first, second) = runtime.block_on(async { (says(b"first").await, says(b"second").await) });
        let relay = Relay::start(&runtime, first).unwrap();
        assert_eq!(runtime.block_on(heard(relay.addr)), b"first");
        relay.pointer().point(second);
        assert_eq!(runtime.block_on(heard(relay.addr)), b"second");
    }
}
