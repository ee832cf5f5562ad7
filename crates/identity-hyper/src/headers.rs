//! Headers of Vault that several layers read or set.

use http::HeaderName;

pub(crate) const INDEX: HeaderName = HeaderName::from_static("x-vault-index");
pub(crate) const INCONSISTENT: HeaderName = HeaderName::from_static("x-vault-inconsistent");
pub(crate) const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");

/// Makes a standby redirect to the leader instead of forwarding the request.
pub(crate) const NO_FORWARDING: HeaderName = HeaderName::from_static("x-vault-no-request-forwarding");
