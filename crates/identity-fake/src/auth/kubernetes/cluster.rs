//! The Kubernetes cluster behind the server, which makes tokens of service accounts and reviews them.

use std::sync::OnceLock;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::signed_token::SignedToken;
use crate::oidc::{Algorithm, Pair, sha256};

/// The issuer of the tokens, and their audience.
const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// In seconds.
const LIFETIME: i64 = 60 * 60;

#[derive(Default)]
pub(crate) struct Cluster(OnceLock<Pair>);

impl Cluster {
    fn pair(&self) -> &Pair {
        self.0.get_or_init(|| Pair::new("cluster".to_owned(), Algorithm::Es256))
    }

    /// Returns a token like those that Kubernetes projects into pods.
    pub(crate) fn token(&self, namespace: &str, service_account: &str, now: Timestamp) -> String {
        let now = now.as_second();
        self.pair().token(&json!({
            "aud": [ISSUER],
            "exp": now.saturating_add(LIFETIME),
            "iat": now,
            "iss": ISSUER,
            "kubernetes.io": {
                "namespace": namespace,
                "serviceaccount": { "name": service_account, "uid": uid(namespace, service_account) },
            },
            "nbf": now,
            "sub": format!("system:serviceaccount:{namespace}:{service_account}"),
        }))
    }

    /// Returns `true` if the cluster has made the token.
    pub(super) fn knows(&self, token: &SignedToken) -> bool {
        token.algorithm == "ES256" && self.pair().has_signed(&token.message, &token.signature)
    }
}

/// Derives the identifier of a service account.
fn uid(namespace: &str, service_account: &str) -> Value {
    let hash = data_encoding::HEXLOWER.encode(&sha256(&format!("{namespace}/{service_account}")));
    let part = |from, to| hash.get(from..to).unwrap_or_default();
    json!(format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)))
}
