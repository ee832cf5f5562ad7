//! Whether a call may be made again, and whether a write may have been carried out all the same.

use identity_core::prelude::*;

use crate::{chain, response};

/// An error of a write, or of a read, that may be repeated or not.
fn failed<E: Endpoint>(idempotent: bool, kind: impl Into<ErrorKind>) -> Error {
    let mut operation = Operation::for_endpoint::<E>();
    operation.idempotent = idempotent;
    Error::new(operation, kind)
}

/// Whether to make the call again if it may not be repeated, and if it may; whether a write may have been
/// carried out.
fn verdict(kind: impl Fn() -> ErrorKind) -> (bool, bool, bool) {
    let once = failed::<CreateEntity>(false, kind());
    let again = failed::<CreateEntity>(true, kind());
    assert_eq!(once.may_have_been_applied(), again.may_have_been_applied());
    // A read is never carried out, and otherwise the same.
    let read = failed::<ReadEntityById>(true, kind());
    assert!(!read.may_have_been_applied());
    assert_eq!(read.is_retryable(), again.is_retryable());
    (once.is_retryable(), again.is_retryable(), once.may_have_been_applied())
}

#[test]
fn error_responses() {
    const YES: bool = true;
    const NO: bool = false;
    for (status, messages, once, again, applied) in [
        (307, "", NO, YES, YES),
        (400, "entity not found from id", NO, NO, NO),
        (401, "", NO, NO, NO),
        (403, "permission denied", NO, NO, NO),
        (404, "", NO, NO, NO),
        (404, "namespace not found", NO, NO, NO),
        (405, "", NO, NO, NO),
        (412, "required index state not present", YES, YES, NO),
        (413, "http: request body too large", NO, NO, NO),
        (429, "rate limit quota exceeded", YES, YES, NO),
        (429, "", YES, YES, NO),
        (408, "", NO, YES, YES),
        (425, "", YES, YES, NO),
        (499, "", NO, YES, YES),
        (500, "invalid entity ID \"e1\"", NO, NO, NO),
        (500, "1 error occurred:\n\t* invalid entity ID \"e1\"\n\n", NO, NO, NO),
        (500, "internal error", NO, NO, YES),
        (500, "", NO, NO, YES),
        // Carried out by the leader or not: see below.
        (500, "local node not active but active cluster node not found", NO, YES, YES),
        (500, "context canceled", NO, YES, YES),
        (501, "", NO, NO, YES),
        (507, "", NO, YES, YES),
        (522, "", NO, YES, YES),
        (599, "", NO, YES, YES),
        (502, "", NO, YES, YES),
        (503, "Vault is sealed", NO, YES, YES),
        (503, "", NO, YES, YES),
        (503, "upstream connect error", NO, YES, YES),
        (504, "", NO, YES, YES),
    ] {
        let errors: Vec<&str> = if messages.is_empty() { vec![] } else { vec![messages] };
        let response = response(status, serde_json::json!({ "errors": errors }).to_string());
        let api_error = || CreateEntity::decode(ApiResponse::from(&response)).unwrap_err().into();
        assert_eq!(verdict(api_error), (once, again, applied), "{status} {messages}");
    }
    // Those of a proxy count like the server's.
    for (status, expected) in [
        (403, (NO, NO, NO)),
        (408, (NO, YES, YES)),
        (500, (NO, YES, YES)),
        (502, (NO, YES, YES)),
        (503, (NO, YES, YES)),
        (529, (NO, YES, YES)),
    ] {
        let response = response(status, "<html>");
        let api_error = || CreateEntity::decode(ApiResponse::from(&response)).unwrap_err().into();
        assert_eq!(verdict(api_error), expected, "{status}");
    }
}

