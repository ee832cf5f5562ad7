//! The server as an OpenID provider: a person logs in to an application by the authorization code flow, with
//! PKCE.
//!
//! `cargo run --example oidc_provider` starts an OpenBao server of its own; with `VAULT_ADDR` and
//! `VAULT_TOKEN` set it uses that one.

use std::error::Error;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use vault_identity::{
    Client, ExposeSecret, Upsert,
    alias::CreateEntityAlias,
    entity::CreateEntity,
    oidc::{
        AuthorizeOidc, ClientAuth, ExchangeOidcToken, OidcClientType, Pkce, WriteOidcAssignment,
        WriteOidcClient, WriteOidcKey, WriteOidcProvider, WriteOidcScope, random_urlsafe,
    },
};

use setup::{
    DeletePolicy, DisableAuth, EnableUserpass, LoginTokenSource, ReadAuthMount, WritePolicy, WriteUser,
};

mod server;
mod setup;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const CALLBACK: &str = "https://app.example.com/callback";

#[tokio::main]
async fn main() -> Result<()> {
    let (target, _server) = server::target()?;
    let client = Client::with_default_transport(target);
    let mount = format!("oidc-provider-{}", std::process::id());
    let name = |what: &str| format!("{mount}-{what}");

    // Someone who can log in.
    client.call(&EnableUserpass { path: mount.clone() }).await?;
    client.call(&WriteUser::new(&mount, "alice", "correct horse")).await?;
    let accessor = client.call(&ReadAuthMount { path: mount.clone() }).await?.accessor;
    let create = CreateEntity::named(name("alice")).metadata([("email", "alice@example.com")]);
    let Upsert::Created(alice) = client.entities().create(&create).await? else {
        return Err("the entity was there already".into());
    };
    client
        .entity_aliases()
        .create(&CreateEntityAlias::new("alice", &accessor).canonical_id(&alice.id))
        .await?;

    // An application that she may log in to, and a provider for it.
    let oidc = client.oidc();
    oidc.keys().write(&WriteOidcKey::new(name("key")).algorithm("ES256").allowed_client_ids(["*"])).await?;
    let profile = r#"{"email": {{identity.entity.metadata.email}} }"#;
    oidc.scopes().write(&WriteOidcScope::new(name("profile")).template(profile)).await?;
    oidc.assignments().write(&WriteOidcAssignment::new(name("staff")).entity_ids([&alice.id])).await?;
    let write = WriteOidcClient::new(name("app"))
        .client_type(OidcClientType::Public)
        .key(name("key"))
        .assignments([name("staff")])
        .redirect_uris([CALLBACK]);
    oidc.clients().write(&write).await?;
    let client_id = oidc.clients().read(name("app")).await?.info.client_id;
    let write = WriteOidcProvider::new(name("provider")).allowed_client_ids([&client_id]);
    oidc.providers().write(&write.scopes_supported([&*name("profile")])).await?;
    println!("The application {client_id} can have alice log in");

    // 1. The application makes up a verifier, a state and a nonce, and sends alice to the provider.
    let (pkce, state, nonce) = (Pkce::new()?, random_urlsafe()?, random_urlsafe()?);

    // 2. She logs in there and gets a code. (A browser would be shown the server's page for this.)
    let policy = format!(
        r#"path "identity/oidc/provider/{}/authorize" {{ capabilities = ["read"] }}"#,
        name("provider")
    );
    client.call(&WritePolicy { name: name("authorize"), policy }).await?;
    let login = client.call(&LoginTokenSource::new(&mount, "alice", "correct horse")).await?;
    let as_alice = client.with_token(login.client_token)?;
    let authorize = AuthorizeOidc::new(name("provider"), &client_id, CALLBACK, pkce.challenge)
        .scopes([&*name("profile")])
        .state(&state)
        .nonce(&nonce);
    let answer = as_alice.oidc().providers().authorize(&authorize).await?;
    assert_eq!(answer.state.as_deref(), Some(&*state), "the answer is to another question");
    println!("alice got a code for it");

    // 3. The application exchanges the code for tokens.
    let who = ClientAuth::public(&client_id, pkce.verifier);
    let exchange = ExchangeOidcToken::code(name("provider"), who, answer.code, CALLBACK);
    let tokens = oidc.providers().exchange(&exchange).await?;
    println!("The application exchanged it for an access token that lives {:?}", tokens.expires_in);

    // 4. It verifies the ID token, and asks who logged in.
    let discovery = oidc.providers().discovery(name("provider")).await?;
    let keys: JwkSet =
        serde_json::from_value(serde_json::to_value(oidc.providers().jwks(name("provider")).await?)?)?;
    let id_token = tokens.id_token.ok_or("there is no ID token")?;
    let kid = jsonwebtoken::decode_header(id_token.expose_secret())?.kid.ok_or("the token names no key")?;
    let key = DecodingKey::from_jwk(keys.find(&kid).ok_or("the key is not published")?)?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[&client_id]);
    validation.set_issuer(&[&discovery.issuer]);
    let claims =
        jsonwebtoken::decode::<serde_json::Value>(id_token.expose_secret(), &key, &validation)?.claims;
    assert_eq!(claims["nonce"], nonce.as_str(), "the token was made for another log-in");
    println!("The ID token, verified with the published keys, claims: {claims}");
    let info = oidc.providers().user_info(name("provider"), tokens.access_token).await?;
    println!("User info: {} {:?}", info.sub, info.claims);

    // The code is used up.
    let refusal = oidc.providers().exchange(&exchange).await.expect_err("a code works once");
    println!("The same code again: {refusal:#}");

    oidc.providers().delete(name("provider")).await?;
    oidc.clients().delete(name("app")).await?;
    oidc.assignments().delete(name("staff")).await?;
    oidc.scopes().delete(&*name("profile")).await?;
    oidc.keys().delete(name("key")).await?;
    client.entities().delete(&alice.id).await?;
    client.call(&DeletePolicy { name: name("authorize") }).await?;
    client.call(&DisableAuth { path: mount }).await?;
    println!("Cleaned up");
    Ok(())
}
