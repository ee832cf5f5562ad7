//! Tokens and their sources.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::Either;
use http::header::HeaderValue;
use http::{Request, StatusCode};
use identity_core::{
    SecretString,
    error::{ApiError, RequestError},
    transport::{TokenRequired, TransportError, TransportErrorKind},
};
use tokio::time::timeout_at;
use tower::BoxError;

use crate::exchange::{Call, Exchange, SendResult};

mod file;
mod login;

pub use file::TokenFile;
pub use login::{LoginResponse, LoginTokenSource};

/// A Vault token, and the simplest [`TokenSource`].
///
/// `Debug` does not show it. Clones share its memory, which is zeroized with the last clone.
///
/// ```
/// use identity_hyper::{HyperTransport, Token};
///
/// let token = Token::new("s.example")?;
/// let transport = HyperTransport::builder().token_source(token).build();
/// println!("{transport:?}");
/// # Ok::<(), identity_core::error::RequestError>(())
/// ```
#[derive(Clone)]
pub struct Token(HeaderValue);

impl Token {
    /// Creates a token.
    ///
    /// # Errors
    ///
    /// Fails if `token` is empty or has characters other than visible ASCII.
    pub fn new(token: impl Into<SecretString>) -> Result<Self, RequestError> {
        TokenRequired::header(&token.into()).map(Self)
    }

    /// Reads a token from an environment variable.
    ///
    /// # Errors
    ///
    /// Fails if the variable is not set or does not contain a valid token.
    pub fn from_env(variable: &str) -> Result<Self, RequestError> {
        let invalid = |problem| RequestError::new(variable.to_owned(), problem);
        let value = std::env::var_os(variable).ok_or_else(|| invalid("is not set"))?;
        let value = value.into_string().map_err(|_| invalid("is not Unicode"))?;
        Self::new(value).map_err(|error| error.of(variable.to_owned()))
    }

    fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Supplies the token of each call: a fixed [`Token`], a [`TokenFile`], a [`LoginTokenSource`], or your own.
///
/// Implementations use [`async_trait`](identity_core::transport::async_trait):
///
/// ```
/// use identity_core::transport::async_trait;
/// use identity_hyper::{Token, TokenError, TokenSource};
///
/// struct EnvToken;
///
/// #[async_trait]
/// impl TokenSource for EnvToken {
///     async fn token(&self) -> Result<Token, TokenError> {
///         Token::from_env("APP_TOKEN").map_err(TokenError::new)
///     }
/// }
/// ```
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// Returns the current token.
    ///
    /// Called before each attempt of each call, so implementations should cache it.
    ///
    /// # Errors
    ///
    /// Fails if no token is available. The call is then not sent.
    async fn token(&self) -> Result<Token, TokenError>;

    /// Returns a replacement for a token that the server rejected with 403, or `None` if there is none.
    ///
    /// With a replacement, the call is retried once. A server does not report whether the token is expired,
    /// revoked or merely lacks permission. Defaults to [`token`](Self::token), if it returns another one.
    async fn refresh(&self, rejected: &Token) -> Option<Token> {
        self.token().await.ok().filter(|token| !token.is_same(rejected))
    }
}

#[async_trait]
impl TokenSource for Token {
    async fn token(&self) -> Result<Token, TokenError> {
        Ok(self.clone())
    }
}

#[async_trait]
impl<T: TokenSource + ?Sized> TokenSource for Arc<T> {
    async fn token(&self) -> Result<Token, TokenError> {
        (**self).token().await
    }

    async fn refresh(&self, rejected: &Token) -> Option<Token> {
        (**self).refresh(rejected).await
    }
}

/// The error of a [`TokenSource`] that has no token. The call is neither sent nor retried.
///
/// It is the source of a [`TransportError`] of kind [`NotSent`](TransportErrorKind::NotSent).
#[derive(Clone, Debug)]
pub struct TokenError(Arc<dyn StdError + Send + Sync>);

impl TokenError {
    /// Creates an error with a cause. The cause must not contain secrets.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self(source.into().into())
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no token is available for the call")
    }
}

impl StdError for TokenError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

#[derive(Clone)]
pub(crate) struct SharedTokenSource(Arc<dyn TokenSource>);

impl SharedTokenSource {
    pub(crate) fn new(source: impl TokenSource + 'static) -> Self {
        Self(Arc::new(source))
    }
}

impl fmt::Debug for SharedTokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedTokenSource").finish_non_exhaustive()
    }
}

/// The layer that adds the token of a [`TokenSource`] to requests that are marked with [`TokenRequired`].
///
/// After a 403 the call is sent once more if the source has another token by then. That is safe for every
/// operation, because a rejected request was not applied.
#[derive(Debug)]
pub(crate) struct AddToken<E> {
    pub(crate) source: Option<SharedTokenSource>,
    pub(crate) inner: E,
}

impl<E> AddToken<E> {
    pub(crate) fn new(source: Option<SharedTokenSource>, inner: E) -> Self {
        Self { source, inner }
    }
}

impl<E: Exchange> Exchange for AddToken<E> {
    fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> impl Future<Output = SendResult> + Send {
        match &self.source {
            Some(SharedTokenSource(source)) if request.extensions().get::<TokenRequired>().is_some() => {
                Either::Left(Box::pin(self.with_token(&**source, request, call)))
            }
            _ => Either::Right(self.inner.exchange(request, call)),
        }
    }

    fn reset_connections(&self) {
        self.inner.reset_connections();
    }
}

impl<E: Exchange> AddToken<E> {
    async fn with_token(
        &self,
        source: &dyn TokenSource,
        request: &mut Request<Bytes>,
        call: &Call,
    ) -> SendResult {
        let token = timeout_at(call.deadline(), source.token()).await;
        let token = token
            .map_err(|elapsed| TransportError::new(TransportErrorKind::NotSent, TokenError::new(elapsed)))?
            .map_err(|error| TransportError::new(TransportErrorKind::NotSent, error).permanent())?;
        // The wait for the token does not count toward the attempt's timeout.
        let call = call.restart();
        let response = self.attempt(request, &call, &token).await?;
        // A 403 from a proxy does not mean that the token was rejected.
        let is_denied = response.status() == StatusCode::FORBIDDEN
            && ApiError::from_response(&response).is_some_and(|error| error.is_permission_denied());
        if !is_denied {
            return Ok(response);
        }
        match timeout_at(call.deadline(), source.refresh(&token)).await {
            Ok(Some(token)) => self.attempt(request, &call.restart(), &token).await,
            _ => Ok(response),
        }
    }

    async fn attempt(&self, request: &mut Request<Bytes>, call: &Call, token: &Token) -> SendResult {
        request.headers_mut().insert(TokenRequired::HEADER, token.0.clone());
        self.inner.exchange(request, call).await
    }
}
