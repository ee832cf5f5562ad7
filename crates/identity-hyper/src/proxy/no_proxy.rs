//! Servers that bypass the proxy, with the syntax of `NO_PROXY` in Go's `httpproxy`.

use std::net::IpAddr;

use http::Uri;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NoProxy(Vec<Rule>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    host: Host,
    /// `None` matches any port.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    All,
    Address(IpAddr),
    /// An address and its prefix length.
    Network(IpAddr, u32),
    /// A name and its subdomains.
    Domain(String),
    /// Only the subdomains of a name, which begins with a dot.
    Subdomains(String),
}

impl NoProxy {
    /// Parses a comma-separated list. Invalid entries are ignored.
    pub(super) fn new(list: &str) -> Self {
        Self(list.split(',').filter_map(|entry| Rule::new(entry.trim())).collect())
    }

    pub(super) fn matches(&self, uri: &Uri) -> bool {
        let host = trim_host(uri.host().unwrap_or_default());
        let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default);
        self.0.iter().any(|rule| rule.port.is_none_or(|only| only == port) && rule.host.matches(host))
    }
}

impl Rule {
    fn new(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Self { host: Host::All, port: None });
        }
        if let Some((address, bits)) = entry.split_once('/') {
            let (address, bits) = (address.parse().ok()?, bits.parse().ok()?);
            let max_bits = if matches!(address, IpAddr::V4(_)) { 32 } else { 128 };
            return (bits <= max_bits).then_some(Self { host: Host::Network(address, bits), port: None });
        }
        if let Ok(address) = trim_host(entry).parse::<IpAddr>() {
            return Some(Self { host: Host::Address(address.to_canonical()), port: None });
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry, None),
        };
        let host = trim_host(host);
        let host = match host.strip_prefix('*').unwrap_or(host) {
            "" => return None,
            below if below.starts_with('.') => Host::Subdomains(below.to_ascii_lowercase()),
            name => match name.parse::<IpAddr>() {
                Ok(address) => Host::Address(address.to_canonical()),
                Err(_) => Host::Domain(name.to_ascii_lowercase()),
            },
        };
        Some(Self { host, port })
    }
}

impl Host {
    fn matches(&self, host: &str) -> bool {
        let address = || host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
        match self {
            Self::All => true,
            Self::Address(own) => address() == Some(*own),
            Self::Network(network, bits) => match (network, address()) {
                (IpAddr::V4(network), Some(IpAddr::V4(address))) => {
                    (u32::from(*network) ^ u32::from(address)).leading_zeros() >= *bits
                }
                (IpAddr::V6(network), Some(IpAddr::V6(address))) => {
                    (u128::from(*network) ^ u128::from(address)).leading_zeros() >= *bits
                }
                _ => false,
            },
            Self::Domain(name) => {
                let host = host.to_ascii_lowercase();
                host.strip_suffix(&**name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            Self::Subdomains(end) => host.to_ascii_lowercase().ends_with(end),
        }
    }
}

/// Removes the brackets of an IPv6 address and the trailing dot of a name.
fn trim_host(host: &str) -> &str {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bypasses_proxy(list: &str, server: &str) -> bool {
        NoProxy::new(list).matches(&server.parse().unwrap())
    }

    #[test]
    fn entries_match_the_same_servers_as_in_go() {
        for (list, direct, through) in [
            ("", &[][..], &["http://a", "http://10.0.0.1"][..]),
            (",, ,", &[], &["http://a"]),
            ("*", &["http://a", "https://10.0.0.1:1", "http://[fd00::1]"], &[]),
            (" x , * ", &["http://a"], &[]),
            (
                "example.test",
                &[
                    "http://example.test",
                    "https://a.b.example.test:8200",
                    "http://EXAMPLE.test",
                    "http://example.test.",
                ],
                &["http://myexample.test", "http://example.test.com", "http://test"],
            ),
            ("Example.TEST", &["http://example.test"], &[]),
            ("example.test.", &["http://example.test", "http://a.example.test."], &["http://example.tes"]),
            (
                ".example.test",
                &["http://a.example.test", "http://a.b.example.test"],
                &["http://example.test", "http://myexample.test"],
            ),
            (
                "*.example.test",
                &["http://a.example.test", "http://a.b.example.test"],
                &["http://example.test", "http://myexample.test"],
            ),
            (
                "example.test:8200",
                &["http://example.test:8200", "https://a.example.test:8200"],
                &["http://example.test", "http://example.test:8201"],
            ),
            ("example.test:443", &["https://example.test"], &["http://example.test"]),
            ("example.test:80", &["http://example.test"], &["https://example.test"]),
            ("*.example.test:8200", &["http://a.example.test:8200"], &["http://a.example.test:1"]),
            (
                "10.1.2.3",
                &["http://10.1.2.3", "http://10.1.2.3:8200", "http://[::ffff:10.1.2.3]"],
                &["http://10.1.2.30"],
            ),
            ("10.1.2.3:8200", &["http://10.1.2.3:8200"], &["http://10.1.2.3", "http://10.1.2.4:8200"]),
            (
                "10.0.0.0/8",
                &["http://10.255.1.1", "http://[::ffff:10.1.2.3]"],
                &["http://11.0.0.1", "http://a10.0.0.1"],
            ),
            ("10.1.2.3/31", &["http://10.1.2.2", "http://10.1.2.3"], &["http://10.1.2.4"]),
            ("0.0.0.0/0", &["http://9.9.9.9"], &["http://a", "http://[fd00::1]"]),
            ("10.0.0.0/33, 10.0.0.0/x, x/8", &[], &["http://10.0.0.0", "http://x"]),
            ("fd00::1", &["http://[fd00::1]", "http://[FD00:0::1]:8200"], &["http://[fd00::2]"]),
            ("[fd00::1]", &["http://[fd00::1]", "http://[fd00::1]:8200"], &["http://[fd00::2]"]),
            ("[fd00::1]:8200", &["http://[fd00::1]:8200"], &["http://[fd00::1]"]),
            ("fd00::/8", &["http://[fdff::1]:8200"], &["http://[fe00::1]", "http://10.0.0.1"]),
            ("::/0", &["http://[fe00::1]"], &["http://10.0.0.1"]),
            ("a:x, a:, :80, [, ], [], :, *:80, .", &[], &["http://a", "http://b", "http://b.c"]),
            ("a, b:1\t,c", &["http://a", "http://b:1", "http://x.c"], &["http://b"]),
        ] {
            for server in direct {
                assert!(bypasses_proxy(list, server), "{list:?}: {server}");
            }
            for server in through {
                assert!(!bypasses_proxy(list, server), "{list:?}: {server}");
            }
        }
    }
}
