//! Server addresses: how they are displayed, compared and stored.

use std::borrow::Cow;
use std::net::IpAddr;

use http::uri::{Authority, Scheme, Uri};

/// Returns a server's address for logs and errors: its host and port, or the path of its socket.
pub(crate) fn display_address(uri: &Uri) -> Cow<'_, str> {
    let path = if uri.scheme_str() == Some("unix") { socket_path(uri) } else { None };
    match path {
        Some(path) => Cow::Owned(String::from_utf8_lossy(&path).into_owned()),
        None => Cow::Borrowed(uri.authority().map_or("", Authority::as_str)),
    }
}

/// Decodes the path of a Unix socket, which is the host of its address in hexadecimal.
pub(crate) fn socket_path(uri: &Uri) -> Option<Vec<u8>> {
    let digit = |&byte: &u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    uri.host().unwrap_or_default().as_bytes().chunks(2).map(byte).collect()
}

/// Returns the host and port, without the default port, and the path under which a gateway serves the
/// cluster.
pub(crate) fn base_address(uri: &Uri) -> Cow<'_, str> {
    let authority = uri.authority().map_or("", Authority::as_str);
    let default_port = if uri.scheme() == Some(&Scheme::HTTPS) { ":443" } else { ":80" };
    let authority = authority.strip_suffix(default_port).unwrap_or(authority);
    let path = uri.path();
    if path.starts_with("/v1/") {
        return Cow::Borrowed(authority);
    }
    match path.split_once("/v1/") {
        Some((path, _)) => Cow::Owned(format!("{authority}{path}")),
        None => Cow::Borrowed(authority),
    }
}

/// Compares two authorities; a missing port is the default port of the scheme.
pub(crate) fn same_authority(left: &Authority, right: &Authority, scheme: &Scheme) -> bool {
    let port = |authority: &Authority| {
        authority.port_u16().unwrap_or(if *scheme == Scheme::HTTPS { 443 } else { 80 })
    };
    left.host().eq_ignore_ascii_case(right.host()) && port(left) == port(right)
}

pub(crate) fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_compared_with_the_default_port() {
        for (left, right, scheme, expected) in [
            ("a.test", "A.TEST:443", Scheme::HTTPS, true),
            ("a.test", "a.test:80", Scheme::HTTP, true),
            ("a.test", "a.test:80", Scheme::HTTPS, false),
            ("a.test", "a.test:443", Scheme::HTTP, false),
            ("a.test:1", "a.test:1", Scheme::HTTP, true),
            ("a.test:1", "a.test:2", Scheme::HTTP, false),
            ("a.test:1", "b.test:1", Scheme::HTTP, false),
        ] {
            assert_eq!(
                same_authority(&left.parse().unwrap(), &right.parse().unwrap(), &scheme),
                expected,
                "{left} {right}"
            );
        }
    }

    #[test]
    fn the_default_port_is_left_out() {
        for (uri, expected) in [
            ("https://v/v1/x", "v"),
            ("https://v:443/v1/x", "v"),
            ("https://v:80/v1/x", "v:80"),
            ("http://v:80/v1/x", "v"),
            ("http://v:443/v1/x", "v:443"),
            ("https://v:8443/v1/x", "v:8443"),
            ("https://v:443/team/v1/x", "v/team"),
        ] {
            assert_eq!(base_address(&uri.parse().unwrap()), expected, "{uri}");
        }
    }
}
