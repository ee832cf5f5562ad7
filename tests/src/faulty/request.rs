use std::io::{self, Read};
use std::time::Instant;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The number of its connection, from zero.
    pub connection: usize,
    /// When the last of it was there.
    pub at: Instant,
    /// The request line and the header lines, without the empty line.
    pub head: String,
    /// What follows, as long as its `Content-Length`.
    pub body: Vec<u8>,
}

impl Received {
    /// The next request; none if the client has closed the connection.
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

    /// The verb.
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    /// The path and query, encoded as they came.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The values of a header, in as many lines as it came in.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let pair = |line: &'_ str| {
            let (found, _) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(found.len() + 1)
        };
        self.head.lines().skip(1).filter_map(|line| pair(line).map(|at| line[at..].trim())).collect()
    }

    /// The value of a header that came once.
    pub fn header(&self, name: &str) -> Option<&str> {
        match self.headers(name)[..] {
            [value] => Some(value),
            _ => None,
        }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// How long the head and the body are, if both are there.
fn split(received: &[u8]) -> Option<(usize, usize)> {
    let head = received.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&received[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let body = length.unwrap_or(0);
    (received.len() >= head + 4 + body).then_some((head, body))
}
