use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderName;
use identity_core::{
    Endpoint, Maybe, Target, Upsert, Wrap,
    endpoint::{ApiResponse, Method, RequestBuilder},
    entity::{
        CreateEntity, CreatedEntity, DeleteEntityById, ListEntities, ListEntityNames, ReadEntityById,
        ReadEntityByName, UpdateEntityById, WriteEntityByName,
    },
    error::{RequestError, ResponseError},
    oidc::{GenerateIdToken, IntrospectIdToken, Introspection},
    wrapping::UnwrapResponse,
};
use identity_mock::{MockTransport, RecordedRequest};
use serde_json::{Value, json};

use super::{call, call_at, failure, target};

/// An endpoint that uses all parts of a request.
struct Search<'a> {
    place: &'a str,
    query: &'a [(&'a str, &'a str)],
    trace: Option<&'a str>,
    body: Value,
}

const SEARCH: Search<'_> = Search { place: "here", query: &[], trace: None, body: Value::Null };

impl Endpoint for Search<'_> {
    type Output = ();
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "identity/search/{place}/now";

    fn encode(&self, mut builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        for (name, value) in self.query {
            builder = builder.query(name, value);
        }
        if let Some(trace) = self.trace {
            builder = builder.header(HeaderName::from_static("x-trace"), trace)?;
        }
        if !self.body.is_null() {
            builder = builder.json(&self.body)?;
        }
        builder.path_param("place", self.place)
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
    }
}

/// Returns `true` if a mock that expects the first endpoint accepts the second.
pub(super) fn accepts<A: Endpoint, B: Endpoint>(expected: &A, actual: &B) -> bool {
    let mock = MockTransport::new();
    mock.expect(expected).times(..).not_found();
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(call(&mock, actual)))).is_ok() || {
        failure(|| drop(mock));
        false
    }
}

#[test]
fn every_part_of_a_request_is_compared() {
    let full = || Search {
        query: &[("a", "1"), ("b", "ü&=")],
        trace: Some("t1"),
        body: json!({"x": [1]}),
        ..SEARCH
    };
    assert!(accepts(&full(), &full()));
    assert!(accepts(&full(), &Search { query: &[("b", "ü&="), ("a", "1")], ..full() }));
    assert!(!accepts(&full(), &Search { place: "there", ..full() }));
    assert!(!accepts(&full(), &Search { query: &[("a", "1")], ..full() }));
    assert!(!accepts(&Search { query: &[("a", "1")], ..full() }, &full()));
    assert!(!accepts(&full(), &Search { trace: Some("t2"), ..full() }));
    assert!(!accepts(&full(), &Search { trace: None, ..full() }));
    assert!(!accepts(&full(), &Search { body: json!({"x": [2]}), ..full() }));
    assert!(!accepts(&full(), &Search { body: Value::Null, ..full() }));
    // A layer may have added the header.
    assert!(accepts(&Search { trace: None, ..full() }, &full()));
}

#[test]
fn operations_are_compared() {
    assert!(!accepts(&ReadEntityById::new("x"), &DeleteEntityById::new("x")));
    assert!(!accepts(&ReadEntityById::new("x"), &ReadEntityByName::new("x")));
    assert!(!accepts(&ListEntities::new(), &ListEntityNames::new()));
    assert!(accepts(&Maybe(ReadEntityById::new("x")), &ReadEntityById::new("x")));
}

#[test]
fn empty_and_absent_lists_differ() {
    let alone = UpdateEntityById::new("e1");
    let emptied = || alone.clone().policies([""; 0]);
    assert!(accepts(&emptied(), &emptied()));
    assert!(!accepts(&alone, &emptied()));
    assert!(!accepts(&emptied(), &alone));
}

#[test]
fn response_wrapping_is_compared() {
    let plain = GenerateIdToken::new("web");
    let wrap = |seconds| Wrap::new(plain.clone(), Duration::from_secs(seconds));
    assert!(accepts(&wrap(60), &wrap(60)));
    assert!(!accepts(&wrap(60), &wrap(90)));
    assert!(!accepts(&wrap(60), &plain));
    assert!(!accepts(&plain, &wrap(60)));
}

