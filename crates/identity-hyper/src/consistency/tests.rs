use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use identity_core::transport::Attempts;
use identity_core::transport::TransportErrorKind::NotSent;

use super::*;
use crate::script::{
    Script, Sent, delete, error_response, failure, named, read, response, success, unnamed, update,
    with_header,
};

fn index(cluster: &str, value: u32) -> String {
    BASE64.encode(format!(r#"{{"cluster":"{cluster}","value":"{value}"}}"#))
}

/// A response to a read or write, with the index of a cluster named `c`.
fn at(outcome: SendResult, value: u32) -> SendResult {
    with_header(outcome, INDEX, &index("c", value))
}

fn consistent(script: Script) -> Consistent<Script> {
    Consistent::new(Consistency::new(), script)
}

async fn send(layer: &Consistent<Script>, mut request: Request<Bytes>) -> SendResult {
    layer.exchange(&mut request, &Call::UNLIMITED).await
}

/// The index that each request was sent with.
fn indexes(layer: &Consistent<Script>) -> Vec<Option<String>> {
    let of = |sent: &Sent| sent.headers.get(INDEX).map(|index| index.to_str().unwrap().to_owned());
    layer.inner.calls().iter().map(of).collect()
}

#[tokio::test(start_paused = true)]
async fn the_newest_index_is_sent_with_each_request() {
    let layer = consistent(Script::new(|number, _| match number {
        0 => at(success(), 5),
        2 => success(),
        _ => at(success(), 7),
    }));
    for _ in 0..4 {
        send(&layer, read()).await.unwrap();
    }
    let known = |value| Some(index("c", value));
    assert_eq!(indexes(&layer), [None, known(5), known(7), known(7)]);
    assert_eq!(layer.inner.calls()[1].headers[INCONSISTENT], "forward-active-node");
    assert!(!layer.inner.calls()[0].headers.contains_key(INCONSISTENT));
    // Another namespace is another matter.
    let mut request = read();
    request.headers_mut().insert(NAMESPACE, "team".parse().unwrap());
    send(&layer, request).await.unwrap();
    assert_eq!(indexes(&layer)[4], None);
    // So is another address.
    let mut request = read();
    *request.uri_mut() = "http://127.0.0.1:2/v1/x".parse().unwrap();
    send(&layer, request).await.unwrap();
    assert_eq!(indexes(&layer)[5], None);
    let addresses: Vec<String> = layer.consistency.tokens().into_iter().map(|token| token.address).collect();
    assert_eq!(addresses, ["127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:2"]);
    layer.renew();
    assert_eq!(layer.inner.renewals(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_mode_decides_which_headers_are_sent() {
    let script = || Script::new(|_, _| at(success(), 5));
    let layer = Consistent::new(Consistency::await_state(), script());
    send(&layer, read()).await.unwrap();
    send(&layer, read()).await.unwrap();
    let values: Vec<_> = layer.inner.calls()[1].headers.get_all(INCONSISTENT).iter().cloned().collect();
    assert_eq!(values, ["await-state", "forward-active-node"]);
    let layer = Consistent::new(Consistency::off(), script());
    send(&layer, read()).await.unwrap();
    send(&layer, read()).await.unwrap();
    assert_eq!(indexes(&layer), [None, None]);
}

/// What a stale node says to each request, and how often it is then asked.
#[tokio::test(start_paused = true)]
async fn a_stale_response_is_not_believed() {
    for (request, expected) in
        [(read as fn() -> Request<Bytes>, 3), (update, 3), (delete, 3), (named, 1), (unnamed, 1)]
    {
        let layer = consistent(Script::new(|number, _| match number {
            1 | 2 => at(success(), 8),
            _ => at(success(), 9),
        }));
        send(&layer, read()).await.unwrap();
        send(&layer, request()).await.unwrap();
        assert_eq!(layer.inner.calls().len(), 1 + expected);
        let waits: Vec<u128> = layer.inner.waits()[1..].iter().map(Duration::as_millis).collect();
        assert_eq!(waits, [20, 50][..expected - 1]);
        assert!(indexes(&layer)[1..].iter().all(|sent| *sent == Some(index("c", 9))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_went_back_is_believed_in_the_end() {
    let layer = consistent(Script::new(|number, _| at(success(), if number == 0 { 9 } else { 3 })));
    send(&layer, read()).await.unwrap();
    send(&layer, read()).await.unwrap();
    assert_eq!(layer.inner.calls().len(), 1 + 1 + WAITS.len() + 1);
    let total: Duration = layer.inner.waits()[1..].iter().sum();
    assert_eq!(total.as_millis(), 20 + 50 + 100 + 200 + 400 + 800);
    send(&layer, read()).await.unwrap();
    assert_eq!(indexes(&layer).last().unwrap(), &Some(index("c", 3)));
    assert_eq!(layer.inner.calls().len(), 1 + 1 + WAITS.len() + 1 + 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_compared_is_not_stale() {
    let layer = consistent(Script::new(|number, _| match number {
        0 => at(success(), 9),
        1 => with_header(success(), INDEX, &index("other", 1)),
        _ => with_header(success(), INDEX, "?"),
    }));
    for _ in 0..3 {
        send(&layer, read()).await.unwrap();
    }
    assert_eq!(layer.inner.calls().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_write_without_effect_is_confirmed_once() {
    for (request, expected) in
        [(delete as fn() -> Request<Bytes>, 2), (update, 2), (named, 2), (unnamed, 1), (read, 1)]
    {
        let layer =
            consistent(Script::new(|number, _| if number == 0 { at(success(), 9) } else { success() }));
        send(&layer, read()).await.unwrap();
        send(&layer, request()).await.unwrap();
        assert_eq!(layer.inner.calls().len() - 1, expected);
        if expected == 2 {
            assert_eq!(layer.inner.waits()[1], CONFIRM_AFTER);
        }
    }
    // Where no index is known, nothing is to be confirmed.
    let layer = consistent(Script::new(|_, _| success()));
    send(&layer, delete()).await.unwrap();
    assert_eq!(layer.inner.calls().len(), 1);
    // Nor after an effect, or another status.
    for outcome in [|| at(success(), 10), || response(200, ""), || response(404, r#"{"errors":[]}"#)] {
        let layer =
            consistent(Script::new(move |number, _| if number == 0 { at(success(), 9) } else { outcome() }));
        send(&layer, read()).await.unwrap();
        send(&layer, delete()).await.unwrap();
        assert_eq!(layer.inner.calls().len(), 2);
    }
    // A confirmation that is stale is not believed either.
    let layer = consistent(Script::new(|number, _| match number {
        0 => at(success(), 9),
        2 => at(success(), 8),
        3 => at(success(), 10),
        _ => success(),
    }));
    send(&layer, read()).await.unwrap();
    let confirmed = send(&layer, delete()).await.unwrap();
    assert_eq!(confirmed.headers()[INDEX], index("c", 10).as_str());
    assert_eq!(layer.inner.calls().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_index_that_the_server_does_not_decode_is_forgotten() {
    let message = "failed to decode \"X-Vault-Index\": illegal base64 data";
    for (status, message, expected) in [
        (400, message, 2),
        (400, "failed to decode JSON input", 1),
        (500, message, 1),
        (400, "invalid value \"failed to decode \"X-Vault-Index\"\"", 1),
    ] {
        let layer = consistent(Script::new(move |number, _| match number {
            0 => at(success(), 9),
            1 => error_response(status, message),
            _ => success(),
        }));
        send(&layer, read()).await.unwrap();
        let outcome = send(&layer, unnamed()).await.unwrap();
        assert_eq!(layer.inner.calls().len() - 1, expected, "{status} {message}");
        assert_eq!(outcome.status() == 204, expected == 2);
        if expected == 2 {
            let last = &layer.inner.calls()[2];
            assert!(!last.headers.contains_key(INDEX) && !last.headers.contains_key(INCONSISTENT));
            assert!(layer.consistency.tokens().is_empty());
        }
    }
    // Not the one that another call has brought meanwhile.
    let consistency = Consistency::new();
    let other = consistency.clone();
    let script = Script::new(move |number, _| match number {
        0 => at(success(), 9),
        1 => {
            other.advance("127.0.0.1:1", b"", &index("c", 11).parse().unwrap());
            error_response(400, message)
        }
        _ => success(),
    });
    let layer = Consistent::new(consistency, script);
    send(&layer, read()).await.unwrap();
    send(&layer, read()).await.unwrap();
    assert_eq!(layer.consistency.tokens()[0].index, index("c", 11));
}

#[test]
fn tokens_hold_for_the_address_that_stands_for_a_cluster() {
    let consistency = Consistency::new().of_cluster(["a:1".to_owned(), "b:1".to_owned()]);
    let token = |address: &str, value| ConsistencyToken::new(address, "team", index("c", value));
    consistency.observe([token("b:1", 5), token("a:1", 4), token("elsewhere", 3)]);
    consistency.observe([ConsistencyToken::new("a:1", "team", "not\na header")]);
    assert_eq!(consistency.tokens(), [token("a:1", 5), token("elsewhere", 3)]);
    let fresh = consistency.fresh();
    assert!(fresh.tokens().is_empty());
    fresh.observe([token("b:1", 6)]);
    assert_eq!(fresh.tokens(), [token("a:1", 6)], "it knows the cluster as well");
    assert_eq!(consistency.tokens().len(), 2);
}

#[test]
fn an_index_never_goes_back() {
    let consistency = Consistency::new();
    let advance = |value| consistency.advance("a", b"", &index("c", value).parse().unwrap());
    assert!(!advance(5));
    assert!(advance(4), "it is older");
    assert!(!advance(5) && !advance(6));
    assert_eq!(consistency.tokens()[0].index, index("c", 6));
}

/// The first answer was a success: what comes of the call afterwards does not undo it.
#[tokio::test(start_paused = true)]
async fn a_write_that_fails_after_its_first_answer_is_in_doubt() {
    for first in [(|| success()) as fn() -> SendResult, || at(success(), 8)] {
        for then in [(|| failure(NotSent)) as fn() -> SendResult, || error_response(403, "permission denied")]
        {
            let layer = consistent(Script::new(move |number, _| match number {
                0 => at(success(), 9),
                1 => first(),
                _ => then(),
            }));
            send(&layer, read()).await.unwrap();
            let attempts = match send(&layer, update()).await {
                Ok(response) => response.extensions().get::<Attempts>().cloned().unwrap_or_default(),
                Err(error) => error.attempts().clone(),
            };
            assert!(attempts.any_in_doubt());
        }
    }
}
