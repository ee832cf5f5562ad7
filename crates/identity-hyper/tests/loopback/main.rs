//! The transport against scripted servers in the same process.

mod abandoned;
mod blocking;
mod call_limits;
mod connections;
mod exchange;
mod faults;
mod http2;
mod life;
mod login;
mod permanent;
mod proxy;
mod response_limits;
mod schemes;
mod service;
mod support;
mod tls;
mod tls_client;
mod tls_server;
mod tls_settings;
mod token;
mod traces;
#[cfg(unix)]
mod unix;
