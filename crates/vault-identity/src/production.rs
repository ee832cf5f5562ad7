#![doc = include_str!("../docs/production.md")]
//!
//! # All settings
//!
//! [`HyperTransportBuilder`](crate::hyper::HyperTransportBuilder) · [`Tls`](crate::hyper::Tls) ·
//! [`Proxy`](crate::hyper::Proxy) · [`TokenSource`](crate::hyper::TokenSource) · [`Retry`](crate::hyper::Retry) ·
//! [`Consistency`](crate::hyper::Consistency) · [`Reads`](crate::hyper::Reads) ·
//! [`Redirects`](crate::hyper::Redirects) · [`RateLimit`](crate::hyper::RateLimit) ·
//! [`Client::from_env`](crate::Client::from_env) · [`Error`](crate::Error) · [`Observe`](crate::hyper::Observe)
