#![doc = include_str!("../docs/production.md")]
//!
//! # All settings
//!
//! [`HyperTransportBuilder`](crate::transport::HyperTransportBuilder) · [`Tls`](crate::transport::Tls) ·
//! [`Proxy`](crate::transport::Proxy) · [`TokenSource`](crate::transport::TokenSource) · [`RetryPolicy`](crate::transport::RetryPolicy) ·
//! [`Consistency`](crate::transport::Consistency) · [`ReadPreference`](crate::transport::ReadPreference) ·
//! [`RedirectPolicy`](crate::transport::RedirectPolicy) · [`RateLimit`](crate::transport::RateLimit) ·
//! [`Client::from_env`](crate::Client::from_env) · [`Error`](crate::Error) · [`TraceLayer`](crate::transport::TraceLayer)
