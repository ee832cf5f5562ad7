use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::ca::Ca;
use crate::error::tail;
use crate::process::Process;
use crate::{DevServerError, binary, http, live};

const TOKEN: &str = "root";
const ATTEMPTS: usize = 3;
const STARTUP: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A development server of OpenBao or Vault: in memory, unsealed, on a loopback port, and stopped on drop.
///
/// The program is the one in `VAULT_IDENTITY_SERVER`, or OpenBao of the version in
/// `VAULT_IDENTITY_SERVER_VERSION`, or `bao` or `vault` on `PATH`, or OpenBao 2.7.2. pip installs OpenBao
/// once into the target directory.
#[derive(Debug)]
pub struct DevServer {
    address: String,
    socket: SocketAddr,
    // Dropped before the directory that it reads.
    process: Process,
    tls: Option<TlsListener>,
}

#[derive(Debug)]
struct TlsListener {
    address: String,
    ca_pem: String,
    _directory: TempDir,
}

enum Startup {
    Ready,
    Exited(ExitStatus),
    TimedOut,
}

impl DevServer {
    /// Starts a server.
    ///
    /// # Errors
    ///
    /// Fails if there is no server program, or if it does not start.
    pub fn start() -> Result<Self, DevServerError> {
        Self::start_program(&binary::find()?, &[])
    }

    /// Returns the server program, which is also the command-line interface.
    ///
    /// # Errors
    ///
    /// Fails if there is none and it cannot be installed.
    pub fn program() -> Result<PathBuf, DevServerError> {
        binary::find()
    }

    /// Starts a server that also listens with TLS, at [`tls_address`](Self::tls_address).
    ///
    /// # Errors
    ///
    /// Fails as [`start`](Self::start) does.
    pub fn start_with_tls() -> Result<Self, DevServerError> {
        let failed = |error: io::Error| DevServerError::new(format!("the server did not start: {error}"));
        let ca = Ca::new()?;
        let (certificate, key) = ca.issue()?;
        let directory = tempfile::Builder::new().prefix("identity-server").tempdir().map_err(failed)?;
        let file = |name: &str| directory.path().join(name);
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
        let socket = socket.map_err(failed)?;
        let config = format!(
            "listener \"tcp\" {{\n  address = \"{socket}\"\n  tls_cert_file = \"{}\"\n  tls_key_file = \"{}\"\n}}\n",
            file("server.pem").display(),
            file("server.key").display(),
        );
        fs::write(file("server.pem"), certificate.pem()).map_err(failed)?;
        fs::write(file("server.key"), key.serialize_pem()).map_err(failed)?;
        fs::write(file("server.hcl"), config).map_err(failed)?;
        let config = format!("-config={}", file("server.hcl").display());
        let mut server = Self::start_program(&binary::find()?, &[&config])?;
        server.tls = Some(TlsListener {
            address: format!("https://{socket}"),
            ca_pem: ca.pem(),
            _directory: directory,
        });
        Ok(server)
    }

    /// Returns the base address with TLS, `https://127.0.0.1:PORT`, and the CA of its certificate.
    pub fn tls_address(&self) -> Option<(&str, &str)> {
        self.tls.as_ref().map(|tls| (&*tls.address, &*tls.ca_pem))
    }

    /// Returns the server that this process shares, started by the first call.
    ///
    /// On Unix it ends with the process. Elsewhere it outlives the process, because a static is never
    /// dropped.
    ///
    /// # Errors
    ///
    /// Fails as [`start`](Self::start) does.
    pub fn shared() -> Result<&'static Self, &'static DevServerError> {
        static SHARED: OnceLock<Result<DevServer, DevServerError>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// Returns the shared server, or `None` if live tests are skipped.
    ///
    /// # Panics
    ///
    /// Panics if the server does not start, or if [`live`] panics.
    pub fn shared_or_skip() -> Option<&'static Self> {
        live().then(|| Self::shared().unwrap_or_else(|error| panic!("{error}")))
    }

