use std::io::{Write as _, stderr};
use std::time::{Duration, Instant, SystemTime};

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::CONNECTION;
use hyper::http::HeaderValue;
use hyper::{Request, Response, StatusCode};
use identity_core::Transport;
use identity_core::transport::TransportError;
use identity_fake::FakeVault;
use jiff::Timestamp;
use tokio::time::timeout;

/// One byte above the limit of the server, so that `FakeVault` rejects a larger body itself.
const MAX_BODY_LEN: usize = 32 * 1024 * 1024 + 1;

/// Responds to the requests of all connections.
#[derive(Clone)]
pub(crate) struct Responder {
    pub(crate) vault: FakeVault,
    /// The time that a client has for its request.
    pub(crate) timeout: Duration,
    pub(crate) verbose: bool,
}

impl Responder {
    pub(crate) async fn respond<B>(
        &self,
        request: Request<B>,
    ) -> Result<Response<Full<Bytes>>, TransportError>
    where
        B: Body<Error: std::error::Error + Send + Sync + 'static>,
    {
        let start = Instant::now();
        let (head, body) = request.into_parts();
        let shown = self.verbose.then(|| format!("{} {}", head.method, head.uri.path()));
        let response = match timeout(self.timeout, Limited::new(body, MAX_BODY_LEN).collect()).await {
            Ok(Ok(body)) => Transport::send(&self.vault, Request::from_parts(head, body.to_bytes())).await?,
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                refusal(StatusCode::PAYLOAD_TOO_LARGE, "http: request body too large")
            }
            Ok(Err(_)) => refusal(StatusCode::BAD_REQUEST, "the body of the request is incomplete"),
            Err(_) => refusal(StatusCode::REQUEST_TIMEOUT, "the body of the request did not arrive in time"),
        };
        if let Some(request) = shown {
            log(&request, response.status(), start.elapsed());
        }
        Ok(response.map(Full::new))
    }
}

/// Responds to a request whose body was not read to its end, after which the connection is useless.
fn refusal(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(format!(r#"{{"errors":["{message}"]}}"#)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Omits the query, which may contain a secret.
fn log(request: &str, status: StatusCode, duration: Duration) {
    let now = Timestamp::try_from(SystemTime::now()).unwrap_or_default();
    // A closed standard error must not end the process.
    let _ = writeln!(stderr(), "{now:.3} {request} {} {duration:.1?}", status.as_u16());
}
