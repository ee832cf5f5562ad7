use std::fmt;

use crate::{Endpoint, endpoint::Method};

/// Which operation a request belongs to, in its [`http::Extensions`]: what retries, traces and metrics need
/// to know without taking the URL apart.
///
/// ```
/// use identity_core::{Endpoint, Target, endpoint::Operation, entity::ReadEntityById};
///
/// let request = ReadEntityById::new("7fbd40c1").request(&Target::new("http://127.0.0.1:8200")?)?;
/// let operation = Operation::from_request(&request).unwrap();
/// assert_eq!(operation.to_string(), "GET identity/entity/id/{id}");
/// assert!(operation.idempotent);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// The verb of the operation; a list that is sent as `GET` is still [`Method::List`].
    pub method: Method,
    /// The path with its placeholders, below `/v1/`.
    pub path: &'static str,
    /// Whether it changes nothing: `GET`, `LIST`, and those `POST`s that only ask, such as lookups.
    pub read_only: bool,
    /// Whether doing it twice is the same as doing it once.
    pub idempotent: bool,
    /// Whether it creates an object under an identifier that the server generates, found again by its name.
    /// If the server fails while it stores such an object, a retry can create a second one of the same name.
    pub creates: bool,
}

impl Operation {
    /// The operation of an endpoint, as far as its type tells. Whether it may be repeated depends on the
    /// request, so it does not say so here.
    pub const fn for_endpoint<E: Endpoint>() -> Self {
        Self { method: E::METHOD, path: E::PATH, read_only: E::READ_ONLY, idempotent: false, creates: false }
    }

    /// Returns the operation of a request. If no [`Endpoint`] made it, only the verb is known: the path is
    /// empty, and only `GET`, `HEAD` and `LIST` count as read-only and idempotent.
    pub fn infer<B>(request: &http::Request<B>) -> Self {
        Self::from_request(request).unwrap_or_else(|| {
            let method = match request.method().as_str() {
                "GET" | "HEAD" => Method::Get,
                "LIST" => Method::List,
                "PUT" => Method::Put,
                "PATCH" => Method::Patch,
                "DELETE" => Method::Delete,
                _ => Method::Post,
            };
            let is_read = method.is_read();
            Self { method, path: "", read_only: is_read, idempotent: is_read, creates: false }
        })
    }

    /// The operation that a request belongs to. `None` if no [`Endpoint`] has made it.
    pub fn from_request<B>(request: &http::Request<B>) -> Option<Self> {
        request.extensions().get().copied()
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
