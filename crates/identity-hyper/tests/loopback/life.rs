//! Where a transport can be made, and where it can end.

use std::thread;

use identity_core::Transport;
use identity_hyper::{HyperTransport, ServiceTransport, TransportService};
use tokio::runtime::{Builder, Runtime};

use crate::support::{Server, ok, patient};

#[test]
fn it_is_made_and_dropped_without_a_runtime() {
    let transport = HyperTransport::new();
    let clone = transport.clone();
    thread::spawn(move || drop(clone)).join().unwrap();
    drop(transport);
}

#[test]
fn it_outlives_the_runtime_it_was_used_in() {
    let servers = Runtime::new().unwrap();
    let server = {
        let _guard = servers.enter();
        Server::answering(ok("{}"))
    };
    let transport = patient().build();
    for _ in 0..5 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        for _ in 0..2 {
            runtime.block_on(transport.send(server.get("/v1"))).unwrap();
        }
    }
    assert_eq!(server.seen().requests.len(), 10);
    drop(transport);
}

#[test]
fn it_serves_several_runtimes_at_once() {
    let servers = Runtime::new().unwrap();
    let server = {
        let _guard = servers.enter();
        Server::answering(ok("{}"))
    };
    let transport = patient().build();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                for _ in 0..10 {
                    runtime.block_on(transport.send(server.get("/v1"))).unwrap();
                }
            });
        }
    });
    assert_eq!(server.seen().requests.len(), 40);
}

#[test]
fn its_kinds_are_what_they_should_be() {
    fn is_shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let transport = HyperTransport::default();
    is_shared(&transport);
    is_shared(&HyperTransport::builder());
    is_shared(&TransportService::new(transport.clone()));
    is_shared(&ServiceTransport::new(TransportService::new(transport)));
}

#[test]
fn debug_shows_nothing_of_what_is_inside() {
    let transport = HyperTransport::new();
    assert_eq!(format!("{transport:?}"), "HyperTransport { .. }");
    let service = TransportService::new(transport);
    assert_eq!(format!("{service:?}"), "TransportService { .. }");
    assert_eq!(format!("{:?}", ServiceTransport::new("secret")), "ServiceTransport { .. }");
}
