use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use identity_core::{ExposeSecret, SecretString};
use tokio::time::Instant;
use tower::BoxError;
use tracing::warn;

use super::{Token, TokenError, TokenSource};
use crate::background::Background;
use crate::events::TRACING_TARGET;

/// The minimum time between two checks of the file.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait for the file while the previous token can be used.
const RELOAD_TIMEOUT: Duration = Duration::from_secs(1);
/// How long to wait for the file while there is no token.
const FIRST_READ_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the previous token is tried when the new one is rejected: the file may have been read while it
/// was being written.
const PREVIOUS_TOKEN_GRACE: Duration = Duration::from_secs(10);
/// The time between two reads that must agree.
const READ_INTERVAL: Duration = Duration::from_millis(10);
const MAX_READS: usize = 20;
/// A larger file is certainly not a token.
const MAX_SIZE: u64 = 64 * 1024;

/// A [`TokenSource`] that reads the token from a file, such as the file sink of Vault Agent.
///
/// * The file is read at the first call. It is read again if its modification time or length has changed,
///   which is checked at most once a second, and if the server rejects the token.
/// * If the file cannot be read or contains no token, the previous token stays in use. Without one, the call
///   fails.
/// * An unresponsive file, such as one on a disconnected network share, occupies one thread and delays calls
///   by one second in total. Without a previous token, calls fail after 10 seconds.
/// * The file may be replaced or rewritten in place: it is read until two reads agree. If the server rejects
///   the new token, the previous one is tried for another 10 seconds.
/// * It must be a regular file. A warning is logged if all users of the machine can read or write it.
///
/// Leading and trailing whitespace is ignored. Clones share the token.
///
/// ```
/// use identity_hyper::{HyperTransport, TokenFile};
///
/// let file = TokenFile::new("/run/vault-agent/token");
/// let transport = HyperTransport::builder().token_source(file).build();
/// println!("{transport:?}");
/// ```
#[derive(Clone)]
pub struct TokenFile(Arc<Shared>);

struct Shared {
    path: PathBuf,
    state: Mutex<State>,
    background: Background,
    warned: Once,
}

#[derive(Default)]
struct State {
    current: Option<Cached>,
    /// The token before the last change, and when it changed.
    previous: Option<(Token, Instant)>,
    problem: Option<String>,
    /// Whether all users can read or write the file.
    is_world_accessible: bool,
}

struct Cached {
    token: Token,
    fingerprint: Option<Fingerprint>,
    checked: Instant,
}

/// The length and modification time of a file.
type Fingerprint = (u64, Option<SystemTime>);

impl TokenFile {
    /// Creates a source that reads the file at `path`, which may not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Shared {
            path: path.into(),
            state: Mutex::default(),
            background: Background::default(),
            warned: Once::new(),
        }))
    }

    async fn reload(&self, timeout: Duration) {
        let (shared, now) = (Arc::clone(&self.0), Instant::now());
        self.0.background.run(timeout, move || shared.reload(now)).await;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reload(&self, now: Instant) {
        let known = self.state().current.as_ref().and_then(|current| current.fingerprint);
        let outcome = self.read(known);
        let mut state = self.state();
        state.problem = outcome.as_ref().err().map(ToString::to_string);
        if let (Ok(Some((token, fingerprint))), current) = (outcome, &mut state.current) {
            let before = current.replace(Cached {
                token: token.clone(),
                fingerprint: Some(fingerprint),
                checked: now,
            });
            if let Some(before) = before.filter(|before| !before.token.is_same(&token)) {
                state.previous = Some((before.token, now));
            }
        } else if let Some(current) = &mut state.current {
            current.checked = now;
        }
    }

    /// Reads the file. Returns `None` if it is unchanged.
    fn read(&self, known: Option<Fingerprint>) -> Result<Option<(Token, Fingerprint)>, BoxError> {
        // Opening a named pipe would block.
        let metadata = require_regular_file(fs::metadata(&self.path)?)?;
        self.state().is_world_accessible = is_world_accessible(&metadata);
        let seen = fingerprint(&metadata);
        if known == Some(seen) {
            return Ok(None);
        }
        let read_content = read_until_stable(|| read_content(&self.path))?;
        let token = Token::new(read_content.expose_secret().trim())?;
        Ok(Some((token, seen)))
    }

    fn warn_once(&self) {
        self.warned.call_once(|| {
            let path = self.path.display();
            warn!(target: TRACING_TARGET, %path, "all users of the machine can read or write the token file");
        });
    }
}

#[async_trait]
impl TokenSource for TokenFile {
    async fn token(&self) -> Result<Token, TokenError> {
        let timeout = match &self.0.state().current {
            Some(current) if Instant::now() < current.checked + CHECK_INTERVAL => {
                return Ok(current.token.clone());
            }
            Some(_) => RELOAD_TIMEOUT,
            None => FIRST_READ_TIMEOUT,
        };
        self.reload(timeout).await;
        let state = self.0.state();
        if let Some(current) = &state.current {
            if state.is_world_accessible {
                self.0.warn_once();
            }
            return Ok(current.token.clone());
        }
        let problem = state.problem.as_deref().unwrap_or("reading it takes too long");
        Err(TokenError::new(format!("the file {} has no token: {problem}", self.0.path.display())))
    }

