//! A scripted server, for tests of the layers around it on a paused clock.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri};
use identity_core::{
    Endpoint, Target,
    entity::{CreateEntity, DeleteEntityById, ReadEntityById, UpdateEntityById},
    transport::{TransportError, TransportErrorKind},
};
use tokio::time::{Instant, sleep, timeout_at};

use crate::exchange::{Call, Exchange, SendResult};

#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// The time since the start of the script.
    pub(crate) at: Duration,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
}

impl Sent {
    pub(crate) fn is_probe(&self) -> bool {
        self.uri.path().ends_with("/sys/health")
    }

    pub(crate) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or_default()
    }
}

type Respond = Box<dyn Fn(usize, &Sent) -> (Duration, SendResult) + Send + Sync>;

pub(crate) struct Script {
    respond: Respond,
    start: Instant,
    sent: Mutex<Vec<Sent>>,
    resets: AtomicUsize,
}

impl Script {
    /// Responds to each request by its number, counted from 0.
    pub(crate) fn new(respond: impl Fn(usize, &Sent) -> SendResult + Send + Sync + 'static) -> Self {
        Self::late(move |number, sent| (Duration::ZERO, respond(number, sent)))
    }

    /// Responds after a delay, or times out if the call ends first.
    pub(crate) fn late(
        respond: impl Fn(usize, &Sent) -> (Duration, SendResult) + Send + Sync + 'static,
    ) -> Self {
        let respond = Box::new(respond);
        Self { respond, start: Instant::now(), sent: Mutex::default(), resets: AtomicUsize::new(0) }
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the requests other than health probes.
    pub(crate) fn calls(&self) -> Vec<Sent> {
        self.sent().into_iter().filter(|sent| !sent.is_probe()).collect()
    }

    pub(crate) fn ports(&self) -> Vec<u16> {
        self.calls().iter().map(Sent::port).collect()
    }

    /// Returns the times between the calls.
    pub(crate) fn delays(&self) -> Vec<Duration> {
        self.calls().windows(2).map(|pair| pair[1].at.saturating_sub(pair[0].at)).collect()
    }

    pub(crate) fn resets(&self) -> usize {
        self.resets.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").finish_non_exhaustive()
    }
}

impl Exchange for Script {
    async fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        let sent =
            Sent { at: self.start.elapsed(), uri: request.uri().clone(), headers: request.headers().clone() };
        let number = {
            let mut all = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(sent.clone());
            if sent.is_probe() { 0 } else { all.iter().filter(|sent| !sent.is_probe()).count() - 1 }
        };
        let (delay, result) = (self.respond)(number, &sent);
        match timeout_at(call.head_deadline(), sleep(delay)).await {
            Ok(()) => result,
            Err(elapsed) => Err(TransportError::new(TransportErrorKind::Timeout, elapsed)),
        }
    }

    fn reset_connections(&self) {
        self.resets.fetch_add(1, Ordering::Relaxed);
    }
}

#[expect(clippy::unnecessary_wraps, reason = "scripts return results")]
pub(crate) fn response(status: u16, body: &str) -> SendResult {
    let mut response = Response::new(Bytes::from(body.to_owned()));
    *response.status_mut() = status.try_into().unwrap();
    Ok(response)
}

pub(crate) fn success() -> SendResult {
    response(204, "")
}

/// Returns an error response of the server.
pub(crate) fn error_response(status: u16, message: &str) -> SendResult {
    response(status, &serde_json::json!({ "errors": [message] }).to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "scripts return results")]
pub(crate) fn redirect(location: &str) -> SendResult {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = http::StatusCode::TEMPORARY_REDIRECT;
    response.headers_mut().insert(http::header::LOCATION, location.parse().unwrap());
    Ok(response)
}

pub(crate) fn failure(kind: TransportErrorKind) -> SendResult {
    Err(kind.into())
}

pub(crate) fn with_header(result: SendResult, name: http::HeaderName, value: &str) -> SendResult {
    result.map(|mut response| {
        response.headers_mut().insert(name, value.parse().unwrap());
        response
    })
}

fn target() -> Target {
    Target::new("http://127.0.0.1:1").unwrap()
}

pub(crate) fn read() -> Request<Bytes> {
    ReadEntityById::new("e1").request(&target()).unwrap()
}

/// Returns an idempotent write.
pub(crate) fn update() -> Request<Bytes> {
    UpdateEntityById::new("e1").request(&target()).unwrap()
}

pub(crate) fn delete() -> Request<Bytes> {
    DeleteEntityById::new("e1").request(&target()).unwrap()
}

/// Returns a create that is idempotent by its name.
pub(crate) fn named() -> Request<Bytes> {
    CreateEntity::named("alice").request(&target()).unwrap()
}

/// Returns a create that is not idempotent.
pub(crate) fn unnamed() -> Request<Bytes> {
    CreateEntity::unnamed().request(&target()).unwrap()
}
