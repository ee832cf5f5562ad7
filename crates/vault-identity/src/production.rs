#![doc = include_str!("../docs/production.md")]
//!
//! # All settings
//!
//! [`HyperTransportBuilder`](crate::hyper::HyperTransportBuilder) · [`Tls`](crate::hyper::Tls) ·
//! [`Proxy`](crate::hyper::Proxy) · [`TokenSource`](crate::hyper::TokenSource) · [`RetryPolicy`](crate::hyper::RetryPolicy) ·
//! [`Consistency`](crate::hyper::Consistency) · [`ReadPreference`](crate::hyper::ReadPreference) ·
//! [`RedirectPolicy`](crate::hyper::RedirectPolicy) · [`RateLimit`](crate::hyper::RateLimit) ·
//! [`Client::from_env`](crate::Client::from_env) · [`Error`](crate::Error) · [`TraceLayer`](crate::hyper::TraceLayer)
