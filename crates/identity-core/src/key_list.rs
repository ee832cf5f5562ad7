use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::de;

/// The keys below a path, in the order the server gives them, and what it tells of each.
///
/// ```
/// # use identity_core::{EntityInfo, KeyList, EntityId};
/// # let mut list = KeyList::<EntityId, EntityInfo>::default();
/// # list.keys.push("a".into());
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

/// A list whose infos are not yet looked at, so that an odd one spoils only itself.
#[derive(Deserialize)]
#[serde(bound(deserialize = "K: Deserialize<'de>"))]
pub(crate) struct RawKeyList<'a, K: Ord> {
    #[serde(default, deserialize_with = "de::null_as_default")]
    keys: Vec<K>,
    #[serde(borrow, default, deserialize_with = "de::null_as_default")]
    key_info: BTreeMap<K, &'a RawValue>,
}

impl<'a, K: Ord, I: Deserialize<'a>> From<RawKeyList<'a, K>> for KeyList<K, I> {
    fn from(raw: RawKeyList<'a, K>) -> Self {
        let read = |(key, info): (K, &'a RawValue)| Some((key, serde_json::from_str(info.get()).ok()?));
        Self { keys: raw.keys, key_info: raw.key_info.into_iter().filter_map(read).collect() }
    }
}
