use std::fmt;

/// The verb of an operation.
///
/// `LIST` is Vault's own. [`http::Method`] has no constant for it, and a constant is what
/// [`Endpoint::METHOD`] needs.
///
/// [`Endpoint::METHOD`]: crate::Endpoint::METHOD
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Lists the keys below a path. See [`Target::with_list_as_get`](crate::Target::with_list_as_get) for
    /// proxies that do not let it pass.
    List,
    /// Creates, updates, or acts.
    Post,
    /// The same as [`Method::Post`] to the server; no endpoint of this crate uses it.
    Put,
    /// Merges into what is there; no identity operation accepts it.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// The verb as it is sent.
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

    /// Whether the verb only asks: `GET` and `LIST`.
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
            Method::List => Self::from_bytes(b"LIST").expect("LIST is a valid verb"),
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}
