//! Auth mounts and ACL policies.

use std::time::Duration;

use vault_identity::Maybe;
use vault_identity::mount::{
    EnableAuthMount, ListVisibleMounts, ListingVisibility, MountTokenType, MountTuning, ReadAuthMount,
    TuneAuthMount,
};
use vault_identity::policy::WritePolicy;

use crate::rejected;
use crate::space::Space;

pub(crate) const OPERATIONS: [&str; 11] = [
    "GET sys/auth",
    "GET sys/internal/ui/mounts",
    "GET sys/auth/{path}",
    "POST sys/auth/{path}",
    "DELETE sys/auth/{path}",
    "POST sys/auth/{path}/tune",
    "GET sys/auth/{path}/tune",
    "POST sys/policies/acl/{name}",
    "GET sys/policies/acl/{name}",
    "DELETE sys/policies/acl/{name}",
    "LIST sys/policies/acl",
];

const MINUTE: Duration = Duration::from_secs(60);
const READ_ENTITIES: &str = r#"path "identity/entity/*" { capabilities = ["read"] }"#;

#[tokio::test]
async fn every_operation_on_auth_mounts() {
    let Some(space) = Space::new("auth-mounts") else { return };
    let mounts = space.client.auth_mounts();
    let config = MountTuning::new().max_lease_ttl(MINUTE * 2).token_type(MountTokenType::Batch);
    let people = EnableAuthMount::new("team-a/people", "userpass").description("people").config(config);
    mounts.enable(&people).await.unwrap();
    rejected(mounts.enable(&people).await, 400, "path is already in use at team-a/people/");
    rejected(mounts.enable(&EnableAuthMount::new("x", "nothing")).await, 400, "plugin not found");

    let found = mounts.read("/team-a/people/").await.unwrap();
    assert_eq!((&*found.mount_type, &*found.description, found.local), ("userpass", "people", false));
    assert_eq!(found.config.max_lease_ttl, Some(MINUTE * 2));
    assert_eq!(found.config.token_type, Some(MountTokenType::Batch));
    assert_eq!(mounts.accessor("team-a/people").await.unwrap(), found.accessor);
    assert_eq!(space.client.call(ReadAuthMount::new("team-a/people")).await.unwrap(), found);
    rejected(
        space.client.call(Maybe(ReadAuthMount::new("nothing"))).await,
        400,
        "No auth engine at nothing/",
    );
    assert_eq!(mounts.find("nothing").await.unwrap(), None);
    assert!(mounts.accessor("nothing").await.unwrap_err().is_not_found());
    let list = mounts.list().await.unwrap();
    assert_eq!(list.path_of(&found.accessor), Some("team-a/people/"));
    assert_eq!(list.by_path.len(), 2);
    let visible = space.client.call(ListVisibleMounts::new()).await.unwrap();
    assert_eq!(visible.auth, list);
    assert!(visible.secret.get("identity").is_some());

    let tuning = MountTuning::new()
        .default_lease_ttl(MINUTE)
        .listing_visibility(ListingVisibility::Unauthenticated)
        .description("all people");
    for _ in 0..2 {
        mounts.tune(&TuneAuthMount::new("team-a/people", tuning.clone())).await.unwrap();
        let tuned = mounts.tuning("team-a/people").await.unwrap();
        assert_eq!(tuned.default_lease_ttl, Some(MINUTE));
        assert_eq!(tuned.max_lease_ttl, Some(MINUTE * 2));
        assert_eq!(tuned.listing_visibility, Some(ListingVisibility::Unauthenticated));
        assert_eq!(tuned.description.as_deref(), Some("all people"));
    }
    rejected(mounts.tune(&TuneAuthMount::new("nothing", tuning)).await, 400, "no mount entry found");
    rejected(mounts.tuning("nothing").await, 400, "cannot fetch sysview");

    assert_eq!(mounts.ensure(&people).await.unwrap(), found.accessor);
    let machines = EnableAuthMount::new("machines", "approle");
    let accessor = mounts.ensure(&machines).await.unwrap();
    assert_eq!(mounts.ensure(&machines).await.unwrap(), accessor);
    rejected(mounts.ensure(&EnableAuthMount::new("machines", "jwt")).await, 400, "path is already in use");

    for _ in 0..2 {
        mounts.disable("machines/").await.unwrap();
        assert_eq!(mounts.find("machines").await.unwrap(), None);
    }
    rejected(mounts.disable("token").await, 400, "token credential backend cannot be disabled");
    assert_ne!(mounts.ensure(&machines).await.unwrap(), accessor);
    space.assert_called(&OPERATIONS[..7]);
}

#[tokio::test]
async fn every_operation_on_policies() {
    let Some(space) = Space::new("policies") else { return };
    let policies = space.client.policies();
    assert_eq!(policies.find("readers").await.unwrap(), None);
    for _ in 0..2 {
        policies.write(&WritePolicy::new("Readers", READ_ENTITIES)).await.unwrap();
        let read = policies.read("readers").await.unwrap();
        assert_eq!((&*read.name, &*read.policy), ("readers", READ_ENTITIES));
    }
    assert!(policies.list().await.unwrap().keys.contains(&"readers".to_owned()));
    rejected(policies.write(&WritePolicy::new("broken", "path {")).await, 400, "failed to parse policy");
    rejected(policies.write(&WritePolicy::new("broken", "")).await, 400, "'policy' parameter not supplied");

    let new = WritePolicy::new("short", READ_ENTITIES).ttl(MINUTE).cas(-1).cas_required(true);
    policies.write(&new).await.unwrap();
    rejected(policies.write(&new).await, 400, "check-and-set parameter set to -1 on existing entry");
    policies.write(&WritePolicy::new("short", READ_ENTITIES).cas(1)).await.unwrap();
    assert!(policies.read("short").await.unwrap().modified.is_some());

    for _ in 0..2 {
        policies.delete("readers").await.unwrap();
        assert_eq!(policies.find("readers").await.unwrap(), None);
    }
    rejected(policies.delete("default").await, 400, "cannot delete default policy");
    space.assert_called(&OPERATIONS[7..]);
}

/// A token without permissions on `sys/auth` finds the mounts that it may use.
#[tokio::test]
async fn accessors_need_no_permission_on_the_system_backend() {
    let Some(space) = Space::new("system-visible") else { return };
    let people = space.mount("people");
    space.mount("others");
    space.policy("log-in", r#"path "auth/people/login/*" { capabilities = ["create"] }"#);
    let alice = space.log_in("people", "alice", &["log-in"]);
    assert_eq!(alice.auth_mounts().accessor("people").await.unwrap(), people);
    assert!(alice.auth_mounts().accessor("others").await.unwrap_err().is_not_found());
}
