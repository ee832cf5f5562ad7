use std::time::Duration;

use http::{Response, StatusCode};
use identity_core::{
    Endpoint, EntityId, Error, ExposeSecret, KeyList, Maybe, SecretString, Transport, Upsert, WithMeta, Wrap,
    endpoint::Operation,
    entity::{CreateEntity, CreatedEntity, Entity, EntityInfo, ListEntities, MergeEntities, ReadEntityById},
    error::{ApiError, ErrorKind, MergeConflict, OAuthError, OAuthErrorCode, RetryAfter},
    mfa::{AdminGenerateTotpSecret, GenerateTotpSecret, TotpEnrollment, TotpSecret},
    oidc::{
        ClientAuth, ExchangeOidcToken, GenerateIdToken, IdToken, OidcClient, OidcClientInfo, OidcClientType,
        ProviderTokens, ReadOidcClient,
    },
    transport::TransportErrorKind,
    wrapping::{UnwrapResponse, WrapInfo, Wrapped},
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
fn typed_outputs_round_trip() {
    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("e1")).respond_with(&alice());
    assert_eq!(call(&mock, &ReadEntityById::new("e1")).unwrap(), alice());
}

#[test]
fn upserts_respond_created_or_updated() {
    let mock = MockTransport::new();
    let mut created = CreatedEntity::default();
    created.id = "e1".into();
    mock.expect_any::<CreateEntity>().respond_with(&Upsert::Created(created.clone()));
    mock.expect_any::<CreateEntity>().respond_with(&Upsert::Updated);
    assert_eq!(call(&mock, &CreateEntity::named("alice")).unwrap(), Upsert::Created(created));
    assert_eq!(call(&mock, &CreateEntity::named("alice")).unwrap(), Upsert::Updated);
}

#[test]
fn lists_can_be_full_or_empty() {
    let mock = MockTransport::new();
    let mut list = KeyList::<EntityId, EntityInfo>::default();
    list.keys.push("e1".into());
    mock.expect(&ListEntities::new()).respond_with(&list);
    mock.expect(&ListEntities::new()).respond_with(&KeyList::default());
    mock.expect(&ListEntities::new()).not_found();
    assert_eq!(call(&mock, &ListEntities::new()).unwrap(), list);
    assert!(call(&mock, &ListEntities::new()).unwrap().is_empty());
    assert!(call(&mock, &ListEntities::new()).unwrap().is_empty());
}

#[test]
fn not_found_is_a_404_without_a_message() {
    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("gone")).times(2).not_found();
    assert!(call(&mock, &ReadEntityById::new("gone")).unwrap_err().is_not_found());
    assert_eq!(call(&mock, &Maybe(ReadEntityById::new("gone"))).unwrap(), None);
}

#[test]
fn errors_have_a_status_and_messages() {
    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("e1")).error(StatusCode::FORBIDDEN, ["permission denied"]);
    let result = call(&mock, &ReadEntityById::new("e1"));
    assert_eq!(status(&result), Some(StatusCode::FORBIDDEN));
    assert_eq!(result.unwrap_err().api().unwrap().errors(), ["permission denied"]);
}

#[test]
fn api_errors_can_have_retry_after() {
    let late =
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, ["request path \"x\": rate limit quota exceeded"])
            .with_retry_after(Duration::from_secs(7));
    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("e1")).api_error(&late);
    let error = call(&mock, &ReadEntityById::new("e1")).unwrap_err();
    assert_eq!(error.api(), Some(&late));
    assert_eq!(error.api().unwrap().retry_after(), Some(RetryAfter::Delay(Duration::from_secs(7))));
    assert!(error.is_rate_limited());
}

#[test]
fn api_errors_can_have_merge_conflicts() {
    let conflict = |entity_id: &str| {
        let mut conflict = MergeConflict::default();
        conflict.alias = "alice".into();
        conflict.entity_id = entity_id.into();
        conflict.mount_path = "auth/userpass/".into();
        conflict
    };
    let error_of =
        ApiError::new(StatusCode::BAD_REQUEST, ["toEntity and at least one fromEntity have aliases"])
            .with_conflicts([conflict("e1"), conflict("e2")]);
    let merge = MergeEntities::new("e1", ["e2"]);
    let mock = MockTransport::new();
    mock.expect(&merge).api_error(&error_of);
    let error = call(&mock, &merge).unwrap_err();
    assert_eq!(error.api(), Some(&error_of));
    assert_eq!(error.api().unwrap().conflicts(), [conflict("e1"), conflict("e2")]);
}

