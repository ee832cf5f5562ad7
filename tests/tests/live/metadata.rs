use vault_identity::alias::{CreateEntityAlias, UpdateEntityAliasById};
use vault_identity::entity::{CreateEntity, UpdateEntityById};
use vault_identity::group::{CreateGroup, UpdateGroupById};

use crate::lists::not_sent;
use crate::space::Space;

/// Returns this many pairs with keys and values of these lengths.
fn pairs(count: usize, key: usize, value: usize) -> Vec<(String, String)> {
    (0..count).map(|n| (format!("{n:0>key$}"), "x".repeat(value))).collect()
}

/// Asserts that the server rejects pairs that the client does not send.
fn rejected_by(space: &Space, path: &str, field: &str, pairs: &[(String, String)]) {
    let pairs: serde_json::Map<_, _> =
        pairs.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
    let (status, body) = space.request("POST", path, Some(&serde_json::json!({ field: pairs })));
    assert_eq!(status, 500, "{body}");
}

#[tokio::test]
async fn metadata_is_stored_up_to_its_limits() {
    let Some(space) = Space::new("metadata") else { return };
    let (entities, groups) = (space.client.entities(), space.client.groups());
    let most = pairs(64, 128, 512);
    let create = CreateEntity::named("alice").metadata(most.clone());
    let entity = entities.create(&create).await.unwrap().created().unwrap().id;
    let create = CreateGroup::named("all").metadata(most.clone());
    let group = groups.create(&create).await.unwrap().created().unwrap().id;

    let punctuation = [("=/+_-", ""), ("A", "ü \"\\\n")];
    for too_much in [pairs(65, 2, 1), pairs(1, 129, 1), pairs(1, 1, 513)]
        .into_iter()
        .chain(["", "vault-x", "a b", "a.b", "ü"].map(|key| vec![(key.to_owned(), String::new())]))
        .chain([vec![("a".to_owned(), "ü".repeat(257))]])
    {
        rejected_by(&space, &format!("identity/entity/id/{entity}"), "metadata", &too_much);
        rejected_by(&space, &format!("identity/group/id/{group}"), "metadata", &too_much);
        let update = UpdateEntityById::new(&entity).metadata(too_much.clone());
        not_sent(entities.update(&update).await, "metadata");
        let update = UpdateGroupById::new(&group).metadata(too_much);
        not_sent(groups.update(&update).await, "metadata");
    }
    let most = most.into_iter().collect();
    assert_eq!(entities.read(&entity).await.unwrap().metadata, most);
    assert_eq!(groups.read(&group).await.unwrap().metadata, most);

    entities.update(&UpdateEntityById::new(&entity).metadata(punctuation)).await.unwrap();
    groups.update(&UpdateGroupById::new(&group).metadata(punctuation)).await.unwrap();
    let punctuation = punctuation.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    assert_eq!(entities.read(&entity).await.unwrap().metadata, punctuation);
    assert_eq!(groups.read(&group).await.unwrap().metadata, punctuation);
}

#[tokio::test]
async fn custom_metadata_is_stored_up_to_its_limits() {
    let Some(space) = Space::new("custom-metadata") else { return };
    let aliases = space.client.entity_aliases();
    let people = space.mount("people");
    let most = pairs(64, 128, 512);
    let create = CreateEntityAlias::new("alice", &people).custom_metadata(most.clone());
    let id = aliases.create(&create).await.unwrap().written().unwrap().id;
    for too_much in [pairs(65, 2, 1), pairs(1, 129, 1), pairs(1, 1, 513), pairs(1, 1, 0)]
        .into_iter()
        .chain(
            [("", "x"), ("\n", "x"), ("x", "\t"), ("\u{a0}", "x"), ("x", "\u{200b}")]
                .map(|(key, value)| vec![(key.to_owned(), value.to_owned())]),
        )
        .chain([vec![("ü".repeat(65), "x".to_owned())], vec![("x".to_owned(), "ü".repeat(257))]])
    {
        rejected_by(&space, &format!("identity/entity-alias/id/{id}"), "custom_metadata", &too_much);
        let update = UpdateEntityAliasById::new(&id).custom_metadata(too_much);
        not_sent(aliases.update(&update).await, "custom_metadata");
    }
    let alias = aliases.read(&id).await.unwrap();
    assert_eq!(alias.custom_metadata, most.into_iter().collect());

    let update = UpdateEntityAliasById::new(&id).custom_metadata([("a b/c: ü", "ü \"\\")]);
    aliases.update(&update).await.unwrap().written().unwrap();
    assert_eq!(aliases.read(&id).await.unwrap().custom_metadata["a b/c: ü"], "ü \"\\");
}
