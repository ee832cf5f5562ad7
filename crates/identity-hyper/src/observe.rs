//! What a call tells to `tracing`.

use std::borrow::Cow;
use std::future::Future;

use bytes::Bytes;
use futures_util::future::Either;
use http::uri::{Scheme, Uri};
use http::{HeaderValue, Request};
use identity_core::{
    endpoint::{ApiResponse, Meta, Operation},
    error::redact,
    transport::{Attempts, TransportErrorKind},
};
use tower::Layer;
use tracing::field::{self, Empty};
use tracing::{Instrument, Level, Span, event_enabled, info_span, warn};

use crate::address::display_address;
use crate::events::TRACING_TARGET;
use crate::exchange::{Call, Exchange, Layered, SendResult};
use crate::response::is_retry_candidate;
use crate::service::ServiceTransport;

/// Tells [`tracing`](https://docs.rs/tracing) of each call, in a span `vault` of level `INFO` and target `vault_identity`. That level, so that
/// what is logged during a call says of which call it is.
///
/// | field | meaning |
/// |---|---|
/// | `http.request.method` | the verb |
/// | `url.template` | the operation's path, with `{id}` in place of an identifier |
/// | `server.address`, `server.port` | the server; of several nodes, the last that was asked |
/// | `http.response.status_code` | of the answer, if there is one |
/// | `http.request.resend_count` | how often the request was sent again; absent if once was enough |
/// | `error.type` | the status of a refusal, or what became of the connection: `not_sent`, `timeout`, `interrupted`, `too_large`, `redirect`, `other`; absent if all is well, or if what was looked for does not exist |
/// | `vault.namespace` | of the request |
/// | `vault.request_id` | the server's identifier of the request, as in its audit log; refusals have none |
/// | `otel.kind`, `otel.name`, `otel.status_code` | what `tracing-opentelemetry` makes a client's span of |
///
/// The fields before `vault.` are those of `OpenTelemetry`'s conventions for HTTP clients. There are never names, identifiers, tokens or bodies
/// among them, nor URLs.
///
/// Events of the same target:
///
/// | level | event |
/// |---|---|
/// | `WARN` | a call is retried for the first time: how the first attempt ended, and how long the next one waits |
/// | `WARN` | the server's warnings, in its own words, which may name what the call is about |
/// | `WARN` | a redirect leads where it is not followed |
/// | `WARN` | servers are not verified: at the first connection |
/// | `WARN` | tokens and secrets are sent without encryption: at the first connection to another machine that is `http` |
/// | `WARN` | all users of the machine can read or write the [token file](crate::TokenFile): once |
/// | `WARN` | a call goes to an address that is not one of the [configured](crate::HyperTransportBuilder::addresses) ones: once |
/// | `INFO` | a node has failed, is back, or leads the cluster |
/// | `DEBUG` | a call is retried again |
///
/// Whoever does not listen pays next to nothing: an answer is looked into only for a span or warning that someone wants.
///
/// It is the outermost part of [`HyperTransport`](crate::HyperTransport), and a tower layer by itself.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TraceLayer;

impl TraceLayer {
    /// The layer.
    pub fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Layered<Trace<ServiceTransport<S>>>;

    fn layer(&self, inner: S) -> Self::Service {
        Layered::new(Trace { inner: ServiceTransport::new(inner) })
    }
}

/// See [`TraceLayer`].
#[derive(Debug)]
pub struct Trace<E> {
    pub(crate) inner: E,
}

impl<E: Exchange> Exchange for Trace<E> {
    fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> impl Future<Output = SendResult> + Send {
        let span = span(request);
        if span.is_disabled() && !event_enabled!(target: TRACING_TARGET, Level::WARN) {
            Either::Right(self.inner.exchange(request, call))
        } else {
            Either::Left(Box::pin(self.observe(request, call, span)))
        }
    }

    fn renew(&self) {
        self.inner.renew();
    }
}

