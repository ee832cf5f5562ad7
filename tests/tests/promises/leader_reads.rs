//! Reads of the leader only, and unresponsive nodes.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use identity_tests::faulty::{Authority, Faulty, Received, Response};
use vault_identity::transport::{ReadPreference, TransportErrorKind};

use crate::support::{ENTITY, client_with, retrying, timed};

fn is_probe(request: &Received) -> bool {
    request.path() == "/v1/sys/health"
}

fn reads(node: &Faulty) -> usize {
    node.requests().iter().filter(|request| !is_probe(request)).count()
}

/// Starts three nodes; `leader` is the index of the leader.
fn nodes(leader: &Arc<AtomicUsize>) -> [Faulty; 3] {
    [0, 1, 2].map(|number| {
        let leader = Arc::clone(leader);
        Faulty::start(move |_, request| match (is_probe(request), leader.load(Ordering::SeqCst) == number) {
            (true, true) => Response::json(200, r#"{"initialized":true,"sealed":false,"standby":false}"#),
            (true, false) => Response::json(429, r#"{"initialized":true,"sealed":false,"standby":true}"#),
            (false, _) => Response::json(200, ENTITY),
        })
    })
}

#[tokio::test]
async fn leader_only_reads_fail_while_there_is_no_leader() {
    let leader = Arc::new(AtomicUsize::new(1));
    let nodes = nodes(&leader);
    let transport = retrying().timeout(Duration::from_secs(5)).read_preference(ReadPreference::LeaderOnly);
    let client = client_with(&nodes[0], transport.addresses(nodes.iter().map(Faulty::url)).unwrap());
    for _ in 0..5 {
        client.entities().read("e1").await.unwrap();
    }
    assert_eq!([0, 1, 2].map(|number| reads(&nodes[number])), [0, 5, 0]);

    let [first, second, third] = nodes;
    leader.store(9, Ordering::SeqCst);
    drop(second);
    let hasty = client_with(
        &first,
        retrying()
            .timeout(Duration::from_millis(700))
            .read_preference(ReadPreference::LeaderOnly)
            .addresses([first.url(), third.url()])
            .unwrap(),
    );
    let error = hasty.entities().read("e1").await.unwrap_err();
    assert_eq!(error.transport().unwrap().kind(), TransportErrorKind::NotSent);
    assert!(format!("{error:#}").contains("no node leads"), "{error:#}");
    assert_eq!((reads(&first), reads(&third)), (0, 0));

    leader.store(2, Ordering::SeqCst);
    client.entities().read("e1").await.unwrap();
    assert_eq!((reads(&first), reads(&third)), (0, 1));
}

#[tokio::test]
async fn a_standby_that_is_the_only_address_is_not_the_leader() {
    let leader = Arc::new(AtomicUsize::new(9));
    let [standby, ..] = nodes(&leader);
    let transport =
        retrying().timeout(Duration::from_millis(500)).read_preference(ReadPreference::LeaderOnly);
    let client = client_with(&standby, transport.addresses([standby.url()]).unwrap());
    let error = client.entities().read("e1").await.unwrap_err();
    assert_eq!((error.transport().unwrap().kind(), reads(&standby)), (TransportErrorKind::NotSent, 0));
    leader.store(0, Ordering::SeqCst);
    client.entities().read("e1").await.unwrap();
}

#[tokio::test]
async fn finding_the_leader_ends_with_the_deadline() {
    let silent = [(); 2].map(|()| Faulty::always(Response::none()));
    let transport =
        retrying().timeout(Duration::from_millis(300)).read_preference(ReadPreference::LeaderOnly);
    let client = client_with(&silent[0], transport.addresses(silent.iter().map(Faulty::url)).unwrap());
    let (read, time) = timed(client.entities().read("e1")).await;
    assert_eq!(read.unwrap_err().transport().unwrap().kind(), TransportErrorKind::NotSent);
    assert!(time < Duration::from_secs(2), "{time:?}");
}

/// The last node has its full attempt, although the nodes before it used theirs.
#[tokio::test]
async fn each_node_has_an_attempt_of_its_own() {
    const CONNECT: Duration = Duration::from_millis(400);
    // These accept connections and send nothing.
    let silent = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let authority = Authority::new();
    let well = Faulty::secure(&authority, |_, request| {
        if is_probe(request) {
            return Response::none();
        }
        Response::json(200, ENTITY).after(Duration::from_millis(20))
    });
    let mut addresses =
        silent.iter().map(|node| format!("https://{}", node.local_addr().unwrap())).collect::<Vec<_>>();
    addresses.push(well.url());
    let transport = retrying().connect_timeout(CONNECT).attempt_timeout(2 * CONNECT).timeout(10 * CONNECT);
    let client = client_with(&well, transport.tls(authority.client()).addresses(addresses).unwrap());
    client.entities().read("e1").await.unwrap();
}
