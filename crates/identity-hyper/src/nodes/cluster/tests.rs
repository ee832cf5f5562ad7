use super::*;

#[test]
fn a_second_leader_is_not_believed_before_the_first_is_none() {
    let nodes = ["http://127.0.0.1:1", "http://127.0.0.1:2"].map(|address| Node::new(address).unwrap());
    let cluster = Cluster::new(nodes.into(), ReadPreference::LeaderPreferred);
    let leader_and_down = || (cluster.first(false), cluster.is_down(0), cluster.is_down(1));
    cluster.claim(0);
    cluster.claim(1);
    assert_eq!(leader_and_down(), (0, false, true));
    cluster.claim(0);
    assert_eq!(leader_and_down(), (0, false, true));
    cluster.follow(0);
    cluster.claim(1);
    assert_eq!(leader_and_down(), (1, false, false));
    cluster.learn(1, Trouble::Hung);
    cluster.claim(0);
    assert_eq!(leader_and_down(), (0, false, true));
    cluster.follow(1);
    cluster.learn(1, Trouble::None);
    assert_eq!(leader_and_down(), (0, false, false));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_stays_out_of_reach_is_reached_through_others() {
    let nodes = ["http://127.0.0.1:1", "http://127.0.0.1:2"].map(|address| Node::new(address).unwrap());
    let cluster = Cluster::new(nodes.into(), ReadPreference::LeaderPreferred);
    cluster.leads_unseen(1);
    assert!(!cluster.is_behind(), "it is well");
    cluster.learn(1, Trouble::Down);
    cluster.leads_unseen(1);
    tokio::time::advance(ELECTION).await;
    cluster.leads_unseen(1);
    assert!(!cluster.is_behind(), "the others may not know yet");
    tokio::time::advance(Duration::from_secs(1)).await;
    cluster.leads_unseen(1);
    assert!(cluster.is_behind());
    cluster.learn(1, Trouble::None);
    cluster.claim(1);
    assert!(!cluster.is_behind());
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
fn what_is_no_address_is_no_node() {
    for address in ["", "vault.test", "ftp://vault.test", "https://user@vault.test", "https://"] {
        Node::new(address).unwrap_err();
    }
    assert_eq!(Node::new("https://vault.test/a/b/").unwrap().base, "/a/b");
    assert_eq!(Node::new("https://vault.test").unwrap().base, "");
}

#[test]
fn there_is_a_choice_of_several_nodes_or_of_one_that_has_to_lead() {
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
        cluster.direct(&mut request, index);
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
fn the_outcome_of_a_request_says_whether_connections_are_to_be_reset() {
    let cluster = pair();
    assert!(!cluster.learn(0, Trouble::None) && !cluster.is_down(0));
    assert!(!cluster.learn(0, Trouble::Down), "it does not lead");
    assert!(cluster.is_down(0));
    assert!(cluster.learn(0, Trouble::Hung), "it hangs");
    assert!(!cluster.learn(0, Trouble::None) && !cluster.is_down(0));
    cluster.claim(1);
    assert!(cluster.learn(1, Trouble::Down), "it has led");
    assert!(!cluster.learn(1, Trouble::Down), "no longer");
    assert_eq!(cluster.first(false), 0);
}

#[test]
fn a_node_that_leads_follows_or_is_in_doubt() {
    let cluster = pair();
    let leader = |uri: &str| cluster.is_leader(&uri.parse().unwrap());
    assert!(!cluster.lead(1), "nobody has led before");
    assert!(leader("http://127.0.0.1:2/v1/x") && !leader("http://127.0.0.1:1/v1/x"));
    assert!(!cluster.lead(1), "it leads already");
    cluster.set_behind();
    assert!(cluster.lead(0), "another one has led");
    assert!(!cluster.is_behind());
    assert!(!cluster.follow(1));
    assert!(cluster.follow(0) && !cluster.follow(0));
    assert!(!leader("http://127.0.0.1:1/v1/x"));

    cluster.claim(1);
    cluster.doubt(0);
    assert!(cluster.is_down(0) && leader("http://127.0.0.1:2/v1/x"));
    cluster.doubt(1);
    assert!(cluster.is_down(1) && !leader("http://127.0.0.1:2/v1/x"));

    // A claim that is believed ends what was known of a leader out of reach, another one does not.
    cluster.set_behind();
    cluster.claim(0);
    assert!(!cluster.is_behind());
    cluster.set_behind();
    cluster.claim(1);
    assert!(cluster.is_behind());
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
        let request = Request::builder().uri("http://asked.test/v1/x").body(Bytes::new()).unwrap();
        let response = crate::script::redirect(location).unwrap();
        let redirect = Redirect::read(&request, &response).unwrap();
        assert_eq!(cluster.find_redirect(&redirect), expected, "{location}");
    }
}

#[test]
fn all_nodes_are_tried_from_the_first_one_on() {
    let cluster =
        cluster(&["http://a.test", "http://b.test", "http://c.test"], ReadPreference::LeaderPreferred);
    assert_eq!(cluster.from(2).collect::<Vec<_>>(), [2, 0, 1]);
    assert_eq!(cluster.from(0).collect::<Vec<_>>(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn nodes_are_probed_seldom_while_all_is_well_and_often_while_it_is_not() {
    let advance = |millis| tokio::time::advance(Duration::from_millis(millis));
    let is_due = |cluster: &Cluster| cluster.is_time_to_look(Instant::now());
    let nodes = pair();
    assert!(is_due(&nodes), "at the first call");
    assert!(!is_due(&nodes), "once");
    advance(999).await;
    assert!(!is_due(&nodes), "no leader is known: each second");
    advance(1).await;
    assert!(is_due(&nodes));
    nodes.claim(0);
    advance(1000).await;
    assert!(is_due(&nodes));
    advance(29_999).await;
    assert!(!is_due(&nodes), "all is well: every 30 seconds");
    advance(1).await;
    assert!(is_due(&nodes));

    nodes.learn(1, Trouble::Down);
    assert!(is_due(&nodes), "a node has failed: at once");
    advance(999).await;
    nodes.learn(1, Trouble::Down);
    assert!(!is_due(&nodes), "that is known");
    advance(1).await;
    assert!(is_due(&nodes));
    nodes.learn(0, Trouble::Down);
    assert!(is_due(&nodes), "the leader has failed");
    nodes.learn(0, Trouble::None);
    nodes.learn(1, Trouble::None);
    nodes.claim(0);
    advance(1000).await;
    assert!(is_due(&nodes));
    nodes.claim(1);
    assert!(is_due(&nodes), "a second leader: at once");
    nodes.claim(1);
    assert!(!is_due(&nodes), "that is known");
    nodes.follow(1);
    assert!(!is_due(&nodes), "it has not led");
    nodes.follow(0);
    assert!(is_due(&nodes), "the leader has none");
    nodes.learn(1, Trouble::None);
    nodes.claim(0);
    advance(1000).await;
    assert!(is_due(&nodes));
    nodes.doubt(1);
    assert!(!is_due(&nodes), "it is not asked before it knows better");
    advance(999).await;
    assert!(!is_due(&nodes));
    advance(1).await;
    assert!(is_due(&nodes));

    let strict = cluster(&["http://127.0.0.1:1"], ReadPreference::LeaderOnly);
    strict.claim(0);
    assert!(is_due(&strict));
    advance(999).await;
    assert!(!is_due(&strict));
    advance(1).await;
    assert!(is_due(&strict), "who has to lead is asked each second");
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
        cluster.claim(0);
        assert!(!cluster.lacks_leader(is_read));
    }
}

/// The token that a cluster gets over TLS does not leave it in clear.
#[tokio::test(start_paused = true)]
async fn a_call_to_another_server_is_not_less_encrypted() {
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
