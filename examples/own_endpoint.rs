//! An operation that the crate lacks, in ten lines: reading a policy.
//!
//! `cargo run --example own_endpoint` starts an OpenBao server of its own; with `VAULT_ADDR` and
//! `VAULT_TOKEN` set it uses that one.

use std::error::Error;
use std::time::Duration;

use serde::Deserialize;
use vault_identity::{
    Client, Endpoint, Maybe, Wrap,
    endpoint::{ApiResponse, Method, RequestBuilder},
    error::{RequestError, ResponseError},
    wrapping::UnwrapResponse,
};

mod server;

/// Reads a policy.
struct ReadPolicy {
    name: String,
}

/// What the server tells of it.
#[derive(Debug, Deserialize)]
struct Policy {
    name: String,
    policy: String,
}

impl Endpoint for ReadPolicy {
    type Output = Policy;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "sys/policies/acl/{name}";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        draft.path_param("name", &self.name)
    }

    fn decode(reply: ApiResponse<'_>) -> Result<Policy, ResponseError> {
        reply.data()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (target, _server) = server::target()?;
    let client = Client::with_default_transport(target);
    let read = |name: &str| ReadPolicy { name: name.to_owned() };

    // It is called as the crate's own are.
    let policy = client.call(&read("default")).await?;
    println!("The policy {} has {} lines", policy.name, policy.policy.lines().count());

    // So is it if there may be no such policy, ...
    let absent = client.call(&Maybe(read("own-endpoint/no such policy"))).await?;
    println!("Another is absent: {}", absent.is_none());

    // ... if someone else is to have the answer, who fetches it with a token that works once, ...
    let wrap = Wrap::new(read("default"), Duration::from_secs(60));
    let wrapped = client.call(&wrap).await?.wrapped().ok_or("there was nothing to wrap")?;
    println!("The answer of {} is kept for {:?}", wrapped.creation_path, wrapped.ttl);
    let unwrap = UnwrapResponse::<ReadPolicy>::new(wrapped.token);
    println!("Unwrapped, it is the policy {}", client.call(&unwrap).await?.name);

    // ... and if it goes wrong: the error names the operation.
    let error = client.call(&unwrap).await.unwrap_err();
    println!("A second time: {error:#}");
    Ok(())
}
