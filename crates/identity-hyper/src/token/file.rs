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

/// How long a file is taken to be as it was.
const FRESH: Duration = Duration::from_secs(1);
/// How long to wait for the file while there is a token.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait for the file while there is no token.
const FIRST_PATIENCE: Duration = Duration::from_secs(10);
/// How long the token before the last change is tried when the new one is rejected: the file may have been
/// read half written.
const GRACE: Duration = Duration::from_secs(10);
/// The time between two readings that have to agree, and how many there are at most.
const SETTLING: Duration = Duration::from_millis(10);
const READINGS: usize = 20;
/// The size of a larger file is a mistake.
const MAX_SIZE: u64 = 64 * 1024;

/// The token in a file, as the sink of an agent writes it; space around it is left out.
///
/// The file is read at the first call, and again when its modification time or length has changed, which is
/// checked once a second at most, or when the server rejects the token. While the file cannot be read, or has
/// no token, the previous one stays in use; a file that hangs, as on a network share that is down, delays
/// calls by one second in all, and occupies one thread. Without a previous token the call fails, after at
/// most 10 seconds.
///
/// The file may be replaced or rewritten in place: it is read until two readings agree. For 10 seconds after
/// a change the previous token is tried when the server rejects the new one.
///
/// The file has to be a regular file. If users other than the owner and the group may read or write it, there
/// is a warning.
///
/// Clones share what they have read.
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
    held: Option<Held>,
    /// The token before the last change, and when it changed.
    previous: Option<(Token, Instant)>,
    problem: Option<String>,
    /// Whether all users may read or write the file.
    is_open: bool,
}

struct Held {
    token: Token,
    stamp: Option<Stamp>,
    checked: Instant,
}

/// What changes with the content of a file, as a rule.
type Stamp = (u64, Option<SystemTime>);

impl TokenFile {
    /// The file at `path`. It need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Shared {
            path: path.into(),
            state: Mutex::default(),
            background: Background::default(),
            warned: Once::new(),
        }))
    }

    async fn reload(&self, patience: Duration) {
        let (shared, now) = (Arc::clone(&self.0), Instant::now());
        self.0.background.run(patience, move || shared.reload(now)).await;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reload(&self, now: Instant) {
        let known = self.state().held.as_ref().and_then(|held| held.stamp);
        let outcome = self.read(known);
        let mut state = self.state();
        state.problem = outcome.as_ref().err().map(ToString::to_string);
        if let (Ok(Some((token, stamp))), held) = (outcome, &mut state.held) {
            let before = held.replace(Held { token: token.clone(), stamp: Some(stamp), checked: now });
            if let Some(before) = before.filter(|before| !before.token.is(&token)) {
                state.previous = Some((before.token, now));
            }
        } else if let Some(held) = &mut state.held {
            held.checked = now;
        }
    }

    /// Reads the file, unless it is as it was.
    fn read(&self, known: Option<Stamp>) -> Result<Option<(Token, Stamp)>, BoxError> {
        // Opening a pipe would hang.
        let metadata = regular(fs::metadata(&self.path)?)?;
        self.state().is_open = is_open(&metadata);
        let seen = stamp(&metadata);
        if known == Some(seen) {
            return Ok(None);
        }
        let content = settled(|| content(&self.path))?;
        let token = Token::new(content.expose_secret().trim())?;
        Ok(Some((token, seen)))
    }

    fn warn_once(&self) {
        self.warned.call_once(|| {
            let path = self.path.display();
            warn!(target: TRACING_TARGET, %path, "all users of the machine may read or write the token file");
        });
    }
}

#[async_trait]
impl TokenSource for TokenFile {
    async fn token(&self) -> Result<Token, TokenError> {
        let patience = match &self.0.state().held {
            Some(held) if Instant::now() < held.checked + FRESH => return Ok(held.token.clone()),
            Some(_) => PATIENCE,
            None => FIRST_PATIENCE,
        };
        self.reload(patience).await;
        let state = self.0.state();
        if let Some(held) = &state.held {
            if state.is_open {
                self.0.warn_once();
            }
            return Ok(held.token.clone());
        }
        let problem = state.problem.as_deref().unwrap_or("reading it takes too long");
        Err(TokenError::new(format!("the file {} holds none: {problem}", self.0.path.display())))
    }

