use std::time::Duration;

use http::{Response, StatusCode};
use identity_core::{
    CreateEntity, CreatedEntity, Endpoint, Entity, EntityId, EntityInfo, Error, ErrorKind, ExposeSecret,
    GenerateIdToken, IdToken, KeyList, ListEntities, Maybe, Operation, ReadEntityById, Transport,
    TransportErrorKind, UnwrapResponse, Upsert, WithMeta, Wrap, Wrapped,
};
use identity_mock::MockTransport;

use super::{call, status, target};

fn alice() -> Entity {
    let mut alice = Entity::default();
    alice.id = "e1".into();
    alice.name = "alice".into();
    alice
}

#[test]
fn a_typed_answer_arrives_as_it_was_given() {
    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("e1")).answer(&alice());
    assert_eq!(call(&mock, &ReadEntityById::new("e1")).unwrap(), alice());
}

#[test]
fn an_upsert_is_answered_both_ways() {
    let mock = MockTransport::new();
    let mut created = CreatedEntity::default();
    created.id = "e1".into();
    mock.any::<CreateEntity>().answer(&Upsert::Created(created.clone()));
    mock.any::<CreateEntity>().answer(&Upsert::Updated);
    assert_eq!(call(&mock, &CreateEntity::named("alice")).unwrap(), Upsert::Created(created));
    assert_eq!(call(&mock, &CreateEntity::named("alice")).unwrap(), Upsert::Updated);
}

#[test]
fn a_list_is_answered_full_and_empty() {
    let mock = MockTransport::new();
    let mut list = KeyList::<EntityId, EntityInfo>::default();
    list.keys.push("e1".into());
    mock.expect(&ListEntities).answer(&list);
    mock.expect(&ListEntities).answer(&KeyList::default());
    mock.expect(&ListEntities).absent();
    assert_eq!(call(&mock, &ListEntities).unwrap(), list);
    assert!(call(&mock, &ListEntities).unwrap().is_empty());
    assert!(call(&mock, &ListEntities).unwrap().is_empty());
}

#[test]
fn absence_is_the_404_without_words() {
    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("gone")).times(2).absent();
    assert!(call(&mock, &ReadEntityById::new("gone")).unwrap_err().is_not_found());
    assert_eq!(call(&mock, &Maybe(ReadEntityById::new("gone"))).unwrap(), None);
}

#[test]
fn a_refusal_has_status_and_words() {
    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("e1")).refuse(StatusCode::FORBIDDEN, ["permission denied"]);
    let result = call(&mock, &ReadEntityById::new("e1"));
    assert_eq!(status(&result), Some(StatusCode::FORBIDDEN));
    assert_eq!(result.unwrap_err().api().unwrap().errors(), ["permission denied"]);
}

#[test]
fn a_failure_of_the_transport_has_its_kind() {
    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("e1")).fail(TransportErrorKind::Timeout);
    let error = call(&mock, &ReadEntityById::new("e1")).unwrap_err();
    let ErrorKind::Transport(error) = error.kind() else { panic!("{error}") };
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
}

#[test]
fn a_response_arrives_as_it_is() {
    let body = r#"{"request_id":"r1","data":{"id":"e1"},"warnings":["look out"]}"#;
    let mock = MockTransport::new();
    mock.expect(&WithMeta(ReadEntityById::new("e1"))).respond(Response::new(body));
    let late = Response::builder().status(429).header("retry-after", "7").body("").unwrap();
    mock.expect(&ReadEntityById::new("e2")).respond(late);

    let (entity, meta) = call(&mock, &WithMeta(ReadEntityById::new("e1"))).unwrap();
    assert_eq!((entity.id.as_str(), &meta.warnings[..]), ("e1", &["look out".to_owned()][..]));
    let error = call(&mock, &ReadEntityById::new("e2")).unwrap_err();
    assert!(error.is_rate_limited() && error.api().unwrap().retry_after().is_some());
}

#[test]
fn combinators_answer_in_their_own_terms() {
    let mock = MockTransport::new();
    mock.expect(&Maybe(ReadEntityById::new("e1"))).answer(&Some(alice()));
    mock.expect(&Maybe(ReadEntityById::new("e2"))).answer(&None);
    let token = || IdToken::new("a.b.c", "audience", Duration::from_secs(60));
    let wrap = Wrap::new(GenerateIdToken::new("web"), Duration::from_secs(60));
    let info = serde_json::from_str(r#"{"token":"s.wrapping","ttl":60}"#).unwrap();
    mock.expect(&wrap).answer(&Wrapped::Wrapped(info));
    mock.expect(&wrap).answer(&Wrapped::Plain(token()));
    let unwrap = UnwrapResponse::<GenerateIdToken>::new("s.wrapping");
    mock.expect(&unwrap).answer(&token());

    assert_eq!(call(&mock, &Maybe(ReadEntityById::new("e1"))).unwrap(), Some(alice()));
    assert_eq!(call(&mock, &Maybe(ReadEntityById::new("e2"))).unwrap(), None);
    let info = call(&mock, &wrap).unwrap().wrapped().unwrap();
    assert_eq!(info.token.expose_secret(), "s.wrapping");
    let Wrapped::Plain(plain) = call(&mock, &wrap).unwrap() else { panic!("it is not wrapped") };
    assert_eq!(plain.token.expose_secret(), "a.b.c");
    assert_eq!(call(&mock, &unwrap).unwrap().token.expose_secret(), "a.b.c");
}

async fn call_async<E: Endpoint + Sync>(transport: &dyn Transport, endpoint: &E) -> Result<E::Output, Error> {
    let response = transport.send(endpoint.request(&target())?).await;
    E::response(&response.map_err(|error| Error::new(Operation::of::<E>(), error))?)
}

#[tokio::test]
async fn the_async_transport_answers_the_same() {
    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("e1")).answer(&alice());
    mock.expect(&ReadEntityById::new("e1")).absent();
    mock.expect(&ReadEntityById::new("e1")).refuse(StatusCode::FORBIDDEN, ["permission denied"]);
    mock.expect(&ReadEntityById::new("e1")).fail(TransportErrorKind::Connect);
    mock.expect(&ReadEntityById::new("e1")).respond(Response::new(r#"{"data":{"id":"e1"}}"#));

    let read = ReadEntityById::new("e1");
    assert_eq!(call_async(&mock, &read).await.unwrap(), alice());
    assert!(call_async(&mock, &read).await.unwrap_err().is_not_found());
    assert!(call_async(&mock, &read).await.unwrap_err().is_permission_denied());
    assert!(call_async(&mock, &read).await.unwrap_err().is_retryable());
    assert_eq!(call_async(&mock, &read).await.unwrap().id.as_str(), "e1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_share_a_mock() {
    let mock = MockTransport::new();
    for _ in 0..50 {
        mock.expect(&ReadEntityById::new("e1")).answer(&alice());
    }
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let mock = mock.clone();
            tokio::spawn(async move { call_async(&mock, &ReadEntityById::new("e1")).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), alice());
    }
    mock.checkpoint();
}

#[test]
fn a_mock_goes_wherever_a_transport_goes() {
    fn assert<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}
    assert::<MockTransport>();
}
