//! Names with several addresses, some of which are silent.

use std::fs;
use std::time::{Duration, Instant};

use identity_tests::faulty::{Answer, Faulty};
use vault_identity::hyper::HyperTransport;
use vault_identity::{Client, Target};

use crate::namespace::{drop_packets, enter, run};

#[tokio::test]
async fn silent_addresses_of_a_name_delay_a_call_only_a_little() {
    if !enter("names::silent_addresses_of_a_name_delay_a_call_only_a_little") {
        return;
    }
    // The resolver puts those first that have the most in common with the address of the client.
    let silent = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"];
    let hosts = tempfile::NamedTempFile::new().unwrap();
    let lines = silent.iter().chain(&["127.99.0.1"]).map(|address| format!("{address} many.test\n"));
    fs::write(hosts.path(), lines.collect::<String>()).unwrap();
    run("mount", &["--bind", hosts.path().to_str().unwrap(), "/etc/hosts"]);
    drop_packets(&format!("ip daddr {{ {} }}", silent.join(", ")));

    // Packets to the one that is well go to the server.
    run("nft", &["add", "chain", "inet", "test", "out", "{ type nat hook output priority -100; }"]);
    run("nft", &["add", "rule", "inet", "test", "out", "ip daddr 127.99.0.1 dnat ip to 127.0.0.1"]);
    let server = Faulty::always(Answer::status(204));
    let address = format!("http://many.test:{}", server.address().port());
    let transport = HyperTransport::builder().connect_timeout(Duration::from_secs(5)).build();
    let client = Client::new(Target::new(&address).unwrap(), transport);
    let start = Instant::now();
    client.entities().delete("any").await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}
