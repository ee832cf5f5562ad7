use std::collections::BTreeSet;

use vault_identity::EntityId;
use vault_identity::entity::Entity;

/// The expected content of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// `None` if it is unknown; any identifier matches then.
    pub(crate) id: Option<EntityId>,
    /// Stored in the metadata, and unique among the writes of a task.
    pub(crate) version: usize,
}

impl Content {
    fn matches(&self, entity: &Entity) -> bool {
        self.id.as_ref().is_none_or(|id| *id == entity.id)
            && entity.metadata.get("version") == Some(&self.version.to_string())
    }
}

/// A name, and the contents that it may have at the end.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) name: String,
    /// One content, or two after an uncertain write. `None` means no entity.
    pub(crate) allowed: Vec<Option<Content>>,
}

impl Expected {
    pub(crate) fn allows(&self, found: Option<&Entity>) -> bool {
        self.allowed.iter().any(|content| match (content, found) {
            (Some(content), Some(entity)) => content.matches(entity),
            (None, None) => true,
            _ => false,
        })
    }
}

/// A name that a single task creates, updates and deletes repeatedly, and its acknowledged content.
pub(crate) struct Slot {
    prefix: String,
    generation: usize,
    pub(crate) now: Option<Content>,
    /// The identifiers of deleted entities with this name.
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

    /// Abandons the name after an uncertain write, and continues with a new one. Returns what the old one may
    /// contain.
    pub(crate) fn abandon(&mut self, after: Option<Content>) -> Expected {
        let expected = Expected { name: self.name(), allowed: vec![self.now.take(), after] };
        self.former.clear();
        self.generation += 1;
        expected
    }
}