/// A standby that must not forward a request has certainly not passed it to the leader.
#[test]
fn a_standby_that_must_not_forward_did_nothing() {
    let mut attempts = Attempts::default();
    attempts.set_not_forwarded(true);
    let of = |status: u16, message: &str| {
        let body = serde_json::json!({ "errors": [message] }).to_string();
        let mut response = response(status, body);
        response.extensions_mut().insert(attempts.clone());
        CreateEntity::parse_response(&response).unwrap_err()
    };
    for (status, message, expected) in [
        (503, "Vault is sealed", (true, false)),
        (500, "local node not active but active cluster node not found", (true, false)),
        (307, "", (true, false)),
        (500, "internal error", (false, true)),
        (500, "context canceled", (false, true)),
        (502, "", (false, true)),
    ] {
        let error = of(status, message);
        assert_eq!((error.is_retryable(), error.may_have_been_applied()), expected, "{status} {message}");
    }
    let redirect = TransportError::from(TransportErrorKind::Redirect).with_attempts(attempts.clone());
    let error = failed::<CreateEntity>(false, redirect);
    assert!(error.is_retryable() && !error.may_have_been_applied());
    // A gateway that redirects to a page of its own, as with 303, may have passed the request on.
    let elsewhere = TransportError::from(TransportErrorKind::Redirect).with_attempts(attempts.clone());
    let error = failed::<CreateEntity>(false, elsewhere.permanent());
    assert!(!error.is_retryable() && error.may_have_been_applied());
    let lost = TransportError::from(TransportErrorKind::Interrupted).with_attempts(attempts);
    let error = failed::<CreateEntity>(false, lost);
    assert!(!error.is_retryable() && error.may_have_been_applied());
}

