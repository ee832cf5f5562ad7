//! Host names with several addresses, some of which are unresponsive.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use identity_tests::Network;
use identity_tests::faulty::{Faulty, Response};
use vault_identity::transport::{BlockingAdapter, HyperTransport};
use vault_identity::{BlockingClient, Target};

#[test]
fn unresponsive_addresses_of_a_host_delay_a_call_only_a_little() {
    Network::with("names::unresponsive_addresses_of_a_host_delay_a_call_only_a_little", |network| {
        let Some(network) = network else { return };
        // The resolver sorts first the addresses that share the longest prefix with the client's address.
        let silent = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"];
        let hosts = tempfile::NamedTempFile::new().unwrap();
        let lines = silent.iter().chain(&["127.99.0.1"]).map(|address| format!("{address} many.test\n"));
        fs::write(hosts.path(), lines.collect::<String>()).unwrap();
        let mount = Command::new("mount").arg("--bind").arg(hosts.path()).arg("/etc/hosts").status();
        assert!(mount.unwrap().success());
        network.nft(&format!("add rule inet loss input ip daddr {{ {} }} drop", silent.join(", ")));

        // Packets to the responsive address go to the server.
        network.nft("add chain inet loss out { type nat hook output priority -100; }");
        network.nft("add rule inet loss out ip daddr 127.99.0.1 dnat ip to 127.0.0.1");
        let server = Faulty::always(Response::status(204));
        let address = format!("http://many.test:{}", server.address().port());
        let transport = HyperTransport::builder().connect_timeout(Duration::from_secs(5)).build();
        let client =
            BlockingClient::new(Target::new(&address).unwrap(), BlockingAdapter::new(transport).unwrap());
        let start = Instant::now();
        client.entities().delete("any").unwrap();
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    });
}
