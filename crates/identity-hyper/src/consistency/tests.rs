use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use identity_core::transport::Attempts;
use identity_core::transport::TransportErrorKind::NotSent;

use super::Staleness::{Fresh, Stale};
use super::*;
use crate::script::{
    Script, Sent, delete, error_response, failure, named, read, response, success, unnamed, update,
    with_header,
};

fn index(cluster: &str, value: u32) -> String {
    BASE64.encode(format!(r#"{{"cluster":"{cluster}","value":"{value}"}}"#))
}

/// Adds the index of a cluster named `c`.
fn at(outcome: SendResult, value: u32) -> SendResult {
    with_header(outcome, INDEX, &index("c", value))
}

fn consistent_in(mode: ReadYourWrites, script: Script) -> Consistent<Script> {
    Consistent::new(mode, ConsistencyTracker::default(), script)
}

fn consistent(script: Script) -> Consistent<Script> {
    consistent_in(ReadYourWrites::default(), script)
}

async fn send(layer: &Consistent<Script>, mut request: Request<Bytes>) -> SendResult {
    layer.exchange(&mut request, &Call::UNLIMITED).await
}

/// Returns the index of each request.
fn indexes(layer: &Consistent<Script>) -> Vec<Option<String>> {
    let of = |sent: &Sent| sent.headers.get(INDEX).map(|index| index.to_str().unwrap().to_owned());
    layer.inner.calls().iter().map(of).collect()
}

#[tokio::test(start_paused = true)]
async fn the_latest_index_is_sent_with_each_request() {
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
    // Each namespace has its own index.
    let mut request = read();
    request.headers_mut().insert(NAMESPACE, "team".parse().unwrap());
    send(&layer, request).await.unwrap();
    assert_eq!(indexes(&layer)[4], None);
    // So has each address.
    let mut request = read();
    *request.uri_mut() = "http://127.0.0.1:2/v1/x".parse().unwrap();
    send(&layer, request).await.unwrap();
    assert_eq!(indexes(&layer)[5], None);
    let addresses: Vec<String> = layer.tracker.tokens().into_iter().map(|token| token.address).collect();
    assert_eq!(addresses, ["127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:2"]);
    layer.reset_connections();
    assert_eq!(layer.inner.resets(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_mode_decides_which_headers_are_sent() {
    let script = || Script::new(|_, _| at(success(), 5));
    let layer = consistent_in(ReadYourWrites::WaitThenForward, script());
    send(&layer, read()).await.unwrap();
    send(&layer, read()).await.unwrap();
    let values: Vec<_> = layer.inner.calls()[1].headers.get_all(INCONSISTENT).iter().cloned().collect();
    assert_eq!(values, ["await-state", "forward-active-node"]);
    let layer = consistent_in(ReadYourWrites::Off, script());
    send(&layer, read()).await.unwrap();
    send(&layer, read()).await.unwrap();
    assert_eq!(indexes(&layer), [None, None]);
}

#[tokio::test(start_paused = true)]
async fn a_stale_response_is_retried_unless_the_call_creates() {
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
        let waits: Vec<u128> = layer.inner.delays()[1..].iter().map(Duration::as_millis).collect();
        assert_eq!(waits, [20, 50][..expected - 1]);
        assert!(indexes(&layer)[1..].iter().all(|sent| *sent == Some(index("c", 9))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_stays_stale_was_restored() {
    let layer = consistent(Script::new(|number, _| at(success(), if number == 0 { 9 } else { 3 })));
    send(&layer, read()).await.unwrap();
    send(&layer, read()).await.unwrap();
    assert_eq!(layer.inner.calls().len(), 1 + 1 + REREAD_DELAYS_MS.len() + 1);
    let total: Duration = layer.inner.delays()[1..].iter().sum();
    assert_eq!(total.as_millis(), 20 + 50 + 100 + 200 + 400 + 800);
    send(&layer, read()).await.unwrap();
    assert_eq!(indexes(&layer).last().unwrap(), &Some(index("c", 3)));
    assert_eq!(layer.inner.calls().len(), 1 + 1 + REREAD_DELAYS_MS.len() + 1 + 1);
}

#[tokio::test(start_paused = true)]
async fn an_index_that_cannot_be_compared_is_not_stale() {
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
            assert_eq!(layer.inner.delays()[1], CONFIRM_AFTER);
        }
    }
    // Without a known index, nothing is confirmed.
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
    // A stale confirmation is retried too.
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
async fn an_index_that_the_server_rejects_is_forgotten() {
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
            assert!(layer.tracker.tokens().is_empty());
        }
    }
    // A later index of a concurrent call is kept.
    let layer = consistent(Script::late(move |number, _| match number {
        0 => (Duration::ZERO, at(success(), 9)),
        1 => (Duration::from_millis(20), error_response(400, message)),
        2 => (Duration::from_millis(10), at(success(), 11)),
        _ => (Duration::ZERO, success()),
    }));
    send(&layer, read()).await.unwrap();
    let (rejected, other) = tokio::join!(send(&layer, read()), send(&layer, read()));
    rejected.unwrap();
    other.unwrap();
    assert_eq!(layer.inner.calls().len(), 4);
    assert_eq!(layer.tracker.tokens()[0].index, index("c", 11));
}

#[test]
fn tokens_are_kept_under_the_first_address_of_a_cluster() {
    let tracker = ConsistencyTracker::of_cluster(["a:1".to_owned(), "b:1".to_owned()]);
    let token = |address: &str, value| ConsistencyToken::new(address, "team", index("c", value));
    tracker.observe([token("b:1", 5), token("a:1", 4), token("elsewhere", 3)]);
    tracker.observe([ConsistencyToken::new("a:1", "team", "not\na header")]);
    assert_eq!(tracker.tokens(), [token("a:1", 5), token("elsewhere", 3)]);
}

#[test]
fn an_index_never_goes_back() {
    let tracker = ConsistencyTracker::default();
    let advance = |value| tracker.advance("a", b"", &index("c", value).parse().unwrap());
    assert_eq!([5, 4, 5, 6].map(advance), [Fresh, Stale, Fresh, Fresh]);
    assert_eq!(tracker.tokens()[0].index, index("c", 6));
}

/// The first response was a success, which a later failure does not undo.
#[tokio::test(start_paused = true)]
async fn a_write_that_fails_after_its_first_response_is_in_doubt() {
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
