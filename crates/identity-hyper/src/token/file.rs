use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use identity_core::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use tower::BoxError;

use super::{Token, TokenError, TokenSource};

/// How long a file is taken to be as it was.
const FRESH: Duration = Duration::from_secs(1);

/// The token in a file, as the sink of an agent writes it; space around it is left out.
///
/// The file is read at the first call, and again when its time of modification or its length has changed, for
/// which it is looked at once a second at most, or when the server refuses the token. While it cannot be read,
/// or holds no token, the token that it held before counts; if there was none, the call fails. Clones share
/// what they have read.
#[derive(Clone, Debug)]
pub struct TokenFile {
    path: Arc<Path>,
    latest: Arc<Mutex<Option<Latest>>>,
}

#[derive(Debug)]
struct Latest {
    token: Token,
    stamp: Stamp,
    checked: Instant,
}

/// What changes with the content of a file, as a rule.
type Stamp = (u64, Option<SystemTime>);

impl TokenFile {
    /// The file at `path`. It need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into().into(), latest: Arc::default() }
    }

    /// Reads the file in a thread that may be blocked, unless it is as it was.
    async fn read(&self, known: Option<Stamp>) -> Result<Option<(Token, Stamp)>, BoxError> {
        let path = Arc::clone(&self.path);
        let read = move || {
            let stamp = stamp(&fs::metadata(&path)?);
            if known == Some(stamp) {
                return Ok(None);
            }
            let content = SecretString::from(fs::read_to_string(&path)?);
            let token = Token::new(content.expose_secret().trim())?;
            Ok(Some((token, stamp)))
        };
        spawn_blocking(read).await?
    }
}

#[async_trait]
impl TokenSource for TokenFile {
    async fn token(&self) -> Result<Token, TokenError> {
        let mut latest = self.latest.lock().await;
        let now = Instant::now();
        if let Some(latest) = latest.as_ref().filter(|latest| now < latest.checked + FRESH) {
            return Ok(latest.token.clone());
        }
        match (self.read(latest.as_ref().map(|latest| latest.stamp)).await, latest.as_mut()) {
            (Ok(Some((token, stamp))), _) => {
                *latest = Some(Latest { token: token.clone(), stamp, checked: now });
                Ok(token)
            }
            (_, Some(latest)) => {
                latest.checked = now;
                Ok(latest.token.clone())
            }
            (Err(error), None) => {
                Err(TokenError::new(format!("the file {} holds none: {error}", self.path.display())))
            }
            (Ok(None), None) => Err(TokenError::new("the file was not read")),
        }
    }

    async fn replacement(&self, refused: &Token) -> Option<Token> {
        let mut latest = self.latest.lock().await;
        if let Some(latest) = latest.as_ref().filter(|latest| !latest.token.is(refused)) {
            return Some(latest.token.clone());
        }
        let (token, stamp) = self.read(None).await.ok()??;
        *latest = Some(Latest { token: token.clone(), stamp, checked: Instant::now() });
        Some(token).filter(|token| !token.is(refused))
    }
}

fn stamp(metadata: &Metadata) -> Stamp {
    (metadata.len(), metadata.modified().ok())
}
