// The first definition of a link takes precedence: here it points to the module, elsewhere to docs.rs.
#![doc = "[compatibility]: compatibility\n[endpoints]: identity_core::endpoint::ENDPOINTS\n"]
#![cfg_attr(feature = "hyper", doc = "[production]: production\n")]
#![doc = ""]
#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! | module | content |
//! |---|---|
//! | [`handles`] | the types that [`Client::entities`], [`Client::groups`] and so on return, with a method for each operation |
//! | [`blocking`] | the same for [`BlockingClient`] |
//! | [`entity`], [`group`], [`alias`] | entities, groups, and their names at auth mounts |
//! | [`mount`] | auth mounts, and the accessors that aliases need |
//! | [`policy`] | ACL policies |
//! | [`lookup`] | lookup of entities and groups by name, identifier or alias |
//! | [`oidc`] | identity tokens, the OpenID provider, and [`Pkce`](oidc::Pkce) |
//! | [`mfa`] | MFA methods and login enforcements |
//! | [`key_list`] | [`KeyList`], the result of a list, and its iterators |
//! | [`wrapping`] | response wrapping: [`Wrap`] |
//! | [`env`](mod@env) | a [`Target`] and a transport from environment variables |
//! | [`transport`] | the default transport and its settings, and the [`Transport`] trait for your own |
//! | [`error`](mod@error) | [`Error`], and the errors of each stage |
//! | [`endpoint`] | the [`Endpoint`] trait, [all operations](endpoint::ENDPOINTS), and how to [write your own](Endpoint) |
//! | [`legacy`] | operations that the server keeps for old clients |
//! | [`test_response`] | responses for test doubles |
//! | [`compatibility`] | the third-party types in the public API, and the versioning policy |
//! | [`prelude`] | the clients and every operation with its types, for a glob import |
#![cfg_attr(
    feature = "hyper",
    doc = "| [`production`] | running in production: the defaults, and the decisions left to you |"
)]
//!
//! Some items come from the crates `identity_core` and `identity_hyper`, which their examples import. Replace
//! these names with `vault_identity` and `vault_identity::transport`: the paths are the same.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings), allow(dead_code))))]

mod block_on;
pub mod blocking;
mod client;
pub mod compatibility;
pub mod env;
pub mod handles;
mod members;
pub mod oidc;
pub mod prelude;
#[cfg(feature = "hyper")]
pub mod production;
pub mod transport;
mod upsert;

pub use blocking::BlockingClient;
pub use client::Client;
pub use identity_core::{
    BlockingTransport, ClientId, Endpoint, EntityAliasId, EntityId, Error, ExposeSecret, GroupAliasId,
    GroupId, KeyList, Maybe, MfaMethodId, MountAccessor, SecretSlice, SecretString, Target, Transport,
    Upsert, WithMeta, Wrap,
};
pub use identity_core::{
    alias, bytes, endpoint, entity, error, group, http, id, jiff, key_list, legacy, lookup, mfa, mount,
    policy, secrecy, serde_json, test_response, wrapping,
};

/// A `Result` whose error defaults to [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
