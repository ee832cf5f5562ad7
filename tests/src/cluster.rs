mod events;
mod node;
mod ports;

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::ca::Ca;
use crate::{DevServerError, binary};
use node::Node;
use ports::Ports;

type Result<T, E = DevServerError> = std::result::Result<T, E>;

const POLL: Duration = Duration::from_millis(50);
/// The timeout for events such as an election.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A cluster of three OpenBao nodes on loopback, with raft storage and TLS, whose nodes can be made to fail.
///
/// The program is found as for [`DevServer`](crate::DevServer). Nodes are identified by their index. They are
/// killed on drop and when this process ends, even if it is killed.
pub struct Cluster {
    // Dropped before the directory that they write to.
    nodes: [Node; 3],
    program: PathBuf,
    ca_pem: String,
    token: String,
    unseal_key: String,
    _directory: TempDir,
    _ports: Ports,
}

impl Cluster {
    /// Starts a cluster that elects a new leader about 3 seconds after a crash.
    ///
    /// # Errors
    ///
    /// Fails if there is no server program, or if the cluster does not become healthy.
    pub fn start() -> Result<Self> {
        Self::start_with_multiplier(1)
    }

    /// Starts a cluster with raft's timeouts multiplied. OpenBao's default is 5: a crash leaves the cluster
    /// without a leader for 12 to 24 seconds.
    ///
    /// # Errors
    ///
    /// Fails as [`start`](Self::start) does.
    pub fn start_with_multiplier(multiplier: u8) -> Result<Self> {
        let failed =
            |error: std::io::Error| DevServerError::new(format!("the cluster did not start: {error}"));

        let program = binary::find()?;
        let directory = tempfile::Builder::new().prefix("identity-cluster").tempdir().map_err(failed)?;
        let ports = Ports::reserve().map_err(failed)?;
        let ca = Ca::new()?;
        let (certificate, key) = ca.issue()?;
        fs::write(directory.path().join("server.pem"), certificate.pem()).map_err(failed)?;
        fs::write(directory.path().join("server.key"), key.serialize_pem()).map_err(failed)?;
        let tls = ca.client()?;

        let node = |index: u16| {
            Node::new(index, ports.of_node(index), directory.path(), multiplier, tls.clone()).map_err(failed)
        };
        let mut cluster = Self {
            nodes: [node(0)?, node(1)?, node(2)?],
            program,
            ca_pem: ca.pem(),
            token: String::new(),
            unseal_key: String::new(),
            _directory: directory,
            _ports: ports,
        };
        cluster.form()?;
        Ok(cluster)
    }

    /// Joins the nodes.
    fn form(&mut self) -> Result<()> {
        for node in 0..3 {
            self.spawn(node)?;
        }
        let shares = json!({ "secret_shares": 1, "secret_threshold": 1 });
        let keys = self.expect_ok(0, "PUT", "sys/init", &shares)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.token = text(&keys["root_token"]);
        self.unseal_key = text(&keys["keys"][0]);
        self.unseal(0)?;
        until(TIMEOUT, || self.serves(0))?;

        // A node becomes a voter only after this time.
        let autopilot = json!({ "server_stabilization_time": "1s" });
        self.expect_ok(0, "POST", "sys/storage/raft/autopilot/configuration", &autopilot)?;
        let join = json!({ "leader_api_addr": self.nodes[0].address(), "leader_ca_cert": self.ca_pem });
        for node in 1..3 {
            self.expect_ok(node, "POST", "sys/storage/raft/join", &join)?;
            self.unseal(node)?;
        }
        self.wait_healthy(TIMEOUT)?;
        // A leader that was not restarted after it joined does not step down: OpenBao 2.7.2 responds with 204
        // and stays the leader.
        for node in 1..3 {
            self.restart(node)?;
        }
        self.wait_healthy(TIMEOUT)?;
        Ok(())
    }

    /// Returns the base addresses of the nodes, `https://127.0.0.1:PORT`.
    pub fn addresses(&self) -> [String; 3] {
        [0, 1, 2].map(|node| self.nodes[node].address())
    }

