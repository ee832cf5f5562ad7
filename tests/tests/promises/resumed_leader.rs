//! A leader that has hung and goes on: it carries out late what others had passed on to it, and answers from before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use identity_tests::faulty::{Answer, Faulty, Received};
use vault_identity::transport::{HyperTransportBuilder, ReadPreference, RedirectPolicy};
use vault_identity::{
    Client,
    entity::{CreateEntity, WriteEntityByName},
};

use crate::consistency::index;
use crate::support::{ENTITY, client_with, patient};

const NO_FORWARDING: &str = "x-vault-no-request-forwarding";

fn is_probe(request: &Received) -> bool {
    request.path() == "/v1/sys/health"
}

fn cluster(nodes: &[&Faulty], transport: HyperTransportBuilder) -> Client {
    client_with(nodes[0], transport.addresses(nodes.iter().map(|node| node.url())).unwrap())
}

/// Whether each request that was no probe was not to be passed on.
fn kept(node: &Faulty) -> Vec<(String, bool)> {
    let requests = node.requests().into_iter().filter(|request| !is_probe(request));
    requests.map(|request| (request.method().to_owned(), request.header(NO_FORWARDING).is_some())).collect()
}

/// As a standby, or a leader: it answers writes as both do, and probes with this status.
fn node(status: u16) -> Faulty {
    Faulty::start(
        move |_, request| {
            if is_probe(request) { Answer::status(status) } else { Answer::json(200, ENTITY) }
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
    let said = |list: [(&str, bool); 4]| list.map(|(method, kept)| (method.to_owned(), kept)).to_vec();
    let (leader, standby) = (node(200), node(429));
    call_all(&cluster(&[&leader, &standby], patient())).await;
    let expected = said([("GET", false), ("POST", true), ("POST", true), ("DELETE", true)]);
    assert_eq!(kept(&leader), expected);

    // Nobody else could be asked.
    let passed_on = said([("GET", false), ("POST", false), ("POST", false), ("DELETE", false)]);
    let alone = node(200);
    call_all(&client_with(&alone, patient())).await;
    assert_eq!(kept(&alone), passed_on);
    for redirects in [RedirectPolicy::Never, RedirectPolicy::SameOrigin] {
        let (leader, standby) = (node(200), node(429));
        call_all(&cluster(&[&leader, &standby], patient().redirect_policy(redirects))).await;
        assert_eq!(kept(&leader), passed_on, "{redirects:?}");
    }
}

/// As if only a load balancer and a standby could be reached, or nodes knew each other by other addresses.
#[tokio::test]
async fn an_unlisted_leader_is_reached_through_a_standby() {
    let standby = || {
        Faulty::start(|_, request| match (is_probe(request), request.header(NO_FORWARDING)) {
            (true, _) => Answer::status(429),
            (false, Some(_)) => {
                Answer::redirect(307, &format!("http://elsewhere.example.com{}", request.path()))
            }
            (false, None) => Answer::json(200, ENTITY),
        })
    };
    let (first, second) = (standby(), standby());
    let client = cluster(&[&first, &second], patient());
    for _ in 0..3 {
        let write = WriteEntityByName::new("alice");
        assert!(client.entities().write_by_name(&write).await.unwrap().is_created());
    }
    let asked = [kept(&first), kept(&second)].concat();
    assert_eq!(
        asked.iter().filter(|(_, kept)| *kept).count(),
        1,
        "only the first was turned away: {asked:?}"
    );
}

/// As if it led a cluster that follows another one, where writes are carried out.
#[tokio::test]
async fn a_leader_that_must_forward_may() {
    let address = Faulty::closed();
    let leader = Faulty::start_at(address, move |_, request| {
        match (is_probe(request), request.header(NO_FORWARDING)) {
            (true, _) => Answer::status(200),
            (false, Some(_)) => Answer::redirect(307, &format!("http://{address}{}", request.path())),
            (false, None) => Answer::json(200, ENTITY),
        }
    });
    let standby = node(429);
    let client = cluster(&[&leader, &standby], patient());
    let write = WriteEntityByName::new("alice");
    // With the first call the nodes are asked how they are; until they have answered it is told to wait.
    for _ in 0..3 {
        assert!(client.entities().write_by_name(&write).await.unwrap().is_created());
    }
    assert!(!kept(&leader).last().unwrap().1);
}

/// Until it knows better, what a leader says that has hung was true before it did.
#[tokio::test]
async fn a_404_of_a_suspect_node_is_confirmed_by_another() {
    let is_gone = Arc::new(AtomicBool::new(false));
    let gone = Arc::clone(&is_gone);
    let indexed = || Answer::json(200, ENTITY).header("X-Vault-Index", &index(7));
    let hung = Faulty::start(move |_, request| match (is_probe(request), gone.load(Ordering::SeqCst)) {
        (true, _) => Answer::status(200),
        (false, false) => indexed(),
        (false, true) => Answer::json(404, r#"{"errors":[]}"#).after(Duration::from_millis(600)),
    });
    let successor =
        Faulty::start(move |_, request| if is_probe(request) { Answer::status(429) } else { indexed() });
    let client = cluster(&[&hung, &successor], patient().read_preference(ReadPreference::FirstHealthy));
    let find = async || client.entities().find("e1").await.unwrap();
    assert!(find().await.is_some());
    is_gone.store(true, Ordering::SeqCst);
    assert!(find().await.is_some(), "the successor was asked");
    let asked = kept(&hung).len();
    assert!(find().await.is_some());
    assert_eq!((kept(&hung).len(), kept(&successor).len()), (asked, 2), "it is left alone for a moment");

    // Nobody else knows better.
    let alone = client_with(&hung, patient());
    alone.observe_tokens(client.consistency_tokens());
    assert!(alone.entities().find("e1").await.unwrap().is_none());
}
