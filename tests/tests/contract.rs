//! A real server fulfils the contract that `FakeVault` is tested against.

use identity_fake::contract;
use identity_tests::DevServer;
use vault_identity::Target;
use vault_identity::transport::HyperTransport;

fn target(server: &DevServer) -> Target {
    Target::new(server.address()).and_then(|target| target.with_token(server.token())).expect("they are good")
}

#[tokio::test]
async fn a_real_server_keeps_the_contract() {
    let Some(server) = DevServer::shared_or_skip() else { return };
    let (target, transport) = (target(server), HyperTransport::new());
    for scenario in contract::SCENARIOS {
        println!("{}", scenario.name());
        scenario.run(&transport, &target).await;
    }
}

#[tokio::test]
async fn a_real_server_keeps_the_contract_outside_of_namespaces() {
    let Some(server) = DevServer::shared_or_skip() else { return };
    let (target, transport) = (target(server), HyperTransport::new());
    for scenario in contract::SCENARIOS.iter().filter(|scenario| !scenario.needs_namespaces()) {
        println!("{}", scenario.name());
        scenario.run_without_namespace(&transport, &target).await;
    }
}
