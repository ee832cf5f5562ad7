use std::sync::Arc;
use std::time::Duration;

use identity_core::{
    Endpoint,
    endpoint::{ApiResponse, Method, RequestBuilder},
    error::{RequestError, ResponseError},
};

use super::{Cluster, Trouble};
use crate::connect::shown;
use crate::exchange::{Call, Exchange};

/// `GET sys/health`. The status tells all that matters here.
pub(crate) struct Health;

impl Endpoint for Health {
    type Output = NodeState;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "sys/health";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        Ok(draft.without_token())
    }

    fn decode(reply: ApiResponse<'_>) -> Result<NodeState, ResponseError> {
        Ok(match reply.status().as_u16() {
            200 => NodeState::Leader,
            429 | 473 => NodeState::Standby,
            472 => NodeState::Secondary,
            501 => NodeState::Uninitialized,
            503 => NodeState::Sealed,
            _ => NodeState::Unknown,
        })
    }
}

/// How a node is, as `sys/health` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeState {
    /// It leads the cluster, or is all of it.
    Leader,
    /// It answers reads, and passes writes on to the leader.
    Standby,
    /// It belongs to another cluster that stands in for a lost one, and answers nothing before that.
    Secondary,
    /// It is sealed.
    Sealed,
    /// It is not yet initialised.
    Uninitialized,
    /// It does not answer.
    Unreachable,
    /// It gives an answer that says nothing of it.
    Unknown,
}

/// How a node of the cluster is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeHealth {
    /// The host and port, or the path of the Unix socket.
    pub address: String,
    /// How it is.
    pub state: NodeState,
}

/// Asks one node, and takes note of the answer.
pub(crate) async fn ask<E: Exchange>(
    cluster: Arc<Cluster>,
    index: usize,
    inner: Arc<E>,
    timeout: Duration,
) -> NodeHealth {
    let node = cluster.node(index);
    let mut request = node.probe.clone();
    let answer = inner.exchange(&mut request, &Call::within(timeout, timeout)).await;
    let state = match &answer {
        Ok(response) => Health::parse_response(response).unwrap_or(NodeState::Unknown),
        Err(_) => NodeState::Unreachable,
    };
    let renew = match state {
        NodeState::Leader => {
            cluster.claim(index);
            false
        }
        NodeState::Standby | NodeState::Unknown => {
            cluster.learn(index, Trouble::None) | cluster.follow(index)
        }
        _ => cluster.learn(index, Trouble::Down),
    };
    if renew {
        inner.renew();
    }
    NodeHealth { address: shown(node.probe.uri()).into_owned(), state }
}
