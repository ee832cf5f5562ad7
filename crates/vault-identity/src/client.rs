use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{Response, StatusCode};
use identity_core::{
    Endpoint, Error, SecretString, Target, Transport,
    endpoint::Operation,
    error::{ErrorKind, RequestError},
    transport::{Attempts, ConsistencyToken, Deadline, NodeHealth, TransportError, TransportErrorKind},
};
#[cfg(feature = "hyper")]
use identity_hyper::HyperTransport;

use crate::Result;
use crate::handles::macros::accessors;
use crate::handles::{
    AuthMounts, Entities, EntityAliases, GroupAliases, Groups, Lookup, Mfa, Oidc, Policies,
};
use crate::members::StripedLocks;

/// An asynchronous client of the identity secrets engine.
///
/// A client is created without a runtime and is cheap to clone. Clones share the transport, so one client
/// serves all tasks and threads.
///
/// ```no_run
/// use vault_identity::{Client, Result, entity::CreateEntity};
///
/// pub async fn example() -> Result<()> {
///     let client = Client::from_env()?;
///     let created = client.entities().create(&CreateEntity::named("alice").policies(["dev"])).await?;
///     println!("created: {}", created.is_created());
///     let alice = client.entities().read_by_name("alice").await?;
///     println!("{} has the policies {:?}", alice.id, alice.policies);
///     Ok(())
/// }
/// ```
///
/// The futures of all methods borrow neither the client nor the arguments, so they can be spawned. Like other
/// futures, they do nothing until they are polled.
///
/// ```no_run
/// use tokio::task::JoinSet;
/// use vault_identity::{Client, Result};
///
/// pub async fn print_policies(client: &Client, names: &[String]) -> Result<()> {
///     let mut reads = JoinSet::new();
///     for name in names {
///         reads.spawn(client.entities().read_by_name(name));
///     }
///     for entity in reads.join_all().await {
///         println!("{:?}", entity?.policies);
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Client {
    target: Arc<Target>,
    transport: Arc<dyn Transport>,
    /// Added to the error if the server cannot be reached.
    hint: Option<&'static str>,
    pub(crate) locks: Arc<StripedLocks>,
    /// The deadline of all calls of a composite operation.
    deadline: Option<Instant>,
}

impl Client {
    /// Creates a client that sends requests to `target` over `transport`.
    ///
    /// If `target` has no token and the transport [supplies one](Transport::supplies_token), calls use the
    /// transport's token.
    ///
    /// ```
    /// use vault_identity::transport::{HyperTransport, TokenFile};
    /// use vault_identity::{Client, Target};
    ///
    /// let transport = HyperTransport::builder().token_source(TokenFile::new("/run/agent/token")).build();
    /// let client = Client::new(Target::new("https://vault.example.com:8200")?, transport);
    /// println!("{client:?}");
    /// # Ok::<(), vault_identity::error::RequestError>(())
    /// ```
    pub fn new(target: Target, transport: impl Transport + 'static) -> Self {
        let awaits_token = transport.supplies_token() && !target.has_token();
        Self {
            target: Arc::new(if awaits_token { target.with_transport_token() } else { target }),
            transport: Arc::new(transport),
            hint: None,
            locks: Arc::default(),
            deadline: None,
        }
    }

    /// Sets the hint for an unreachable server.
    #[cfg(feature = "hyper")]
    pub(crate) fn with_address_hint(mut self) -> Self {
        self.hint = crate::env::address_hint();
        self
    }

    /// Creates a client that sends requests to `target` over the default transport.
    #[cfg(feature = "hyper")]
    pub fn with_default_transport(target: Target) -> Self {
        Self::new(target, HyperTransport::new())
    }

    /// Creates a client for the server at `address`, with the default transport. No connection is opened yet.
    ///
    /// ```
    /// use vault_identity::Client;
    ///
    /// let client = Client::with_address("https://vault.example.com:8200", "s.example")?;
    /// println!("{client:?}");
    /// # Ok::<(), vault_identity::error::RequestError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Fails if the address or the token is invalid.
    #[cfg(feature = "hyper")]
    pub fn with_address(address: &str, token: impl Into<SecretString>) -> Result<Self, RequestError> {
        Ok(Self::with_default_transport(Target::new(address)?.with_token(token)?))
    }

