use bytes::Bytes;

use crate::draft::Draft;
use crate::error::{DecodeError, Error, ReplyError, RequestError};
use crate::reply::Reply;
use crate::target::{SentToken, Target};
use crate::{Method, Operation};

/// An operation of the server as a value: it knows its verb and path, how to write the request and how to
/// read the answer. It does no I/O.
///
/// # An endpoint of your own
///
/// What this crate lacks, write in ten lines:
///
/// ```
/// use identity_core::{Draft, Endpoint, Method, Reply, ReplyError, RequestError};
///
/// /// Reads the accessor of the mount at a path.
/// struct ReadAuthMount { path: String }
///
/// #[derive(serde::Deserialize)]
/// struct AuthMount { accessor: String }
///
/// impl Endpoint for ReadAuthMount {
///     type Output = AuthMount;
///     const METHOD: Method = Method::Get;
///     const PATH: &'static str = "sys/auth/{path}";
///
///     fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
///         draft.param("path", &self.path)
///     }
///
///     fn decode(reply: Reply<'_>) -> Result<AuthMount, ReplyError> {
///         reply.data()
///     }
/// }
/// ```
pub trait Endpoint: Sized + Sync {
    /// What the answer says.
    type Output;

    /// The verb.
    const METHOD: Method;

    /// The path below `/v1/`, with a `{name}` for each parameter. Errors, traces and metrics show it, so it
    /// holds no identifiers.
    const PATH: &'static str;

    /// Whether the operation changes nothing, though it may be a `POST`. Defaults to what the verb says.
    const READ_ONLY: bool = Self::METHOD.is_read();

    /// Writes parameters, query, headers and body into the draft, which checks them.
    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        Ok(draft)
    }

    /// Reads an answer of any status.
    fn decode(reply: Reply<'_>) -> Result<Self::Output, ReplyError>;

    /// Checks that a result is about the object that was asked for. A proxy that encodes a path twice, and a
    /// connection that delivers the response to an earlier request, make it another one.
    ///
    /// [`verified_response`](Self::verified_response) does so, and with it the client.
    ///
    /// # Errors
    ///
    /// If the identifier or the name is another one, in whatever case. The
    /// [`source`](std::error::Error::source) of the error names both.
    fn verify(&self, output: &Self::Output) -> Result<(), DecodeError> {
        let _ = output;
        Ok(())
    }

    /// The request to send to `target`.
    fn request(&self, target: &Target) -> Result<http::Request<Bytes>, Error> {
        self.encode(Draft::new(target, Operation::of::<Self>()))
            .and_then(|draft| draft.finish(target))
            .map_err(|error| Error::new(Operation::of::<Self>(), error))
    }

    /// The result that `response` brings, or the error that it is.
    ///
    /// The error does not know whether the request may be repeated; with [`response_to`](Self::response_to)
    /// it does.
    fn response<B: AsRef<[u8]>>(response: &http::Response<B>) -> Result<Self::Output, Error> {
        Self::response_to(Operation::of::<Self>(), response)
    }

    /// The same, for the request whose [`Operation`] this is.
    fn response_to<B: AsRef<[u8]>>(
        operation: Operation,
        response: &http::Response<B>,
    ) -> Result<Self::Output, Error> {
        Self::decode(Reply::from(response)).map_err(|error| failure(operation, response, error))
    }

    /// The same for this request, [verified](Self::verify).
    fn verified_response<B: AsRef<[u8]>>(
        &self,
        operation: Operation,
        response: &http::Response<B>,
    ) -> Result<Self::Output, Error> {
        let output = Self::response_to(operation, response)?;
        match self.verify(&output) {
            Ok(()) => Ok(output),
            Err(error) => Err(failure(operation, response, error.into())),
        }
    }
}

fn failure<B>(operation: Operation, response: &http::Response<B>, error: ReplyError) -> Error {
    let sent = response.extensions().get().map(|SentToken(token)| token);
    let attempts = response.extensions().get().cloned().unwrap_or_default();
    Error::new(operation, error).after(attempts).without(sent)
}

