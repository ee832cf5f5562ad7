//! The server under test.

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

/// A server and the namespace of the scenario.
pub(super) struct Server<'a> {
    transport: &'a dyn Transport,
    pub(super) target: Target,
    pub(super) namespace: String,
}

impl<'a> Server<'a> {
    pub(super) fn new(transport: &'a dyn Transport, target: Target, namespace: String) -> Self {
        Self { transport, target, namespace }
    }

    /// Returns the same server with another target.
    pub(super) fn at(&self, target: Target) -> Server<'a> {
        Server { transport: self.transport, target, namespace: self.namespace.clone() }
    }

    pub(super) async fn call<E: Endpoint + Sync>(&self, endpoint: &E) -> Result<E::Output, Error> {
        let request = endpoint.request(&self.target)?;
        let operation = Operation::from_request(&request).unwrap_or(Operation::for_endpoint::<E>());
        let response = self.transport.send(request).await;
        E::parse_response_for(operation, &response.map_err(|error| Error::new(operation, error))?)
    }

    /// Calls an endpoint and expects success.
    pub(super) async fn ok<E: Endpoint + Sync>(&self, endpoint: &E) -> E::Output {
        self.call(endpoint).await.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Returns the paths of all auth mounts except `token`, which always exists.
    async fn mounts(&self) -> Vec<String> {
        let mounts = self.ok(&ListAuth {}).await;
        let paths = mounts.as_object().into_iter().flat_map(|mounts| mounts.keys());
        paths.filter(|path| *path != "token/").map(|path| path.trim_end_matches('/').to_owned()).collect()
    }

    /// Fails if there is data that the scenario could overwrite.
    pub(super) async fn assert_empty(&self) {
        let is_empty = self.ok(&ListEntities::new()).await.is_empty()
            && self.ok(&ListGroups::new()).await.is_empty()
            && self.mounts().await.is_empty();
        assert!(is_empty, "the scenario needs a server without entities, groups and auth mounts");
    }

    /// Deletes all entities, groups and auth mounts, and with them the aliases.
    pub(super) async fn delete_all(&self) {
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

    /// Deletes a namespace. Retries while the server still deletes the namespaces below it.
    pub(super) async fn delete_namespace(&self, delete: &DeleteNamespace) {
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
        panic!("the namespace cannot be deleted: it has child namespaces");
    }

    /// Calls an endpoint and expects an API error with this message.
    pub(super) async fn error<E: Endpoint + Sync>(
        &self,
        endpoint: &E,
        status: u16,
        message: &str,
    ) -> ApiError {
        let error = self.call(endpoint).await.err().unwrap_or_else(|| panic!("expected an error: {message}"));
        let api = error.api().unwrap_or_else(|| panic!("{error:#}"));
        assert_eq!((api.status().as_u16(), api.errors()), (status, &[message.to_owned()][..]), "{error}");
        api.clone()
    }

    /// Calls an endpoint and expects that the object does not exist.
    pub(super) async fn not_found<E: Endpoint + Sync>(&self, endpoint: &E) {
        let error =
            self.call(endpoint).await.err().unwrap_or_else(|| panic!("{} should not be found", E::PATH));
        assert!(error.is_not_found(), "{error:#}");
    }

    /// Calls an endpoint and returns the warnings of the response.
    pub(super) async fn warnings<E: Endpoint + Sync + Clone>(&self, endpoint: &E) -> Vec<String> {
        self.ok(&WithMeta(endpoint.clone())).await.1.warnings
    }

    /// Sends a request without an endpoint.
    pub(super) async fn send(&self, method: &str, path: &str, body: &str) -> Response<Bytes> {
        self.send_with(method, path, &[], body.to_owned()).await
    }

    /// Sends a request without an endpoint, with headers.
    pub(super) async fn send_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
        body: impl Into<Bytes>,
    ) -> Response<Bytes> {
        let mut request: Request<Bytes> =
            ListEntityNames::new().request(&self.target).unwrap_or_else(|error| panic!("{error:#}"));
        *request.method_mut() = method.parse().expect("a verb");
        let address = request.uri().to_string();
        let address = address.trim_end_matches("identity/entity/name");
        *request.uri_mut() = format!("{address}{path}").parse().expect("a path");
        *request.body_mut() = body.into();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a value of a header"));
        }
        self.transport.send(request).await.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// Sends a request without an endpoint and expects this status and these messages.
    pub(super) async fn raw_error(
        &self,
        (method, path, body): (&str, &str, &str),
        status: u16,
        messages: &[&str],
    ) {
        let response = self.send(method, path, body).await;
        let errors = json(&response)["errors"].clone();
        assert_eq!(
            (response.status().as_u16(), errors),
            (status, messages.iter().copied().collect::<Value>()),
            "{method} {path} {body}"
        );
    }

    /// Mounts `userpass` and returns its accessor.
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

/// Parses a body as JSON. Returns `Null` if it is invalid.
pub(super) fn json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}