#[test]

fn api_errors_can_be_oauth_errors() {
    let oauth = OAuthError::new(OAuthErrorCode::InvalidGrant, "authorization grant is invalid or expired");
    let error_of = ApiError::new(StatusCode::BAD_REQUEST, [""; 0]).with_oauth(oauth.clone());
    let exchange =
        ExchangeOidcToken::code("default", ClientAuth::basic("app", "s-1"), "c-1", "https://app.test");
    let mock = MockTransport::new();
    mock.expect(&exchange).api_error(&error_of);
    let error = call(&mock, &exchange).unwrap_err();
    assert_eq!(error.api(), Some(&error_of));
    assert_eq!(error.api().unwrap().oauth(), Some(&oauth));
}

#[test]
fn transport_errors_have_a_kind() {
    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("e1")).transport_error(TransportErrorKind::Timeout);
    let error = call(&mock, &ReadEntityById::new("e1")).unwrap_err();
    let ErrorKind::Transport(error) = error.kind() else { panic!("{error}") };
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
}

#[test]
fn raw_responses_are_unchanged() {
    let body = r#"{"request_id":"r1","data":{"id":"e1"},"warnings":["look out"]}"#;
    let mock = MockTransport::new();
    mock.expect(&WithMeta(ReadEntityById::new("e1"))).respond_with_raw(Response::new(body));
    let late = Response::builder().status(429).header("retry-after", "7").body("").unwrap();
    mock.expect(&ReadEntityById::new("e2")).respond_with_raw(late);

    let (entity, meta) = call(&mock, &WithMeta(ReadEntityById::new("e1"))).unwrap();
    assert_eq!((entity.id.as_str(), &meta.warnings[..]), ("e1", &["look out".to_owned()][..]));
    let error = call(&mock, &ReadEntityById::new("e2")).unwrap_err();
    assert!(error.is_rate_limited() && error.api().unwrap().retry_after().is_some());
}

#[test]
fn combinators_respond_with_their_own_outputs() {
    let mock = MockTransport::new();
    mock.expect(&Maybe(ReadEntityById::new("e1"))).respond_with(&Some(alice()));
    mock.expect(&Maybe(ReadEntityById::new("e2"))).respond_with(&None);
    let token = || IdToken::new("a.b.c", "audience", Duration::from_secs(60));
    let wrap = Wrap::new(GenerateIdToken::new("web"), Duration::from_secs(60));
    let mut info = WrapInfo::new("s.wrapping", Duration::from_secs(60));
    info.creation_path = "identity/oidc/token/web".into();
    mock.expect(&wrap).respond_with(&Wrapped::Token(info));
    mock.expect(&wrap).respond_with(&Wrapped::Plain(token()));
    let unwrap = UnwrapResponse::<GenerateIdToken>::new("s.wrapping");
    mock.expect(&unwrap).respond_with(&token());

    assert_eq!(call(&mock, &Maybe(ReadEntityById::new("e1"))).unwrap(), Some(alice()));
    assert_eq!(call(&mock, &Maybe(ReadEntityById::new("e2"))).unwrap(), None);
    let info = call(&mock, &wrap).unwrap().wrapped().unwrap();
    assert_eq!(info.token.expose_secret(), "s.wrapping");
    assert_eq!((info.ttl, &*info.creation_path), (Duration::from_secs(60), "identity/oidc/token/web"));
    assert_eq!((info.creation_time, info.wrapped_accessor), (None, None));
    let Wrapped::Plain(plain) = call(&mock, &wrap).unwrap() else { panic!("it is not wrapped") };
    assert_eq!(plain.token.expose_secret(), "a.b.c");
    assert_eq!(call(&mock, &unwrap).unwrap().token.expose_secret(), "a.b.c");
}

