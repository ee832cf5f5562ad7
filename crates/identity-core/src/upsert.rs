/// The result of a write that creates an object or updates an existing one.
///
/// ```
/// use identity_core::{Endpoint, Upsert, entity::CreateEntity};
///
/// let response = http::Response::builder().status(204).body("")?;
/// assert_eq!(CreateEntity::parse_response(&response)?, Upsert::Updated);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "the server returns the identifier of a new object only once"]
pub enum Upsert<T> {
    /// The object is new.
    Created(T),
    /// The object existed and was updated. The server returns no details.
    Updated,
}

impl<T> Upsert<T> {
    /// Returns the new object, or `None` if it existed.
    pub fn created(self) -> Option<T> {
        match self {
            Self::Created(created) => Some(created),
            Self::Updated => None,
        }
    }

    /// Returns `true` if the object is new.
    pub fn is_created(&self) -> bool {
        matches!(self, Self::Created(_))
    }
}
