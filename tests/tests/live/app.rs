use vault_identity::entity::UpdateEntityById;
use vault_identity::group::CreateGroup;
use vault_identity::oidc::{
    AuthorizeOidc, ClientAuth, ExchangeOidcToken, OidcClientType, Pkce, ProviderTokens, SigningAlgorithm,
    WriteOidcAssignment, WriteOidcClient, WriteOidcKey, WriteOidcProvider, WriteOidcScope,
};
use vault_identity::{Client, ClientId, EntityId, Result, SecretString};

use crate::space::Space;

pub(crate) const CALLBACK: &str = "https://app.example.com/callback";

/// A provider `web` with the clients `public` and `confidential`, and the user alice, who may log in to both.
pub(crate) struct App {
    pub(crate) space: Space,
    pub(crate) alice: EntityId,
    pub(crate) as_alice: Client,
    pub(crate) public: ClientId,
    pub(crate) confidential: ClientId,
    pub(crate) secret: SecretString,
}

impl App {
    /// Creates it in a namespace of this name. Returns `None` if live tests are skipped.
    pub(crate) async fn new(namespace: &str) -> Option<Self> {
        let space = Space::new(namespace)?;
        let set_up = Self::set_up(space).await;
        Some(set_up.expect("the setup succeeds"))
    }

    async fn set_up(space: Space) -> Result<Self> {
        space.mount("people");
        let as_alice = space.log_in("people", "alice", &[]);
        let alice = space.client.entities().list().await?.keys.remove(0);
        let update = UpdateEntityById::new(&alice).metadata([("email", "alice@example.com")]);
        space.client.entities().update(&update).await?;

        let engineers = CreateGroup::named("engineers").member_entity_ids([&alice]);
        assert!(space.client.groups().create(&engineers).await?.is_created());

        let oidc = space.client.oidc();
        let key = WriteOidcKey::new("key").algorithm(SigningAlgorithm::ES256).allowed_client_ids(["*"]);
        oidc.keys().write(&key).await?;
        oidc.assignments().write(&WriteOidcAssignment::new("staff").entity_ids([&alice])).await?;
        for (name, template) in [
            ("profile", r#"{"email": {{identity.entity.metadata.email}} }"#),
            ("team", r#"{"teams": {{identity.entity.groups.names}} }"#),
        ] {
            oidc.scopes().write(&WriteOidcScope::new(name).template(template)).await?;
        }
        for (name, kind) in
            [("public", OidcClientType::Public), ("confidential", OidcClientType::Confidential)]
        {
            let write = WriteOidcClient::new(name).client_type(kind).key("key").assignments(["staff"]);
            oidc.clients().write(&write.redirect_uris([CALLBACK])).await?;
        }
        let public = oidc.clients().read("public").await?.info.client_id;
        let client = oidc.clients().read("confidential").await?;
        let (confidential, secret) = (client.info.client_id, client.client_secret);
        let secret = secret.expect("a confidential client has a secret");
        let write = WriteOidcProvider::new("web").allowed_client_ids([&public, &confidential]);
        oidc.providers().write(&write.scopes_supported(["profile", "team"])).await?;
        Ok(Self { space, alice, as_alice, public, confidential, secret })
    }

    /// Returns the authentication of the confidential client, with its secret in the header.
    pub(crate) fn by_secret(&self) -> ClientAuth {
        ClientAuth::basic(&self.confidential, self.secret.clone())
    }

    /// Returns an authorization request of the confidential client, without a code challenge.
    pub(crate) fn authorize(&self) -> AuthorizeOidc {
        AuthorizeOidc::without_code_challenge("web", &self.confidential, CALLBACK)
    }

    /// Returns an authorization request of the public client.
    pub(crate) fn authorize_public(&self, pkce: &Pkce) -> AuthorizeOidc {
        AuthorizeOidc::new("web", &self.public, CALLBACK, pkce.challenge.clone())
    }

    /// Logs alice in, and returns the code.
    pub(crate) async fn code(&self, authorize: &AuthorizeOidc) -> SecretString {
        let authorized = self.as_alice.oidc().providers().authorize(authorize).await;
        authorized.expect("alice may log in").code
    }

    pub(crate) async fn exchange(
        &self,
        auth: ClientAuth,
        code: impl Into<SecretString>,
    ) -> Result<ProviderTokens> {
        let exchange = ExchangeOidcToken::code("web", auth, code, CALLBACK);
        self.space.client.oidc().providers().exchange(&exchange).await
    }

    /// Logs alice in to the confidential client, and returns the tokens.
    pub(crate) async fn tokens(&self) -> ProviderTokens {
        let code = self.code(&self.authorize().scopes(["profile"])).await;
        self.exchange(self.by_secret(), code).await.expect("the code is valid")
    }
}
