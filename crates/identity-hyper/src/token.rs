//! The token of a call, and where it comes from.

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
    error::RequestError,
    transport::{TokenRequired, TransportError, TransportErrorKind},
};
use tokio::time::timeout_at;
use tower::{BoxError, Layer};

use crate::exchange::{Call, Exchange, Layered, SendResult};
use crate::response::api_error;
use crate::service::ServiceTransport;

mod file;
mod login;

pub use file::TokenFile;
pub use login::{LoginResponse, LoginTokenSource};

/// A token in the form that it is sent in. Clones share it; it is not shown, and wiped with its last clone.
#[derive(Clone)]
pub struct Token(HeaderValue);

impl Token {
    /// A token as servers give them out: of visible ASCII characters.
    pub fn new(token: impl Into<SecretString>) -> Result<Self, RequestError> {
        TokenRequired::header(&token.into()).map(Self)
    }

    /// The token in an environment variable, read now. That there is none is an error.
    pub fn from_env(variable: &str) -> Result<Self, RequestError> {
        let refuse = |problem| RequestError::new(variable.to_owned(), problem);
        let value = std::env::var_os(variable).ok_or_else(|| refuse("is not set"))?;
        let value = value.into_string().map_err(|_| refuse("is not Unicode"))?;
        Self::new(value).map_err(|error| error.of(variable.to_owned()))
    }

    fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Where the token of each call comes from: a fixed [`Token`], a [`TokenFile`], a [`LoginTokenSource`], or one of your own.
///
/// ```
/// use identity_hyper::{HyperTransport, TokenFile};
///
/// let transport = HyperTransport::builder().token_source(TokenFile::new("/run/agent/token")).build();
/// println!("{transport:?}");
/// ```
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// The token to make a call with. It is asked before every attempt of every call, so it should know it.
    async fn token(&self) -> Result<Token, TokenError>;

    /// The server has refused a call with this token (403): it is not allowed that, or has expired, or been
    /// revoked; servers do not tell which. With another token, the call is made once more.
    async fn refresh(&self, refused: &Token) -> Option<Token> {
        self.token().await.ok().filter(|token| !token.is(refused))
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

    async fn refresh(&self, refused: &Token) -> Option<Token> {
        (**self).refresh(refused).await
    }
}

/// There is no token to make a call with. The call was not sent, and is not repeated.
///
/// It is the source of a [`TransportError`] of the kind [`Connect`](TransportErrorKind::NotSent).
#[derive(Clone, Debug)]
pub struct TokenError(Arc<dyn StdError + Send + Sync>);

impl TokenError {
    /// Says why. Leave secrets out.
    pub fn new(source: impl Into<BoxError>) -> Self {
        Self(source.into().into())
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no token to make the call with")
    }
}

impl StdError for TokenError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

/// Adds the token of a [`TokenSource`] to the requests that are marked with [`TokenRequired`], as those to a
/// [`Target::with_transport_token`](identity_core::Target::with_transport_token) are.
///
/// A call that is answered with 403 is made once more if the source has another token by then. That does no
/// harm to any operation, as nothing was done.
///
/// [`HyperTransport`](crate::HyperTransport) has a
/// [setting](crate::HyperTransportBuilder::token_source) of its own for it. As a tower layer:
///
/// ```
/// use identity_hyper::{HyperTransport, ServiceTransport, Token, TokenLayer, TransportService};
///
/// let service = tower::ServiceBuilder::new()
///     .layer(TokenLayer::new(Token::new("s.example")?))
///     .service(TransportService::new(HyperTransport::new()));
/// let transport = ServiceTransport::new(service);
/// println!("{transport:?}");
/// # Ok::<(), identity_core::error::RequestError>(())
/// ```
#[derive(Clone)]
pub struct TokenLayer(Arc<dyn TokenSource>);

impl TokenLayer {
    /// Takes tokens from `source`.
    pub fn new(source: impl TokenSource + 'static) -> Self {
        Self(Arc::new(source))
    }
}

impl fmt::Debug for TokenLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenLayer").finish_non_exhaustive()
    }
}

impl<S> Layer<S> for TokenLayer {
    type Service = Layered<AddToken<ServiceTransport<S>>>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered::new(AddToken::new(Some(self.clone()), ServiceTransport::new(inner)))
    }
}

/// See [`TokenLayer`].
#[derive(Debug)]
pub struct AddToken<E> {
    pub(crate) source: Option<TokenLayer>,
    pub(crate) inner: E,
}

impl<E> AddToken<E> {
    pub(crate) fn new(source: Option<TokenLayer>, inner: E) -> Self {
        Self { source, inner }
    }
}

impl<E: Exchange> Exchange for AddToken<E> {
    fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> impl Future<Output = SendResult> + Send {
        match &self.source {
            Some(TokenLayer(source)) if request.extensions().get::<TokenRequired>().is_some() => {
                Either::Left(Box::pin(self.with_token(&**source, request, call)))
            }
            _ => Either::Right(self.inner.exchange(request, call)),
        }
    }

    fn renew(&self) {
        self.inner.renew();
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
        // The wait for it is not the server's.
        let call = call.again();
        let response = self.attempt(request, &call, &token).await?;
        // The 403 of a proxy does not concern the token.
        let is_denied = response.status() == StatusCode::FORBIDDEN
            && api_error(&response).is_some_and(|error| error.is_permission_denied());
        if !is_denied {
            return Ok(response);
        }
        match timeout_at(call.deadline(), source.refresh(&token)).await {
            Ok(Some(token)) => self.attempt(request, &call.again(), &token).await,
            _ => Ok(response),
        }
    }

    async fn attempt(&self, request: &mut Request<Bytes>, call: &Call, token: &Token) -> SendResult {
        request.headers_mut().insert(TokenRequired::HEADER, token.0.clone());
        self.inner.exchange(request, call).await
    }
}
