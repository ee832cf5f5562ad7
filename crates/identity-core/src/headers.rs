use http::header::HeaderName;

pub(crate) const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
pub(crate) const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
pub(crate) const REQUEST: HeaderName = HeaderName::from_static("x-vault-request");
