//! Reading one's own writes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};
use identity_core::endpoint::Operation;
use identity_core::transport::ConsistencyToken;
use tokio::time::{Instant, sleep_until};
use tower::Layer;

use crate::address::base_address;
use crate::exchange::{Call, Exchange, Layered, SendResult};
use crate::headers::{INCONSISTENT, INDEX, NAMESPACE};
use crate::request::{PreferOtherNode, is_idempotent, is_read};
use crate::response::{api_error, is_without_effect, mark_in_doubt};
use crate::service::ServiceTransport;

mod index;

use index::Index;

/// How many milliseconds it takes at most, in all, until a node that has hung knows that it no longer leads.
const WAITS: [u64; 6] = [20, 50, 100, 200, 400, 800];

/// Time for a node that has hung to hear of its successor.
const CONFIRM_AFTER: Duration = Duration::from_millis(20);

/// Lets a client see what it has written, whichever node it asks.
///
/// Standbys answer reads from what they know, which may be some milliseconds old, and they do so for updates and deletes as well: what was
/// just created is not found, and a delete does nothing. So the newest `X-Vault-Index` of the answers is kept, for each address and namespace, and goes out
/// with every request; a standby that has not come that far passes the request on to the leader. Servers that know nothing of this ignore it.
///
/// A deposed leader that had hung may briefly serve stale responses, whatever the index. If a response is
/// older than the known index, reads, lookups and idempotent writes are retried. That an object does not
/// exist, and that a delete or an update has changed nothing, comes without an index: a write is then made
/// once more, at another node if there are [several addresses](crate::HyperTransportBuilder::addresses), and
/// with several addresses neither is believed if it took half a second or more.
///
/// Clones share what they know. To share it with another process, hand over the [`tokens`](Self::tokens).
///
/// It is on by default in [`HyperTransport`](crate::HyperTransport), and a tower layer by itself.
#[derive(Clone)]
#[must_use]
pub struct Consistency {
    mode: Mode,
    /// The addresses of one cluster: what one of them has said holds for all, and is kept under the first.
    cluster: Arc<[String]>,
    /// By address, then by namespace.
    indexes: Arc<Mutex<BTreeMap<Box<str>, Indexes>>>,
}

type Indexes = BTreeMap<Box<[u8]>, Index>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Off,
    Forward,
    Await,
}

impl Consistency {
    /// A standby that lags behind passes the request on to the leader.
    pub fn new() -> Self {
        Self { mode: Mode::Forward, cluster: Arc::default(), indexes: Arc::default() }
    }

    /// A standby that lags behind waits a moment, and passes the request on to the leader if that does not help.
    pub fn await_state() -> Self {
        Self { mode: Mode::Await, ..Self::new() }
    }

    /// Standbys answer from what they know.
    pub fn off() -> Self {
        Self { mode: Mode::Off, ..Self::new() }
    }

    /// The same setting, knowing nothing yet.
    pub fn fresh(&self) -> Self {
        Self { indexes: Arc::default(), ..self.clone() }
    }

    /// The same, where these are addresses of one cluster.
    pub(crate) fn of_cluster(self, addresses: impl IntoIterator<Item = String>) -> Self {
        Self { cluster: addresses.into_iter().collect(), ..self }
    }

    /// How far this client has come.
    pub fn tokens(&self) -> Vec<ConsistencyToken> {
        let mut tokens = Vec::new();
        for (address, namespaces) in &*self.indexes() {
            for (namespace, index) in namespaces {
                let namespace = String::from_utf8_lossy(namespace);
                tokens.push(ConsistencyToken::new(&**address, namespace, index.as_str()));
            }
        }
        tokens
    }