    async fn refresh(&self, rejected: &Token) -> Option<Token> {
        match &mut self.0.state().current {
            Some(current) if !current.token.is_same(rejected) => return Some(current.token.clone()),
            // The content may have changed with the same length and modification time.
            Some(current) => current.fingerprint = None,
            None => {}
        }
        self.reload(RELOAD_TIMEOUT).await;
        let state = self.0.state();
        let newest =
            state.current.as_ref().map(|current| &current.token).filter(|token| !token.is_same(rejected));
        newest.or_else(|| state.previous_at(Instant::now())).filter(|token| !token.is_same(rejected)).cloned()
    }
}

impl State {
    fn previous_at(&self, now: Instant) -> Option<&Token> {
        self.previous
            .as_ref()
            .filter(|(_, changed)| now < *changed + PREVIOUS_TOKEN_GRACE)
            .map(|(token, _)| token)
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile").field("path", &self.0.path).finish_non_exhaustive()
    }
}

fn fingerprint(metadata: &Metadata) -> Fingerprint {
    (metadata.len(), metadata.modified().ok())
}

#[cfg(unix)]
fn is_world_accessible(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;

    metadata.permissions().mode() & 0o006 != 0
}

#[cfg(not(unix))]
fn is_world_accessible(_: &Metadata) -> bool {
    false
}

fn require_regular_file(metadata: Metadata) -> io::Result<Metadata> {
    if metadata.is_file() { Ok(metadata) } else { Err(io::Error::other("it is not a regular file")) }
}

fn read_content(path: &Path) -> io::Result<SecretString> {
    let file = File::open(path)?;
    let size = require_regular_file(file.metadata()?)?.len();
    if size > MAX_SIZE {
        return Err(io::Error::other("it is too large"));
    }
    // The full capacity at once: a buffer that grows leaves a copy that is not zeroized.
    let mut text = String::with_capacity(usize::try_from(size).unwrap_or_default());
    file.take(size).read_to_string(&mut text)?;
    Ok(text.into())
}

/// Reads until two consecutive reads agree.
fn read_until_stable(read: impl Fn() -> io::Result<SecretString>) -> io::Result<SecretString> {
    let mut last = read()?;
    for _ in 1..MAX_READS {
        thread::sleep(READ_INTERVAL);
        let next = read()?;
        if next.expose_secret() == last.expose_secret() {
            return Ok(next);
        }
        last = next;
    }
    Err(io::Error::other("it is being written"))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_file_is_read_until_two_reads_agree() {
        let readings = Cell::new(["", "s.", "s.new", "s.new", "s.newer"].iter());
        let read = || {
            let mut rest = readings.take();
            let text = *rest.next().unwrap();
            readings.set(rest);
            Ok(SecretString::from(text))
        };
        assert_eq!(read_until_stable(read).unwrap().expose_secret(), "s.new");
        let count = Cell::new(0);
        let read = || {
            count.set(count.get() + 1);
            Ok(SecretString::from(count.get().to_string()))
        };
        assert_eq!(read_until_stable(read).unwrap_err().to_string(), "it is being written");
    }

    #[tokio::test]
    async fn an_unresponsive_file_leaves_the_previous_token_in_use_and_delays_one_call() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, "s.first").unwrap();
        let file = TokenFile::new(&path);
        let first = file.token().await.unwrap();
        fs::write(&path, "s.second").unwrap();
        let (release, hanging) = mpsc::channel::<()>();
        file.0.background.run(Duration::ZERO, move || assert!(hanging.recv().is_err())).await;
        tokio::time::sleep(CHECK_INTERVAL).await;

        let started = Instant::now();
        for _ in 0..1000 {
            assert!(file.token().await.unwrap().is_same(&first));
        }
        assert!(file.refresh(&first).await.is_none());
        assert!(started.elapsed() < CHECK_INTERVAL, "{:?}", started.elapsed());
        drop(release);
        while file.token().await.unwrap().is_same(&first) {
            tokio::time::sleep(READ_INTERVAL).await;
        }
    }

    #[tokio::test]
    async fn an_unresponsive_first_read_fails_calls_after_its_timeout() {
        let file = TokenFile::new("/nowhere");
        let (release, hanging) = mpsc::channel::<()>();
        file.0.background.run(Duration::ZERO, move || assert!(hanging.recv().is_err())).await;
        for _ in 0..2 {
            let error = file.token().await.unwrap_err();
            let source = std::error::Error::source(&error).unwrap().to_string();
            assert_eq!(source, "the file /nowhere has no token: reading it takes too long");
        }
        drop(release);
    }
}
