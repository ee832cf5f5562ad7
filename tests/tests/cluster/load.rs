use std::env;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use identity_tests::{Balancer, Cluster, Network, live};
use tokio::runtime::Runtime;
use vault_identity::transport::{HyperTransport, ReadPreference, Tls};
use vault_identity::{Client, Target};

use crate::audit::audit;
use crate::outage::Outage;
use crate::record::{Knows, Record};
use crate::task::{Orders, Task};
use crate::{all_from, client, transport};

/// The pause before each outage.
const QUIET: Duration = Duration::from_secs(1);
/// The wait after the last outage, for writes that are applied late.
const SETTLE: Duration = Duration::from_secs(10);
/// The attempt timeout of some clients, so that attempts end while packets are lost.
const ATTEMPT: Duration = Duration::from_secs(4);

/// Returns the clients, with the number of tasks that share each. Those that know all nodes have different
/// first nodes and read preferences.
fn clients(cluster: &Cluster, tcp: &Balancer, http: &Balancer) -> Vec<(Knows, Client, usize)> {
    let all = |first, reads| transport(cluster, &all_from(first)).read_preference(reads);
    let leader = cluster.leader().unwrap();
    let [_, one, other] = all_from(leader);
    let two = transport(cluster, &[one, other]).attempt_timeout(ATTEMPT);
    let tls = Tls::new().ca_pem(cluster.ca_pem()).unwrap();
    let behind = |address: String, tls| {
        let transport = HyperTransport::builder().tls(tls).attempt_timeout(ATTEMPT).build();
        Client::new(Target::new(&address).unwrap().with_token(cluster.token()).unwrap(), transport)
    };
    vec![
        (Knows::AllNodes, client(cluster, 0, &all(0, ReadPreference::LeaderPreferred).build()), 6),
        (
            Knows::AllNodes,
            client(cluster, 1, &all(1, ReadPreference::RoundRobin).attempt_timeout(ATTEMPT).build()),
            6,
        ),
        (Knows::AllNodes, client(cluster, 2, &all(2, ReadPreference::FirstHealthy).build()), 6),
        (Knows::TwoNodes, client(cluster, one, &two.build()), 5),
        (Knows::TcpBalancer, behind(format!("https://{}", tcp.address()), tls), 5),
        (Knows::HttpBalancer, behind(format!("http://{}", http.address()), Tls::new()), 5),
    ]
}

/// Lets all tasks work during these outages, and until they have made this many calls.
fn run(
    cluster: &mut Cluster,
    network: Option<&Network>,
    outages: impl Iterator<Item = Outage>,
    calls: usize,
) -> Arc<Record> {
    let record = Arc::new(Record::new());
    let orders = Arc::<Orders>::default();
    let runtime = Runtime::new().unwrap();
    let (tcp, http) = (Balancer::tcp(cluster).unwrap(), Balancer::http(cluster).unwrap());
    let clients = clients(cluster, &tcp, &http);
    let each = clients.iter().flat_map(|(knows, client, tasks)| vec![(*knows, client); *tasks]);
    let tasks: Vec<_> = each
        .enumerate()
        .map(|(number, (knows, client))| {
            let task = Task::new(number, knows, client.clone(), Arc::clone(&record));
            runtime.spawn(task.work(Arc::clone(&orders), calls))
        })
        .collect();

    sleep(QUIET);
    let balancers = [&tcp, &http].map(|balancer| balancer.address().port());
    for outage in outages {
        record.event(format!("{outage:?}"));
        if outage.applies_forwarded_writes_late() {
            orders.hold.store(true, Ordering::Relaxed);
            sleep(QUIET * 2);
        }
        let leaderless = outage.cause(cluster, network, &balancers).unwrap();
        orders.hold.store(false, Ordering::Relaxed);
        record.end_event(leaderless);
        println!("{outage:?}: {} calls", record.calls());
        sleep(QUIET);
    }
    orders.stop.store(true, Ordering::Relaxed);

    let first = cluster.leader().unwrap();
    let leader = client(
        cluster,
        first,
        &transport(cluster, &all_from(first)).read_preference(ReadPreference::LeaderOnly).build(),
    );
    let (table, doubts) = runtime.block_on(async {
        let mut journals = Vec::new();
        for task in tasks {
            journals.push(task.await.unwrap());
        }
        tokio::time::sleep(SETTLE).await;
        record.event("audit");
        let doubts = audit(&leader, &journals, &record).await;
        (record.table(), doubts)
    });
    println!("{table}{} calls; uncertain unnamed creates: {doubts:?}", record.calls());
    record
}

fn assert_no_violations(record: &Record) {
    let violations = record.violations();
    assert!(
        violations.is_empty(),
        "{} violations, the first: {:#?}",
        violations.len(),
        &violations[..violations.len().min(10)]
    );
}

fn from_env<N: FromStr>(variable: &str, default: N) -> N {
    env::var(variable)
        .map_or(default, |text| text.parse().ok().unwrap_or_else(|| panic!("{variable} is {text}")))
}

/// `VAULT_IDENTITY_CLUSTER_EVENTS` and `VAULT_IDENTITY_CLUSTER_CALLS` set the number of outages and calls.
/// `VAULT_IDENTITY_CLUSTER_MULTIPLIER=5` restores the server's default timeouts.
/// `VAULT_IDENTITY_CLUSTER_ONLY=PacketsLost` keeps the outages whose names contain that.
#[test]
fn outages_fail_no_call_and_lose_nothing() {
    if live() {
        Network::with("load::outages_fail_no_call_and_lose_nothing", outages);
    }
}

fn outages(network: Option<&Network>) {
    let only = env::var("VAULT_IDENTITY_CLUSTER_ONLY").unwrap_or_default();
    let is_possible = |outage: &Outage| {
        (network.is_some() || !outage.needs_network()) && format!("{outage:?}").contains(&only)
    };
    let outages = Outage::ALL.into_iter().cycle().take(from_env("VAULT_IDENTITY_CLUSTER_EVENTS", 9));
    let calls = from_env("VAULT_IDENTITY_CLUSTER_CALLS", 1_000);
    let multiplier = from_env("VAULT_IDENTITY_CLUSTER_MULTIPLIER", 1);
    let mut cluster = Cluster::start_with_multiplier(multiplier).unwrap();
    let record = run(&mut cluster, network, outages.filter(is_possible), calls);
    assert_no_violations(&record);
    assert_eq!(record.unexpected_errors(), 0, "{}", record.table());
    assert!(record.was_steady(), "{}", record.table());
}
