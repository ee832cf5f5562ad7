//! An operation of several requests has one deadline.

use std::thread;
use std::time::{Duration, Instant};

use identity_tests::faulty::{Faulty, Response};
use tokio::task::JoinSet;
use vault_identity::BlockingClient;
use vault_identity::entity::CreateEntity;
use vault_identity::transport::BlockingAdapter;

use crate::support::{client_with, retrying, target, timed};

const TIMEOUT: Duration = Duration::from_secs(1);
const WITHIN: Duration = Duration::from_millis(1800);

#[tokio::test]
async fn ten_tasks_waiting_for_one_group_time_out_together() {
    let server = Faulty::always(Response::none());
    let client = client_with(&server, retrying().timeout(TIMEOUT));
    let start = Instant::now();
    let mut calls = JoinSet::new();
    for n in 0..10 {
        let client = client.clone();
        calls.spawn(async move { client.groups().add_member_entities("g1", [format!("e{n}")]).await });
    }
    for outcome in calls.join_all().await {
        assert!(!outcome.unwrap_err().may_have_been_applied(), "nothing was written");
    }
    assert!(start.elapsed() < WITHIN, "{:?}", start.elapsed());
    assert_eq!(server.requests().len(), 1, "the others waited for the lock");
}

#[test]
fn ten_threads_waiting_for_one_group_time_out_together() {
    let server = Faulty::always(Response::none());
    let transport = BlockingAdapter::new(retrying().timeout(TIMEOUT).build()).unwrap();
    let client = BlockingClient::new(target(&server), transport);
    let start = Instant::now();
    let threads: Vec<_> = (0..10)
        .map(|n| {
            let client = client.clone();
            thread::spawn(move || {
                client.groups().remove_member_entities("g1", [format!("e{n}")]).unwrap_err()
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(start.elapsed() < WITHIN, "{:?}", start.elapsed());
}

/// The read and the write take most of the time, and the second read gets the rest.
#[tokio::test]
async fn the_steps_of_a_member_change_share_one_deadline() {
    let group = r#"{"data":{"id":"g1","member_entity_ids":[]}}"#;
    let server = Faulty::start(move |n, _| match n {
        0 => Response::json(200, group).after(TIMEOUT * 4 / 10),
        1 => Response::status(204).after(TIMEOUT * 4 / 10),
        _ => Response::none(),
    });
    let client = client_with(&server, retrying().timeout(TIMEOUT));
    let (outcome, time) = timed(client.groups().add_member_entities("g1", ["e1"])).await;
    outcome.unwrap_err();
    assert!(time < Duration::from_millis(1300), "{time:?}");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_create_and_its_lookup_share_one_deadline() {
    let server = Faulty::start(move |n, _| match n {
        0 => Response::dropped(),
        1 => Response::status(204).after(TIMEOUT * 6 / 10),
        _ => Response::none(),
    });
    let client = client_with(&server, retrying().timeout(TIMEOUT));
    let (outcome, time) = timed(client.entities().create(&CreateEntity::named("alice"))).await;
    assert!(!outcome.unwrap().is_created(), "the first attempt was applied");
    assert!(time < Duration::from_millis(1300), "{time:?}");
}
