//! Compares the cost of a call with that of a bare hyper client which decodes the same response into the same
//! type. The cost is the number of instructions by valgrind's callgrind: the difference between 1200 and 200
//! calls.
//!
//! `cargo run --release -p identity-tests --bin call-cost`

use std::convert::Infallible;
use std::error::Error;
use std::process::Command;
use std::sync::mpsc;
use std::{env, fs, thread};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::Deserialize;
use tokio::net::TcpListener;
use vault_identity::Client;
use vault_identity::entity::Entity;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const RECORDING: &str = include_str!("../../fixtures/recordings/entity/read-by-id-with-aliases.json");
/// `X-Vault-Index`, which a node of a cluster sends with every response.
const INDEX: &str =
    "eyJjbHVzdGVyIjoiOTRkZWRhMzgtNGFiYi00NGVlLWE4NzYtNmUxYjJjYmU3NmU1IiwidmFsdWUiOiIxODA5NiJ9";
const ID: &str = "829de498-b0ee-4597-6900-6c3cb0849ee9";

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare", address, calls] => block_on(bare(address, calls.parse()?)),
        ["client", address, calls] => block_on(client(address, calls.parse()?)),
        [] => compare(),
        // To profile one side manually.
        ["serve"] => {
            println!("{}", serve(Some(INDEX))?);
            loop {
                thread::park();
            }
        }
        _ => Err("usage: call-cost".into()),
    }
}

fn compare() -> Result<()> {
    for (server, index) in [("a single server", None), ("a node of a cluster", Some(INDEX))] {
        let address = serve(index)?;
        let bare = instructions("bare", &address)?;
        let client = instructions("client", &address)?;
        #[expect(clippy::cast_precision_loss, reason = "the figures are small")]
        let ratio = client as f64 / bare as f64;
        println!(
            "{server}: instructions per call: bare hyper {bare}, vault-identity {client}, ratio {ratio:.4}"
        );
    }
    Ok(())
}

/// Returns the instructions per call of one side, measured in a child process.
fn instructions(side: &str, address: &str) -> Result<u64> {
    let count = |calls: u64| -> Result<u64> {
        let out = tempfile::NamedTempFile::new()?;
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", &format!("--callgrind-out-file={}", out.path().display())])
            .arg(env::current_exe()?)
            .args([side, address, &calls.to_string()])
            .output()
            .map_err(|error| format!("valgrind cannot be run: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let profile = fs::read_to_string(out.path())?;
        let total =
            profile.lines().rev().find_map(|line| line.strip_prefix("totals: ")).ok_or("no totals")?;
        Ok(total.trim().parse()?)
    };
    Ok((count(1200)? - count(200)?) / 1000)
}

fn block_on(future: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

#[derive(Deserialize)]
struct Envelope {
    data: Entity,
}

async fn bare(address: &str, calls: u64) -> Result<()> {
    let client: HyperClient<_, Full<Bytes>> = HyperClient::builder(TokioExecutor::new()).build_http();
    for _ in 0..calls {
        let request = hyper::Request::get(format!("{address}/v1/identity/entity/id/{ID}"))
            .header("x-vault-request", "true")
            .header("x-vault-token", "root")
            .body(Full::default())?;
        let response = client.request(request).await?;
        let body = response.into_body().collect().await?.to_bytes();
        let entity: Envelope = serde_json::from_slice(&body)?;
        assert_eq!(entity.data.id.as_str(), ID);
    }
    Ok(())
}

async fn client(address: &str, calls: u64) -> Result<()> {
    let client = Client::with_address(address, "root")?;
    for _ in 0..calls {
        let entity = client.entities().read(ID).await?;
        assert_eq!(entity.id.as_str(), ID);
    }
    Ok(())
}

/// Starts a server that responds with the recorded entity, and returns its address.
fn serve(index: Option<&'static str>) -> Result<String> {
    let recording: serde_json::Value = serde_json::from_str(RECORDING)?;
    let body = Bytes::from(serde_json::to_vec(&recording["response"]["body"])?);
    let (ready, address) = mpsc::channel();
    thread::spawn(move || {
        block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            ready.send(listener.local_addr()?)?;
            loop {
                let (stream, _) = listener.accept().await?;
                let body = body.clone();
                tokio::spawn(async move {
                    let service = service_fn(|_| {
                        let mut response = hyper::Response::builder()
                            .header("cache-control", "no-store")
                            .header("content-type", "application/json")
                            .header("strict-transport-security", "max-age=31536000; includeSubDomains");
                        if let Some(index) = index {
                            response = response.header("x-vault-index", index);
                        }
                        let response = response.body(Full::new(body.clone()));
                        async { Ok::<_, Infallible>(response.unwrap_or_default()) }
                    });
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        })
        .map_err(|error| error.to_string())
    });
    Ok(format!("http://{}", address.recv()?))
}