/// Implements [`Endpoint`] and [`Respond`](crate::Respond) for a struct, in one line that reads as a row of
/// the API's table:
///
/// `endpoint!(Type: VERB "path/{field}" [field] steps… -> kind(Output));`
///
/// * `VERB` is that of the request, or `QUERY` for a `POST` that changes nothing;
/// * `[field]` is sent by [`Draft::param`], `[field: slug]` by [`Draft::slug`], `[field: uuid]` by [`Draft::uuid`];
/// * steps: `anonymous` sends no token, `checked` calls the type's own `check`, `json` sends the struct as the
///   body, `body` what its method `body` gives, `repeatable` and `repeatable(|endpoint| …)` tell whether it may
///   be sent twice, `creates` sets [`Operation::creates`];
/// * `kind` is a method of [`Reply`] and, for test doubles, a function of [`respond`](crate::respond);
/// * `secret` at the end: the output is not `Serialize`, and has a method `exposed` for test doubles;
/// * `, same name` after that: the field of the request is what the response is to have as well, see
///   `subject.rs`; `, checked_by method` calls that method of the request to find out.
macro_rules! endpoint {
    ($type:ident: $verb:ident $path:literal $([$($field:ident $(: $rule:ident)?),*])? $($step:ident $(($argument:expr))?)* -> $kind:ident($output:ty) $($secret:ident)? $(, same $($same:ident)+)? $(, checked_by $check:ident)?) => {
        impl crate::Endpoint for $type {
            type Output = $output;
            const METHOD: crate::Method = endpoint!(@verb $verb);
            const READ_ONLY: bool = endpoint!(@read_only $verb);
            const PATH: &'static str = $path;

            fn encode(&self, draft: crate::Draft) -> Result<crate::Draft, crate::RequestError> {
                // The compiler's own check that placeholders and fields match.
                let _ = || { let _ = format_args!($path $($(, $field = self.$field)*)?); };
                $($(let draft = endpoint!(@param draft, self.$field, stringify!($field) $(, $rule)?);)*)?
                $(let draft = endpoint!(@$step draft, self $(, $argument)?);)*
                Ok(draft)
            }

            fn decode(reply: crate::Reply<'_>) -> Result<$output, crate::ReplyError> {
                reply.$kind()
            }

            $(fn verify(&self, output: &$output) -> Result<(), crate::DecodeError> {
                use crate::subject::{Asked as _, Subject as _, compare};
                $(compare(stringify!($same), self.$same.asked(), output.$same())?;)+
                Ok(())
            })?

            $(fn verify(&self, output: &$output) -> Result<(), crate::DecodeError> {
                self.$check(output)
            })?
        }

        impl crate::Respond for $type {
            fn respond(output: &$output) -> http::Response<bytes::Bytes> {
                crate::respond::$kind(endpoint!(@output output $(, $secret)?))
            }
        }
    };

    (@verb GET) => { crate::Method::Get };
    (@verb LIST) => { crate::Method::List };
    (@verb POST) => { crate::Method::Post };
    (@verb QUERY) => { crate::Method::Post };
    (@verb DELETE) => { crate::Method::Delete };

    (@read_only QUERY) => { true };
    (@read_only $verb:ident) => { endpoint!(@verb $verb).is_read() };

    (@param $draft:ident, $value:expr, $name:expr) => { $draft.param($name, $value.as_ref())? };
    (@param $draft:ident, $value:expr, $name:expr, slug) => { $draft.slug($name, $value.as_ref())? };
    (@param $draft:ident, $value:expr, $name:expr, uuid) => { $draft.uuid($name, $value.as_ref())? };

    (@anonymous $draft:ident, $self:ident) => { $draft.anonymous() };
    (@checked $draft:ident, $self:ident) => {{ $self.check()?; $draft }};
    (@json $draft:ident, $self:ident) => { $draft.json($self)? };
    (@body $draft:ident, $self:ident) => { $draft.json(&$self.body())? };
    (@repeatable $draft:ident, $self:ident) => { $draft.repeatable(true) };
    (@repeatable $draft:ident, $self:ident, $when:expr) => {{
        let when: fn(&Self) -> bool = $when;
        $draft.repeatable(when($self))
    }};

    (@creates $draft:ident, $self:ident) => { $draft.creates() };

    (@output $output:ident) => { $output };
    (@output $output:ident, secret) => { &$output.exposed() };
}

pub(crate) use endpoint;
