use std::sync::{Arc, Mutex};

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::runtime::Handle;

use crate::classify::is_unprocessed;

use super::pooled::{Body, PooledConnection, http2_error};
use super::state::{PoolState, Reaper, lock, reap};

/// A connection in use by a call.
#[derive(Debug)]
pub(super) struct Lease<'p> {
    pub(super) pool: &'p Arc<Mutex<PoolState>>,
    pub(super) origin: usize,
    /// `None` once checked in.
    pub(super) connection: Option<PooledConnection>,
    /// The identifier of the pool's entry, if the connection is shared.
    pub(super) shared: Option<u64>,
    pub(super) state: LeaseState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeaseState {
    Unused,
    Sent,
    HeadReceived,
    Done,
    /// The connection failed during this request or before it.
    Failed,
}

pub(super) struct Failure {
    pub(super) error: hyper::Error,
    /// Whether it is certain that the server has not processed the request.
    pub(super) was_not_processed: bool,
}

impl Lease<'_> {
    pub(super) async fn send(&mut self, request: Request<Body>) -> Result<Response<Incoming>, Failure> {
        let Some(connection) = &mut self.connection else {
            unreachable!("a lease is checked in only when dropped")
        };
        self.state = LeaseState::Sent;
        match connection.send(request).await {
            Ok(response) => {
                self.state = LeaseState::HeadReceived;
                Ok(response)
            }
            Err(mut failure) => {
                let mut was_not_processed = failure.take_message().is_some();
                let error = failure.into_error();
                self.state = LeaseState::Failed;
                if let Some(h2) = http2_error(&error) {
                    if h2.is_reset() {
                        // Only this stream has failed, not the connection.
                        self.state = LeaseState::HeadReceived;
                    }
                    was_not_processed |= is_unprocessed(h2);
                }
                Err(Failure { error, was_not_processed })
            }
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        self.connection.as_ref().is_some_and(PooledConnection::is_http2)
    }

    /// Returns `true` if a call over the connection has received a response.
    pub(super) fn has_responded(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.has_responded)
    }

    /// Returns `true` if the connection has received no byte, and the server has never responded before.
    pub(super) fn is_silent(&self) -> bool {
        self.connection.as_ref().is_some_and(PooledConnection::is_silent)
            && !lock(self.pool).has_responded(self.origin)
    }
}

impl Drop for Lease<'_> {
    /// Aborts the connection of an abandoned attempt, so that the kernel does not retransmit the request. A
    /// shared connection stays open for the other calls, which are all reads.
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if let Some(id) = self.shared {
            let is_broken = self.state == LeaseState::Failed || connection.is_closed();
            lock(self.pool).release_shared(self.origin, id, self.state == LeaseState::Done, is_broken);
            return;
        }
        match self.state {
            LeaseState::Sent | LeaseState::Failed => connection.abort(),
            // The rest of the response would precede the next one.
            LeaseState::HeadReceived if !connection.is_http2() => {}
            LeaseState::Unused | LeaseState::HeadReceived | LeaseState::Done => {
                connection.has_responded |= self.state == LeaseState::Done;
                if lock(self.pool).check_in(self.origin, connection) == Reaper::Needed {
                    let reap = reap(Arc::downgrade(self.pool));
                    // A call may be dropped outside a runtime.
                    if let Ok(runtime) = Handle::try_current() {
                        runtime.spawn(reap);
                    }
                }
            }
        }
    }
}
