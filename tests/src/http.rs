use std::fmt::Write as _;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// Sends one HTTP/1.1 request on a new connection, and returns the status and the body of the response.
pub(crate) fn send(
    server: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    timeout: Duration,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<(u16, String)> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {server}\r\n");
    for (name, value) in headers {
        let _ = write!(request, "{name}: {value}\r\n");
    }
    let length = body.len();
    let _ = write!(request, "Connection: close\r\nContent-Length: {length}\r\n\r\n{body}");

    let stream = TcpStream::connect_timeout(&server, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    let response = if let Some(tls) = tls {
        let connection =
            ClientConnection::new(tls, ServerName::from(server.ip())).map_err(io::Error::other)?;
        exchange(StreamOwned::new(connection, stream), &request)?
    } else {
        exchange(stream, &request)?
    };

    parse(&response).ok_or_else(|| {
        let response = String::from_utf8_lossy(&response);
        io::Error::new(io::ErrorKind::InvalidData, format!("not a complete HTTP response: {response:?}"))
    })
}

fn exchange(mut stream: impl io::Read + io::Write, request: &str) -> io::Result<Vec<u8>> {
    stream.write_all(request.as_bytes())?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response)?;
    Ok(response)
}

fn parse(response: &[u8]) -> Option<(u16, String)> {
    let (head, rest) = split(response, b"\r\n\r\n")?;
    let head = std::str::from_utf8(head).ok()?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;

    let body = if header(head, "Transfer-Encoding") == Some("chunked") {
        unchunk(rest)?
    } else if let Some(length) = header(head, "Content-Length") {
        rest.get(..length.parse().ok()?)?.to_vec()
    } else {
        rest.to_vec()
    };
    Some((status, String::from_utf8(body).ok()?))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let (size, after) = split(rest, b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(size).ok()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let (chunk, after) = after.split_at_checked(size)?;
        body.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n")?;
    }
}

fn split<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_a_body_of_known_length() {
        let response = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(parse(response), Some((200, "{}".to_owned())));
    }

    #[test]
    fn reads_a_response_without_body() {
        let response = b"HTTP/1.1 204 No Content\r\nCache-Control: no-store\r\n\r\n";
        assert_eq!(parse(response), Some((204, String::new())));
    }

    #[test]
    fn reads_a_chunked_body_cut_inside_a_character() {
        let response =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na\xc3\r\n1\r\n\xa9\r\n0\r\n\r\n";
        assert_eq!(parse(response), Some((200, "aé".to_owned())));
    }

    #[test]
    fn rejects_a_truncated_response() {
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\nContent-"), None);
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}"), None);
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n";
        assert_eq!(parse(chunked), None);
    }
}
