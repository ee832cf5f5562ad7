use std::sync::{Arc, Mutex};

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::runtime::Handle;

use crate::classify::is_unprocessed;

use super::connection::{Body, Connection, http2_error};
use super::kept::{Kept, lock, reap};

/// A connection in the hands of a call.
#[derive(Debug)]
pub(super) struct Lease<'p> {
    pub(super) kept: &'p Arc<Mutex<Kept>>,
    pub(super) origin: usize,
    /// `None` when it has been given back.
    pub(super) connection: Option<Connection>,
    /// The entry, if others use it as well.
    pub(super) shared: Option<u64>,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No request is out.
    Unused,
    /// A request is out, and the head of its response has not come.
    Sent,
    /// The head of the response has come.
    Answered,
    /// The whole response has come.
    Done,
    /// The connection has failed, with this request or before it.
    Failed,
}

/// Why a request brought no response.
pub(super) struct Failure {
    pub(super) error: hyper::Error,
    /// Whether the server has certainly not processed it.
    pub(super) is_unsent: bool,
}

impl Lease<'_> {
    pub(super) async fn send(&mut self, request: Request<Body>) -> Result<Response<Incoming>, Failure> {
        let Some(connection) = &mut self.connection else {
            unreachable!("it is given back when it is dropped")
        };
        self.state = State::Sent;
        match connection.send(request).await {
            Ok(response) => {
                self.state = State::Answered;
                Ok(response)
            }
            Err(mut failure) => {
                let mut is_unsent = failure.take_message().is_some();
                let error = failure.into_error();
                self.state = State::Failed;
                if let Some(h2) = http2_error(&error) {
                    if h2.is_reset() {
                        // This request has ended, and not the connection.
                        self.state = State::Answered;
                    }
                    is_unsent |= is_unprocessed(h2);
                }
                Err(Failure { error, is_unsent })
            }
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_http2)
    }

    /// Whether a call over the connection has been answered.
    pub(super) fn is_proven(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.is_proven)
    }

    /// Whether not a byte has come over the connection, from a server that has never answered before.
    pub(super) fn is_silent(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_silent)
            && !lock(self.kept).has_answered(self.origin)
    }
}

impl Drop for Lease<'_> {
    /// An attempt that is given up must not reach the server any more, not even when its packets got lost and
    /// the kernel would send them again: its connection is aborted. One that others share stays: they would
    /// lose it too, and only reads share one.
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if let Some(id) = self.shared {
            let is_broken = self.state == State::Failed || connection.is_closed();
            lock(self.kept).leave(self.origin, id, self.state == State::Done, is_broken);
            return;
        }
        match self.state {
            State::Sent | State::Failed => connection.abort(),
            // What is left of the response would come before the next one.
            State::Answered if !connection.is_http2() => {}
            State::Unused | State::Answered | State::Done => {
                connection.is_proven |= self.state == State::Done;
                if lock(self.kept).put(self.origin, connection) {
                    let reap = reap(Arc::downgrade(self.kept));
                    // A call may be dropped outside of a runtime.
                    if let Ok(runtime) = Handle::try_current() {
                        runtime.spawn(reap);
                    }
                }
            }
        }
    }
}
