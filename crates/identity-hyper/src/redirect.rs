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

/// What becomes of a redirect. A token never goes to an address that was not configured, whatever a server says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectPolicy {
    /// Standbys may redirect to the other configured addresses, with the same path.
    #[default]
    Nodes,
    /// No redirect leads to another address: a standby that redirects is asked again later.
    SameOrigin,
    /// A redirect is an answer like any other: a refusal.
    Never,
}

/// Why a redirect was not followed. It names hosts, and no paths.
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

/// Where a redirect leads.
#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    from: String,
    to: String,
}

impl Redirect {
    /// Reads the redirect of an answer to `request` whose status is one.
    pub(crate) fn read(request: &Request<Bytes>, response: &Response<Bytes>) -> Result<Self, TransportError> {
        let from = origin(request.uri());
        let refuse = |to: Option<String>, problem| Err(error(from.clone(), to, problem, false));
        if !matches!(response.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
            return refuse(None, "it redirects in a way that a server of this kind does not");
        }
        let mut locations = response.headers().get_all(LOCATION).into_iter();
        let (Some(location), None) = (locations.next(), locations.next()) else {
            return refuse(None, "it redirects without saying where to, or to several places");
        };
        let location = location.to_str().ok().and_then(|location| location.parse::<Uri>().ok());
        let Some((Some(scheme), Some(authority), Some(path))) = location.map(|location| {
            let parts = location.into_parts();
            (parts.scheme, parts.authority, parts.path_and_query)
        }) else {
            return refuse(None, "it redirects to what is no address of a server");
        };
        // A name has 255 characters at most.
        if authority.as_str().len() > 300 {
            return refuse(None, "it redirects to what is no address of a server");
        }
        if authority.as_str().contains('@') {
            return refuse(None, "it redirects to an address with a user name");
        }
        let secrets = request.headers().values().filter(|value| value.is_sensitive());
        let to = redact(&format!("{scheme}://{authority}"), secrets).into_owned();
        if request.uri().scheme() == Some(&Scheme::HTTPS) && scheme != Scheme::HTTPS {
            return refuse(Some(to), "that is not encrypted");
        }
        if Some(&path) != request.uri().path_and_query() {
            return refuse(Some(to), "the path is another one");
        }
        Ok(Self { scheme, authority, from, to })
    }

    pub(crate) fn leads_to(&self, uri: &Uri) -> bool {
        uri.scheme() == Some(&self.scheme)
            && uri
                .authority()
                .is_some_and(|authority| same_authority(authority, &self.authority, &self.scheme))
    }

    /// The error of not going there, which is what a standby without a leader does: it may pass.
    pub(crate) fn passing(self, problem: &'static str) -> TransportError {
        error(self.from, Some(self.to), problem, true)
    }

    /// The same, if it leads to an address that is not known: it may pass, or has to be made known.
    pub(crate) fn elsewhere(self) -> TransportError {
        let (from, to, problem) = (&self.from, &self.to, "that is not one of the configured addresses");
        warn!(target: TRACING_TARGET, from, to, problem, "a redirect is not followed");
        self.passing(problem)
    }
}

fn origin(uri: &Uri) -> String {
    format!("{}://{}", uri.scheme_str().unwrap_or_default(), display_address(uri))
}

fn error(from: String, to: Option<String>, problem: &'static str, may_pass: bool) -> TransportError {
    if !may_pass {
        warn!(target: TRACING_TARGET, from, to, problem, "a redirect is not followed");
    }
    let error = TransportError::new(TransportErrorKind::Redirect, RedirectError { from, to, problem });
    if may_pass { error } else { error.permanent() }
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
    fn a_redirect_is_read_or_refused_with_a_reason() {
        let from = "https://a.test:8200/v1/x?y=1";
        for (location, expected) in [
            ("https://b.test:8200/v1/x?y=1", Ok("https b.test:8200")),
            ("https://A.test/v1/x?y=1", Ok("https A.test")),
            ("http://b.test:8200/v1/x?y=1", Err("redirects to http://b.test:8200: that is not encrypted")),
            ("https://b.test:8200/v1/x", Err("redirects to https://b.test:8200: the path is another one")),
            ("https://b.test/v1/other?y=1", Err("redirects to https://b.test: the path is another one")),
            ("https://user@b.test/v1/x?y=1", Err("a.test:8200: it redirects to an address with a user name")),
            ("/v1/x?y=1", Err("it redirects to what is no address of a server")),
            ("", Err("it redirects to what is no address of a server")),
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
            assert!(why.ends_with("in a way that a server of this kind does not"), "{why}");
        }
        let mut twice = redirect("https://b.test/v1/x?y=1").unwrap();
        twice.headers_mut().append(LOCATION, "https://c.test/v1/x?y=1".parse().unwrap());
        for response in [twice, response(307, "").unwrap()] {
            let why = read(from, &response).unwrap_err();
            assert!(why.ends_with("without saying where to, or to several places"), "{why}");
        }
        // From http to https is no loss.
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
        let error = to.passing("why");
        assert!(!error.is_permanent());
        assert_eq!(error.source().unwrap().to_string(), "http://a.test redirects to http://b.test: why");
        let to = read("http://a.test/v1/x", &redirect("http://b.test/v1/x").unwrap()).unwrap();
        assert!(
            to.elsewhere().source().unwrap().to_string().ends_with("not one of the configured addresses")
        );
    }
}
