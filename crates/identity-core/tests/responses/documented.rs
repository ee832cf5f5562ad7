//! The sample responses of HashiCorp's documentation, which are those of Vault before 1.2.
//!
//! They stand in `website/content/api-docs/secret/identity/entity.mdx` (hashicorp/vault, commit 2e4af81deb4a)
//! and `group.mdx` (commit 029b2f82f49a).

use identity_core::prelude::*;
use identity_core::test_response::EncodeResponse;

use crate::value;

const ENTITY_WRITTEN: &str = r#"{
    "id": "8d6a45e5-572f-8f13-d226-cd0d1ec57297",
    "aliases": null
  }"#;

const GROUP_WRITTEN: &str = r#"{
    "id": "363926d8-dd8b-c9f0-21f8-7b248be80ce1",
    "name": "testgroupname"
  }"#;

const ENTITY_READ: &str = r#"{
    "bucket_key_hash": "177553e4c58987f4cc5d7e530136c642",
    "creation_time": "2017-07-25T20:29:22.614756844Z",
    "disabled": false,
    "id": "8d6a45e5-572f-8f13-d226-cd0d1ec57297",
    "last_update_time": "2017-07-25T20:29:22.614756844Z",
    "metadata": {
      "organization": "hashicorp",
      "team": "vault"
    },
    "name": "entity-c323de27-2ad2-5ded-dbf3-0c7ef98bc613",
    "aliases": [],
    "policies": ["eng-dev", "infra-dev"]
  }"#;

#[test]
fn an_entity_is_written_without_its_name() {
    let expected = CreatedEntity::new("8d6a45e5-572f-8f13-d226-cd0d1ec57297", "");
    assert_eq!(value::<CreateEntity>(ENTITY_WRITTEN), Upsert::Created(expected.clone()));
    assert_eq!(value::<WriteEntityByName>(ENTITY_WRITTEN), Upsert::Created(expected.clone()));
    let update = UpdateEntityById::new("8d6a45e5-572f-8f13-d226-cd0d1ec57297");
    let updated = value::<UpdateEntityById>(ENTITY_WRITTEN);
    update.verify(&updated).unwrap();
    assert_eq!(updated, Some(expected));
    // The name that was asked for is not compared with none.
    CreateEntity::named("alice").verify(&value::<CreateEntity>(ENTITY_WRITTEN)).unwrap();
}

#[test]
fn a_group_is_returned_by_an_update() {
    let expected = CreatedGroup::new("363926d8-dd8b-c9f0-21f8-7b248be80ce1", "testgroupname");
    assert_eq!(value::<UpdateGroupById>(GROUP_WRITTEN), Some(expected));
}

#[test]
fn an_entity_has_a_bucket() {
    let entity = value::<ReadEntityById>(ENTITY_READ);
    assert_eq!(entity.bucket_key_hash.as_deref(), Some("177553e4c58987f4cc5d7e530136c642"));
    assert_eq!(entity.policies, ["eng-dev", "infra-dev"]);
    let again = ReadEntityById::encode_response(&entity);
    assert_eq!(ReadEntityById::parse_response(&again).unwrap(), entity);
}
