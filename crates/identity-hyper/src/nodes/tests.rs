use identity_core::transport::Attempts;
use identity_core::transport::TransportErrorKind::{Interrupted, NotSent, Timeout};

use super::*;
use crate::script::{
    Script, Sent, error_response, failure, read, redirect, response, success, unnamed, update,
};

mod doubt;
mod redirects;

const SEALED: &str = "Vault is sealed";
const NOT_ACTIVE: &str = "local node not active but active cluster node not found";

/// Returns nodes at the ports 1, 2 and so on.
fn cluster(count: usize, reads: ReadPreference) -> Cluster {
    let node = |port| Node::new(&format!("http://127.0.0.1:{port}")).unwrap();
    Cluster::new((1..=count).map(node).collect(), reads)
}

fn nodes_with(count: usize, reads: ReadPreference, script: Script) -> Nodes<Script> {
    Nodes::new(cluster(count, reads), RedirectPolicy::Nodes, Duration::from_secs(5), script)
}

/// Returns the script of a cluster that the node at this port leads.
fn led_by(port: u16, respond: impl Fn(usize, &Sent) -> SendResult + Send + Sync + 'static) -> Script {
    Script::new(move |number, sent| match sent.is_probe() {
        true if sent.port() == port => response(200, ""),
        true => response(429, ""),
        false => respond(number, sent),
    })
}

async fn send(nodes: &Nodes<Script>, mut request: Request<Bytes>) -> SendResult {
    nodes.exchange(&mut request, &Call::UNLIMITED).await
}

/// Waits for the background probes.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(10)).await;
}

fn at(port: u16) -> String {
    format!("http://127.0.0.1:{port}/v1/identity/entity/id/e1")
}

fn status(outcome: &SendResult) -> u16 {
    outcome.as_ref().map_or(0, |response| response.status().as_u16())
}

