use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::de;

/// The keys below a path, in the order the server gives them, and what it tells of each.
///
/// ```
/// use identity_core::{KeyList, EntityId, entity::EntityInfo};
/// let mut list = KeyList::<EntityId, EntityInfo>::default();
/// list.keys.push("a".into());
/// for (id, info) in list.iter() {
///     println!("{id} {}", info.map_or("", |info| info.name.as_str()));
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeyList<K: Ord, I> {
    /// The keys.
    pub keys: Vec<K>,
    /// What the server tells of the keys. Lists by name have none of it; an entry that cannot be read is
    /// left out.
    pub key_info: BTreeMap<K, I>,
}

impl<K: Ord, I> KeyList<K, I> {
    /// Each key with what the server tells of it.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&K, Option<&I>)> {
        self.keys.iter().map(|key| (key, self.key_info.get(key)))
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }
}

impl<K: Ord, I> Default for KeyList<K, I> {
    fn default() -> Self {
        Self { keys: Vec::new(), key_info: BTreeMap::new() }
    }
}

impl<K: Ord, I> IntoIterator for KeyList<K, I> {
    type Item = K;
    type IntoIter = std::vec::IntoIter<K>;

    /// The keys alone.
    fn into_iter(self) -> Self::IntoIter {
        self.keys.into_iter()
    }
}

/// A list as the server gives it: an odd info spoils only itself.
#[derive(Deserialize)]
#[serde(bound(deserialize = "K: Deserialize<'de>, I: Deserialize<'de>"))]
pub(crate) struct RawKeyList<K: Ord, I> {
    #[serde(default = "Vec::new", deserialize_with = "de::list")]
    keys: Vec<K>,
    #[serde(default = "BTreeMap::new", deserialize_with = "de::skip_invalid_map")]
    key_info: BTreeMap<K, I>,
}

impl<K: Ord, I> From<RawKeyList<K, I>> for KeyList<K, I> {
    fn from(raw: RawKeyList<K, I>) -> Self {
        Self { keys: raw.keys, key_info: raw.key_info }
    }
}
