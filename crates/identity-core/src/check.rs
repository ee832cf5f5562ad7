use std::borrow::Cow;

use crate::error::request_error::RequestError;
use crate::path::EMPTY;

/// Rejects an empty value where the server would ignore it or interpret it as another one.
pub(crate) fn require_non_empty<'a>(
    name: impl Into<Cow<'static, str>>,
    values: impl IntoIterator<Item = &'a (impl AsRef<str> + ?Sized + 'a)>,
) -> Result<(), RequestError> {
    if values.into_iter().any(|value| value.as_ref().is_empty()) {
        return Err(RequestError::new(name, EMPTY));
    }
    Ok(())
}
