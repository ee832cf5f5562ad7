//! Tower layers around the default transport: a concurrency limit, a timeout, and a custom log.
//!
//! `cargo run --example tower_layers` starts a temporary OpenBao server. If `VAULT_ADDR` and `VAULT_TOKEN`
//! are set, it uses that server instead.

use std::error::Error;
use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tower::{Service, ServiceBuilder};
use vault_identity::Client;
use vault_identity::bytes::Bytes;
use vault_identity::endpoint::Operation;
use vault_identity::entity::CreateEntity;
use vault_identity::http::{Request, Response};
use vault_identity::transport::{HyperTransport, ServiceTransport, TransportService};

mod server;

/// Prints each call when it ends.
#[derive(Clone)]
struct Log<S>(S);

impl<S> Service<Request<Bytes>> for Log<S>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error: Display, Future: Send + 'static>,
{
    type Response = Response<Bytes>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        // Unlike the URL, the operation contains no identifiers.
        let operation = Operation::from_request(&request);
        let start = Instant::now();
        let response = self.0.call(request);
        Box::pin(async move {
            let result = response.await;
            let call = operation.map_or_else(String::new, |operation| operation.to_string());
            let outcome = match &result {
                Ok(response) => response.status().to_string(),
                Err(error) => error.to_string(),
            };
            println!("  {call}: {outcome} in {:?}", start.elapsed());
            result
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (target, _server) = server::target()?;

    // From the outside in: the timeout starts when the concurrency limit lets a request through.
    let service = ServiceBuilder::new()
        .layer_fn(Log)
        .concurrency_limit(2)
        .timeout(Duration::from_secs(10))
        .service(TransportService::new(HyperTransport::new()));
    let client = Client::new(target, ServiceTransport::new(service));

    let name = format!("tower-layers-{}", std::process::id());
    println!("Creating an entity and reading it:");
    let created = client.entities().create(&CreateEntity::named(name)).await?;
    let entity = created.created().ok_or("the entity already exists")?;
    client.entities().read(&entity.id).await?;

    println!("Listing concurrently, two calls at a time:");
    tokio::try_join!(client.entities().list(), client.groups().list(), client.oidc().keys().list())?;

    println!("Deleting the entity and reading it:");
    client.entities().delete(&entity.id).await?;
    let found = client.entities().find(&entity.id).await?;
    println!("Found {found:?}");
    Ok(())
}
