//! The default transport of `vault-identity`: [`HyperTransport`], on hyper, rustls and tower.
//!
//! ```no_run
//! use identity_core::{Endpoint, ReadEntityByName, Target, Transport};
//! use identity_hyper::HyperTransport;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let transport = HyperTransport::new();
//! let target = Target::new("https://vault.example.com:8200")?.with_token("s.example")?;
//! let response = transport.send(ReadEntityByName::new("alice").request(&target)?).await?;
//! let alice = ReadEntityByName::response(&response)?;
//! # let _ = alice;
//! # Ok(())
//! # }
//! ```
//!
//! What it is made of can be used alone, as tower services and layers:
//!
//! | part | what it does | default |
//! |---|---|---|
//! | [`Connector`] | TCP or a Unix socket, a [`Proxy`], [`Tls`] | 5 s, no proxy, verified as the operating system does it |
//! | [`hyper_util::client::legacy::Client`] | HTTP/1.1 and HTTP/2 over pooled connections | closed after 90 s unused |
//! | [`TokenLayer`] | adds the token of a [`TokenSource`]: a fixed one, a file's, a log-in's | none |
//! | [`CollectLayer`] | collects the answer, up to a limit | 256 MiB |
//! | [`Retry`] | repeats what may be repeated, and ends a call, reading the answer included | 60 s |
//! | [`Consistency`] | lets calls see what was written before them | the leader answers if a standby cannot |
//! | [`RateLimit`], [`ConcurrencyLimit`] | let calls wait for their turn | none |
//! | [`Observe`] | tells [`tracing`](https://docs.rs/tracing) of each call | whoever listens |
//!
//! [`ServiceTransport`] makes a [`Transport`](identity_core::Transport) of any such service, and tells its
//! errors apart. [`TransportService`] goes the other way and makes a service of a transport, to put more
//! layers around it. [`Blocking`] serves those who block the thread.
//!
//! The cryptography of TLS is that of the process's [`CryptoProvider`](rustls::crypto::CryptoProvider), if it has
//! installed one; else that of the feature `ring`, which is on by default, or of `aws-lc-rs`.

mod blocking;
mod budget;
mod classify;
mod collect;
mod connect;
mod consistency;
mod exchange;
mod limit;
mod nodes;
mod observe;
mod pause;
mod pool;
#[cfg(test)]
mod properties;
mod proxy;
mod redirect;
mod retry;
mod service;
mod stream;
mod tls;
mod token;
mod transport;
mod tunnel;

pub use rustls;

pub use blocking::Blocking;
pub use collect::{Collect, CollectLayer};
pub use connect::Connector;
pub use consistency::{Consistency, Consistent, Mark};
pub use exchange::{Call, Exchange, Layered};
pub use limit::{ConcurrencyLimit, Limited, RateLimit};
pub use nodes::{NodeHealth, NodeState, Reads};
pub use observe::{Observe, Observed};
pub use proxy::Proxy;
pub use redirect::Redirects;
pub use retry::{Retry, Retrying};
pub use service::{ServiceTransport, TransportService};
pub use stream::Stream;
pub use tls::{Tls, TlsError};
pub use token::{LogIn, LoggedIn, Token, TokenError, TokenFile, TokenLayer, TokenSource, WithToken};
pub use transport::{HyperTransport, HyperTransportBuilder};
