//! Failover and consistency on a real cluster, one outage after the other.

use std::future::Future;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use identity_tests::{Cluster, live};
use tokio::runtime::Runtime;
use tokio::time::sleep;
use vault_identity::entity::{CreateEntity, UpdateEntityById};
use vault_identity::transport::{
    HyperTransport, NodeState, ReadPreference, ReadYourWrites, TransportErrorKind,
};
use vault_identity::{Client, Transport as _};

use crate::sealing::a_sealed_standby_duplicates_nothing;
use crate::{all_from, client, transport};

/// The timeout for the cluster to become healthy again.
const RECOVERY: Duration = Duration::from_secs(60);
/// Calls shorter than this do not count as affected by an outage.
const SHORT: Duration = Duration::from_secs(2);

type Test = fn(&mut Cluster, &Runtime);

#[test]
fn each_outage_in_turn() {
    if !live() {
        return;
    }
    let tests: [(&str, Test); 8] = [
        ("own writes on a standby", own_writes_are_visible_on_a_standby),
        ("a standby is down or sealed", no_call_fails_without_one_standby),
        ("a standby is sealed under load", a_sealed_standby_duplicates_nothing),
        ("the leader steps down", no_call_fails_when_the_leader_steps_down),
        ("the leader is killed", no_call_fails_when_the_leader_is_killed),
        ("the leader is suspended", an_unresponsive_leader_is_left),
        ("all are sealed", a_sealed_cluster_is_reported_at_once),
        ("two of three are down", a_lost_majority_is_reported),
    ];
    let mut cluster = Cluster::start().unwrap();
    assert!(!format!("{cluster:?}").contains(cluster.token()));
    let runtime = Runtime::new().unwrap();
    for (name, test) in tests {
        let start = Instant::now();
        test(&mut cluster, &runtime);
        cluster.wait_healthy(RECOVERY).unwrap();
        println!("{name:34} {:>5.1} s", start.elapsed().as_secs_f64());
    }

    // A suspended node ends with the cluster as well.
    cluster.pause(0).unwrap();
    let addresses = cluster.addresses();
    drop(cluster);
    for address in addresses {
        assert!(TcpStream::connect(address.trim_start_matches("https://")).is_err());
    }
}

fn own_writes_are_visible_on_a_standby(cluster: &mut Cluster, runtime: &Runtime) {
    let standby = (cluster.leader().unwrap() + 1) % 3;
    let stale = |name: &str, transport: HyperTransport, rounds: usize| {
        let client = client(cluster, standby, &transport);
        let rounds = (0..rounds).map(|round| {
            let (client, name) = (client.clone(), format!("{name}-{round}"));
            runtime.spawn(async move { stale_views(&client, &name).await })
        });
        let rounds: Vec<_> = rounds.collect();
        rounds.into_iter().map(|round| runtime.block_on(round).unwrap()).sum::<usize>()
    };
    // Three hundred writes, each read at once: through the standby only, or written to the leader and read
    // elsewhere.
    let alone = || transport(cluster, &[standby]);
    let nearby = || transport(cluster, &all_from(standby)).read_preference(ReadPreference::FirstHealthy);
    let spread = || transport(cluster, &all_from(standby)).read_preference(ReadPreference::RoundRobin);
    assert_eq!(stale("alone", alone().build(), 40), 0);
    assert_eq!(stale("await", alone().consistency(ReadYourWrites::WaitThenForward).build(), 20), 0);
    assert_eq!(stale("nearby", nearby().build(), 20), 0);
    assert_eq!(stale("spread", spread().build(), 20), 0);
    assert_ne!(stale("alone-off", alone().consistency(ReadYourWrites::Off).build(), 10), 0);
    assert_ne!(stale("nearby-off", nearby().consistency(ReadYourWrites::Off).build(), 10), 0);
}

