//! The default transport of `vault-identity`: [`HyperTransport`], on hyper, rustls and tower.
//!
//! ```no_run
//! use identity_core::{Endpoint, Target, Transport, entity::ReadEntityByName};
//! use identity_hyper::HyperTransport;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let transport = HyperTransport::new();
//! let target = Target::new("https://vault.example.com:8200")?.with_token("s.example")?;
//! let response = transport.send(ReadEntityByName::new("alice").request(&target)?).await?;
//! let alice = ReadEntityByName::parse_response(&response)?;
//! println!("{alice:?}");
//! # Ok(())
//! # }
//! ```
//!
//! What its defaults mean for a program that has to stay up, and what is left to decide, is in [Running in
//! production].
//!
//! [Running in production]: https://docs.rs/vault-identity/latest/vault_identity/production/
//!
//! # The stack
//!
//! A call goes through these parts, from the outside to the inside:
//!
//! | part | what it does | default | [setting](HyperTransportBuilder) |
//! |---|---|---|---|
//! | [`TraceLayer`] | tells [`tracing`](https://docs.rs/tracing) of each call | whoever listens | |
//! | [`ConcurrencyLimit`], [`RateLimit`] | let calls wait for their turn | none | `concurrency_limit`, `rate_limit` |
//! | [`RetryLayer`] with [`RetryPolicy`] | repeats what may be repeated, and ends a call, reading the answer included | 60 s; 15 s until an answer begins; 50 ms to 2 s apart | `retry_policy`, `timeout`, `attempt_timeout` |
//! | [`TokenLayer`] | adds the token of a [`TokenSource`]: a fixed one, a file's, a log-in's | none | `token_source` |
//! | [`Consistency`] | lets calls see what was written before them | the leader answers if a standby cannot | `consistency` |
//! | nodes | choose the node of a cluster ([`ReadPreference`]), and follow [`RedirectPolicy`] | one address; the leader; redirects between the addresses | `addresses`, `read_preference`, `redirect_policy` |
//! | pool | HTTP/1.1 and HTTP/2 over pooled connections; aborts that of an attempt which is given up | closed after 90 s unused, and after 5 min; 100 headers | `idle_timeout`, `connection_lifetime`, `header_limit` |
//! | [`CollectLayer`] | collects the response, up to a limit | 64 MiB, error responses 1 MiB | `response_limit` |
//! | [`Connector`] | TCP or a Unix socket, a [`Proxy`], [`Tls`] | 5 s, no proxy, verified as the operating system does it | `connect_timeout`, `proxy`, `tls` |
//!
//! Each with a name of its own is a tower layer or service as well. Nodes and the pool are had with [`HyperTransport`] only.
//!
//! # To change one thing
//!
//! Mostly it is enough to put something around the whole. [`TransportService`] makes a service of a transport, to put layers around it, and
//! [`ServiceTransport`] makes a [`Transport`](identity_core::Transport) of any such service, and tells its errors apart.
//!
//! What has to come in between, such as a header that is made anew for each attempt, needs a stack of the parts:
//!
//! ```
//! use std::time::Duration;
//!
//! use http::{HeaderValue, Request};
//! use http_body_util::Full;
//! use hyper_util::client::legacy::Client;
//! use hyper_util::rt::{TokioExecutor, TokioTimer};
//! use identity_core::bytes::Bytes;
//! use identity_hyper::{
//!     CollectLayer, Connector, Consistency, TraceLayer, Proxy, RetryLayer, ServiceTransport, Tls, TokenFile,
//!     TokenLayer,
//! };
//! use tower::ServiceBuilder;
//!
//! let connector = Connector::new(Duration::from_secs(5), Tls::new(), &Proxy::none());
//! let pool: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new())
//!     .pool_timer(TokioTimer::new())
//!     .timer(TokioTimer::new())
//!     .http2_keep_alive_interval(Duration::from_secs(5))
//!     .build(connector);
//! let service = ServiceBuilder::new()
//!     .layer(TraceLayer::new())
//!     .layer(RetryLayer::default())
//!     .layer(TokenLayer::new(TokenFile::new("/run/agent/token")))
//!     .layer(Consistency::new())
//!     // The one thing.
//!     .map_request(|mut request: Request<Bytes>| {
//!         request.headers_mut().insert("x-attempt", HeaderValue::from(fastrand::u64(..)));
//!         request
//!     })
//!     .layer(CollectLayer::new(64 * 1024 * 1024))
//!     .service(pool);
//! let transport = ServiceTransport::new(service);
//! println!("{transport:?}");
//! ```
//!
//! It differs from [`HyperTransport`] in this:
//!
//! * A client does not see the token source of a [`TokenLayer`]: give it a
//!   [`Target::with_transport_token`](identity_core::Target::with_transport_token).
//! * [`RetryLayer`]'s time for an attempt includes reading the answer: a service reports only the whole.
//! * The limits know nothing of its deadline: put a layer with a timeout around them.
//! * Each layer has a future in a box of its own.
//!
//! # Beside the stack
//!
//! [`BlockingAdapter`] serves those who block the thread. [`Exchange`] is what the layers are made of.
//!
//! The cryptography of TLS is that of the process's [`CryptoProvider`](rustls::crypto::CryptoProvider), if it has
//! installed one; else that of the feature `ring`, which is on by default, or of `aws-lc-rs`.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings), allow(dead_code))))]

mod address;
mod background;
mod blocking;
mod budget;
mod classify;
mod collect;
mod connect;
mod connection;
mod consistency;
mod dial;
mod events;
mod exchange;
mod headers;
mod idle_gap;
mod limit;
mod nodes;
mod observe;
mod pool;
#[cfg(test)]
mod properties;
mod proxy;
mod redirect;
mod request;
mod response;
mod retry;
#[cfg(test)]
mod script;
mod service;
mod socket;
mod tls;
mod token;
mod transport;
mod tunnel;

pub use rustls;

pub use blocking::BlockingAdapter;
pub use collect::{Collect, CollectLayer};
pub use connect::Connector;
pub use connection::Connection;
pub use consistency::{Consistency, Consistent};
pub use exchange::{Call, Exchange, Layered};
pub use limit::{ConcurrencyLimit, Limit, RateLimit};
pub use nodes::ReadPreference;
pub use observe::{Trace, TraceLayer};
pub use proxy::Proxy;
pub use redirect::RedirectPolicy;
pub use retry::{Retry, RetryLayer, RetryPolicy};
pub use service::{ServiceTransport, TransportService};
pub use tls::{Tls, TlsError};
pub use token::{
    AddToken, LoginResponse, LoginTokenSource, Token, TokenError, TokenFile, TokenLayer, TokenSource,
};
pub use transport::{HyperTransport, HyperTransportBuilder};
