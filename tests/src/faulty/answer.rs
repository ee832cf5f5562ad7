use std::fmt::Write as _;
use std::io;
use std::thread::sleep;
use std::time::Duration;

/// What the server does with a request it has taken: what it says, how fast, and how the connection ends.
///
/// Unless said otherwise the connection stays open for the next request.
#[derive(Clone, Debug)]
pub struct Answer {
    delay: Duration,
    head: String,
    /// Whether the head still needs its `Content-Length`.
    framed: bool,
    body: Vec<u8>,
    /// The time between two bytes.
    drip: Option<Duration>,
    /// The last part is said for ever.
    endless: Option<Vec<u8>>,
    /// Only so many bytes are said.
    cut: Option<usize>,
    times: usize,
    end: End,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    KeepOpen,
    Close,
    HalfClose,
    Reset,
    /// Open and silent.
    Hold,
}

impl Answer {
    /// An answer of this status, without a body.
    pub fn status(status: u16) -> Self {
        Self { head: format!("HTTP/1.1 {status} Status\r\n"), framed: true, ..Self::raw("") }
    }

    /// An answer with a JSON body.
    pub fn json(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::status(status).header("Content-Type", "application/json").body(body)
    }

    /// A refusal in Vault's form, with one message.
    pub fn refusal(status: u16, message: &str) -> Self {
        Self::json(status, format!(r#"{{"errors":[{}]}}"#, serde_json::Value::from(message)))
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("Location", location)
    }

    /// These bytes and nothing else.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self {
            delay: Duration::ZERO,
            head: String::new(),
            framed: false,
            body: bytes.as_ref().to_vec(),
            drip: None,
            endless: None,
            cut: None,
            times: 1,
            end: End::KeepOpen,
        }
    }

    /// No answer: the connection stays open and silent.
    pub fn silence() -> Self {
        Self::raw("").then_hold()
    }

    /// No answer: the connection is closed.
    pub fn lost() -> Self {
        Self::raw("").then_close()
    }

    /// No answer: the connection is reset.
    pub fn reset() -> Self {
        Self::raw("").then_reset()
    }

    /// Adds a header line, whatever it may do to the answer.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        // A `String` takes whatever is written to it.
        let _ = write!(self.head, "{name}: {value}\r\n");
        self
    }

    /// The body; its length is said, unless a header has said another, or that it comes in chunks.
    #[must_use]
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// The body in one chunk, and the end of it.
    #[must_use]
    pub fn chunked(self, body: &str) -> Self {
        let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        self.header("Transfer-Encoding", "chunked").body(chunk)
    }

    /// Waits first.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Byte by byte, with this pause between two.
    #[must_use]
    pub fn drip(mut self, pause: Duration) -> Self {
        self.drip = Some(pause);
        self
    }

    /// Says this again and again once the rest is said, until the client turns away. What the client is told
    /// of the body's length is the headers' matter.
    #[must_use]
    pub fn endless(mut self, piece: impl AsRef<[u8]>) -> Self {
        (self.endless, self.framed) = (Some(piece.as_ref().to_vec()), false);
        self
    }

    /// Only the first bytes of it, and then the end of the connection.
    #[must_use]
    pub fn cut(mut self, len: usize) -> Self {
        self.cut = Some(len);
        self.then_close()
    }

    /// The same reply twice to one request.
    #[must_use]
    pub fn twice(mut self) -> Self {
        self.times = 2;
        self
    }

    /// Closes the connection then.
    #[must_use]
    pub fn then_close(self) -> Self {
        Self { end: End::Close, ..self }
    }

    /// Closes its own half of the connection then.
    #[must_use]
    pub fn then_half_close(self) -> Self {
        Self { end: End::HalfClose, ..self }
    }

    /// Resets the connection then.
    #[must_use]
    pub fn then_reset(self) -> Self {
        Self { end: End::Reset, ..self }
    }

    /// Says nothing more then, whatever comes.
    #[must_use]
    pub fn then_hold(self) -> Self {
        Self { end: End::Hold, ..self }
    }

    /// How many bytes it is long, as far as it has an end.
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
        bytes.truncate(self.cut.unwrap_or(bytes.len()));
        bytes
    }

    pub(super) fn play(&self, mut say: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<End> {
        sleep(self.delay);
        let bytes = self.bytes();
        match self.drip {
            None => say(&bytes)?,
            Some(pause) => {
                for byte in bytes {
                    say(&[byte])?;
                    sleep(pause);
                }
            }
        }
        if let Some(piece) = &self.endless {
            let pieces = piece.repeat((64 * 1024 / piece.len().max(1)).max(1));
            loop {
                say(&pieces)?;
            }
        }
        Ok(self.end)
    }
}
