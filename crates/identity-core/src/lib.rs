//! Requests and answers of the identity engine of HashiCorp Vault and `OpenBao`, as plain values without I/O.
//!
//! Each operation is a struct that implements [`Endpoint`]: it writes an [`http::Request`] and reads an
//! [`http::Response`]. Whatever can carry the one there and the other back will do.
//!
//! ```
//! use identity_core::{Endpoint, Target, Upsert, entity::CreateEntity};
//!
//! // 1. A request to send, with whatever HTTP stack there is.
//! let target = Target::new("http://127.0.0.1:8200")?.with_token("s.example")?;
//! let request = CreateEntity::named("alice").policies(["dev"]).request(&target)?;
//! assert_eq!(request.method(), "POST");
//! assert_eq!(request.uri().path(), "/v1/identity/entity");
//! assert_eq!(request.body(), r#"{"name":"alice","policies":["dev"]}"#);
//!
//! // 2. The answer that came back: 200 if the entity is new, 204 if it was there.
//! let new = http::Response::new(r#"{"data":{"id":"7fbd40c1","name":"alice","aliases":null}}"#);
//! let Upsert::Created(entity) = CreateEntity::parse_response(&new)? else { panic!("it was there") };
//! assert_eq!(entity.id.as_str(), "7fbd40c1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What to find where
//!
//! | module | operations and types |
//! |---|---|
//! | [`entity`], [`group`], [`alias`] | entities, groups, and their names at auth mounts |
//! | [`lookup`] | entities and groups, found by name, identifier or alias |
//! | [`oidc`] | identity tokens and the OpenID provider |
//! | [`mfa`] | MFA methods and login enforcements |
//! | [`wrapping`] | response wrapping: [`Wrap`] |
//! | [`endpoint`] | the [`Endpoint`] trait, [all operations](endpoint::ENDPOINTS), and how to [write your own](Endpoint) |
//! | [`transport`] | the [`Transport`] trait, and what a transport reports |
//! | [`error`](mod@error) | [`Error`], and the errors of each stage |
//! | [`test_response`] | responses for test doubles |
//! | [`prelude`] | all of these, for a glob import |
//!
//! [`Maybe`] returns `None` for an object that does not exist, [`WithMeta`] returns the server's warnings.
//!
//! # Habits
//!
//! * A field that is never set is not sent, and the server leaves it alone. An empty list or map is sent, and
//!   clears.
//! * In an answer, `null` and an absent field are the same, and so is `{}` for an alias that is not there;
//!   fields and words that this crate does not know are no error.
//! * Secrets are [`SecretString`]s: not in `Debug`, not `Serialize`, wiped when dropped. [`ExposeSecret`]
//!   gives them out. The body of an [`http::Request`] is wiped as well, but its `Debug` shows it: do not log
//!   whole requests.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings), allow(dead_code))))]

pub mod alias;
mod check;
mod combinator;
mod de;
pub mod endpoint;
pub mod entity;
pub mod error;
pub mod group;
pub mod id;
mod key_list;
pub mod legacy;
pub mod lookup;
mod macros;
mod metadata;
pub mod mfa;
pub mod oidc;
mod path;
pub mod prelude;
mod room;
mod secret;
mod ser;
mod subject;
mod target;
pub mod test_response;
mod text;
pub mod transport;
mod upsert;
pub mod wrapping;

pub use bytes;
pub use http;
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
