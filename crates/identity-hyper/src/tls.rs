mod config;
mod error;
mod source;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tower::BoxError;

use crate::background::Background;
use crate::exchange::MAX_DURATION;

pub use error::TlsError;

pub(crate) use config::Configs;
use config::Settings;
pub(crate) use error::{handshake_problem, rejects_client_cert};
use source::{Authorities, Identity};

/// How long a connection waits for a reload while earlier settings can be used.
const RELOAD_TIMEOUT: Duration = Duration::from_secs(1);

/// The TLS settings of `https` connections: trusted CAs and the client certificate (mTLS).
///
/// By default, servers are verified with the trust store of the operating system, and no client certificate
/// is sent. Once a CA is added, only added CAs are trusted. The minimum version is TLS 1.2.
///
/// ```no_run
/// use identity_hyper::{HyperTransport, Tls};
///
/// let tls = Tls::new()
///     .ca_file("/etc/vault/ca.pem")?
///     .client_cert_files("/etc/vault/app.pem", "/etc/vault/app.key")?;
/// let transport = HyperTransport::builder().tls(tls).build();
/// println!("{transport:?}");
/// # Ok::<(), identity_hyper::TlsError>(())
/// ```
///
/// # Certificate rotation
///
/// Files are read immediately, so errors surface early. They are checked for changes at most once a second,
/// when a connection is opened. If the modification time or length of a file has changed, all files are read
/// again. If they cannot be used, the previous contents stay in use; [`reload`](Self::reload) reports why.
/// Open connections are not affected. Clones share the contents.
///
/// # Custom configuration
///
/// A rustls [`ClientConfig`] converts into a `Tls`. Settings that are added later override those of the
/// `ClientConfig`. Its ALPN protocols are ignored.
///
/// ```
/// use identity_hyper::{Tls, rustls};
///
/// fn with_config(config: rustls::ClientConfig) -> Tls {
///     Tls::from(config)
/// }
/// ```
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    background: Background,
}

struct State {
    settings: Settings,
    /// Built for the first connection, because loading the system's certificates takes a while.
    configs: Option<Arc<Configs>>,
    /// Why building `configs` failed.
    problem: Option<TlsError>,
    checked: Instant,
}

impl Tls {
    /// Creates settings that trust the operating system's CAs, loaded when the first connection is opened.
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// Adds the CAs of a PEM file. Only added CAs are trusted.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read or contains no valid certificate.
    pub fn ca_file(self, path: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let authorities = Authorities::file(path.into())?;
        Ok(self.change(|settings| settings.authorities.push(authorities)))
    }

    /// Adds the CAs of all PEM files in a directory and its subdirectories. Only added CAs are trusted.
    ///
    /// Files without a PEM certificate and links to directories are skipped.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be read, or if no file contains a certificate.
    pub fn ca_dir(self, path: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let authorities = Authorities::directory(path.into())?;
        Ok(self.change(|settings| settings.authorities.push(authorities)))
    }

    /// Adds CAs in PEM form. Only added CAs are trusted.
    ///
    /// # Errors
    ///
    /// Fails if `pem` contains no valid certificate.
    pub fn ca_pem(self, pem: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        let authorities = Authorities::pem(pem.as_ref())?;
        Ok(self.change(|settings| settings.authorities.push(authorities)))
    }

    /// Trusts the operating system's CAs in addition to the added ones.
    #[must_use]
    pub fn with_system_roots(self) -> Self {
        self.change(|settings| settings.system_roots = true)
    }

    /// Sets the client certificate (mTLS) from PEM files. Replaces an earlier one.
    ///
    /// Intermediate certificates follow the certificate in the same file. The key must not be encrypted.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be read or parsed, or if the key does not match the certificate.
    pub fn client_cert_files(
        self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        let provider = self.lock().settings.provider()?;
        let identity = Identity::files(certificate.into(), key.into(), &provider)?;
        Ok(self.change(|settings| settings.identity = Some(identity)))
    }

    /// Sets the client certificate (mTLS) from PEM text, like [`client_cert_files`](Self::client_cert_files).
    ///
    /// # Errors
    ///
    /// Fails if the text cannot be parsed, or if the key does not match the certificate.
    pub fn client_cert_pem(
        self,
        certificate: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, TlsError> {
        let provider = self.lock().settings.provider()?;
        let identity = Identity::pem(certificate.as_ref(), key.as_ref(), &provider)?;
        Ok(self.change(|settings| settings.identity = Some(identity)))
    }

    /// Sets the name or IP address for SNI and server verification. Defaults to the host of the address.
    ///
    /// # Errors
    ///
    /// Fails if `name` is neither a DNS name nor an IP address.
    pub fn server_name(self, name: &str) -> Result<Self, TlsError> {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| {
            TlsError::new(format!("the server name {name:?} is neither a name nor an IP address"))
        })?;
        Ok(self.change(|settings| settings.server_name = Some(name)))
    }

