//! The hook that modifies each request just before it is sent.

use std::fmt;
use std::future::Future;
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::Either;
use http::Request;

use crate::exchange::{Call, Exchange, SendResult};

type Map = dyn Fn(&mut Request<Bytes>) + Send + Sync;

#[derive(Clone)]
pub(crate) struct Hook(Arc<Map>);

impl Hook {
    pub(crate) fn new(map: impl Fn(&mut Request<Bytes>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(map))
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").finish_non_exhaustive()
    }
}

/// Runs the hook on each attempt.
#[derive(Debug)]
pub(crate) struct MapRequest<E> {
    hook: Option<Hook>,
    inner: E,
}

impl<E: Exchange> MapRequest<E> {
    pub(crate) fn new(hook: Option<Hook>, inner: E) -> Self {
        Self { hook, inner }
    }

    /// The hook gets a copy, so that its changes do not add up over the attempts of a call.
    async fn map_and_send(&self, hook: &Hook, request: &mut Request<Bytes>, call: &Call) -> SendResult {
        let mut mapped = request.clone();
        (hook.0)(&mut mapped);
        let result = self.inner.exchange(&mut mapped, call).await;
        *request.extensions_mut() = mem::take(mapped.extensions_mut());
        result
    }
}

impl<E: Exchange> Exchange for MapRequest<E> {
    fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> impl Future<Output = SendResult> + Send {
        match &self.hook {
            Some(hook) => Either::Left(Box::pin(self.map_and_send(hook, request, call))),
            None => Either::Right(self.inner.exchange(request, call)),
        }
    }

    fn reset_connections(&self) {
        self.inner.reset_connections();
    }
}
