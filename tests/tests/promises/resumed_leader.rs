//! A leader that was suspended and resumes: it applies forwarded writes late, and serves stale reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use identity_tests::faulty::{Faulty, Received, Response};
use vault_identity::Client;
use vault_identity::entity::{CreateEntity, WriteEntityByName};
use vault_identity::transport::{HyperTransportBuilder, ReadPreference, RedirectPolicy};

use crate::consistency::index;
use crate::support::{ENTITY, client_with, retrying};

const NO_FORWARDING: &str = "x-vault-no-request-forwarding";

fn is_probe(request: &Received) -> bool {
    request.path() == "/v1/sys/health"
}

fn cluster(nodes: &[&Faulty], transport: HyperTransportBuilder) -> Client {
    client_with(nodes[0], transport.addresses(nodes.iter().map(|node| node.url())).unwrap())
}

/// Returns the method of each request but probes, and whether it forbids forwarding.
fn forwarding_forbidden(node: &Faulty) -> Vec<(String, bool)> {
    let requests = node.requests().into_iter().filter(|request| !is_probe(request));
    requests.map(|request| (request.method().to_owned(), request.header(NO_FORWARDING).is_some())).collect()
}

/// Starts a leader or a standby, which responds to probes with this status.
fn node(status: u16) -> Faulty {
    Faulty::start(
        move |_, request| {
            if is_probe(request) { Response::status(status) } else { Response::json(200, ENTITY) }
        },
    )
}

async fn call_all(client: &Client) {
    client.entities().read("e1").await.unwrap();
    let _ = client.entities().create(&CreateEntity::named("alice")).await.unwrap();
    let _ = client.entities().create(&CreateEntity::unnamed()).await.unwrap();
    client.entities().delete("e1").await.unwrap();
}

#[tokio::test]
async fn writes_forbid_forwarding() {
    let requests =
        |list: [(&str, bool); 4]| list.map(|(method, forbidden)| (method.to_owned(), forbidden)).to_vec();
    let (leader, standby) = (node(200), node(429));
    call_all(&cluster(&[&leader, &standby], retrying())).await;
    let expected = requests([("GET", false), ("POST", true), ("POST", true), ("DELETE", true)]);
    assert_eq!(forwarding_forbidden(&leader), expected);

    // A single node may forward.
    let allowed = requests([("GET", false), ("POST", false), ("POST", false), ("DELETE", false)]);
    let alone = node(200);
    call_all(&client_with(&alone, retrying())).await;
    assert_eq!(forwarding_forbidden(&alone), allowed);
    for redirects in [RedirectPolicy::Never, RedirectPolicy::SameOrigin] {
        let (leader, standby) = (node(200), node(429));
        call_all(&cluster(&[&leader, &standby], retrying().redirect_policy(redirects))).await;
        assert_eq!(forwarding_forbidden(&leader), allowed, "{redirects:?}");
    }
}

/// As when only a load balancer and a standby can be reached, or when the nodes know each other by other
/// addresses.
#[tokio::test]
async fn an_unlisted_leader_is_reached_through_a_standby() {
    let standby = || {
        Faulty::start(|_, request| match (is_probe(request), request.header(NO_FORWARDING)) {
            (true, _) => Response::status(429),
            (false, Some(_)) => {
                Response::redirect(307, &format!("http://elsewhere.example.com{}", request.path()))
            }
            (false, None) => Response::json(200, ENTITY),
        })
    };
    let (first, second) = (standby(), standby());
    let client = cluster(&[&first, &second], retrying());
    for _ in 0..3 {
        let write = WriteEntityByName::new("alice");
        assert!(client.entities().write_by_name(&write).await.unwrap().is_created());
    }
    let requests = [forwarding_forbidden(&first), forwarding_forbidden(&second)].concat();
    assert_eq!(
        requests.iter().filter(|(_, forbidden)| *forbidden).count(),
        1,
        "only the first was rejected: {requests:?}"
    );
}

/// As in a secondary cluster, whose writes the primary cluster applies.
#[tokio::test]
async fn a_leader_that_must_forward_may() {
    let address = Faulty::closed();
    let leader = Faulty::start_at(address, move |_, request| {
        match (is_probe(request), request.header(NO_FORWARDING)) {
            (true, _) => Response::status(200),
            (false, Some(_)) => Response::redirect(307, &format!("http://{address}{}", request.path())),
            (false, None) => Response::json(200, ENTITY),
        }
    });
    let standby = node(429);
    let client = cluster(&[&leader, &standby], retrying());
    let write = WriteEntityByName::new("alice");
    // The first call also probes the nodes.
    for _ in 0..3 {
        assert!(client.entities().write_by_name(&write).await.unwrap().is_created());
    }
    assert!(!forwarding_forbidden(&leader).last().unwrap().1);
}

/// A resumed leader serves stale reads until it notices that it was deposed.
#[tokio::test]
async fn a_404_of_a_suspect_node_is_confirmed_by_another() {
    let is_gone = Arc::new(AtomicBool::new(false));
    let gone = Arc::clone(&is_gone);
    let indexed = || Response::json(200, ENTITY).header("X-Vault-Index", &index(7));
    let resumed = Faulty::start(move |_, request| match (is_probe(request), gone.load(Ordering::SeqCst)) {
        (true, _) => Response::status(200),
        (false, false) => indexed(),
        (false, true) => Response::json(404, r#"{"errors":[]}"#).after(Duration::from_millis(600)),
    });
    let successor =
        Faulty::start(move |_, request| if is_probe(request) { Response::status(429) } else { indexed() });
    let client = cluster(&[&resumed, &successor], retrying().read_preference(ReadPreference::FirstHealthy));
    let find = async || client.entities().find("e1").await.unwrap();
    assert!(find().await.is_some());
    is_gone.store(true, Ordering::SeqCst);
    assert!(find().await.is_some(), "the successor responded");
    let reads = forwarding_forbidden(&resumed).len();
    assert!(find().await.is_some());
    assert_eq!(
        (forwarding_forbidden(&resumed).len(), forwarding_forbidden(&successor).len()),
        (reads, 2),
        "the resumed leader is not used for a moment"
    );

    // There is no other node.
    let alone = client_with(&resumed, retrying());
    alone.observe_tokens(client.consistency_tokens());
    assert!(alone.entities().find("e1").await.unwrap().is_none());
}
