//! The configuration of a mount: `config`.

use serde_json::{Map, Value, json};

use super::super::public_key::PublicKey;
use crate::input::{Fields, Kind, Schema};
use crate::request::ParsedRequest;
use crate::response::{ErrorResponse, bad_request};

pub(super) const FIELDS: Schema = &[
    ("kubernetes_host", Kind::Text),
    ("kubernetes_ca_cert", Kind::Text),
    ("token_reviewer_jwt", Kind::Text),
    ("pem_keys", Kind::List),
    ("issuer", Kind::Text),
    ("disable_iss_validation", Kind::Flag),
    ("disable_local_ca_jwt", Kind::Flag),
];

pub(super) struct Config {
    host: String,
    ca: String,
    pub(super) has_reviewer: bool,
    pems: Vec<String>,
    /// The keys that verify tokens. If there are none, the cluster reviews tokens.
    pub(super) keys: Vec<PublicKey>,
    pub(super) issuer: String,
    pub(super) ignores_issuer: bool,
    ignores_pod: bool,
}

impl Config {
    pub(super) fn new(parsed: ParsedRequest) -> Result<Self, ErrorResponse> {
        let fields = Fields::new(parsed.data, FIELDS)?;
        let pems = fields.list("pem_keys").unwrap_or_default();
        let host = fields.text("kubernetes_host");
        if host.is_empty() {
            return Err(bad_request("no host provided"));
        }
        let ca = fields.text("kubernetes_ca_cert");
        let ignores_pod = fields.flag("disable_local_ca_jwt").unwrap_or_default();
        if ignores_pod && ca.is_empty() {
            let problem = "kubernetes_ca_cert must be given when disable_local_ca_jwt is true";
            return Err(bad_request(problem));
        }
        let keys = pems.iter().map(|pem| PublicKey::from_pem(pem)).collect::<Result<_, _>>();
        Ok(Self {
            host,
            ca,
            has_reviewer: !fields.text("token_reviewer_jwt").is_empty(),
            keys: keys.map_err(bad_request)?,
            pems,
            issuer: fields.text("issuer"),
            ignores_issuer: fields.flag("disable_iss_validation").unwrap_or(true),
            ignores_pod,
        })
    }

    pub(super) fn to_json(&self) -> Map<String, Value> {
        let config = json!({
            "kubernetes_host": self.host,
            "kubernetes_ca_cert": self.ca,
            "pem_keys": self.pems,
            "issuer": self.issuer,
            "disable_iss_validation": self.ignores_issuer,
            "disable_local_ca_jwt": self.ignores_pod,
            "token_reviewer_jwt_set": self.has_reviewer,
        });
        config.as_object().cloned().unwrap_or_default()
    }
}