/// The server repeats values of the request in its messages.
#[test]
fn request_values_in_messages_decide_nothing() {
    const REJECTED: (bool, bool, bool) = (false, false, false);
    const UNCLEAR: (bool, bool, bool) = (false, false, true);
    let list = |message: &str| format!("1 error occurred:\n\t* {message}\n\n");
    let not_active = "local node not active but active cluster node not found";
    for value in [not_active, "context canceled", "leadership lost while committing log", "Vault is sealed"] {
        for (status, message, expected) in [
            (500, list(&format!("invalid entity ID \"{value}\"")), REJECTED),
            (
                500,
                list(&format!(
                    "invalid entity metadata: failed to load metadata pair (\"k\", \"{value}\"): {value}"
                )),
                REJECTED,
            ),
            (500, format!("failed to frob \"{value}\""), UNCLEAR),
            (500, format!("\"{value}\": {value}"), UNCLEAR),
            (500, format!("{value} {value}"), UNCLEAR),
            (500, list(&format!("failed to frob {value}")), UNCLEAR),
            (400, value.to_owned(), REJECTED),
            (404, value.to_owned(), REJECTED),
        ] {
            let response = response(status, serde_json::json!({ "errors": [message] }).to_string());
            let api_error = || CreateEntity::decode(ApiResponse::from(&response)).unwrap_err().into();
            assert_eq!(verdict(api_error), expected, "{status} {message}");
        }
        for messages in [vec![value, "invalid entity ID \"x\""], vec!["invalid entity ID \"x\"", "x"]] {
            let response = response(500, serde_json::json!({ "errors": messages }).to_string());
            let api_error = || CreateEntity::decode(ApiResponse::from(&response)).unwrap_err().into();
            assert_eq!(verdict(api_error), UNCLEAR, "{messages:?}");
        }
    }
    let error = |body: &str| CreateEntity::parse_response(&response(503, body)).unwrap_err();
    assert!(!error(r#"{"errors":["the store \"Vault is sealed\" is sealed"]}"#).is_sealed());
    assert!(error(r#"{"errors":["Vault is sealed"]}"#).is_sealed());
}

#[test]
fn other_stages() {
    use TransportErrorKind::{Interrupted, NotSent, Other, ResponseTooLarge, Timeout};

    for (kind, expected) in [
        (NotSent, (true, true, false)),
        (Timeout, (false, true, true)),
        (Interrupted, (false, true, true)),
        (ResponseTooLarge, (false, false, true)),
        (Other, (false, false, true)),
    ] {
        assert_eq!(verdict(|| TransportError::from(kind).into()), expected, "{kind:?}");
    }
    assert_eq!(verdict(|| ErrorKind::Decode(DecodeError::new("odd"))), (false, false, true));
    assert_eq!(verdict(|| RequestError::new("name", "is odd").into()), (false, false, false));
    assert_eq!(verdict(|| ErrorKind::Conflict), (true, true, true));
}

#[test]
fn no_part_of_an_error_repeats_its_source() {
    let io = std::io::Error::other("broken pipe");
    let response = response(403, r#"{"errors":["permission denied"]}"#);
    let api_error = ReadEntityById::parse_response(&response).unwrap_err();
    let unreadable = ReadEntityById::parse_response(&http::Response::new("x")).unwrap_err();
    let target = Target::new("http://vault.test").unwrap();
    let unsent = ReadEntityById::new("").request(&target).unwrap_err();
    let interrupted = TransportError::new(TransportErrorKind::Interrupted, io);
    let mut attempts = Attempts::default();
    (0..45).for_each(|_| attempts.push("a:8200", "the request was not sent: connection refused"));
    let not_sent =
        TransportError::new(TransportErrorKind::NotSent, "connection refused").with_attempts(attempts);
    let read = "GET identity/entity/id/{id} failed: ";
    for (error, parts) in [
        (
            api_error.mark_unauthenticated(),
            vec![format!("{read}403 permission denied"), "the client sent no token".into()],
        ),
        (
            unreadable.mark_unauthenticated(),
            vec![format!(
                "{read}the response cannot be decoded: the response is not JSON (200 OK, no content type): line 1 column 1 of 1 bytes"
            )],
        ),
        (unsent, vec![format!("{read}`id` must not be empty")]),
        (
            failed::<ReadEntityById>(true, interrupted),
            vec![format!("{read}the connection was lost before the whole response arrived: broken pipe")],
        ),
        (
            failed::<ReadEntityById>(true, TransportError::from(TransportErrorKind::Timeout)),
            vec![format!("{read}timed out before the whole response arrived")],
        ),
        (
            failed::<ReadEntityById>(true, not_sent).with_hint("VAULT_ADDR is not set"),
            vec![
                format!("{read}the request was not sent: connection refused (VAULT_ADDR is not set)"),
                "after 45 attempts: a:8200: the request was not sent: connection refused, 45 times".into(),
            ],
        ),
        (
            failed::<UpdateGroupById>(true, ErrorKind::Conflict),
            vec!["POST identity/group/id/{id} failed: another writer undid the change each time".into()],
        ),
        (
            RequestError::new("VAULT_ADDR", "must not be empty").into(),
            vec!["`VAULT_ADDR` must not be empty".into()],
        ),
        (
            ApiError::new(http::StatusCode::FORBIDDEN, ["permission denied"]).into(),
            vec!["403 permission denied".into()],
        ),
    ] {
        let mut texts = vec![error.to_string()];
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            texts.push(error.to_string());
            source = error.source();
        }
        assert_eq!(texts, parts);
        assert_eq!(texts.join(": "), chain(&error));
        assert_eq!(texts.join(": "), format!("{error:#}"));
        assert_eq!(texts.join(": "), format!("{error:?}"), "what `main` prints");
    }
}

#[test]
fn response_for_an_operation_knows_whether_it_is_retryable() {
    let target = Target::new("http://vault.test").unwrap();
    let lost = response(504, "");
    for (create, again) in [(CreateEntity::named("alice"), true), (CreateEntity::unnamed(), false)] {
        let operation = Operation::from_request(&create.request(&target).unwrap()).unwrap();
        let error = CreateEntity::parse_response_for(operation, &lost).unwrap_err();
        assert_eq!((error.is_retryable(), error.may_have_been_applied()), (again, true));
    }
    // Without the request, the careful response.
    assert!(!ReadEntityById::parse_response(&lost).unwrap_err().is_retryable());
}

#[test]
fn permanent_error_is_not_retryable() {
    for kind in [TransportErrorKind::NotSent, TransportErrorKind::Redirect] {
        assert!(failed::<ReadEntityById>(true, TransportError::from(kind)).is_retryable());
        assert!(!failed::<ReadEntityById>(true, TransportError::from(kind).permanent()).is_retryable());
    }
}

#[test]
fn an_error_that_is_not_of_a_call_is_careful() {
    let lost: Error = ApiError::new(http::StatusCode::BAD_GATEWAY, ["lost"]).into();
    assert!(lost.may_have_been_applied() && !lost.is_retryable() && lost.path().is_empty());
    let unset: Error = RequestError::new("VAULT_ADDR", "must not be empty").into();
    assert!(!unset.may_have_been_applied() && !unset.is_retryable());
}

#[test]
fn predicates_recognize_the_messages_of_the_server() {
    let error = |status: u16, message: &str| {
        let response = response(status, serde_json::json!({ "errors": [message] }).to_string());
        ApiError::from_response(&response).unwrap()
    };
    assert!(ApiError::from_response(&response(204, "")).is_none());
    let index = r#"failed to decode "X-Vault-Index" header: illegal base64 data"#;
    assert!(error(400, index).is_index_rejected());
    assert!(!error(412, index).is_index_rejected());
    assert!(!error(400, "invalid index").is_index_rejected());
    for (message, id) in [
        ("1 error occurred:\n\t* invalid entity ID \"e1\"\n\n", Some("e1")),
        ("invalid member group ID \"g1\"", Some("g1")),
        ("invalid group ID \"g1\"", None),
        ("invalid entity ID \"e1", None),
    ] {
        assert_eq!(error(500, message).unknown_member_id(), id, "{message}");
    }
    assert!(error(404, "namespace not found").is_from_server());
    assert!(ApiError::not_found().is_from_server());
    assert!(!ApiError::from_response(&response(404, "<html>")).unwrap().is_from_server());
}

#[test]
fn transport_errors_state_what_is_known() {
    use TransportErrorKind::{Interrupted, NotSent, Other, Redirect, ResponseTooLarge, Timeout};
    for (kind, transient, applied, applied_if_not_forwarded) in [
        (NotSent, true, false, false),
        (Redirect, true, true, false),
        (Timeout, true, true, true),
        (Interrupted, true, true, true),
        (ResponseTooLarge, false, true, true),
        (Other, false, true, true),
    ] {
        let error = TransportError::from(kind);
        assert_eq!(error.is_transient(), transient, "{kind:?}");
        assert_eq!(error.may_have_been_applied(true), applied, "{kind:?}");
        assert_eq!(error.may_have_been_applied(false), applied_if_not_forwarded, "{kind:?}");
        assert!(!error.permanent().is_transient(), "{kind:?}");
    }
    assert!(TransportError::from(Redirect).permanent().may_have_been_applied(false));
}

/// A write that is not idempotent must not be made again if an earlier attempt may have been applied.
#[test]
fn an_earlier_attempt_in_doubt_forbids_a_retry() {
    let mut attempts = Attempts::default();
    attempts.mark_in_doubt();
    let error = ApiError::new(http::StatusCode::TOO_MANY_REQUESTS, ["rate limit quota exceeded"]);
    let error = || ResponseError::from(error.clone());
    assert!(!failed::<CreateEntity>(false, error()).after(attempts.clone()).is_retryable());
    assert!(failed::<CreateEntity>(true, error()).after(attempts).is_retryable());
}

#[test]
fn the_operation_of_a_foreign_request_is_inferred_from_its_verb() {
    for (verb, is_read) in
        [("GET", true), ("HEAD", true), ("LIST", true), ("POST", false), ("PUT", false), ("DELETE", false)]
    {
        let request = http::Request::builder().method(verb).body(()).unwrap();
        let operation = Operation::infer(&request);
        assert_eq!((operation.read_only, operation.idempotent), (is_read, is_read), "{verb}");
        assert!(!operation.creates);
    }
    let target = Target::new("http://127.0.0.1:8200").unwrap();
    let request = ReadEntityById::new("e1").request(&target).unwrap();
    assert_eq!(Some(Operation::infer(&request)), Operation::from_request(&request));
}
