//! [`LoginTokenSource`]: the first login, renewal and failures.

use std::error::Error;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use identity_core::{Endpoint, Target, Transport, entity::ListEntities, transport::TransportErrorKind};
use identity_hyper::{LoginResponse, LoginTokenSource, RetryPolicy, Token, TokenError, TokenSource};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep, timeout};
use tower::{Layer, service_fn};

use crate::support::{A_MOMENT, AMPLE, NO_CONTENT, Peer, Server, ok, patient};
use crate::token::{guarded_by, list, tokens, with};

const HOUR: Duration = Duration::from_secs(3600);

fn counted(lifetime: Duration) -> (LoginTokenSource, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let log_ins = Arc::clone(&count);
    let login = LoginTokenSource::new(move || {
        let number = log_ins.fetch_add(1, SeqCst) + 1;
        async move {
            sleep(Duration::from_millis(20)).await;
            Ok::<_, io::Error>(LoginResponse::new(format!("t-{number}"), lifetime))
        }
    });
    (login, count)
}

#[tokio::test]
async fn without_another_token_the_403_is_returned() {
    let server = guarded_by("s.other");
    let (login, count) = counted(HOUR);
    let transport = with(login);
    for _ in 0..3 {
        assert_eq!(transport.send(list(&server)).await.unwrap().status(), 403);
    }
    assert_eq!((tokens(&server).len(), count.load(SeqCst)), (3, 1));
    let transport = with(Token::new("s.fixed").unwrap());
    assert_eq!(transport.send(list(&server)).await.unwrap().status(), 403);
    assert_eq!(tokens(&server).len(), 4);
}

#[tokio::test]
async fn concurrent_calls_share_one_login() {
    let server = Server::responding(NO_CONTENT);
    let (login, count) = counted(HOUR);
    let transport = with(login);
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let (transport, request) = (transport.clone(), list(&server));
        calls.spawn(async move { transport.send(request).await.unwrap().status() });
    }
    assert!(calls.join_all().await.iter().all(|status| *status == 204));
    assert_eq!(count.load(SeqCst), 1);
    assert!(tokens(&server).iter().all(|token| token == "t-1"));
}