#[test]
fn only_tokens_of_the_endpoint_are_compared() {
    let unwrap = UnwrapResponse::<ReadEntityById>::new;
    assert!(accepts(&unwrap("s.one"), &unwrap("s.one")));
    assert!(!accepts(&unwrap("s.one"), &unwrap("s.two")));

    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("e1")).times(2).not_found();
    let other = target().with_token("s.other").unwrap().with_namespace("team-a").unwrap();
    for target in [other, target().without_token()] {
        assert!(call_at(&mock, &target, &ReadEntityById::new("e1")).unwrap_err().is_not_found());
    }
}

#[test]
fn address_base_path_and_mount_are_ignored() {
    let odd = WriteEntityByName::new("a/b ü %2F").policies(["dev"]);
    let targets = [
        Target::new("https://127.0.0.1:8200/a/proxy").unwrap(),
        target().with_mount("team/identity").unwrap(),
        Target::new("http://vault.test/identity/entity/").unwrap().with_mount("name").unwrap(),
    ];
    for target in targets {
        let mock = MockTransport::new();
        mock.expect(&odd).respond_with(&Upsert::Updated);
        mock.expect_where::<WriteEntityByName>(|call| call.params["name"] == "a/b ü %2F")
            .respond_with(&Upsert::Updated);
        for _ in 0..2 {
            assert_eq!(call_at(&mock, &target, &odd).unwrap(), Upsert::Updated);
        }
    }
}

#[test]
fn lists_sent_as_get_match() {
    let mock = MockTransport::new();
    mock.expect(&ListEntities::new()).not_found();
    mock.expect_where::<ListEntities>(|call| call.query.is_empty()).not_found();
    let target = target().with_list_as_get(true);
    for _ in 0..2 {
        assert!(call_at(&mock, &target, &ListEntities::new()).unwrap().is_empty());
    }
}

#[test]
fn predicates_see_the_whole_request() {
    let actual = |call: &RecordedRequest| {
        assert_eq!(call.params, BTreeMap::from([("place".to_owned(), "a/b ü".to_owned())]));
        assert_eq!(call.query, BTreeMap::from([("after".to_owned(), "ü &=+".to_owned())]));
        assert_eq!(call.headers["x-trace"], "t1");
        assert_eq!(call.headers["x-vault-namespace"], "team-a");
        assert_eq!(call.headers["x-vault-token"], "s.target");
        assert_eq!(call.body, json!({"x": [1]}));
        true
    };
    let mock = MockTransport::new();
    mock.expect_where::<Search<'_>>(actual).not_found();
    let search =
        Search { place: "a/b ü", query: &[("after", "ü &=+")], trace: Some("t1"), body: json!({"x": [1]}) };
    let target = target().with_namespace("team-a").unwrap();
    assert!(call_at(&mock, &target, &search).unwrap_err().is_not_found());
}

#[test]
fn an_empty_body_is_null() {
    let mock = MockTransport::new();
    mock.expect_where::<ReadEntityById>(|call| call.body.is_null() && call.body["name"].is_null())
        .not_found();
    assert!(call(&mock, &ReadEntityById::new("e1")).is_err());
}

#[test]
fn predicates_see_secrets() {
    let mut active = Introspection::default();
    active.active = true;
    let mock = MockTransport::new();
    mock.expect_where::<IntrospectIdToken>(|call| call.body["token"] == "a.b.c").respond_with(&active);
    assert_eq!(call(&mock, &IntrospectIdToken::new("a.b.c")).unwrap(), active);
}

#[test]
fn the_first_matching_expectation_responds() {
    let mock = MockTransport::new();
    mock.expect_where::<CreateEntity>(|call| call.body["name"] == "alice")
        .respond_with(&Upsert::Created(CreatedEntity::default()));
    mock.expect_any::<CreateEntity>().times(2).respond_with(&Upsert::Updated);
    assert_eq!(call(&mock, &CreateEntity::named("bob")).unwrap(), Upsert::Updated);
    assert_ne!(call(&mock, &CreateEntity::named("alice")).unwrap(), Upsert::Updated);
    assert_eq!(call(&mock, &CreateEntity::named("alice")).unwrap(), Upsert::Updated);
}
