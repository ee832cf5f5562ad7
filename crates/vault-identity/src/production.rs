#![doc = include_str!("../docs/production.md")]
//!
//! # All settings
//!
//! [`HyperTransportBuilder`](crate::transport::HyperTransportBuilder) · [`Tls`](crate::transport::Tls) ·
//! [`Proxy`](crate::transport::Proxy) · [`TokenSource`](crate::transport::TokenSource) ·
//! [`RetryPolicy`](crate::transport::RetryPolicy) ·
//! [`ReadYourWrites`](crate::transport::ReadYourWrites) ·
//! [`ReadPreference`](crate::transport::ReadPreference) ·
//! [`RedirectPolicy`](crate::transport::RedirectPolicy) · [`RateLimit`](crate::transport::RateLimit) ·
//! [`Client::from_env`](crate::Client::from_env) · [`Error`](crate::Error) ·
//! [tracing](crate::transport::HyperTransport#tracing)
