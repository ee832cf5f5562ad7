use std::time::Duration;

use bytes::Bytes;
use http::Request;
use identity_core::{
    BlockingTransport, Upsert, Wrap,
    entity::{CreateEntity, DeleteEntityById, ListEntities, ReadEntityById, UpdateEntityById},
    oidc::GenerateIdToken,
};
use identity_mock::MockTransport;

use super::{call, failure, without_locations};

#[test]
fn no_calls_are_expected() {
    let message = failure(|| drop(call(&MockTransport::new(), &ListEntities::new())));
    assert_eq!(message, "MockTransport: unexpected call LIST identity/entity/id\nNo calls are expected.");
}

#[test]
fn other_operations_are_expected() {
    let message = failure(|| {
        let mock = MockTransport::new();
        mock.expect_any::<ReadEntityById>().not_found();
        mock.expect(&ReadEntityById::new("e1")).not_found();
        mock.expect(&CreateEntity::named("alice")).respond_with(&Upsert::Updated);
        drop(call(&mock, &DeleteEntityById::new("e-1")));
    });
    assert_eq!(
        message,
        "MockTransport: unexpected call DELETE identity/entity/id/{id} with id=\"e-1\"\n\
         Only these operations are expected:\n\
         \x20 GET identity/entity/id/{id}\n\
         \x20 POST identity/entity"
    );
}

#[test]
fn each_difference_has_a_line() {
    let message = failure(|| {
        let mock = MockTransport::new();
        mock.expect_any::<ListEntities>().times(..).not_found();
        let alice =
            UpdateEntityById::new("e1").name("alice").policies(["a", "b"]).metadata([("team", "eng")]);
        mock.expect(&alice).respond_with(&None);
        mock.expect(&UpdateEntityById::new("e2")).respond_with(&None);
        let bob = UpdateEntityById::new("e2")
            .name("bob")
            .policies(["a", "c"])
            .metadata([("team", "ops"), ("x", "ü\"")]);
        drop(call(&mock, &bob.disabled(true)));
    });
    assert_eq!(
        without_locations(file!(), &message),
        r#"MockTransport: unexpected call POST identity/entity/id/{id} with id="e2", body {"disabled":true,"metadata":{"team":"ops","x":"ü\""},"name":"bob","policies":["a","c"]}
It differs from the expected calls:
  POST identity/entity/id/{id} with id="e1", body {"metadata":{"team":"eng"},"name":"alice","policies":["a","b"]}, expected at HERE
    id: expected "e1", got "e2"
    body.disabled: expected nothing, got true
    body.metadata.team: expected "eng", got "ops"
    body.metadata.x: expected nothing, got "ü\""
    body.name: expected "alice", got "bob"
    body.policies[1]: expected "b", got "c"
  POST identity/entity/id/{id} with id="e2", body {}, expected at HERE
    body.disabled: expected nothing, got true
    body.metadata: expected nothing, got {"team":"ops","x":"ü\""}
    body.name: expected nothing, got "bob"
    body.policies: expected nothing, got ["a","c"]"#
    );
}

#[test]
fn lists_of_different_lengths_are_shown_whole() {
    let message = failure(|| {
        let mock = MockTransport::new();
        mock.expect(&CreateEntity::named("alice").policies(["a"])).respond_with(&Upsert::Updated);
        drop(call(&mock, &CreateEntity::named("alice").policies(["a", "b"])));
    });
    assert!(message.ends_with("\n    body.policies: expected [\"a\"], got [\"a\",\"b\"]"), "{message}");
}

#[test]
fn predicates_are_shown_by_location() {
    let message = failure(|| {
        let mock = MockTransport::new();
        mock.expect_where::<CreateEntity>(|call| call.body["name"] == "alice").respond_with(&Upsert::Updated);
        drop(call(&mock, &CreateEntity::named("bob")));
    });
    assert_eq!(
        without_locations(file!(), &message),
        "MockTransport: unexpected call POST identity/entity with body {\"name\":\"bob\"}\n\
         It differs from the expected calls:\n\
         \x20 POST identity/entity matching a predicate, expected at HERE\n\
         \x20   the predicate returned `false`"
    );
}

