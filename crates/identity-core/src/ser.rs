//! How values are written into requests.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::RequestError;

/// Whole seconds, as the server wants them; [`whole_seconds`] refuses the rest.
#[allow(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(crate) fn seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.serialize_u64(duration.as_secs()),
        None => serializer.serialize_none(),
    }
}

/// Refuses a duration with a fraction of a second, which the server cannot be told.
pub(crate) fn whole_seconds(name: &'static str, duration: Option<Duration>) -> Result<(), RequestError> {
    match duration {
        Some(duration) if duration.subsec_nanos() != 0 => {
            Err(RequestError::new(name, "must be whole seconds"))
        }
        _ => Ok(()),
    }
}

/// The same for a duration that is always there.
pub(crate) fn as_seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.as_secs())
}

/// More identifiers than this go in one string: OpenBao refuses bodies of more than 1000 strings, and takes
/// commas for a list.
const LONGEST_ARRAY: usize = 500;

/// Identifiers, of which there may be any number.
#[allow(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(crate) fn ids<S: Serializer, I: AsRef<str> + Serialize>(
    ids: &Option<Vec<I>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match ids {
        Some(ids) if ids.len() > LONGEST_ARRAY && !ids.iter().any(|id| id.as_ref().contains(',')) => {
            let ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
            serializer.serialize_str(&ids.join(","))
        }
        ids => ids.serialize(serializer),
    }
}
