//! A real cluster whose nodes and network fail, while many tasks use it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod audit;
mod failover;
mod load;
mod outage;
mod record;
mod sealing;
mod slot;
mod task;

use identity_tests::Cluster;
use vault_identity::transport::{HyperTransport, HyperTransportBuilder, Tls};
use vault_identity::{Client, Target};

/// Creates a transport that knows these nodes.
fn transport(cluster: &Cluster, nodes: &[usize]) -> HyperTransportBuilder {
    let addresses = cluster.addresses();
    let tls = Tls::new().ca_pem(cluster.ca_pem()).unwrap();
    let addresses = nodes.iter().map(|node| addresses[*node].as_str());
    HyperTransport::builder().tls(tls).addresses(addresses).unwrap()
}

/// Creates a client with this node as its target.
fn client(cluster: &Cluster, node: usize, transport: &HyperTransport) -> Client {
    let target = Target::new(&cluster.addresses()[node]).unwrap().with_token(cluster.token()).unwrap();
    Client::new(target, transport.clone())
}

/// Returns all nodes, beginning with this one.
fn all_from(first: usize) -> [usize; 3] {
    [first, (first + 1) % 3, (first + 2) % 3]
}
