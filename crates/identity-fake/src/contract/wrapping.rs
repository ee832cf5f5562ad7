use std::time::Duration;

use identity_core::{
    Wrap,
    entity::{CreateEntity, ListEntities, ReadEntityById, ReadEntityByName},
    group::ListGroups,
    wrapping::{LookupWrappingToken, UnwrapResponse},
};

use super::server::{Server, json};

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

pub(super) async fn wrapping_tokens_are_tokens(server: &Server<'_>) {
    server.entity("alice").await;
    let read = Wrap::new(ReadEntityByName::new("alice"), MINUTE);
    let invalid = "wrapping token is not valid or does not exist";
    for (method, path, status) in [
        ("PUT", "sys/wrapping/unwrap", 200),
        ("GET", "cubbyhole/response", 200),
        ("GET", "identity/entity/name/alice", 403),
        ("GET", "auth/token/lookup-self", 403),
        ("POST", "auth/token/revoke-self", 204),
    ] {
        let wrapped = server.ok(&read).await.wrapped().expect("it is wrapped");
        let target = server.target.clone().with_token(wrapped.token.clone()).expect("a token can be sent");
        let holder = server.at(target);
        // A lookup does not use the token.
        assert_eq!(holder.send("GET", "sys/wrapping/lookup", "").await.status(), 200);
        assert_eq!(holder.send(method, path, "").await.status(), status, "{path}");
        holder.raw_error((method, "sys/wrapping/unwrap", ""), 400, &[invalid]).await;
        server.error(&LookupWrappingToken::new(wrapped.token), 400, invalid).await;
    }
    for (body, problem) in [("{\"token\":1}", "could not decode token"), ("{\"token\":\"\"}", "empty token")]
    {
        let problem = format!("error validating wrapping token: {problem} in request body");
        server.raw_error(("POST", "sys/wrapping/unwrap", body), 403, &[&problem]).await;
    }
    server.raw_error(("POST", "sys/wrapping/unwrap", "{}"), 400, &[invalid]).await;
    let problem = "endpoint requires response wrapping to be used";
    server.raw_error(("POST", "sys/wrapping/wrap", "{}"), 400, &[problem]).await;
}

pub(super) async fn wrapped_responses_are_wrapped_again(server: &Server<'_>) {
    server.entity("alice").await;
    let read = Wrap::new(ReadEntityByName::new("alice"), MINUTE);
    let first = server.ok(&read).await.wrapped().expect("it is wrapped");
    let token = serde_json::json!({ "token": identity_core::ExposeSecret::expose_secret(&first.token) });
    let response = server.send("POST", "sys/wrapping/rewrap", &token.to_string()).await;
    server
        .error(&LookupWrappingToken::new(first.token), 400, "wrapping token is not valid or does not exist")
        .await;
    if !server.namespace.is_empty() {
        // The server looks for the response in the namespace of the caller's token.
        let problem = "no information found; wrapping token may be from a previous OpenBao version";
        assert_eq!(json(&response)["errors"], serde_json::json!([problem]));
        return;
    }
    let info = json(&response)["wrap_info"].take();
    assert_eq!((&info["ttl"], &info["creation_path"]), (&60.into(), &first.creation_path.into()));
    let second = info["token"].as_str().expect("a token").to_owned();
    assert_eq!(server.ok(&UnwrapResponse::<ReadEntityByName>::new(second)).await.name, "alice");
}
