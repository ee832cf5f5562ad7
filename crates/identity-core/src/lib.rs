//! Typed requests and responses for the identity secrets engine of HashiCorp Vault and OpenBao, without I/O.
//!
//! Each operation is a struct that implements [`Endpoint`]: it encodes an [`http::Request`] and decodes an
//! [`http::Response`]. Any HTTP stack can send them. The crate `vault-identity` is a client on top, with a
//! transport that has a connection pool, retries with backoff and jitter, failover and read-your-writes
//! consistency.
//!
//! ```
//! use identity_core::{Endpoint, Target, Upsert, entity::CreateEntity};
//!
//! // 1. Encode a request.
//! let target = Target::new("http://127.0.0.1:8200")?.with_token("s.example")?;
//! let request = CreateEntity::named("alice").policies(["dev"]).request(&target)?;
//! assert_eq!(request.method(), "POST");
//! assert_eq!(request.uri().path(), "/v1/identity/entity");
//! assert_eq!(request.body(), r#"{"name":"alice","policies":["dev"]}"#);
//!
//! // 2. Send it with any HTTP stack.
//! let response = http::Response::new(r#"{"data":{"id":"7fbd40c1","name":"alice","aliases":null}}"#);
//!
//! // 3. Decode the response: 200 if the entity is new, 204 if it existed.
//! match CreateEntity::parse_response(&response)? {
//!     Upsert::Created(entity) => assert_eq!(entity.id.as_str(), "7fbd40c1"),
//!     Upsert::Updated => println!("alice existed"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules
//!
//! | module | operations and types |
//! |---|---|
//! | [`entity`], [`group`], [`alias`] | entities, groups, and their names at auth mounts |
//! | [`lookup`] | lookup of entities and groups by name, identifier or alias |
//! | [`oidc`] | identity tokens and the OpenID provider |
//! | [`mfa`] | MFA methods and login enforcements |
//! | [`wrapping`] | response wrapping: [`Wrap`] |
//! | [`endpoint`] | the [`Endpoint`] trait, [all operations](endpoint::ENDPOINTS), and how to [write your own](Endpoint#an-endpoint-of-your-own) |
//! | [`transport`] | the [`Transport`] trait and its types |
//! | [`error`](mod@error) | [`Error`], and the error of each stage |
//! | [`test_response`] | responses for test doubles |
//! | [`id`] | identifiers that the server generates |
//! | [`key_list`] | [`KeyList`], the result of every list |
//! | [`duration`] | the text format of durations |
//! | [`legacy`] | operations that the server keeps for old clients |
//! | [`prelude`] | every operation with its types, for a glob import |
//!
//! [`Maybe`] returns `None` for an object that does not exist. [`WithMeta`] returns the server's warnings.
//!
//! # Conventions
//!
//! * A field that is not set is not sent, and the server keeps its value. An empty list or map is sent, and
//!   clears the value.
//! * In a response, `null`, an absent field, and `{}` for a missing alias are equal. Unknown fields are
//!   ignored, and unknown values of enums are kept as `Other`.
//! * Secrets are [`SecretString`]s: `Debug` redacts them, they are not `Serialize`, and they are zeroized
//!   when dropped. [`ExposeSecret`] returns the text. Request bodies are zeroized as well, but the `Debug` of
//!   an [`http::Request`] shows its body: do not log whole requests.
//!
//! # Compatibility
//!
//! Types of these crates are part of the public API. A new major version of one of them (a new minor version
//! for `0.x`) is a breaking change for the code in the second column. Use the re-exports to get matching
//! versions.
//!
//! | crate | breaks |
//! |---|---|
//! | [`http`], [`bytes`] | transports, and code that sends requests itself |
//! | [`async_trait`](transport::async_trait) | implementations of [`Transport`] |
//! | [`jiff`] 0.x | code that uses timestamps, such as [`Entity::creation_time`](entity::Entity::creation_time) |
//! | [`secrecy`] 0.x | code that reads secrets |
//! | [`serde`], [`serde_json`] | endpoints of your own, and code that uses claims and other JSON values |
//!
//! [The compatibility page](https://docs.rs/vault-identity/latest/vault_identity/compatibility/) of all five
//! crates has the details.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings), allow(dead_code))))]

pub mod alias;
mod check;
mod combinator;
mod de;
pub mod duration;
pub mod endpoint;
pub mod entity;
pub mod error;
pub mod group;
mod headers;
pub mod id;
pub mod key_list;
pub mod legacy;
pub mod lookup;
mod macros;
mod metadata;
pub mod mfa;
pub mod mount;
pub mod oidc;
mod path;
pub mod policy;
pub mod prelude;
mod room;
mod secret;
mod ser;
mod subject;
mod target;
pub mod test_request;
pub mod test_response;
mod text;
pub mod transport;
mod upsert;
mod wrap_info;
pub mod wrapping;

pub use bytes;
pub use http;
pub use jiff;
pub use secrecy;
pub use serde;
pub use serde_json;

pub use secrecy::{ExposeSecret, SecretSlice, SecretString};

pub use combinator::{Maybe, WithMeta};
pub use endpoint::Endpoint;
pub use error::Error;
pub use id::{ClientId, EntityAliasId, EntityId, GroupAliasId, GroupId, MfaMethodId, MountAccessor};
pub use key_list::KeyList;
pub use target::Target;
pub use transport::{BlockingTransport, Transport};
pub use upsert::Upsert;
pub use wrapping::Wrap;
