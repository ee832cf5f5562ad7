//! The default transport of `vault-identity`, on hyper, rustls and tower: [`HyperTransport`].
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
//! [Running in production] explains how the defaults suit a service, and which settings to choose.
//!
//! [Running in production]: https://docs.rs/vault-identity/latest/vault_identity/production/
//!
//! # The stack
//!
//! A call passes through these layers, from the outermost to the innermost:
//!
//! | layer | purpose | default | [setting](HyperTransportBuilder) |
//! |---|---|---|---|
//! | [tracing](HyperTransport#tracing) | one span for each call, with the number of retries | on | |
//! | limits | maximum concurrency, and a [`RateLimit`] | unlimited | `concurrency_limit`, `rate_limit` |
//! | [retries](RetryPolicy) | retries of idempotent calls, with exponential backoff, jitter and a retry budget; the total timeout | 60 s in all; 15 s for the response headers; backoff of 50 ms to 2 s | `retry_policy`, `timeout`, `attempt_timeout` |
//! | token | the token of a [`TokenSource`]: fixed, from a file, or from a login that is renewed | none | `token_source` |
//! | [consistency](ReadYourWrites) | read-your-writes: retries of stale reads | stale standbys forward to the leader | `consistency` |
//! | nodes | failover, leader or round-robin reads ([`ReadPreference`]), redirects ([`RedirectPolicy`]) | one address; the leader; redirects between configured nodes | `addresses`, `read_preference`, `redirect_policy` |
//! | hook | changes to each attempt | none | `map_request` |
//! | connection pool | HTTP/1.1 and HTTP/2 keep-alive; closes the connection of an abandoned attempt | 90 s idle timeout, 5 min lifetime, 64 MiB response, 100 headers | `idle_timeout`, `connection_lifetime`, `response_limit`, `header_limit` |
//! | [`Connector`] | TCP or a Unix socket, a [`Proxy`], [`Tls`] with mTLS | 5 s, no proxy, the trust store of the operating system | `connect_timeout`, `proxy`, `tls` |
//!
//! # Customization
//!
//! * To modify each attempt, for example to add a header, use
//!   [`map_request`](HyperTransportBuilder::map_request).
//! * To put tower layers around the whole stack, convert the transport with [`TransportService`], and the
//!   service with [`ServiceTransport`].
//! * To put the stack around another HTTP client, or to add layers inside it, use [`VaultLayer`].
//! * To call from blocking code, use [`BlockingAdapter`].
//!
//! TLS uses the [`CryptoProvider`](rustls::crypto::CryptoProvider) of the process if one is installed,
//! otherwise that of the feature `ring` (on by default) or `aws-lc-rs`.
//!
//! [Compatibility] lists the third-party types in the public API.
//!
//! [Compatibility]: https://docs.rs/vault-identity/latest/vault_identity/compatibility/

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
mod layer;
mod limit;
mod map_request;
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
mod stack;
mod tls;
mod token;
mod transport;
mod tunnel;

pub use {hyper_util, rustls};

pub use blocking::BlockingAdapter;
pub use collect::{Collect, CollectLayer};
pub use connect::Connector;
pub use connection::Connection;
pub use consistency::ReadYourWrites;
pub use layer::{Vault, VaultLayer};
pub use limit::RateLimit;
pub use nodes::ReadPreference;
pub use proxy::Proxy;
pub use redirect::RedirectPolicy;
pub use retry::RetryPolicy;
pub use service::{ServiceTransport, TransportService};
pub use tls::{Tls, TlsError};
pub use token::{LoginResponse, LoginTokenSource, Token, TokenError, TokenFile, TokenSource};
pub use transport::{HyperTransport, HyperTransportBuilder};
