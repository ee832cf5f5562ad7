use crate::Method;

/// Which operation a request belongs to, in its [`http::Extensions`]: what retries, traces and metrics need to know
/// without taking the URL apart.
///
/// ```
/// use identity_core::{Endpoint, Operation, ReadEntityById, Target};
///
/// let request = ReadEntityById::new("7fbd40c1").request(&Target::new("http://127.0.0.1:8200")?)?;
/// let operation = request.extensions().get::<Operation>().unwrap();
/// assert_eq!(operation.path, "identity/entity/id/{id}");
/// assert!(operation.repeatable);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// The verb of the operation; a list that is sent as `GET` is still [`Method::List`].
    pub method: Method,
    /// The path with its placeholders, below `/v1/`.
    pub path: &'static str,
    /// Whether doing it twice is the same as doing it once.
    pub repeatable: bool,
}

impl Operation {
    /// The operation of an endpoint, as far as its type alone tells.
    pub const fn of<E: crate::Endpoint>() -> Self {
        Self {
            method: E::METHOD,
            path: E::PATH,
            repeatable: !matches!(E::METHOD, Method::Post | Method::Patch),
        }
    }
}
