//! The methods of `FakeVault`.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use identity_core::{
    BlockingTransport, Endpoint, Error, SecretString, Target, Upsert, Wrap,
    endpoint::Operation,
    entity::{
        CreateEntity, CreatedEntity, DeleteEntityById, ListEntityNames, ReadEntityById, ReadEntityByName,
        UpdateEntityById,
    },
    transport::TransportErrorKind,
    wrapping::LookupWrappingToken,
};
use identity_fake::{FakeVault, Fault};
use serde_json::json;

fn call<E: Endpoint>(vault: &FakeVault, target: &Target, endpoint: &E) -> Result<E::Output, Error> {
    let request = endpoint.request(target)?;
    let operation = Operation::from_request(&request).expect("an endpoint has made it");
    let response = BlockingTransport::send(vault, request).map_err(|error| Error::new(operation, error))?;
    E::parse_response_for(operation, &response)
}

fn create(vault: &FakeVault, name: &str) -> CreatedEntity {
    call(vault, &vault.target(), &CreateEntity::named(name))
        .ok()
        .and_then(Upsert::created)
        .expect("it is new")
}

#[test]
fn tokens_are_created_and_revoked() {
    let vault = FakeVault::new().with_root_token("another-root");
    let alice = create(&vault, "alice").id;
    let with = |token: &SecretString| vault.target().with_token(token.clone()).unwrap();
    let token = vault.token_for(&alice);
    let read = ReadEntityById::new(&alice);
    assert_eq!(call(&vault, &with(&token), &read).unwrap().name, "alice");

    let denied = |token: &SecretString| {
        call(&vault, &with(token), &read).is_err_and(|error| error.is_permission_denied())
    };
    assert!(denied(&"root".into()) && denied(&vault.unprivileged_token()));
    call(&vault, &vault.target(), &UpdateEntityById::new(&alice).disabled(true)).unwrap();
    assert!(denied(&token));
    call(&vault, &vault.target(), &UpdateEntityById::new(&alice).disabled(false)).unwrap();
    assert!(!denied(&token));
    vault.revoke(&token);
    assert!(denied(&token));
    let token = vault.token_for(&alice);
    call(&vault, &vault.target(), &DeleteEntityById::new(&alice)).unwrap();
    assert!(denied(&token));
}

#[test]
fn faults_are_injected_by_count_and_predicate() {
    let vault = FakeVault::new();
    let target = vault.target();
    let name = |name: &str| ReadEntityByName::new(name);
    vault.fail_times(2, Fault::Sealed);
    for _ in 0..2 {
        assert!(call(&vault, &target, &name("x")).unwrap_err().is_sealed());
    }
    assert!(call(&vault, &target, &name("x")).unwrap_err().is_not_found());

    vault.fail_next(Fault::RateLimited { retry_after: Some(Duration::from_secs(7)) });
    let error = call(&vault, &target, &name("x")).unwrap_err();
    assert!(error.is_rate_limited() && error.api().unwrap().retry_after().is_some());
    vault.fail_next(Fault::NotConsistentYet);
    assert!(call(&vault, &target, &name("x")).unwrap_err().is_not_yet_consistent());

    vault.fail_where(1, Fault::ConnectionRefused, |method, path| {
        method == "POST" && path == "identity/entity"
    });
    assert!(call(&vault, &target, &ListEntityNames::new()).unwrap().is_empty());
    let create = CreateEntity::named("alice");
    let error = call(&vault, &target, &create).unwrap_err();
    assert_eq!(error.transport().unwrap().kind(), TransportErrorKind::NotSent);
    assert!(call(&vault, &target, &name("alice")).unwrap_err().is_not_found());

    vault.fail_next(Fault::DropResponse);
    let error = call(&vault, &target, &create).unwrap_err();
    assert!(error.may_have_been_applied() && error.is_retryable());
    assert_eq!(call(&vault, &target, &create).unwrap(), Upsert::Updated);
    vault.fail_next(Fault::TruncateResponse);
    assert!(call(&vault, &target, &name("alice")).unwrap_err().api().is_none());
    vault.fail_times(9, Fault::Sealed);
    vault.clear_faults();
    assert!(call(&vault, &target, &name("alice")).is_ok());
}

