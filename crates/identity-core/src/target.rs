use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::sync::Arc;

use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, Scheme, Uri};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use crate::error::RequestError;
use crate::{path, secret};

pub(crate) const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
pub(crate) const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
pub(crate) const REQUEST: HeaderName = HeaderName::from_static("x-vault-request");

/// Where requests go, and on whose behalf: the server's address, the token, the namespace.
///
/// ```
/// use identity_core::{Endpoint, Target, entity::ReadEntityById};
///
/// let target = Target::new("https://vault.example.com:8200")?.with_token("s.example")?.with_namespace("team-a")?;
/// let request = ReadEntityById::new("7fbd40c1").request(&target)?;
/// assert_eq!(request.uri(), "https://vault.example.com:8200/v1/identity/entity/id/7fbd40c1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Target {
    /// As it was given.
    address: Arc<str>,
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    /// What comes before the path of an operation, such as `/v1/` or `/proxy/v1/`.
    pub(crate) base: String,
    pub(crate) headers: HeaderMap,
    pub(crate) mount: Option<String>,
    pub(crate) list_as_get: bool,
    names_in_body: bool,
    pub(crate) awaits_token: bool,
}

/// Marks a request, in its [`http::Extensions`], that the transport is to add the token to: see
/// [`Target::with_transport_token`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRequired;

/// A header of the request, in the [`http::Extensions`] of an error response that may repeat it.
#[derive(Clone, Debug)]
pub(crate) struct SensitiveHeader(pub(crate) HeaderValue);

impl TokenRequired {
    /// The name of the header that the token goes into.
    pub const HEADER: HeaderName = TOKEN;

    /// The header's value: hidden in `Debug`, and wiped when its last clone is dropped. A token that no server
    /// gives out, such as one with a space or none at all, is refused.
    pub fn header(token: &SecretString) -> Result<HeaderValue, RequestError> {
        secret::header("", token)
    }

    /// Makes the [`Error`](crate::Error) that `response` becomes [redact](crate::Error::redact) a header of the
    /// request. A transport that adds the token calls it for error responses, which may repeat the token.
    pub fn redact_in<B>(response: &mut http::Response<B>, header: HeaderValue) {
        response.extensions_mut().insert(SensitiveHeader(header));
    }
}

