//! Identity tokens: JWTs that the server signs for entities.

mod config;
mod key;
mod role;
mod token;

pub use config::{OidcConfig, ReadOidcConfig, WriteOidcConfig};
pub use key::{
    DeleteOidcKey, ListOidcKeys, OidcKey, ReadOidcKey, RotateOidcKey, SigningAlgorithm, WriteOidcKey,
};
pub use role::{DeleteOidcRole, ListOidcRoles, OidcRole, ReadOidcRole, WriteOidcRole};
pub use token::{
    Discovery, GenerateIdToken, IdToken, IntrospectIdToken, Introspection, Jwk, Jwks, ReadDiscovery, ReadJwks,
};
