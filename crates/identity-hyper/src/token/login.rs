use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use identity_core::SecretString;
use tokio::sync::watch;
use tokio::time::Instant;
use tower::BoxError;

use super::{Token, TokenError, TokenSource};
use crate::exchange::MAX_DURATION;

/// The minimum delay between a failed login and the next one.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// The minimum age of a login before a rejected token triggers another one: a 403 usually means a missing
/// permission.
const RELOGIN_INTERVAL: Duration = Duration::from_secs(60);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The result of a login: a token and its lifetime.
#[derive(Debug)]
pub struct LoginResponse {
    token: SecretString,
    lifetime: Duration,
}

impl LoginResponse {
    /// Creates a result from the token and `lease_duration` of the login response. Zero means no expiry.
    pub fn new(token: impl Into<SecretString>, lifetime: Duration) -> Self {
        Self { token: token.into(), lifetime }
    }
}

/// A [`TokenSource`] that logs in at the first call, and again before the token expires.
///
/// * Concurrent calls share one login. It continues if the calls are canceled.
/// * The first call after about two thirds of the token's lifetime starts the next login in the background.
///   If that fails, the token is used until it expires, and further logins are tried.
/// * Without a valid token, a failed login fails the calls. The failure is cached for one second, so that
///   wrong credentials do not trigger an account lockout.
/// * A login fails after [`timeout`](Self::timeout). The next call that needs a token starts another one.
/// * If the server rejects a token (403) at least a minute after the last login, the source logs in again,
///   because the token may have been revoked.
///
/// Clones share the token. Logins run as tasks on the tokio runtime of the calls and must not block it.
///
/// ```
/// use std::time::Duration;
///
/// use identity_hyper::{HyperTransport, LoginResponse, LoginTokenSource};
///
/// let source = LoginTokenSource::new(|| async {
///     // Call `auth/approle/login` here, with a client that needs no token.
///     Ok::<_, std::io::Error>(LoginResponse::new("s.example", Duration::from_secs(3600)))
/// });
/// let transport = HyperTransport::builder().token_source(source).build();
/// println!("{transport:?}");
/// ```
#[derive(Clone)]
pub struct LoginTokenSource {
    shared: Arc<Shared>,
    timeout: Duration,
}

struct Shared {
    log_in: Box<dyn Fn() -> LoginFuture + Send + Sync>,
    state: Mutex<State>,
}

type LoginFuture = Pin<Box<dyn Future<Output = Result<LoginResponse, BoxError>> + Send>>;
type TokenResult = Result<Token, TokenError>;

#[derive(Default)]
struct State {
    current: Option<Cached>,
    /// The outcome of the last login, and the time when it ended or, while it is running, began.
    last: Option<(watch::Receiver<Option<TokenResult>>, Instant)>,
}

struct Cached {
    token: Token,
    renew_at: Instant,
    expires_at: Instant,
}

impl LoginTokenSource {
    /// Creates a source that logs in with `log_in`. Its error becomes the source of the call's error and must
    /// not contain secrets.
    pub fn new<F, E>(log_in: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<LoginResponse, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let log_in = move || -> LoginFuture {
            let pending = log_in();
            Box::pin(async move { pending.await.map_err(Into::into) })
        };
        let shared = Arc::new(Shared { log_in: Box::new(log_in), state: Mutex::default() });
        Self { shared, timeout: DEFAULT_TIMEOUT }
    }

    /// Sets the timeout of a login. Calls with a valid token do not wait for a login, and no call waits
    /// longer than its own timeout. Defaults to 30 seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(MAX_DURATION);
        self
    }

    /// Returns the running or recently failed login, or starts one.
    fn join_or_start(&self, state: &mut State, now: Instant) -> watch::Receiver<Option<TokenResult>> {
        if let Some((last, ended)) = &state.last {
            let is_current = match &*last.borrow() {
                // A login that has panicked, or whose runtime ended or stopped running it, is started again.
                None => last.has_changed().is_ok() && now <= *ended + self.timeout + RETRY_DELAY,
                Some(outcome) => outcome.is_err() && now < *ended + RETRY_DELAY,
            };
            if is_current {
                return last.clone();
            }
        }
        let (sender, receiver) = watch::channel(None);
        state.last = Some((receiver.clone(), now));
        let Self { shared, timeout } = self.clone();
        tokio::spawn(async move {
            let logged_in = match tokio::time::timeout(timeout, (shared.log_in)()).await {
                Ok(logged_in) => logged_in.map_err(TokenError::new),
                Err(_) => Err(TokenError::new(format!("the login took longer than {timeout:?}"))),
            };
            let mut state = shared.state();
            let ended = Instant::now();
            let outcome = logged_in.and_then(|logged_in| state.store(logged_in, now));
            if let (Err(_), Some(current)) = (&outcome, &mut state.current) {
                current.renew_at =
                    ended + (current.expires_at.saturating_duration_since(ended) / 8).max(RETRY_DELAY);
            }
            if let Some((_, time)) = &mut state.last {
                *time = ended;
            }
            sender.send_replace(Some(outcome));
        });
        receiver
    }
}

impl fmt::Debug for LoginTokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginTokenSource").finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenSource for LoginTokenSource {
    async fn token(&self) -> TokenResult {
        let pending = {
            let now = Instant::now();
            let mut state = self.shared.state();
            match state.current.as_ref().filter(|current| now < current.expires_at) {
                Some(current) if now < current.renew_at => return Ok(current.token.clone()),
                Some(current) => {
                    let token = current.token.clone();
                    self.join_or_start(&mut state, now);
                    return Ok(token);
                }
                None => self.join_or_start(&mut state, now),
            }
        };
        wait_for(pending).await
    }

    async fn refresh(&self, rejected: &Token) -> Option<Token> {
        let pending = {
            let now = Instant::now();
            let mut state = self.shared.state();
            match &state.current {
                Some(current) if now < current.expires_at && !current.token.is_same(rejected) => {
                    return Some(current.token.clone());
                }
                Some(current) if now < current.renew_at && state.is_recent(now) => return None,
                _ => self.join_or_start(&mut state, now),
            }
        };
        wait_for(pending).await.ok().filter(|token| !token.is_same(rejected))
    }
}

impl State {
    /// Returns `true` if the last login ended less than [`RELOGIN_INTERVAL`] ago.
    fn is_recent(&self, now: Instant) -> bool {
        self.last
            .as_ref()
            .is_some_and(|(outcome, ended)| outcome.borrow().is_some() && now < *ended + RELOGIN_INTERVAL)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn store(&mut self, LoginResponse { token, lifetime }: LoginResponse, started: Instant) -> TokenResult {
        let token = Token::new(token).map_err(TokenError::new)?;
        let lifetime = if lifetime.is_zero() { MAX_DURATION } else { lifetime.min(MAX_DURATION) };
        // Jitter spreads the logins of clients that started together.
        let renew_at = started + lifetime.mul_f64(0.6 + fastrand::f64() / 10.0);
        self.current = Some(Cached { token: token.clone(), renew_at, expires_at: started + lifetime });
        Ok(token)
    }
}

async fn wait_for(mut pending: watch::Receiver<Option<TokenResult>>) -> TokenResult {
    let outcome = pending.wait_for(Option::is_some).await;
    let outcome = outcome.ok().and_then(|outcome| outcome.clone());
    outcome.unwrap_or_else(|| Err(TokenError::new("the login was canceled")))
}
