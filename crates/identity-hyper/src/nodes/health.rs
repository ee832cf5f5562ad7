use std::sync::Arc;
use std::time::Duration;

use identity_core::{
    Endpoint,
    endpoint::{ApiResponse, Method, RequestBuilder},
    error::{RequestError, ResponseError},
    transport::{NodeHealth, NodeState},
};

use super::{Cluster, Trouble};
use crate::address::display_address;
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
    NodeHealth::new(display_address(node.probe.uri()), state)
}
