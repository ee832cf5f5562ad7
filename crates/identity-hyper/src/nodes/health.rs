use std::sync::Arc;
use std::time::Duration;

use identity_core::{
    Endpoint,
    endpoint::{ApiResponse, Method, RequestBuilder},
    error::{RequestError, ResponseError},
    transport::{NodeHealth, NodeState},
};

use super::cluster::{Cluster, Connections, NodeFailure};
use crate::address::display_address;
use crate::exchange::{Call, Exchange};

/// `GET sys/health`. The status of the response is the state of the node.
pub(crate) struct Health;

impl Endpoint for Health {
    type Output = NodeState;
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "sys/health";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        Ok(builder.without_token())
    }

    fn decode(response: ApiResponse<'_>) -> Result<NodeState, ResponseError> {
        Ok(match response.status().as_u16() {
            200 => NodeState::Leader,
            429 | 473 => NodeState::Standby,
            472 => NodeState::Secondary,
            501 => NodeState::Uninitialized,
            503 => NodeState::Sealed,
            _ => NodeState::Unknown,
        })
    }
}

/// Probes a node and records its state.
pub(crate) async fn probe<E: Exchange>(
    cluster: Arc<Cluster>,
    index: usize,
    inner: Arc<E>,
    timeout: Duration,
) -> NodeHealth {
    let node = cluster.node(index);
    let mut request = node.probe.clone();
    let result = inner.exchange(&mut request, &Call::within(timeout, timeout)).await;
    let state = match &result {
        Ok(response) => Health::parse_response(response).unwrap_or(NodeState::Unknown),
        Err(_) => NodeState::Unreachable,
    };
    let connections = match state {
        NodeState::Leader => {
            cluster.on_leader_claim(index);
            Connections::Keep
        }
        NodeState::Standby | NodeState::Unknown => {
            let _ = cluster.record(index, None);
            cluster.on_follower(index)
        }
        _ => cluster.record(index, Some(NodeFailure::Down)),
    };
    if connections == Connections::Reset {
        inner.reset_connections();
    }
    NodeHealth::new(display_address(node.probe.uri()), state)
}
