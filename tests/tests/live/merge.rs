use std::slice::from_ref;

use vault_identity::alias::CreateEntityAlias;
use vault_identity::entity::{CreateEntity, MergeEntities};
use vault_identity::group::CreateGroup;
use vault_identity::lookup::LookupEntity;
use vault_identity::{EntityAliasId, EntityId, MountAccessor};

use crate::entities::read;
use crate::rejected;
use crate::space::Space;

impl Space {
    async fn entity(&self, name: &str) -> EntityId {
        let create = CreateEntity::named(name).policies([name]).metadata([("of", name)]);
        let created = self.client.entities().create(&create).await.expect("it is created");
        created.created().expect("it is new").id
    }

    async fn alias(&self, name: &str, mount: &MountAccessor, of: &EntityId) -> EntityAliasId {
        let create = CreateEntityAlias::new(name, mount).canonical_id(of);
        let written = self.client.entity_aliases().create(&create).await.expect("it is created");
        written.written().expect("it is new").id
    }
}

#[tokio::test]
async fn a_merge_moves_aliases_and_memberships_but_not_policies_and_metadata() {
    let Some(space) = Space::new("merge") else { return };
    let (people, robots) = (space.mount("people"), space.mount("robots"));
    let (alice, twin, other) =
        (space.entity("alice").await, space.entity("twin").await, space.entity("other").await);
    let first = space.alias("alice", &people, &alice).await;
    let second = space.alias("a-bot", &robots, &twin).await;
    let create = CreateGroup::named("team").member_entity_ids([&twin, &other]);
    let team = space.client.groups().create(&create).await.unwrap().created().unwrap().id;
    let mut expected = read(&space.client, &alice).await;

    space.client.entities().merge(&MergeEntities::new(&alice, [&twin, &other])).await.unwrap();

    let merged = read(&space.client, &alice).await;
    let mut aliases: Vec<_> = merged.aliases.iter().map(|alias| &alias.id).collect();
    aliases.sort();
    let mut both = [&first, &second];
    both.sort();
    assert_eq!(aliases, both);
    expected.aliases.clone_from(&merged.aliases);
    expected.merged_entity_ids = vec![twin.clone(), other.clone()];
    expected.merged_entity_ids.sort();
    expected.direct_group_ids = vec![team.clone()];
    expected.group_ids = vec![team.clone()];
    assert_eq!(merged, expected);
    let alias = space.client.entity_aliases().read(&second).await.unwrap();
    assert_eq!((&alias.canonical_id, &alias.merged_from_canonical_ids[..]), (&alice, &[twin.clone()][..]));
    assert_eq!(space.client.groups().read(&team).await.unwrap().member_entity_ids, from_ref(&alice));
    for gone in [&twin, &other] {
        assert_eq!(space.client.entities().find(gone).await.unwrap(), None);
    }
    assert_eq!(space.client.entities().list().await.unwrap().keys, [alice]);
}

#[tokio::test]
async fn aliases_on_one_mount_are_reported_as_conflicts() {
    let Some(space) = Space::new("merge-conflict") else { return };
    let people = space.mount("people");
    let (alice, twin) = (space.entity("alice").await, space.entity("twin").await);
    let kept = space.alias("alice", &people, &alice).await;
    let clashing = space.alias("alicia", &people, &twin).await;
    let before = (read(&space.client, &alice).await, read(&space.client, &twin).await);

    for merge in [MergeEntities::new(&alice, [&twin]), MergeEntities::new(&alice, [&twin]).force(true)] {
        let error = rejected(space.client.entities().merge(&merge).await, 400, "same mount accessor");
        assert!(!error.is_retryable());
        let conflicts = error.api().unwrap().conflicts();
        let rows: Vec<_> = conflicts
            .iter()
            .map(|row| (&*row.alias, &*row.entity, &row.entity_id, &*row.mount, &*row.mount_path))
            .collect();
        assert_eq!(
            rows,
            [
                ("alice", "alice", &alice, "userpass", "auth/people/"),
                ("alicia", "twin", &twin, "userpass", "auth/people/"),
            ]
        );
    }
    assert_eq!((read(&space.client, &alice).await, read(&space.client, &twin).await), before);
    let aliases = space.client.entity_aliases();
    assert_eq!(aliases.read(&kept).await.unwrap().canonical_id, alice);
    assert_eq!(aliases.read(&clashing).await.unwrap().canonical_id, twin);
}

#[tokio::test]
async fn either_alias_of_a_conflict_can_be_kept() {
    let Some(space) = Space::new("merge-keep") else { return };
    for keep_first in [true, false] {
        let people = space.mount(if keep_first { "first" } else { "second" });
        let (alice, twin) = (space.entity("alice").await, space.entity("twin").await);
        let first = space.alias("alice", &people, &alice).await;
        let second = space.alias("alicia", &people, &twin).await;
        let (kept, name) = if keep_first { (&first, "alice") } else { (&second, "alicia") };
        let merge = MergeEntities::new(&alice, [&twin]).conflicting_alias_ids_to_keep([kept]);

        space.client.entities().merge(&merge).await.unwrap();

        let merged = read(&space.client, &alice).await;
        assert_eq!(merged.merged_entity_ids, from_ref(&twin));
        assert_eq!((&*merged.policies, &*merged.metadata["of"]), (&["alice".to_owned()][..], "alice"));
        assert!(merged.aliases.iter().any(|alias| alias.id == *kept), "{:?}", merged.aliases);
        assert_eq!(space.client.entity_aliases().read(kept).await.unwrap().canonical_id, alice);
        let found = space.client.lookup().entity(&LookupEntity::by_alias(name, &people)).await.unwrap();
        assert_eq!(found.unwrap().id, alice);
        assert_eq!(space.client.entities().find(&twin).await.unwrap(), None);
        space.client.entities().delete(&alice).await.unwrap();
    }
}

#[tokio::test]
async fn rejected_merges_change_nothing() {
    let Some(space) = Space::new("merge-errors") else { return };
    let entities = space.client.entities();
    let (alice, twin) = (space.entity("alice").await, space.entity("twin").await);
    let before = (read(&space.client, &alice).await, read(&space.client, &twin).await);

    let to_nobody = MergeEntities::new("nobody", [&twin]);
    rejected(entities.merge(&to_nobody).await, 400, "entity id to merge to is invalid");
    let from_nobody = MergeEntities::new(&alice, ["nobody"]);
    rejected(entities.merge(&from_nobody).await, 400, "entity id to merge from is invalid");
    let calls = space.calls().len();
    for merge in [MergeEntities::new(&alice, [&alice]), MergeEntities::new(&alice, [""; 0])] {
        assert!(entities.merge(&merge).await.unwrap_err().api().is_none());
    }
    assert_eq!(space.calls().len(), calls, "the client rejects it without sending it");

    assert_eq!((read(&space.client, &alice).await, read(&space.client, &twin).await), before);
}