    /// Learns how far another client has come. Older tokens than those that are known change nothing, and what is no index is passed over.
    pub fn observe(&self, tokens: impl IntoIterator<Item = ConsistencyToken>) {
        for ConsistencyToken { address, namespace, index, .. } in tokens {
            if let Ok(index) = HeaderValue::try_from(index) {
                self.advance(&self.standing_for(Cow::Borrowed(&address)), namespace.as_bytes(), &index);
            }
        }
    }

    /// The address that the index is kept under.
    fn standing_for<'a>(&'a self, address: Cow<'a, str>) -> Cow<'a, str> {
        match self.cluster.first() {
            Some(first) if self.cluster.iter().any(|known| *known == address) => Cow::Borrowed(first),
            _ => address,
        }
    }

    fn indexes(&self) -> MutexGuard<'_, BTreeMap<Box<str>, Indexes>> {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is older than what is known.
    fn advance(&self, address: &str, namespace: &[u8], value: &HeaderValue) -> bool {
        let mut indexes = self.indexes();
        if let Some(known) = indexes.get_mut(address).and_then(|indexes| indexes.get_mut(namespace)) {
            return known.advance(value);
        }
        if let Some(index) = Index::new(value) {
            indexes.entry(address.into()).or_default().insert(namespace.into(), index);
        }
        false
    }

    fn newest(&self, address: &str, headers: &HeaderMap) -> Option<HeaderValue> {
        Some(self.indexes().get(address)?.get(namespace(headers))?.value())
    }

    fn write(&self, index: HeaderValue, headers: &mut HeaderMap) {
        headers.insert(INDEX, index);
        if self.mode == Mode::Await {
            headers.insert(INCONSISTENT, HeaderValue::from_static("await-state"));
            headers.append(INCONSISTENT, HeaderValue::from_static("forward-active-node"));
        } else {
            headers.insert(INCONSISTENT, HeaderValue::from_static("forward-active-node"));
        }
    }

    /// Forgets the index that was sent with these headers, unless another one has taken its place.
    fn forget(&self, address: &str, headers: &HeaderMap) {
        if let Some(indexes) = self.indexes().get_mut(address) {
            let known = indexes.get(namespace(headers)).map(Index::value);
            if known.as_ref() == headers.get(INDEX) {
                indexes.remove(namespace(headers));
            }
        }
    }
}

fn namespace(headers: &HeaderMap) -> &[u8] {
    headers.get(NAMESPACE).map_or(&[], HeaderValue::as_bytes)
}

impl Default for Consistency {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Consistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consistency").field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl<S> Layer<S> for Consistency {
    type Service = Layered<Consistent<ServiceTransport<S>>>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered::new(Consistent::new(self.clone(), ServiceTransport::new(inner)))
    }
}

/// See [`Consistency`].
#[derive(Debug)]
pub struct Consistent<E> {
    pub(crate) consistency: Consistency,
    pub(crate) inner: E,
}

impl<E> Consistent<E> {
    pub(crate) fn new(consistency: Consistency, inner: E) -> Self {
        Self { consistency, inner }
    }
}

impl<E: Exchange> Consistent<E> {
    fn address<'a>(&'a self, request: &'a Request<Bytes>) -> Cow<'a, str> {
        self.consistency.standing_for(base_address(request.uri()))
    }

    /// Takes note of the answer's index, unless it is the one that was sent. Whether it is older than that.
    fn note(&self, request: &Request<Bytes>, response: &Response<Bytes>, sent: Option<&HeaderValue>) -> bool {
        let Some(index) = response.headers().get(INDEX).filter(|index| sent != Some(index)) else {
            return false;
        };
        let is_older = self.consistency.advance(&self.address(request), namespace(request.headers()), index);
        is_older
            && sent
                .and_then(Index::new)
                .zip(Index::new(index))
                .is_some_and(|(sent, new)| sent.is_newer_than(&new))
    }

