//! A custom endpoint in ten lines: reading a policy.
//!
//! `cargo run --example own_endpoint` starts a temporary OpenBao server. If `VAULT_ADDR` and `VAULT_TOKEN`
//! are set, it uses that server instead.

use std::error::Error;
use std::time::Duration;

use serde::Deserialize;
use vault_identity::endpoint::{ApiResponse, Method, RequestBuilder};
use vault_identity::error::{RequestError, ResponseError};
use vault_identity::wrapping::UnwrapResponse;
use vault_identity::{Client, Endpoint, Maybe, Wrap};

mod server;

/// Reads a policy.
struct ReadPolicy {
    name: String,
}

/// A policy.
#[derive(Debug, Deserialize)]
struct Policy {
    name: String,
    policy: String,
}

impl Endpoint for ReadPolicy {
    type Output = Policy;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "sys/policies/acl/{name}";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        builder.path_param("name", &self.name)
    }

    fn decode(response: ApiResponse<'_>) -> Result<Policy, ResponseError> {
        response.data()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (target, _server) = server::target()?;
    let client = Client::with_default_transport(target);
    let read = |name: &str| ReadPolicy { name: name.to_owned() };

    // It is called like the crate's own endpoints.
    let policy = client.call(&read("default")).await?;
    println!("The policy {} has {} lines", policy.name, policy.policy.lines().count());

    // `Maybe` turns "not found" into `None`.
    let absent = client.call(&Maybe(read("no such policy"))).await?;
    println!("Another policy does not exist: {}", absent.is_none());

    // `Wrap` stores the response on the server and returns a single-use token for it.
    let wrap = Wrap::new(read("default"), Duration::from_secs(60));
    let wrapped = client.call(&wrap).await?.wrapped().ok_or("the response was not wrapped")?;
    println!("The response of {} is stored for {:?}", wrapped.creation_path, wrapped.ttl);
    let unwrap = UnwrapResponse::<ReadPolicy>::new(wrapped.token);
    println!("Unwrapped the policy {}", client.call(&unwrap).await?.name);

    // An error names the operation.
    let error = client.call(&unwrap).await.unwrap_err();
    println!("The token a second time: {error:#}");
    Ok(())
}
