use std::error::Error;
use std::fmt;
use std::sync::Arc;

use identity_core::transport::TransportError;
use tower::BoxError;

/// The error of a connection that several calls waited for.
#[derive(Clone, Debug)]
pub(super) struct SharedError(Arc<BoxError>);

impl From<BoxError> for SharedError {
    fn from(error: BoxError) -> Self {
        Self(Arc::new(error))
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection could not be opened")
    }
}

impl Error for SharedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&**self.0)
    }
}

/// The server closed the connection without sending a byte.
#[derive(Debug)]
pub(super) struct SilentClose {
    pub(super) is_plain: bool,
}

impl fmt::Display for SilentClose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server closed the connection without sending a byte")?;
        f.write_str(if self.is_plain { "; its address may begin with https://" } else { "" })
    }
}

impl Error for SilentClose {}

/// Returns `true` if the server closed the connection without sending a byte.
pub(crate) fn is_silent_close(error: &TransportError) -> bool {
    error.source().is_some_and(<dyn Error>::is::<SilentClose>)
}
