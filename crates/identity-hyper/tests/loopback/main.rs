//! The transport against servers of this process, which behave as each test scripts them.

mod blocking;
mod connections;
mod exchange;
mod faults;
mod http2;
mod life;
mod limits;
mod service;
mod support;
mod tls;
mod traces;
mod turns;
