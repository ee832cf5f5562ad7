/// What became of a write that creates a thing or updates the one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "the identifier of a new object stands only here"]
pub enum Upsert<T> {
    /// It is new, and this is what the server made of it.
    Created(T),
    /// It was there and has been updated. The server tells nothing more.
    Updated,
}

impl<T> Upsert<T> {
    /// What the server made, if it is new.
    pub fn created(self) -> Option<T> {
        match self {
            Self::Created(created) => Some(created),
            Self::Updated => None,
        }
    }

    /// Whether it is new.
    pub fn is_created(&self) -> bool {
        matches!(self, Self::Created(_))
    }
}