    /// **Disables server verification**, even if CAs were added.
    ///
    /// An attacker on the network path can impersonate the server, read the token and use it. For local
    /// tests only: to trust a private CA, use [`ca_file`](Self::ca_file).
    #[must_use]
    pub fn danger_accept_invalid_certs(self) -> Self {
        self.change(|settings| settings.accept_invalid_certs = true)
    }

    /// Reloads the files and the operating system's CAs for new connections of this value and all clones.
    ///
    /// Blocks the thread while reading.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be read or parsed. The previous contents then stay in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        let settings = self.lock().settings.reload()?;
        let configs = Arc::new(settings.configs()?);
        self.store(settings, &configs);
        Ok(())
    }

    fn with(settings: Settings) -> Self {
        let state = State { settings, configs: None, problem: None, checked: Instant::now() };
        Self(Arc::new(Shared { state: Mutex::new(state), background: Background::default() }))
    }

    /// Changes a copy, so that existing clones keep their settings.
    fn change(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.lock().settings.clone();
        change(&mut settings);
        Self::with(settings)
    }

    /// Returns the configurations for a new connection.
    pub(crate) async fn configs(&self) -> Result<Arc<Configs>, BoxError> {
        if let Some(configs) = self.current() {
            return Ok(configs);
        }
        let timeout = if self.lock().configs.is_some() { RELOAD_TIMEOUT } else { MAX_DURATION };
        let this = self.clone();
        self.0.background.run(timeout, move || this.reload_if_changed()).await;
        let state = self.lock();
        let problem = || state.problem.clone().unwrap_or_else(|| TlsError::new("reading the files failed"));
        Ok(state.configs.clone().ok_or_else(problem)?)
    }

    fn current(&self) -> Option<Arc<Configs>> {
        let state = self.lock();
        let is_due = state.settings.has_files() && state.checked.elapsed() >= Duration::from_secs(1);
        if is_due { None } else { state.configs.clone() }
    }

    fn reload_if_changed(&self) {
        if self.current().is_some() {
            return;
        }
        let (settings, configs) = {
            let state = self.lock();
            (state.settings.clone(), state.configs.clone())
        };
        let reload = || {
            let settings = settings.reload().ok()?;
            let configs = Arc::new(settings.configs().ok()?);
            Some((settings, configs))
        };
        let (settings, configs) = match (settings.has_changed().then(reload).flatten(), configs) {
            (Some(renewed), _) => renewed,
            (None, Some(configs)) => (settings, configs),
            (None, None) => match settings.configs() {
                Ok(configs) => (settings, Arc::new(configs)),
                Err(problem) => {
                    self.lock().problem = Some(problem);
                    return;
                }
            },
        };
        self.store(settings, &configs);
    }

    fn store(&self, settings: Settings, configs: &Arc<Configs>) {
        *self.lock() =
            State { settings, configs: Some(Arc::clone(configs)), problem: None, checked: Instant::now() };
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Tls {
    fn default() -> Self {
        Self::new()
    }
}

impl From<ClientConfig> for Tls {
    fn from(config: ClientConfig) -> Self {
        Self::with(Settings { base_config: Some(config), ..Settings::default() })
    }
}

/// Shows the names of files, but not their contents.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().settings.fmt(f)
    }
}

#[cfg(all(test, feature = "ring"))]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn unresponsive_files_leave_the_previous_settings_in_use_and_delay_one_connection() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ca.pem");
        let key = rcgen::KeyPair::generate().unwrap();
        let ca = rcgen::CertificateParams::new(["ca".to_owned()]).unwrap().self_signed(&key).unwrap();
        std::fs::write(&file, ca.pem()).unwrap();
        let tls = Tls::new().ca_file(&file).unwrap();
        let configs = tls.configs().await.unwrap();
        let (release, hanging) = mpsc::channel::<()>();
        tls.0.background.run(Duration::ZERO, move || assert!(hanging.recv().is_err())).await;
        tokio::time::sleep(RELOAD_TIMEOUT).await;
        let started = Instant::now();
        for _ in 0..100 {
            assert!(Arc::ptr_eq(&tls.configs().await.unwrap(), &configs));
        }
        assert!(started.elapsed() < RELOAD_TIMEOUT, "{:?}", started.elapsed());
        drop(release);
    }
}
