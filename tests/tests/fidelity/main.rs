//! Compares the responses of `FakeVault` with those of a real server.

mod differential;
mod mapping;
mod operations;
mod raw;
mod recordings;
mod replay;
mod source;
mod status;