impl<E: Exchange> Trace<E> {
    async fn observe(&self, request: &mut Request<Bytes>, call: &Call, span: Span) -> SendResult {
        let asked = request.uri().authority().cloned();
        let outcome = self.inner.exchange(request, call).instrument(span.clone()).await;
        if request.uri().authority() != asked.as_ref() {
            span.record("server.address", &*host(request.uri()));
            span.record("server.port", port(request.uri()));
        }
        let resends = resends(request, &outcome);
        if resends > 0 {
            span.record("http.request.resend_count", resends);
        }
        span.in_scope(|| tell(&span, request, &outcome));
        outcome
    }
}

fn span(request: &Request<Bytes>) -> Span {
    let operation = || Operation::from_request(request);
    let namespace = || request.headers().get("x-vault-namespace").map(HeaderValue::to_str);
    info_span!(
        target: TRACING_TARGET,
        "vault",
        otel.kind = "client",
        otel.name = operation().map(field::display),
        otel.status_code = Empty,
        http.request.method = request.method().as_str(),
        http.request.resend_count = Empty,
        http.response.status_code = Empty,
        url.template = operation().map(|operation| operation.path),
        server.address = &*host(request.uri()),
        server.port = port(request.uri()),
        error.r#type = Empty,
        vault.namespace = namespace().and_then(Result::ok),
        vault.request_id = Empty,
    )
}

/// The host, or the path of the Unix socket.
fn host(uri: &Uri) -> Cow<'_, str> {
    if port(uri).is_some() { Cow::Borrowed(uri.host().unwrap_or_default()) } else { display_address(uri) }
}

fn port(uri: &Uri) -> Option<u16> {
    uri.port_u16().or_else(|| match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => Some(443),
        Some(scheme) if *scheme == Scheme::HTTP => Some(80),
        _ => None,
    })
}

/// How often the request was sent again. What was tried is in the answer if the call was repeated, and else in the request.
fn resends(request: &Request<Bytes>, outcome: &SendResult) -> usize {
    let (attempts, last_is_noted) = match outcome {
        Ok(response) => (response.extensions().get(), is_retry_candidate(response.status())),
        Err(error) => (Some(error.attempts()), true),
    };
    let is_told = |attempts: &&Attempts| !attempts.as_slice().is_empty();
    let attempts = attempts.filter(is_told).or_else(|| request.extensions().get());
    attempts.map_or(0, |attempts| attempts.as_slice().len()).saturating_sub(usize::from(last_is_noted))
}

fn tell(span: &Span, request: &Request<Bytes>, outcome: &SendResult) {
    let failed = |error_type: &str| {
        span.record("error.type", error_type);
        span.record("otel.status_code", "ERROR");
    };
    let response = match outcome {
        Ok(response) => response,
        Err(error) => return failed(name(error.kind())),
    };
    let (status, reply) = (response.status(), ApiResponse::from(response));
    span.record("http.response.status_code", status.as_u16());
    if span.is_disabled() && !contains(response.body(), br#""warnings":["#) {
        return;
    }
    let Meta { request_id, warnings, .. } = reply.meta();
    let redacted = |text: &str| {
        redact(text, request.headers().values().filter(|value| value.is_sensitive())).into_owned()
    };
    if let Some(id) = request_id {
        span.record("vault.request_id", redacted(&id));
    }
    if !warnings.is_empty() {
        let warnings: Vec<String> = warnings.iter().map(|warning| redacted(warning)).collect();
        warn!(target: TRACING_TARGET, ?warnings, "the server warns");
    }
    if (status.is_client_error() || status.is_server_error()) && !reply.is_not_found() {
        failed(status.as_str());
    }
}

fn name(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::NotSent => "not_sent",
        TransportErrorKind::Timeout => "timeout",
        TransportErrorKind::Interrupted => "interrupted",
        TransportErrorKind::ResponseTooLarge => "too_large",
        TransportErrorKind::Redirect => "redirect",
        _ => "other",
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    body.windows(text.len()).any(|window| window == text)
}
