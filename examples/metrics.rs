//! Metrics: a transport around the default one that counts and times calls with the `metrics` crate.
//!
//! `cargo run --example metrics` starts a temporary OpenBao server. If `VAULT_ADDR` and `VAULT_TOKEN` are
//! set, it uses that server instead.

use std::error::Error;
use std::time::Instant;

use metrics::histogram;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use vault_identity::bytes::Bytes;
use vault_identity::endpoint::Operation;
use vault_identity::entity::CreateEntity;
use vault_identity::http::{Request, Response};
use vault_identity::transport::{HyperTransport, TransportError, async_trait};
use vault_identity::{Client, Transport};

mod server;

/// Records the duration of each call in a histogram, by operation and outcome.
struct Metered<T>(T);

#[async_trait]
impl<T: Transport> Transport for Metered<T> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        // Unlike the URL, the operation contains no identifiers, which keeps the number of metrics small.
        let operation = Operation::from_request(&request);
        let start = Instant::now();
        let result = self.0.send(request).await;
        let outcome = match &result {
            Ok(response) => response.status().as_str().to_owned(),
            Err(error) => format!("{:?}", error.kind()),
        };
        histogram!(
            "vault_call_seconds",
            "operation" => operation.map_or_else(|| "other".to_owned(), |operation| operation.to_string()),
            "outcome" => outcome,
        )
        .record(start.elapsed());
        result
    }

    fn inner(&self) -> Option<&dyn Transport> {
        Some(&self.0)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A real program installs an exporter here, such as `metrics-exporter-prometheus`.
    let recorder = DebuggingRecorder::new();
    let metrics = recorder.snapshotter();
    recorder.install()?;

    let (target, _server) = server::target()?;
    let client = Client::new(target, Metered(HyperTransport::new()));

    let name = format!("metrics-{}", std::process::id());
    let created = client.entities().create(&CreateEntity::named(name)).await?;
    let entity = created.created().ok_or("the entity already exists")?;
    for _ in 0..3 {
        client.entities().read(&entity.id).await?;
    }
    client.entities().delete(&entity.id).await?;
    client.entities().find(&entity.id).await?;

    for (key, _, _, value) in metrics.snapshot().into_vec() {
        let labels: Vec<&str> = key.key().labels().map(metrics::Label::value).collect();
        if let DebugValue::Histogram(seconds) = value {
            let slowest = seconds.iter().copied().max().unwrap_or_default();
            println!("{}: {} calls, slowest {slowest:.4} s", labels.join(": "), seconds.len());
        }
    }
    Ok(())
}