impl Target {
    /// A server by its address: `http` or `https`, the host, and if need be a port and a path that a proxy
    /// serves it under.
    ///
    /// `unix:///run/agent.sock` is a Unix socket, by the absolute path of its file. As a URI has no place for
    /// that, requests carry it where the host stands, in hexadecimal (`unix://2f72756e…/v1/…`), and the header
    /// `Host: localhost`. The transport has to know of this, as the default one does.
    ///
    /// Over `http` the token, secrets and responses are sent in clear, and whoever is on the way can read
    /// them: use it for this machine only. [`is_plaintext`](Self::is_plaintext) tells, and the default
    /// transport logs a warning.
    ///
    /// # Errors
    ///
    /// Fails if the address has no scheme, or has a user name, a password or a query.
    pub fn new(address: &str) -> Result<Self, RequestError> {
        let refuse = |problem| RequestError::new("address", problem);
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST, HeaderValue::from_static("true"));
        if let Some(socket) = address.strip_prefix("unix://") {
            headers.insert(HOST, HeaderValue::from_static("localhost"));
            let scheme = Scheme::try_from("unix").map_err(|_| refuse("is not a URL"))?;
            return Ok(Self {
                address: address.into(),
                scheme,
                authority: socket_authority(socket)?,
                base: "/v1/".to_owned(),
                headers,
                mount: None,
                list_as_get: false,
                names_in_body: false,
                awaits_token: false,
            });
        }
        let uri: Uri = address.parse().map_err(|_| refuse("is not a URL"))?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(refuse("needs a scheme and a host, as in https://127.0.0.1:8200"));
        };
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(refuse("must begin with http://, https:// or unix:///"));
        }
        if authority.host().is_empty() {
            return Err(refuse("has no host"));
        }
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        if !port.is_empty() && authority.port_u16().is_none() {
            return Err(refuse("has a port that is none"));
        }
        if authority.as_str().contains('@') {
            return Err(refuse("must not contain a user name or password"));
        }
        if address.contains(['?', '#']) {
            return Err(refuse("must not contain a query or a fragment"));
        }
        let path = parts.path_and_query.as_ref().map_or("", |path| path.as_str()).trim_matches('/');
        if !path.is_empty() {
            check("address", path)?;
        }
        let base = if path.is_empty() { "/v1/".to_owned() } else { format!("/{path}/v1/") };
        Ok(Self {
            address: address.into(),
            scheme,
            authority,
            base,
            headers,
            mount: None,
            list_as_get: false,
            names_in_body: false,
            awaits_token: false,
        })
    }

    /// The token that requests are made with. Without one, only what needs no authentication is answered.
    pub fn with_token(mut self, token: impl Into<SecretString>) -> Result<Self, RequestError> {
        self.headers.insert(TOKEN, secret::header("", &token.into())?);
        self.awaits_token = false;
        Ok(self)
    }

    /// The same target on behalf of whomever the transport logs in: requests that are to carry a token are
    /// marked with [`TokenRequired`], and the transport adds it. One that knows nothing of this sends none.
    #[must_use]
    pub fn with_transport_token(mut self) -> Self {
        self.headers.remove(TOKEN);
        self.awaits_token = true;
        self
    }

    /// The same target on behalf of nobody.
    #[must_use]
    pub fn without_token(mut self) -> Self {
        self.headers.remove(TOKEN);
        self.awaits_token = false;
        self
    }

    /// Whether requests carry a token, be it this target's own or the transport's.
    pub fn has_token(&self) -> bool {
        self.awaits_token || self.headers.contains_key(TOKEN)
    }

    /// The value of the header that carries the target's own token: marked as sensitive, so that `Debug` does not
    /// show it.
    pub fn token_header(&self) -> Option<&HeaderValue> {
        self.headers.get(TOKEN)
    }

    /// The namespace that requests are made in, such as `team-a` or `team-a/web`. `""`, `/` and `root` are
    /// the root namespace.
    ///
    /// # Errors
    ///
    /// Fails if the namespace, or a part of it between slashes, begins or ends with a space, has a character
    /// that is not printable, or is `.` or `..`.
    pub fn with_namespace(mut self, namespace: &str) -> Result<Self, RequestError> {
        let namespace = namespace.trim_matches('/');
        if namespace.is_empty() {
            self.headers.remove(NAMESPACE);
            return Ok(self);
        }
        check("namespace", namespace)?;
        let value = HeaderValue::from_bytes(namespace.as_bytes())
            .map_err(|_| RequestError::new("namespace", "must not contain control characters"))?;
        self.headers.insert(NAMESPACE, value);
        Ok(self)
    }

    /// The path of the engine, `identity` unless said otherwise. Servers mount it nowhere else; a proxy
    /// might.
    pub fn with_mount(mut self, mount: &str) -> Result<Self, RequestError> {
        let mount = mount.trim_matches('/');
        check("mount", mount)?;
        self.mount = Some(path::encode(mount));
        Ok(self)
    }

    /// Returns `true` if requests are sent in clear over a network: by `http` to a host that is neither
    /// `localhost` nor a loopback address.
    ///
    /// ```
    /// use identity_core::Target;
    /// assert!(Target::new("http://vault.example.com:8200")?.is_plaintext());
    /// assert!(!Target::new("http://127.0.0.1:8200")?.is_plaintext());
    /// assert!(!Target::new("https://vault.example.com:8200")?.is_plaintext());
    /// # Ok::<(), identity_core::error::RequestError>(())
    /// ```
    pub fn is_plaintext(&self) -> bool {
        let host = self.authority.host().trim_matches(['[', ']']);
        let address: Option<IpAddr> = host.parse().ok();
        let is_loopback = host.eq_ignore_ascii_case("localhost")
            || address.is_some_and(|address| address.to_canonical().is_loopback());
        self.scheme == Scheme::HTTP && !is_loopback
    }

    /// Whether to list with `GET` and `?list=true`, for proxies that do not let the verb `LIST` pass.
    #[must_use]
    pub fn with_list_as_get(mut self, list_as_get: bool) -> Self {
        self.list_as_get = list_as_get;
        self
    }

    /// Whether entities and groups are reached by lookup and in bodies, instead of by a path, if their name
    /// contains `/`, `\\`, `%`, `;`, `?` or `#`: Traefik and other proxies refuse these in a path, however
    /// they are encoded.
    ///
    /// It counts for the methods of a client that take such a name. A policy has to grant `update` of
    /// `identity/lookup/entity` and `identity/lookup/group`, `create` and `update` of `identity/entity` and
    /// `identity/group` for writes, and `delete` of the objects by identifier.
    #[must_use]
    pub fn with_names_in_body(mut self, names_in_body: bool) -> Self {
        self.names_in_body = names_in_body;
        self
    }

    /// Returns `true` if an entity or a group of this name is reached by a path.
    pub fn takes_in_path(&self, name: &str) -> bool {
        !(self.names_in_body && name.contains(path::REFUSED_BY_PROXIES))
    }
}

fn check(name: &'static str, value: &str) -> Result<(), RequestError> {
    match path::validate(value) {
        Some(problem) => Err(RequestError::new(name, problem.trim_end_matches(','))),
        // HTTP/1.1 strips those at the ends of a header, and `" "` would be the root namespace.
        None if value.split('/').any(|part| part.trim() != part) => {
            Err(RequestError::new(name, "must not begin or end with a space, nor any part between slashes"))
        }
        None => Ok(()),
    }
}

/// In bytes, on Linux; elsewhere it is rather less.
const LONGEST_SOCKET: usize = 107;

/// The path of a socket as the host of a URI, which has no better place for it.
fn socket_authority(path: &str) -> Result<Authority, RequestError> {
    let refuse = |problem| RequestError::new("address", problem);
    if !path.starts_with('/') || path.ends_with('/') {
        return Err(refuse("needs the absolute path of a socket, as in unix:///run/agent.sock"));
    }
    if path.contains(['?', '#']) {
        return Err(refuse("must not contain a query or a fragment"));
    }
    let mut hex = String::with_capacity(2 * path.len());
    for byte in percent_decode_str(path) {
        if byte == 0 {
            return Err(refuse("must not contain the character NUL"));
        }
        write!(hex, "{byte:02x}").map_err(|_| refuse("is not a URL"))?;
    }
    if hex.len() > 2 * LONGEST_SOCKET {
        return Err(refuse("has a longer path than a socket can have"));
    }
    hex.try_into().map_err(|_| refuse("is not a URL"))
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("address", &self.address)
            .field("headers", &self.headers)
            .field("mount", &self.mount)
            .field("list_as_get", &self.list_as_get)
            .field("names_in_body", &self.names_in_body)
            .field("awaits_token", &self.awaits_token)
            .finish_non_exhaustive()
    }
}
