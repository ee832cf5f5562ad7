use serde::{Deserialize, Serialize};

/// The state of one node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeHealth {
    /// The host and port, or the path of the Unix socket.
    pub address: String,
    /// The state that the node reports.
    pub state: NodeState,
}

impl NodeHealth {
    /// Creates a value from an address and a state.
    pub fn new(address: impl Into<String>, state: NodeState) -> Self {
        Self { address: address.into(), state }
    }
}

/// The state of a node, from the status of `GET sys/health`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeState {
    /// The node leads the cluster, or is the only one.
    Leader,
    /// The node serves reads and forwards writes to the leader.
    Standby,
    /// The node belongs to a disaster recovery secondary, which serves nothing until it is promoted.
    Secondary,
    /// The node is sealed.
    Sealed,
    /// The node is not yet initialized.
    Uninitialized,
    /// The node does not respond.
    Unreachable,
    /// The node responds with an unknown status.
    Unknown,
}

/// The newest index of a cluster and namespace that a client has seen.
///
/// A client in another process that observes the token sees the writes of this client. Serialize the token to
/// pass it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConsistencyToken {
    /// The host and port, and the path prefix of a gateway. For several addresses of one cluster, the first
    /// one.
    pub address: String,
    /// The namespace. Empty for the root namespace.
    pub namespace: String,
    /// The server's `X-Vault-Index`.
    pub index: String,
}

impl ConsistencyToken {
    /// Creates a token from an address, a namespace and an `X-Vault-Index`.
    pub fn new(address: impl Into<String>, namespace: impl Into<String>, index: impl Into<String>) -> Self {
        Self { address: address.into(), namespace: namespace.into(), index: index.into() }
    }
}
