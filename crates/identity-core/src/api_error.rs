use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::oauth_error::OAuthError;
use crate::reply::Reply;
use crate::{EntityId, de};

/// More of the server's words than this is cut off: it may repeat a whole request in them.
const LONGEST_MESSAGE: usize = 4096;

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
    pub fn from_now(self) -> Duration {
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
    pub(crate) fn read(reply: Reply<'_>) -> Self {
        let mut error = Self {
            status: reply.status,
            errors: Vec::new(),
            bare: reply.has_no_words(),
            conflicts: Vec::new(),
            retry_after: header(reply, RETRY_AFTER).and_then(parse_retry_after),
            request_id: None,
            oauth: None,
            foreign: None,
        };
        if let Ok(Value::Object(mut body)) = serde_json::from_slice(reply.body) {
            if let Some(Value::Array(errors)) = body.remove("errors") {
                error.errors = words(errors);
            }
            if let Some(data) = body.remove("data") {
                error.conflicts = Vec::deserialize(data).unwrap_or_default();
            }
            if body.get("error").is_some_and(Value::is_string) {
                error.oauth = OAuthError::deserialize(Value::Object(body.clone())).ok();
                if let Some(oauth) = &mut error.oauth {
                    cut_off(&mut oauth.error_description, LONGEST_MESSAGE);
                }
            }
            if let Some(Value::String(id)) = body.remove("request_id") {
                error.request_id = (!id.is_empty()).then_some(id);
            }
        } else if !reply.body.is_empty() {
            error.foreign = Some(header(reply, CONTENT_TYPE).unwrap_or("of no stated type").to_owned());
            if reply.body.trim_ascii() == PLAIN_HTTP.as_bytes() {
                error.errors = vec![PLAIN_HTTP.to_owned()];
            }
        }
        error
    }

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

    /// The server's way to say "there is none", for test doubles.
    pub fn absence() -> Self {
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
    pub fn is_absence(&self) -> bool {
        self.status == StatusCode::NOT_FOUND && self.bare
    }

    pub(crate) fn mask(&mut self, secret: &str) {
        let oauth = self.oauth.as_mut().map(|oauth| &mut oauth.error_description);
        for words in self.errors.iter_mut().chain(oauth).filter(|words| words.contains(secret)) {
            *words = words.replace(secret, "<redacted>");
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

    pub(crate) fn is_sealed(&self) -> bool {
        // Not anywhere in the text, which may repeat what the request said.
        let is_it = |error: &String| error.trim_end().ends_with(" is sealed");
        self.status == StatusCode::SERVICE_UNAVAILABLE && self.errors.iter().any(is_it)
    }

    pub(crate) fn is_not_consistent_yet(&self) -> bool {
        self.status == StatusCode::PRECONDITION_FAILED
            || (self.status == StatusCode::TOO_MANY_REQUESTS && self.bare)
    }

    /// Whether the same request may be answered better later.
    pub(crate) fn is_passing(&self) -> bool {
        match self.status.as_u16() {
            307 | 412 | 429 | 502..=504 => true,
            500 => self.says("local node not active") || self.lost_its_leader(),
            _ => false,
        }
    }

    /// Whether the answer leaves open that the server has acted: a gateway that lost it, or a standby that
    /// lost its leader.
    pub(crate) fn may_have_been_applied(&self) -> bool {
        match self.status.as_u16() {
            307 | 502 | 504 => true,
            503 => !self.is_sealed(),
            500 => self.lost_its_leader(),
            _ => false,
        }
    }

    /// Whether the leader stepped down or was cut off while it wrote.
    fn lost_its_leader(&self) -> bool {
        self.says("context canceled") || self.says("leadership lost")
    }

    fn says(&self, text: &str) -> bool {
        self.errors.iter().any(|error| error.contains(text))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(foreign) = &self.foreign {
            write!(f, ": the answer is not Vault's but {foreign}")?;
        }
        if let Some(oauth) = &self.oauth {
            write!(f, ": {oauth}")?;
        }
        for (index, error) in self.errors.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { "; " })?;
            f.write_str(error.trim_end())?;
        }
        Ok(())
    }
}

impl StdError for ApiError {}

fn header(reply: Reply<'_>, name: http::HeaderName) -> Option<&str> {
    reply.headers.get(name)?.to_str().ok()
}

fn parse_retry_after(value: &str) -> Option<RetryAfter> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(RetryAfter::Delay(Duration::from_secs(seconds)));
    }
    jiff::fmt::rfc2822::parse(value).ok().map(|time| RetryAfter::At(time.timestamp()))
}

fn words(errors: Vec<Value>) -> Vec<String> {
    let mut room = LONGEST_MESSAGE;
    let mut words = Vec::new();
    for error in errors {
        let Value::String(mut error) = error else { continue };
        cut_off(&mut error, room);
        room = room.saturating_sub(error.len());
        words.push(error);
        if room == 0 {
            break;
        }
    }
    words
}

fn cut_off(text: &mut String, room: usize) {
    if text.len() > room {
        let mut end = room;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
}
