//! Tokens and their owners. [`permission`](super::permission) evaluates what they allow.

mod store;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, HeaderMap};
use jiff::{SignedDuration, Timestamp};

use super::auth::{GroupAliases, Limits};
use super::headers::TOKEN;
use super::input::Pairs;
use super::request::text;

pub(super) use store::Tokens;

#[derive(Clone)]
pub(super) struct Token {
    /// The namespace of the token. The token is also valid below it.
    pub(super) namespace: String,
    /// The entity at the creation. It may have been merged into another since.
    pub(super) entity: Option<String>,
    /// The token that has created it. `None` for orphans.
    pub(super) parent: Option<String>,
    /// The accessor of the auth method that has created it.
    pub(super) mount: String,
    pub(super) lease: Lease,
    /// The scope of an access token of an OIDC provider.
    pub(super) access: Option<Access>,
}

impl Token {
    /// Creates an orphan of the root namespace.
    pub(super) fn new(lease: Lease) -> Self {
        Self {
            namespace: String::new(),
            entity: None,
            parent: None,
            mount: String::new(),
            lease,
            access: None,
        }
    }
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
    /// The role of `auth/token` that it was created with.
    pub(super) role: String,
    /// The external groups that the login reported.
    pub(super) groups: GroupAliases,
    pub(super) bound_cidrs: Vec<String>,
    pub(super) created: Timestamp,
    /// The seconds between the creation and the first expiry. 0 if it does not expire.
    pub(super) ttl: u64,
    pub(super) expires: Option<Timestamp>,
    /// When it was last renewed.
    pub(super) renewed: Option<Timestamp>,
    /// What renewals start from.
    pub(super) limits: Limits,
    /// The uses at the creation, which renewals show. 0 means unlimited.
    pub(super) all_uses: i64,
    /// Whether it was created as an orphan, which renewals show.
    pub(super) was_orphan: bool,
    /// The remaining uses. `None` means unlimited.
    pub(super) uses: Option<u64>,
    pub(super) display_name: String,
    /// The path of the request that created it.
    pub(super) path: String,
    pub(super) renewable: bool,
    pub(super) is_batch: bool,
}

impl Lease {
    /// Creates the lease of a token that no request created. A TTL of 0 means no expiry.
    pub(super) fn new(policy: &str, accessor: String, created: Timestamp, ttl: u64) -> Self {
        Self {
            accessor,
            policies: vec![policy.to_owned()],
            meta: None,
            role: String::new(),
            groups: GroupAliases::default(),
            bound_cidrs: Vec::new(),
            created,
            ttl,
            expires: expiry(created, ttl),
            renewed: None,
            limits: Limits::default(),
            all_uses: 0,
            was_orphan: true,
            uses: None,
            display_name: "token".to_owned(),
            path: "auth/token/create".to_owned(),
            renewable: ttl > 0,
            is_batch: false,
        }
    }
}

/// Returns when a token expires that is created or renewed for `ttl` seconds. `None` for 0.
pub(super) fn expiry(now: Timestamp, ttl: u64) -> Option<Timestamp> {
    let ttl = i64::try_from(ttl).unwrap_or(i64::MAX);
    (ttl > 0).then(|| now.checked_add(SignedDuration::from_secs(ttl)).unwrap_or(Timestamp::MAX))
}

/// Returns the token of a request, `""` if it has none.
pub(super) fn from_headers(headers: &HeaderMap) -> &str {
    match text(headers, &TOKEN) {
        "" => {
            let mut values = headers.get_all(AUTHORIZATION).iter().filter_map(|value| value.to_str().ok());
            let token = values.find_map(|value| value.strip_prefix("Bearer "));
            token.unwrap_or_default().trim()
        }
        token => token,
    }
}

/// Returns why the server cannot decode a batch token. `None` for all other tokens.
pub(super) fn malformed(id: &str) -> Option<String> {
    let encoded = id.strip_prefix("b.").or_else(|| id.strip_prefix("hvb."))?;
    let encoded = encoded.rsplit_once('.').map_or(encoded, |(encoded, _)| encoded).as_bytes();
    let is_valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    let invalid = encoded.iter().position(|byte| !is_valid(byte));
    // A single character at the end encodes no byte.
    let invalid = invalid.or_else(|| encoded.len().checked_sub(1).filter(|last| last % 4 == 0))?;
    Some(format!("illegal base64 data at input byte {invalid}"))
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = text(headers, &AUTHORIZATION).split_once(' ')?;
    let decoded = BASE64_STANDARD.decode(encoded).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}
