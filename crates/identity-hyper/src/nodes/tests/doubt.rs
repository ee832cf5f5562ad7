use super::*;

/// The first node found nothing to do, which may be right.
#[tokio::test(start_paused = true)]
async fn a_late_response_that_is_not_confirmed_leaves_a_write_in_doubt() {
    for (request, in_doubt) in [(update(), true), (read(), false)] {
        let script = Script::late(|_, sent| match sent.port() {
            _ if sent.is_probe() => (Duration::ZERO, response(429, "")),
            1 => (UNRESPONSIVE_AFTER, success()),
            _ => (Duration::ZERO, failure(NotSent)),
        });
        let nodes = nodes_with(2, ReadPreference::LeaderPreferred, script);
        let mut request = request;
        request.headers_mut().insert(INDEX, "any".parse().unwrap());
        let call = Call::within(UNRESPONSIVE_AFTER * 2, UNRESPONSIVE_AFTER * 2);
        nodes.exchange(&mut request, &call).await.unwrap_err();
        assert_eq!(nodes.inner.ports(), [1, 2]);
        assert_eq!(attempts(&mut request).any_in_doubt(), in_doubt);
    }
}
