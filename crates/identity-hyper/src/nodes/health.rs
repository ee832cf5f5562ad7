use identity_core::{
    Endpoint,
    endpoint::{ApiResponse, Method, RequestBuilder},
    error::{RequestError, ResponseError},
    transport::NodeState,
};

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
