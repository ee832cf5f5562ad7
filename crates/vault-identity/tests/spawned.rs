//! The futures of handle methods borrow neither the client nor their arguments.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use bytes::Bytes;
use tokio::task::JoinSet;
use vault_identity::transport::{TransportError, async_trait};
use vault_identity::{
    Client, EntityId, GroupId, Result, Target, Transport, Upsert, WithMeta,
    alias::{CreateEntityAlias, CreateGroupAlias},
    entity::{CreateEntity, ReadEntityById, UpdateEntityById, WriteEntityByName},
    group::{CreateGroup, UpdateGroupById, WriteGroupByName},
    lookup::{LookupEntity, LookupGroup},
    mfa::{ListMfaMethods, WriteLoginEnforcement},
    oidc::{IntrospectIdToken, WriteOidcAssignment, WriteOidcClient, WriteOidcConfig, WriteOidcKey},
    oidc::{WriteOidcProvider, WriteOidcRole, WriteOidcScope},
};

/// Responds to every request that the object does not exist.
struct Empty;

#[async_trait]
impl Transport for Empty {
    async fn send(
        &self,
        _: http::Request<Bytes>,
    ) -> std::result::Result<http::Response<Bytes>, TransportError> {
        Ok(http::Response::builder().status(404).body(Bytes::from_static(b"{\"errors\":[]}")).unwrap())
    }
}

fn client() -> Client {
    Client::new(Target::new("http://vault.test").unwrap(), Empty)
}

/// Spawns a call, which compiles only if its future is `Send + 'static`.
fn spawn<T: Send + 'static>(
    calls: &mut JoinSet<Result<()>>,
    call: impl Future<Output = Result<T>> + Send + 'static,
) {
    calls.spawn(async { call.await.map(drop) });
}

#[tokio::test]
async fn calls_of_all_handles_outlive_the_client_and_their_arguments() {
    let mut calls = JoinSet::new();
    {
        // All of these are dropped before the calls are polled.
        let client = client();
        let (name, entity, group) = (String::from("n"), EntityId::new("e"), GroupId::new("g"));
        let method = String::from("3f2504e0-4f89-41d3-9a0c-0305e82c3301");
        let calls = &mut calls;

        let entities = client.entities();
        spawn(calls, entities.create(&CreateEntity::named(&name)));
        spawn(calls, entities.find(&entity));
        spawn(calls, entities.update(&UpdateEntityById::new(&entity)));
        spawn(calls, entities.delete_many([&entity]));
        spawn(calls, entities.write_by_name(&WriteEntityByName::new(&name)));
        spawn(calls, entities.read_by_name(&name));
        spawn(calls, entities.find_by_name(&*name));
        spawn(calls, entities.delete_by_name(&name));
        let groups = client.groups();
        spawn(calls, groups.create(&CreateGroup::named(&name)));
        spawn(calls, groups.find(&group));
        spawn(calls, groups.update(&UpdateGroupById::new(&group)));
        spawn(calls, groups.write_by_name(&WriteGroupByName::new(&name)));
        spawn(calls, groups.read_by_name(&name));
        spawn(calls, groups.delete_by_name(&name));
        spawn(calls, groups.add_member_entities(&group, [&entity]));
        spawn(calls, groups.remove_member_entities(&group, [&entity]));
        spawn(calls, groups.add_member_groups(&group, [&group]));
        spawn(calls, groups.remove_member_groups(&group, [&group]));
        spawn(calls, client.entity_aliases().create(&CreateEntityAlias::new(&name, "auth_userpass_1")));
        spawn(calls, client.entity_aliases().find("a"));
        spawn(calls, client.group_aliases().create(&CreateGroupAlias::new(&name, "auth_ldap_1")));
        spawn(calls, client.group_aliases().find("a"));
        spawn(calls, client.lookup().entity(&LookupEntity::by_name(&name)));
        spawn(calls, client.lookup().group(&LookupGroup::by_name(&name)));
        let oidc = client.oidc();
        spawn(calls, oidc.config().write(&WriteOidcConfig::new(&name)));
        spawn(calls, oidc.keys().write(&WriteOidcKey::new(&name)));
        spawn(calls, oidc.roles().write(&WriteOidcRole::new(&name, &name)));
        spawn(calls, oidc.tokens().introspect(&IntrospectIdToken::new(&*name)));
        spawn(calls, oidc.clients().write(&WriteOidcClient::new(&name)));
        spawn(calls, oidc.scopes().write(&WriteOidcScope::new(&name)));
        spawn(calls, oidc.assignments().write(&WriteOidcAssignment::new(&name)));
        spawn(calls, oidc.providers().write(&WriteOidcProvider::new(&name)));
        let mfa = client.mfa();
        spawn(calls, mfa.find(&*method));
        spawn(calls, mfa.totp().find(&*method));
        spawn(calls, mfa.okta().find(&*method));
        spawn(calls, mfa.duo().find(&*method));
        spawn(calls, mfa.ping_id().find(&*method));
        spawn(
            calls,
            mfa.enforcements()
                .write(&WriteLoginEnforcement::new(&name, [&*method]).identity_group_ids([&group])),
        );
        spawn(calls, client.call(ListMfaMethods::new()));
        spawn(calls, client.call(WithMeta(ReadEntityById::new(&entity))));
    }
    let (succeeded, failed): (Vec<_>, Vec<_>) =
        calls.join_all().await.into_iter().partition(std::result::Result::is_ok);
    assert_eq!(succeeded.len() + failed.len(), 40);
    for error in failed.into_iter().filter_map(std::result::Result::err) {
        assert_eq!(error.api().map(|api| api.status().as_u16()), Some(404), "{error}");
    }
}

#[tokio::test]
async fn calls_can_be_joined_and_built_of_temporaries() {
    let client = client();
    let (entity, group) =
        tokio::join!(client.entities().find(String::from("e")), client.groups().find(&GroupId::new("g")));
    assert!(entity.unwrap().is_none() && group.unwrap().is_none());
    let (one, other) = tokio::join!(
        client.call(ListMfaMethods::new()),
        client.entities().create(&CreateEntity::named("a").policies(["p"])),
    );
    assert!(one.unwrap().is_empty());
    assert!(!matches!(other, Ok(Upsert::Created(_))));
}

#[tokio::test]
async fn an_endpoint_can_be_called_again_by_reference() {
    let (client, list) = (client(), ListMfaMethods::new());
    assert!(client.call(&list).await.unwrap().is_empty());
    assert!(client.call(&list).await.unwrap().is_empty());
}
