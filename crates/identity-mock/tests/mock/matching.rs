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

/// An endpoint with everything that a request can have.
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

    fn encode(&self, mut draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        for (name, value) in self.query {
            draft = draft.query(name, value);
        }
        if let Some(trace) = self.trace {
            draft = draft.header(HeaderName::from_static("x-trace"), trace)?;
        }
        if !self.body.is_null() {
            draft = draft.json(&self.body)?;
        }
        draft.path_param("place", self.place)
    }

    fn decode(reply: ApiResponse<'_>) -> Result<(), ResponseError> {
        reply.no_content()
    }
}

/// Whether a mock that expects the first takes the second.
pub(super) fn takes<A: Endpoint, B: Endpoint>(expected: &A, came: &B) -> bool {
    let mock = MockTransport::new();
    mock.expect(expected).times(..).not_found();
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(call(&mock, came)))).is_ok() || {
        failure(|| drop(mock));
        false
    }
}

#[test]
fn the_same_request_is_told_by_each_of_its_parts() {
    let full = || Search {
        query: &[("a", "1"), ("b", "ü&=")],
        trace: Some("t1"),
        body: json!({"x": [1]}),
        ..SEARCH
    };
    assert!(takes(&full(), &full()));
    assert!(takes(&full(), &Search { query: &[("b", "ü&="), ("a", "1")], ..full() }));
    assert!(!takes(&full(), &Search { place: "there", ..full() }));
    assert!(!takes(&full(), &Search { query: &[("a", "1")], ..full() }));
    assert!(!takes(&Search { query: &[("a", "1")], ..full() }, &full()));
    assert!(!takes(&full(), &Search { trace: Some("t2"), ..full() }));
    assert!(!takes(&full(), &Search { trace: None, ..full() }));
    assert!(!takes(&full(), &Search { body: json!({"x": [2]}), ..full() }));
    assert!(!takes(&full(), &Search { body: Value::Null, ..full() }));
    // The header may be one that a layer has added.
    assert!(takes(&Search { trace: None, ..full() }, &full()));
}

#[test]
fn operations_are_not_confused() {
    assert!(!takes(&ReadEntityById::new("x"), &DeleteEntityById::new("x")));
    assert!(!takes(&ReadEntityById::new("x"), &ReadEntityByName::new("x")));
    assert!(!takes(&ListEntities::new(), &ListEntityNames::new()));
    assert!(takes(&Maybe(ReadEntityById::new("x")), &ReadEntityById::new("x")));
}

#[test]
fn an_emptied_list_is_not_one_left_alone() {
    let alone = UpdateEntityById::new("e1");
    let emptied = || alone.clone().policies([""; 0]);
    assert!(takes(&emptied(), &emptied()));
    assert!(!takes(&alone, &emptied()));
    assert!(!takes(&emptied(), &alone));
}

#[test]
fn a_wrapped_answer_is_another_request() {
    let plain = GenerateIdToken::new("web");
    let wrap = |seconds| Wrap::new(plain.clone(), Duration::from_secs(seconds));
    assert!(takes(&wrap(60), &wrap(60)));
    assert!(!takes(&wrap(60), &wrap(90)));
    assert!(!takes(&wrap(60), &plain));
    assert!(!takes(&plain, &wrap(60)));
}

#[test]
fn a_token_counts_only_if_the_endpoint_brings_it() {
    let unwrap = UnwrapResponse::<ReadEntityById>::new;
    assert!(takes(&unwrap("s.one"), &unwrap("s.one")));
    assert!(!takes(&unwrap("s.one"), &unwrap("s.two")));

    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("e1")).times(2).not_found();
    let other = target().with_token("s.other").unwrap().with_namespace("team-a").unwrap();
    for target in [other, target().without_token()] {
        assert!(call_at(&mock, &target, &ReadEntityById::new("e1")).unwrap_err().is_not_found());
    }
}

#[test]
fn address_base_path_and_mount_do_not_count() {
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
fn a_list_sent_as_get_is_still_the_list() {
    let mock = MockTransport::new();
    mock.expect(&ListEntities::new()).not_found();
    mock.expect_where::<ListEntities>(|call| call.query.is_empty()).not_found();
    let target = target().with_list_as_get(true);
    for _ in 0..2 {
        assert!(call_at(&mock, &target, &ListEntities::new()).unwrap().is_empty());
    }
}

#[test]
fn a_predicate_sees_all_of_the_call() {
    let came = |call: &RecordedRequest| {
        assert_eq!(call.params, BTreeMap::from([("place".to_owned(), "a/b ü".to_owned())]));
        assert_eq!(call.query, BTreeMap::from([("after".to_owned(), "ü &=+".to_owned())]));
        assert_eq!(call.headers["x-trace"], "t1");
        assert_eq!(call.headers["x-vault-namespace"], "team-a");
        assert_eq!(call.headers["x-vault-token"], "s.target");
        assert_eq!(call.body, json!({"x": [1]}));
        true
    };
    let mock = MockTransport::new();
    mock.expect_where::<Search<'_>>(came).not_found();
    let search =
        Search { place: "a/b ü", query: &[("after", "ü &=+")], trace: Some("t1"), body: json!({"x": [1]}) };
    let target = target().with_namespace("team-a").unwrap();
    assert!(call_at(&mock, &target, &search).unwrap_err().is_not_found());
}

#[test]
fn without_a_body_it_is_null() {
    let mock = MockTransport::new();
    mock.expect_where::<ReadEntityById>(|call| call.body.is_null() && call.body["name"].is_null())
        .not_found();
    assert!(call(&mock, &ReadEntityById::new("e1")).is_err());
}

#[test]
fn a_predicate_may_look_at_secrets() {
    let mut active = Introspection::default();
    active.active = true;
    let mock = MockTransport::new();
    mock.expect_where::<IntrospectIdToken>(|call| call.body["token"] == "a.b.c").respond_with(&active);
    assert_eq!(call(&mock, &IntrospectIdToken::new("a.b.c")).unwrap(), active);
}

#[test]
fn the_first_that_fits_takes_the_call() {
    let mock = MockTransport::new();
    mock.expect_where::<CreateEntity>(|call| call.body["name"] == "alice")
        .respond_with(&Upsert::Created(CreatedEntity::default()));
    mock.expect_any::<CreateEntity>().times(2).respond_with(&Upsert::Updated);
    assert_eq!(call(&mock, &CreateEntity::named("bob")).unwrap(), Upsert::Updated);
    assert_ne!(call(&mock, &CreateEntity::named("alice")).unwrap(), Upsert::Updated);
    assert_eq!(call(&mock, &CreateEntity::named("alice")).unwrap(), Upsert::Updated);
}
