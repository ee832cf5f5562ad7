use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::HeaderValue;
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use identity_core::{ExposeSecret, SecretString, error::RequestError};
use percent_encoding::percent_decode_str;
use tower::BoxError;
use zeroize::Zeroizing;

use crate::address::is_loopback;

mod no_proxy;

use no_proxy::NoProxy;

/// The proxy settings: an HTTP, HTTPS or SOCKS 5 proxy, and the servers that bypass it.
///
/// Connections always use a tunnel (`CONNECT` or SOCKS 5), even to `http` servers, so that a proxy does not
/// log or cache requests and tokens. It cannot read the traffic to `https` servers; to `http` servers it can.
///
/// Loopback addresses (`localhost`, 127.0.0.0/8, `::1`) and Unix sockets always bypass the proxy.
///
/// ```
/// use identity_hyper::{HyperTransport, Proxy};
///
/// let proxy = Proxy::all("http://user:password@proxy.example.com:3128")?.no_proxy("10.0.0.0/8, .internal");
/// let transport = HyperTransport::builder().proxy(proxy).build();
/// println!("{transport:?}");
/// # Ok::<(), identity_core::error::RequestError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Proxy {
    http: Option<Arc<ProxyServer>>,
    https: Option<Arc<ProxyServer>>,
    bypass: NoProxy,
}

/// A proxy with its credentials, which `Debug` does not show.
pub(crate) struct ProxyServer {
    uri: Uri,
    user: Option<Credentials>,
}

/// Zeroized on drop. hyper-util's copies are not, but live only until the connection is open.
pub(crate) struct Credentials {
    pub(crate) name: SecretString,
    pub(crate) password: SecretString,
}

impl Proxy {
    /// Uses no proxy and ignores the environment.
    pub fn none() -> Self {
        Self::default()
    }

    /// Uses one proxy for all servers.
    ///
    /// The URL begins with `http://`, `https://`, `socks5://` or `socks5h://`, and may contain a
    /// percent-encoded user name and password. The scheme defaults to `http`, and the port to 80, 443 or
    /// 1080.
    ///
    /// With `socks5` the client resolves the server's name, otherwise the proxy does. An `https` proxy is
    /// verified by the [`Tls`](crate::Tls) settings under its own name, without a client certificate.
    ///
    /// # Errors
    ///
    /// Fails if `url` is not a valid proxy URL.
    pub fn all(url: &str) -> Result<Self, RequestError> {
        let server = Arc::new(ProxyServer::new(url)?);
        Ok(Self { http: Some(Arc::clone(&server)), https: Some(server), bypass: NoProxy::default() })
    }

    /// Reads the proxy settings from environment variables, in upper or lower case.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `HTTP_PROXY` | for `http` servers; ignored in a CGI process, where a request header sets it |
    /// | `HTTPS_PROXY` | for `https` servers |
    /// | `ALL_PROXY` | for both, if the variable above is not set |
    /// | `NO_PROXY` | see [`no_proxy`](Self::no_proxy) |
    ///
    /// Empty values are ignored.
    ///
    /// # Errors
    ///
    /// Fails if a value is not a valid proxy URL. The error names the variable.
    pub fn from_env() -> Result<Self, RequestError> {
        Self::from_variables(|name| env::var_os(name))
    }

    /// Sets the servers that bypass the proxy, separated by commas, with the syntax of Go's `NO_PROXY`.
    /// Replaces earlier ones.
    ///
    /// | entry | servers |
    /// |---|---|
    /// | `example.com` | the host and its subdomains |
    /// | `.example.com`, `*.example.com` | only its subdomains |
    /// | `10.1.2.3`, `fd00::1`, `[fd00::1]` | the address |
    /// | `10.0.0.0/8`, `fd00::/8` | the network |
    /// | `example.com:8200`, `10.1.2.3:8200`, `[fd00::1]:8200` | the same, on this port only |
    /// | `*` | all |
    ///
    /// Case and a trailing dot are ignored. Names are not resolved.
    #[must_use]
    pub fn no_proxy(mut self, servers: impl AsRef<str>) -> Self {
        self.bypass = NoProxy::new(servers.as_ref());
        self
    }

