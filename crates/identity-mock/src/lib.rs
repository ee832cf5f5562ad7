//! Test doubles for code that uses the identity secrets engine of HashiCorp Vault or `OpenBao` through
//! [`identity_core`].
//!
//! | | |
//! |---|---|
//! | [`MockTransport`] | Expects calls and returns prepared responses. Built on [`mockall`]. |
//! | `FakeVault` (feature `fake`) | An in-memory server that behaves like `OpenBao` 2.7. The crate `identity_fake` defines it. |
//!
//! The examples import from `identity_core`. With `vault_identity`, the same paths start with that name.
//!
//! Use `MockTransport` to check which calls the code makes and how it handles a given response. Use
//! `FakeVault` to check what the code achieves, for example that an entity exists afterwards.
//!
//! ```
//! use identity_core::{
//!     Endpoint, EntityId, Error, Maybe, Target, Transport, Upsert,
//!     endpoint::Operation,
//!     entity::{CreateEntity, CreatedEntity, ReadEntityByName},
//! };
//! use identity_mock::MockTransport;
//!
//! // 1. The code under test. It works with any transport.
//! struct Directory<T> {
//!     transport: T,
//!     target: Target,
//! }
//!
//! impl<T: Transport> Directory<T> {
//!     /// Returns the identifier of the entity, which is created if it does not exist.
//!     async fn enrol(&self, name: &str) -> Result<EntityId, Error> {
//!         if let Some(entity) = self.call(&Maybe(ReadEntityByName::new(name))).await? {
//!             return Ok(entity.id);
//!         }
//!         match self.call(&CreateEntity::named(name).policies(["dev"])).await? {
//!             Upsert::Created(created) => Ok(created.id),
//!             Upsert::Updated => Ok(self.call(&ReadEntityByName::new(name)).await?.id),
//!         }
//!     }
//!
//!     async fn call<E: Endpoint + Sync>(&self, endpoint: &E) -> Result<E::Output, Error> {
//!         let request = endpoint.request(&self.target)?;
//!         let operation = Operation::from_request(&request).unwrap_or(Operation::for_endpoint::<E>());
//!         let response = self.transport.send(request).await;
//!         E::parse_response_for(operation, &response.map_err(|error| Error::new(operation, error))?)
//!     }
//! }
//!
//! // 2. The test.
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let alice = CreatedEntity::new("7fbd40c1", "alice");
//!
//! let mock = MockTransport::new();
//! mock.expect(&ReadEntityByName::new("alice")).not_found();
//! mock.expect_where::<CreateEntity>(|request| request.body["name"] == "alice")
//!     .respond_with(&Upsert::Created(alice));
//!
//! let directory = Directory { transport: mock, target: Target::new("http://vault.test")? };
//! assert_eq!(directory.enrol("alice").await?.as_str(), "7fbd40c1");
//! # Ok(())
//! # }
//! ```
//!
//! # Expecting calls
//!
//! | method | matches |
//! |---|---|
//! | [`expect`](MockTransport::expect) | the request of this endpoint value |
//! | [`expect_where`](MockTransport::expect_where) | requests of an endpoint type for which a predicate on the [`RecordedRequest`] returns `true` |
//! | [`expect_any`](MockTransport::expect_any) | all requests of an endpoint type |
//!
//! Each call is expected exactly once, in any order. [`times`](Expectation::times) and
//! [`in_sequence`](Expectation::in_sequence) change that. If several expectations match a call, the first
//! that accepts another call handles it.
//!
//! # Responding
//!
//! | method | response |
//! |---|---|
//! | [`respond_with`](Expectation::respond_with) | the output of the endpoint, as a typed value |
//! | [`not_found`](Expectation::not_found) | 404: the object does not exist |
//! | [`error`](Expectation::error), [`api_error`](Expectation::api_error) | an error of the server |
//! | [`transport_error`](Expectation::transport_error) | none: the transport fails |
//! | [`respond_with_raw`](Expectation::respond_with_raw) | any HTTP response |
//!
//! # Failing tests
//!
//! An unexpected call panics where it is made. The message contains the call and its differences from the
//! expected calls:
//!
//! ```should_panic
//! use identity_core::{BlockingTransport, Endpoint, Target, Upsert, entity::CreateEntity};
//! use identity_mock::MockTransport;
//!
//! let target = Target::new("http://vault.test").unwrap();
//! let mock = MockTransport::new();
//! mock.expect(&CreateEntity::named("alice")).respond_with(&Upsert::Updated);
//! let request = CreateEntity::named("bob").request(&target).unwrap();
//! BlockingTransport::send(&mock, request).unwrap();
//! // MockTransport: unexpected call POST identity/entity with body {"name":"bob"}
//! // It differs from the expected calls:
//! //   POST identity/entity with body {"name":"alice"}, expected at tests/enrol.rs:9:6
//! //     body.name: expected "alice", got "bob"
//! ```
//!
//! A missing call panics when the last clone of the mock is dropped. So does a call whose panic did not reach
//! the test because it happened on another thread. [`checkpoint`](MockTransport::checkpoint) verifies both
//! immediately.
//!
//! Messages redact tokens and the secret fields of the API, such as `token` and `client_secret`.
//!
//! [Compatibility] lists the third-party types in the public API.
//!
//! [Compatibility]: https://docs.rs/vault-identity/latest/vault_identity/compatibility/

#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings), allow(dead_code))))]

mod counter;
mod difference;
mod expectation;
mod expectations;
mod failure;
mod matcher;
mod mock;

pub use identity_core::test_request::RecordedRequest;
#[cfg(feature = "fake")]
pub use identity_fake::{FakeVault, Fault};
pub use mockall::{Sequence, TimesRange};

pub use expectation::Expectation;
pub use mock::MockTransport;
