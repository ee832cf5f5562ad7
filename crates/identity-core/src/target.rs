use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::sync::Arc;

use http::header::{HOST, HeaderMap, HeaderValue};
use http::uri::{Authority, Scheme, Uri};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use crate::error::request_error::RequestError;
use crate::headers::{NAMESPACE, REQUEST, TOKEN};
use crate::{path, secret};

/// The destination of requests: the address of the server, the token and the namespace.
///
/// ```
/// use identity_core::{Endpoint, Target, entity::ReadEntityById};
///
/// let target = Target::new("https://vault.example.com:8200")?
///     .with_token("s.example")?
///     .with_namespace("team-a")?;
/// let request = ReadEntityById::new("7fbd40c1").request(&target)?;
/// assert_eq!(request.uri(), "https://vault.example.com:8200/v1/identity/entity/id/7fbd40c1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Target {
    /// As passed to `new`, for `Debug`.
    address: Arc<str>,
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    /// The prefix of paths, such as `/v1/` or `/proxy/v1/`.
    pub(crate) base: String,
    pub(crate) headers: HeaderMap,
    pub(crate) mount: Option<String>,
    pub(crate) list_as_get: bool,
    names_in_body: bool,
    pub(crate) token_required: bool,
}

impl Target {
    /// Creates a target from the address of a server: `http` or `https`, a host, and optionally a port and
    /// the path prefix of a proxy.
    ///
    /// `unix:///run/agent.sock` is a Unix socket at an absolute path. The URI of a request contains this path
    /// in hexadecimal as its host (`unix://2f72756e…/v1/…`), and the header is `Host: localhost`. The
    /// transport must support this, as the default one does.
    ///
    /// Over `http`, tokens, secrets and responses are sent in plaintext: use it for the local machine only.
    /// The default transport logs a warning if the target [is plaintext](Self::is_plaintext).
    ///
    /// # Errors
    ///
    /// Fails if the address is not a URL, has no scheme or host, or contains a user name, a password or a
    /// query.
    pub fn new(address: &str) -> Result<Self, RequestError> {
        let invalid = |problem| RequestError::new("address", problem);
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST, HeaderValue::from_static("true"));
        if let Some(socket) = address.strip_prefix("unix://") {
            headers.insert(HOST, HeaderValue::from_static("localhost"));
            let scheme = Scheme::try_from("unix").map_err(|_| invalid("is not a URL"))?;
            return Ok(Self {
                address: address.into(),
                scheme,
                authority: socket_authority(socket)?,
                base: "/v1/".to_owned(),
                headers,
                mount: None,
                list_as_get: false,
                names_in_body: false,
                token_required: false,
            });
        }
        let uri: Uri = address.parse().map_err(|_| invalid("is not a URL"))?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(invalid("needs a scheme and a host, as in https://127.0.0.1:8200"));
        };
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return Err(invalid("must begin with http://, https:// or unix:///"));
        }
        if authority.host().is_empty() {
            return Err(invalid("has no host"));
        }
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        if !port.is_empty() && authority.port_u16().is_none() {
            return Err(invalid("has an invalid port"));
        }
        if authority.as_str().contains('@') {
            return Err(invalid("must not contain a user name or password"));
        }
        if address.contains(['?', '#']) {
            return Err(invalid("must not contain a query or a fragment"));
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
            token_required: false,
        })
    }

    /// Sets the token. Without a token, the server rejects everything but unauthenticated operations.
    ///
    /// # Errors
    ///
    /// Fails if the token is empty, or has characters other than visible ASCII.
    pub fn with_token(mut self, token: impl Into<SecretString>) -> Result<Self, RequestError> {
        self.headers.insert(TOKEN, secret::header("", &token.into())?);
        self.token_required = false;
        Ok(self)
    }

    /// Leaves the token to the transport: requests are marked with
    /// [`TokenRequired`](crate::transport::TokenRequired), and a transport with a token source adds the
    /// token. Other transports send no token.
    #[must_use]
    pub fn with_transport_token(mut self) -> Self {
        self.headers.remove(TOKEN);
        self.token_required = true;
        self
    }

    /// Removes the token.
    #[must_use]
    pub fn without_token(mut self) -> Self {
        self.headers.remove(TOKEN);
        self.token_required = false;
        self
    }

    /// Returns `true` if requests carry a token, either the target's own or the transport's.
    pub fn has_token(&self) -> bool {
        self.token_required || self.headers.contains_key(TOKEN)
    }

    /// The value of the token header, if this target has a token. `Debug` redacts it.
    pub fn token_header(&self) -> Option<&HeaderValue> {
        self.headers.get(TOKEN)
    }

    /// Sets the namespace, such as `team-a` or `team-a/web`. Defaults to the root namespace, which is `""`,
    /// `/` or `root`.
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

    /// Sets the path of the engine. Servers mount it at `identity` only, but a proxy may rewrite it. Defaults
    /// to `identity`.
    ///
    /// # Errors
    ///
    /// Fails if the mount is empty, or has characters or segments that a path cannot contain.
    pub fn with_mount(mut self, mount: &str) -> Result<Self, RequestError> {
        let mount = mount.trim_matches('/');
        check("mount", mount)?;
        self.mount = Some(path::encode(mount));
        Ok(self)
    }

    /// Returns `true` if requests are sent in plaintext over a network: by `http` to a host other than
    /// `localhost` and loopback addresses.
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

    /// Sets whether lists are sent as `GET` with `?list=true`, for proxies that reject the method `LIST`.
    /// Defaults to `false`.
    #[must_use]
    pub fn with_list_as_get(mut self, list_as_get: bool) -> Self {
        self.list_as_get = list_as_get;
        self
    }

    /// Sets whether a client sends names of entities and groups in bodies, instead of in paths, if they
    /// contain `/`, `\\`, `%`, `;`, `?` or `#`. Traefik and other proxies reject these characters in a path,
    /// even encoded. Defaults to `false`.
    ///
    /// The policy then has to grant `update` on `identity/lookup/entity` and `identity/lookup/group`,
    /// `create` and `update` on `identity/entity` and `identity/group` for writes, and `delete` on the
    /// objects by identifier.
    #[must_use]
    pub fn with_names_in_body(mut self, names_in_body: bool) -> Self {
        self.names_in_body = names_in_body;
        self
    }

    /// Returns `true` if a client sends this name of an entity or a group in the path. See
    /// [`with_names_in_body`](Self::with_names_in_body).
    pub fn sends_in_path(&self, name: &str) -> bool {
        !(self.names_in_body && name.contains(path::REJECTED_BY_PROXIES))
    }
}

