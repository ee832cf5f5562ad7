//! Transports and runtimes: creation, use and drop.

use std::future::pending;
use std::thread;
use std::time::Duration;

use identity_core::{Transport, transport::TransportErrorKind};
use identity_hyper::{HyperTransport, ServiceTransport, TransportService};
use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;

use crate::support::{A_MOMENT, ok, patient, serve};

fn single_threaded() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

#[test]
fn it_can_be_created_and_dropped_without_a_runtime() {
    let transport = HyperTransport::new();
    let clone = transport.clone();
    thread::spawn(move || drop(clone)).join().unwrap();
    drop(transport);
}

#[test]
fn it_outlives_the_runtime_that_used_it() {
    let (_servers, server) = serve(|mut peer| async move {
        while peer.request().await.is_some() {
            peer.write(ok("{}")).await;
        }
    });
    let transport = patient().build();
    for _ in 0..5 {
        let runtime = single_threaded();
        for _ in 0..2 {
            runtime.block_on(transport.send(server.get("/v1"))).unwrap();
        }
    }
    assert_eq!(server.seen().requests.len(), 10);
    drop(transport);
}

/// A program that blocks on single calls: between them, nothing notices that the server closes a connection.
#[test]
fn a_connection_closed_unnoticed_is_replaced() {
    let (_servers, server) = serve(|mut peer| async move {
        peer.request().await;
        peer.write(ok("{}")).await;
        sleep(Duration::from_millis(20)).await;
    });
    let transport = patient().build();
    let runtime = single_threaded();
    for _ in 0..6 {
        runtime.block_on(transport.send(server.post("/v1", "{}"))).unwrap();
        thread::sleep(A_MOMENT);
    }
    assert_eq!(server.seen().requests.len(), 6);
}

/// A connection is driven by the runtime in which it was opened.
#[test]
fn a_runtime_that_ends_interrupts_the_calls_over_its_connections() {
    let (_servers, server) = serve(|mut peer| async move {
        peer.request().await;
        peer.write(ok("{}")).await;
        peer.request().await;
        pending::<()>().await;
    });
    let transport = patient().build();
    let first = Runtime::new().unwrap();
    first.block_on(transport.send(server.get("/first"))).unwrap();
    thread::sleep(A_MOMENT);
    let second = thread::spawn({
        let (transport, call) = (transport.clone(), server.post("/second", "{}"));
        move || single_threaded().block_on(transport.send(call))
    });
    while server.seen().requests.len() < 2 {
        thread::sleep(Duration::from_millis(5));
    }
    first.shutdown_background();
    let error = second.join().unwrap().unwrap_err();
    assert_eq!(server.seen().connections, 1);
    assert_eq!(error.kind(), TransportErrorKind::Interrupted, "{error:?}");
}

#[test]
fn it_is_send_sync_and_clone() {
    fn is_shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let transport = HyperTransport::default();
    is_shared(&transport);
    is_shared(&HyperTransport::builder());
    is_shared(&TransportService::new(transport.clone()));
    is_shared(&ServiceTransport::new(TransportService::new(transport)));
}

#[test]
fn debug_shows_no_internals() {
    let transport = HyperTransport::new();
    assert_eq!(format!("{transport:?}"), "HyperTransport { .. }");
    let service = TransportService::new(transport);
    assert_eq!(format!("{service:?}"), "TransportService { .. }");
    assert_eq!(format!("{:?}", ServiceTransport::new("secret")), "ServiceTransport { .. }");
}
