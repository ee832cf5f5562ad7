use std::io;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use identity_core::{
    BlockingTransport, Transport,
    transport::{ConsistencyToken, NodeHealth, TransportError, TransportErrorKind},
};
use tokio::runtime::{Builder, Runtime};

/// Any [`Transport`] that needs tokio, for those who block the thread: it brings a runtime along, with one
/// thread of its own.
///
/// It can be used, and dropped, within another runtime.
/// Its clones share it.
#[derive(Clone, Debug)]
pub struct BlockingAdapter<T> {
    transport: T,
    runtime: Arc<Background>,
}

/// `None` only while being dropped.
#[derive(Debug)]
struct Background(Option<Runtime>);

impl<T: Transport + Clone + 'static> BlockingAdapter<T> {
    /// Sends requests through `transport`. It fails if the thread cannot be started.
    pub fn new(transport: T) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("vault-identity")
            .enable_all()
            .build()?;
        Ok(Self { transport, runtime: Arc::new(Background(Some(runtime))) })
    }

    /// What requests are sent through.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Has the runtime do it, and waits. `None` if it was broken off.
    fn run<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> Option<F::Output> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.runtime.0.as_ref()?.spawn(async move {
            // Nobody waits for the answer of a call whose thread has gone.
            let _ = answer.send(future.await);
        });
        answered.recv().ok()
    }
}

impl<T: Transport + Clone + 'static> BlockingTransport for BlockingAdapter<T> {
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let transport = self.transport.clone();
        let outcome = self.run(async move { transport.send(request).await });
        outcome.unwrap_or_else(|| Err(TransportErrorKind::Other.into()))
    }

    fn supplies_token(&self) -> bool {
        self.transport.supplies_token()
    }

    fn timeout(&self) -> Option<Duration> {
        self.transport.timeout()
    }

    fn reset_connections(&self) {
        self.transport.reset_connections();
    }

    fn health(&self) -> Vec<NodeHealth> {
        let transport = self.transport.clone();
        self.run(async move { transport.health().await }).unwrap_or_default()
    }

    fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
        self.transport.consistency_tokens()
    }

    fn observe_tokens(&self, tokens: Vec<ConsistencyToken>) {
        self.transport.observe_tokens(tokens);
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