    /// Retries a stale call, be it a read or an idempotent write. A deposed leader that had hung ignores the
    /// index for a moment. If it lasts, the cluster has gone back to an earlier state.
    fn ask_again<'a>(
        &'a self,
        request: &'a mut Request<Bytes>,
        call: &'a Call,
        sent: HeaderValue,
    ) -> Pin<Box<dyn Future<Output = SendResult> + Send + 'a>> {
        Box::pin(async move {
            for wait in WAITS.map(Duration::from_millis) {
                sleep_until(call.head_by().min(Instant::now() + wait)).await;
                let response = self.inner.exchange(request, call).await?;
                if !self.note(request, &response, Some(&sent)) {
                    return Ok(response);
                }
            }
            self.consistency.forget(&self.address(request), request.headers());
            let response = self.inner.exchange(request, call).await?;
            self.note(request, &response, None);
            Ok(response)
        })
    }

    /// Makes a write again, once, that has changed nothing according to a node: it is so, or the node has
    /// hung and does not know of the object. If there is another node, it is asked.
    fn confirm<'a>(
        &'a self,
        request: &'a mut Request<Bytes>,
        call: &'a Call,
        sent: HeaderValue,
    ) -> Pin<Box<dyn Future<Output = SendResult> + Send + 'a>> {
        Box::pin(async move {
            sleep_until(call.head_by().min(Instant::now() + CONFIRM_AFTER)).await;
            request.extensions_mut().insert(PreferOtherNode);
            let response = self.inner.exchange(request, call).await?;
            if self.note(request, &response, Some(&sent)) {
                return self.ask_again(request, call, sent).await;
            }
            Ok(response)
        })
    }
}

/// Why a call is made again.
enum Again {
    WithoutIndex,
    Stale,
    ToConfirm,
}

/// A creation is not: the server returns the identifier only once.
fn may_be_asked_again(request: &Request<Bytes>) -> bool {
    let creates = Operation::from_request(request).is_some_and(|operation| operation.creates);
    is_read(request) || (is_idempotent(request) && !creates)
}

impl<E: Exchange> Exchange for Consistent<E> {
    async fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        if self.consistency.mode == Mode::Off {
            return self.inner.exchange(request, call).await;
        }
        let sent = self.consistency.newest(&self.address(request), request.headers());
        if let Some(index) = &sent {
            self.consistency.write(index.clone(), request.headers_mut());
        }
        // In a block, so that the future does not keep room for the answer.
        let again = {
            let response = self.inner.exchange(request, call).await?;
            match &sent {
                _ if is_not_understood(&response) => Again::WithoutIndex,
                _ if self.note(request, &response, sent.as_ref()) && may_be_asked_again(request) => {
                    Again::Stale
                }
                Some(_)
                    if response.status() == StatusCode::NO_CONTENT
                        && !is_read(request)
                        && is_without_effect(request, &response) =>
                {
                    Again::ToConfirm
                }
                _ => return Ok(response),
            }
        };
        match (again, sent) {
            // The first answer may have been true.
            (Again::Stale, Some(sent)) => {
                return mark_in_doubt(self.ask_again(request, call, sent).await);
            }
            (Again::ToConfirm, Some(sent)) => {
                return mark_in_doubt(self.confirm(request, call, sent).await);
            }
            _ => {}
        }
        self.consistency.forget(&self.address(request), request.headers());
        request.headers_mut().remove(INDEX);
        request.headers_mut().remove(INCONSISTENT);
        let response = self.inner.exchange(request, call).await?;
        self.note(request, &response, None);
        Ok(response)
    }

    fn renew(&self) {
        self.inner.renew();
    }
}

/// Whether the server has refused the index itself.
fn is_not_understood(response: &Response<Bytes>) -> bool {
    const MESSAGE: &str = r#"failed to decode "X-Vault-Index""#;
    response.status() == StatusCode::BAD_REQUEST
        && api_error(response)
            .is_some_and(|error| error.errors().first().is_some_and(|message| message.starts_with(MESSAGE)))
}

#[cfg(test)]
mod tests;
