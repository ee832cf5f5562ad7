use http::HeaderName;
use http::header::RETRY_AFTER;
use identity_core::transport::TransportError;
use identity_core::transport::TransportErrorKind::{
    Interrupted, NotSent, Other, Redirect, ResponseTooLarge, Timeout,
};

use super::*;
use crate::response::mark_in_doubt;
use crate::script::{
    Script, error_response, failure, named, read, response, success, unnamed, update, with_header,
};

const NO_FORWARDING: HeaderName = HeaderName::from_static("x-vault-no-request-forwarding");

fn settings(policy: RetryPolicy) -> RetrySettings {
    let (timeout, attempt_timeout) = (Duration::from_secs(60), Duration::from_secs(15));
    RetrySettings { policy, timeout, attempt_timeout, follows_redirects: true }
}

fn retrying(script: Script) -> Retry<Script> {
    Retry::new(settings(RetryPolicy::new()), script)
}

fn at_most(retries: usize, script: Script) -> Retry<Script> {
    Retry::new(settings(RetryPolicy::new().max_retries(retries)), script)
}

async fn send(layer: &Retry<Script>, mut request: Request<Bytes>) -> SendResult {
    layer.exchange(&mut request, &Call::UNLIMITED).await
}

/// Returns how often a request is sent if every attempt has this outcome and five retries are allowed, and
/// whether the call ends in doubt.
async fn sends(request: Request<Bytes>, outcome: fn() -> SendResult) -> (usize, bool) {
    let layer = at_most(5, Script::new(move |_, _| outcome()));
    let result = send(&layer, request).await;
    let attempts = match &result {
        Ok(response) => response.extensions().get::<Attempts>().cloned().unwrap_or_default(),
        Err(error) => error.attempts().clone(),
    };
    let sent = layer.inner.calls().len();
    if sent > 1 {
        assert_eq!(attempts.as_slice().len(), sent);
    }
    (sent, attempts.any_in_doubt())
}

fn not_forwarded(mut request: Request<Bytes>) -> Request<Bytes> {
    request.headers_mut().insert(NO_FORWARDING, "true".parse().unwrap());
    request
}

