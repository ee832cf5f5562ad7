//! Tokens and their owners. [`permission`](super::permission) evaluates what they allow.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, HeaderMap};
use jiff::{SignedDuration, Timestamp};

use super::auth::GroupAliases;
use super::input::Pairs;
use super::request::text;

#[derive(Clone)]
pub(super) struct Token {
    /// The namespace of the token. The token is also valid below it.
    pub(super) namespace: String,
    pub(super) entity: Option<String>,
    pub(super) lease: Lease,
    /// The scope of an access token of an OIDC provider.
    pub(super) access: Option<Access>,
}

/// The only request that an access token of an OIDC provider allows.
#[derive(Clone)]
pub(super) struct Access {
    /// The path of the provider's `userinfo`.
    pub(super) path: String,
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
}

/// The caller of a request, as handlers see it.
#[derive(Default)]
pub(super) struct Caller {
    pub(super) entity: Option<String>,
    /// When the token was created.
    pub(super) since: Timestamp,
    pub(super) access: Option<Access>,
    /// Whether the token was sent as `Authorization: Bearer`.
    pub(super) is_bearer: bool,
    /// Name and password of `Authorization: Basic`.
    pub(super) basic: Option<(String, String)>,
}

impl Caller {
    pub(super) fn unauthenticated(headers: &HeaderMap) -> Self {
        Self { basic: basic(headers), ..Self::default() }
    }
}

/// The properties of a token, as lookups show them.
#[derive(Clone)]
pub(super) struct Lease {
    pub(super) accessor: String,
    pub(super) policies: Vec<String>,
    pub(super) meta: Option<Pairs>,
    pub(super) created: Timestamp,
    /// In seconds. 0 means no expiry.
    pub(super) ttl: u64,
    /// The seconds between the creation and the last renewal.
    pub(super) renewed: u64,
    pub(super) explicit_max_ttl: u64,
    /// The remaining uses. `None` means unlimited.
    pub(super) uses: Option<u64>,
    pub(super) display_name: String,
    /// The path of the request that created it.
    pub(super) path: String,
    pub(super) renewable: bool,
    pub(super) orphan: bool,
    pub(super) is_batch: bool,
    /// The external groups that the login reported.
    pub(super) groups: GroupAliases,
}

impl Lease {
    /// Creates the lease of a token that no request created.
    pub(super) fn new(policy: &str, accessor: String, created: Timestamp) -> Self {
        Self {
            accessor,
            policies: vec![policy.to_owned()],
            meta: None,
            created,
            ttl: 0,
            renewed: 0,
            explicit_max_ttl: 0,
            uses: None,
            display_name: "token".to_owned(),
            path: "auth/token/create".to_owned(),
            renewable: false,
            orphan: true,
            is_batch: false,
            groups: GroupAliases::default(),
        }
    }

    pub(super) fn expires(&self) -> Timestamp {
        let seconds = i64::try_from(self.renewed.saturating_add(self.ttl)).unwrap_or(i64::MAX);
        self.created.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
    }
}

pub(super) struct Tokens {
    root: String,
    all: BTreeMap<String, Token>,
}

impl Tokens {
    /// Creates the store with the root token `root`.
    pub(super) fn new(accessor: String, now: Timestamp) -> Self {
        let root = "root".to_owned();
        let lease = Lease::new("root", accessor, now);
        let token = Token { namespace: String::new(), entity: None, lease, access: None };
        Self { root: root.clone(), all: BTreeMap::from([(root, token)]) }
    }

    pub(super) fn root(&self) -> &str {
        &self.root
    }

    pub(super) fn set_root(&mut self, token: String) {
        if let Some(root) = self.all.remove(&self.root) {
            self.all.insert(token.clone(), root);
        }
        self.root = token;
    }

    pub(super) fn add(&mut self, token: String, rights: Token) {
        self.all.insert(token, rights);
    }

    pub(super) fn find(&self, token: &str) -> Option<&Token> {
        self.all.get(token)
    }

    pub(super) fn find_mut(&mut self, token: &str) -> Option<&mut Token> {
        self.all.get_mut(token)
    }

    /// Revokes a token. Does nothing for the root token.
    pub(super) fn revoke(&mut self, token: &str) {
        if token != self.root {
            self.all.remove(token);
        }
    }

    pub(super) fn with_accessor(&self, accessor: &str) -> Option<(&String, &Token)> {
        self.all.iter().find(|(_, token)| !accessor.is_empty() && token.lease.accessor == accessor)
    }

    /// Returns the accessors of the tokens of a namespace. Batch tokens have none.
    pub(super) fn accessors(&self, namespace: &str) -> Vec<&str> {
        let all = self.all.values().filter(|token| token.namespace == namespace);
        all.map(|token| &*token.lease.accessor).filter(|accessor| !accessor.is_empty()).collect()
    }

    /// Removes a token that is used up or expired.
    pub(super) fn expire(&mut self, token: &str, now: Timestamp) {
        let lease = self.all.get(token).map(|token| &token.lease);
        if lease.is_some_and(|lease| lease.uses == Some(0) || (lease.ttl > 0 && lease.expires() <= now)) {
            self.all.remove(token);
        }
    }

    pub(super) fn use_up(&mut self, token: &str) {
        if let Some(uses) = self.all.get_mut(token).and_then(|token| token.lease.uses.as_mut()) {
            *uses = uses.saturating_sub(1);
        }
    }
}

/// Returns the token of a request, `""` if it has none.
pub(super) fn from_headers(headers: &HeaderMap) -> &str {
    match text(headers, "x-vault-token") {
        "" => {
            let values = headers.get_all(AUTHORIZATION).iter().filter_map(|value| value.to_str().ok());
            let token = values.filter_map(|value| value.strip_prefix("Bearer ")).next();
            token.unwrap_or_default().trim()
        }
        token => token,
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = text(headers, AUTHORIZATION.as_str()).split_once(' ')?;
    let decoded = BASE64_STANDARD.decode(encoded).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}
