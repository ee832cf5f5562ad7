//! The server as an OpenID provider: a user logs in to an application with the authorization code flow and
//! PKCE.
//!
//! `cargo run --example oidc_provider` starts a temporary OpenBao server. If `VAULT_ADDR` and `VAULT_TOKEN`
//! are set, it uses that server instead.

use std::error::Error;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use vault_identity::alias::CreateEntityAlias;
use vault_identity::entity::CreateEntity;
use vault_identity::oidc::{
    AuthorizeOidc, ClientAuth, ExchangeOidcToken, OidcClientType, Pkce, WriteOidcAssignment, WriteOidcClient,
    WriteOidcKey, WriteOidcProvider, WriteOidcScope, random_urlsafe,
};
use vault_identity::{Client, ExposeSecret, Upsert};

use setup::{
    DeletePolicy, DisableAuth, EnableUserpass, LoginUserpass, ReadAuthMount, WritePolicy, WriteUser,
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

    // A user who can log in.
    client.call(&EnableUserpass { path: mount.clone() }).await?;
    client.call(&WriteUser::new(&mount, "alice", "correct horse")).await?;
    let accessor = client.call(&ReadAuthMount { path: mount.clone() }).await?.accessor;
    let create = CreateEntity::named(name("alice")).metadata([("email", "alice@example.com")]);
    let Upsert::Created(alice) = client.entities().create(&create).await? else {
        return Err("the entity already exists".into());
    };
    client
        .entity_aliases()
        .create(&CreateEntityAlias::new("alice", &accessor).canonical_id(&alice.id))
        .await?;

    // An application that alice may log in to, and its provider.
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
    println!("Registered the application {client_id}, which alice may log in to");

    // 1. The application generates a verifier, a state and a nonce, and sends alice to the provider.
    let (pkce, state, nonce) = (Pkce::new()?, random_urlsafe()?, random_urlsafe()?);

    // 2. She logs in there and receives a code. (In a browser, the server's login page would do this.)
    let policy = format!(
        r#"path "identity/oidc/provider/{}/authorize" {{ capabilities = ["read"] }}"#,
        name("provider")
    );
    client.call(&WritePolicy { name: name("authorize"), policy }).await?;
    let login = client.call(&LoginUserpass::new(&mount, "alice", "correct horse")).await?;
    let as_alice = client.with_token(login.client_token)?;
    let authorize = AuthorizeOidc::new(name("provider"), &client_id, CALLBACK, pkce.challenge)
        .scopes([&*name("profile")])
        .state(&state)
        .nonce(&nonce);
    let authorized = as_alice.oidc().providers().authorize(&authorize).await?;
    assert_eq!(authorized.state.as_deref(), Some(&*state), "the response belongs to another request");
    println!("alice received a code");

    // 3. The application exchanges the code for tokens.
    let auth = ClientAuth::public(&client_id, pkce.verifier);
    let exchange = ExchangeOidcToken::code(name("provider"), auth, authorized.code, CALLBACK);
    let tokens = oidc.providers().exchange(&exchange).await?;
    println!("The application exchanged it for an access token that lives for {:?}", tokens.expires_in);

    // 4. It verifies the ID token, and reads the user info.
    let discovery = oidc.providers().discovery(name("provider")).await?;
    let keys: JwkSet =
        serde_json::from_value(serde_json::to_value(oidc.providers().jwks(name("provider")).await?)?)?;
    let id_token = tokens.id_token.ok_or("there is no ID token")?;
    let kid = jsonwebtoken::decode_header(id_token.expose_secret())?.kid.ok_or("the token has no key ID")?;
    let key = DecodingKey::from_jwk(keys.find(&kid).ok_or("the key is not published")?)?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[&client_id]);
    validation.set_issuer(&[&discovery.issuer]);
    let claims =
        jsonwebtoken::decode::<serde_json::Value>(id_token.expose_secret(), &key, &validation)?.claims;
    assert_eq!(claims["nonce"], nonce.as_str(), "the token belongs to another login");
    println!("Claims of the verified ID token: {claims}");
    let info = oidc.providers().user_info(name("provider"), tokens.access_token).await?;
    println!("User info: {} {:?}", info.sub, info.claims);

    // A code can be exchanged only once.
    let error = oidc.providers().exchange(&exchange).await.unwrap_err();
    println!("The same code again: {error:#}");

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