#[tokio::test(start_paused = true)]
async fn calls_go_to_the_leader_once_it_is_known() {
    let nodes = nodes_with(3, ReadPreference::LeaderPreferred, led_by(3, |_, _| success()));
    send(&nodes, read()).await.unwrap();
    settle().await;
    for request in [read(), update(), unnamed()] {
        send(&nodes, request).await.unwrap();
    }
    assert_eq!(nodes.inner.ports(), [1, 3, 3, 3]);
    assert_eq!(nodes.inner.sent().iter().filter(|sent| sent.is_probe()).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn reads_follow_the_preference_and_writes_go_to_the_leader() {
    for (reads, expected) in [
        (ReadPreference::LeaderPreferred, [3, 3, 3, 3, 3, 3]),
        (ReadPreference::LeaderOnly, [3, 3, 3, 3, 3, 3]),
        (ReadPreference::FirstHealthy, [1, 1, 1, 1, 3, 3]),
        (ReadPreference::RoundRobin, [2, 3, 1, 2, 3, 3]),
    ] {
        let nodes = nodes_with(3, reads, led_by(3, |_, _| success()));
        send(&nodes, read()).await.unwrap();
        settle().await;
        for request in [read(), read(), read(), read(), update(), update()] {
            send(&nodes, request).await.unwrap();
        }
        assert_eq!(nodes.inner.ports()[1..], expected, "{reads:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_not_processed_goes_to_the_next_node() {
    for (outcome, write_goes_on) in [
        ((|| failure(NotSent)) as fn() -> SendResult, true),
        (|| error_response(503, SEALED), true),
        (|| error_response(503, "overloaded"), false),
        (|| error_response(500, NOT_ACTIVE), false),
        (|| failure(Interrupted), false),
        (|| failure(Timeout), false),
        (|| response(502, ""), false),
        (|| error_response(400, SEALED), false),
    ] {
        for request in [read(), update(), unnamed()] {
            let nodes = nodes_with(
                2,
                ReadPreference::LeaderPreferred,
                led_by(9, move |_, sent| match sent.port() {
                    1 => outcome(),
                    _ => success(),
                }),
            );
            let result = send(&nodes, request).await;
            let expected: &[u16] = if write_goes_on { &[1, 2] } else { &[1] };
            assert_eq!(nodes.inner.ports(), expected, "{result:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_nodes_are_tried_and_the_last_result_is_returned() {
    let script = led_by(9, |_, sent| match sent.port() {
        3 => error_response(503, SEALED),
        _ => failure(NotSent),
    });
    let nodes = nodes_with(3, ReadPreference::LeaderPreferred, script);
    let mut request = read();
    let outcome = nodes.exchange(&mut request, &Call::UNLIMITED).await;
    assert_eq!(status(&outcome), 503);
    assert_eq!(nodes.inner.ports(), [1, 2, 3]);
    let attempts = request.extensions().get::<Attempts>().unwrap();
    assert_eq!(attempts.as_slice().len(), 2, "an outer layer records the last one");
    assert!(!attempts.any_in_doubt());
    // They are down now, and tried again all the same.
    let outcome = send(&nodes, read()).await;
    assert_eq!(status(&outcome), 503);
    assert_eq!(nodes.inner.ports(), [1, 2, 3, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_node_is_tried_last_until_its_probe_succeeds() {
    let script = led_by(9, |number, sent| match (number, sent.port()) {
        (0, 1) => response(503, ""),
        _ => success(),
    });
    let nodes = nodes_with(2, ReadPreference::FirstHealthy, script);
    send(&nodes, read()).await.unwrap();
    assert!(nodes.cluster.is_down(0));
    send(&nodes, read()).await.unwrap();
    assert_eq!(nodes.inner.ports(), [1, 2]);
    settle().await;
    assert!(!nodes.cluster.is_down(0), "it was probed at once");
    send(&nodes, read()).await.unwrap();
    assert_eq!(nodes.inner.ports(), [1, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn each_result_reports_whether_the_node_has_failed() {
    for (outcome, expected) in [
        (success(), None),
        (response(404, ""), None),
        (error_response(400, NOT_ACTIVE), None),
        (error_response(500, "internal error"), None),
        (error_response(500, &format!("invalid entity ID \"{NOT_ACTIVE}\"")), None),
        (response(501, ""), None),
        (error_response(500, NOT_ACTIVE), Some(NodeFailure::Down)),
        (response(502, ""), Some(NodeFailure::Down)),
        (response(503, ""), Some(NodeFailure::Down)),
        (response(504, ""), Some(NodeFailure::Down)),
        (response(505, ""), None),
        (failure(NotSent), Some(NodeFailure::Down)),
        (failure(Interrupted), Some(NodeFailure::Down)),
        (failure(Timeout), Some(NodeFailure::Unresponsive)),
        (failure(TransportErrorKind::ResponseTooLarge), None),
        (failure(TransportErrorKind::Other), None),
    ] {
        assert_eq!(node_failure(&outcome), expected, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn connections_are_reset_when_a_node_is_unresponsive_or_the_leader_fails() {
    for (known, outcome, resets) in [
        (false, (|| failure(Timeout)) as fn() -> SendResult, 1),
        (false, || failure(Interrupted), 0),
        (true, || failure(Interrupted), 1),
        (true, || response(500, ""), 0),
    ] {
        let script = led_by(
            if known { 1 } else { 9 },
            move |number, _| if number == 0 { success() } else { outcome() },
        );
        let nodes = nodes_with(2, ReadPreference::LeaderPreferred, script);
        send(&nodes, read()).await.unwrap();
        settle().await;
        let _ = send(&nodes, read()).await;
        assert_eq!(nodes.inner.resets(), resets, "{known}");
    }
    let nodes = nodes_with(2, ReadPreference::LeaderPreferred, led_by(1, |_, _| success()));
    nodes.reset_connections();
    assert_eq!(nodes.inner.resets(), 1);
}

#[tokio::test(start_paused = true)]
async fn writes_are_not_forwarded_unless_the_leader_is_unreachable() {
    let forbidden =
        |nodes: &Nodes<Script>| nodes.inner.calls().iter().map(is_forbidden).collect::<Vec<bool>>();
    let nodes_of = |redirects| {
        Nodes::new(
            cluster(2, ReadPreference::LeaderPreferred),
            redirects,
            Duration::from_secs(5),
            led_by(1, |_, _| success()),
        )
    };
    let nodes = nodes_of(RedirectPolicy::Nodes);
    for request in [read(), update(), unnamed()] {
        send(&nodes, request).await.unwrap();
    }
    nodes.cluster.set_leader_unreachable();
    let mut request = update();
    request.headers_mut().insert(NO_FORWARDING, HeaderValue::from_static("true"));
    send(&nodes, request).await.unwrap();
    assert_eq!(forbidden(&nodes), [false, true, true, false]);
    for redirects in [RedirectPolicy::SameOrigin, RedirectPolicy::Never] {
        let nodes = nodes_of(redirects);
        send(&nodes, update()).await.unwrap();
        assert_eq!(forbidden(&nodes), [false]);
    }
}

fn is_forbidden(sent: &Sent) -> bool {
    sent.headers.contains_key(NO_FORWARDING)
}

#[tokio::test(start_paused = true)]
async fn a_sealed_standby_that_may_have_forwarded_ends_an_unnamed_create() {
    let script = || {
        led_by(9, |_, sent| match sent.port() {
            1 => error_response(503, SEALED),
            _ => success(),
        })
    };
    let unreachable_leader = || {
        let nodes = nodes_with(2, ReadPreference::LeaderPreferred, script());
        nodes.cluster.set_leader_unreachable();
        nodes
    };
    let nodes = unreachable_leader();
    assert_eq!(status(&send(&nodes, unnamed()).await), 503);
    assert_eq!(nodes.inner.ports(), [1]);
    let nodes = unreachable_leader();
    let mut request = update();
    nodes.exchange(&mut request, &Call::UNLIMITED).await.unwrap();
    assert_eq!(nodes.inner.ports(), [1, 2]);
    assert!(request.extensions().get::<Attempts>().unwrap().any_in_doubt());
    let nodes = unreachable_leader();
    let mut request = read();
    nodes.exchange(&mut request, &Call::UNLIMITED).await.unwrap();
    assert!(!request.extensions().get::<Attempts>().unwrap().any_in_doubt());
}

#[tokio::test(start_paused = true)]
async fn requests_to_other_addresses_and_a_single_one_are_unchanged() {
    let nodes_of = |count| {
        nodes_with(count, ReadPreference::LeaderPreferred, led_by(1, |_, _| error_response(503, SEALED)))
    };
    let nodes = nodes_of(1);
    send(&nodes, update()).await.unwrap();
    assert_eq!(nodes.inner.sent().len(), 1);
    assert!(!is_forbidden(&nodes.inner.calls()[0]));
    let nodes = nodes_of(2);
    let mut request = update();
    *request.uri_mut() = "http://127.0.0.1:7/v1/x".parse().unwrap();
    send(&nodes, request).await.unwrap();
    assert_eq!(nodes.inner.ports(), [7]);
    assert!(!is_forbidden(&nodes.inner.calls()[0]));
    // A single node is probed if it has to lead.
    let nodes = nodes_with(1, ReadPreference::LeaderOnly, led_by(1, |_, _| success()));
    send(&nodes, read()).await.unwrap();
    assert_eq!(nodes.inner.sent().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn leader_only_reads_wait_for_a_leader() {
    let nobody = nodes_with(2, ReadPreference::LeaderOnly, led_by(9, |_, _| success()));
    let error = send(&nobody, read()).await.unwrap_err();
    assert_eq!(error.kind(), NotSent);
    assert!(nobody.inner.ports().is_empty());
    send(&nobody, update()).await.unwrap();
    assert_eq!(nobody.inner.ports(), [1]);

    let led = nodes_with(2, ReadPreference::LeaderOnly, led_by(2, |_, _| success()));
    let probes = |nodes: &Nodes<Script>| nodes.inner.sent().iter().filter(|sent| sent.is_probe()).count();
    send(&led, read()).await.unwrap();
    assert_eq!((led.inner.ports(), probes(&led)), (vec![2], 2));
    send(&led, read()).await.unwrap();
    assert_eq!(probes(&led), 2, "it was confirmed within the last second");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    send(&led, read()).await.unwrap();
    assert_eq!((led.inner.ports(), probes(&led)), (vec![2, 2, 2], 4));

    // If the leader fails meanwhile, no other node is tried.
    let lost = nodes_with(2, ReadPreference::LeaderOnly, led_by(1, |_, _| failure(NotSent)));
    send(&lost, read()).await.unwrap_err();
    assert_eq!(lost.inner.ports(), [1]);
}

/// A resumed leader may serve its old state, after half a second or more.
#[tokio::test(start_paused = true)]
async fn a_slow_404_is_confirmed_by_another_node_if_an_index_is_known() {
    let absent = || response(404, r#"{"errors":[]}"#);
    for (delay, index, method, expected) in [
        (500, true, read as fn() -> Request<Bytes>, vec![1, 2]),
        (499, true, read, vec![1]),
        (500, false, read, vec![1]),
        (500, true, update, vec![1]),
    ] {
        let script = Script::late(move |_, sent| match (sent.is_probe(), sent.port()) {
            (true, _) => (Duration::ZERO, response(429, "")),
            (false, 1) => (Duration::from_millis(delay), absent()),
            (false, _) => (Duration::ZERO, success()),
        });
        let nodes = nodes_with(2, ReadPreference::LeaderPreferred, script);
        let mut request = method();
        if index {
            request.headers_mut().insert(INDEX, HeaderValue::from_static("x"));
        }
        let call = Call::within(Duration::from_secs(9), Duration::from_secs(9));
        let outcome = nodes.exchange(&mut request, &call).await;
        assert_eq!(nodes.inner.ports(), expected, "{delay} {index}");
        assert_eq!(status(&outcome) == 204, expected.len() == 2);
        assert_eq!(nodes.cluster.is_down(0), expected.len() == 2);
    }
    // The time starts again at each node.
    let script = Script::late(move |_, sent| match (sent.is_probe(), sent.port()) {
        (true, _) => (Duration::ZERO, response(429, "")),
        (false, 1) => (Duration::from_millis(600), absent()),
        (false, _) => (Duration::from_millis(300), absent()),
    });
    let nodes = nodes_with(3, ReadPreference::LeaderPreferred, script);
    let mut request = read();
    request.headers_mut().insert(INDEX, HeaderValue::from_static("x"));
    let call = Call::within(Duration::from_secs(9), Duration::from_secs(9));
    assert_eq!(status(&nodes.exchange(&mut request, &call).await), 404);
    assert_eq!(nodes.inner.ports(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn health_lists_the_state_of_each_node() {
    use identity_core::transport::NodeState::{
        self, Leader, Sealed, Secondary, Standby, Uninitialized, Unknown, Unreachable,
    };

    let script = Script::late(|_, sent| {
        let delay = if sent.port() == 4 { Duration::from_secs(60) } else { Duration::ZERO };
        let statuses = [200, 429, 503, 200, 501, 472, 473, 418];
        (delay, response(statuses[usize::from(sent.port()) - 1], ""))
    });
    let nodes = nodes_with(8, ReadPreference::LeaderPreferred, script);
    let start = tokio::time::Instant::now();
    let states: Vec<NodeState> = nodes.health().await.into_iter().map(|health| health.state).collect();
    assert_eq!(states, [Leader, Standby, Sealed, Unreachable, Uninitialized, Secondary, Standby, Unknown]);
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    let down: Vec<bool> = (0..8).map(|node| nodes.cluster.is_down(node)).collect();
    assert_eq!(down, [false, false, true, true, true, true, false, false]);
    assert!(nodes.cluster.is_leader(&at(1).parse().unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_write_is_confirmed_by_another_node() {
    for (request, expected) in [(update as fn() -> Request<Bytes>, vec![1, 2, 1]), (read, vec![1, 1, 1])] {
        let nodes = nodes_with(3, ReadPreference::LeaderPreferred, led_by(1, |_, _| success()));
        send(&nodes, request()).await.unwrap();
        let mut confirmation = request();
        confirmation.extensions_mut().insert(PreferOtherNode);
        send(&nodes, confirmation).await.unwrap();
        send(&nodes, request()).await.unwrap();
        assert_eq!(nodes.inner.ports(), expected);
    }
}
