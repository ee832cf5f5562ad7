use std::fmt;

use crate::endpoint::method::Method;

/// The operation of a request, in its [`http::Extensions`]. Retries, traces and metrics use it instead of the
/// URL.
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
    /// The HTTP method. A list that is sent as `GET` is still [`Method::List`].
    pub method: Method,
    /// The path below `/v1/`, with its placeholders.
    pub path: &'static str,
    /// Whether the operation changes nothing: `GET`, `LIST`, and a `POST` that is a lookup.
    pub read_only: bool,
    /// Whether the operation is idempotent: two requests have the same effect as one.
    pub idempotent: bool,
    /// Whether the operation creates an object with a generated identifier that can be looked up by name. If
    /// the server fails while it stores the object, a retry can create a second object with this name.
    pub creates: bool,
}

impl Operation {
    /// Returns the operation of a request. If no [`Endpoint`](crate::Endpoint) created it, only the HTTP
    /// method is known: the path is empty, and `GET`, `HEAD` and `LIST` are read-only and idempotent.
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

    /// Returns the operation of a request, or `None` if no [`Endpoint`](crate::Endpoint) created it.
    pub fn from_request<B>(request: &http::Request<B>) -> Option<Self> {
        request.extensions().get().copied()
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
