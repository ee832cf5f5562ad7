//! A real server keeps the contract that the server in memory is held against.

use identity_mock::contract;
use identity_tests::DevServer;
use vault_identity::Target;
use vault_identity::hyper::HyperTransport;

#[tokio::test]
async fn a_real_server_keeps_the_contract() {
    let Some(server) = DevServer::shared_or_skip() else { return };
    let target = Target::new(server.address()).and_then(|target| target.with_token(server.token()));
    let (target, transport) = (target.expect("address and token are good"), HyperTransport::new());
    for scenario in contract::SCENARIOS {
        println!("{}", scenario.name());
        scenario.play(&transport, &target).await;
    }
}