/// Creates, updates and deletes an entity. Returns how often the next call did not see the write.
async fn stale_views(client: &Client, name: &str) -> usize {
    let entities = client.entities();
    let create = CreateEntity::named(name).metadata([("version", "1")]);
    let id = entities.create(&create).await.unwrap().created().unwrap().id.clone();
    let mut stale = usize::from(entities.find_by_name(name).await.unwrap().is_none());
    // A standby that does not see the entity yet rejects this as a bad request.
    let update = UpdateEntityById::new(id.clone()).metadata([("version", "2")]);
    stale += usize::from(entities.update(&update).await.is_err());
    let found = entities.find(&id).await.unwrap();
    stale += usize::from(found.is_none_or(|entity| entity.metadata["version"] != "2"));
    entities.delete(&id).await.unwrap();
    stale + usize::from(entities.find(&id).await.unwrap().is_some())
}

fn no_call_fails_without_one_standby(cluster: &mut Cluster, runtime: &Runtime) {
    let standby = (cluster.leader().unwrap() + 1) % 3;
    let reads = [
        ReadPreference::LeaderPreferred,
        ReadPreference::LeaderOnly,
        ReadPreference::RoundRobin,
        ReadPreference::FirstHealthy,
    ];
    let transports = reads.map(|reads| transport(cluster, &all_from(standby)).read_preference(reads).build());
    let clients = transports.each_ref().map(|transport| client(cluster, standby, transport));

    let worst = while_working(runtime, &clients, || {
        cluster.kill(standby).unwrap();
        thread::sleep(SHORT);
    });
    assert!(worst < SHORT, "{worst:?}");
    assert_eq!(state(runtime, &transports[0], 0), NodeState::Unreachable);
    while_working(runtime, &clients, || cluster.restart(standby).unwrap());
    assert_eq!(state(runtime, &transports[0], 0), NodeState::Standby);

    let worst = while_working(runtime, &clients, || cluster.seal(standby).unwrap());
    assert!(worst < SHORT, "{worst:?}");
    assert_eq!(state(runtime, &transports[0], 0), NodeState::Sealed);
    while_working(runtime, &clients, || cluster.unseal(standby).unwrap());
}

fn no_call_fails_when_the_leader_steps_down(cluster: &mut Cluster, runtime: &Runtime) {
    let clients =
        [0, 1, 2].map(|first| client(cluster, first, &transport(cluster, &all_from(first)).build()));
    while_working(runtime, &clients, || cluster.step_down().map(drop).unwrap());
}

fn no_call_fails_when_the_leader_is_killed(cluster: &mut Cluster, runtime: &Runtime) {
    let leader = cluster.wait_healthy(RECOVERY).unwrap();
    let [_, one, other] = all_from(leader);
    // Clients that know only one standby are redirected to the dead leader and to the standby itself.
    let all = [&[one][..], &[other], &all_from(one)];
    let clients = all.map(|nodes| client(cluster, nodes[0], &transport(cluster, nodes).build()));
    while_working(runtime, &clients, || {
        cluster.kill(leader).unwrap();
        cluster.leader().unwrap();
    });
    cluster.restart(leader).unwrap();
}

fn an_unresponsive_leader_is_left(cluster: &mut Cluster, runtime: &Runtime) {
    const ATTEMPT: Duration = Duration::from_secs(1);
    let leader = cluster.wait_healthy(RECOVERY).unwrap();
    let transport = transport(cluster, &all_from(leader)).attempt_timeout(ATTEMPT).build();
    let client = client(cluster, leader, &transport);
    // The leader is known, and nothing was written: a stale standby would have to forward to the leader.
    runtime.block_on(transport.health());
    cluster.pause(leader).unwrap();
    // The signal takes a moment.
    thread::sleep(SHORT / 8);
    let start = Instant::now();
    runtime.block_on(client.entities().list_names()).unwrap();
    let took = start.elapsed();
    assert!(took >= ATTEMPT && took < ATTEMPT * 3, "{took:?}");
    runtime.block_on(set(&client, "resumed", 1));
    cluster.resume(leader).unwrap();
}