fn check(name: &'static str, value: &str) -> Result<(), RequestError> {
    match path::validate(value) {
        Some(problem) => Err(RequestError::new(name, problem)),
        // HTTP/1.1 trims the values of headers, and `" "` would become the root namespace.
        None if value.split('/').any(|part| part.trim() != part) => {
            Err(RequestError::new(name, "must not begin or end with a space, nor any part between slashes"))
        }
        None => Ok(()),
    }
}

/// The limit of Linux, in bytes. Other systems have lower ones.
const MAX_SOCKET_PATH_LEN: usize = 107;

/// Encodes the path of a socket as the host of a URI, which has no other place for it.
fn socket_authority(path: &str) -> Result<Authority, RequestError> {
    let invalid = |problem| RequestError::new("address", problem);
    if !path.starts_with('/') || path.ends_with('/') {
        return Err(invalid("needs the absolute path of a socket, as in unix:///run/agent.sock"));
    }
    if path.contains(['?', '#']) {
        return Err(invalid("must not contain a query or a fragment"));
    }
    let mut hex = String::with_capacity(2 * path.len());
    for byte in percent_decode_str(path) {
        if byte == 0 {
            return Err(invalid("must not contain a NUL character"));
        }
        write!(hex, "{byte:02x}").map_err(|_| invalid("is not a URL"))?;
    }
    if hex.len() > 2 * MAX_SOCKET_PATH_LEN {
        return Err(invalid("is too long for the path of a socket"));
    }
    hex.try_into().map_err(|_| invalid("is not a URL"))
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("address", &self.address)
            .field("headers", &self.headers)
            .field("mount", &self.mount)
            .field("list_as_get", &self.list_as_get)
            .field("names_in_body", &self.names_in_body)
            .field("token_required", &self.token_required)
            .finish_non_exhaustive()
    }
}
