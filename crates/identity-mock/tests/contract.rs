//! The server in memory does what an identity server does.

use identity_mock::{FakeVault, contract};

#[tokio::test]
async fn the_server_in_memory_keeps_the_contract() {
    let vault = FakeVault::new();
    for scenario in contract::SCENARIOS {
        println!("{}", scenario.name());
        scenario.play(&vault, &vault.target()).await;
    }
    assert_eq!(contract::SCENARIOS.len(), 43);
}
