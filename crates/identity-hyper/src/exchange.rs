//! The trait that all layers implement, and the deadlines of a call.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use identity_core::transport::{Deadline, TransportError};
use tokio::time::Instant;

/// Longer times overflow the clock.
pub(crate) const MAX_DURATION: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pub(crate) type SendResult = Result<Response<Bytes>, TransportError>;

/// A layer of the stack, or the connection pool at its end.
///
/// Unlike [`Transport`](identity_core::Transport), it does not box its future, so a layer costs no
/// allocation, and it borrows the request, so a retry needs no copy.
pub(crate) trait Exchange: Send + Sync {
    /// Sends `request`, which the layers may modify.
    fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> impl Future<Output = SendResult> + Send;

    /// Closes the open connections as soon as their calls have ended.
    fn reset_connections(&self);
}

/// The deadlines of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call(Option<Deadlines>);

#[derive(Clone, Copy, Debug)]
struct Deadlines {
    started_at: Instant,
    head: Instant,
    total: Instant,
}

impl Call {
    pub(crate) const UNLIMITED: Self = Self(None);

    /// Starts a call. The response headers have to arrive within `head`, and the whole response within
    /// `total`.
    pub(crate) fn within(head: Duration, total: Duration) -> Self {
        let started_at = Instant::now();
        let head = started_at + head.min(total).min(MAX_DURATION);
        Self(Some(Deadlines { started_at, head, total: started_at + total.min(MAX_DURATION) }))
    }

    /// Starts a call that ends by the [`Deadline`] of the request, if it has one.
    pub(crate) fn from_request(request: &mut Request<Bytes>) -> Self {
        let deadline = request.extensions_mut().remove();
        deadline.map_or(Self::UNLIMITED, |Deadline(deadline)| {
            let deadline = deadline.into();
            Self(Some(Deadlines { started_at: Instant::now(), head: deadline, total: deadline }))
        })
    }

    /// Returns the same call, which ends by the deadline of `outer` at the latest.
    pub(crate) fn capped_by(self, outer: &Self) -> Self {
        match (self.0, outer.0) {
            (Some(deadlines), Some(outer)) => Self(Some(Deadlines {
                head: deadlines.head.min(outer.total),
                total: deadlines.total.min(outer.total),
                ..deadlines
            })),
            (deadlines, outer) => Self(deadlines.or(outer)),
        }
    }

    /// Starts another attempt of the same call, with the same time for the response headers.
    pub(crate) fn restart(self) -> Self {
        Self(self.0.map(|deadlines| {
            let started_at = Instant::now();
            let head = deadlines.total.min(started_at + (deadlines.head - deadlines.started_at));
            Deadlines { started_at, head, ..deadlines }
        }))
    }

    /// Returns the start of this attempt.
    pub(crate) fn started_at(&self) -> Instant {
        self.0.map_or_else(Instant::now, |deadlines| deadlines.started_at)
    }

    /// Returns the time by which the response headers have to arrive.
    pub(crate) fn head_deadline(&self) -> Instant {
        self.0.map_or_else(|| Instant::now() + MAX_DURATION, |deadlines| deadlines.head)
    }

    /// Returns the time by which the whole response has to arrive.
    pub(crate) fn deadline(&self) -> Instant {
        self.0.map_or_else(|| Instant::now() + MAX_DURATION, |deadlines| deadlines.total)
    }
}