fn a_sealed_cluster_is_reported_at_once(cluster: &mut Cluster, runtime: &Runtime) {
    let leader = cluster.wait_healthy(RECOVERY).unwrap();
    let client = client(cluster, leader, &transport(cluster, &all_from(leader)).build());
    runtime.block_on(set(&client, "sealed", 0));
    let [_, one, other] = all_from(leader);
    for node in [one, other, leader] {
        cluster.seal(node).unwrap();
    }
    runtime.block_on(async {
        let start = Instant::now();
        let read = client.entities().list_names().await.unwrap_err();
        assert!(read.is_sealed(), "{read:#}");
        let write = client.entities().create(&CreateEntity::unnamed()).await.unwrap_err();
        assert!(write.is_sealed() && !write.may_have_been_applied(), "{write:#}");
        assert!(start.elapsed() < SHORT, "{:?}", start.elapsed());
    });
    for node in 0..3 {
        cluster.unseal(node).unwrap();
    }
}

fn a_lost_majority_is_reported(cluster: &mut Cluster, runtime: &Runtime) {
    let leader = cluster.wait_healthy(RECOVERY).unwrap();
    let [_, one, other] = all_from(leader);
    let nodes = all_from(leader);
    let any = transport(cluster, &nodes).build();
    let strict =
        transport(cluster, &nodes).read_preference(ReadPreference::LeaderOnly).timeout(SHORT).build();
    let (anyone, leader_only) = (client(cluster, leader, &any), client(cluster, leader, &strict));
    runtime.block_on(set(&anyone, "majority", 0));
    runtime.block_on(leader_only.entities().list_names()).unwrap();

    let leads =
        |runtime: &Runtime| runtime.block_on(any.health()).iter().any(|node| node.state == NodeState::Leader);
    assert!(leads(runtime));
    // The leader notices that it has lost the majority.
    cluster.kill(one).unwrap();
    cluster.kill(other).unwrap();
    let start = Instant::now();
    while leads(runtime) {
        assert!(start.elapsed() < RECOVERY);
        thread::sleep(Duration::from_millis(100));
    }
    runtime.block_on(anyone.entities().list_names()).unwrap();
    let rejected = runtime.block_on(leader_only.entities().list_names()).unwrap_err();
    assert_eq!(rejected.transport().unwrap().kind(), TransportErrorKind::NotSent, "{rejected:#}");

    cluster.restart(one).unwrap();
    cluster.restart(other).unwrap();
    cluster.wait_healthy(RECOVERY).unwrap();
    assert!(leads(runtime));
    runtime.block_on(leader_only.entities().list_names()).unwrap();
}

fn state(runtime: &Runtime, transport: &HyperTransport, node: usize) -> NodeState {
    runtime.block_on(transport.health())[node].state
}

/// Lets each client write and read during an event, without a failed call. Returns the time of the slowest
/// call.
fn while_working(runtime: &Runtime, clients: &[Client], event: impl FnOnce()) -> Duration {
    let stop = Arc::new(AtomicBool::new(false));
    let work = |(number, client): (usize, &Client)| {
        let (client, stop) = (client.clone(), Arc::clone(&stop));
        runtime.spawn(async move {
            let mut worst = Duration::ZERO;
            for value in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                worst = worst.max(set(&client, &format!("work-{number}"), value).await);
                sleep(Duration::from_millis(5)).await;
            }
            worst
        })
    };
    let work: Vec<_> = clients.iter().enumerate().map(work).collect();
    event();
    stop.store(true, Ordering::Relaxed);
    let worst: Vec<_> = work.into_iter().map(|work| runtime.block_on(work).unwrap()).collect();
    println!("    slowest calls {worst:.2?}");
    worst.into_iter().max().unwrap()
}

/// Writes a value under a name and reads it. Returns the time of the slower call.
async fn set(client: &Client, name: &str, value: usize) -> Duration {
    let entities = client.entities();
    let value = value.to_string();
    let create = CreateEntity::named(name).metadata([("value", &value)]);
    let (_, write) = timed(entities.create(&create)).await;
    let (found, read) = timed(entities.find_by_name(name)).await;
    assert_eq!(found.unwrap().metadata["value"], value);
    write.max(read)
}

async fn timed<T>(call: impl Future<Output = vault_identity::Result<T>>) -> (T, Duration) {
    let start = Instant::now();
    let output = call.await.unwrap_or_else(|error| panic!("after {:?}: {error:#}", start.elapsed()));
    (output, start.elapsed())
}