    /// Returns the ports of the nodes' API.
    pub fn api_ports(&self) -> [u16; 3] {
        [0, 1, 2].map(|node| self.nodes[node].api.port())
    }

    /// Returns the ports for the traffic between the nodes.
    pub fn cluster_ports(&self) -> [u16; 3] {
        [0, 1, 2].map(|node| self.nodes[node].cluster.port())
    }

    /// Returns the addresses of the nodes' API with and without TLS, for balancers.
    pub(crate) fn backends(&self) -> [(SocketAddr, SocketAddr); 3] {
        [0, 1, 2].map(|node| (self.nodes[node].api, self.nodes[node].plain))
    }

    /// Returns the certificate of the CA that has issued the nodes' certificates.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Returns the root token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Waits until a node leads and serves requests, and returns it.
    ///
    /// # Errors
    ///
    /// Fails if no node does within a minute.
    pub fn leader(&self) -> Result<usize> {
        until(TIMEOUT, || {
            let leads = |node: &usize| self.nodes[*node].health() == Some(200);
            let leader = (0..3).find(leads).ok_or("no node leads")?;
            // A new leader is healthy a moment before it serves.
            self.serves(leader).map(|()| leader)
        })
    }

    /// Waits until all nodes serve requests and are voters, and returns the leader.
    ///
    /// # Errors
    ///
    /// Fails if they do not within `timeout`.
    pub fn wait_healthy(&self, timeout: Duration) -> Result<usize> {
        until(timeout, || {
            let health = [0, 1, 2].map(|node| self.nodes[node].health());
            let mut sorted = health;
            sorted.sort_unstable();
            let leader = health.iter().position(|status| *status == Some(200));
            let leader = leader.filter(|_| sorted == [Some(200), Some(429), Some(429)]);
            let leader = leader.ok_or_else(|| format!("the health of the nodes is {health:?}"))?;
            (0..3).try_for_each(|node| self.serves(node))?;

            let (_, state) = self.request(leader, "GET", "sys/storage/raft/autopilot/state", &Value::Null)?;
            let servers = state["data"]["servers"].as_object();
            let votes = |server: &&Value| {
                server["healthy"] == true && (server["status"] == "leader" || server["status"] == "voter")
            };
            let count = servers.map_or(0, |servers| servers.values().filter(votes).count());
            if count == 3 { Ok(leader) } else { Err(format!("{count} nodes are healthy voters")) }
        })
    }

    fn serves(&self, node: usize) -> Result<(), String> {
        let (status, body) = self.request(node, "GET", "identity/entity/id?list=true", &Value::Null)?;
        // 404 is the empty list.
        if matches!(status, 200 | 404) {
            Ok(())
        } else {
            Err(format!("node {node} responds with {status}: {body}"))
        }
    }

    fn request(&self, node: usize, method: &str, path: &str, body: &Value) -> Result<(u16, Value), String> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let response = self.nodes[node].request(method, path, &self.token, &body);
        let (status, body) = response.map_err(|error| format!("node {node}: {method} {path}: {error}"))?;
        Ok((status, serde_json::from_str(&body).unwrap_or(Value::String(body))))
    }

    fn expect_ok(&self, node: usize, method: &str, path: &str, body: &Value) -> Result<Value> {
        let (status, response) = self.request(node, method, path, body).map_err(DevServerError::new)?;
        if (200..300).contains(&status) {
            return Ok(response);
        }
        Err(DevServerError::new(format!("node {node}: {method} {path}: status {status}: {response}")))
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("addresses", &self.addresses()).finish_non_exhaustive()
    }
}

/// Repeats `check` until it succeeds.
fn until<T>(timeout: Duration, mut check: impl FnMut() -> Result<T, String>) -> Result<T> {
    let deadline = Instant::now() + timeout;
    loop {
        match check() {
            Ok(output) => return Ok(output),
            Err(why) if Instant::now() > deadline => {
                return Err(DevServerError::new(format!("not within {timeout:?}: {why}")));
            }
            Err(_) => thread::sleep(POLL),
        }
    }
}
