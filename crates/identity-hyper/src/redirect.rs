//! Redirects: which are valid, and which are followed.

use std::error::Error;
use std::fmt;

use bytes::Bytes;
use http::header::LOCATION;
use http::uri::{Authority, Scheme, Uri};
use http::{Request, Response, StatusCode};
use identity_core::{
    error::redact,
    transport::{TransportError, TransportErrorKind},
};
use tracing::warn;

use crate::address::{display_address, same_authority};
use crate::events::TRACING_TARGET;

/// The redirects to follow. The token is never sent to an address that is not configured.
///
/// ```
/// use identity_hyper::{HyperTransport, RedirectPolicy};
///
/// let transport = HyperTransport::builder().redirect_policy(RedirectPolicy::SameOrigin).build();
/// println!("{transport:?}");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectPolicy {
    /// Follows redirects of a standby to another configured address with the same path.
    #[default]
    Nodes,
    /// Follows no redirect to another address. The call is retried, because a standby that redirects may find
    /// a leader.
    SameOrigin,
    /// Returns redirects as error responses.
    Never,
}

/// Why a redirect was not followed. It contains hosts, but no paths.
#[derive(Debug)]
pub(crate) struct RedirectError {
    from: String,
    to: Option<String>,
    problem: &'static str,
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.from)?;
        if let Some(to) = &self.to {
            write!(f, " redirects to {to}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl Error for RedirectError {}

/// The target of a redirect.
#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    from: String,
    to: String,
}

impl Redirect {
    /// Validates the redirect in a response to `request`.
    pub(crate) fn read(request: &Request<Bytes>, response: &Response<Bytes>) -> Result<Self, TransportError> {
        let from = origin(request.uri());
        let reject = |to: Option<String>, problem| Err(error(from.clone(), to, problem, false));
        if !matches!(response.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
            return reject(None, "the status is not a redirect that Vault sends");
        }
        let mut locations = response.headers().get_all(LOCATION).into_iter();
        let (Some(location), None) = (locations.next(), locations.next()) else {
            return reject(None, "it redirects without a location, or to several");
        };
        let location = location.to_str().ok().and_then(|location| location.parse::<Uri>().ok());
        let Some((Some(scheme), Some(authority), Some(path))) = location.map(|location| {
            let parts = location.into_parts();
            (parts.scheme, parts.authority, parts.path_and_query)
        }) else {
            return reject(None, "it redirects to an invalid address");
        };
        // A host name has at most 255 characters.
        if authority.as_str().len() > 300 {
            return reject(None, "it redirects to an invalid address");
        }
        if authority.as_str().contains('@') {
            return reject(None, "it redirects to an address with a user name");
        }
        let secrets = request.headers().values().filter(|value| value.is_sensitive());
        let to = redact(&format!("{scheme}://{authority}"), secrets).into_owned();
        if request.uri().scheme() == Some(&Scheme::HTTPS) && scheme != Scheme::HTTPS {
            return reject(Some(to), "that is not encrypted");
        }
        if Some(&path) != request.uri().path_and_query() {
            return reject(Some(to), "the path differs");
        }
        Ok(Self { scheme, authority, from, to })
    }

    pub(crate) fn leads_to(&self, uri: &Uri) -> bool {
        uri.scheme() == Some(&self.scheme)
            && uri
                .authority()
                .is_some_and(|authority| same_authority(authority, &self.authority, &self.scheme))
    }

    /// Returns a transient error for this redirect: a standby without a leader may find one.
    pub(crate) fn transient_error(self, problem: &'static str) -> TransportError {
        error(self.from, Some(self.to), problem, true)
    }

    /// Returns a transient error for a redirect to an address that is not configured.
    pub(crate) fn not_configured_error(self) -> TransportError {
        let (from, to, problem) = (&self.from, &self.to, "that is not one of the configured addresses");
        warn!(target: TRACING_TARGET, from, to, problem, "a redirect is not followed");
        self.transient_error(problem)
    }
}

fn origin(uri: &Uri) -> String {
    format!("{}://{}", uri.scheme_str().unwrap_or_default(), display_address(uri))
}

fn error(from: String, to: Option<String>, problem: &'static str, is_transient: bool) -> TransportError {
    if !is_transient {
        warn!(target: TRACING_TARGET, from, to, problem, "a redirect is not followed");
    }
    let error = TransportError::new(TransportErrorKind::Redirect, RedirectError { from, to, problem });
    if is_transient { error } else { error.permanent() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{redirect, response, with_header};

    fn read(from: &str, response: &Response<Bytes>) -> Result<Redirect, String> {
        let request = Request::builder().uri(from).body(Bytes::new()).unwrap();
        Redirect::read(&request, response).map_err(|error| {
            assert_eq!((error.kind(), error.is_permanent()), (TransportErrorKind::Redirect, true));
            error.source().unwrap().to_string()
        })
    }

    #[test]
    fn a_redirect_is_valid_or_rejected_with_a_reason() {
        let from = "https://a.test:8200/v1/x?y=1";
        for (location, expected) in [
            ("https://b.test:8200/v1/x?y=1", Ok("https b.test:8200")),
            ("https://A.test/v1/x?y=1", Ok("https A.test")),
            ("http://b.test:8200/v1/x?y=1", Err("redirects to http://b.test:8200: that is not encrypted")),
            ("https://b.test:8200/v1/x", Err("redirects to https://b.test:8200: the path differs")),
            ("https://b.test/v1/other?y=1", Err("redirects to https://b.test: the path differs")),
            ("https://user@b.test/v1/x?y=1", Err("a.test:8200: it redirects to an address with a user name")),
            ("/v1/x?y=1", Err("it redirects to an invalid address")),
            ("", Err("it redirects to an invalid address")),
        ] {
            let found = read(from, &redirect(location).unwrap());
            match (found, expected) {
                (Ok(found), Ok(expected)) => {
                    assert_eq!(format!("{} {}", found.scheme, found.authority), expected);
                }
                (Err(found), Err(expected)) => assert!(found.ends_with(expected), "{found}"),
                (found, _) => panic!("{location}: {found:?}"),
            }
        }
        let permanent =
            |status| with_header(response(status, ""), LOCATION, "https://b.test/v1/x?y=1").unwrap();
        assert!(read(from, &permanent(308)).is_ok());
        for status in [301, 302, 303, 300, 304] {
            let why = read(from, &permanent(status)).unwrap_err();
            assert!(why.ends_with("is not a redirect that Vault sends"), "{why}");
        }
        let mut twice = redirect("https://b.test/v1/x?y=1").unwrap();
        twice.headers_mut().append(LOCATION, "https://c.test/v1/x?y=1".parse().unwrap());
        for response in [twice, response(307, "").unwrap()] {
            let why = read(from, &response).unwrap_err();
            assert!(why.ends_with("without a location, or to several"), "{why}");
        }
        // From http to https is safe.
        assert!(read("http://a.test/v1/x", &redirect("https://b.test/v1/x").unwrap()).is_ok());
        assert!(read("http://a.test/v1/x", &redirect("http://b.test/v1/x").unwrap()).is_ok());
    }

    #[test]
    fn a_redirect_leads_to_an_origin() {
        let to = read("http://a.test/v1/x", &redirect("http://b.test/v1/x").unwrap()).unwrap();
        for (uri, expected) in [
            ("http://b.test:80/v1/y", true),
            ("https://b.test:80/v1/x", false),
            ("http://c.test/v1/x", false),
        ] {
            assert_eq!(to.leads_to(&uri.parse().unwrap()), expected, "{uri}");
        }
        let error = to.transient_error("why");
        assert!(!error.is_permanent());
        assert_eq!(error.source().unwrap().to_string(), "http://a.test redirects to http://b.test: why");
        let to = read("http://a.test/v1/x", &redirect("http://b.test/v1/x").unwrap()).unwrap();
        assert!(
            to.not_configured_error()
                .source()
                .unwrap()
                .to_string()
                .ends_with("not one of the configured addresses")
        );
    }
}