#[tokio::test]
async fn a_login_continues_after_its_call_is_cancelled() {
    let server = Server::responding(NO_CONTENT);
    let (login, count) = counted(HOUR);
    let transport = with(login);
    timeout(Duration::from_millis(5), transport.send(list(&server))).await.unwrap_err();
    sleep(A_MOMENT).await;
    transport.send(list(&server)).await.unwrap();
    assert_eq!((tokens(&server), count.load(SeqCst)), (vec!["t-1".to_owned()], 1));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_in_the_background_at_two_thirds_of_its_lifetime() {
    let (login, count) = counted(HOUR);
    let token = async || header(&login).await;
    assert_eq!(token().await, "t-1");
    advance(HOUR.mul_f64(0.59)).await;
    assert_eq!(token().await, "t-1");
    assert_eq!(count.load(SeqCst), 1);
    advance(HOUR.mul_f64(0.12)).await;
    assert_eq!(token().await, "t-1");
    sleep(Duration::from_millis(50)).await;
    assert_eq!(token().await, "t-2");
    // There was no call during its lifetime.
    advance(HOUR * 2).await;
    assert_eq!(token().await, "t-3");
    assert_eq!(count.load(SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn a_token_without_expiry_is_not_renewed() {
    let (login, count) = counted(Duration::ZERO);
    header(&login).await;
    advance(HOUR * 1000).await;
    assert_eq!(header(&login).await, "t-1");
    assert_eq!(count.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_failed_renewal_the_token_is_used_until_it_expires() {
    let count = Arc::new(AtomicUsize::new(0));
    let log_ins = Arc::clone(&count);
    let login = LoginTokenSource::new(move || {
        let number = log_ins.fetch_add(1, SeqCst) + 1;
        async move {
            if number == 1 { Ok(LoginResponse::new("t-1", HOUR)) } else { Err(io::Error::other("no more")) }
        }
    });
    header(&login).await;
    advance(HOUR.mul_f64(0.75)).await;
    for _ in 0..100 {
        assert_eq!(header(&login).await, "t-1");
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(count.load(SeqCst), 2, "the next attempt has its time");
    advance(HOUR.mul_f64(0.2)).await;
    assert_eq!(header(&login).await, "t-1");
    sleep(Duration::from_millis(1)).await;
    assert_eq!(count.load(SeqCst), 3);
    advance(HOUR.mul_f64(0.1)).await;
    let error = login.token().await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "no more");
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_triggers_at_most_one_login_a_minute() {
    let (login, count) = counted(HOUR);
    let rejected = login.token().await.unwrap();
    assert!(login.refresh(&rejected).await.is_none());
    advance(Duration::from_secs(61)).await;
    let newer = login.refresh(&rejected).await.unwrap();
    assert!(login.refresh(&rejected).await.is_some(), "it has another one by now");
    assert!(login.refresh(&newer).await.is_none());
    assert_eq!(count.load(SeqCst), 2);
}

#[tokio::test]
async fn a_failed_first_login_fails_the_call_without_sending_or_retrying_it() {
    let server = Server::responding(NO_CONTENT);
    let count = Arc::new(AtomicUsize::new(0));
    let log_ins = Arc::clone(&count);
    let login = LoginTokenSource::new(move || {
        let number = log_ins.fetch_add(1, SeqCst) + 1;
        async move {
            if number > 1 {
                Ok(LoginResponse::new("t-2", HOUR))
            } else {
                Err(io::Error::other("invalid secret id"))
            }
        }
    });
    let transport = patient().retry_policy(RetryPolicy::new()).token_source(login).build();

    for _ in 0..2 {
        let error = transport.send(list(&server)).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::NotSent);
        let source = error.source().unwrap().downcast_ref::<TokenError>().unwrap();
        assert_eq!(source.source().unwrap().to_string(), "invalid secret id");
    }
    assert_eq!((count.load(SeqCst), server.seen().connections), (1, 0));
    sleep(Duration::from_millis(1100)).await;
    transport.send(list(&server)).await.unwrap();
    assert_eq!(tokens(&server), ["t-2"]);
}

#[tokio::test]
async fn a_login_that_panics_fails_only_its_own_calls() {
    let count = AtomicUsize::new(0);
    let login = LoginTokenSource::new(move || {
        let number = count.fetch_add(1, SeqCst);
        async move {
            assert!(number > 0, "the first one");
            Ok::<_, io::Error>(LoginResponse::new("t-2", HOUR))
        }
    });
    assert_eq!(login.token().await.unwrap_err().source().unwrap().to_string(), "the login was canceled");
    assert_eq!(header(&login).await, "t-2");
}

#[tokio::test]
async fn a_call_does_not_wait_for_an_endless_login_and_an_invalid_token_is_an_error() {
    let server = Server::responding(NO_CONTENT);
    let endless = LoginTokenSource::new(pending::<Result<LoginResponse, io::Error>>);
    let transport = patient().timeout(A_MOMENT).token_source(endless).build();
    let error = timeout(AMPLE, transport.send(list(&server))).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::NotSent);
    let odd =
        LoginTokenSource::new(|| async { Ok::<_, io::Error>(LoginResponse::new("canary token", HOUR)) });
    let error = odd.token().await.unwrap_err();
    assert!(!format!("{error:?} {odd:?}").contains("canary"));
    assert_eq!(server.seen().connections, 0);
}

#[tokio::test]
async fn waiting_for_a_login_does_not_count_toward_the_attempt_timeout() {
    let server = Server::start(|mut peer: Peer| async move {
        while peer.request().await.is_some() {
            sleep(Duration::from_millis(200)).await;
            peer.write(ok("{}")).await;
        }
    });
    let login = LoginTokenSource::new(|| async {
        sleep(Duration::from_millis(400)).await;
        Ok::<_, io::Error>(LoginResponse::new("t-1", HOUR))
    });
    let transport = patient().attempt_timeout(Duration::from_millis(500)).token_source(login).build();
    assert_eq!(transport.send(list(&server)).await.unwrap().status(), 200);
}

/// The token of a call.
async fn header(source: &LoginTokenSource) -> String {
    let echo = service_fn(|request: Request<Bytes>| async move {
        let token = request.headers()["x-vault-token"].as_bytes();
        Ok::<_, io::Error>(Response::new(Bytes::copy_from_slice(token)))
    });
    let service = patient().token_source(source.clone()).into_layer().layer(echo);
    let target = Target::new("http://vault.test").expect("an address").with_transport_token();
    let request = ListEntities::new().request(&target).expect("a request");
    let response = service.send(request).await.expect("a token");
    String::from_utf8(response.into_body().into()).expect("ASCII")
}

#[tokio::test(start_paused = true)]
async fn an_unresponsive_login_times_out_and_is_replaced() {
    let count = Arc::new(AtomicUsize::new(0));
    let log_ins = Arc::clone(&count);
    let login = LoginTokenSource::new(move || {
        let number = log_ins.fetch_add(1, SeqCst) + 1;
        async move {
            if number % 2 == 1 {
                pending::<()>().await;
            }
            Ok::<_, io::Error>(LoginResponse::new(format!("t-{number}"), HOUR))
        }
    });
    let started = Instant::now();
    let error = login.token().await.unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "the login took longer than 30s");
    assert_eq!(started.elapsed().as_secs(), 30);
    advance(Duration::from_secs(1)).await;
    assert_eq!(header(&login).await, "t-2");
    // No call waits for the unresponsive renewal.
    advance(HOUR.mul_f64(0.75)).await;
    for _ in 0..50 {
        let started = Instant::now();
        assert_eq!(header(&login).await, "t-2");
        assert!(started.elapsed().is_zero());
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!(count.load(SeqCst), 3);
    advance(HOUR.mul_f64(0.2)).await;
    header(&login).await;
    sleep(Duration::from_millis(1)).await;
    assert_eq!(header(&login).await, "t-4");
}

/// A runtime that is no longer driven does not end, and neither does its login.
#[test]
fn a_login_on_a_stopped_runtime_times_out() {
    let login = LoginTokenSource::new(|| async {
        sleep(Duration::from_millis(20)).await;
        Ok::<_, io::Error>(LoginResponse::new("t-1", HOUR))
    });
    let login = login.timeout(Duration::from_millis(200));
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let idle = runtime();
    idle.block_on(async { timeout(Duration::from_millis(5), login.token()).await.unwrap_err() });
    let waiting = || runtime().block_on(async { timeout(Duration::from_millis(1300), login.token()).await });
    assert!(waiting().is_err());
    assert!(waiting().unwrap().is_ok());
}
