use vault_identity::alias::{CreateEntityAlias, CreateGroupAlias};
use vault_identity::entity::CreateEntity;
use vault_identity::group::CreateGroup;
use vault_identity::lookup::{LookupEntity, LookupGroup};

use crate::space::Space;

pub(crate) const OPERATIONS: [&str; 2] = ["POST identity/lookup/entity", "POST identity/lookup/group"];

#[tokio::test]
async fn every_operation() {
    let Some(space) = Space::new("lookup") else { return };
    let lookup = space.client.lookup();
    let people = space.mount("people");
    let other = space.mount("other");

    let alias = CreateEntityAlias::new("alice@corp", &people);
    let alias = space.client.entity_aliases().create(&alias).await.unwrap().written().unwrap();
    let entity = space.client.entities().read(&alias.canonical_id).await.unwrap();
    for by in [
        LookupEntity::by_id(&entity.id),
        LookupEntity::by_name(&entity.name),
        LookupEntity::by_name(entity.name.to_uppercase()),
        LookupEntity::by_alias_id(&alias.id),
        LookupEntity::by_alias("alice@corp", &people),
        LookupEntity::by_alias("ALICE@corp", &people),
    ] {
        assert_eq!(lookup.entity(&by).await.unwrap().as_ref(), Some(&entity), "{by:?}");
    }
    for by in [
        LookupEntity::by_id("nobody"),
        LookupEntity::by_name("nobody"),
        LookupEntity::by_alias_id("nobody"),
        LookupEntity::by_alias("nobody", &people),
        LookupEntity::by_alias("alice@corp", &other),
        LookupEntity::by_alias("alice@corp", "auth_userpass_gone"),
    ] {
        assert_eq!(lookup.entity(&by).await.unwrap(), None, "{by:?}");
    }

    let alias = CreateGroupAlias::new("Eng", &people);
    let alias = space.client.group_aliases().create(&alias).await.unwrap().written().unwrap();
    let group = space.client.groups().read(&alias.canonical_id).await.unwrap();
    for by in [
        LookupGroup::by_id(&group.id),
        LookupGroup::by_name(&group.name),
        LookupGroup::by_name(group.name.to_uppercase()),
        LookupGroup::by_alias_id(&alias.id),
        LookupGroup::by_alias("Eng", &people),
        LookupGroup::by_alias("eNG", &people),
    ] {
        assert_eq!(lookup.group(&by).await.unwrap().as_ref(), Some(&group), "{by:?}");
    }
    for by in [
        LookupGroup::by_id("nothing"),
        LookupGroup::by_name("nothing"),
        LookupGroup::by_alias_id("nothing"),
        LookupGroup::by_alias("nothing", &people),
        LookupGroup::by_alias("Eng", &other),
    ] {
        assert_eq!(lookup.group(&by).await.unwrap(), None, "{by:?}");
    }

    space.assert_called(&OPERATIONS);
}

#[tokio::test]
async fn an_identifier_of_one_kind_finds_no_other_kind() {
    let Some(space) = Space::new("lookup-kinds") else { return };
    let entity =
        space.client.entities().create(&CreateEntity::named("same")).await.unwrap().created().unwrap();
    let group = space.client.groups().create(&CreateGroup::named("same")).await.unwrap().created().unwrap();
    let lookup = space.client.lookup();
    assert_eq!(lookup.entity(&LookupEntity::by_id(group.id.as_str())).await.unwrap(), None);
    assert_eq!(lookup.entity(&LookupEntity::by_alias_id(entity.id.as_str())).await.unwrap(), None);
    assert_eq!(lookup.group(&LookupGroup::by_id(entity.id.as_str())).await.unwrap(), None);
    assert_eq!(lookup.entity(&LookupEntity::by_name("same")).await.unwrap().unwrap().id, entity.id);
    assert_eq!(lookup.group(&LookupGroup::by_name("same")).await.unwrap().unwrap().id, group.id);
}
