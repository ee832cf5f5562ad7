//! A real cluster, broken in all ways while many tasks work with it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod audit;
mod harness;
mod load;
mod outage;
mod record;
mod slot;
mod task;

use identity_tests::Cluster;
use vault_identity::hyper::{HyperTransport, HyperTransportBuilder, Tls};
use vault_identity::{Client, Target};

/// A transport that knows the cluster, and has this node for the first of its addresses.
fn transport(cluster: &Cluster, first: usize) -> HyperTransportBuilder {
    let mut addresses = cluster.addresses();
    addresses.rotate_left(first);
    let tls = Tls::new().ca_pem(cluster.ca_pem()).unwrap();
    HyperTransport::builder().tls(tls).addresses(addresses).unwrap()
}

/// A client of the cluster that turns to this node first.
fn client(cluster: &Cluster, first: usize) -> Client {
    client_with(cluster, first, transport(cluster, first).build())
}

fn client_with(cluster: &Cluster, first: usize, transport: HyperTransport) -> Client {
    let target = Target::new(&cluster.addresses()[first]).unwrap().with_token(cluster.token()).unwrap();
    Client::new(target, transport)
}
