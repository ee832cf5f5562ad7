//! Shared setup.

use identity_core::bytes::Bytes;
use identity_core::{
    BlockingTransport, Endpoint, EntityId, Error, SecretString, Target, Upsert, entity::CreateEntity,
    oidc::WriteOidcKey,
};
use identity_fake::FakeVault;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, TokenData, Validation, decode, decode_header};
use serde_json::Value;

pub(crate) struct Server {
    pub(crate) vault: FakeVault,
    target: Target,
}

impl Server {
    pub(crate) fn new() -> Self {
        let vault = FakeVault::new();
        vault.allow("members", ["identity/*"]);
        let target = vault.target();
        Self { vault, target }
    }

    /// Returns the same server with another token.
    pub(crate) fn with_token(&self, token: &SecretString) -> Self {
        let target = self.target.clone().with_token(token.clone()).unwrap();
        Self { vault: self.vault.clone(), target }
    }

    pub(crate) fn send<E: Endpoint>(&self, endpoint: &E) -> Result<E::Output, Error> {
        let request = endpoint.request(&self.target)?;
        E::parse_response(&BlockingTransport::send(&self.vault, request).unwrap())
    }

    /// Sends a request without an endpoint.
    pub(crate) fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
        let mut request = http::Request::builder().method(method).uri(format!("/v1/identity/oidc/{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::from(body.to_owned())).unwrap();
        let response = BlockingTransport::send(&self.vault, request).unwrap();
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
    }

    /// Creates an entity that may use the engine. Returns it with a server that uses its token.
    pub(crate) fn entity(&self, create: &CreateEntity) -> (EntityId, Self) {
        let Upsert::Created(created) = self.send(&create.clone().policies(["members"])).unwrap() else {
            panic!("it was there")
        };
        let token = self.vault.token_for(&created.id);
        (created.id, self.with_token(&token))
    }

    pub(crate) fn key(&self, name: &str, algorithm: &str) {
        self.send(&WriteOidcKey::new(name).algorithm(algorithm).allowed_client_ids(["*"])).unwrap();
    }
}

/// Verifies a token with a JOSE library. Returns its claims if one of the keys has signed it.
pub(crate) fn verified(
    token: &str,
    keys: &identity_core::oidc::Jwks,
    audience: &str,
) -> Option<TokenData<Value>> {
    let keys: JwkSet = serde_json::from_value(serde_json::to_value(keys).unwrap()).unwrap();
    let header = decode_header(token).unwrap();
    let key = keys.find(&header.kid.unwrap())?;
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&[audience]);
    decode(token, &DecodingKey::from_jwk(key).unwrap(), &validation).ok()
}