#[tokio::test(start_paused = true)]
async fn each_result_is_retried_as_documented() {
    const ALL: usize = 6;
    const UNCERTAIN: usize = 3;
    const ONE: usize = 1;
    type Row = (&'static str, fn() -> SendResult, [usize; 5], bool);
    // The number of sends of a read, an update, a named create, an unnamed create, and an unnamed create that
    // must not be forwarded; and whether retried writes are in doubt.
    let rows: [Row; 26] = [
        ("no connection", || failure(NotSent), [ALL, ALL, ALL, ALL, ALL], false),
        ("permanent", || Err(TransportError::from(NotSent).permanent()), [ONE; 5], false),
        ("timeout", || failure(Timeout), [ALL, ALL, ALL, ONE, ONE], true),
        ("interrupted", || failure(Interrupted), [ALL, ALL, ALL, ONE, ONE], true),
        ("redirect", || failure(Redirect), [ALL, ALL, ALL, ONE, ALL], true),
        ("too large", || failure(ResponseTooLarge), [ONE; 5], false),
        ("other", || failure(Other), [ONE; 5], false),
        ("307", || response(307, ""), [ALL, ALL, ALL, ONE, ALL], true),
        ("400", || error_response(400, "no"), [ONE; 5], false),
        ("403", || error_response(403, "permission denied"), [ONE; 5], false),
        ("404", || response(404, r#"{"errors":[]}"#), [ONE; 5], false),
        ("408", || response(408, ""), [ALL, ALL, ALL, ONE, ONE], true),
        ("412", || response(412, ""), [ALL; 5], false),
        ("425", || response(425, ""), [ALL; 5], false),
        ("429", || error_response(429, "rate limit"), [ALL; 5], false),
        ("499", || response(499, ""), [ALL, ALL, ALL, ONE, ONE], true),
        ("500 invalid", || error_response(500, "invalid entity ID \"e\""), [ONE; 5], false),
        ("500", || error_response(500, "internal error"), [UNCERTAIN, UNCERTAIN, ONE, ONE, ONE], true),
        ("500 canceled", || error_response(500, "context canceled"), [ALL, ALL, ALL, ONE, ONE], true),
        (
            "500 no leader",
            || error_response(500, "local node not active but active cluster node not found"),
            [ALL, ALL, ALL, ONE, ALL],
            true,
        ),
        ("501", || response(501, ""), [UNCERTAIN, UNCERTAIN, ONE, ONE, ONE], true),
        ("502", || response(502, "<html>"), [ALL, ALL, ALL, ONE, ONE], true),
        ("503", || response(503, ""), [ALL, ALL, ALL, ONE, ONE], true),
        (
            "sealed",
            || error_response(503, "Vault is sealed"),
            [UNCERTAIN, UNCERTAIN, UNCERTAIN, ONE, UNCERTAIN],
            true,
        ),
        ("504", || response(504, ""), [ALL, ALL, ALL, ONE, ONE], true),
        ("599", || response(599, ""), [ALL, ALL, ALL, ONE, ONE], true),
    ];
    for (name, outcome, expected, in_doubt) in rows {
        let requests = [read(), update(), named(), unnamed(), not_forwarded(unnamed())];
        let mut sent = [0; 5];
        for (index, request) in requests.into_iter().enumerate() {
            let (sends, doubt) = sends(request, outcome).await;
            sent[index] = sends;
            // The last attempt is in the error itself.
            let is_write_in_doubt = in_doubt && sends > 1 && (1..4).contains(&index);
            if index > 0 {
                assert_eq!(doubt, is_write_in_doubt, "{name} {index}");
            }
        }
        assert_eq!(sent, expected, "{name}");
    }
    assert_eq!(sends(update(), || response(307, "")).await, (ALL, true));
    // Where redirects are responses like any other, they are not retried.
    let no_redirects = RetrySettings { follows_redirects: false, ..settings(RetryPolicy::new()) };
    let layer = Retry::new(no_redirects, Script::new(|_, _| response(307, "")));
    assert!(send(&layer, read()).await.is_ok());
    assert_eq!(layer.inner.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_an_operation_is_retried_by_its_method() {
    for (method, expected) in [("GET", 6), ("HEAD", 6), ("LIST", 6), ("POST", 1), ("PUT", 1), ("DELETE", 1)] {
        let request = Request::builder().method(method).uri("http://127.0.0.1:1/v1/x").body(Bytes::new());
        assert_eq!(sends(request.unwrap(), || failure(Interrupted)).await.0, expected, "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn backoff_doubles_up_to_its_limit_with_jitter() {
    for _ in 0..20 {
        let layer = at_most(8, Script::new(|_, _| response(503, "")));
        send(&layer, read()).await.unwrap();
        let waits = layer.inner.delays();
        for (wait, most) in waits.iter().zip([50, 100, 200, 400, 800, 1600, 2000, 2000]) {
            let most = Duration::from_millis(most);
            // Timers are a millisecond coarse.
            assert!(*wait >= most / 2 && *wait <= most + Duration::from_millis(1), "{waits:?}");
        }
        assert_eq!(waits.len(), 8);
        assert_eq!(waits.iter().filter(|wait| **wait == waits[7]).count(), 1, "no jitter: {waits:?}");
    }
    let policy = RetryPolicy::new().backoff(Duration::from_secs(4), Duration::from_secs(1));
    assert!(policy.delay(0) >= Duration::from_secs(2) && policy.delay(9) <= Duration::from_secs(4));
    assert!(policy.delay(usize::MAX) <= Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn a_longer_retry_after_takes_precedence_up_to_the_deadline() {
    let after = |seconds: &'static str| {
        Script::new(move |number, _| match number {
            0 => with_header(error_response(429, "rate limit"), RETRY_AFTER, seconds),
            _ => success(),
        })
    };
    let layer = retrying(after("7"));
    send(&layer, read()).await.unwrap();
    assert_eq!(layer.inner.delays(), [Duration::from_secs(7)]);
    let layer = retrying(after("0"));
    send(&layer, read()).await.unwrap();
    assert!(layer.inner.delays()[0] >= Duration::from_millis(25));
    let layer = retrying(after("60"));
    let start = Instant::now();
    assert_eq!(send(&layer, read()).await.unwrap().status(), 429);
    assert_eq!((start.elapsed(), layer.inner.calls().len()), (Duration::ZERO, 1));
    let layer = retrying(after("99999999999999999"));
    assert_eq!(send(&layer, read()).await.unwrap().status(), 429);
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_with_its_deadline() {
    let layer = retrying(Script::new(|_, _| response(503, "")));
    let start = Instant::now();
    assert_eq!(send(&layer, read()).await.unwrap().status(), 503);
    let time = start.elapsed();
    assert!(time > Duration::from_secs(57) && time < Duration::from_secs(60), "{time:?}");
    let sent = layer.inner.calls().len();
    assert!((30..60).contains(&sent), "{sent}");
    // The deadline of the outer call applies too.
    let layer = retrying(Script::new(|_, _| response(503, "")));
    let start = Instant::now();
    let outer = Call::within(Duration::from_secs(5), Duration::from_secs(5));
    layer.exchange(&mut read(), &outer).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_attempt_times_out_and_another_one_waits_for_the_deadline() {
    let silent = || Script::late(|_, _| (Duration::from_secs(3600), success()));
    let layer = retrying(silent());
    layer.set_connected();
    let start = Instant::now();
    assert_eq!(send(&layer, update()).await.unwrap_err().kind(), Timeout);
    assert_eq!(start.elapsed(), Duration::from_secs(60));
    assert_eq!(layer.inner.calls().len(), 4);
    for wait in layer.inner.delays() {
        assert!(wait >= Duration::from_secs(15) && wait < Duration::from_secs(16), "{wait:?}");
    }
    let layer = retrying(silent());
    let start = Instant::now();
    let error = send(&layer, unnamed()).await.unwrap_err();
    assert_eq!((error.kind(), start.elapsed()), (Timeout, Duration::from_secs(60)));
    assert_eq!(layer.inner.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_never_reached_is_given_up_after_ten_seconds() {
    let layer = retrying(Script::new(|_, _| failure(NotSent)));
    let start = Instant::now();
    assert_eq!(send(&layer, read()).await.unwrap_err().kind(), NotSent);
    let time = start.elapsed();
    assert!(time > Duration::from_secs(7) && time <= Duration::from_secs(10), "{time:?}");

    for reached in [success as fn() -> SendResult, || response(502, ""), || failure(Interrupted)] {
        let layer = retrying(Script::new(move |number, _| match number {
            0 => reached(),
            _ => failure(NotSent),
        }));
        let _ = send(&layer, unnamed()).await;
        let start = Instant::now();
        assert_eq!(send(&layer, read()).await.unwrap_err().kind(), NotSent);
        assert!(start.elapsed() > Duration::from_secs(50), "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn retries_draw_on_the_budget() {
    // Without backoff only the budget takes time.
    let policy = RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO);
    let retries = |outcome: fn() -> SendResult, timeout: u64| {
        let policy = policy.clone();
        async move {
            let layer = RetrySettings { timeout: Duration::from_secs(timeout), ..settings(policy) };
            let layer = Retry::new(layer, Script::new(move |_, _| outcome()));
            layer.set_connected();
            let start = Instant::now();
            let _ = send(&layer, read()).await;
            (layer.inner.calls().len() - 1, start.elapsed())
        }
    };
    let (count, _) = retries(|| response(503, ""), 10).await;
    assert!((195..=200).contains(&count), "a hundred, and ten a second: {count}");
    let (count, time) = retries(|| error_response(503, "Vault is sealed"), 10).await;
    assert_eq!((count, time), (2, Duration::ZERO));

    // With an empty budget, a transient error waits, and one that is likely to last does not.
    let layer = settings(policy.clone());
    let layer = Retry::new(layer, Script::new(|_, _| error_response(503, "Vault is sealed")));
    let now = Instant::now();
    while layer.budget.withdraw(now).is_ok() {}
    let start = Instant::now();
    send(&layer, read()).await.unwrap();
    assert_eq!((layer.inner.calls().len(), start.elapsed()), (1, Duration::ZERO));

    let script = Script::new(|number, _| if number == 1 { success() } else { response(503, "") });
    let layer = Retry::new(settings(policy.clone()), script);
    let now = Instant::now();
    while layer.budget.withdraw(now).is_ok() {}
    let start = Instant::now();
    assert!(send(&layer, read()).await.unwrap().status().is_success());
    assert!(start.elapsed() >= Duration::from_millis(99), "{:?}", start.elapsed());
    // The success has refilled one.
    let now = Instant::now();
    assert!(layer.budget.withdraw(now).is_ok() && layer.budget.withdraw(now).is_err());

    // The wait must not exceed the deadline.
    let layer = RetrySettings { timeout: Duration::from_millis(60), ..settings(policy) };
    let layer = Retry::new(layer, Script::new(|_, _| response(503, "")));
    let now = Instant::now();
    while layer.budget.withdraw(now).is_ok() {}
    send(&layer, read()).await.unwrap();
    assert_eq!((layer.inner.calls().len(), now.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_success_after_retries_lists_the_failed_attempts() {
    let layer = retrying(Script::new(|number, _| match number {
        0 => failure(Interrupted),
        1 => failure(NotSent),
        _ => success(),
    }));
    let response = send(&layer, update()).await.unwrap();
    let attempts = response.extensions().get::<Attempts>().unwrap();
    assert_eq!(attempts.as_slice().len(), 2);
    assert!(attempts.any_in_doubt() && !attempts.is_not_forwarded());
    assert!(attempts.as_slice().iter().all(|attempt| attempt.node == "127.0.0.1:1"));
    let layer = retrying(Script::new(|_, _| success()));
    let response = send(&layer, update()).await.unwrap();
    assert!(response.extensions().get::<Attempts>().is_none());
    layer.reset_connections();
    assert_eq!(layer.inner.resets(), 1);
    let layer = retrying(Script::new(|_, _| error_response(503, "Vault is sealed")));
    let response = send(&layer, not_forwarded(unnamed())).await.unwrap();
    assert!(response.extensions().get::<Attempts>().unwrap().is_not_forwarded());
}

#[tokio::test(start_paused = true)]
async fn settings_are_applied() {
    let layer = Retry::new(settings(RetryPolicy::off()), Script::new(|_, _| response(503, "")));
    send(&layer, read()).await.unwrap();
    assert_eq!(layer.inner.calls().len(), 1);

    let attempt_timeout = Duration::from_secs(3);
    let quick = RetrySettings { attempt_timeout, ..settings(RetryPolicy::new().max_retries(1)) };
    let silent = Script::late(|_, _| (Duration::from_secs(3600), success()));
    let layer = Retry::new(quick, silent);
    let start = Instant::now();
    assert_eq!(send(&layer, read()).await.unwrap_err().kind(), Timeout);
    assert!((6..7).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!((layer.inner.calls().len(), layer.timeout()), (2, Duration::from_secs(60)));
}

/// Returns `true` if the result reports that an earlier attempt may have been applied.
fn reports_doubt(outcome: &SendResult) -> bool {
    match outcome {
        Ok(response) => response.extensions().get().is_some_and(Attempts::any_in_doubt),
        Err(error) => error.attempts().any_in_doubt(),
    }
}

/// Marks the request as in doubt, as the inner layers do.
struct Doubting(fn() -> SendResult);

impl Exchange for Doubting {
    async fn exchange(&self, request: &mut Request<Bytes>, _: &Call) -> SendResult {
        attempts(request).mark_in_doubt();
        (self.0)()
    }

    fn reset_connections(&self) {}
}

#[tokio::test(start_paused = true)]
async fn the_doubt_of_inner_layers_is_not_lost() {
    let outcomes: [fn() -> SendResult; 4] =
        [success, || error_response(403, "permission denied"), || failure(Other), || failure(NotSent)];
    for outcome in outcomes {
        let layer = Retry::new(settings(RetryPolicy::off()), Doubting(outcome));
        assert!(reports_doubt(&layer.exchange(&mut update(), &Call::UNLIMITED).await));
    }
}

/// A transport inside this layer may have retries of its own.
#[tokio::test(start_paused = true)]
async fn the_doubt_of_a_result_is_not_lost() {
    let layer = at_most(1, Script::new(|_, _| mark_in_doubt(failure(NotSent))));
    assert!(reports_doubt(&send(&layer, update()).await));
    assert_eq!(layer.inner.calls().len(), 2);
    let layer = at_most(1, Script::new(|_, _| mark_in_doubt(failure(NotSent))));
    assert!(reports_doubt(&send(&layer, unnamed()).await));
    assert_eq!(layer.inner.calls().len(), 1);
    let layer = at_most(
        1,
        Script::new(|number, _| match number {
            0 => mark_in_doubt(response(503, "")),
            _ => error_response(403, "permission denied"),
        }),
    );
    assert!(reports_doubt(&send(&layer, update()).await));
}
