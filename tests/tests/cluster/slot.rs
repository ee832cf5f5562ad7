use std::collections::BTreeSet;

use vault_identity::{EntityId, entity::Entity};

/// What an entity has to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// `None` if its creation has not told it: then it is any.
    pub(crate) id: Option<EntityId>,
    /// Stands in the metadata; no two writes of a task have the same.
    pub(crate) version: usize,
}

impl Content {
    fn fits(&self, entity: &Entity) -> bool {
        self.id.as_ref().is_none_or(|id| *id == entity.id)
            && entity.metadata.get("version") == Some(&self.version.to_string())
    }
}

/// A name, and all that may be there under it at the end.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) name: String,
    /// One, or two if a write was left in doubt; `None` is "no entity".
    pub(crate) allowed: Vec<Option<Content>>,
}

impl Expected {
    pub(crate) fn allows(&self, found: Option<&Entity>) -> bool {
        self.allowed.iter().any(|content| match (content, found) {
            (Some(content), Some(entity)) => content.fits(entity),
            (None, None) => true,
            _ => false,
        })
    }
}

/// A name that one task alone creates, updates and deletes over and over, and what was acknowledged.
pub(crate) struct Slot {
    prefix: String,
    generation: usize,
    pub(crate) now: Option<Content>,
    /// The identifiers of entities that had the name and were deleted.
    pub(crate) former: BTreeSet<EntityId>,
}

impl Slot {
    pub(crate) fn new(prefix: String) -> Self {
        Self { prefix, generation: 0, now: None, former: BTreeSet::new() }
    }

    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.prefix, self.generation)
    }

    pub(crate) fn expected(&self) -> Expected {
        Expected { name: self.name(), allowed: vec![self.now.clone()] }
    }

    /// Goes on under a new name, and leaves behind the old one, which a write may or may not have changed, or
    /// may yet change.
    pub(crate) fn doubt(&mut self, after: Option<Content>) -> Expected {
        let expected = Expected { name: self.name(), allowed: vec![self.now.take(), after] };
        self.former.clear();
        self.generation += 1;
        expected
    }
}
