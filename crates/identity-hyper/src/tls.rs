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
use crate::exchange::LONGEST;

pub use error::TlsError;

pub(crate) use config::Configs;
use config::Settings;
pub(crate) use error::{problem, refuses_client};
use source::{Authorities, Identity};

/// How long to wait for files while there are settings from before.
const PATIENCE: Duration = Duration::from_secs(1);

/// How servers at `https` are verified, and what certificate they are shown. TLS 1.2 at least.
///
/// Unless said otherwise, servers are verified as the operating system does it, and none is shown a
/// certificate. As soon as one CA is given, the given ones alone are trusted.
///
/// Files are read at once, so that what is wrong with them is told at once. They are looked at again when a
/// connection is opened, at most once a second; if one has another time of modification or another length,
/// all are read anew, and the new connection is opened with what they say now. While they cannot be used, as
/// when they are half written or hang, the previous contents stay in use, in silence:
/// [`reload`](Self::reload) says what is wrong. Open connections stay as they are. Clones share all this.
///
/// ```no_run
/// use identity_hyper::{HyperTransport, Tls};
///
/// let tls = Tls::new().ca_file("/etc/vault/ca.pem")?.client_cert_files("/etc/vault/app.pem", "/etc/vault/app.key")?;
/// let transport = HyperTransport::builder().tls(tls).build();
/// println!("{transport:?}");
/// # Ok::<(), identity_hyper::TlsError>(())
/// ```
///
/// A [`ClientConfig`] of your own is a `Tls` as well; what is set on top takes the place of that part of it.
/// Its ALPN protocols are set here.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    background: Background,
}

struct State {
    settings: Settings,
    /// Made when the first connection needs them: the certificates of the system take a while to load.
    configs: Option<Arc<Configs>>,
    /// Why there are none.
    problem: Option<TlsError>,
    checked: Instant,
}

impl Tls {
    /// As the operating system does it. Its certificates are loaded when the first connection is opened.
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// Trusts the CAs of a file in PEM form, and no others but those given like this.
    pub fn ca_file(self, path: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let authorities = Authorities::file(path.into())?;
        Ok(self.change(|settings| settings.authorities.push(authorities)))
    }

    /// Trusts the CAs of all files in a directory and those below it, and no others but those given like
    /// this. Files without a certificate in PEM form are passed over, and so are links to directories; not
    /// one certificate in all is an error.
    pub fn ca_dir(self, path: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let authorities = Authorities::directory(path.into())?;
        Ok(self.change(|settings| settings.authorities.push(authorities)))
    }

    /// Trusts these CAs in PEM form, and no others but those given like this.
    pub fn ca_pem(self, pem: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        let authorities = Authorities::pem(pem.as_ref())?;
        Ok(self.change(|settings| settings.authorities.push(authorities)))
    }

    /// Trusts what the operating system does besides the given CAs.
    #[must_use]
    pub fn with_system_roots(self) -> Self {
        self.change(|settings| settings.system_roots = true)
    }

    /// Shows servers that ask for it the certificate of one file, with its intermediates after it, and proves
    /// it with the key of another, which must fit. Both are in PEM form; the key is not encrypted. Replaces
    /// an earlier certificate.
    pub fn client_cert_files(
        self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        let provider = self.lock().settings.provider()?;
        let identity = Identity::files(certificate.into(), key.into(), &provider)?;
        Ok(self.change(|settings| settings.identity = Some(identity)))
    }

    /// The same as [`client_cert_files`](Self::client_cert_files) with the content of the files.
    pub fn client_cert_pem(
        self,
        certificate: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, TlsError> {
        let provider = self.lock().settings.provider()?;
        let identity = Identity::pem(certificate.as_ref(), key.as_ref(), &provider)?;
        Ok(self.change(|settings| settings.identity = Some(identity)))
    }

    /// The name, or IP address, that servers are asked for (SNI) and verified under, instead of the one in
    /// their address.
    pub fn server_name(self, name: &str) -> Result<Self, TlsError> {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| {
            TlsError::new(format!("the server name {name:?} is neither a name nor an IP address"))
        })?;
        Ok(self.change(|settings| settings.server_name = Some(name)))
    }

    /// **Verifies nothing.** Whoever is on the way to the server can pose as it, read the token and do all
    /// that the token allows. For tests on a machine of one's own; a server with a CA of its own needs
    /// [`ca_file`](Self::ca_file) instead. CAs that are given as well do not count.
    #[must_use]
    pub fn danger_accept_invalid_certs(self) -> Self {
        self.change(|settings| settings.skip_verify = true)
    }

    /// Reads the files, and what the operating system trusts, anew for the connections that are opened from
    /// now on, here and in all clones. After an error all is as it was.
    ///
    /// This blocks the thread while it reads.
    pub fn reload(&self) -> Result<(), TlsError> {
        let settings = self.lock().settings.reread()?;
        let configs = Arc::new(settings.configs()?);
        self.store(settings, &configs);
        Ok(())
    }

    fn with(settings: Settings) -> Self {
        let state = State { settings, configs: None, problem: None, checked: Instant::now() };
        Self(Arc::new(Shared { state: Mutex::new(state), background: Background::default() }))
    }

    /// Another one: clones of this one stay as they are.
    fn change(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.lock().settings.clone();
        change(&mut settings);
        Self::with(settings)
    }

    /// What to open the next connection with.
    pub(crate) async fn configs(&self) -> Result<Arc<Configs>, BoxError> {
        if let Some(configs) = self.fresh() {
            return Ok(configs);
        }
        let patience = if self.lock().configs.is_some() { PATIENCE } else { LONGEST };
        let this = self.clone();
        self.0.background.run(patience, move || this.reload_if_changed()).await;
        let state = self.lock();
        let problem = || state.problem.clone().unwrap_or_else(|| TlsError::new("reading the files failed"));
        Ok(state.configs.clone().ok_or_else(problem)?)
    }

    fn fresh(&self) -> Option<Arc<Configs>> {
        let state = self.lock();
        let is_due = state.settings.has_files() && state.checked.elapsed() >= Duration::from_secs(1);
        if is_due { None } else { state.configs.clone() }
    }

    fn reload_if_changed(&self) {
        if self.fresh().is_some() {
            return;
        }
        let (settings, configs) = {
            let state = self.lock();
            (state.settings.clone(), state.configs.clone())
        };
        let reread = || {
            let settings = settings.reread().ok()?;
            let configs = Arc::new(settings.configs().ok()?);
            Some((settings, configs))
        };
        let (settings, configs) = match (settings.is_stale().then(reread).flatten(), configs) {
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
    fn from(own: ClientConfig) -> Self {
        Self::with(Settings { own: Some(own), ..Settings::default() })
    }
}

/// Shows the names of files, and nothing that is in them.
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
    async fn while_files_hang_the_settings_from_before_are_used_and_no_connection_waits_twice() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ca.pem");
        let key = rcgen::KeyPair::generate().unwrap();
        let ca = rcgen::CertificateParams::new(["ca".to_owned()]).unwrap().self_signed(&key).unwrap();
        std::fs::write(&file, ca.pem()).unwrap();
        let tls = Tls::new().ca_file(&file).unwrap();
        let configs = tls.configs().await.unwrap();
        let (release, hanging) = mpsc::channel::<()>();
        tls.0.background.run(Duration::ZERO, move || assert!(hanging.recv().is_err())).await;
        tokio::time::sleep(PATIENCE).await;
        let begun = Instant::now();
        for _ in 0..100 {
            assert!(Arc::ptr_eq(&tls.configs().await.unwrap(), &configs));
        }
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
        drop(release);
    }
}
