//! What does not hold yet.

use identity_core::*;

fn answer(status: u16, body: &str) -> http::Response<&str> {
    http::Response::builder().status(status).body(body).expect("an answer")
}

#[test]
fn address_with_a_port_that_is_none() {
    for address in
        ["http://h:99999", "http://h:65536", "http://h:abc", "http://h:", "http://h:-1", "http://[::1]:x"]
    {
        assert!(Target::new(address).is_err(), "{address}");
    }
}

#[test]
fn page_of_a_load_balancer_is_no_success() {
    let page = answer(200, "<html>Welcome to the coffee shop</html>");
    assert!(DeleteEntityById::response(&page).is_err());
    assert!(MergeEntities::response(&page).is_err());
    assert!(WriteOidcRole::response(&page).is_err());
}

#[test]
fn odd_wrap_info_is_no_update() {
    // The server made the entity and keeps its identifier: `Plain(Updated)` is untrue.
    let odd = r#"{"data":null,"wrap_info":{"token":"s.w","ttl":60,"creation_time":"then"}}"#;
    assert!(Wrap::<CreateEntity>::response(&answer(200, odd)).is_err());
    assert!(Wrap::<DeleteEntityById>::response(&answer(200, odd)).is_err());
}

#[test]
fn null_text_is_absent() {
    for data in [
        r#"{"id":"e1","name":null}"#,
        r#"{"id":"e1","namespace_id":null}"#,
        r#"{"id":"e1","aliases":[{"id":"a","mount_accessor":null}]}"#,
    ] {
        assert!(ReadEntityById::response(&answer(200, &format!(r#"{{"data":{data}}}"#))).is_ok(), "{data}");
    }
    for data in [r#"{"id":"g1","type":null}"#, r#"{"id":"g1","modify_index":null}"#] {
        assert!(ReadGroupById::response(&answer(200, &format!(r#"{{"data":{data}}}"#))).is_ok(), "{data}");
    }
}

#[test]
fn odd_element_spoils_only_itself() {
    let keys = answer(200, r#"{"keys":[{"kty":"RSA","kid":"a","n":"x","e":"AQAB"},{"kty":5}]}"#);
    assert_eq!(ReadJwks::response(&keys).unwrap().keys.len(), 1);
}

#[test]
fn keys_without_keys() {
    assert!(ReadJwks::response(&answer(200, "{}")).is_err());
    assert!(ReadOidcRole::response(&answer(200, r#"{"data":{}}"#)).is_err());
}

#[test]
fn maybe_and_is_not_found_agree() {
    let deep = format!(r#"{{"errors":[],"x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let error = ReadEntityById::response(&answer(404, &deep)).unwrap_err();
    let maybe = Maybe::<ReadEntityById>::response(&answer(404, &deep));
    assert_eq!(error.is_not_found(), maybe.is_ok());
}

#[test]
fn meta_survives_an_odd_warning() {
    let body = r#"{"request_id":"r1","data":{"issuer":""},"warnings":[null,"w"]}"#;
    let (_, meta) = WithMeta::<ReadOidcConfig>::response(&answer(200, body)).unwrap();
    assert_eq!(meta.request_id.as_deref(), Some("r1"));
}

#[test]
fn array_is_no_envelope() {
    assert!(ReadEntityById::response(&answer(200, r#"[{"id":"e1"}]"#)).is_err());
}

#[test]
fn too_long_a_name_is_named() {
    let target = Target::new("http://h").unwrap();
    let error = ReadEntityByName::new("x".repeat(70_000)).request(&target).unwrap_err();
    let ErrorKind::Request(error) = error.kind() else { panic!() };
    assert_eq!(error.parameter(), "name");
}

#[test]
fn address_is_not_to_be_looked_up_in_a_body() {
    let error = Target::new("http://h/../x").unwrap_err();
    assert!(!error.to_string().contains("use the id"), "{error}");
}

#[test]
fn body_of_a_draft_is_not_shown() {
    struct Mine;
    impl Endpoint for Mine {
        type Output = ();
        const METHOD: Method = Method::Post;
        const PATH: &'static str = "x";
        fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
            let draft = draft.json("canary")?;
            assert!(!format!("{draft:?}").contains("canary"));
            Ok(draft)
        }
        fn decode(reply: Reply<'_>) -> Result<(), ReplyError> {
            reply.empty()
        }
    }
    Mine.request(&Target::new("http://h").unwrap()).unwrap();
}

#[test]
fn body_of_an_introspection_is_not_shown() {
    let request = IntrospectIdToken::new("canary").request(&Target::new("http://h").unwrap()).unwrap();
    assert!(!format!("{request:?}").contains("canary"));
}

#[test]
fn refusal_of_a_proxy_does_not_become_absence() {
    let page = answer(404, "<html>");
    let error = ReadEntityById::response(&page).unwrap_err();
    let again = ReadEntityById::response(&respond::refusal(error.api().unwrap())).unwrap_err();
    assert!(!again.is_not_found());
}

#[test]
fn refusal_keeps_a_date() {
    let page = http::Response::builder()
        .status(429)
        .header("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")
        .body("")
        .unwrap();
    let error = ReadEntityById::response(&page).unwrap_err();
    let again = ReadEntityById::response(&respond::refusal(error.api().unwrap())).unwrap_err();
    assert!(again.api().unwrap().retry_after().is_some());
}
#[test]
fn renewing_the_audience_is_not_repeatable() {
    let request =
        WriteOidcRole::update("app").renew_client_id().request(&Target::new("http://h").unwrap()).unwrap();
    assert!(!request.extensions().get::<Operation>().unwrap().repeatable);
}
#[test]
fn connection_headers_are_refused() {
    struct Mine(http::HeaderName);
    impl Endpoint for Mine {
        type Output = ();
        const METHOD: Method = Method::Post;
        const PATH: &'static str = "x";
        fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
            draft.header(self.0.clone(), "x")
        }
        fn decode(reply: Reply<'_>) -> Result<(), ReplyError> {
            reply.empty()
        }
    }
    for name in ["transfer-encoding", "connection", "x-vault-request", "x-vault-namespace"] {
        assert!(
            Mine(http::HeaderName::from_static(name)).request(&Target::new("http://h").unwrap()).is_err(),
            "{name}"
        );
    }
}

#[test]
fn empty_type_is_internal() {
    let group = ReadGroupById::response(&answer(200, r#"{"data":{"id":"g1","type":""}}"#)).unwrap();
    assert_eq!(group.group_type, GroupType::Internal);
}

#[test]
fn characters_that_the_server_takes_in_no_path() {
    // 400 without a body: whatever Go does not print.
    let target = Target::new("http://h").unwrap();
    for name in ["a\u{200d}b", "a\u{ad}b", "\u{feff}a", "a\u{200b}b", "\u{e000}", "\u{378}"] {
        assert!(ReadEntityByName::new(name).request(&target).is_err(), "{name:?}");
    }
}