#[test]
fn recorded_requests_are_redacted() {
    let vault = FakeVault::new();
    let target = vault.target().with_namespace("nowhere").unwrap();
    assert!(call(&vault, &target, &CreateEntity::named("alice")).is_err());
    assert!(call(&vault, &vault.target(), &LookupWrappingToken::new("s.secret")).is_err());
    let [first, second] = &vault.requests()[..] else { panic!("two requests") };
    assert_eq!(
        (first.method.as_str(), &*first.path, &*first.namespace),
        ("POST", "identity/entity", "nowhere")
    );
    assert_eq!((&first.body, &second.body), (&json!({ "name": "alice" }), &json!({ "token": "***" })));
    vault.clear_requests();
    assert!(vault.requests().is_empty());
}

#[test]
fn the_clock_can_be_advanced() {
    let vault = FakeVault::new();
    let target = vault.target();
    let alice = create(&vault, "alice").id;
    let wrapped =
        call(&vault, &target, &Wrap::new(ReadEntityById::new(&alice), Duration::from_secs(60))).unwrap();
    let lookup = LookupWrappingToken::new(wrapped.wrapped().unwrap().token);
    assert!(call(&vault, &target, &lookup).is_ok());
    vault.advance(Duration::from_secs(61));
    assert!(call(&vault, &target, &lookup).is_err());
    call(&vault, &target, &UpdateEntityById::new(&alice)).unwrap();
    let alice = call(&vault, &target, &ReadEntityById::new(&alice)).unwrap();
    let [created, updated] = [alice.creation_time, alice.last_update_time].map(Option::unwrap);
    assert!(updated.duration_since(created).as_secs() >= 61);
}

#[test]
fn the_same_seed_gives_the_same_identifiers() {
    let made = |seed| {
        let vault = FakeVault::with_seed(seed);
        (vault.mount_auth("userpass"), create(&vault, "alice").id)
    };
    assert_eq!(made(7), made(7));
    assert_ne!(made(7), made(8));
}

#[test]
fn existing_mounts_are_kept() {
    let vault = FakeVault::new();
    let accessor = vault.mount_auth("userpass");
    assert_eq!(vault.mount_auth("userpass"), accessor);
    assert!(accessor.as_str().starts_with("auth_userpass_"));
    assert_ne!(vault.mount_auth_at("userpass", "people"), accessor);
}

/// No request makes it panic.
#[test]
fn malformed_requests_get_responses() {
    let vault = FakeVault::new();
    for method in ["GET", "LIST", "POST", "PUT", "DELETE", "PATCH", "HEAD", "SCAN", "OPTIONS", "X"] {
        for path in [
            "/",
            "/v1",
            "/v1/",
            "/v1//",
            "/v1/identity",
            "/v1/identity/entity/id/",
            "/v1/%ff/%00",
            "/v1/a?list=%",
            "/v1/sys/auth//",
            "*",
        ] {
            for body in ["", "{", "\u{0}", "{\"\":{}}", "[[[[", "nul", "{\"name\":1e999}", "\n\n}"] {
                let Ok(request) = Request::builder()
                    .method(method)
                    .uri(path)
                    .header("x-vault-token", "root")
                    .body(Bytes::from(body))
                else {
                    continue;
                };
                assert!(BlockingTransport::send(&vault, request).is_ok(), "{method} {path} {body}");
            }
        }
    }
}

/// Reads and updates stay fast with many entities. `cargo test --release … -- --nocapture` prints the times.
#[test]
fn a_call_is_cheap() {
    let vault = FakeVault::new();
    let target = vault.target();
    let ids: Vec<_> = (0..1000).map(|index| create(&vault, &format!("entity {index}")).id).collect();
    for (what, rounds) in [("read", 10), ("update", 10)] {
        let start = Instant::now();
        for id in ids.iter().cycle().take(ids.len() * rounds) {
            if what == "read" {
                call(&vault, &target, &ReadEntityById::new(id)).unwrap();
            } else {
                call(&vault, &target, &UpdateEntityById::new(id).policies(["p"])).unwrap();
            }
        }
        let each = start.elapsed() / u32::try_from(ids.len() * rounds).unwrap();
        println!("{what}: {each:?}");
        assert!(each < Duration::from_millis(1), "{what}: {each:?}");
    }
}
