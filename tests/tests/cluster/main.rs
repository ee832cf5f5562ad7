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

use std::sync::Arc;

use identity_tests::Cluster;
use vault_identity::hyper::HyperTransport;
use vault_identity::hyper::rustls::crypto::ring::default_provider;
use vault_identity::hyper::rustls::pki_types::CertificateDer;
use vault_identity::hyper::rustls::pki_types::pem::PemObject as _;
use vault_identity::hyper::rustls::{ClientConfig, RootCertStore};
use vault_identity::{Client, Target};

/// A client of the cluster that turns to this node first.
fn client(cluster: &Cluster, first: usize) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(cluster.ca_pem().as_bytes()).unwrap()).unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let target = Target::new(&cluster.addresses()[first]).unwrap().with_token(cluster.token()).unwrap();
    Client::new(target, HyperTransport::builder().tls(tls).build())
}
