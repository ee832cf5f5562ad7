//! Test doubles for code that talks to the identity engine of HashiCorp Vault or `OpenBao` through
//! [`identity_core`].
//!
//! [`MockTransport`] takes the place of the connection: the test says which calls it expects and how each is
//! answered, in the types of the endpoints. It is built on [`mockall`], and whatever was expected but did not come,
//! or came but was not expected, fails the test.
//!
//! With the feature `fake` there is also `FakeVault`, a server in memory that behaves as the real one: the test says
//! what is there, and looks at what became of it. With `server` a binary serves it on a loopback address, and with
//! `contract` come the scenarios that it and the real server both pass.
//!
//! ```
//! use identity_core::{Endpoint, EntityId, Error, Maybe, Target, Transport, Upsert, endpoint::Operation, entity::{CreateEntity, CreatedEntity, ReadEntityByName}};
//! use identity_mock::MockTransport;
//!
//! // 1. The code under test. It takes whatever carries its requests.
//! struct Directory<T> {
//!     transport: T,
//!     target: Target,
//! }
//!
//! impl<T: Transport> Directory<T> {
//!     /// The identifier of the entity of this name, which is created if need be.
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
//! mock.expect_where::<CreateEntity>(|call| call.body["name"] == "alice").answer(&Upsert::Created(alice));
//!
//! let directory = Directory { transport: mock, target: Target::new("http://vault.test")? };
//! assert_eq!(directory.enrol("alice").await?.as_str(), "7fbd40c1");
//! # Ok(())
//! # }
//! ```
//!
//! # Which calls
//!
//! * [`expect`](MockTransport::expect): the request that this endpoint value makes, and no other.
//! * [`on`](MockTransport::expect_where): the requests of an endpoint for which a predicate on the [`Call`] holds.
//! * [`any`](MockTransport::expect_any): all requests of an endpoint.
//!
//! Each is expected once, unless [`times`](Expectation::times) says otherwise, and in any order, unless
//! [`in_sequence`](Expectation::in_sequence) does. Where several expectations fit a call, the first that allows
//! another call takes it.
//!
//! # Which answers
//!
//! * [`answer`](Expectation::answer): what the endpoint returns, as a typed value.
//! * [`absent`](Expectation::not_found): there is no such object.
//! * [`refuse`](Expectation::error), [`api_error`](Expectation::api_error): the server refuses.
//! * [`fail`](Expectation::transport_error): no answer comes.
//! * [`respond`](Expectation::respond): a response as it is, for everything else.
//!
//! # How a test fails
//!
//! A call that is not expected panics where it is made, with the call and how it differs from what was expected:
//!
//! ```should_panic
//! use identity_core::{BlockingTransport, Endpoint, Target, Upsert, entity::CreateEntity};
//! use identity_mock::MockTransport;
//! let target = Target::new("http://vault.test").unwrap();
//! let mock = MockTransport::new();
//! mock.expect(&CreateEntity::named("alice")).answer(&Upsert::Updated);
//! let request = CreateEntity::named("bob").request(&target).unwrap();
//! BlockingTransport::send(&mock, request).unwrap();
//! // MockTransport: unexpected call POST identity/entity with body {"name":"bob"}
//! // It differs from what is expected:
//! //   POST identity/entity with body {"name":"alice"}, expected at tests/enrol.rs:9:6
//! //     body.name: expected "alice", came "bob"
//! ```
//!
//! What was expected but did not come panics when the mock is dropped, as does a call whose own panic did not reach
//! the test, because it was on another thread. [`checkpoint`](MockTransport::checkpoint) does the same at once.
//!
//! Messages do not show tokens, nor the fields that are secret in the API, such as `token` and `client_secret`.

#![doc(test(attr(deny(warnings), allow(dead_code))))]

mod call;
#[cfg(feature = "contract")]
pub mod contract;
mod difference;
mod double;
mod expectation;
mod failure;
#[cfg(feature = "fake")]
pub mod fake;
mod mask;
mod matcher;
mod mock;

pub use mockall::Sequence;

pub use call::Call;
pub use expectation::Expectation;
#[cfg(feature = "fake")]
pub use fake::{FakeVault, Fault, RecordedRequest};
pub use mock::MockTransport;