    /// Returns the base address, `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the root token.
    pub fn token(&self) -> &str {
        TOKEN
    }

    /// Returns the version of the server, such as `2.7.2`.
    ///
    /// # Panics
    ///
    /// Panics if the server does not report one.
    pub fn version(&self) -> String {
        let (_, health) = self.request("GET", "/v1/sys/health", None, None, None).expect("the server runs");
        let health: Value = serde_json::from_str(&health).expect("its health is JSON");
        health["version"].as_str().expect("its health has the version").to_owned()
    }

    /// Sends a request that the client has no endpoint for, and returns the status and the body of the
    /// response.
    ///
    /// `path` is the whole path, such as `/v1/sys/auth`.
    ///
    /// # Errors
    ///
    /// Fails if there is no complete response within 30 seconds.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        namespace: Option<&str>,
        body: Option<&str>,
    ) -> io::Result<(u16, String)> {
        let token = token.map(|token| ("X-Vault-Token", token));
        let namespace = namespace.map(|namespace| ("X-Vault-Namespace", namespace));
        let headers: Vec<_> = token.into_iter().chain(namespace).collect();
        let body = body.unwrap_or_default();
        http::send(self.socket, None, REQUEST_TIMEOUT, method, path, &headers, body)
    }

    /// Tries again if the server exits early, because another program may have taken the port.
    fn start_program(program: &Path, more: &[&str]) -> Result<Self, DevServerError> {
        let failed =
            |why: &str| DevServerError::new(format!("the server {} did not start: {why}", program.display()));

        let mut attempt = 1;
        loop {
            let mut server = Self::spawn(program, more).map_err(|error| failed(&error.to_string()))?;
            let why = match server.wait().map_err(|error| failed(&error.to_string()))? {
                Startup::Ready => return Ok(server),
                Startup::Exited(_) if attempt < ATTEMPTS => {
                    attempt += 1;
                    continue;
                }
                Startup::Exited(status) => format!("it ended early ({status})"),
                Startup::TimedOut => format!("it was not ready within {STARTUP:?}"),
            };
            let output = server.process.into_output().unwrap_or_default();
            return Err(failed(&format!("{why}, after writing\n{}", tail(&output))));
        }
    }

    fn spawn(program: &Path, more: &[&str]) -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let (token, listen) =
            (format!("-dev-root-token-id={TOKEN}"), format!("-dev-listen-address={socket}"));
        let mut arguments = vec!["server", "-dev", "-dev-no-store-token", &token, &listen];
        arguments.extend(more);
        let process = Process::spawn(program, &arguments)?;
        Ok(Self { address: format!("http://{socket}"), socket, process, tls: None })
    }

    fn wait(&mut self) -> io::Result<Startup> {
        let deadline = Instant::now() + STARTUP;
        loop {
            let healthy = self.is_healthy();
            if let Some(status) = self.process.exit_status()? {
                return Ok(Startup::Exited(status));
            } else if healthy {
                return Ok(Startup::Ready);
            } else if Instant::now() > deadline {
                return Ok(Startup::TimedOut);
            }
            thread::sleep(POLL);
        }
    }

    fn is_healthy(&self) -> bool {
        let response = http::send(self.socket, None, HEALTH_TIMEOUT, "GET", "/v1/sys/health", &[], "");
        response.is_ok_and(|(status, _)| status == 200)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::DevServer;
    use crate::binary::on_path;

    #[test]
    fn a_program_that_ends_early_is_an_error_with_its_output() {
        let shell = on_path(&std::env::var_os("PATH").unwrap(), "sh").unwrap();
        let error = DevServer::start_program(&shell, &[]).unwrap_err().to_string();
        assert!(error.contains("did not start: it ended early"), "{error}");
        assert!(error.contains("No such file"), "the shell's own message is missing: {error}");
    }
}
