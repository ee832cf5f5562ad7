use std::fmt;

/// The HTTP method of an operation.
///
/// [`http::Method`] has no constant for Vault's method `LIST`, which [`Endpoint::METHOD`] needs.
///
/// [`Endpoint::METHOD`]: crate::Endpoint::METHOD
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Lists the keys below a path. See [`Target::with_list_as_get`](crate::Target::with_list_as_get) for
    /// proxies that reject it.
    List,
    /// Creates, updates, or performs an action.
    Post,
    /// Equivalent to [`Method::Post`] on the server. No endpoint of this crate uses it.
    Put,
    /// Merges into an object. No identity operation accepts it.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// The name of the method in upper case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::List => "LIST",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Returns `true` for `GET` and `LIST`.
    pub const fn is_read(self) -> bool {
        matches!(self, Self::Get | Self::List)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::List => Self::from_bytes(b"LIST").expect("LIST is a valid method"),
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}
