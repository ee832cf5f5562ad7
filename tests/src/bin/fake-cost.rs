//! Measures the time of calls to `FakeVault` with a growing number of entities.
//!
//! `cargo run --release -p identity-tests --bin fake-cost`

use std::error::Error;
use std::time::{Duration, Instant};

use identity_fake::FakeVault;
use vault_identity::BlockingClient;
use vault_identity::entity::{CreateEntity, UpdateEntityById};
use vault_identity::group::CreateGroup;
use vault_identity::lookup::LookupEntity;

const CALLS: u32 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let vault = FakeVault::new();
    let client = BlockingClient::new(vault.target(), vault.clone());
    let entities = client.entities();
    let mut made = 0;
    let mut id = String::new();
    for target in [1_000, 10_000, 100_000, 1_000_000] {
        while made < target - CALLS.min(target) {
            entities
                .create(&CreateEntity::named(format!("e{made}")))?
                .created()
                .ok_or("it already exists")?;
            made += 1;
        }
        let start = Instant::now();
        let before = made;
        while made < target {
            let created = entities.create(&CreateEntity::named(format!("e{made}")).policies(["dev"]))?;
            id = created.created().ok_or("it already exists")?.id.into();
            made += 1;
        }
        let create = start.elapsed() / (target - before);
        vault.clear_requests();
        // Freeing that many records makes the next calls slower.
        for _ in 0..CALLS / 10 {
            entities.read(&*id)?;
        }

        let each = |call: &dyn Fn() -> Result<(), Box<dyn Error>>| -> Result<Duration, Box<dyn Error>> {
            let start = Instant::now();
            for _ in 0..CALLS {
                call()?;
            }
            Ok(start.elapsed() / CALLS)
        };
        let read = each(&|| Ok(entities.read(&*id).map(drop)?))?;
        let update = each(&|| Ok(entities.update(&UpdateEntityById::new(&*id).policies(["ops"]))?))?;
        let name = format!("E{}", made - 1);
        let lookup = each(&|| Ok(client.lookup().entity(&LookupEntity::by_name(&*name)).map(drop)?))?;
        let start = Instant::now();
        let listed = entities.list()?.len();
        let list = start.elapsed();
        println!(
            "{target} entities: create {create:?}, read {read:?}, update {update:?}, lookup {lookup:?}, \
             list of {listed} {list:?}"
        );
    }

    let mut child = client.groups().create(&CreateGroup::named("g0").member_entity_ids([&*id]))?;
    for depth in 1..1_000 {
        let member = child.created().ok_or("it already exists")?.id;
        let group = CreateGroup::named(format!("g{depth}")).member_group_ids([&member]);
        child = client.groups().create(&group)?;
    }
    let start = Instant::now();
    let groups = entities.read(&*id)?.group_ids.len();
    println!("an entity in a chain of {groups} groups: read {:?}", start.elapsed());
    Ok(())
}
