//! A small service that uses the client, and its unit tests without a server.
//!
//! `cargo test --example unit_test` runs the tests. `cargo run --example unit_test` runs the service with a
//! temporary OpenBao server. If `VAULT_ADDR` and `VAULT_TOKEN` are set, it uses that server instead.

use std::error::Error;

use vault_identity::alias::CreateEntityAlias;
use vault_identity::entity::CreateEntity;
use vault_identity::group::CreateGroup;
use vault_identity::lookup::LookupEntity;
use vault_identity::{Client, Endpoint, EntityId, MountAccessor, Result};

use setup::{DisableAuth, EnableUserpass, ReadAuthMount};

mod server;
#[allow(dead_code, reason = "shared with other examples")]
mod setup;

/// Adds users of an auth mount to a group.
struct Onboarding {
    client: Client,
    mount: MountAccessor,
    group: String,
}

impl Onboarding {
    /// Ensures that the user has an entity which is a member of the group.
    async fn onboard(&self, user: &str) -> Result<EntityId> {
        let groups = self.client.groups();
        // Read first, so that nothing is created if the group does not exist.
        let group = groups.read_by_name(&self.group).await?;
        let entity = match self.call(&LookupEntity::by_alias(user, &self.mount)).await? {
            Some(entity) => entity.id,
            None => self.enrol(user).await?,
        };
        groups.add_member_entities(&group.id, [&entity]).await?;
        Ok(entity)
    }

    /// Creates an entity for the user. It has no name, because the user's name may change and belongs to the
    /// alias.
    async fn enrol(&self, user: &str) -> Result<EntityId> {
        let create = CreateEntity::unnamed().metadata([("onboarded", "yes")]);
        let entity = self.call(&create).await?.created().expect("an unnamed entity is always new");
        let alias = CreateEntityAlias::new(user, &self.mount).canonical_id(&entity.id);
        self.call(&alias).await?;
        Ok(entity.id)
    }

