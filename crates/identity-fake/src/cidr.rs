//! Networks that logins and tokens are bound to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::response::{ErrorResponse, bad_request, quoted};

/// The address that all requests come from: they are made in process, or sent to a loopback address.
pub(super) const REMOTE_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// An address, or a network in CIDR notation.
struct Network {
    address: IpAddr,
    prefix: u8,
    /// The server accepts ports and ignores them. 0 means none.
    port: u16,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        if let Some((address, prefix)) = text.split_once('/') {
            let address: IpAddr = address.parse().ok()?;
            let prefix = prefix.parse::<u8>().ok().filter(|prefix| *prefix <= bits(address))?;
            let unmapped = address.to_canonical();
            let prefix = prefix.saturating_sub(bits(address) - bits(unmapped));
            return Some(Self { address: unmapped, prefix, port: 0 });
        }
        let (address, port) = match text.parse::<SocketAddr>() {
            Ok(address) => (address.ip(), address.port()),
            Err(_) => (text.trim_start_matches('[').trim_end_matches(']').parse().ok()?, 0),
        };
        let address = address.to_canonical();
        Some(Self { address, prefix: bits(address), port })
    }

    fn contains(&self, address: IpAddr) -> bool {
        let ignored = u32::from(bits(self.address).saturating_sub(self.prefix));
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()).checked_shr(ignored).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()).checked_shr(ignored).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, prefix, port } = *self;
        match port {
            0 if prefix == bits(address) => write!(f, "{address}"),
            0 => write!(f, "{address}/{prefix}"),
            _ => SocketAddr::new(address, port).fmt(f),
        }
    }
}

fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// Validates networks and returns them as the server shows them. Every other text with a `/` is the path of a
/// Unix socket.
pub(super) fn normalize(networks: Vec<String>) -> Result<Vec<String>, ErrorResponse> {
    let normalize = |text: String| match Network::parse(&text) {
        Some(network) => Ok(network.to_string()),
        None if text.contains('/') => Ok(text),
        None => {
            let text = quoted(&text);
            let problem = format!("Unable to convert {text} to an IPv4 or IPv6 address, or a UNIX Socket");
            Err(bad_request(format!("error parsing address {text}: {problem}")))
        }
    };
    networks.into_iter().map(normalize).collect()
}

/// Returns `true` if one of the networks contains the address, or if there are none.
pub(super) fn contains(networks: &[String], address: IpAddr) -> bool {
    let mut parsed = networks.iter().filter_map(|network| Network::parse(network));
    networks.is_empty() || parsed.any(|network| network.contains(address))
}

/// Returns the first text that is not in CIDR notation.
pub(super) fn find_invalid(networks: &[String]) -> Option<&String> {
    networks.iter().find(|network| !network.contains('/') || Network::parse(network).is_none())
}

/// Returns `true` if each network is a part of one of the others.
pub(super) fn are_within(networks: &[String], others: &[String]) -> bool {
    let parse = |network: &String| Network::parse(network);
    networks.iter().filter_map(parse).all(|network| {
        let mut others = others.iter().filter_map(parse);
        others.any(|other| network.prefix >= other.prefix && other.contains(network.address))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn networks_are_shown_as_the_server_shows_them() {
        for (given, shown) in [
            ("10.0.0.1/8", "10.0.0.1/8"),
            ("1.2.3.4/32", "1.2.3.4"),
            ("1.2.3.4:80", "1.2.3.4:80"),
            ("1.2.3.4:0", "1.2.3.4"),
            ("[::1]", "::1"),
            ("[::1]:80", "[::1]:80"),
            ("FE80::1/128", "fe80::1"),
            ("::ffff:1.2.3.4/100", "1.2.3.4/4"),
            ("10.0.0.0/33", "10.0.0.0/33"),
        ] {
            assert_eq!(normalize(strings(&[given])).unwrap(), [shown]);
        }
        for invalid in ["", "x", "10.1", "256.0.0.1", "1.2.3.4:70000", "01.2.3.4"] {
            assert!(normalize(strings(&[invalid])).is_err(), "{invalid}");
        }
    }

    #[test]
    fn a_network_contains_its_addresses() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        for (networks, inside, outside) in [
            (["10.0.0.1/8", "::1"], "10.9.9.9", "11.0.0.0"),
            (["10.0.0.1/32", "fe80::/10"], "fe80::1", "10.0.0.2"),
            (["0.0.0.0/0", "/socket"], "1.2.3.4", "::1"),
            (["1.2.3.4:80", "x/y"], "1.2.3.4", "1.2.3.5"),
        ] {
            let networks = strings(&networks);
            assert!(contains(&networks, address(inside)), "{networks:?}");
            assert!(!contains(&networks, address(outside)), "{networks:?}");
        }
        assert!(contains(&[], REMOTE_ADDRESS));
    }
}