    /// Creates a client from environment variables; no other constructor reads them.
    ///
    /// Besides the variables of [`target_from_env`](crate::env::target_from_env), it reads these, each as
    /// `BAO_X` or `VAULT_X`. The first of the two that is set and not empty is used.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `ADDR` | the server, or all nodes of a cluster separated by commas: see [`addresses`](identity_hyper::HyperTransportBuilder::addresses) |
    /// | `CACERT`, `CACERT_BYTES`, `CAPATH` | the trusted CAs as a PEM file, as PEM text, or as a directory. They replace the system's. |
    /// | `CLIENT_CERT` and `CLIENT_KEY`, or `CLIENT_CERT_BYTES` and `CLIENT_KEY_BYTES` | the client certificate as PEM files or as PEM text; the files take precedence |
    /// | `TLS_SERVER_NAME` | the name to verify in server certificates |
    /// | `SKIP_VERIFY` | disables the verification of server certificates, which is dangerous |
    /// | `PROXY_ADDR` | the proxy for all servers. Defaults to [`Proxy::from_env`](identity_hyper::Proxy::from_env). |
    /// | `CLIENT_TIMEOUT` | the total timeout of a call: seconds, or a duration such as `1500ms`, `1m30s` or `2d`. Defaults to 60 seconds; zero selects the default. |
    /// | `MAX_RETRIES` | the maximum number of retries of a call. Defaults to as many as the timeout allows. |
    /// | `DISABLE_REDIRECTS` | disables redirects |
    /// | `RATE_LIMIT` | calls per second, and the burst after a `:`, as in `10` or `10.5:20` |
    ///
    /// Booleans are parsed as by Go's `strconv.ParseBool`: `1`, `t`, `T`, `TRUE`, `true`, `True`, or `0`,
    /// `f`, `F`, `FALSE`, `false`, `False`. Other variables of the command line, such as `SRV_LOOKUP`, are
    /// ignored.
    ///
    /// For a setting that has no variable, such as a token source, combine
    /// [`target_from_env`](crate::env::target_from_env) and
    /// [`transport_from_env`](crate::env::transport_from_env).
    ///
    /// # Errors
    ///
    /// Fails if a variable has an invalid value. The error names the variable.
    #[cfg(feature = "hyper")]
    pub fn from_env() -> Result<Self, RequestError> {
        let transport = crate::env::transport_from_env()?.build();
        Ok(Self::new(crate::env::target_from_env()?, transport).with_address_hint())
    }

    /// The server, token and namespace of this client's requests.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Returns the same client with another target.
    ///
    /// Calls use the transport's token only if `target` is configured
    /// [`with_transport_token`](Target::with_transport_token).
    #[must_use]
    pub fn with_target(&self, target: Target) -> Self {
        Self { target: Arc::new(target), hint: None, ..self.clone() }
    }

    /// Returns the same client in another namespace; `""` is the root namespace.
    ///
    /// # Errors
    ///
    /// Fails if the namespace is invalid: see [`Target::with_namespace`].
    pub fn with_namespace(&self, namespace: &str) -> Result<Self, RequestError> {
        Ok(Self {
            hint: self.hint,
            ..self.with_target(Target::clone(&self.target).with_namespace(namespace)?)
        })
    }

    /// Returns the same client with another token.
    ///
    /// # Errors
    ///
    /// Fails if the token is empty or has characters other than visible ASCII.
    pub fn with_token(&self, token: impl Into<SecretString>) -> Result<Self, RequestError> {
        Ok(Self { hint: self.hint, ..self.with_target(Target::clone(&self.target).with_token(token)?) })
    }

    /// Calls an endpoint of this crate, [your own](Endpoint#an-endpoint-of-your-own), or one in
    /// [`Maybe`](identity_core::Maybe), [`WithMeta`](identity_core::WithMeta) or
    /// [`Wrap`](identity_core::Wrap). All handles use this method.
    ///
    /// ```no_run
    /// use vault_identity::{Client, Result, WithMeta, entity::ReadEntityByName};
    ///
    /// pub async fn print_request_id(client: &Client) -> Result<()> {
    ///     let (alice, meta) = client.call(WithMeta(ReadEntityByName::new("alice"))).await?;
    ///     println!("{} {:?}", alice.id, meta.request_id);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// A reference to an endpoint is an endpoint too: `client.call(&endpoint)` borrows it, and the endpoint
    /// can be used again. The future then cannot be spawned.
    ///
    /// # Errors
    ///
    /// Fails if the request cannot be built, the server rejects it, or no response arrives: see
    /// [`ErrorKind`].
    pub fn call<E: Endpoint + Send>(
        &self,
        endpoint: E,
    ) -> impl Future<Output = Result<E::Output>> + Send + use<E> {
        let client = self.clone();
        async move { client.execute(&endpoint).await }
    }

