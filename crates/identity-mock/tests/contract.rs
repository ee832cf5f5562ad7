//! The server in memory does what an identity server does.

use identity_mock::FakeVault;
use identity_mock::contract::{self, Scenario};

#[tokio::test]
async fn the_server_in_memory_keeps_the_contract() {
    let vault = FakeVault::new();
    for scenario in contract::SCENARIOS {
        println!("{}", scenario.name());
        scenario.run(&vault, &vault.target()).await;
    }
    assert_eq!(contract::SCENARIOS.len(), 43);
}

#[tokio::test]
async fn it_does_so_outside_of_namespaces() {
    let vault = FakeVault::new();
    let (about_namespaces, others): (Vec<&Scenario>, Vec<&Scenario>) =
        contract::SCENARIOS.iter().partition(|scenario| scenario.needs_namespaces());
    for scenario in &others {
        println!("{}", scenario.name());
        scenario.run_without_namespace(&vault, &vault.target()).await;
    }
    assert_eq!((about_namespaces.len(), others.len()), (2, 41));
}

#[tokio::test]
#[should_panic(expected = "only where there are no entities, groups and auth mounts")]
async fn what_is_there_is_left_alone() {
    let vault = FakeVault::new();
    vault.mount_auth("userpass");
    contract::SCENARIOS[0].run_without_namespace(&vault, &vault.target()).await;
}
