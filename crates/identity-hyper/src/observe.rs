//! The layer that records a span for each call.

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
use tracing::field::{self, Empty};
use tracing::{Instrument, Level, Span, event_enabled, info_span, warn};

use crate::address::display_address;
use crate::events::TRACING_TARGET;
use crate::exchange::{Call, Exchange, SendResult};
use crate::response::is_retry_candidate;

#[derive(Debug)]
pub(crate) struct Trace<E> {
    pub(crate) inner: E,
}

impl<E: Exchange> Exchange for Trace<E> {
    fn exchange(&self, request: &mut Request<Bytes>, call: &Call) -> impl Future<Output = SendResult> + Send {
        let span = span(request);
        if span.is_disabled() && !event_enabled!(target: TRACING_TARGET, Level::WARN) {
            Either::Right(self.inner.exchange(request, call))
        } else {
            Either::Left(Box::pin(self.send_in_span(request, call, span)))
        }
    }

    fn reset_connections(&self) {
        self.inner.reset_connections();
    }
}

impl<E: Exchange> Trace<E> {
    async fn send_in_span(&self, request: &mut Request<Bytes>, call: &Call, span: Span) -> SendResult {
        let authority = request.uri().authority().cloned();
        let result = self.inner.exchange(request, call).instrument(span.clone()).await;
        if request.uri().authority() != authority.as_ref() {
            span.record("server.address", &*host(request.uri()));
            span.record("server.port", port(request.uri()));
        }
        let resend_count = resend_count(request, &result);
        if resend_count > 0 {
            span.record("http.request.resend_count", resend_count);
        }
        span.in_scope(|| record_result(&span, request, &result));
        result
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

/// Returns the host, or the path of the Unix socket.
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

/// Returns the number of retries. The attempts are in the result if the call was retried, otherwise in the
/// request.
fn resend_count(request: &Request<Bytes>, result: &SendResult) -> usize {
    let (attempts, last_is_recorded) = match result {
        Ok(response) => (response.extensions().get(), is_retry_candidate(response.status())),
        Err(error) => (Some(error.attempts()), true),
    };
    let is_recorded = |attempts: &&Attempts| !attempts.as_slice().is_empty();
    let attempts = attempts.filter(is_recorded).or_else(|| request.extensions().get());
    attempts.map_or(0, |attempts| attempts.as_slice().len()).saturating_sub(usize::from(last_is_recorded))
}

fn record_result(span: &Span, request: &Request<Bytes>, result: &SendResult) {
    let failed = |kind: &str| {
        span.record("error.type", kind);
        span.record("otel.status_code", "ERROR");
    };
    let response = match result {
        Ok(response) => response,
        Err(error) => return failed(error_type(error.kind())),
    };
    let (status, api_response) = (response.status(), ApiResponse::from(response));
    span.record("http.response.status_code", status.as_u16());
    if span.is_disabled() && !contains(response.body(), br#""warnings":["#) {
        return;
    }
    let Meta { request_id, warnings, .. } = api_response.meta();
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
    if (status.is_client_error() || status.is_server_error()) && !api_response.is_not_found() {
        failed(status.as_str());
    }
}

fn error_type(kind: TransportErrorKind) -> &'static str {
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