    /// Returns the same client for a composite operation, whose calls share one timeout.
    pub(crate) fn composite(&self) -> Self {
        let deadline = || Instant::now().checked_add(self.transport.timeout()?);
        Self { deadline: self.deadline.or_else(deadline), ..self.clone() }
    }

    /// Calls an endpoint like [`call`](Self::call), but the future borrows.
    pub(crate) async fn execute<E: Endpoint>(&self, endpoint: &E) -> Result<E::Output> {
        Ok(self.call_with_retry_info(endpoint).await?.0)
    }

    /// Also returns `true` if the transport retried the call after an attempt that may have been applied.
    pub(crate) async fn call_with_retry_info<E: Endpoint>(&self, endpoint: &E) -> Result<(E::Output, bool)> {
        let mut request = endpoint.request(&self.target)?;
        let operation = Operation::from_request(&request).unwrap_or(Operation::for_endpoint::<E>());
        if let Some(deadline) = self.deadline {
            if deadline <= Instant::now() {
                let error = TransportError::new(
                    TransportErrorKind::NotSent,
                    "the deadline passed before it was sent",
                );
                return Err(Error::new(operation, error));
            }
            request.extensions_mut().insert(Deadline(deadline));
        }
        let sent = (*self.transport).send(request).await;
        let response = sent.map_err(|error| self.transport_error(operation, error))?;
        Ok((
            self.parse(endpoint, operation, &response)?,
            response.extensions().get().is_some_and(Attempts::any_in_doubt),
        ))
    }

    fn transport_error(&self, operation: Operation, error: TransportError) -> Error {
        let error = Error::new(operation, error);
        match self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// Parses the response. Redacts the token from error messages, and marks a 403 of an unauthenticated
    /// call.
    fn parse<E: Endpoint>(
        &self,
        endpoint: &E,
        operation: Operation,
        response: &Response<Bytes>,
    ) -> Result<E::Output> {
        endpoint.parse_verified_response(operation, response).map_err(|error| {
            // The connection may deliver each response to the wrong request.
            if matches!(error.kind(), ErrorKind::Decode(error) if error.source().is_some()) {
                self.reset_connections();
            }
            let mut error = error.redact(self.target.token_header());
            if may_be_rejected_path(&error) && self.has_encoded_path(endpoint) {
                error = error.with_hint(
                    "some proxies reject encoded characters in a path: see Target::with_names_in_body",
                );
            }
            if self.target.has_token() { error } else { error.mark_unauthenticated() }
        })
    }

    /// Returns `true` if the path has a character that some proxies reject.
    fn has_encoded_path<E: Endpoint>(&self, endpoint: &E) -> bool {
        let is_rejected =
            |part: &str| ["2F", "5C", "25", "3B", "3F", "23"].iter().any(|code| part.starts_with(code));
        endpoint
            .request(&self.target)
            .is_ok_and(|request| request.uri().path().split('%').skip(1).any(is_rejected))
    }

    /// Returns the newest index of each cluster and namespace that this client and its clones have seen.
    ///
    /// Another process passes them to [`observe_tokens`](Self::observe_tokens). The list is empty if the
    /// transport does not track them.
    pub fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
        self.transport.consistency_tokens()
    }

    /// Records the tokens of another client, so that the calls of this one see its writes.
    pub fn observe_tokens(&self, tokens: impl IntoIterator<Item = ConsistencyToken>) {
        self.transport.observe_tokens(tokens.into_iter().collect());
    }

    /// Probes each address of the transport and returns its state, for example for a readiness check.
    ///
    /// The list is empty if the transport has no configured addresses, or does not probe them.
    ///
    /// ```no_run
    /// use vault_identity::Client;
    /// use vault_identity::transport::NodeState;
    ///
    /// pub async fn is_ready(client: &Client) -> bool {
    ///     client.health().await.iter().any(|node| node.state == NodeState::Leader)
    /// }
    /// ```
    pub fn health(&self) -> impl Future<Output = Vec<NodeHealth>> + Send + use<> {
        let transport = Arc::clone(&self.transport);
        async move { (*transport).health().await }
    }

    /// Closes pooled connections as soon as their calls have ended. Later calls open new ones.
    pub fn reset_connections(&self) {
        self.transport.reset_connections();
    }

    accessors!(self => self);
}

/// Returns `true` if a proxy may have rejected the path.
fn may_be_rejected_path(error: &Error) -> bool {
    let statuses = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND];
    error.api().is_some_and(|api| {
        statuses.contains(&api.status()) && !api.is_from_server() && api.errors().is_empty()
    })
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("target", &self.target).finish_non_exhaustive()
    }
}
