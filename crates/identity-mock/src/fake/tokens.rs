//! Tokens, and who has them. What they allow is a matter of [`permission`](super::permission).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, HeaderMap};
use jiff::{SignedDuration, Timestamp};

use super::request::text;
use super::store::Pairs;

#[derive(Clone)]
pub(super) struct Token {
    /// The namespace that it is good for, with all below it.
    pub(super) namespace: String,
    /// The entity that it was given to.
    pub(super) entity: Option<String>,
    pub(super) lease: Lease,
    /// What an access token of an OpenID provider is good for.
    pub(super) access: Option<Access>,
}

/// The one thing that an access token of an OpenID provider may do, and for whom.
#[derive(Clone)]
pub(super) struct Access {
    /// The path of the `userinfo` of the provider.
    pub(super) path: String,
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
}

/// Who asks, as far as operations want to know.
#[derive(Default)]
pub(super) struct Caller {
    /// The entity of the token.
    pub(super) entity: Option<String>,
    /// When the token was created.
    pub(super) since: Timestamp,
    pub(super) access: Option<Access>,
    /// Whether the token came as `Authorization: Bearer`.
    pub(super) is_bearer: bool,
    /// Name and password of `Authorization: Basic`.
    pub(super) basic: Option<(String, String)>,
}

impl Caller {
    /// Who asks without a token.
    pub(super) fn anybody(headers: &HeaderMap) -> Self {
        Self { basic: basic(headers), ..Self::default() }
    }
}

/// What a token tells of itself.
#[derive(Clone)]
pub(super) struct Lease {
    pub(super) accessor: String,
    pub(super) policies: Vec<String>,
    pub(super) meta: Option<Pairs>,
    pub(super) created: Timestamp,
    /// Seconds; 0 where there is no end.
    pub(super) ttl: u64,
    /// How many seconds after it was made it was renewed.
    pub(super) renewed: u64,
    pub(super) explicit_max_ttl: u64,
    /// How often it may still be used, unless that is any number of times.
    pub(super) uses: Option<u64>,
    pub(super) display_name: String,
    /// The path that it was asked for at.
    pub(super) path: String,
    pub(super) renewable: bool,
    pub(super) orphan: bool,
    pub(super) is_batch: bool,
}

impl Lease {
    /// Of a token that nobody asked for.
    pub(super) fn given(policy: &str, accessor: String, created: Timestamp) -> Self {
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
    /// The root token alone, which is `root`.
    pub(super) fn new(accessor: String, now: Timestamp) -> Self {
        let root = "root".to_owned();
        let lease = Lease::given("root", accessor, now);
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

    /// Makes a token unknown, though not the root token.
    pub(super) fn revoke(&mut self, token: &str) {
        if token != self.root {
            self.all.remove(token);
        }
    }

    /// The token that has this accessor.
    pub(super) fn with_accessor(&self, accessor: &str) -> Option<(&String, &Token)> {
        self.all.iter().find(|(_, token)| !accessor.is_empty() && token.lease.accessor == accessor)
    }

    /// The accessors of the tokens of a namespace. Those of batch tokens are empty.
    pub(super) fn accessors(&self, namespace: &str) -> Vec<&str> {
        let all = self.all.values().filter(|token| token.namespace == namespace);
        all.map(|token| &*token.lease.accessor).filter(|accessor| !accessor.is_empty()).collect()
    }

    /// Forgets a token that is used up, or whose time is over.
    pub(super) fn expire(&mut self, token: &str, now: Timestamp) {
        let lease = self.all.get(token).map(|token| &token.lease);
        if lease.is_some_and(|lease| lease.uses == Some(0) || (lease.ttl > 0 && lease.expires() <= now)) {
            self.all.remove(token);
        }
    }

    /// Counts a use of a token.
    pub(super) fn use_up(&mut self, token: &str) {
        if let Some(uses) = self.all.get_mut(token).and_then(|token| token.lease.uses.as_mut()) {
            *uses = uses.saturating_sub(1);
        }
    }
}

/// The token of a request, empty if it has none.
pub(super) fn of(headers: &HeaderMap) -> &str {
    match text(headers, "x-vault-token") {
        "" => text(headers, AUTHORIZATION.as_str()).strip_prefix("Bearer ").unwrap_or_default(),
        token => token,
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = text(headers, AUTHORIZATION.as_str()).split_once(' ')?;
    let decoded = BASE64_STANDARD.decode(encoded).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}
