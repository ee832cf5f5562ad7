//! The layer for read-your-writes consistency.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};
use identity_core::endpoint::Operation;
use identity_core::error::ApiError;
use identity_core::transport::ConsistencyToken;
use tokio::time::{Instant, sleep_until};

use crate::address::base_address;
use crate::exchange::{Call, Exchange, SendResult};
use crate::headers::{INCONSISTENT, INDEX, NAMESPACE};
use crate::request::{PreferOtherNode, is_idempotent, is_read};
use crate::response::{is_without_effect, mark_in_doubt};

mod index;

use index::{Index, Staleness};

/// Delays between re-reads in milliseconds. Their sum covers the time that a resumed leader needs to notice
/// that it was deposed.
const REREAD_DELAYS_MS: [u64; 6] = [20, 50, 100, 200, 400, 800];

/// Time for a resumed leader to learn of its successor.
const CONFIRM_AFTER: Duration = Duration::from_millis(20);

/// The read-your-writes mode: whether calls see all earlier writes of the same client, on every node.
///
/// A standby may be a few milliseconds behind the leader: it does not find a new object, and deleting it
/// there has no effect. The transport therefore keeps the latest `X-Vault-Index` of each cluster and
/// namespace, and sends it with every request. A stale standby then waits, or forwards the request to the
/// leader. Servers without this feature ignore the header.
///
/// A deposed leader may briefly serve stale responses and ignore the index. If a response is older than the
/// known index, reads, lookups and idempotent writes are retried. Two responses have no index: "not found",
/// and the success of a write without effect. A write with such a response is sent once more, to another node
/// if there are [several addresses](crate::HyperTransportBuilder::addresses). With several addresses, a call
/// is also sent to another node if such a response took half a second or more.
///
/// To share the indexes with another process, hand over the
/// [`consistency_tokens`](identity_core::Transport::consistency_tokens).
///
/// ```
/// use identity_hyper::{HyperTransport, ReadYourWrites};
///
/// let transport = HyperTransport::builder().consistency(ReadYourWrites::WaitThenForward).build();
/// println!("{transport:?}");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadYourWrites {
    /// Reads may be stale: standbys respond from their own state.
    Off,
    /// A stale standby forwards the request to the leader.
    #[default]
    Forward,
    /// A stale standby waits for the index, and forwards the request if that takes too long.
    WaitThenForward,
}

type Namespaces = BTreeMap<Box<[u8]>, Index>;

/// The latest index of each cluster and namespace.
#[derive(Debug, Default)]
pub(crate) struct ConsistencyTracker {
    /// The addresses of the cluster. Its indexes are kept under the first one.
    cluster: Box<[String]>,
    by_address: Mutex<BTreeMap<Box<str>, Namespaces>>,
}

impl ConsistencyTracker {
    pub(crate) fn of_cluster(addresses: impl IntoIterator<Item = String>) -> Self {
        Self { cluster: addresses.into_iter().collect(), by_address: Mutex::default() }
    }

    pub(crate) fn tokens(&self) -> Vec<ConsistencyToken> {
        let mut tokens = Vec::new();
        for (address, namespaces) in &*self.lock() {
            for (namespace, index) in namespaces {
                let namespace = String::from_utf8_lossy(namespace);
                tokens.push(ConsistencyToken::new(&**address, namespace, index.as_str()));
            }
        }
        tokens
    }

    /// Records tokens, unless they are older than what is known, or invalid.
    pub(crate) fn observe(&self, tokens: impl IntoIterator<Item = ConsistencyToken>) {
        for ConsistencyToken { address, namespace, index, .. } in tokens {
            if let Ok(index) = HeaderValue::try_from(index) {
                let address = self.canonical_address(Cow::Borrowed(&address));
                let _ = self.advance(&address, namespace.as_bytes(), &index);
            }
        }
    }

