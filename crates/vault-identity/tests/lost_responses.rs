//! Creations whose first response is lost.

#![cfg(feature = "hyper")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use identity_mock::{MockTransport, Sequence};
use tower::Layer;
use vault_identity::transport::{HyperTransport, TransportService};
use vault_identity::{
    Client, EntityId, GroupId, Target, Upsert,
    entity::{CreateEntity, Entity, WriteEntityByName},
    group::{CreateGroup, Group, WriteGroupByName},
    lookup::{LookupEntity, LookupGroup},
    transport::TransportErrorKind,
};

/// Returns a client that retries over the mock, as the default transport does.
fn retrying(mock: &MockTransport) -> Client {
    let transport = HyperTransport::builder().into_layer().layer(TransportService::new(mock.clone()));
    Client::new(Target::new("http://vault.test").unwrap(), transport)
}

#[tokio::test]
async fn the_identifier_of_an_entity_is_found_after_a_lost_response() {
    let mock = MockTransport::new();
    let mut order = Sequence::new();
    let create = CreateEntity::named("a/b c");
    mock.expect(&create).in_sequence(&mut order).transport_error(TransportErrorKind::Interrupted);
    mock.expect(&create).in_sequence(&mut order).respond_with(&Upsert::Updated);
    let found = Some(Entity::new("e-1", "a/b c"));
    mock.expect(&LookupEntity::by_name("a/b c")).in_sequence(&mut order).respond_with(&found);

    let created = retrying(&mock).entities().create(&create).await.unwrap().created().unwrap();

    assert_eq!((created.id.as_str(), created.name.as_str()), ("e-1", "a/b c"));
    mock.checkpoint();
}

#[tokio::test]
async fn identifiers_of_groups_and_of_writes_by_name_are_found_after_a_lost_response() {
    let mock = MockTransport::new();
    let client = retrying(&mock);
    let lost = || TransportErrorKind::Timeout;
    let group = Some(Group::new("g-1", "g"));
    let mut order = Sequence::new();

    mock.expect_any::<CreateGroup>().in_sequence(&mut order).transport_error(lost());
    mock.expect_any::<CreateGroup>().in_sequence(&mut order).respond_with(&Upsert::Updated);
    mock.expect(&LookupGroup::by_name("g")).in_sequence(&mut order).respond_with(&group);
    let created = client.groups().create(&CreateGroup::named("g")).await.unwrap().created().unwrap();
    assert_eq!(created.id.as_str(), "g-1");

    mock.expect_any::<WriteGroupByName>().in_sequence(&mut order).transport_error(lost());
    mock.expect_any::<WriteGroupByName>().in_sequence(&mut order).respond_with(&Upsert::Updated);
    mock.expect(&LookupGroup::by_name("g")).in_sequence(&mut order).respond_with(&group);
    let written = client.groups().write_by_name(&WriteGroupByName::new("g")).await.unwrap();
    assert_eq!(written.created().unwrap().id.as_str(), "g-1");

    mock.expect_any::<WriteEntityByName>().in_sequence(&mut order).transport_error(lost());
    mock.expect_any::<WriteEntityByName>().in_sequence(&mut order).respond_with(&Upsert::Updated);
    mock.expect_any::<LookupEntity>().in_sequence(&mut order).respond_with(&Some(Entity::new("e-1", "e")));
    let written = client.entities().write_by_name(&WriteEntityByName::new("e")).await.unwrap();
    assert_eq!(written.created().unwrap().id.as_str(), "e-1");
    mock.checkpoint();
}

/// The mock panics if it receives an unexpected request.
#[tokio::test]
async fn an_update_that_was_not_retried_or_has_an_id_makes_no_second_call() {
    let mock = MockTransport::new();
    let client = retrying(&mock);
    mock.expect_any::<CreateEntity>().respond_with(&Upsert::Updated);
    let upsert = client.entities().create(&CreateEntity::named("a")).await.unwrap();
    assert_eq!(upsert, Upsert::Updated);
    mock.expect_any::<CreateGroup>().respond_with(&Upsert::Updated);
    assert_eq!(client.groups().create(&CreateGroup::named("g")).await.unwrap(), Upsert::Updated);

    mock.expect_any::<CreateEntity>().transport_error(TransportErrorKind::Interrupted);
    mock.expect_any::<CreateEntity>().respond_with(&Upsert::Updated);
    let by_id = CreateEntity::named("new name").id(EntityId::new("e-1"));
    assert_eq!(client.entities().create(&by_id).await.unwrap(), Upsert::Updated);
    mock.expect_any::<CreateGroup>().transport_error(TransportErrorKind::Interrupted);
    mock.expect_any::<CreateGroup>().respond_with(&Upsert::Updated);
    let by_id = CreateGroup::named("new name").id(GroupId::new("g-1"));
    assert_eq!(client.groups().create(&by_id).await.unwrap(), Upsert::Updated);
    mock.checkpoint();
}

#[tokio::test]
async fn a_failed_lookup_is_not_an_error() {
    for found in [Ok(None), Err(http::StatusCode::FORBIDDEN)] {
        let mock = MockTransport::new();
        let mut order = Sequence::new();
        mock.expect_any::<CreateEntity>()
            .in_sequence(&mut order)
            .transport_error(TransportErrorKind::Interrupted);
        mock.expect_any::<CreateEntity>().in_sequence(&mut order).respond_with(&Upsert::Updated);
        let lookup = mock.expect_any::<LookupEntity>().in_sequence(&mut order);
        match found {
            Ok(found) => lookup.respond_with(&found),
            Err(status) => lookup.error(status, ["permission denied"]),
        }
        let upsert = retrying(&mock).entities().create(&CreateEntity::named("a")).await.unwrap();
        assert_eq!(upsert, Upsert::Updated);
        mock.checkpoint();
    }
}
