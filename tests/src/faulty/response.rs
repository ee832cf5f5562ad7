use std::fmt::Write as _;
use std::io;
use std::thread::sleep;
use std::time::Duration;

/// A scripted response: its bytes, its timing, and the end of the connection.
///
/// The connection stays open by default.
#[derive(Clone, Debug)]
pub struct Response {
    delay: Duration,
    head: String,
    /// Whether a `Content-Length` is added.
    framed: bool,
    body: Vec<u8>,
    /// The delay between two bytes.
    drip: Option<Duration>,
    /// Sent repeatedly after the rest.
    endless: Option<Vec<u8>>,
    /// The number of bytes after which the response is cut off.
    len: Option<usize>,
    times: usize,
    end: End,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    KeepOpen,
    Close,
    HalfClose,
    Reset,
    /// The connection stays open, and nothing more is sent.
    Hold,
}

impl Response {
    /// Creates a response with this status and no body.
    pub fn status(status: u16) -> Self {
        Self { head: format!("HTTP/1.1 {status} Status\r\n"), framed: true, ..Self::raw("") }
    }

    /// Creates a response with a JSON body.
    pub fn json(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::status(status).header("Content-Type", "application/json").body(body)
    }

    /// Creates an error response as Vault sends it, with one message.
    pub fn error(status: u16, message: &str) -> Self {
        Self::json(status, format!(r#"{{"errors":[{}]}}"#, serde_json::Value::from(message)))
    }

    /// Creates a redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("Location", location)
    }

    /// Creates a response of exactly these bytes.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self {
            delay: Duration::ZERO,
            head: String::new(),
            framed: false,
            body: bytes.as_ref().to_vec(),
            drip: None,
            endless: None,
            len: None,
            times: 1,
            end: End::KeepOpen,
        }
    }

    /// Sends nothing; the connection stays open.
    pub fn none() -> Self {
        Self::raw("").then_hold()
    }

    /// Sends nothing; the connection is closed.
    pub fn dropped() -> Self {
        Self::raw("").then_close()
    }

    /// Sends nothing; the connection is reset.
    pub fn reset() -> Self {
        Self::raw("").then_reset()
    }

    /// Adds a header line, even if that makes the response invalid.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        // Writing to a `String` cannot fail.
        let _ = write!(self.head, "{name}: {value}\r\n");
        self
    }

    /// Sets the body. Its `Content-Length` is added if no header sets the length or the transfer encoding.
    #[must_use]
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// Sets the body as a single chunk, and the last chunk.
    #[must_use]
    pub fn chunked(self, body: &str) -> Self {
        let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        self.header("Transfer-Encoding", "chunked").body(chunk)
    }

    /// Waits before sending.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends byte by byte, with this pause after each byte.
    #[must_use]
    pub fn drip(mut self, pause: Duration) -> Self {
        self.drip = Some(pause);
        self
    }

    /// Sends this repeatedly after the rest, until the client closes the connection. No `Content-Length` is
    /// added.
    #[must_use]
    pub fn endless(mut self, piece: impl AsRef<[u8]>) -> Self {
        (self.endless, self.framed) = (Some(piece.as_ref().to_vec()), false);
        self
    }

    /// Sends only the first bytes, and closes the connection.
    #[must_use]
    pub fn truncate(mut self, len: usize) -> Self {
        self.len = Some(len);
        self.then_close()
    }

    /// Sends the response twice.
    #[must_use]
    pub fn repeat_twice(mut self) -> Self {
        self.times = 2;
        self
    }

    /// Closes the connection afterwards.
    #[must_use]
    pub fn then_close(self) -> Self {
        Self { end: End::Close, ..self }
    }

    /// Closes the server's half of the connection afterwards.
    #[must_use]
    pub fn then_half_close(self) -> Self {
        Self { end: End::HalfClose, ..self }
    }

    /// Resets the connection afterwards.
    #[must_use]
    pub fn then_reset(self) -> Self {
        Self { end: End::Reset, ..self }
    }

    /// Keeps the connection open afterwards, and sends nothing more.
    #[must_use]
    pub fn then_hold(self) -> Self {
        Self { end: End::Hold, ..self }
    }

    /// Returns the number of bytes, without the endless part.
    pub fn size(&self) -> usize {
        self.bytes().len()
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.clone();
        if !bytes.is_empty() {
            let lower = bytes.to_ascii_lowercase();
            if self.framed && !lower.contains("content-length:") && !lower.contains("transfer-encoding:") {
                let _ = write!(bytes, "Content-Length: {}\r\n", self.body.len());
            }
            bytes.push_str("\r\n");
        }
        let mut bytes = bytes.into_bytes();
        bytes.extend_from_slice(&self.body);
        let mut bytes = bytes.repeat(self.times);
        bytes.truncate(self.len.unwrap_or(bytes.len()));
        bytes
    }

    pub(super) fn play(&self, mut send: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<End> {
        sleep(self.delay);
        let bytes = self.bytes();
        match self.drip {
            None => send(&bytes)?,
            Some(pause) => {
                for byte in bytes {
                    send(&[byte])?;
                    sleep(pause);
                }
            }
        }
        if let Some(piece) = &self.endless {
            let pieces = piece.repeat((64 * 1024 / piece.len().max(1)).max(1));
            loop {
                send(&pieces)?;
            }
        }
        Ok(self.end)
    }
}
