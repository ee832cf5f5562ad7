use std::time::Duration;

use identity_core::prelude::*;

use crate::{headers, requests};

const MINUTE: Duration = Duration::from_secs(60);

fn target() -> Target {
    let target = Target::new("http://vault.test").expect("an address");
    target.with_token("s.own").expect("a token")
}

#[test]
fn maybe_and_with_meta_change_nothing() {
    requests! {
        GET "identity/entity/id/{id}" {
            Maybe(ReadEntityById::new("e1")) => "identity/entity/id/e1" idempotent;
            WithMeta(Maybe(ReadEntityById::new("e1"))) => "identity/entity/id/e1" idempotent;
        }
        POST "identity/entity" {
            WithMeta(CreateEntity::named("alice")) => "identity/entity" idempotent {"name": "alice"};
            Maybe(CreateEntity::unnamed()) => "identity/entity" not_idempotent {};
        }
    }
}

#[test]
fn wrap_adds_a_header_and_is_not_idempotent() {
    let wrap = Wrap::new(CreateEntity::named("alice"), MINUTE);
    let request = wrap.request(&target()).unwrap();
    let expected = [
        ("content-type", "application/json"),
        ("x-vault-request", "true"),
        ("x-vault-token", "s.own"),
        ("x-vault-wrap-ttl", "60"),
    ];
    assert_eq!(headers(&request), expected);
    assert_eq!(request.uri(), "http://vault.test/v1/identity/entity");
    assert_eq!(request.body(), r#"{"name":"alice"}"#);

    let operation = Operation::from_request(&request).unwrap();
    assert_eq!(
        (operation.method, operation.path, operation.idempotent),
        (Method::Post, "identity/entity", false)
    );
}

#[test]
fn wrapping_a_read_creates_a_token_each_time() {
    let request = Wrap::new(ReadEntityById::new("e1"), MINUTE).request(&target()).unwrap();
    assert!(!Operation::from_request(&request).unwrap().idempotent);
}

#[test]
fn unwrap_sends_only_the_wrapping_token() {
    let target = target().with_namespace("team-a").unwrap();
    let request = UnwrapResponse::<ReadEntityById>::new("s.wrapping").request(&target).unwrap();
    let expected =
        [("x-vault-namespace", "team-a"), ("x-vault-request", "true"), ("x-vault-token", "s.wrapping")];
    assert_eq!(headers(&request), expected);
    assert!(request.headers()["x-vault-token"].is_sensitive());
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "http://vault.test/v1/sys/wrapping/unwrap");
    assert_eq!(request.body(), "");
    assert!(!Operation::from_request(&request).unwrap().idempotent);
}
