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
use crate::exchange::LONGEST;

/// How long after a log-in that has failed the next one may begin.
const PAUSE: Duration = Duration::from_secs(1);
/// How long after a log-in a token that is refused is not replaced by another log-in: what the server refuses
/// may as well not be allowed.
const SETTLED: Duration = Duration::from_secs(60);
/// How long a login may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What a log-in brings.
#[derive(Debug)]
pub struct LoginResponse {
    token: SecretString,
    lifetime: Duration,
}

impl LoginResponse {
    /// A token, and how long it lives from the log-in on: the answer's `lease_duration`. Zero is for ever.
    pub fn new(token: impl Into<SecretString>, lifetime: Duration) -> Self {
        Self { token: token.into(), lifetime }
    }
}

/// Logs in when a token is needed, and again before it expires.
///
/// * Calls that need a token while somebody logs in wait for that log-in, and share what comes of it. It goes
///   on when the calls are given up.
/// * The first call after about two thirds of the token's life begins the next log-in, which no call waits
///   for. If it fails, the token is used for as long as it lives, and there are further log-ins.
/// * When there is no token that lives and the log-in fails, the calls fail with it, and so do those of the
///   second after it: wrong credentials are not to lock a user out at once.
/// * A login that takes longer than [`timeout`](Self::timeout) fails, and the next call that needs a token
///   begins another one.
/// * When a token is refused (403) a minute or more after the last log-in, there is another one, as the token may have been revoked.
///
/// Clones share the token. The log-ins run as tasks of the tokio runtime that the calls are made in, and must
/// not block its threads.
///
/// ```
/// use identity_hyper::{HyperTransport, LoginTokenSource, LoginResponse};
/// use std::time::Duration;
///
/// let log_in = LoginTokenSource::new(|| async {
///     // A call of `auth/approle/login`, with a client of its own that needs no token.
///     Ok::<_, std::io::Error>(LoginResponse::new("s.example", Duration::from_secs(3600)))
/// });
/// let transport = HyperTransport::builder().token_source(log_in).build();
/// println!("{transport:?}");
/// ```
#[derive(Clone)]
pub struct LoginTokenSource {
    shared: Arc<Shared>,
    timeout: Duration,
}

struct Shared {
    log_in: Box<dyn Fn() -> LoggingIn + Send + Sync>,
    state: Mutex<State>,
}

type LoggingIn = Pin<Box<dyn Future<Output = Result<LoginResponse, BoxError>> + Send>>;
type SendResult = Result<Token, TokenError>;

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// The last log-in: what comes of it, for all to wait for, and when it has ended or else begun.
    last: Option<(watch::Receiver<Option<SendResult>>, Instant)>,
}

struct Held {
    token: Token,
    renew_at: Instant,
    expires_at: Instant,
}

impl LoginTokenSource {
    /// Logs in as `log_in` does. What its error says becomes part of the call's: leave secrets out.
    pub fn new<F, E>(log_in: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<LoginResponse, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let log_in = move || -> LoggingIn {
            let logging_in = log_in();
            Box::pin(async move { logging_in.await.map_err(Into::into) })
        };
        let shared = Arc::new(Shared { log_in: Box::new(log_in), state: Mutex::default() });
        Self { shared, timeout: TIMEOUT }
    }

    /// Sets how long a login may take before it is cancelled. Calls with a token that is still valid do not
    /// wait for it, and no call waits longer than its own timeout. Defaults to 30 seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST);
        self
    }

    /// The log-in that is under way, or has just failed, or else a new one.
    fn begin(&self, state: &mut State, now: Instant) -> watch::Receiver<Option<SendResult>> {
        if let Some((last, ended)) = &state.last {
            let will_do = match &*last.borrow() {
                // Not if it has panicked, or ended with its runtime, or if that no longer runs it.
                None => last.has_changed().is_ok() && now <= *ended + self.timeout + PAUSE,
                Some(outcome) => outcome.is_err() && now < *ended + PAUSE,
            };
            if will_do {
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
            let outcome = logged_in.and_then(|logged_in| state.hold(logged_in, now));
            if let (Err(_), Some(held)) = (&outcome, &mut state.held) {
                held.renew_at = ended + (held.expires_at.saturating_duration_since(ended) / 8).max(PAUSE);
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
    async fn token(&self) -> SendResult {
        let logging_in = {
            let now = Instant::now();
            let mut state = self.shared.state();
            match state.held.as_ref().filter(|held| now < held.expires_at) {
                Some(held) if now < held.renew_at => return Ok(held.token.clone()),
                Some(held) => {
                    let token = held.token.clone();
                    self.begin(&mut state, now);
                    return Ok(token);
                }
                None => self.begin(&mut state, now),
            }
        };
        outcome(logging_in).await
    }

    async fn refresh(&self, refused: &Token) -> Option<Token> {
        let logging_in = {
            let now = Instant::now();
            let mut state = self.shared.state();
            match &state.held {
                Some(held) if now < held.expires_at && !held.token.is(refused) => {
                    return Some(held.token.clone());
                }
                Some(held) if now < held.renew_at && state.is_settled(now) => return None,
                _ => self.begin(&mut state, now),
            }
        };
        outcome(logging_in).await.ok().filter(|token| !token.is(refused))
    }
}

impl State {
    /// Whether the last log-in has ended, less than a minute ago.
    fn is_settled(&self, now: Instant) -> bool {
        self.last
            .as_ref()
            .is_some_and(|(outcome, ended)| outcome.borrow().is_some() && now < *ended + SETTLED)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hold(&mut self, LoginResponse { token, lifetime }: LoginResponse, begun: Instant) -> SendResult {
        let token = Token::new(token).map_err(TokenError::new)?;
        let lifetime = if lifetime.is_zero() { LONGEST } else { lifetime.min(LONGEST) };
        // At another time than other clients that have begun with this one.
        let renew_at = begun + lifetime.mul_f64(0.6 + fastrand::f64() / 10.0);
        self.held = Some(Held { token: token.clone(), renew_at, expires_at: begun + lifetime });
        Ok(token)
    }
}

async fn outcome(mut logging_in: watch::Receiver<Option<SendResult>>) -> SendResult {
    let outcome = logging_in.wait_for(Option::is_some).await;
    let outcome = outcome.ok().and_then(|outcome| outcome.clone());
    outcome.unwrap_or_else(|| Err(TokenError::new("the log-in was broken off")))
}
