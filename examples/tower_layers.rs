//! Tower layers around the default transport: a limit, a timeout, and a log of your own.
//!
//! `cargo run --example tower_layers` starts an OpenBao server of its own; with `VAULT_ADDR` and
//! `VAULT_TOKEN` set it uses that one.

use std::error::Error;
use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tower::{Service, ServiceBuilder};
use vault_identity::bytes::Bytes;
use vault_identity::http::{Request, Response};
use vault_identity::transport::{HyperTransport, ServiceTransport, TransportService};
use vault_identity::{Client, endpoint::Operation, entity::CreateEntity};

mod server;

/// Prints each call as it ends.
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
        // Unlike the URL, the operation has no identifiers in it, and is the same for all requests of a kind.
        let operation = Operation::from_request(&request);
        let start = Instant::now();
        let answer = self.0.call(request);
        Box::pin(async move {
            let answer = answer.await;
            let call = operation.map_or_else(String::new, |operation| operation.to_string());
            let outcome = match &answer {
                Ok(response) => response.status().to_string(),
                Err(error) => error.to_string(),
            };
            println!("  {call}: {outcome} in {:?}", start.elapsed());
            answer
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (target, _server) = server::target()?;

    // From the outside in. The timeout begins when a request has its turn.
    let service = ServiceBuilder::new()
        .layer_fn(Log)
        .concurrency_limit(2)
        .timeout(Duration::from_secs(10))
        .service(TransportService::new(HyperTransport::new()));
    let client = Client::new(target, ServiceTransport::new(service));

    let name = format!("tower-layers-{}", std::process::id());
    println!("Creating an entity and reading it:");
    let created = client.entities().create(&CreateEntity::named(name)).await?;
    let entity = created.created().ok_or("the entity was there already")?;
    client.entities().read(&entity.id).await?;

    println!("Listing at the same time, never more than two at once:");
    tokio::try_join!(client.entities().list(), client.groups().list(), client.oidc().keys().list())?;

    println!("Deleting the entity and looking for it:");
    client.entities().delete(&entity.id).await?;
    let found = client.entities().find(&entity.id).await?;
    println!("Found {found:?}");
    Ok(())
}
