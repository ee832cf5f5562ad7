//! Serialization of request fields.

use std::ops::Deref;
use std::time::Duration;

use serde::ser::Error;
use serde::{Serialize, Serializer};

use crate::error::request_error::RequestError;

/// The problem of a duration with a fraction of a second, which the server does not accept.
pub(crate) const NOT_WHOLE_SECONDS: &str = "must be whole seconds";

/// Serializes whole seconds. Fails for a duration with a fraction, and `RequestBuilder::json` names the
/// field.
#[allow(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(crate) fn seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer
            .serialize_u64(whole_seconds(*duration).ok_or_else(|| S::Error::custom(NOT_WHOLE_SECONDS))?),
        None => serializer.serialize_none(),
    }
}

/// Returns the seconds of a duration, or `None` if it has a fraction.
pub(crate) fn whole_seconds(duration: Duration) -> Option<u64> {
    (duration.subsec_nanos() == 0).then_some(duration.as_secs())
}

/// Returns the seconds of a duration that has no fraction and is not zero.
pub(crate) fn positive_seconds(name: &'static str, duration: Duration) -> Result<u64, RequestError> {
    whole_seconds(duration)
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| RequestError::new(name, "must be whole seconds, and at least one"))
}

/// Serializes the duration of a response, for test doubles. Servers send whole seconds.
pub(crate) fn response_seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.as_secs())
}

/// OpenBao's limit of strings in a JSON body, including field names.
const MAX_STRINGS: usize = 1000;

/// Longer lists are sent as one comma-separated string. The limit leaves room for several lists in a body.
const MAX_ARRAY: usize = 150;

/// The limit of a list that has to be an array, because an element contains a comma.
const MAX_ARRAY_WITH_COMMAS: usize = 500;

/// Serializes a list of any length. The server splits a string at its commas and trims the parts.
#[allow(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(crate) fn list<S: Serializer, T: AsRef<str> + Serialize>(
    list: &Option<impl Deref<Target = [T]>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match list.as_deref() {
        Some(items) => required_list(items, serializer),
        None => serializer.serialize_none(),
    }
}

/// Serializes a list that is always sent.
pub(crate) fn required_list<S: Serializer, T: AsRef<str> + Serialize>(
    items: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if items.len() > MAX_ARRAY && can_be_joined(items) {
        let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
        serializer.serialize_str(&items.join(","))
    } else {
        items.serialize(serializer)
    }
}

fn can_be_joined(items: &[impl AsRef<str>]) -> bool {
    !items.iter().any(|item| item.as_ref().contains(','))
}

/// Rejects a long list with a comma in an element: it cannot be sent as one string, and the server rejects
/// the array.
pub(crate) fn require_joinable<T: AsRef<str>>(
    name: &'static str,
    list: Option<&(impl Deref<Target = [T]> + ?Sized)>,
) -> Result<(), RequestError> {
    match list {
        Some(items) if items.len() > MAX_ARRAY_WITH_COMMAS && !can_be_joined(items) => {
            Err(RequestError::new(
                name,
                format!(
                    "must not have more than {MAX_ARRAY_WITH_COMMAS} elements if one of them contains a comma"
                ),
            ))
        }
        _ => Ok(()),
    }
}

/// Rejects arrays that OpenBao rejects as too complex, in fields where it does not split strings.
pub(crate) fn require_few_strings(
    lists: impl IntoIterator<Item = (&'static str, Option<usize>)> + Clone,
) -> Result<(), RequestError> {
    let strings: usize = lists.clone().into_iter().filter_map(|(_, len)| len).map(|len| len + 1).sum();
    let longest = lists.into_iter().max_by_key(|(_, len)| *len);
    match longest {
        Some((name, _)) if strings > MAX_STRINGS => Err(RequestError::new(
            name,
            format!(
                "is too long: a request cannot have more than {MAX_STRINGS} strings, field names included"
            ),
        )),
        _ => Ok(()),
    }
}
