use std::error::Error;
use std::fmt;

use bytes::Bytes;
use http::header::LOCATION;
use http::uri::{Authority, Scheme, Uri};
use http::{Request, Response, StatusCode};
use identity_core::{TransportError, TransportErrorKind, redact};
use tracing::warn;

use crate::connect::shown;
use crate::observe::TARGET;

/// What becomes of a redirect. A token never goes to an address that was not configured, whatever a server says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Redirects {
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
            && uri.authority().is_some_and(|authority| same(authority, &self.authority, &self.scheme))
    }

    /// The error of not going there, which is what a standby without a leader does: it may pass.
    pub(crate) fn passing(self, problem: &'static str) -> TransportError {
        error(self.from, Some(self.to), problem, true)
    }

    /// The same, if it leads to an address that is not known: it may pass, or has to be made known.
    pub(crate) fn elsewhere(self) -> TransportError {
        let (from, to, problem) = (&self.from, &self.to, "that is not one of the configured addresses");
        warn!(target: TARGET, from, to, problem, "a redirect is not followed");
        self.passing(problem)
    }
}

/// Whether two authorities are one, with or without the port that goes without saying.
pub(crate) fn same(left: &Authority, right: &Authority, scheme: &Scheme) -> bool {
    let port = |authority: &Authority| {
        authority.port_u16().unwrap_or(if *scheme == Scheme::HTTPS { 443 } else { 80 })
    };
    left.host().eq_ignore_ascii_case(right.host()) && port(left) == port(right)
}

fn origin(uri: &Uri) -> String {
    format!("{}://{}", uri.scheme_str().unwrap_or_default(), shown(uri))
}

fn error(from: String, to: Option<String>, problem: &'static str, may_pass: bool) -> TransportError {
    if !may_pass {
        warn!(target: TARGET, from, to, problem, "a redirect is not followed");
    }
    let error = TransportError::new(TransportErrorKind::Redirect, RedirectError { from, to, problem });
    if may_pass { error } else { error.permanent() }
}
