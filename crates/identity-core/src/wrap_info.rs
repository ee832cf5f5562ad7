use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::de;
use crate::secret::Exposed;

/// A wrapping token, which the server returns instead of a response.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct WrapInfo {
    /// The single-use token that fetches the response.
    pub token: SecretString,
    /// The accessor of the wrapping token.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub accessor: String,
    /// How long the server stores the response.
    #[serde(default, deserialize_with = "de::seconds")]
    pub ttl: Duration,
    /// The time at which the response was wrapped.
    #[serde(default, deserialize_with = "de::rfc3339")]
    pub creation_time: Option<Timestamp>,
    /// The path of the request, such as `identity/entity/id/7fbd40c1`. Compare it before you trust the
    /// response.
    #[serde(default, deserialize_with = "de::null_as_default")]
    pub creation_path: String,
    /// The accessor of a token in the response.
    #[serde(default, deserialize_with = "de::empty_as_none")]
    pub wrapped_accessor: Option<String>,
}

impl WrapInfo {
    /// Creates a value for use in tests. All other fields are empty.
    pub fn new(token: impl Into<SecretString>, ttl: Duration) -> Self {
        Self {
            token: token.into(),
            accessor: String::new(),
            ttl,
            creation_time: None,
            creation_path: String::new(),
            wrapped_accessor: None,
        }
    }

    pub(crate) fn exposed(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Wire<'a> {
            token: Exposed<'a>,
            accessor: &'a str,
            ttl: u64,
            creation_time: Option<Timestamp>,
            creation_path: &'a str,
            wrapped_accessor: Option<&'a str>,
        }
        Wire {
            token: Exposed(&self.token),
            accessor: &self.accessor,
            ttl: self.ttl.as_secs(),
            creation_time: self.creation_time,
            creation_path: &self.creation_path,
            wrapped_accessor: self.wrapped_accessor.as_deref(),
        }
    }
}
