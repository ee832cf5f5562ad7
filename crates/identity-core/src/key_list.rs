//! [`KeyList`] and its iterators.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::de;

/// The keys below a path, in the order of the server, with information on each.
///
/// ```
/// use identity_core::{EntityId, KeyList, entity::EntityInfo};
///
/// let list: KeyList<EntityId, EntityInfo> = [EntityId::new("7fbd40c1")].into_iter().collect();
/// for (id, info) in &list {
///     println!("{id} {}", info.map_or("", |info| info.name.as_str()));
/// }
/// let ids: Vec<EntityId> = list.keys;
/// assert_eq!(ids[0].as_str(), "7fbd40c1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "K: Deserialize<'de>, I: Deserialize<'de>"))]
#[non_exhaustive]
pub struct KeyList<K: Ord, I> {
    /// The keys.
    #[serde(default = "Vec::new", deserialize_with = "de::list")]
    pub keys: Vec<K>,
    /// The information on each key. Empty in lists by name. Invalid entries of a response are skipped.
    #[serde(default = "BTreeMap::new", deserialize_with = "de::map")]
    pub key_info: BTreeMap<K, I>,
}

/// The list in a response. Skipping entries needs raw JSON, which other deserializers do not have.
#[derive(Deserialize)]
#[serde(bound(deserialize = "K: Deserialize<'de>, I: Deserialize<'de>"))]
pub(crate) struct ResponseKeyList<K: Ord, I> {
    #[serde(default = "Vec::new", deserialize_with = "de::list")]
    keys: Vec<K>,
    #[serde(default = "BTreeMap::new", deserialize_with = "de::skip_invalid_map")]
    key_info: BTreeMap<K, I>,
}

impl<K: Ord, I> From<ResponseKeyList<K, I>> for KeyList<K, I> {
    fn from(ResponseKeyList { keys, key_info }: ResponseKeyList<K, I>) -> Self {
        Self { keys, key_info }
    }
}

impl<K: Ord, I> KeyList<K, I> {
    /// Iterates over the keys with their information.
    pub fn iter(&self) -> Iter<'_, K, I> {
        Iter { keys: self.keys.iter(), key_info: &self.key_info }
    }

    /// Returns `true` if there are no keys.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns the number of keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }
}

impl<K: Ord, I> Default for KeyList<K, I> {
    fn default() -> Self {
        Self { keys: Vec::new(), key_info: BTreeMap::new() }
    }
}

/// Collects keys without information.
impl<K: Ord, I> FromIterator<K> for KeyList<K, I> {
    fn from_iter<T: IntoIterator<Item = K>>(keys: T) -> Self {
        Self { keys: keys.into_iter().collect(), key_info: BTreeMap::new() }
    }
}

/// Collects keys with their information.
impl<K: Ord + Clone, I> FromIterator<(K, Option<I>)> for KeyList<K, I> {
    fn from_iter<T: IntoIterator<Item = (K, Option<I>)>>(entries: T) -> Self {
        let mut list = Self::default();
        for (key, info) in entries {
            list.key_info.extend(info.map(|info| (key.clone(), info)));
            list.keys.push(key);
        }
        list
    }
}

impl<'a, K: Ord, I> IntoIterator for &'a KeyList<K, I> {
    type Item = (&'a K, Option<&'a I>);
    type IntoIter = Iter<'a, K, I>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Ord, I> IntoIterator for KeyList<K, I> {
    type Item = (K, Option<I>);
    type IntoIter = IntoIter<K, I>;

    fn into_iter(self) -> Self::IntoIter {
        IntoIter { keys: self.keys.into_iter(), key_info: self.key_info }
    }
}

/// The iterator of [`KeyList::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a, K: Ord, I> {
    keys: std::slice::Iter<'a, K>,
    key_info: &'a BTreeMap<K, I>,
}

impl<'a, K: Ord, I> Iterator for Iter<'a, K, I> {
    type Item = (&'a K, Option<&'a I>);

    fn next(&mut self) -> Option<Self::Item> {
        self.keys.next().map(|key| (key, self.key_info.get(key)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.keys.size_hint()
    }
}

impl<K: Ord, I> ExactSizeIterator for Iter<'_, K, I> {}

/// The iterator of a [`KeyList`] by value. If a key is repeated, only the first has the information.
#[derive(Debug)]
pub struct IntoIter<K: Ord, I> {
    keys: std::vec::IntoIter<K>,
    key_info: BTreeMap<K, I>,
}

impl<K: Ord, I> Iterator for IntoIter<K, I> {
    type Item = (K, Option<I>);

    fn next(&mut self) -> Option<Self::Item> {
        self.keys.next().map(|key| {
            let info = self.key_info.remove(&key);
            (key, info)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.keys.size_hint()
    }
}

impl<K: Ord, I> ExactSizeIterator for IntoIter<K, I> {}
