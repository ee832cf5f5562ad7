use std::fmt;
use std::sync::Arc;

use identity_core::{Endpoint, Error, Operation, RequestError, SecretString, Target, Transport};

use crate::members::Locks;
use crate::{Entities, EntityAliases, GroupAliases, Groups, Lookup, Mfa, Oidc, Result};

/// A client of the identity engine.
///
/// Cheap to clone, to be shared between tasks and threads, and made without a runtime. Its clones share the
/// transport.
///
/// ```no_run
/// use vault_identity::{Client, CreateEntity};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::from_env()?;
/// client.entities().create(&CreateEntity::named("alice").policies(["dev"])).await?;
/// let alice = client.entities().read_by_name("alice").await?;
/// println!("{} has the policies {:?}", alice.id, alice.policies);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    target: Arc<Target>,
    transport: Arc<dyn Transport>,
    pub(crate) locks: Arc<Locks>,
}

impl Client {
    /// A client that sends to `target` over a transport of your own.
    pub fn new(target: Target, transport: impl Transport + 'static) -> Self {
        Self { target: Arc::new(target), transport: Arc::new(transport), locks: Arc::default() }
    }

    /// A client that sends to `target` over the default transport.
    #[cfg(feature = "hyper")]
    pub fn to(target: Target) -> Self {
        Self::new(target, identity_hyper::HyperTransport::new())
    }

    /// A client of the server at `address`, over the default transport.
    ///
    /// ```
    /// # use vault_identity::Client;
    /// let client = Client::connect("https://vault.example.com:8200", "s.example")?;
    /// # Ok::<(), vault_identity::RequestError>(())
    /// ```
    #[cfg(feature = "hyper")]
    pub fn connect(address: &str, token: impl Into<SecretString>) -> Result<Self, RequestError> {
        Ok(Self::to(Target::new(address)?.with_token(token)?))
    }

    /// A client as the environment says: see [`target_from_env`](crate::target_from_env).
    #[cfg(feature = "hyper")]
    pub fn from_env() -> Result<Self, RequestError> {
        Ok(Self::to(crate::target_from_env()?))
    }

    /// Where requests go, and on whose behalf.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The same client, sending elsewhere or on behalf of someone else.
    #[must_use]
    pub fn with_target(&self, target: Target) -> Self {
        Self { target: Arc::new(target), ..self.clone() }
    }

    /// The same client, in a namespace; `""` is the root namespace.
    pub fn with_namespace(&self, namespace: &str) -> Result<Self, RequestError> {
        Ok(self.with_target(Target::clone(&self.target).with_namespace(namespace)?))
    }

    /// The same client, with another token.
    pub fn with_token(&self, token: impl Into<SecretString>) -> Result<Self, RequestError> {
        Ok(self.with_target(Target::clone(&self.target).with_token(token)?))
    }

    /// Makes a call: any endpoint of this crate, one of [your own](Endpoint#an-endpoint-of-your-own), or one
    /// in [`Maybe`](identity_core::Maybe), [`WithMeta`](identity_core::WithMeta) or
    /// [`Wrap`](identity_core::Wrap). All handles end here.
    pub fn call<E: Endpoint>(
        &self,
        endpoint: &E,
    ) -> impl Future<Output = Result<E::Output>> + Send + use<'_, E> {
        let request = endpoint.request(&self.target);
        async move {
            let request = request?;
            // The token or what stands in for it; the server may repeat it in its words.
            let secret = request.headers().values().find(|value| value.is_sensitive()).cloned();
            let operation = Operation::of_request(&request).unwrap_or(Operation::of::<E>());
            let response =
                (*self.transport).send(request).await.map_err(|error| Error::new(operation, error))?;
            E::response_to(operation, &response).map_err(|error| error.without(&secret))
        }
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

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("target", &self.target).finish_non_exhaustive()
    }
}
