use std::env;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use identity_tests::{Cluster, live};
use tokio::runtime::Runtime;
use vault_identity::hyper::Reads;

use crate::audit::audit;
use crate::outage::Outage;
use crate::record::Record;
use crate::task::Task;
use crate::{all_from, client, transport};

const TASKS: usize = 16;
/// Between two outages, and before the first.
const QUIET: Duration = Duration::from_secs(1);

/// Lets all tasks work while these outages happen, and until they have made so many calls. The tasks share three
/// clients, each of which has another node for the first of its addresses, and reads in another way.
fn run(cluster: &mut Cluster, outages: impl Iterator<Item = Outage>, calls: usize) -> Arc<Record> {
    let record = Arc::new(Record::new());
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = Runtime::new().unwrap();
    let to = |cluster: &Cluster, first, reads| {
        client(cluster, first, &transport(cluster, &all_from(first)).reads(reads).build())
    };
    let reads = [Reads::Leader, Reads::Spread, Reads::First];
    let clients: Vec<_> = (0..3).map(|first| to(cluster, first, reads[first])).collect();
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| {
            let task = Task::new(number, clients[number % clients.len()].clone(), Arc::clone(&record));
            runtime.spawn(task.work(Arc::clone(&stop), calls))
        })
        .collect();

    sleep(QUIET);
    for outage in outages {
        record.event(format!("{outage:?}"));
        let leaderless = outage.happen(cluster).unwrap();
        record.event_is_over(leaderless);
        sleep(QUIET);
    }
    stop.store(true, Ordering::Relaxed);

    let leader = to(cluster, cluster.leader().unwrap(), Reads::LeaderOnly);
    let (table, doubts) = runtime.block_on(async {
        let mut journals = Vec::new();
        for task in tasks {
            journals.push(task.await.unwrap());
        }
        (record.table(), audit(&leader, &journals, &record).await)
    });
    println!("{table}creations without a name in doubt: {doubts:?}");
    record
}

fn assert_no_violations(record: &Record) {
    let violations = record.violations();
    assert!(
        violations.is_empty(),
        "{} violations, such as {:#?}",
        violations.len(),
        &violations[..violations.len().min(10)]
    );
}

fn from_env<N: FromStr>(variable: &str, default: N) -> N {
    env::var(variable)
        .map_or(default, |text| text.parse().ok().unwrap_or_else(|| panic!("{variable} is {text}")))
}

/// `VAULT_IDENTITY_CLUSTER_EVENTS` and `VAULT_IDENTITY_CLUSTER_CALLS` make it longer, and
/// `VAULT_IDENTITY_CLUSTER_MULTIPLIER=5` the cluster as slow to elect a leader as one is without a setting.
#[test]
fn i6_outages_reach_no_caller_and_lose_nothing() {
    if !live() {
        return;
    }
    let outages = Outage::ALL.into_iter().cycle().take(from_env("VAULT_IDENTITY_CLUSTER_EVENTS", 6));
    let calls = from_env("VAULT_IDENTITY_CLUSTER_CALLS", 1_000);
    let multiplier = from_env("VAULT_IDENTITY_CLUSTER_MULTIPLIER", 1);
    let mut cluster = Cluster::start_with_multiplier(multiplier).unwrap();
    let record = run(&mut cluster, outages, calls);
    assert_no_violations(&record);
    assert_eq!(record.errors_of_repeatable_calls(), 0, "{}", record.table());
    assert!(record.was_steady(), "{}", record.table());
}
