use std::time::Duration;

use serde_json::{Value, json};

use super::{Cluster, Result, TIMEOUT, until};
use crate::DevServerError;
use crate::error::tail;

/// Makes nodes fail and recover.
///
/// Each method waits for its own node. [`wait_healthy`](Cluster::wait_healthy) waits for all nodes.
impl Cluster {
    /// Kills a node (SIGKILL), and waits until it has ended.
    ///
    /// # Errors
    ///
    /// Fails if the node does not end within a minute.
    pub fn kill(&mut self, node: usize) -> Result<()> {
        self.signal(node, "KILL")?;
        self.wait_ended(node)
    }

    /// Terminates a node (SIGTERM), and waits until it has ended.
    ///
    /// # Errors
    ///
    /// Fails if the node does not end within a minute.
    pub fn terminate(&mut self, node: usize) -> Result<()> {
        self.signal(node, "TERM")?;
        self.wait_ended(node)
    }

    /// Suspends a node (SIGSTOP): it accepts connections and is unresponsive.
    ///
    /// # Errors
    ///
    /// Fails if the node does not run.
    pub fn pause(&mut self, node: usize) -> Result<()> {
        self.signal(node, "STOP")?;
        self.nodes[node].is_paused = true;
        Ok(())
    }

    /// Resumes a suspended node (SIGCONT).
    ///
    /// # Errors
    ///
    /// Fails if the node does not run.
    pub fn resume(&mut self, node: usize) -> Result<()> {
        self.signal(node, "CONT")?;
        self.nodes[node].is_paused = false;
        Ok(())
    }

    /// Starts and unseals a node. If it runs, terminates it first.
    ///
    /// # Errors
    ///
    /// Fails if the node does not start within a minute.
    pub fn restart(&mut self, node: usize) -> Result<()> {
        if self.nodes[node].process.is_some() {
            self.terminate(node)?;
        }
        self.spawn(node)?;
        self.unseal(node)
    }

    /// Seals a node.
    ///
    /// # Errors
    ///
    /// Fails if the node is not sealed within a minute.
    pub fn seal(&mut self, node: usize) -> Result<()> {
        // A node responds with 500 while its role changes, which can be seconds after it is healthy again.
        until(TIMEOUT, || match self.nodes[node].health() {
            Some(503) => Ok(()),
            health => {
                let (status, response) = self.request(node, "PUT", "sys/seal", &Value::Null)?;
                Err(format!("the health of node {node} is {health:?}, sealing it: {status}: {response}"))
            }
        })
    }

    /// Unseals a node.
    ///
    /// # Errors
    ///
    /// Fails if the node is not unsealed within a minute.
    pub fn unseal(&mut self, node: usize) -> Result<()> {
        let key = json!({ "key": self.unseal_key });
        until(TIMEOUT, || {
            // A node that has just joined accepts the key only after the leader has contacted it.
            let (status, response) = self.request(node, "PUT", "sys/unseal", &key)?;
            let is_unsealed = response["sealed"] == false;
            if is_unsealed { Ok(()) } else { Err(format!("node {node} is sealed: {status}: {response}")) }
        })?;
        self.wait_health(node, &[200, 429])
    }

    /// Makes the leader step down until another node leads, and returns that node.
    ///
    /// The old leader does not lead again for 10 seconds even if it is elected, so a further outage during
    /// these seconds can last as long.
    ///
    /// # Errors
    ///
    /// Fails if no other node leads within a minute.
    pub fn step_down(&mut self) -> Result<usize> {
        let old = self.leader()?;
        for _ in 0..8 {
            // The leader may have lost the leadership by itself: the other leader is what counts.
            let _ = self.request(old, "PUT", "sys/step-down", &Value::Null);
            let other = until(Duration::from_secs(5), || {
                let other = (0..3).find(|node| *node != old && self.nodes[*node].health() == Some(200));
                other.ok_or_else(|| format!("node {old} has stepped down, and no other node leads"))
            });
            if other.is_ok() || self.leader()? != old {
                return self.leader();
            }
        }
        Err(DevServerError::new(format!("node {old} was elected again each time it stepped down")))
    }

    pub(super) fn spawn(&mut self, node: usize) -> Result<()> {
        let spawned = self.nodes[node].spawn(&self.program);
        spawned.map_err(|error| DevServerError::new(format!("node {node} did not start: {error}")))?;
        let listens = until(TIMEOUT, || {
            let process = self.nodes[node].process.as_mut();
            let ended = process.is_some_and(|process| !matches!(process.exit_status(), Ok(None)));
            // The error is reported below.
            if ended {
                return Ok(false);
            }
            self.nodes[node].health().map(|_| true).ok_or(format!("node {node} is unresponsive"))
        })?;
        if listens {
            return Ok(());
        }
        let process = self.nodes[node].process.take();
        let output = process.and_then(|process| process.into_output().ok()).unwrap_or_default();
        Err(DevServerError::new(format!("node {node} ended after writing\n{}", tail(&output))))
    }

    fn signal(&mut self, node: usize, name: &str) -> Result<()> {
        let process = self.nodes[node].process.as_mut();
        let process = process.ok_or_else(|| DevServerError::new(format!("node {node} does not run")))?;
        process.signal(name).map_err(|error| DevServerError::new(format!("node {node}: SIG{name}: {error}")))
    }

    fn wait_ended(&mut self, node: usize) -> Result<()> {
        until(TIMEOUT, || {
            let process = self.nodes[node].process.as_mut();
            let runs = process.is_some_and(|process| matches!(process.exit_status(), Ok(None)));
            if runs { Err(format!("node {node} still runs")) } else { Ok(()) }
        })?;
        self.nodes[node].process = None;
        Ok(())
    }

    fn wait_health(&self, node: usize, expected: &[u16]) -> Result<()> {
        until(TIMEOUT, || {
            let health = self.nodes[node].health();
            let is_good = health.is_some_and(|status| expected.contains(&status));
            if is_good { Ok(()) } else { Err(format!("the health of node {node} is {health:?}")) }
        })
    }
}
