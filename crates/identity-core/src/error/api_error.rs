use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::de;
use crate::error::disposition::{self, Disposition};
use crate::error::oauth_error::{OAuthError, OAuthErrorCode};
use crate::id::EntityId;
use crate::text::{Printable, redact};

pub(crate) mod decode;

/// An error response: its status, its messages, and the other fields of its body.
///
/// ```
/// use identity_core::error::ApiError;
///
/// let body = r#"{"errors":["rate limit quota exceeded"]}"#;
/// let response = http::Response::builder().status(429).header("retry-after", "2").body(body)?;
/// let error = ApiError::from_response(&response).expect("429 is an error");
/// assert_eq!(error.errors(), ["rate limit quota exceeded"]);
/// assert_eq!(error.retry_after().map(|after| after.delay().as_secs()), Some(2));
/// assert!(error.is_transient() && !error.may_have_been_applied(true));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    errors: Vec<String>,
    /// Whether the body has `errors`, and they are empty.
    errors_empty: bool,
    conflicts: Vec<MergeConflict>,
    retry_after: Option<RetryAfter>,
    request_id: Option<String>,
    oauth: Option<OAuthError>,
    /// The content type of a body that is not a JSON object, and so not the server's.
    unexpected_content_type: Option<String>,
}

/// The time of the next attempt, from the header `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// After a delay. OpenBao rounds down: zero means "in less than a second".
    Delay(Duration),
    /// At this time.
    At(Timestamp),
}

impl RetryAfter {
    /// The delay from now. Zero if the time has passed.
    pub fn delay(self) -> Duration {
        match self {
            Self::Delay(delay) => delay,
            Self::At(time) => time.duration_since(Timestamp::now()).try_into().unwrap_or_default(),
        }
    }
}

/// An alias that conflicts with another one in a merge. Each conflict has two rows, the first for the alias
/// of the entity that is merged into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MergeConflict {
    /// The name of the alias. Only the error message contains its identifier.
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

/// The response of Go's HTTP server to plaintext on a TLS port.
const PLAIN_HTTP: &str = "Client sent an HTTP request to an HTTPS server.";

impl ApiError {
    /// Creates an error from a status and the server's messages, for test doubles.
    pub fn new(status: StatusCode, errors: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let errors: Vec<String> = errors.into_iter().map(Into::into).collect();
        Self {
            status,
            errors_empty: errors.is_empty(),
            errors,
            conflicts: Vec::new(),
            retry_after: None,
            request_id: None,
            oauth: None,
            unexpected_content_type: None,
        }
    }

    /// Parses an error response. Returns `None` if the status is a success.
    pub fn from_response<B: AsRef<[u8]>>(response: &http::Response<B>) -> Option<Self> {
        let status = response.status();
        (!status.is_success()).then(|| Self::from_parts(status, response.headers(), response.body().as_ref()))
    }

    /// Creates the error for an object that does not exist, for test doubles.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, [""; 0])
    }

    /// Sets the conflicting aliases of a merge.
    #[must_use]
    pub fn with_conflicts(mut self, conflicts: impl IntoIterator<Item = MergeConflict>) -> Self {
        self.conflicts = conflicts.into_iter().collect();
        self
    }

    /// Sets the OAuth error that an endpoint of the OpenID provider returns.
    #[must_use]
    pub fn with_oauth(mut self, oauth: OAuthError) -> Self {
        self.errors_empty = false;
        self.oauth = Some(oauth);
        self
    }

    /// Sets the delay of `Retry-After`.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(RetryAfter::Delay(delay));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The messages of the server, truncated after 4 KiB. Empty if the response has none.
    pub fn errors(&self) -> &[String] {
        &self.errors
    }

    /// The conflicting aliases of a merge.
    pub fn conflicts(&self) -> &[MergeConflict] {
        &self.conflicts
    }

    /// The time of the next attempt, if the response has a `Retry-After`.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.retry_after
    }

    /// The server's identifier of the request. `None` for OpenBao, whose error responses do not contain it.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The OAuth error of an endpoint of the OpenID provider. These endpoints can return
    /// [`errors`](Self::errors) as well.
    pub fn oauth(&self) -> Option<&OAuthError> {
        self.oauth.as_ref()
    }

    /// Returns `true` if the object does not exist: 404 with an empty list of errors.
    pub fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND && self.errors_empty
    }

    /// Redacts the secrets in all text of the server.
    pub(crate) fn redact(&mut self, secrets: &[&HeaderValue]) {
        let redact = |text: &mut String| {
            if let Cow::Owned(redacted) = redact(text, secrets.iter().copied()) {
                *text = redacted;
            }
        };
        self.errors
            .iter_mut()
            .chain(&mut self.request_id)
            .chain(&mut self.unexpected_content_type)
            .for_each(redact);
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

    pub(crate) fn has_empty_errors(&self) -> bool {
        self.errors_empty
    }

    pub(crate) fn unexpected_content_type(&self) -> Option<&str> {
        self.unexpected_content_type.as_deref()
    }

    /// Returns `true` if the server rejected the request and did not apply it. The same request fails again.
    /// This includes validation errors with status 500.
    pub fn is_rejection(&self) -> bool {
        self.disposition() == Disposition::Rejected
    }

    /// Returns `true` if a standby reports that it knows no leader.
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

    /// Returns `true` if the body is an error response of the server, rather than of a proxy.
    pub fn is_from_server(&self) -> bool {
        self.vault_messages().is_some()
    }

    /// Returns `true` if the server is sealed, or not yet initialized.
    pub fn is_sealed(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
            && self.errors.iter().any(|message| disposition::is_sealed(message))
    }

    /// Returns `true` if the server reports that the token is missing, unknown, or lacks the permission
    /// (403). Returns `false` for a 403 of a proxy.
    pub fn is_permission_denied(&self) -> bool {
        self.status == StatusCode::FORBIDDEN && self.vault_messages().is_some()
    }

    /// Returns `true` if the node has not yet seen an earlier write (412, or 429 without a message).
    pub fn is_not_yet_consistent(&self) -> bool {
        self.status == StatusCode::PRECONDITION_FAILED
            || (self.status == StatusCode::TOO_MANY_REQUESTS && self.errors_empty)
    }

    /// Returns `true` if the error is transient: the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self.disposition(), Disposition::Unavailable | Disposition::NotForwarded | Disposition::Lost)
    }

    /// Returns `true` if the server may have applied the request, provided that it is a write.
    /// `could_forward` states whether the node was allowed to forward the request to the leader.
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

    /// The messages of the server. `None` if the response is not the server's.
    fn vault_messages(&self) -> Option<&[String]> {
        let is_from_server = self.unexpected_content_type.is_none()
            && (self.errors_empty || !self.errors.is_empty() || self.oauth.is_some());
        is_from_server.then_some(&*self.errors)
    }
}

/// The status and the messages, as in `403 permission denied`.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut messages =
            self.errors.iter().map(|error| error.trim_end()).filter(|error| !error.is_empty()).peekable();
        let mut separator = " ";
        if let Some(content_type) = &self.unexpected_content_type {
            write!(f, "{}: the response is not from Vault ({})", self.status, Printable(content_type))?;
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
