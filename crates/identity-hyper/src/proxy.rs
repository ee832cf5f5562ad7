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

/// Through which proxy connections go.
///
/// A proxy is asked for a tunnel, with `CONNECT` or SOCKS 5, to `http` servers too: so it has no part in the
/// requests, and the token does not get into its log or cache. To servers at `https` it cannot look into the
/// tunnel; to those at `http` it could.
///
/// The machine itself (`localhost`, 127.0.0.0/8, `::1`) and Unix sockets are reached without a proxy, always.
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
    http: Option<Arc<Via>>,
    https: Option<Arc<Via>>,
    /// The servers that are reached without one.
    direct: NoProxy,
}

/// A proxy, and the user that it knows. `Debug` shows no user.
pub(crate) struct Via {
    uri: Uri,
    user: Option<User>,
}

/// Wiped on drop. What hyper-util sends is not, but is kept no longer than it takes to open a connection.
pub(crate) struct User {
    pub(crate) name: SecretString,
    pub(crate) password: SecretString,
}

impl Proxy {
    /// No proxy, whatever the environment says.
    pub fn none() -> Self {
        Self::default()
    }

    /// One proxy for all servers: `http://`, `https://`, `socks5://` or `socks5h://`, with user name and
    /// password if need be, in percent-encoding. Without a scheme it is `http://`; without a port 80, 443
    /// or 1080.
    ///
    /// With `socks5://` names are resolved here, with `socks5h://` and the others by the proxy. A proxy at
    /// `https://` is verified as [`Tls`](crate::Tls) says, but under its own name, and is shown no client
    /// certificate.
    pub fn all(url: &str) -> Result<Self, RequestError> {
        let via = Arc::new(Via::new(url)?);
        Ok(Self { http: Some(Arc::clone(&via)), https: Some(via), direct: NoProxy::default() })
    }

    /// What the environment says, in upper case or lower case, read now.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `HTTP_PROXY` | for servers at `http://`; not in a CGI process, where the caller can set it |
    /// | `HTTPS_PROXY` | for servers at `https://` |
    /// | `ALL_PROXY` | for both, where the one above is not set |
    /// | `NO_PROXY` | see [`no_proxy`](Self::no_proxy) |
    ///
    /// An empty value is none. One that [`all`](Self::all) refuses is an error that names the variable.
    pub fn from_env() -> Result<Self, RequestError> {
        Self::from_variables(|name| env::var_os(name))
    }

    /// Sets the servers that are reached without the proxy, separated by commas, as Go programs read
    /// `NO_PROXY`. Replaces earlier ones.
    ///
    /// | entry | servers |
    /// |---|---|
    /// | `example.com` | the host and its subdomains |
    /// | `.example.com`, `*.example.com` | its subdomains only |
    /// | `10.1.2.3`, `fd00::1`, `[fd00::1]` | the address |
    /// | `10.0.0.0/8`, `fd00::/8` | the network |
    /// | `example.com:8200`, `10.1.2.3:8200`, `[fd00::1]:8200` | the same, at this port only |
    /// | `*` | all |
    ///
    /// Upper case, and a dot at the end of a name, make no difference. Names are not resolved.
    #[must_use]
    pub fn no_proxy(mut self, servers: impl AsRef<str>) -> Self {
        self.direct = NoProxy::new(servers.as_ref());
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
                Via::new(&url).map(|via| Some(Arc::new(via))).map_err(|error| error.of(name))
            }
            None => Ok(None),
        };
        let all = proxy(["ALL_PROXY", "all_proxy"])?;
        // A web server hands the header `Proxy` of a request to a CGI process under this name.
        let http = if get("REQUEST_METHOD").is_some() { "http_proxy" } else { "HTTP_PROXY" };
        Ok(Self {
            http: proxy([http, "http_proxy"])?.or_else(|| all.clone()),
            https: proxy(["HTTPS_PROXY", "https_proxy"])?.or(all),
            direct: variable(["NO_PROXY", "no_proxy"])?
                .map(|(_, list)| NoProxy::new(&list))
                .unwrap_or_default(),
        })
    }

    /// The proxy on the way to `uri`.
    pub(crate) fn on_the_way(&self, uri: &Uri) -> Option<&Via> {
        let via = match uri.scheme_str() {
            Some("http") => self.http.as_deref(),
            Some("https") => self.https.as_deref(),
            _ => None,
        };
        via.filter(|_| !is_loopback(uri) && !self.direct.has(uri))
    }
}

