//! Serves a [`FakeVault`] on a loopback address, for programs in other languages and for experiments.
//!
//! `fake-vault [--listen 127.0.0.1:8200] [--root-token root] [--delay-ms 0]`
//!
//! `--delay-ms` delays each response.

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use identity_core::Transport;
use identity_fake::{FakeVault, Fault};
use tokio::net::TcpListener;

/// One byte above the limit of the server, so that `FakeVault` rejects a larger body itself.
const MAX_BODY_LEN: usize = 32 * 1024 * 1024 + 1;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut listen: SocketAddr = ([127, 0, 0, 1], 8200).into();
    let mut root_token = "root".to_owned();
    let mut delay = Duration::ZERO;
    let mut args = env::args().skip(1);
    while let Some(option) = args.next() {
        let value = args.next().ok_or_else(|| format!("{option} needs a value"))?;
        match option.as_str() {
            "--listen" => listen = value.parse()?,
            "--root-token" => root_token = value,
            "--delay-ms" => delay = Duration::from_millis(value.parse()?),
            _ => return Err(format!("unknown option {option}").into()),
        }
    }
    if !listen.ip().is_loopback() {
        return Err("FakeVault has no security and listens on loopback addresses only".into());
    }

    let listener = TcpListener::bind(listen).await?;
    let address = format!("http://{}", listener.local_addr()?);
    println!("FakeVault listens on {address}");
    let vault = FakeVault::new().with_root_token(root_token).with_address(address);
    if !delay.is_zero() {
        vault.fail_times(usize::MAX, Fault::Delay(delay));
    }
    loop {
        let (stream, _) = listener.accept().await?;
        let vault = vault.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| respond(&vault, request));
            // A client may disconnect at any time.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(vault: &FakeVault, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    // Keeps the memory bounded: this server does not expose its recorded requests.
    vault.clear_requests();
    let response = match Limited::new(body, MAX_BODY_LEN).collect().await {
        Ok(body) => Transport::send(vault, Request::from_parts(head, body.to_bytes())).await.ok(),
        Err(_) => None,
    };
    Ok(response.map_or_else(too_large, |response| response.map(Full::new)))
}

fn too_large() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(r#"{"errors":["http: request body too large"]}"#));
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response
}
