//! The headers of requests.

use http::header::HeaderName;

pub(super) const INDEX: HeaderName = HeaderName::from_static("x-vault-index");
pub(super) const MFA: HeaderName = HeaderName::from_static("x-vault-mfa");
pub(super) const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
pub(super) const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
pub(super) const WRAP_TTL: HeaderName = HeaderName::from_static("x-vault-wrap-ttl");
