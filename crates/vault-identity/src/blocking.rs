//! The client and its handles for those who block the thread.

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
use crate::{Client, Result};

pub use crate::handles::blocking::*;

/// [`Client`] for those who block the thread: the same methods, without `await`.
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
    /// A client that sends to `target` over a transport: of your own, or the default one as you have set it up,
    /// made blocking with `hyper::BlockingAdapter`.
    ///
    /// If it has a token source, and `target` no token, calls are made with the source's: see
    /// [`Client::new`].
    pub fn new(target: Target, transport: impl BlockingTransport + 'static) -> Self {
        Self { client: Client::new(target, BlockingAsAsync(transport)) }
    }

    /// A client that sends to `target` over the default transport, which runs in a thread of its own.
    #[cfg(feature = "hyper")]
    pub fn with_default_transport(target: Target) -> Result<Self, RequestError> {
        Self::over(target, HyperTransport::new())
    }

    #[cfg(feature = "hyper")]
    fn over(target: Target, transport: HyperTransport) -> Result<Self, RequestError> {
        let transport = BlockingAdapter::new(transport)
            .map_err(|error| RequestError::new("transport", format!("cannot be started: {error}")))?;
        Ok(Self::new(target, transport))
    }

    /// A client of the server at `address`, over the default transport.
    #[cfg(feature = "hyper")]
    pub fn with_address(address: &str, token: impl Into<SecretString>) -> Result<Self, RequestError> {
        Self::with_default_transport(Target::new(address)?.with_token(token)?)
    }

    /// A client as the environment says: see [`Client::from_env`].
    #[cfg(feature = "hyper")]
    pub fn from_env() -> Result<Self, RequestError> {
        let this = Self::over(crate::target_from_env()?, crate::transport_from_env()?.build())?;
        Ok(Self { client: this.client.hinting(), ..this })
    }

    /// Where requests go, and on whose behalf.
    pub fn target(&self) -> &Target {
        self.client.target()
    }

    /// The same client, sending elsewhere or on behalf of someone else: see [`Client::with_target`].
    #[must_use]
    pub fn with_target(&self, target: Target) -> Self {
        self.with(self.client.with_target(target))
    }

    /// The same client, in a namespace; `""` is the root namespace.
    pub fn with_namespace(&self, namespace: &str) -> Result<Self, RequestError> {
        Ok(self.with(self.client.with_namespace(namespace)?))
    }

    /// The same client, with another token.
    pub fn with_token(&self, token: impl Into<SecretString>) -> Result<Self, RequestError> {
        Ok(self.with(self.client.with_token(token)?))
    }

    fn with(&self, client: Client) -> Self {
        let mut this = self.clone();
        this.client = client;
        this
    }

    /// Makes a call. All handles end here.
    pub fn call<E: Endpoint>(&self, endpoint: &E) -> Result<E::Output> {
        block_on(self.client.call(endpoint))
    }

    /// Returns the newest indexes that this client has seen: see [`Client::consistency_tokens`].
    pub fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
        self.client.consistency_tokens()
    }

    /// Records the tokens of another client: see [`Client::observe_tokens`].
    pub fn observe_tokens(&self, tokens: impl IntoIterator<Item = ConsistencyToken>) {
        self.client.observe_tokens(tokens);
    }

    /// Probes each address of the transport: see [`Client::health`].
    pub fn health(&self) -> Vec<NodeHealth> {
        block_on(self.client.health())
    }

    /// Closes pooled connections: see [`Client::reset_connections`].
    pub fn reset_connections(&self) {
        self.client.reset_connections();
    }

    /// Entities: those who log in.
    pub fn entities(&self) -> Entities<'_> {
        Entities { client: &self.client }
    }

    /// Entity aliases: the names that entities have at auth mounts.
    pub fn entity_aliases(&self) -> EntityAliases<'_> {
        EntityAliases { client: &self.client }
    }

    /// Groups of entities and of groups.
    pub fn groups(&self) -> Groups<'_> {
        Groups { client: &self.client }
    }

    /// Group aliases: the names that external groups have at auth mounts.
    pub fn group_aliases(&self) -> GroupAliases<'_> {
        GroupAliases { client: &self.client }
    }

    /// Lookup of entities and groups by what is known of them.
    pub fn lookup(&self) -> Lookup<'_> {
        Lookup { client: &self.client }
    }

    /// Identity tokens and the OpenID provider: JWTs that the server signs for entities.
    pub fn oidc(&self) -> Oidc<'_> {
        Oidc { client: &self.client }
    }

    /// Multi-factor authentication at log-in.
    pub fn mfa(&self) -> Mfa<'_> {
        Mfa { client: &self.client }
    }
}

/// A transport that has the answer as soon as it is asked.
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
