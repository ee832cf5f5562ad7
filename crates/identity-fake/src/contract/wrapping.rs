use std::time::Duration;

use identity_core::{
    Wrap,
    entity::{CreateEntity, ListEntities, ReadEntityById, ReadEntityByName},
    group::ListGroups,
    wrapping::{LookupWrappingToken, UnwrapResponse},
};

use super::server::Server;

const MINUTE: Duration = Duration::from_secs(60);

pub(super) async fn wrapped_responses_are_read_once(server: &Server<'_>) {
    let id = server.entity("alice").await;
    let wrapped =
        server.ok(&Wrap::new(ReadEntityById::new(&id), MINUTE)).await.wrapped().expect("it is wrapped");
    assert_eq!(wrapped.ttl, MINUTE);
    let path = format!("identity/entity/id/{}", id.as_str());
    assert!(wrapped.creation_path.ends_with(&path), "{}", wrapped.creation_path);
    let known = server.ok(&LookupWrappingToken::new(wrapped.token.clone())).await;
    assert_eq!((known.creation_path, known.creation_ttl), (wrapped.creation_path, MINUTE));
    let unwrap = UnwrapResponse::<ReadEntityById>::new(wrapped.token);
    assert_eq!(server.ok(&unwrap).await.name, "alice");
    server.error(&unwrap, 400, "wrapping token is not valid or does not exist").await;

    let list = server.ok(&Wrap::new(ListEntities::new(), MINUTE)).await.wrapped().expect("it is wrapped");
    assert_eq!(server.ok(&UnwrapResponse::<ListEntities>::new(list.token)).await.keys, [id]);
}

pub(super) async fn empty_responses_are_not_wrapped(server: &Server<'_>) {
    let created = server.ok(&Wrap::new(CreateEntity::named("alice"), MINUTE)).await.wrapped();
    assert!(created.is_some());
    let updated = server.ok(&Wrap::new(CreateEntity::named("alice"), MINUTE)).await.wrapped();
    assert!(updated.is_none());
    server.not_found(&Wrap::new(ReadEntityByName::new("nobody"), MINUTE)).await;
    assert!(server.ok(&Wrap::new(ListGroups::new(), MINUTE)).await.wrapped().is_none());
    let invalid = CreateEntity::named("bob").policies(["root"]);
    server.error(&Wrap::new(invalid, MINUTE), 400, "policies cannot contain root").await;
}
