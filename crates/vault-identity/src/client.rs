use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{Response, StatusCode};
#[cfg(feature = "hyper")]
use identity_core::error::ErrorKind;
use identity_core::{
    Endpoint, Error, SecretString, Target, Transport,
    endpoint::Operation,
    error::RequestError,
    transport::{Attempts, ConsistencyToken, Deadline, NodeHealth, TransportError, TransportErrorKind},
};
#[cfg(feature = "hyper")]
use identity_hyper::HyperTransport;

use crate::Result;
use crate::handles::{Entities, EntityAliases, GroupAliases, Groups, Lookup, Mfa, Oidc};
use crate::members::Locks;

/// A client of the identity engine.
///
/// Cheap to clone, to be shared between tasks and threads, and made without a runtime. Its clones share the
/// transport.
///
/// ```no_run
/// use vault_identity::{Client, entity::CreateEntity};
///
/// # async fn example() -> vault_identity::Result<()> {
/// let client = Client::from_env()?;
/// let created = client.entities().create(&CreateEntity::named("alice").policies(["dev"])).await?;
/// println!("created: {}", created.is_created());
/// let alice = client.entities().read_by_name("alice").await?;
/// println!("{} has the policies {:?}", alice.id, alice.policies);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    target: Arc<Target>,
    transport: Arc<dyn Transport>,
    /// Added to the error if the server cannot be reached.
    hint: Option<&'static str>,
    pub(crate) locks: Arc<Locks>,
    /// Of all calls of an operation that takes several.
    deadline: Option<Instant>,
}

impl Client {
    /// A client that sends to `target` over a transport: of your own, or the default one as you have set it up.
    ///
    /// If it has a token source, and `target` no token, calls are made with the source's. A transport of your
    /// own around the default one forwards [`supplies_token`](Transport::supplies_token) and
    /// [`extensions`](Transport::extensions), as an [`Arc`] does; else the client does not know of the token
    /// source, the `consistency` and the `health`.
    ///
    /// ```
    /// use vault_identity::{Client, Target};
    /// use vault_identity::transport::{HyperTransport, TokenFile};
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

    /// Returns the same client, with errors that mention it if no variable sets the address.
    #[cfg(feature = "hyper")]
    pub(crate) fn hinting(mut self) -> Self {
        self.hint = crate::env::address_hint();
        self
    }

    /// A client that sends to `target` over the default transport.
    #[cfg(feature = "hyper")]
    pub fn with_default_transport(target: Target) -> Self {
        Self::new(target, HyperTransport::new())
    }

    /// A client of the server at `address`, over the default transport.
    ///
    /// ```
    /// use vault_identity::Client;
    /// let client = Client::with_address("https://vault.example.com:8200", "s.example")?;
    /// println!("{client:?}");
    /// # Ok::<(), vault_identity::error::RequestError>(())
    /// ```
    #[cfg(feature = "hyper")]
    pub fn with_address(address: &str, token: impl Into<SecretString>) -> Result<Self, RequestError> {
        Ok(Self::with_default_transport(Target::new(address)?.with_token(token)?))
    }

    /// A client as the environment says, and the only one that asks it. Beside what
    /// [`target_from_env`](crate::target_from_env) reads this is, each as `BAO_X` or `VAULT_X`, of which the first
    /// that is set and not empty counts:
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `ADDR` | also all nodes of a cluster, with commas between them: see [`addresses`](identity_hyper::HyperTransportBuilder::addresses) |
    /// | `CACERT`, `CACERT_BYTES`, `CAPATH` | the CAs of a file, in PEM form itself, of a directory: these alone are trusted, not the system's |
    /// | `CLIENT_CERT` with `CLIENT_KEY`, or `CLIENT_CERT_BYTES` with `CLIENT_KEY_BYTES` | files, or PEM itself: the certificate that servers are shown; the files count if both are given |
    /// | `TLS_SERVER_NAME` | the name that servers are verified under |
    /// | `SKIP_VERIFY` | servers are not verified, which is dangerous |
    /// | `PROXY_ADDR` | a proxy for all servers; if not set, [`Proxy::from_env`](identity_hyper::Proxy::from_env) |
    /// | `CLIENT_TIMEOUT` | how long a call may take: seconds, `1500ms`, `1m30s`, or days as in `2d`; 60 seconds if it is zero or not set |
    /// | `MAX_RETRIES` | how often a call is repeated at most; as often as there is time for if not set |
    /// | `DISABLE_REDIRECTS` | redirects are refusals |
    /// | `RATE_LIMIT` | how many calls a second, and after a `:` how many at once after a rest: `10`, `10.5:20` |
    ///
    /// Truth is `1`, `t`, `T`, `TRUE`, `true` or `True`, and untruth `0`, `f`, `F`, `FALSE`, `false` or `False`; any
    /// other word is an error. Errors name the variable. Other variables of the command line, such as `SRV_LOOKUP`,
    /// are not read.
    ///
    /// To change something that has no variable, such as the source of tokens, make the client of
    /// [`target_from_env`](crate::target_from_env) and [`transport_from_env`](crate::transport_from_env).
    #[cfg(feature = "hyper")]
    pub fn from_env() -> Result<Self, RequestError> {
        Ok(Self::new(crate::target_from_env()?, crate::transport_from_env()?.build()).hinting())
    }

    /// Where requests go, and on whose behalf.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The same client, sending elsewhere or on behalf of someone else. A token source counts if `target` is one
    /// [`with_transport_token`](Target::with_transport_token).
    #[must_use]
    pub fn with_target(&self, target: Target) -> Self {
        Self { target: Arc::new(target), hint: None, ..self.clone() }
    }

