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

/// Turns any [`Transport`] into a [`BlockingTransport`], on a tokio runtime with one thread.
///
/// It can be used and dropped within another runtime. Clones share the runtime.
///
/// ```
/// use identity_hyper::{BlockingAdapter, HyperTransport};
///
/// let transport = BlockingAdapter::new(HyperTransport::new())?;
/// println!("{:?}", transport.transport());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BlockingAdapter<T> {
    transport: T,
    runtime: Arc<Background>,
}

/// `None` only while being dropped.
#[derive(Debug)]
struct Background(Option<Runtime>);

impl<T: Transport + Clone + 'static> BlockingAdapter<T> {
    /// Creates an adapter that sends requests through `transport`.
    ///
    /// # Errors
    ///
    /// Fails if the runtime's thread cannot be started.
    pub fn new(transport: T) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("vault-identity")
            .enable_all()
            .build()?;
        Ok(Self { transport, runtime: Arc::new(Background(Some(runtime))) })
    }

    /// The wrapped transport.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Runs the future on the runtime. Returns `None` if it panicked or the runtime ended.
    fn block_on<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> Option<F::Output> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.runtime.0.as_ref()?.spawn(async move {
            // Sending fails if the calling thread has panicked.
            let _ = sender.send(future.await);
        });
        receiver.recv().ok()
    }
}

impl<T: Transport + Clone + 'static> BlockingTransport for BlockingAdapter<T> {
    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let transport = self.transport.clone();
        let outcome = self.block_on(async move { transport.send(request).await });
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
        self.block_on(async move { transport.health().await }).unwrap_or_default()
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
