//! [`BlockingClient`], and the handles whose methods block the thread.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use identity_core::{
    BlockingTransport, Endpoint, SecretString, Target, Transport,
    error::RequestError,
    transport::{ConsistencyToken, NodeHealth, TransportError},
};
#[cfg(feature = "hyper")]
use identity_hyper::{BlockingAdapter, HyperTransport};

use crate::block_on::block_on;
use crate::handles::macros::accessors;
use crate::{Client, Result};

pub use crate::handles::blocking::*;

/// A blocking client of the identity secrets engine. It has the same methods as [`Client`], without `await`.
///
/// ```no_run
/// use vault_identity::{BlockingClient, entity::CreateEntity};
///
/// let client = BlockingClient::from_env()?;
/// let created = client.entities().create(&CreateEntity::named("alice").policies(["dev"]))?;
/// println!("created: {}", created.is_created());
/// let alice = client.entities().read_by_name("alice")?;
/// println!("{} has the policies {:?}", alice.id, alice.policies);
/// # Ok::<(), vault_identity::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BlockingClient {
    client: Client,
}

impl BlockingClient {
    /// Creates a client that sends requests to `target` over `transport`.
    ///
    /// `transport::BlockingAdapter` adapts the default transport. If `target` has no token and the transport
    /// [supplies one](Transport::supplies_token), calls use the transport's token.
    pub fn new(target: Target, transport: impl BlockingTransport + 'static) -> Self {
        Self { client: Client::new(target, BlockingAsAsync(transport)) }
    }

    /// Creates a client that sends requests to `target` over the default transport, which runs in its own
    /// thread.
    ///
    /// # Errors
    ///
    /// Fails if the thread cannot be started.
    #[cfg(feature = "hyper")]
    pub fn with_default_transport(target: Target) -> Result<Self, RequestError> {
        Self::with_hyper(target, HyperTransport::new())
    }

    #[cfg(feature = "hyper")]
    fn with_hyper(target: Target, transport: HyperTransport) -> Result<Self, RequestError> {
        let transport = BlockingAdapter::new(transport)
            .map_err(|error| RequestError::new("transport", format!("cannot be started: {error}")))?;
        Ok(Self::new(target, transport))
    }

    /// Creates a client for the server at `address`, with the default transport. No connection is opened yet.
    ///
    /// # Errors
    ///
    /// Fails if the address or the token is invalid, or if the thread of the transport cannot be started.
    #[cfg(feature = "hyper")]
    pub fn with_address(address: &str, token: impl Into<SecretString>) -> Result<Self, RequestError> {
        Self::with_default_transport(Target::new(address)?.with_token(token)?)
    }

    /// Creates a client from environment variables: see [`Client::from_env`].
    ///
    /// # Errors
    ///
    /// Fails if a variable has an invalid value, or if the thread of the transport cannot be started.
    #[cfg(feature = "hyper")]
    pub fn from_env() -> Result<Self, RequestError> {
        let transport = crate::env::transport_from_env()?.build();
        let this = Self::with_hyper(crate::env::target_from_env()?, transport)?;
        Ok(Self { client: this.client.with_address_hint() })
    }

    /// The server, token and namespace of this client's requests.
    pub fn target(&self) -> &Target {
        self.client.target()
    }

    /// Returns the same client with another target: see [`Client::with_target`].
    #[must_use]
    pub fn with_target(&self, target: Target) -> Self {
        Self { client: self.client.with_target(target) }
    }

    /// Returns the same client in another namespace; `""` is the root namespace.
    ///
    /// # Errors
    ///
    /// Fails if the namespace is invalid: see [`Target::with_namespace`].
    pub fn with_namespace(&self, namespace: &str) -> Result<Self, RequestError> {
        Ok(Self { client: self.client.with_namespace(namespace)? })
    }

    /// Returns the same client with another token.
    ///
    /// # Errors
    ///
    /// Fails if the token is empty or has characters other than visible ASCII.
    pub fn with_token(&self, token: impl Into<SecretString>) -> Result<Self, RequestError> {
        Ok(Self { client: self.client.with_token(token)? })
    }

    /// Calls an endpoint or a reference to one: see [`Client::call`]. All handles use this method.
    ///
    /// # Errors
    ///
    /// Fails if the request cannot be built, the server rejects it, or no response arrives: see
    /// [`ErrorKind`](crate::error::ErrorKind).
    #[allow(clippy::needless_pass_by_value, reason = "as `Client::call`")]
    pub fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Output> {
        block_on(self.client.execute(&endpoint))
    }

    /// Returns the newest indexes that this client has seen: see [`Client::consistency_tokens`].
    pub fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
        self.client.consistency_tokens()
    }

    /// Records the tokens of another client: see [`Client::observe_tokens`].
    pub fn observe_tokens(&self, tokens: impl IntoIterator<Item = ConsistencyToken>) {
        self.client.observe_tokens(tokens);
    }

    /// Probes each address of the transport and returns its state: see [`Client::health`].
    pub fn health(&self) -> Vec<NodeHealth> {
        block_on(self.client.health())
    }

    /// Closes pooled connections: see [`Client::reset_connections`].
    pub fn reset_connections(&self) {
        self.client.reset_connections();
    }

    accessors!(self => &self.client);
}

/// Adapts a blocking transport: its futures are ready when they are first polled.
struct BlockingAsAsync<T>(T);

#[async_trait]
impl<T: BlockingTransport> Transport for BlockingAsAsync<T> {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> std::result::Result<http::Response<Bytes>, TransportError> {
        self.0.send(request)
    }

    fn supplies_token(&self) -> bool {
        self.0.supplies_token()
    }

    fn timeout(&self) -> Option<Duration> {
        self.0.timeout()
    }

    fn reset_connections(&self) {
        self.0.reset_connections();
    }

    async fn health(&self) -> Vec<NodeHealth> {
        self.0.health()
    }

    fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
        self.0.consistency_tokens()
    }

    fn observe_tokens(&self, tokens: Vec<ConsistencyToken>) {
        self.0.observe_tokens(tokens);
    }
}