    /// The same client, in a namespace; `""` is the root namespace.
    pub fn with_namespace(&self, namespace: &str) -> Result<Self, RequestError> {
        Ok(Self {
            hint: self.hint,
            ..self.with_target(Target::clone(&self.target).with_namespace(namespace)?)
        })
    }

    /// The same client, with another token.
    pub fn with_token(&self, token: impl Into<SecretString>) -> Result<Self, RequestError> {
        Ok(Self { hint: self.hint, ..self.with_target(Target::clone(&self.target).with_token(token)?) })
    }

    /// Makes a call: any endpoint of this crate, one of [your own](Endpoint#an-endpoint-of-your-own), or one
    /// in [`Maybe`](identity_core::Maybe), [`WithMeta`](identity_core::WithMeta) or
    /// [`Wrap`](identity_core::Wrap). All handles end here.
    pub async fn call<E: Endpoint>(&self, endpoint: &E) -> Result<E::Output> {
        Ok(self.call_and_tell(endpoint).await?.0)
    }

    /// Returns the same client for an operation of several calls: together they take no longer than one call
    /// may.
    pub(crate) fn composite(&self) -> Self {
        let deadline = || Instant::now().checked_add(self.transport.timeout()?);
        Self { deadline: self.deadline.or_else(deadline), ..self.clone() }
    }

    /// Makes a call, and says whether the transport has repeated it although the server may have carried it out.
    pub(crate) async fn call_and_tell<E: Endpoint>(&self, endpoint: &E) -> Result<(E::Output, bool)> {
        let mut request = endpoint.request(&self.target)?;
        let operation = Operation::from_request(&request).unwrap_or(Operation::for_endpoint::<E>());
        if let Some(deadline) = self.deadline {
            if deadline <= Instant::now() {
                let error =
                    TransportError::new(TransportErrorKind::NotSent, "the time was up before it was sent");
                return Err(Error::new(operation, error));
            }
            request.extensions_mut().insert(Deadline(deadline));
        }
        let sent = (*self.transport).send(request).await;
        let response = sent.map_err(|error| self.unsent(operation, error))?;
        Ok((
            self.read(endpoint, operation, &response)?,
            response.extensions().get().is_some_and(Attempts::any_in_doubt),
        ))
    }

    fn unsent(&self, operation: Operation, error: TransportError) -> Error {
        let error = Error::new(operation, error);
        match self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// What the server says, without the token, should it repeat that; a refusal for want of one does not tell.
    fn read<E: Endpoint>(
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
            if may_be_refused_path(&error) && self.has_encoded_path(endpoint) {
                error = error.with_hint(
                    "proxies refuse some characters in a path, even if encoded: see Target::with_names_in_body",
                );
            }
            if self.target.has_token() { error } else { error.mark_unauthenticated() }
        })
    }

    fn has_encoded_path<E: Endpoint>(&self, endpoint: &E) -> bool {
        let is_refused =
            |part: &str| ["2F", "5C", "25", "3B", "3F", "23"].iter().any(|code| part.starts_with(code));
        endpoint
            .request(&self.target)
            .is_ok_and(|request| request.uri().path().split('%').skip(1).any(is_refused))
    }

    /// Returns the newest index of each cluster and namespace that this client and its clones have seen, to be
    /// handed to another process. The list is empty if the transport does not track them.
    pub fn consistency_tokens(&self) -> Vec<ConsistencyToken> {
        self.transport.consistency_tokens()
    }

    /// Records the tokens of another client, so that the calls of this one see what that one has written.
    pub fn observe_tokens(&self, tokens: impl IntoIterator<Item = ConsistencyToken>) {
        self.transport.observe_tokens(tokens.into_iter().collect());
    }

    /// Probes each address of the transport and returns its state, as for a readiness check. The list is empty
    /// if the transport has been given no addresses, or does not probe them.
    ///
    /// ```no_run
    /// use vault_identity::Client;
    /// use vault_identity::transport::NodeState;
    ///
    /// # async fn example() -> vault_identity::Result<()> {
    /// let client = Client::from_env()?;
    /// let is_ready = client.health().await.iter().any(|node| node.state == NodeState::Leader);
    /// println!("{is_ready:?}");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn health(&self) -> Vec<NodeHealth> {
        self.transport.health().await
    }

    /// Closes pooled connections as soon as their calls have ended. Later calls open new ones.
    pub fn reset_connections(&self) {
        self.transport.reset_connections();
    }

    /// Entities: those who log in.
    pub fn entities(&self) -> Entities<'_> {
        Entities { client: self }
    }

    /// Entity aliases: the names that entities have at auth mounts.
    pub fn entity_aliases(&self) -> EntityAliases<'_> {
        EntityAliases { client: self }
    }

    /// Groups of entities and of groups.
    pub fn groups(&self) -> Groups<'_> {
        Groups { client: self }
    }

    /// Group aliases: the names that external groups have at auth mounts.
    pub fn group_aliases(&self) -> GroupAliases<'_> {
        GroupAliases { client: self }
    }

    /// Lookup of entities and groups by what is known of them.
    pub fn lookup(&self) -> Lookup<'_> {
        Lookup { client: self }
    }

    /// Identity tokens and the OpenID provider: JWTs that the server signs for entities.
    pub fn oidc(&self) -> Oidc<'_> {
        Oidc { client: self }
    }

    /// Multi-factor authentication at log-in.
    pub fn mfa(&self) -> Mfa<'_> {
        Mfa { client: self }
    }
}

fn may_be_refused_path(error: &Error) -> bool {
    let statuses = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND];
    error.api().is_some_and(|api| statuses.contains(&api.status()) && api.errors().is_empty())
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("target", &self.target).finish_non_exhaustive()
    }
}
