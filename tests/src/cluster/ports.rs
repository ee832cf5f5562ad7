use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// A reserved block of ports: four for each of three nodes, and one that guards the block.
///
/// They stay reserved while a node is down, because no system assigns ports of this range on its own.
pub(super) struct Ports {
    first: u16,
    /// Keeps this and other processes from reserving the same block.
    _guard: TcpListener,
}

impl Ports {
    const BLOCK: u16 = 13;

    pub(super) fn reserve() -> io::Result<Self> {
        let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let mut blocks = (20_000..30_000).step_by(Self::BLOCK.into());
        blocks
            .find_map(|first| {
                let guard = bind(first).ok()?;
                (first + 1..first + Self::BLOCK)
                    .all(|port| bind(port).is_ok())
                    .then_some(Self { first, _guard: guard })
            })
            .ok_or_else(|| io::Error::other("no ports are free"))
    }

    /// Returns the port of the API. The next one is for the traffic between the nodes, and two more for
    /// balancers.
    pub(super) fn of_node(&self, index: u16) -> u16 {
        self.first + 1 + 4 * index
    }
}

#[cfg(test)]
mod tests {
    use super::Ports;

    #[test]
    fn no_two_clusters_share_a_port() {
        let (one, other) = (Ports::reserve().unwrap(), Ports::reserve().unwrap());
        assert!(one.of_node(2) + 3 < other.of_node(0) || other.of_node(2) + 3 < one.of_node(0));
    }
}
