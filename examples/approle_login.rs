//! A service that logs in with `AppRole`, and again before its token expires. It shows custom endpoints and a
//! token source.
//!
//! `cargo run --example approle_login` starts a temporary OpenBao server. If `VAULT_ADDR` and `VAULT_TOKEN`
//! are set, it uses that server instead.

use std::error::Error;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use vault_identity::endpoint::{ApiResponse, Method, RequestBuilder};
use vault_identity::error::{RequestError, ResponseError};
use vault_identity::lookup::LookupEntity;
use vault_identity::transport::{HyperTransport, LoginResponse, LoginTokenSource};
use vault_identity::{Client, Endpoint, ExposeSecret, SecretString, Target};

use approle::{EnableAppRole, ReadRoleId, WriteRole};
use setup::{DeletePolicy, DisableAuth, ReadAuthMount, WritePolicy};

mod approle;
mod server;
#[allow(dead_code, reason = "shared with other examples")]
mod setup;

/// Generates a secret ID.
struct GenerateSecretId {
    mount: String,
}

#[derive(Deserialize)]
struct GeneratedSecretId {
    secret_id: SecretString,
}

impl Endpoint for GenerateSecretId {
    type Output = GeneratedSecretId;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "auth/{mount}/role/web/secret-id";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        builder.path_param("mount", &self.mount)
    }

    fn decode(response: ApiResponse<'_>) -> Result<GeneratedSecretId, ResponseError> {
        response.data()
    }
}

/// Logs in with a role ID and a secret ID.
#[derive(Clone)]
struct LoginAppRole {
    mount: String,
    role_id: String,
    secret_id: SecretString,
}

/// The part of a login's response that a token source needs.
#[derive(Deserialize)]
struct Auth {
    client_token: SecretString,
    lease_duration: u64,
}

impl Endpoint for LoginAppRole {
    type Output = Auth;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "auth/{mount}/login";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        #[derive(Serialize)]
        struct Body<'a> {
            role_id: &'a str,
            secret_id: &'a str,
        }
        let body = Body { role_id: &self.role_id, secret_id: self.secret_id.expose_secret() };
        // There is no token before the login.
        builder.without_token().path_param("mount", &self.mount)?.json(&body)
    }

    fn decode(response: ApiResponse<'_>) -> Result<Auth, ResponseError> {
        #[derive(Deserialize)]
        struct Envelope {
            auth: Auth,
        }
        Ok(response.json::<Envelope>()?.auth)
    }
}

/// Creates the service's client. It logs in before its first call, and again before the token expires.
fn service(target: &Target, credentials: LoginAppRole) -> Client {
    let target = target.clone().without_token();
    let anonymous = Client::with_default_transport(target.clone());
    let login = LoginTokenSource::new(move || {
        let (anonymous, credentials) = (anonymous.clone(), credentials.clone());
        async move {
            let auth = anonymous.call(&credentials).await?;
            println!("Logged in for {} seconds", auth.lease_duration);
            let lifetime = Duration::from_secs(auth.lease_duration);
            Ok::<_, vault_identity::Error>(LoginResponse::new(auth.client_token, lifetime))
        }
    });
    Client::new(target, HyperTransport::builder().token_source(login).build())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (target, _server) = server::target()?;
    let admin = Client::with_default_transport(target.clone());
    let mount = format!("approle-{}", std::process::id());

    println!(
        "Mounting AppRole at auth/{mount}, with a role that can list entities and whose tokens live for 3 seconds"
    );
    let policy = r#"path "identity/entity/id" { capabilities = ["list"] }"#.to_owned();
    admin.call(&WritePolicy { name: mount.clone(), policy }).await?;
    admin.call(&EnableAppRole { mount: mount.clone() }).await?;
    admin.call(&WriteRole { mount: mount.clone(), policy: mount.clone() }).await?;
    let role_id = admin.call(&ReadRoleId { mount: mount.clone() }).await?.role_id;
    let secret_id = admin.call(&GenerateSecretId { mount: mount.clone() }).await?.secret_id;

    let service =
        service(&target, LoginAppRole { mount: mount.clone(), role_id: role_id.clone(), secret_id });
    for second in 0..5 {
        service.entities().list().await?;
        println!("Listed the entities after {second} seconds");
        sleep(Duration::from_secs(1)).await;
    }

    let accessor = admin.call(&ReadAuthMount { path: mount.clone() }).await?.accessor;
    if let Some(entity) = admin.lookup().entity(&LookupEntity::by_alias(role_id, accessor)).await? {
        admin.entities().delete(entity.id).await?;
    }
    admin.call(&DisableAuth { path: mount.clone() }).await?;
    admin.call(&DeletePolicy { name: mount }).await?;
    println!("Cleaned up");
    Ok(())
}