    fn from_variables(get: impl Fn(&str) -> Option<OsString>) -> Result<Self, RequestError> {
        let variable = |names: [&'static str; 2]| {
            let set = |name: &&str| get(name).is_some_and(|value| !value.is_empty());
            let Some(name) = names.into_iter().find(set) else { return Ok(None) };
            match get(name).unwrap_or_default().into_string() {
                Ok(value) => Ok(Some((name, Zeroizing::new(value)))),
                Err(_) => Err(RequestError::new(name, "is not Unicode")),
            }
        };
        let proxy = |names| match variable(names)? {
            Some((name, url)) => {
                ProxyServer::new(&url).map(|server| Some(Arc::new(server))).map_err(|error| error.of(name))
            }
            None => Ok(None),
        };
        let all = proxy(["ALL_PROXY", "all_proxy"])?;
        // A web server passes the `Proxy` header of a request to a CGI process in this variable (httpoxy).
        let http = if get("REQUEST_METHOD").is_some() { "http_proxy" } else { "HTTP_PROXY" };
        Ok(Self {
            http: proxy([http, "http_proxy"])?.or_else(|| all.clone()),
            https: proxy(["HTTPS_PROXY", "https_proxy"])?.or(all),
            bypass: variable(["NO_PROXY", "no_proxy"])?
                .map(|(_, list)| NoProxy::new(&list))
                .unwrap_or_default(),
        })
    }

    /// Returns the proxy for `uri`, if any.
    pub(crate) fn intercept(&self, uri: &Uri) -> Option<&ProxyServer> {
        let server = match uri.scheme_str() {
            Some("http") => self.http.as_deref(),
            Some("https") => self.https.as_deref(),
            _ => None,
        };
        server.filter(|_| !is_loopback(uri) && !self.bypass.matches(uri))
    }
}

impl ProxyServer {
    /// Parses a URL. The password is copied only into memory that is zeroized.
    fn new(url: &str) -> Result<Self, RequestError> {
        let invalid = |problem| RequestError::new("proxy", problem);
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(&*scheme, "http" | "https" | "socks5" | "socks5h") {
            return Err(invalid("must begin with http://, https://, socks5:// or socks5h://"));
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if !matches!(path, "" | "/") {
            return Err(invalid("must not have a path or a query"));
        }
        let (user, address) = match authority.rsplit_once('@') {
            Some((user, address)) => (Some(Credentials::new(user)?), address),
            None => (None, authority),
        };
        if address.is_empty() {
            return Err(invalid("has no host"));
        }
        let authority: Authority = address.parse().map_err(|_| invalid("is not a URL"))?;
        if authority.host().is_empty() {
            return Err(invalid("has no host"));
        }
        let has_port = authority.as_str() != authority.host();
        if has_port && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(invalid("has an invalid port"));
        }
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::try_from(&*scheme).map_err(|_| invalid("is not a URL"))?);
        parts.authority = Some(authority);
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
        let uri = Uri::from_parts(parts).map_err(|_| invalid("is not a URL"))?;
        Ok(Self { uri, user })
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(crate) fn address(&self) -> String {
        self.uri.authority().map_or("", Authority::as_str).to_owned()
    }

    pub(crate) fn user(&self) -> Option<&Credentials> {
        self.user.as_ref()
    }
}

impl fmt::Debug for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

impl Credentials {
    fn new(text: &str) -> Result<Self, RequestError> {
        let invalid = |problem| RequestError::new("proxy", problem);
        if text.contains('@') {
            return Err(invalid("has an `@` in its user name or password that is not percent-encoded"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid("is not a URL"));
        }
        let (name, password) = text.split_once(':').unwrap_or((text, ""));
        let decoded = |text: &str| {
            let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(percent_decode_str(text).collect());
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| invalid("has a user name or password that is not Unicode"));
            text.map(SecretString::from)
        };
        Ok(Self { name: decoded(name)?, password: decoded(password)? })
    }

    /// Builds the `Proxy-Authorization` header, which is zeroized on drop.
    pub(crate) fn basic_auth_header(&self) -> Result<HeaderValue, BoxError> {
        let (name, password) = (self.name.expose_secret(), self.password.expose_secret());
        let mut plain = Zeroizing::new(String::with_capacity(name.len() + 1 + password.len()));
        plain.extend([name, ":", password]);
        let mut header = Zeroizing::new(String::with_capacity(6 + plain.len().div_ceil(3) * 4));
        header.push_str("Basic ");
        BASE64.encode_string(plain.as_bytes(), &mut header);
        let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(header))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

/// The endings of hyper-util's messages for rejected credentials. Its error types are private.
const AUTH_FAILURES: [&str; 3] = [
    "proxy authorization required",
    "credentials not accepted",
    "server does not support user/pass authentication",
];

/// A failure of the proxy rather than the server.
#[derive(Debug)]
pub(crate) struct ProxyError {
    pub(crate) address: String,
    pub(crate) source: BoxError,
}

impl ProxyError {
    pub(crate) fn rejects_credentials(&self) -> bool {
        let error = self.source.to_string();
        AUTH_FAILURES.iter().any(|rejection| error.ends_with(rejection))
    }
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the connection through the proxy {} failed", self.address)
    }
}