impl Via {
    /// Parses a URL. The password is copied only into memory that is wiped.
    fn new(url: &str) -> Result<Self, RequestError> {
        let refuse = |problem| RequestError::new("proxy", problem);
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(&*scheme, "http" | "https" | "socks5" | "socks5h") {
            return Err(refuse("must begin with http://, https://, socks5:// or socks5h://"));
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if !matches!(path, "" | "/") {
            return Err(refuse("must not have a path or a query"));
        }
        let (user, address) = match authority.rsplit_once('@') {
            Some((user, address)) => (Some(User::new(user)?), address),
            None => (None, authority),
        };
        if address.is_empty() {
            return Err(refuse("has no host"));
        }
        let authority: Authority = address.parse().map_err(|_| refuse("is not a URL"))?;
        if authority.host().is_empty() {
            return Err(refuse("has no host"));
        }
        let has_port = authority.as_str() != authority.host();
        if has_port && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(refuse("has a port that is none"));
        }
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::try_from(&*scheme).map_err(|_| refuse("is not a URL"))?);
        parts.authority = Some(authority);
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
        let uri = Uri::from_parts(parts).map_err(|_| refuse("is not a URL"))?;
        Ok(Self { uri, user })
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The host and port.
    pub(crate) fn address(&self) -> String {
        self.uri.authority().map_or("", Authority::as_str).to_owned()
    }

    pub(crate) fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }
}

impl fmt::Debug for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

impl User {
    /// Reads a user name and a password in percent-encoding.
    fn new(text: &str) -> Result<Self, RequestError> {
        let refuse = |problem| RequestError::new("proxy", problem);
        if text.contains('@') {
            return Err(refuse("has an `@` in its user name or password that is not percent-encoded"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refuse("is not a URL"));
        }
        let (name, password) = text.split_once(':').unwrap_or((text, ""));
        let decoded = |text: &str| {
            let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(percent_decode_str(text).collect());
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| refuse("has a user name or password that is not Unicode"));
            text.map(SecretString::from)
        };
        Ok(Self { name: decoded(name)?, password: decoded(password)? })
    }

    /// The header `Proxy-Authorization`, which is wiped on drop.
    pub(crate) fn basic(&self) -> Result<HeaderValue, BoxError> {
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

/// How the errors of hyper-util end, which have no public type, when a proxy rejects the user name or the
/// password.
const REJECTIONS: [&str; 3] = [
    "proxy authorization required",
    "credentials not accepted",
    "server does not support user/pass authentication",
];

/// It is the proxy that fails, and not the server.
#[derive(Debug)]
pub(crate) struct ProxyError {
    pub(crate) address: String,
    pub(crate) source: BoxError,
}

impl ProxyError {
    /// Whether the proxy rejects the user name or the password.
    pub(crate) fn is_permanent(&self) -> bool {
        let error = self.source.to_string();
        REJECTIONS.iter().any(|rejection| error.ends_with(rejection))
    }
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no way through the proxy {}", self.address)
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

    /// The proxies on the way to each of these.
    fn ways(proxy: &Proxy, urls: &[&str]) -> Vec<Option<String>> {
        let way = |url: &&str| Some(proxy.on_the_way(&url.parse().unwrap())?.uri().to_string());
        urls.iter().map(way).collect()
    }

    const BOTH: [&str; 2] = ["http://vault.test:8200", "https://vault.test:8200"];

    #[test]
    fn the_environment_says_which_proxy() {
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
            assert_eq!(ways(&from(variables).unwrap(), &BOTH), [http, https], "{variables:?}");
        }
    }

    #[test]
    fn the_machine_itself_and_what_is_excepted_need_no_proxy() {
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
        assert!(ways(&proxy, &direct).iter().all(Option::is_none), "{:?}", ways(&proxy, &direct));
        let through =
            ["http://11.0.0.1", "https://myvault.example.com", "http://[::2]", "http://localhost.test"];
        assert!(ways(&proxy, &through).iter().all(Option::is_some), "{:?}", ways(&proxy, &through));
        assert!(ways(&Proxy::none(), &through).iter().all(Option::is_none));
    }

    #[test]
    fn a_bad_proxy_is_an_error_that_names_it_and_shows_no_password() {
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