#[test]
fn totp_secrets_round_trip() {
    const URL: &str = "otpauth://totp/Acme:e1?secret=ABC";
    for picture in [None, Some(&[0x89, b'P', 0, 0xFF][..])] {
        let secret = TotpSecret::new(URL, picture.map(|picture| picture.to_vec().into()));
        let enrollment = TotpEnrollment::Created(secret);
        let mock = MockTransport::new();
        mock.expect_any::<GenerateTotpSecret>().respond_with(&enrollment);
        mock.expect_any::<AdminGenerateTotpSecret>().respond_with(&enrollment);
        let own = call(&mock, &GenerateTotpSecret::new("m1")).unwrap();
        for actual in [own, call(&mock, &AdminGenerateTotpSecret::new("m1", "e1")).unwrap()] {
            let TotpEnrollment::Created(actual) = actual else { panic!("there is a secret already") };
            assert_eq!(actual.url.expose_secret(), URL);
            assert_eq!(actual.barcode.as_ref().map(ExposeSecret::expose_secret), picture);
        }
    }
    let mock = MockTransport::new();
    mock.expect_any::<GenerateTotpSecret>().respond_with(&TotpEnrollment::AlreadyEnrolled);
    let again = call(&mock, &GenerateTotpSecret::new("m1")).unwrap();
    assert!(matches!(again, TotpEnrollment::AlreadyEnrolled));
}

#[test]
fn provider_tokens_round_trip() {
    for id_token in [None, Some("a.b.c")] {
        let tokens =
            ProviderTokens::new("b.access", id_token.map(SecretString::from), Duration::from_secs(3600));
        let mock = MockTransport::new();
        mock.expect_any::<ExchangeOidcToken>().respond_with(&tokens);
        let exchange =
            ExchangeOidcToken::code("default", ClientAuth::public("app", "v-1"), "c-1", "https://app.test");
        let actual = call(&mock, &exchange).unwrap();
        assert_eq!(actual.access_token.expose_secret(), "b.access");
        assert_eq!(actual.id_token.as_ref().map(ExposeSecret::expose_secret), id_token);
        assert_eq!((&*actual.token_type, actual.expires_in), ("Bearer", Duration::from_secs(3600)));
    }
}

#[test]
fn oidc_clients_round_trip() {
    let mut public = OidcClientInfo::default();
    public.client_id = "app".into();
    public.client_type = OidcClientType::Public;
    let mut confidential = public.clone();
    confidential.client_type = OidcClientType::Confidential;
    confidential.key = "default".into();
    confidential.redirect_uris = vec!["https://app.test".to_owned()];
    confidential.assignments = vec!["allow_all".to_owned()];
    confidential.id_token_ttl = Duration::from_secs(60);
    confidential.access_token_ttl = Duration::from_secs(90);
    confidential.client_credentials = Some(true);
    for (info, secret) in [(public, None), (confidential, Some("s-1"))] {
        let mock = MockTransport::new();
        let client = OidcClient::new(info.clone(), secret.map(SecretString::from));
        mock.expect(&ReadOidcClient::new("web")).respond_with(&client);
        let actual = call(&mock, &ReadOidcClient::new("web")).unwrap();
        assert_eq!(actual.info, info);
        assert_eq!(actual.client_secret.as_ref().map(ExposeSecret::expose_secret), secret);
    }
}

async fn call_async<E: Endpoint + Sync>(transport: &dyn Transport, endpoint: &E) -> Result<E::Output, Error> {
    let response = transport.send(endpoint.request(&target())?).await;
    E::parse_response(&response.map_err(|error| Error::new(Operation::for_endpoint::<E>(), error))?)
}

#[tokio::test]
async fn the_async_transport_responds_alike() {
    let mock = MockTransport::new();
    mock.expect(&ReadEntityById::new("e1")).respond_with(&alice());
    mock.expect(&ReadEntityById::new("e1")).not_found();
    mock.expect(&ReadEntityById::new("e1")).error(StatusCode::FORBIDDEN, ["permission denied"]);
    mock.expect(&ReadEntityById::new("e1")).transport_error(TransportErrorKind::NotSent);
    mock.expect(&ReadEntityById::new("e1")).respond_with_raw(Response::new(r#"{"data":{"id":"e1"}}"#));

    let read = ReadEntityById::new("e1");
    assert_eq!(call_async(&mock, &read).await.unwrap(), alice());
    assert!(call_async(&mock, &read).await.unwrap_err().is_not_found());
    assert!(call_async(&mock, &read).await.unwrap_err().is_permission_denied());
    assert!(call_async(&mock, &read).await.unwrap_err().is_retryable());
    assert_eq!(call_async(&mock, &read).await.unwrap().id.as_str(), "e1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_can_share_a_mock() {
    let mock = MockTransport::new();
    for _ in 0..50 {
        mock.expect(&ReadEntityById::new("e1")).respond_with(&alice());
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
fn mocks_are_send_sync_clone_and_static() {
    fn assert<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}
    assert::<MockTransport>();
}
