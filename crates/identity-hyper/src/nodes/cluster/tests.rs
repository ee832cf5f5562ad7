use super::Connections::{Keep, Reset};
use super::NodeFailure::{Down, Unresponsive};
use super::*;

#[test]
fn a_second_leader_counts_once_the_first_has_denied_it() {
    let nodes = ["http://127.0.0.1:1", "http://127.0.0.1:2"].map(|address| Node::new(address).unwrap());
    let cluster = Cluster::new(nodes.into(), ReadPreference::LeaderPreferred);
    let leader_and_down = || (cluster.preferred(false), cluster.is_down(0), cluster.is_down(1));
    cluster.on_leader_claim(0);
    cluster.on_leader_claim(1);
    assert_eq!(leader_and_down(), (0, false, true));
    cluster.on_leader_claim(0);
    assert_eq!(leader_and_down(), (0, false, true));
    let _ = cluster.on_follower(0);
    cluster.on_leader_claim(1);
    assert_eq!(leader_and_down(), (1, false, false));
    let _ = cluster.record(1, Some(Unresponsive));
    cluster.on_leader_claim(0);
    assert_eq!(leader_and_down(), (0, false, true));
    let _ = cluster.on_follower(1);
    let _ = cluster.record(1, None);
    assert_eq!(leader_and_down(), (0, false, false));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_stays_unreachable_is_reached_through_others() {
    let nodes = ["http://127.0.0.1:1", "http://127.0.0.1:2"].map(|address| Node::new(address).unwrap());
    let cluster = Cluster::new(nodes.into(), ReadPreference::LeaderPreferred);
    cluster.on_unreachable_leader(1);
    assert!(!cluster.is_leader_unreachable(), "it is healthy");
    let _ = cluster.record(1, Some(Down));
    cluster.on_unreachable_leader(1);
    tokio::time::advance(ELECTION_TIMEOUT).await;
    cluster.on_unreachable_leader(1);
    assert!(!cluster.is_leader_unreachable(), "the others may not know yet");
    tokio::time::advance(Duration::from_secs(1)).await;
    cluster.on_unreachable_leader(1);
    assert!(cluster.is_leader_unreachable());
    let _ = cluster.record(1, None);
    cluster.on_leader_claim(1);
    assert!(!cluster.is_leader_unreachable());
}

fn cluster(addresses: &[&str], reads: ReadPreference) -> Cluster {
    Cluster::new(addresses.iter().map(|address| Node::new(address).unwrap()).collect(), reads)
}

fn pair() -> Cluster {
    cluster(&["http://127.0.0.1:1", "http://127.0.0.1:2"], ReadPreference::LeaderPreferred)
}

fn request(uri: &str) -> Request<Bytes> {
    Request::builder().uri(uri).header(HOST, "old").body(Bytes::new()).unwrap()
}

#[test]
fn a_node_is_known_by_its_scheme_host_port_and_path() {
    let cluster =
        cluster(&["https://vault.test", "https://gateway.test:8200/team/a"], ReadPreference::LeaderPreferred);
    for (uri, expected) in [
        ("https://vault.test/v1/x", true),
        ("https://VAULT.test:443/v1/x", true),
        ("https://vault.test:8443/v1/x", false),
        ("http://vault.test/v1/x", false),
        ("http://vault.test:443/v1/x", false),
        ("https://other.test/v1/x", false),
        ("https://vault.test/team/v1/x", false),
        ("https://vault.test/v2/x", false),
        ("https://gateway.test:8200/team/a/v1/x", true),
        ("https://gateway.test:8200/team/b/v1/x", false),
        ("https://gateway.test:8200/v1/x", false),
        ("https://gateway.test/team/a/v1/x", false),
    ] {
        assert_eq!(cluster.has(&uri.parse().unwrap()), expected, "{uri}");
    }
    assert_eq!(cluster.len(), 2);
    assert!(cluster.has_choice());
}

#[test]
fn an_invalid_address_is_rejected() {
    for address in ["", "vault.test", "ftp://vault.test", "https://user@vault.test", "https://"] {
        Node::new(address).unwrap_err();
    }
    assert_eq!(Node::new("https://vault.test/a/b/").unwrap().base, "/a/b");
    assert_eq!(Node::new("https://vault.test").unwrap().base, "");
}

#[test]
fn a_node_is_selected_of_several_or_if_it_has_to_lead() {
    for (count, reads, expected) in [
        (0, ReadPreference::LeaderPreferred, false),
        (1, ReadPreference::LeaderPreferred, false),
        (1, ReadPreference::LeaderOnly, true),
        (2, ReadPreference::FirstHealthy, true),
    ] {
        let addresses = ["http://127.0.0.1:1", "http://127.0.0.1:2"];
        assert_eq!(cluster(&addresses[..count], reads).has_choice(), expected, "{count} {reads:?}");
    }
}

#[test]
fn a_request_is_rewritten_for_the_node_that_it_goes_to() {
    let cluster = cluster(
        &[
            "http://127.0.0.1:1",
            "https://gateway.test/team/a",
            "unix:///run/agent.sock",
            "http://127.0.0.1:4",
        ],
        ReadPreference::LeaderPreferred,
    );
    let directed = |uri: &str, index| {
        let mut request = request(uri);
        cluster.rewrite_uri(&mut request, index);
        let host = request.headers().get(HOST).map(|host| host.to_str().unwrap().to_owned());
        (request.uri().to_string(), host)
    };
    let host = |host: &str| Some(host.to_owned());
    let plain = "http://127.0.0.1:1/v1/identity/x?list=true";
    assert_eq!(directed(plain, 0), (plain.to_owned(), host("old")), "it stays as it is");
    assert_eq!(directed(plain, 1), ("https://gateway.test/team/a/v1/identity/x?list=true".to_owned(), None));
    let socket = "unix://2f72756e2f6167656e742e736f636b/v1/identity/x?list=true";
    assert_eq!(directed(plain, 2), (socket.to_owned(), host("localhost")));
    assert_eq!(directed(plain, 3), ("http://127.0.0.1:4/v1/identity/x?list=true".to_owned(), None));
    assert_eq!(directed("https://gateway.test/team/a/v1/x", 0), ("http://127.0.0.1:1/v1/x".to_owned(), None));
    assert_eq!(directed("https://gateway.test/team/a/v1/team/a", 3).0, "http://127.0.0.1:4/v1/team/a");
}

#[test]
fn the_result_of_a_request_decides_whether_connections_are_reset() {
    let cluster = pair();
    assert_eq!(cluster.record(0, None), Keep);
    assert!(!cluster.is_down(0));
    assert_eq!(cluster.record(0, Some(Down)), Keep, "it does not lead");
    assert!(cluster.is_down(0));
    assert_eq!(cluster.record(0, Some(Unresponsive)), Reset, "it is unresponsive");
    assert_eq!(cluster.record(0, None), Keep);
    assert!(!cluster.is_down(0));
    cluster.on_leader_claim(1);
    assert_eq!(cluster.record(1, Some(Down)), Reset, "it has led");
    assert_eq!(cluster.record(1, Some(Down)), Keep, "no longer");
    assert_eq!(cluster.preferred(false), 0);
}

#[test]
fn a_node_can_lead_follow_or_be_suspect() {
    let cluster = pair();
    let leader = |uri: &str| cluster.is_leader(&uri.parse().unwrap());
    assert_eq!(cluster.confirm_leader(1), Keep, "no node has led before");
    assert!(leader("http://127.0.0.1:2/v1/x") && !leader("http://127.0.0.1:1/v1/x"));
    assert_eq!(cluster.confirm_leader(1), Keep, "it leads already");
    cluster.set_leader_unreachable();
    assert_eq!(cluster.confirm_leader(0), Reset, "another node has led");
    assert!(!cluster.is_leader_unreachable());
    assert_eq!([1, 0, 0].map(|index| cluster.on_follower(index)), [Keep, Reset, Keep]);
    assert!(!leader("http://127.0.0.1:1/v1/x"));

    cluster.on_leader_claim(1);
    cluster.suspect(0);
    assert!(cluster.is_down(0) && leader("http://127.0.0.1:2/v1/x"));
    cluster.suspect(1);
    assert!(cluster.is_down(1) && !leader("http://127.0.0.1:2/v1/x"));

    // Only a claim that counts makes the leader reachable again.
    cluster.set_leader_unreachable();
    cluster.on_leader_claim(0);
    assert!(!cluster.is_leader_unreachable());
    cluster.set_leader_unreachable();
    cluster.on_leader_claim(1);
    assert!(cluster.is_leader_unreachable());
}

#[test]
fn a_redirect_leads_to_a_node_of_its_scheme_and_authority() {
    let cluster = cluster(&["https://vault.test", "http://127.0.0.1:2"], ReadPreference::LeaderPreferred);
    for (location, expected) in [
        ("https://vault.test:443/v1/x", Some(0)),
        ("http://127.0.0.1:2/v1/x", Some(1)),
        ("https://127.0.0.1:2/v1/x", None),
        ("http://127.0.0.1:3/v1/x", None),
    ] {
        let request = Request::builder().uri("http://requested.test/v1/x").body(Bytes::new()).unwrap();
        let response = crate::script::redirect(location).unwrap();
        let redirect = Redirect::read(&request, &response).unwrap();
        assert_eq!(cluster.find_redirect(&redirect), expected, "{location}");
    }
}

#[test]
fn a_rotation_has_all_nodes() {
    let cluster =
        cluster(&["http://a.test", "http://b.test", "http://c.test"], ReadPreference::LeaderPreferred);
    assert_eq!(cluster.rotation_from(2).collect::<Vec<_>>(), [2, 0, 1]);
    assert_eq!(cluster.rotation_from(0).collect::<Vec<_>>(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn nodes_are_probed_more_often_while_one_is_down() {
    let advance = |millis| tokio::time::advance(Duration::from_millis(millis));
    let is_due = |cluster: &Cluster| cluster.take_probe_slot(Instant::now()) == Probe::Due;
    let nodes = pair();
    assert!(is_due(&nodes), "at the first call");
    assert!(!is_due(&nodes), "once");
    advance(999).await;
    assert!(!is_due(&nodes), "no leader is known: each second");
    advance(1).await;
    assert!(is_due(&nodes));
    nodes.on_leader_claim(0);
    advance(1000).await;
    assert!(is_due(&nodes));
    advance(29_999).await;
    assert!(!is_due(&nodes), "all are healthy: every 30 seconds");
    advance(1).await;
    assert!(is_due(&nodes));

    let _ = nodes.record(1, Some(Down));
    assert!(is_due(&nodes), "a node has failed: at once");
    advance(999).await;
    let _ = nodes.record(1, Some(Down));
    assert!(!is_due(&nodes), "that is known");
    advance(1).await;
    assert!(is_due(&nodes));
    let _ = nodes.record(0, Some(Down));
    assert!(is_due(&nodes), "the leader has failed");
    let _ = nodes.record(0, None);
    let _ = nodes.record(1, None);
    nodes.on_leader_claim(0);
    advance(1000).await;
    assert!(is_due(&nodes));
    nodes.on_leader_claim(1);
    assert!(is_due(&nodes), "a second leader: at once");
    nodes.on_leader_claim(1);
    assert!(!is_due(&nodes), "that is known");
    let _ = nodes.on_follower(1);
    assert!(!is_due(&nodes), "it has not led");
    let _ = nodes.on_follower(0);
    assert!(is_due(&nodes), "the leader has none");
    let _ = nodes.record(1, None);
    nodes.on_leader_claim(0);
    advance(1000).await;
    assert!(is_due(&nodes));
    nodes.suspect(1);
    assert!(!is_due(&nodes), "the probe is delayed");
    advance(999).await;
    assert!(!is_due(&nodes));
    advance(1).await;
    assert!(is_due(&nodes));

    let strict = cluster(&["http://127.0.0.1:1"], ReadPreference::LeaderOnly);
    strict.on_leader_claim(0);
    assert!(is_due(&strict));
    advance(999).await;
    assert!(!is_due(&strict));
    advance(1).await;
    assert!(is_due(&strict), "strict reads need a probe each second");
}

#[test]
fn only_strict_reads_need_a_leader() {
    for (reads, is_read, needs) in [
        (ReadPreference::LeaderOnly, true, true),
        (ReadPreference::LeaderOnly, false, false),
        (ReadPreference::LeaderPreferred, true, false),
        (ReadPreference::RoundRobin, true, false),
    ] {
        let cluster = cluster(&["http://127.0.0.1:1", "http://127.0.0.1:2"], reads);
        assert_eq!(cluster.needs_leader(is_read), needs);
        assert_eq!(cluster.lacks_leader(is_read), needs);
        cluster.on_leader_claim(0);
        assert!(!cluster.lacks_leader(is_read));
    }
}

/// The token of a cluster that uses TLS is never sent unencrypted.
#[tokio::test(start_paused = true)]
async fn a_call_to_another_server_is_as_encrypted() {
    use crate::exchange::{Call, Exchange};
    use crate::nodes::Nodes;
    use crate::redirect::RedirectPolicy;
    use crate::script::{Script, success};

    for (scheme, uri, is_sent) in [
        ("https", "http://10.0.0.1/v1/x", false),
        ("https", "https://10.0.0.1/v1/x", true),
        ("https", "http://127.0.0.1:9/v1/x", true),
        ("http", "http://10.0.0.1/v1/x", true),
    ] {
        let addresses = ["a.test", "b.test"].map(|host| format!("{scheme}://{host}"));
        let cluster = cluster(&addresses.each_ref().map(String::as_str), ReadPreference::LeaderPreferred);
        assert_eq!(cluster.is_encrypted(), scheme == "https");
        let script = Script::new(|_, _| success());
        let nodes = Nodes::new(cluster, RedirectPolicy::Nodes, Duration::from_secs(5), script);
        match nodes.exchange(&mut request(uri), &Call::UNLIMITED).await {
            Ok(_) => assert!(is_sent, "{scheme} {uri}"),
            Err(error) => assert!(!is_sent && error.is_permanent(), "{scheme} {uri}: {error}"),
        }
    }
}
