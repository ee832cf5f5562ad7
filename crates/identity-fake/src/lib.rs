//! `FakeVault`, an in-memory server that behaves like `OpenBao` 2.7, for tests of code that uses the identity
//! secrets engine of HashiCorp Vault or `OpenBao`.
//!
//! | | |
//! |---|---|
//! | [`FakeVault`] | The server as a transport of [`identity_core`], blocking or async, and as a tower service. |
//! | `fake-vault` (feature `server`) | A binary that serves a `FakeVault` over HTTP. |
//! | `contract` (feature `contract`) | Scenarios that `FakeVault` and real servers both pass. |
//!
//! The examples import from `identity_core`. With `vault_identity`, the same paths start with that name.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings), allow(dead_code))))]
#![allow(
    clippy::unnecessary_wraps,
    reason = "all handlers have the same signature, including those that cannot fail"
)]

mod acl;
mod alias;
mod alias_write;
mod auth;
mod capabilities;
mod cidr;
#[cfg(feature = "contract")]
pub mod contract;
mod control;
mod duration;
mod entity;
mod fault;
mod glob;
mod group;
mod group_alias;
mod headers;
mod help;
mod input;
mod journal;
mod kv;
mod limits;
mod lookup;
mod merge;
mod mfa;
mod mounts;
mod namespaces;
mod oidc;
mod permission;
mod policies;
mod random;
mod request;
mod response;
mod route;
mod router;
mod serve;
mod state;
mod store;
mod sys;
mod tokens;
mod vault;
mod wrapping;

pub use fault::Fault;
pub use vault::FakeVault;