    fn canonical_address<'a>(&'a self, address: Cow<'a, str>) -> Cow<'a, str> {
        match self.cluster.first() {
            Some(first) if self.cluster.iter().any(|known| *known == address) => Cow::Borrowed(first),
            _ => address,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Box<str>, Namespaces>> {
        self.by_address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, address: &str, namespace: &[u8], value: &HeaderValue) -> Staleness {
        let mut by_address = self.lock();
        if let Some(known) = by_address.get_mut(address).and_then(|indexes| indexes.get_mut(namespace)) {
            return known.advance(value);
        }
        if let Some(index) = Index::new(value) {
            by_address.entry(address.into()).or_default().insert(namespace.into(), index);
        }
        Staleness::Fresh
    }

    fn latest(&self, address: &str, headers: &HeaderMap) -> Option<HeaderValue> {
        Some(self.lock().get(address)?.get(namespace(headers))?.value())
    }

    /// Removes the index that was sent with these headers, unless a later one has replaced it.
    fn forget(&self, address: &str, headers: &HeaderMap) {
        if let Some(indexes) = self.lock().get_mut(address) {
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

#[derive(Debug)]
pub(crate) struct Consistent<E> {
    mode: ReadYourWrites,
    pub(crate) tracker: ConsistencyTracker,
    pub(crate) inner: E,
}

/// Why a call is sent again.
enum Resend {
    WithoutIndex,
    Stale,
    ToConfirm,
}

impl<E: Exchange> Consistent<E> {
    pub(crate) fn new(mode: ReadYourWrites, tracker: ConsistencyTracker, inner: E) -> Self {
        Self { mode, tracker, inner }
    }

    fn address<'a>(&'a self, request: &'a Request<Bytes>) -> Cow<'a, str> {
        self.tracker.canonical_address(base_address(request.uri()))
    }

    fn add_index(&self, index: HeaderValue, headers: &mut HeaderMap) {
        headers.insert(INDEX, index);
        if self.mode == ReadYourWrites::WaitThenForward {
            headers.insert(INCONSISTENT, HeaderValue::from_static("await-state"));
            headers.append(INCONSISTENT, HeaderValue::from_static("forward-active-node"));
        } else {
            headers.insert(INCONSISTENT, HeaderValue::from_static("forward-active-node"));
        }
    }

    /// Records the index of the response, and compares it with the one that was sent.
    fn record(
        &self,
        request: &Request<Bytes>,
        response: &Response<Bytes>,
        sent: Option<&HeaderValue>,
    ) -> Staleness {
        let Some(index) = response.headers().get(INDEX).filter(|index| sent != Some(index)) else {
            return Staleness::Fresh;
        };
        let known = self.tracker.advance(&self.address(request), namespace(request.headers()), index);
        if known == Staleness::Fresh {
            return known;
        }
        // Another call may have brought a later index meanwhile.
        let compared = sent.and_then(Index::new).zip(Index::new(index));
        compared.map_or(Staleness::Fresh, |(sent, index)| index.compared_with(&sent))
    }

    /// Retries a stale call. If it stays stale, the cluster has been restored to an earlier state.
    fn reread<'a>(
        &'a self,
        request: &'a mut Request<Bytes>,
        call: &'a Call,
        sent: HeaderValue,
    ) -> Pin<Box<dyn Future<Output = SendResult> + Send + 'a>> {
        Box::pin(async move {
            for delay in REREAD_DELAYS_MS.map(Duration::from_millis) {
                sleep_until(call.head_deadline().min(Instant::now() + delay)).await;
                let response = self.inner.exchange(request, call).await?;
                if self.record(request, &response, Some(&sent)) == Staleness::Fresh {
                    return Ok(response);
                }
            }
            self.tracker.forget(&self.address(request), request.headers());
            let response = self.inner.exchange(request, call).await?;
            let _ = self.record(request, &response, None);
            Ok(response)
        })
    }

    /// Sends a write without effect once more, to another node if there is one: a resumed leader may not know
    /// the object.
    fn confirm<'a>(
        &'a self,
        request: &'a mut Request<Bytes>,
        call: &'a Call,
        sent: HeaderValue,
    ) -> Pin<Box<dyn Future<Output = SendResult> + Send + 'a>> {
        Box::pin(async move {
            sleep_until(call.head_deadline().min(Instant::now() + CONFIRM_AFTER)).await;
            request.extensions_mut().insert(PreferOtherNode);
            let response = self.inner.exchange(request, call).await?;
            match self.record(request, &response, Some(&sent)) {
                Staleness::Stale => self.reread(request, call, sent).await,
                Staleness::Fresh => Ok(response),
            }
        })
    }
}

impl<E: Exchange> Exchange for Consistent<E> {
    async fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        if self.mode == ReadYourWrites::Off {
            return self.inner.exchange(request, call).await;
        }
        let sent = self.tracker.latest(&self.address(request), request.headers());
        if let Some(index) = &sent {
            self.add_index(index.clone(), request.headers_mut());
        }
        // The block keeps the response out of the future.
        let resend = {
            let response = self.inner.exchange(request, call).await?;
            match &sent {
                _ if is_index_rejected(&response) => Resend::WithoutIndex,
                _ if self.record(request, &response, sent.as_ref()) == Staleness::Stale
                    && may_be_resent(request) =>
                {
                    Resend::Stale
                }
                Some(_)
                    if response.status() == StatusCode::NO_CONTENT
                        && !is_read(request)
                        && is_without_effect(request, &response) =>
                {
                    Resend::ToConfirm
                }
                _ => return Ok(response),
            }
        };
        match (resend, sent) {
            // In doubt, because the first response may have been right.
            (Resend::Stale, Some(sent)) => {
                return mark_in_doubt(self.reread(request, call, sent).await);
            }
            (Resend::ToConfirm, Some(sent)) => {
                return mark_in_doubt(self.confirm(request, call, sent).await);
            }
            _ => {}
        }
        self.tracker.forget(&self.address(request), request.headers());
        request.headers_mut().remove(INDEX);
        request.headers_mut().remove(INCONSISTENT);
        let response = self.inner.exchange(request, call).await?;
        let _ = self.record(request, &response, None);
        Ok(response)
    }

    fn reset_connections(&self) {
        self.inner.reset_connections();
    }
}

/// A create is not resent, because the server returns the identifier only once.
fn may_be_resent(request: &Request<Bytes>) -> bool {
    let creates = Operation::from_request(request).is_some_and(|operation| operation.creates);
    is_read(request) || (is_idempotent(request) && !creates)
}

fn is_index_rejected(response: &Response<Bytes>) -> bool {
    response.status() == StatusCode::BAD_REQUEST
        && ApiError::from_response(response).is_some_and(|error| error.is_index_rejected())
}

#[cfg(test)]
mod tests;
