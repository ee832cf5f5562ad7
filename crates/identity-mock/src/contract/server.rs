//! The server that a scenario plays on.

use bytes::Bytes;
use http::{Request, Response};
use identity_core::{
    Endpoint, EntityId, Error, GroupId, MountAccessor, Target, Transport, WithMeta,
    endpoint::Operation,
    entity::{CreateEntity, DeleteEntityById, ListEntities, ListEntityNames},
    error::ApiError,
    group::{CreateGroup, DeleteGroupById, ListGroups},
};
use serde_json::Value;

use super::endpoint::{DeleteNamespace, DisableAuth, EnableAuth, ListAuth, ReadAuth};

/// A server, and the namespace that the scenario has of it.
pub(super) struct Server<'a> {
    transport: &'a dyn Transport,
    pub(super) target: Target,
    pub(super) namespace: String,
}

impl<'a> Server<'a> {
    pub(super) fn new(transport: &'a dyn Transport, target: Target, namespace: String) -> Self {
        Self { transport, target, namespace }
    }

    /// The same with another target.
    pub(super) fn at(&self, target: Target) -> Server<'a> {
        Server { transport: self.transport, target, namespace: self.namespace.clone() }
    }

    pub(super) async fn call<E: Endpoint + Sync>(&self, endpoint: &E) -> Result<E::Output, Error> {
        let request = endpoint.request(&self.target)?;
        let operation = Operation::from_request(&request).unwrap_or(Operation::for_endpoint::<E>());
        let response = self.transport.send(request).await;
        E::parse_response_for(operation, &response.map_err(|error| Error::new(operation, error))?)
    }

    /// Calls, and expects it to succeed.
    pub(super) async fn ok<E: Endpoint + Sync>(&self, endpoint: &E) -> E::Output {
        self.call(endpoint).await.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Where auth methods are mounted, but for the one of tokens, which is everywhere.
    async fn mounts(&self) -> Vec<String> {
        let mounts = self.ok(&ListAuth {}).await;
        let paths = mounts.as_object().into_iter().flat_map(|mounts| mounts.keys());
        paths.filter(|path| *path != "token/").map(|path| path.trim_end_matches('/').to_owned()).collect()
    }

    /// Makes sure that there is nothing that a scenario could spoil.
    pub(super) async fn expect_nothing(&self) {
        let is_empty = self.ok(&ListEntities::new()).await.is_empty()
            && self.ok(&ListGroups::new()).await.is_empty()
            && self.mounts().await.is_empty();
        assert!(
            is_empty,
            "a scenario is played in place only where there are no entities, groups and auth mounts"
        );
    }

    /// Deletes all entities, groups and auth mounts, and with them their aliases.
    pub(super) async fn clear_all(&self) {
        for group in self.ok(&ListGroups::new()).await.keys {
            self.ok(&DeleteGroupById::new(group)).await;
        }
        for entity in self.ok(&ListEntities::new()).await.keys {
            self.ok(&DeleteEntityById::new(entity)).await;
        }
        for path in self.mounts().await {
            self.ok(&DisableAuth { path }).await;
        }
    }

    /// Deletes a namespace. A real server takes a while over those below it.
    pub(super) async fn clear(&self, delete: &DeleteNamespace) {
        for _ in 0..1000 {
            match self.call(delete).await {
                Err(error)
                    if error
                        .api()
                        .is_some_and(|api| api.errors().iter().any(|error| error.contains("child"))) => {}
                outcome => {
                    outcome.unwrap_or_else(|error| panic!("{error:#}"));
                    return;
                }
            }
        }
        panic!("the namespace cannot be deleted: there is one below it");
    }

    /// Calls, and expects to be refused with these words.
    pub(super) async fn refused<E: Endpoint + Sync>(
        &self,
        endpoint: &E,
        status: u16,
        words: &str,
    ) -> ApiError {
        let error =
            self.call(endpoint).await.err().unwrap_or_else(|| panic!("not refused, but should be: {words}"));
        let api = error.api().unwrap_or_else(|| panic!("{error:#}"));
        assert_eq!((api.status().as_u16(), api.errors()), (status, &[words.to_owned()][..]), "{error}");
        api.clone()
    }

    /// Calls, and expects that there is no such thing.
    pub(super) async fn absent<E: Endpoint + Sync>(&self, endpoint: &E) {
        let error = self.call(endpoint).await.err().unwrap_or_else(|| panic!("{} should be absent", E::PATH));
        assert!(error.is_not_found(), "{error:#}");
    }

    /// Calls, and returns what the answer warns of.
    pub(super) async fn warnings<E: Endpoint + Sync + Clone>(&self, endpoint: &E) -> Vec<String> {
        self.ok(&WithMeta(endpoint.clone())).await.1.warnings
    }

    /// Sends a request that no endpoint makes.
    pub(super) async fn send(&self, method: &str, path: &str, body: &str) -> Response<Bytes> {
        let mut request: Request<Bytes> =
            ListEntityNames::new().request(&self.target).unwrap_or_else(|error| panic!("{error:#}"));
        *request.method_mut() = method.parse().expect("a verb");
        let address = request.uri().to_string();
        let address = address.trim_end_matches("identity/entity/name");
        *request.uri_mut() = format!("{address}{path}").parse().expect("a path");
        *request.body_mut() = body.to_owned().into();
        self.transport.send(request).await.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Sends a request that no endpoint makes, and expects status and words.
    pub(super) async fn answers(
        &self,
        (method, path, body): (&str, &str, &str),
        status: u16,
        words: &[&str],
    ) {
        let response = self.send(method, path, body).await;
        let errors = json(&response)["errors"].clone();
        assert_eq!(
            (response.status().as_u16(), errors),
            (status, words.iter().copied().collect::<Value>()),
            "{method} {path} {body}"
        );
    }

    /// Mounts userpass, and returns the accessor.
    pub(super) async fn mount(&self, path: &str) -> MountAccessor {
        self.ok(&EnableAuth { path: path.to_owned(), kind: "userpass".to_owned() }).await;
        let mount = self.ok(&ReadAuth { path: path.to_owned() }).await;
        mount["accessor"].as_str().expect("a mount has an accessor").into()
    }

    pub(super) async fn entity(&self, name: &str) -> EntityId {
        self.ok(&CreateEntity::named(name)).await.created().expect("the entity is new").id
    }

    pub(super) async fn group(&self, create: CreateGroup) -> GroupId {
        self.ok(&create).await.created().expect("the group is new").id
    }
}

/// A body as JSON, `null` if it is none.
pub(super) fn json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}