#[test]
fn locations_are_lines_of_the_test() {
    let mock = MockTransport::new();
    let line = line!();
    let expect = mock.expect(&ListEntities::new());
    let expect_where = mock.expect_where::<ListEntities>(|_| true);
    let expect_any = mock.expect_any::<ListEntities>();
    for (debug, line) in
        [format!("{expect:?}"), format!("{expect_where:?}"), format!("{expect_any:?}")].iter().zip(line + 1..)
    {
        assert!(debug.contains(&format!(", expected at {}:{line}:", file!())), "{debug}");
    }
}

#[test]
fn missing_calls_name_the_expectation() {
    let message = failure(|| {
        MockTransport::new().expect(&ReadEntityById::new("e1")).not_found();
    });
    assert_eq!(
        without_locations(file!(), &message),
        "MockTransport::send: Expectation(GET identity/entity/id/{id} with id=\"e1\", expected at HERE) called 0 time(s) \
         which is fewer than expected 1"
    );
}

#[test]
fn surplus_calls_name_the_expectation_or_the_call() {
    let twice = |mock: MockTransport| {
        mock.expect(&ReadEntityById::new("e1")).not_found();
        drop(call(&mock, &ReadEntityById::new("e1")));
        drop(call(&mock, &ReadEntityById::new("e1")));
    };
    assert_eq!(
        without_locations(file!(), &failure(|| twice(MockTransport::new()))),
        "MockTransport::send: Expectation(GET identity/entity/id/{id} with id=\"e1\", expected at HERE) called 2 times \
         which is more than the expected 1"
    );
    let message = failure(|| {
        let mock = MockTransport::new();
        mock.expect_any::<ListEntities>().times(..).not_found();
        twice(mock);
    });
    assert_eq!(
        message,
        "MockTransport::send(GET identity/entity/id/{id} with id=\"e1\", called too often or out of sequence): \
         No matching expectation found"
    );
}

#[test]
fn response_wrapping_is_shown() {
    let message = failure(|| {
        let mock = MockTransport::new();
        mock.expect(&GenerateIdToken::new("web")).not_found();
        drop(call(&mock, &Wrap::new(GenerateIdToken::new("web"), Duration::from_secs(60))));
    });
    assert_eq!(
        without_locations(file!(), &message),
        r#"MockTransport: unexpected call GET identity/oidc/token/{role} with role="web", x-vault-wrap-ttl="60"
It differs from the expected calls:
  GET identity/oidc/token/{role} with role="web", expected at HERE
    header x-vault-wrap-ttl: expected nothing, got "60""#
    );
}

#[test]
fn invalid_requests_cannot_be_expected() {
    let message = failure(|| MockTransport::new().expect(&ReadEntityById::new("")).not_found());
    assert_eq!(
        message,
        "MockTransport: this call cannot be expected: GET identity/entity/id/{id} failed: `id` must not be empty"
    );
}

#[test]
fn requests_without_an_endpoint_panic() {
    let message = failure(|| {
        let request = Request::get("http://vault.test/v1/sys/health").body(Bytes::new()).unwrap();
        drop(BlockingTransport::send(&MockTransport::new(), request));
    });
    assert_eq!(
        message,
        "MockTransport: GET /v1/sys/health has no `Operation` in its extensions: no `Endpoint` made it"
    );
}

#[test]
fn debug_lists_the_expectations() {
    let mock = MockTransport::new();
    mock.expect_any::<ListEntities>().times(..).not_found();
    let unfinished = mock.expect(&ReadEntityById::new("e1"));
    assert_eq!(
        without_locations(file!(), &format!("{unfinished:?}")),
        "Expectation(GET identity/entity/id/{id} with id=\"e1\", expected at HERE)"
    );
    assert_eq!(
        without_locations(file!(), &format!("{mock:?}")),
        "MockTransport [LIST identity/entity/id, expected at HERE]"
    );
}