    /// Makes a call, and retries it once if the error is retryable.
    async fn call<E: Endpoint>(&self, endpoint: &E) -> Result<E::Output> {
        match self.client.call(endpoint).await {
            Err(error) if error.is_retryable() => self.client.call(endpoint).await,
            result => result,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (target, _server) = server::target()?;
    let client = Client::with_default_transport(target);

    let path = format!("unit-test-{}", std::process::id());
    client.call(&EnableUserpass { path: path.clone() }).await?;
    let mount = client.call(&ReadAuthMount { path: path.clone() }).await?.accessor;
    let created = client.groups().create(&CreateGroup::named(&path)).await?;
    let group = created.created().ok_or("the group already exists")?;

    let onboarding = Onboarding { client: client.clone(), mount, group: group.name };
    let alice = onboarding.onboard("alice").await?;
    println!("alice is the entity {alice}");
    println!("The second time she is the same entity: {}", onboarding.onboard("alice").await? == alice);
    println!("The group has the members {:?}", client.groups().read(&group.id).await?.member_entity_ids);

    client.groups().delete(&group.id).await?;
    client.entities().delete(&alice).await?;
    client.call(&DisableAuth { path }).await?;
    println!("Cleaned up");
    Ok(())
}

#[cfg(test)]
mod tests {
    use identity_mock::{MockTransport, Sequence};
    use vault_identity::alias::AliasWrite;
    use vault_identity::entity::{CreatedEntity, Entity};
    use vault_identity::group::{Group, ReadGroupById, ReadGroupByName, UpdateGroupById};
    use vault_identity::http::StatusCode;
    use vault_identity::transport::TransportErrorKind;
    use vault_identity::{Target, Upsert};

    use super::*;

    fn onboarding(mock: &MockTransport) -> Onboarding {
        let client = Client::new(Target::new("http://vault.test").unwrap(), mock.clone());
        Onboarding { client, mount: "auth_userpass_1".into(), group: "engineers".to_owned() }
    }

    fn engineers(members: &[&str]) -> Group {
        let mut group = Group::new("g1", "engineers");
        group.member_entity_ids = members.iter().map(|&id| id.into()).collect();
        group
    }

    #[tokio::test]
    async fn a_new_user_is_enrolled_and_added_to_the_group() {
        let mock = MockTransport::new();
        let seq = &mut Sequence::new();
        let created = CreatedEntity::new("e1", "entity_1");
        let lookup = LookupEntity::by_alias("alice", "auth_userpass_1");
        let alias = CreateEntityAlias::new("alice", "auth_userpass_1").canonical_id("e1");
        let update = UpdateGroupById::new("g1").member_entity_ids(["e0", "e1"]);
        mock.expect(&ReadGroupByName::new("engineers")).in_sequence(seq).respond_with(&engineers(&["e0"]));
        mock.expect(&lookup).in_sequence(seq).respond_with(&None);
        mock.expect_where::<CreateEntity>(|call| call.body["name"].is_null())
            .in_sequence(seq)
            .respond_with(&Upsert::Created(created));
        mock.expect(&alias).in_sequence(seq).respond_with(&AliasWrite::Unchanged);
        // Adding a member reads the group, writes it, and reads it again.
        mock.expect(&ReadGroupById::new("g1")).in_sequence(seq).respond_with(&engineers(&["e0"]));
        mock.expect(&update).in_sequence(seq).respond_with(&None);
        mock.expect(&ReadGroupById::new("g1")).in_sequence(seq).respond_with(&engineers(&["e0", "e1"]));

        assert_eq!(onboarding(&mock).onboard("alice").await.unwrap().as_str(), "e1");
    }

    #[tokio::test]
    async fn an_interrupted_lookup_is_retried() {
        let mock = MockTransport::new();
        let seq = &mut Sequence::new();
        let alice = Entity::new("e1", "entity_1");
        mock.expect_any::<ReadGroupByName>().respond_with(&engineers(&["e1"]));
        mock.expect_any::<LookupEntity>().in_sequence(seq).transport_error(TransportErrorKind::Interrupted);
        mock.expect_any::<LookupEntity>().in_sequence(seq).respond_with(&Some(alice));
        mock.expect_any::<ReadGroupById>().respond_with(&engineers(&["e1"]));

        assert_eq!(onboarding(&mock).onboard("alice").await.unwrap().as_str(), "e1");
    }

    /// Each attempt without a name could create another entity. The mock expects one attempt and fails the
    /// test on a second one.
    #[tokio::test]
    async fn an_interrupted_create_is_not_retried() {
        let mock = MockTransport::new();
        mock.expect_any::<ReadGroupByName>().respond_with(&engineers(&[]));
        mock.expect_any::<LookupEntity>().respond_with(&None);
        mock.expect_any::<CreateEntity>().transport_error(TransportErrorKind::Interrupted);

        let error = onboarding(&mock).onboard("alice").await.unwrap_err();
        assert!(error.may_have_been_applied());
        assert!(!error.is_retryable());
    }

    #[tokio::test]
    async fn no_user_is_enrolled_without_the_group() {
        let mock = MockTransport::new();
        mock.expect(&ReadGroupByName::new("engineers")).not_found();

        assert!(onboarding(&mock).onboard("alice").await.unwrap_err().is_not_found());
    }

    #[tokio::test]
    async fn a_denied_lookup_is_an_error() {
        let mock = MockTransport::new();
        mock.expect_any::<ReadGroupByName>().respond_with(&engineers(&[]));
        mock.expect_any::<LookupEntity>().error(StatusCode::FORBIDDEN, ["permission denied"]);

        let error = onboarding(&mock).onboard("alice").await.unwrap_err();
        assert!(error.is_permission_denied());
        assert!(!error.may_have_been_applied());
    }

    /// Tests the same service with an in-memory server: they check the result and not the calls.
    mod with_fake_vault {
        use identity_mock::{FakeVault, Fault};

        use super::*;

        async fn onboarding(vault: &FakeVault) -> Onboarding {
            let client = Client::new(vault.target(), vault.clone());
            client.groups().create(&CreateGroup::named("engineers")).await.unwrap().created().unwrap();
            Onboarding { client, mount: vault.mount_auth("userpass"), group: "engineers".to_owned() }
        }

        #[tokio::test]
        async fn everyone_is_enrolled_once() {
            let vault = FakeVault::new();
            let onboarding = onboarding(&vault).await;
            let alice = onboarding.onboard("alice").await.unwrap();
            let bob = onboarding.onboard("bob").await.unwrap();
            assert_eq!(onboarding.onboard("alice").await.unwrap(), alice);

            let entities = onboarding.client.entities().list().await.unwrap();
            assert_eq!(entities.len(), 2);
            let group = onboarding.client.groups().read_by_name("engineers").await.unwrap();
            assert!(group.member_entity_ids.contains(&alice) && group.member_entity_ids.contains(&bob));
        }

        /// The alias is written but its response is lost. Writing it is idempotent, so the write is retried.
        #[tokio::test]
        async fn a_lost_response_to_the_alias_is_retried() {
            let vault = FakeVault::new();
            let onboarding = onboarding(&vault).await;
            vault.fail_where(1, Fault::DropResponse, |_, path| path == "identity/entity-alias");
            let alice = onboarding.onboard("alice").await.unwrap();

            let aliases = onboarding.client.entity_aliases().list().await.unwrap();
            assert_eq!(aliases.len(), 1);
            let alias = aliases.key_info.values().next().unwrap();
            assert_eq!((&*alias.name, &alias.canonical_id), ("alice", &alice));
        }

        /// The entity is created but its response is lost. A retry would create another entity.
        #[tokio::test]
        async fn a_lost_response_to_the_entity_is_an_error() {
            let vault = FakeVault::new();
            let onboarding = onboarding(&vault).await;
            vault.fail_where(1, Fault::DropResponse, |_, path| path == "identity/entity");
            let error = onboarding.onboard("alice").await.unwrap_err();
            assert!(error.may_have_been_applied());

            assert_eq!(onboarding.client.entities().list().await.unwrap().len(), 1);
        }
    }
}
