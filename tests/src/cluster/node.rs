use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use crate::http;
use crate::process::Process;

const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// A node, running or not.
pub(super) struct Node {
    pub(super) api: SocketAddr,
    /// For the traffic between the nodes.
    pub(super) cluster: SocketAddr,
    /// The API without TLS, for balancers.
    pub(super) plain: SocketAddr,
    config: PathBuf,
    tls: Arc<ClientConfig>,
    pub(super) process: Option<Process>,
    pub(super) is_paused: bool,
}

impl Node {
    /// Creates a node without starting it. `directory` holds the certificate and the data of all nodes.
    pub(super) fn new(
        index: u16,
        port: u16,
        directory: &Path,
        multiplier: u8,
        tls: Arc<ClientConfig>,
    ) -> io::Result<Self> {
        let [api, cluster, plain, unused] =
            [0, 1, 2, 3].map(|offset| SocketAddr::from((Ipv4Addr::LOCALHOST, port + offset)));
        let data = directory.join(format!("node-{index}"));
        fs::create_dir(&data)?;
        let config = directory.join(format!("node-{index}.hcl"));
        let (directory, data) = (directory.display(), data.display());
        let text = format!(
            r#"
            api_addr = "https://{api}"
            cluster_addr = "https://{cluster}"
            listener "tcp" {{
              address = "{api}"
              cluster_address = "{cluster}"
              tls_cert_file = "{directory}/server.pem"
              tls_key_file = "{directory}/server.key"
            }}
            listener "tcp" {{
              address = "{plain}"
              cluster_address = "{unused}"
              tls_disable = true
            }}
            storage "raft" {{
              path = "{data}"
              node_id = "node-{index}"
              performance_multiplier = {multiplier}
              autopilot_reconcile_interval = "1s"
              autopilot_update_interval = "1s"
            }}
            "#
        );
        fs::write(&config, text)?;
        Ok(Self { api, cluster, plain, config, tls, process: None, is_paused: false })
    }

    pub(super) fn address(&self) -> String {
        format!("https://{}", self.api)
    }

    pub(super) fn spawn(&mut self, program: &Path) -> io::Result<()> {
        let config = format!("-config={}", self.config.display());
        self.process = Some(Process::spawn(program, &["server", &config])?);
        self.is_paused = false;
        Ok(())
    }

    /// Returns the status of `sys/health`: 200 for the leader, 429 for a standby, 501 for an uninitialized
    /// node, 503 for a sealed one. `None` means no response.
    pub(super) fn health(&self) -> Option<u16> {
        if self.process.is_none() || self.is_paused {
            return None;
        }
        let response = self.send(HEALTH_TIMEOUT, "GET", "sys/health", &[], "");
        response.ok().map(|(status, _)| status)
    }

    /// Sends a request that this node must not forward.
    pub(super) fn request(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
    ) -> io::Result<(u16, String)> {
        let mut headers = vec![("X-Vault-No-Request-Forwarding", "true")];
        if !token.is_empty() {
            headers.push(("X-Vault-Token", token));
        }
        self.send(REQUEST_TIMEOUT, method, path, &headers, body)
    }

    fn send(
        &self,
        timeout: Duration,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<(u16, String)> {
        http::send(self.api, Some(self.tls.clone()), timeout, method, &format!("/v1/{path}"), headers, body)
    }
}