impl Error for ProxyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<Proxy, RequestError> {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        Proxy::from_variables(|name| variables.get(name).map(Into::into))
    }

    fn intercepted(proxy: &Proxy, urls: &[&str]) -> Vec<Option<String>> {
        let intercept = |url: &&str| Some(proxy.intercept(&url.parse().unwrap())?.uri().to_string());
        urls.iter().map(intercept).collect()
    }

    const BOTH: [&str; 2] = ["http://vault.test:8200", "https://vault.test:8200"];

    #[test]
    fn the_proxy_is_read_from_the_environment() {
        let none = || None;
        let some = |url: &str| Some(url.to_owned());
        for (variables, http, https) in [
            (&[][..], none(), none()),
            (&[("HTTP_PROXY", "http://p:1"), ("HTTPS_PROXY", "")], some("http://p:1/"), none()),
            (&[("https_proxy", "p:2")], none(), some("http://p:2/")),
            (&[("HTTPS_PROXY", "https://p:2"), ("https_proxy", "no")], none(), some("https://p:2/")),
            (
                &[("all_proxy", "socks5h://p"), ("http_proxy", "p:1")],
                some("http://p:1/"),
                some("socks5h://p/"),
            ),
            (&[("HTTP_PROXY", "http://evil:1"), ("REQUEST_METHOD", "GET")], none(), none()),
            (&[("http_proxy", "http://p:1"), ("REQUEST_METHOD", "GET")], some("http://p:1/"), none()),
            (&[("ALL_PROXY", "p:1"), ("NO_PROXY", "other, .test")], none(), none()),
            (&[("ALL_PROXY", "p:1"), ("no_proxy", "ault.test")], some("http://p:1/"), some("http://p:1/")),
            (&[("ALL_PROXY", "p:1"), ("NO_PROXY", "*")], none(), none()),
        ] {
            assert_eq!(intercepted(&from(variables).unwrap(), &BOTH), [http, https], "{variables:?}");
        }
    }

    #[test]
    fn loopback_addresses_and_no_proxy_servers_bypass_the_proxy() {
        let proxy = Proxy::all("p:1").unwrap().no_proxy("10.0.0.0/8,vault.example.com,fd00::/8");
        let direct = [
            "http://localhost:8200",
            "https://LOCALHOST",
            "http://127.0.0.1",
            "http://127.1.2.3:8200",
            "http://[::1]:8200",
            "https://[::ffff:127.0.0.1]",
            "https://10.1.2.3:8200",
            "https://vault.example.com",
            "https://a.vault.example.com",
            "https://[fd00::1]:8200",
            "unix://2f72",
        ];
        assert!(
            intercepted(&proxy, &direct).iter().all(Option::is_none),
            "{:?}",
            intercepted(&proxy, &direct)
        );
        let through =
            ["http://11.0.0.1", "https://myvault.example.com", "http://[::2]", "http://localhost.test"];
        assert!(
            intercepted(&proxy, &through).iter().all(Option::is_some),
            "{:?}",
            intercepted(&proxy, &through)
        );
        assert!(intercepted(&Proxy::none(), &through).iter().all(Option::is_none));
    }

    #[test]
    fn an_invalid_proxy_url_is_an_error_without_the_password() {
        for url in [
            "",
            " ",
            "/",
            "http://",
            "http://user:hunter2@",
            "ftp://user:hunter2@p:1",
            "socks4://user:hunter2@p:1",
            "http://user:hunter2@p:x",
            "http://user:hunter2@p:0",
            "http://user:hunter2@p:",
            "http://user:hunter2@p:99999",
            "http://user:hunter2@p:1/path",
            "http://user:hunter2@p:1?query",
            "http://user:hunter2@p q",
            "http://user:hunter2@user:hunter2@p:1",
            "user@hunter2:hunter2@p",
        ] {
            let error = Proxy::all(url).expect_err(url);
            assert_eq!(error.parameter(), "proxy", "{url}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
            if !url.is_empty() {
                assert_eq!(from(&[("https_proxy", url)]).expect_err(url).parameter(), "https_proxy");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_unicode_is_an_error() {
        use std::os::unix::ffi::OsStringExt;
        let get = |name: &str| (name == "NO_PROXY").then(|| OsString::from_vec(vec![0xff]));
        assert_eq!(Proxy::from_variables(get).unwrap_err().to_string(), "`NO_PROXY` is not Unicode");
    }

    #[test]
    fn credentials_are_not_shown() {
        let proxy = Proxy::all("http://alice:hunter2@p:1").unwrap();
        let shown = format!("{proxy:?}");
        assert!(shown.contains("p:1") && !shown.contains("alice") && !shown.contains("hunter2"), "{shown}");
    }
}
