use std::io;

use bytes::Bytes;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::error::RequestError;

/// Serializes a secret into a request. Nothing else serializes secrets.
pub(crate) struct Exposed<'a>(pub(crate) &'a SecretString);

impl Serialize for Exposed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

/// A buffer for bodies that leaves no copies in memory. Outgrown allocations are zeroized, and so are the
/// [`Bytes`] when their last clone is dropped.
#[derive(Default)]
pub(crate) struct ZeroizingBuffer(Zeroizing<Vec<u8>>);

impl ZeroizingBuffer {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self.0)
    }
}

impl io::Write for ZeroizingBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity((needed * 2).max(256)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Creates a header with a secret. `Debug` redacts it, HTTP/2 does not index it, and it is zeroized when the
/// last clone is dropped.
pub(crate) fn header(scheme: &str, secret: &SecretString) -> Result<HeaderValue, RequestError> {
    let invalid = || RequestError::new("token", "must be visible ASCII characters, and at least one");
    let secret = secret.expose_secret();
    if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid());
    }
    let mut text = Zeroizing::new(Vec::with_capacity(scheme.len() + secret.len()));
    text.extend_from_slice(scheme.as_bytes());
    text.extend_from_slice(secret.as_bytes());
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).map_err(|_| invalid())?;
    value.set_sensitive(true);
    Ok(value)
}
