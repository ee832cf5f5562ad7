use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::OAuthError;
use crate::error::disposition::{self, Disposition};
use crate::text::{Printable, redact};
use crate::{EntityId, de, error::OAuthErrorCode};

mod decode;

/// A refusal, in the server's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    errors: Vec<String>,
    /// The body has an `errors` list, and it is empty.
    bare: bool,
    conflicts: Vec<MergeConflict>,
    retry_after: Option<RetryAfter>,
    request_id: Option<String>,
    oauth: Option<OAuthError>,
    /// What the body is, if it is not Vault's.
    foreign: Option<String>,
}

/// When to come again, from the header `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// After so long. OpenBao rounds down, so zero means "in less than a second".
    Delay(Duration),
    /// At this time.
    At(Timestamp),
}

impl RetryAfter {
    /// How long that is from now. Zero if the time is over.
    pub fn delay(self) -> Duration {
        match self {
            Self::Delay(delay) => delay,
            Self::At(time) => time.duration_since(Timestamp::now()).try_into().unwrap_or_default(),
        }
    }
}

/// An alias that stands in the way of a merge: two rows for each clash, first the alias of the entity merged
/// into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MergeConflict {
    /// The name of the alias. Its identifier stands only in the text of the error.
    #[serde(deserialize_with = "de::null_as_default")]
    pub alias: String,
    /// The name of the entity.
    #[serde(deserialize_with = "de::null_as_default")]
    pub entity: String,
    /// The identifier of the entity.
    #[serde(deserialize_with = "de::null_as_default")]
    pub entity_id: EntityId,
    /// The type of the mount, such as `userpass`.
    #[serde(deserialize_with = "de::null_as_default")]
    pub mount: String,
    /// The path of the mount, such as `auth/userpass/`.
    #[serde(deserialize_with = "de::null_as_default")]
    pub mount_path: String,
}

/// What the server's HTTP stack answers to an address that begins with `http://` where it speaks TLS.
const PLAIN_HTTP: &str = "Client sent an HTTP request to an HTTPS server.";

impl ApiError {
    /// A refusal as the server would give it, for test doubles.
    pub fn new(status: StatusCode, errors: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let errors: Vec<String> = errors.into_iter().map(Into::into).collect();
        Self {
            status,
            bare: errors.is_empty(),
            errors,
            conflicts: Vec::new(),
            retry_after: None,
            request_id: None,
            oauth: None,
            foreign: None,
        }
    }

    /// Reads the error that a response is. Returns `None` if its status is a success.
    pub fn from_response<B: AsRef<[u8]>>(response: &http::Response<B>) -> Option<Self> {
        (!response.status().is_success()).then(|| Self::read(response.into()))
    }

