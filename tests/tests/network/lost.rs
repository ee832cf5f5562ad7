//! A write that is sent while packets are lost must not be applied after a later acknowledged write.

use std::time::Duration;

use identity_tests::{DevServer, Network, live};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use vault_identity::entity::{CreateEntity, WriteEntityByName};
use vault_identity::transport::{HyperTransport, HyperTransportBuilder, Tls};
use vault_identity::{Client, Target};

/// The kernel retransmits after 12.6 and 25.4 seconds: once before the end of the outage, and once after it.
const OUTAGE: Duration = Duration::from_secs(17);
const AFTER_THE_NEXT_PACKET: Duration = Duration::from_secs(29);

/// A client with open connections, and an entity.
struct Case {
    client: Client,
    name: String,
}

impl Case {
    async fn new(target: &Target, transport: HyperTransportBuilder, name: &str) -> Self {
        let client = Client::new(target.clone(), transport.build());
        let _ = client
            .entities()
            .create(&CreateEntity::named(name).metadata([("v", "0")]))
            .await
            .expect("it succeeds");
        client.entities().read_by_name(name).await.expect("it succeeds");
        Self { client, name: name.to_owned() }
    }

    async fn update(&self, version: &str) -> Result<(), vault_identity::Error> {
        let update = WriteEntityByName::new(&self.name).metadata([("v", version)]);
        self.client.entities().write_by_name(&update).await.map(drop)
    }

    async fn assert_version(&self, version: &str) {
        let entity = self.client.entities().read_by_name(&self.name).await.expect("it succeeds");
        assert_eq!(entity.metadata.get("v").map(String::as_str), Some(version), "{}", self.name);
    }
}

/// Checks that the last acknowledged update remains.
async fn updates(case: Case, end: Instant) {
    case.update("1").await.expect("it succeeds");
    case.update("2").await.expect("it succeeds");
    sleep_until(end).await;
    case.assert_version("2").await;
}

/// The caller drops the first update, and makes another one when the network is back.
async fn dropped_update(case: Case, end: Instant, healed: Instant) {
    timeout(Duration::from_secs(2), case.update("1")).await.expect_err("packets are lost");
    sleep_until(healed).await;
    case.update("2").await.expect("it succeeds");
    sleep_until(end).await;
    case.assert_version("2").await;
}

/// The transport's own deadline ends the first update.
async fn late_update(case: Case, end: Instant, healed: Instant) {
    let error = case.update("1").await.expect_err("it ends while packets are lost");
    assert!(error.may_have_been_applied(), "{error:?}");
    sleep_until(healed).await;
    case.update("2").await.expect("it succeeds");
    sleep_until(end).await;
    case.assert_version("2").await;
}

/// An entity that is deleted and created again remains.
async fn recreation(case: Case, end: Instant) {
    case.client.entities().delete_by_name(&case.name).await.expect("it succeeds");
    let again = CreateEntity::named(&case.name).metadata([("v", "2")]);
    let _ = case.client.entities().create(&again).await.expect("it succeeds");
    sleep_until(end).await;
    case.assert_version("2").await;
}

/// An abandoned create that is not idempotent does not appear later. The entities of the other cases exist by
/// then.
async fn unnamed(case: Case, end: Instant, healed: Instant) {
    let create = CreateEntity::unnamed().metadata([("v", &case.name)]);
    timeout(Duration::from_secs(2), case.client.entities().create(&create)).await.expect_err("no packets");
    sleep_until(healed + Duration::from_secs(5)).await;
    let before = case.client.entities().list().await.expect("it succeeds").keys;
    sleep_until(end).await;
    let after = case.client.entities().list().await.expect("it succeeds").keys;
    assert!(after.iter().all(|id| before.contains(id)), "{}", case.name);
}

#[test]
fn an_abandoned_request_is_not_applied_late() {
    if !live() {
        return;
    }
    Network::with("lost::an_abandoned_request_is_not_applied_late", |network| {
        let Some(network) = network else { return };
        let server = DevServer::start_with_tls().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(all_cases(network, &server));
    });
}

async fn all_cases(network: &Network, server: &DevServer) {
    let (tls_address, ca) = server.tls_address().expect("it succeeds");
    let port = |address: &str| address.rsplit(':').next().and_then(|port| port.parse().ok());
    let ports = [server.address(), tls_address].map(|address| port(address).expect("it succeeds"));
    let tls = Tls::new().ca_pem(ca).expect("it succeeds");
    let mut cases = Vec::new();
    for (protocol, address) in [("1", server.address()), ("2", tls_address)] {
        let target =
            Target::new(address).expect("it succeeds").with_token(server.token()).expect("it succeeds");
        for kind in ["updates", "dropped", "late", "recreation", "unnamed"] {
            let mut transport = HyperTransport::builder().tls(tls.clone());
            if kind == "late" {
                transport = transport.timeout(Duration::from_secs(4));
            }
            cases.push((kind, Case::new(&target, transport, &format!("{kind}-{protocol}")).await));
        }
    }

    let loss = network.lose(&ports, false);
    let started = Instant::now();
    let (healed, end) = (started + OUTAGE + Duration::from_secs(1), started + AFTER_THE_NEXT_PACKET);
    let mut tasks = tokio::task::JoinSet::new();
    for (kind, case) in cases {
        match kind {
            "updates" => tasks.spawn(updates(case, end)),
            "dropped" => tasks.spawn(dropped_update(case, end, healed)),
            "late" => tasks.spawn(late_update(case, end, healed)),
            "recreation" => tasks.spawn(recreation(case, end)),
            _ => tasks.spawn(unnamed(case, end, healed)),
        };
    }
    sleep(OUTAGE).await;
    drop(loss);
    let mut failed = Vec::new();
    while let Some(outcome) = tasks.join_next().await {
        failed.extend(outcome.err());
    }
    assert!(failed.is_empty(), "{failed:?}");
}
