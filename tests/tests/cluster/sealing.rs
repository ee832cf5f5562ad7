use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use identity_tests::Cluster;
use tokio::runtime::Runtime;
use vault_identity::entity::CreateEntity;
use vault_identity::{Client, EntityId, Result};

use crate::{all_from, client, transport};

const TASKS: usize = 32;
const SEALS: usize = 4;

/// A standby that is being sealed returns an error for writes that it has forwarded and the leader has
/// applied.
pub(crate) fn a_sealed_standby_duplicates_nothing(cluster: &mut Cluster, runtime: &Runtime) {
    let leader = cluster.leader().unwrap();
    let [_, one, other] = all_from(leader);
    let standbys = client(cluster, one, &transport(cluster, &[one, other]).build());
    let leader = client(cluster, leader, &transport(cluster, &[leader]).build());
    let before: BTreeSet<_> = runtime.block_on(leader.entities().list()).unwrap().keys.into_iter().collect();

    let stop = Arc::new(AtomicBool::new(false));
    let create =
        |task| runtime.spawn(create_until(standbys.clone(), format!("sealing-{task}"), Arc::clone(&stop)));
    let tasks: Vec<_> = (0..TASKS).map(create).collect();
    for seal in 0..SEALS {
        let standby = [one, other][seal % 2];
        cluster.seal(standby).unwrap();
        cluster.unseal(standby).unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    let mut created: BTreeMap<String, Result<EntityId>> =
        tasks.into_iter().flat_map(|task| runtime.block_on(task).unwrap()).collect();

    let calls = created.len();
    let acknowledged: BTreeSet<_> = created.values().flatten().cloned().collect();
    let mut ids: BTreeSet<_> = runtime.block_on(leader.entities().list()).unwrap().keys.into_iter().collect();
    let lost = acknowledged.difference(&ids).count();
    ids.retain(|id| !before.contains(id) && !acknowledged.contains(id));
    // The remaining entities were created by failed calls, which must be uncertain, and once at most.
    let (mut uncertain, mut not_applied, mut duplicated) = (0, 0, 0);
    for id in ids {
        let entity = runtime.block_on(leader.entities().read(&id)).unwrap();
        match created.remove(&entity.metadata["mark"]) {
            Some(Err(error)) if error.may_have_been_applied() => uncertain += 1,
            Some(Err(_)) => not_applied += 1,
            _ => duplicated += 1,
        }
    }
    println!(
        "    {calls} calls, {lost} lost, {duplicated} duplicated, {not_applied} applied though reported as not, {uncertain} uncertain"
    );
    assert_eq!((lost, duplicated, not_applied), (0, 0, 0));
}

/// Creates unnamed entities with a mark each, and returns the result of each call.
async fn create_until(
    client: Client,
    prefix: String,
    stop: Arc<AtomicBool>,
) -> Vec<(String, Result<EntityId>)> {
    let mut created = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let mark = format!("{prefix}-{}", created.len());
        let create = CreateEntity::unnamed().metadata([("mark", &mark)]);
        let result = client.entities().create(&create).await;
        created.push((mark, result.map(|upsert| upsert.created().unwrap().id)));
    }
    created
}
