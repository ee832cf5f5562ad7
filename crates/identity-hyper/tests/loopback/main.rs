//! The transport against scripted servers in the same process.

mod abandoned;
mod blocking;
mod connections;
mod exchange;
mod faults;
mod http2;
mod life;
mod limits;
mod login;
mod permanent;
mod proxy;
mod schemes;
mod service;
mod support;
mod tls;
mod tls_client;
mod tls_server;
mod tls_settings;
mod token;
mod traces;
mod turns;
#[cfg(unix)]
mod unix;
