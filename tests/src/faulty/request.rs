use std::io::{self, Read};
use std::time::Instant;

/// A received request.
#[derive(Clone, Debug)]
pub struct Received {
    /// The number of the connection, from zero.
    pub connection: usize,
    /// When it was complete.
    pub at: Instant,
    /// The request line and the header lines, without the empty line.
    pub head: String,
    /// The body, by its `Content-Length`.
    pub body: Vec<u8>,
}

impl Received {
    /// Reads the next request. Returns `None` if the client has closed the connection.
    pub(super) fn read(
        stream: &mut impl Read,
        received: &mut Vec<u8>,
        connection: usize,
    ) -> io::Result<Option<Self>> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            if let Some((head, body)) = split(received) {
                let rest = received.split_off(head + 4 + body);
                let request = std::mem::replace(received, rest);
                return Ok(Some(Self {
                    connection,
                    at: Instant::now(),
                    head: String::from_utf8_lossy(&request[..head]).into_owned(),
                    body: request[head + 4..].to_vec(),
                }));
            }
            match stream.read(&mut buffer)? {
                0 => return Ok(None),
                len => received.extend_from_slice(&buffer[..len]),
            }
        }
    }

    /// Returns the method.
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// Returns the path and query, as they were sent.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// Returns the values of a header, one for each line.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let pair = |line: &'_ str| {
            let (found, _) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(found.len() + 1)
        };
        self.head.lines().skip(1).filter_map(|line| pair(line).map(|at| line[at..].trim())).collect()
    }

    /// Returns the value of a header that was sent exactly once.
    pub fn header(&self, name: &str) -> Option<&str> {
        match self.headers(name)[..] {
            [value] => Some(value),
            _ => None,
        }
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Returns the lengths of the head and the body, if both are complete.
fn split(received: &[u8]) -> Option<(usize, usize)> {
    let head = received.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&received[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let body = length.unwrap_or(0);
    (received.len() >= head + 4 + body).then_some((head, body))
}
