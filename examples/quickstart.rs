//! The main task, end to end: a user who logs in, a group that grants permissions, and an ID token that
//! proves the user's identity to others.
//!
//! `cargo run --example quickstart` uses an in-memory server and works offline. If `VAULT_ADDR` and
//! `VAULT_TOKEN` are set, it uses that server instead. With `-- --real` it starts a temporary OpenBao server,
//! which Python's pip installs the first time.

use std::env;
use std::error::Error;
use std::time::Duration;

use identity_mock::FakeVault;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use vault_identity::alias::CreateEntityAlias;
use vault_identity::entity::CreateEntity;
use vault_identity::group::CreateGroup;
use vault_identity::lookup::LookupEntity;
use vault_identity::oidc::{IdToken, IntrospectIdToken, Jwks, SigningAlgorithm, WriteOidcKey, WriteOidcRole};
use vault_identity::{Client, ExposeSecret, Upsert};

use setup::{
    DeletePolicy, DisableAuth, EnableUserpass, LoginUserpass, ReadAuthMount, WritePolicy, WriteUser,
};

mod server;
mod setup;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

#[tokio::main]
async fn main() -> Result<()> {
    if server::is_set() || env::args().any(|arg| arg == "--real") {
        let (target, _server) = server::target()?;
        return run(&Client::with_default_transport(target)).await;
    }
    println!("VAULT_ADDR is not set: using an in-memory server");
    let vault = FakeVault::new();
    run(&Client::new(vault.target(), vault)).await
}

async fn run(client: &Client) -> Result<()> {
    // Unique names, so that the example can run on a server in use.
    let mount = format!("quickstart-{}", std::process::id());
    let name = |what: &str| format!("{mount}-{what}");

    println!("Mounting userpass at auth/{mount} with the user alice");
    client.call(&EnableUserpass { path: mount.clone() }).await?;
    client.call(&WriteUser::new(&mount, "alice", "correct horse")).await?;
    let accessor = client.call(&ReadAuthMount { path: mount.clone() }).await?.accessor;

    let create = CreateEntity::named(name("alice")).metadata([("team", "eng")]);
    let Upsert::Created(alice) = client.entities().create(&create).await? else {
        return Err("the entity already exists".into());
    };
    println!("Created the entity {} ({})", alice.name, alice.id);

    let alias = CreateEntityAlias::new("alice", &accessor).canonical_id(&alice.id);
    client.entity_aliases().create(&alias).await?.written().ok_or("the alias already exists")?;
    println!("Made the user alice an alias of the entity");

    let create = CreateGroup::named(name("engineers")).policies([name("mint")]);
    let Upsert::Created(engineers) = client.groups().create(&create).await? else {
        return Err("the group already exists".into());
    };
    client.groups().add_member_entities(&engineers.id, [&alice.id]).await?;
    println!("Added the entity to the group {} ({})", engineers.name, engineers.id);

    let found = client.lookup().entity(&LookupEntity::by_alias("alice", &accessor)).await?;
    let found = found.ok_or("no entity has the alias")?;
    println!("Looked the entity up by its alias: it is in the groups {:?}", found.group_ids);

    let hour = Duration::from_secs(3600);
    let key = WriteOidcKey::new(name("key")).algorithm(SigningAlgorithm::ES256).verification_ttl(hour);
    client.oidc().keys().write(&key.allowed_client_ids(["*"])).await?;
    let template =
        r#"{"team": {{identity.entity.metadata.team}}, "groups": {{identity.entity.groups.names}} }"#;
    let role = WriteOidcRole::new(name("role"), name("key")).template(template).ttl(hour);
    client.oidc().roles().write(&role).await?;
    println!("Created an ES256 key, and a role for tokens with the claims team and groups");

    let policy = format!(r#"path "identity/oidc/token/{}" {{ capabilities = ["read"] }}"#, name("role"));
    client.call(&WritePolicy { name: name("mint"), policy }).await?;
    let login = client.call(&LoginUserpass::new(&mount, "alice", "correct horse")).await?;
    let as_alice = client.with_token(login.client_token)?;
    let minted = as_alice.oidc().tokens().generate(name("role")).await?;
    println!(
        "alice logged in and received an ID token for {} that lives for {:?}",
        minted.client_id, minted.ttl
    );

    let introspect = IntrospectIdToken::new(minted.token.clone()).client_id(&minted.client_id);
    let introspection = client.oidc().tokens().introspect(&introspect).await?;
    println!("Introspected the token: active is {}", introspection.active);
    let claims = verify(&minted, &client.oidc().tokens().jwks().await?)?;
    println!("Verified the token with the published keys; its claims are {claims}");

    println!("Entities:");
    for (id, info) in &client.entities().list().await? {
        println!("  {id} {}", info.map_or("", |info| &info.name));
    }

    client.oidc().roles().delete(name("role")).await?;
    client.oidc().keys().delete(name("key")).await?;
    client.groups().delete(&engineers.id).await?;
    client.entities().delete(&alice.id).await?;
    client.call(&DeletePolicy { name: name("mint") }).await?;
    client.call(&DisableAuth { path: mount }).await?;
    println!("Cleaned up; the entity exists: {}", client.entities().find(&alice.id).await?.is_some());
    Ok(())
}

/// Verifies a token's signature with the published keys, and its audience, and returns its claims.
fn verify(token: &IdToken, jwks: &Jwks) -> Result<serde_json::Value> {
    let jwt = token.token.expose_secret();
    let keys: JwkSet = serde_json::from_value(serde_json::to_value(jwks)?)?;
    let kid = jsonwebtoken::decode_header(jwt)?.kid.ok_or("the token has no key ID")?;
    let key = DecodingKey::from_jwk(keys.find(&kid).ok_or("the key is not published")?)?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[&token.client_id]);
    Ok(jsonwebtoken::decode(jwt, &key, &validation)?.claims)
}
