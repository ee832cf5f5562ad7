//! Validates issuers and redirect URIs.

use super::super::response::{ErrorResponse, bad_request};

pub(super) const WARNING: &str = "If \"issuer\" is set explicitly, all tokens must be validated against that address, including those issued by secondary clusters. Setting issuer to \"\" will restore the default behavior of using the cluster's api_addr as the issuer.";

/// Fails unless the issuer consists of scheme, host and optional port.
pub(super) fn check(issuer: &str) -> Result<(), ErrorResponse> {
    let authority = parts(issuer.strip_suffix('#').unwrap_or(issuer))
        .filter(|(scheme, _, _, rest)| ["http", "https"].contains(&&**scheme) && rest.is_empty());
    if authority.is_some_and(|(_, host, port, _)| host.len() + port.len() > 0 && !host.contains('@')) {
        return Ok(());
    }
    let expected = "a scheme, host, and optional port (e.g. https://example.com:8200)";
    Err(bad_request(format!("invalid issuer, which must include only {expected}")))
}

/// Returns `true` if the client allows the redirect URI. On loopback addresses the port is ignored (RFC 8252,
/// section 7.3).
pub(super) fn is_allowed(uri: &str, allowed: &[String]) -> bool {
    match local(uri) {
        Some(uri) => allowed.iter().any(|allowed| local(allowed).as_ref() == Some(&uri)),
        None => allowed.iter().any(|allowed| allowed == uri),
    }
}

/// Returns scheme, host and rest of a URI on a loopback address.
fn local(uri: &str) -> Option<(String, &str, &str)> {
    let (scheme, host, _, rest) = parts(uri)?;
    ["localhost", "127.0.0.1", "[::1]"].contains(&host).then_some((scheme, host, rest))
}

/// Splits a URI into scheme, host, port and rest. User information counts as part of the host.
fn parts(uri: &str) -> Option<(String, &str, &str, &str)> {
    let (scheme, rest) = uri.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let is_odd = |char: char| char.is_whitespace() || char.is_control() || "%<>\\^`{|}".contains(char);
    if authority.contains(is_odd) {
        return None;
    }
    let after_brackets = authority.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match authority[after_brackets..].find(':') {
        Some(colon) => (&authority[..after_brackets + colon], &authority[after_brackets + colon..]),
        None => (authority, ""),
    };
    if host.len() > after_brackets && after_brackets > 0 {
        return None;
    }
    let is_number = port.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    is_number.then(|| (scheme.to_lowercase(), host, port, rest))
}

#[cfg(test)]
mod tests {
    use super::{check, is_allowed};

    #[test]
    fn issuers_are_scheme_host_and_port() {
        for good in
            ["http://a", "https://a.b:8200", "HTTPS://A", "https://x#", "https://:8200", "http://[::1]:1"]
        {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad_request in [
            "",
            "a",
            "a:1",
            "ftp://a",
            "https://",
            "https://a/",
            "https://a?",
            "https://u@a",
            "https://a:b",
            "http://[a]b",
        ] {
            assert!(check(bad_request).is_err(), "{bad_request}");
        }
    }

    #[test]
    fn loopback_ports_are_ignored() {
        let allowed = ["http://127.0.0.1:9/cb".to_owned(), "https://app/cb".to_owned()];
        assert!(is_allowed("http://127.0.0.1:55/cb", &allowed));
        assert!(is_allowed("http://127.0.0.1/cb", &allowed));
        assert!(is_allowed("https://app/cb", &allowed));
        for bad_request in
            ["http://127.0.0.1:9/", "https://127.0.0.1/cb", "http://localhost/cb", "https://app:1/cb", "cb"]
        {
            assert!(!is_allowed(bad_request, &allowed), "{bad_request}");
        }
    }
}
