//! `FakeVault` passes all scenarios.

use identity_fake::FakeVault;
use identity_fake::contract::{self, Scenario};

#[tokio::test]
async fn fake_vault_passes_all_scenarios() {
    let vault = FakeVault::new();
    for scenario in contract::SCENARIOS {
        println!("{}", scenario.name());
        scenario.run(&vault, &vault.target()).await;
    }
    assert_eq!(contract::SCENARIOS.len(), 74);
}

#[tokio::test]
async fn fake_vault_passes_scenarios_without_namespaces() {
    let vault = FakeVault::new();
    let (about_namespaces, others): (Vec<&Scenario>, Vec<&Scenario>) =
        contract::SCENARIOS.iter().partition(|scenario| scenario.needs_namespaces());
    for scenario in &others {
        println!("{}", scenario.name());
        scenario.run_without_namespace(&vault, &vault.target()).await;
    }
    assert_eq!((about_namespaces.len(), others.len()), (2, 72));
}

#[tokio::test]
#[should_panic(expected = "the scenario needs a server without entities, groups and auth mounts")]
async fn existing_data_is_kept() {
    let vault = FakeVault::new();
    vault.mount_auth("userpass");
    contract::SCENARIOS[0].run_without_namespace(&vault, &vault.target()).await;
}