    /// The server's way to say "there is none", for test doubles.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, [""; 0])
    }

    /// Adds the aliases that stand in the way of a merge.
    #[must_use]
    pub fn with_conflicts(mut self, conflicts: impl IntoIterator<Item = MergeConflict>) -> Self {
        self.conflicts = conflicts.into_iter().collect();
        self
    }

    /// Says it in the words of OAuth.
    #[must_use]
    pub fn with_oauth(mut self, oauth: OAuthError) -> Self {
        self.bare = false;
        self.oauth = Some(oauth);
        self
    }

    /// Adds when to come again.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(RetryAfter::Delay(delay));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What the server says, cut off after 4 KiB. Empty where it has nothing to add to the status.
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    /// The aliases that stand in the way of a merge.
    pub fn conflicts(&self) -> &[MergeConflict] {
        &self.conflicts
    }

    /// When to come again, if the server says so.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.retry_after
    }

    /// The identifier of the request, if the server tells it. OpenBao does not in a refusal.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// What an endpoint of the OpenID provider says, in the words of OAuth. They can answer with
    /// [`errors`](Self::errors) as well.
    pub fn oauth(&self) -> Option<&OAuthError> {
        self.oauth.as_ref()
    }

    /// Whether this is the server's way to say "there is none": 404 and an empty list of errors.
    pub fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND && self.bare
    }

    /// Redacts the secrets of the request's headers in everything that is the server's text.
    pub(crate) fn redact(&mut self, secrets: &[&HeaderValue]) {
        let redact = |text: &mut String| {
            if let Cow::Owned(redacted) = redact(text, secrets.iter().copied()) {
                *text = redacted;
            }
        };
        self.errors.iter_mut().chain(&mut self.request_id).chain(&mut self.foreign).for_each(redact);
        for conflict in &mut self.conflicts {
            let MergeConflict { alias, entity, entity_id, mount, mount_path } = conflict;
            let mut id = entity_id.to_string();
            [alias, entity, &mut id, mount, mount_path].into_iter().for_each(redact);
            *entity_id = id.into();
        }
        if let Some(OAuthError { error, error_description, state }) = &mut self.oauth {
            if let OAuthErrorCode::Other(error) = error {
                redact(error);
            }
            state.iter_mut().chain([error_description]).for_each(redact);
        }
    }

    /// Whether the body has an `errors` list, and nothing in it.
    pub(crate) fn is_bare(&self) -> bool {
        self.bare
    }

    /// What the body is, if it is not Vault's.
    pub(crate) fn foreign(&self) -> Option<&str> {
        self.foreign.as_deref()
    }

    /// Returns `true` if the server rejected the request and did not carry it out, so that the same request
    /// fails again. A validation error is an example, also one with status 500.
    pub fn is_rejection(&self) -> bool {
        self.disposition() == Disposition::Rejected
    }

    /// Returns `true` if a standby responded that it knows no leader.
    pub fn has_no_active_node(&self) -> bool {
        disposition::has_no_active_node(self.status, self.vault_messages())
    }

    /// Returns `true` if the server could not decode the `X-Vault-Index` of the request.
    pub fn is_index_rejected(&self) -> bool {
        disposition::is_index_rejected(self.status, &self.errors)
    }

    /// Returns the identifier of the entity or group that cannot be a member of a group because it does not
    /// exist, if the server rejected the request for this reason.
    pub fn unknown_member_id(&self) -> Option<&str> {
        disposition::unknown_member_id(&self.errors)
    }

    /// Returns `true` if the body is an error response of the server, rather than of a proxy or another
    /// system on the way.
    pub fn is_from_server(&self) -> bool {
        self.vault_messages().is_some()
    }

    /// Returns `true` if the server is sealed, or not yet initialized.
    pub fn is_sealed(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
            && self.errors.iter().any(|message| disposition::is_sealed(message))
    }

    /// Returns `true` if the server itself reports that the token is missing, unknown, or not allowed to do
    /// this.
    pub fn is_permission_denied(&self) -> bool {
        self.status == StatusCode::FORBIDDEN && self.vault_messages().is_some()
    }

    /// Returns `true` if the node has not yet seen an earlier write (412, or 429 without a message).
    pub fn is_not_yet_consistent(&self) -> bool {
        self.status == StatusCode::PRECONDITION_FAILED
            || (self.status == StatusCode::TOO_MANY_REQUESTS && self.bare)
    }

    /// Returns `true` if the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self.disposition(), Disposition::Unavailable | Disposition::NotForwarded | Disposition::Lost)
    }

    /// Returns `true` if the server may have carried out the request, if it is a write. `could_forward`
    /// states whether the node was allowed to forward the request to the leader.
    pub fn may_have_been_applied(&self, could_forward: bool) -> bool {
        match self.disposition() {
            Disposition::Rejected | Disposition::Unavailable => false,
            Disposition::NotForwarded => could_forward,
            Disposition::Lost | Disposition::Unclear => true,
        }
    }

    fn disposition(&self) -> Disposition {
        disposition::disposition(self.status, self.vault_messages())
    }

    /// The messages, if the body is an error response of the server and not of something on the way to it.
    pub(crate) fn vault_messages(&self) -> Option<&[String]> {
        let is_vaults =
            self.foreign.is_none() && (self.bare || !self.errors.is_empty() || self.oauth.is_some());
        is_vaults.then_some(&*self.errors)
    }
}

/// The status and the server's messages, as in `403 permission denied`.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut messages =
            self.errors.iter().map(|error| error.trim_end()).filter(|error| !error.is_empty()).peekable();
        let mut separator = " ";
        if let Some(foreign) = &self.foreign {
            write!(f, "{}: the response is not Vault's but {}", self.status, Printable(foreign))?;
            separator = ": ";
        } else if self.oauth.is_some() || messages.peek().is_some() {
            write!(f, "{}", self.status.as_u16())?;
        } else {
            write!(f, "{}", self.status)?;
        }
        if let Some(oauth) = &self.oauth {
            write!(f, "{separator}{oauth}")?;
            separator = "; ";
        }
        for message in messages {
            write!(f, "{separator}{}", Printable(message))?;
            separator = "; ";
        }
        Ok(())
    }
}

impl StdError for ApiError {}