    async fn refresh(&self, refused: &Token) -> Option<Token> {
        match &mut self.0.state().held {
            Some(held) if !held.token.is(refused) => return Some(held.token.clone()),
            // It may have changed without a trace.
            Some(held) => held.stamp = None,
            None => {}
        }
        self.reload(PATIENCE).await;
        let state = self.0.state();
        let newest = state.held.as_ref().map(|held| &held.token).filter(|token| !token.is(refused));
        newest.or_else(|| state.previous_at(Instant::now())).filter(|token| !token.is(refused)).cloned()
    }
}

impl State {
    fn previous_at(&self, now: Instant) -> Option<&Token> {
        self.previous.as_ref().filter(|(_, changed)| now < *changed + GRACE).map(|(token, _)| token)
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile").field("path", &self.0.path).finish_non_exhaustive()
    }
}

fn stamp(metadata: &Metadata) -> Stamp {
    (metadata.len(), metadata.modified().ok())
}

#[cfg(unix)]
fn is_open(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;

    metadata.permissions().mode() & 0o006 != 0
}

#[cfg(not(unix))]
fn is_open(_: &Metadata) -> bool {
    false
}

fn regular(metadata: Metadata) -> io::Result<Metadata> {
    if metadata.is_file() { Ok(metadata) } else { Err(io::Error::other("it is not a regular file")) }
}

fn content(path: &Path) -> io::Result<SecretString> {
    let file = File::open(path)?;
    let size = regular(file.metadata()?)?.len();
    if size > MAX_SIZE {
        return Err(io::Error::other("it is too large"));
    }
    // As large as needed at once, as what a text outgrows is not wiped.
    let mut text = String::with_capacity(usize::try_from(size).unwrap_or_default());
    file.take(size).read_to_string(&mut text)?;
    Ok(text.into())
}

/// Reads until two readings in a row agree.
fn settled(read: impl Fn() -> io::Result<SecretString>) -> io::Result<SecretString> {
    let mut last = read()?;
    for _ in 1..READINGS {
        thread::sleep(SETTLING);
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
    fn a_file_is_read_until_two_readings_agree() {
        let readings = Cell::new(["", "s.", "s.new", "s.new", "s.newer"].iter());
        let read = || {
            let mut rest = readings.take();
            let text = *rest.next().unwrap();
            readings.set(rest);
            Ok(SecretString::from(text))
        };
        assert_eq!(settled(read).unwrap().expose_secret(), "s.new");
        let count = Cell::new(0);
        let read = || {
            count.set(count.get() + 1);
            Ok(SecretString::from(count.get().to_string()))
        };
        assert_eq!(settled(read).unwrap_err().to_string(), "it is being written");
    }

    #[tokio::test]
    async fn while_the_file_hangs_its_token_is_used_and_no_call_waits_twice() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, "s.first").unwrap();
        let file = TokenFile::new(&path);
        let first = file.token().await.unwrap();
        fs::write(&path, "s.second").unwrap();
        let (release, hanging) = mpsc::channel::<()>();
        file.0.background.run(Duration::ZERO, move || assert!(hanging.recv().is_err())).await;
        tokio::time::sleep(FRESH).await;

        let begun = Instant::now();
        for _ in 0..1000 {
            assert!(file.token().await.unwrap().is(&first));
        }
        assert!(file.refresh(&first).await.is_none());
        assert!(begun.elapsed() < FRESH, "{:?}", begun.elapsed());
        drop(release);
        while file.token().await.unwrap().is(&first) {
            tokio::time::sleep(SETTLING).await;
        }
    }

    #[tokio::test]
    async fn a_file_that_hangs_from_the_beginning_fails_its_calls_in_time() {
        let file = TokenFile::new("/nowhere");
        let (release, hanging) = mpsc::channel::<()>();
        file.0.background.run(Duration::ZERO, move || assert!(hanging.recv().is_err())).await;
        for _ in 0..2 {
            let error = file.token().await.unwrap_err();
            let source = std::error::Error::source(&error).unwrap().to_string();
            assert_eq!(source, "the file /nowhere holds none: reading it takes too long");
        }
        drop(release);
    }
}
