//! Lenient decoding: the server represents empty values in many ways.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::mem::size_of;
use std::time::Duration;

use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::duration;
use crate::room;
use crate::text::{self, MAX_LEN};

/// Decodes `null` as the default.
pub(crate) fn null_as_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Decodes `""` as `None`.
pub(crate) fn empty_as_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.filter(|text: &String| !text.is_empty()))
}

/// Decodes the identifier of a request, truncated.
pub(crate) fn request_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let id = empty_as_none(deserializer)?;
    Ok(id.map(|mut id| {
        text::truncate(&mut id, text::MAX_NAME_LEN);
        id
    }))
}

/// Decodes RFC 3339, or `""` and `null` as `None`.
pub(crate) fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    match empty_as_none(deserializer)? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| D::Error::custom("not a time")),
    }
}

/// Decodes whole seconds, or text such as `3600` or `1h30m`. `null` is zero.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Seconds(u64),
        Text(String),
        Null(()),
    }
    match Form::deserialize(deserializer)? {
        Form::Seconds(seconds) => Ok(Duration::from_secs(seconds)),
        Form::Null(()) => Ok(Duration::ZERO),
        Form::Text(text) => duration::parse(&text).ok_or_else(|| D::Error::custom("not a duration")),
    }
}

/// Decodes a duration as [`seconds`] does, in a field that requests leave out.
pub(crate) fn some_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    seconds(deserializer).map(Some)
}

/// Decodes `{}` as `None`: the server sends it for a group without an alias.
pub(crate) fn empty_object_as_none<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Empty {}

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form<T> {
        Empty(#[allow(dead_code, reason = "only the success of decoding matters")] Empty),
        Some(T),
        None(()),
    }
    Ok(match tree(deserializer)? {
        Form::Some(value) => Some(value),
        Form::Empty(_) | Form::None(()) => None,
    })
}

/// Decodes a list within the [memory limit](room). `null` is the empty list.
pub(crate) fn list<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    struct List<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_unit<E>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(element) = elements.next_element()? {
                push(&mut list, element)?;
            }
            Ok(list)
        }
    }

    deserializer.deserialize_any(List(PhantomData))
}

fn push<T, E: Error>(list: &mut Vec<T>, element: T) -> Result<(), E> {
    if list.len() == list.capacity() {
        // Doubling a long list would take twice the memory that it needs.
        let more = match list.len() {
            0 if size_of::<T>() > 64 => 1,
            0 => 4,
            len if len < 0x8000 => len,
            len => len / 32,
        };
        room::grow::<T, E>(list.len(), more)?;
        list.reserve_exact(more);
    }
    list.push(element);
    Ok(())
}

/// Decodes a map within the [memory limit](room). `null` is the empty map.
pub(crate) fn map<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    entries(deserializer, Some)
}

/// Decodes a map, without invalid values. `null` is the empty map.
pub(crate) fn skip_invalid_map<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    entries(deserializer, |value: &'de RawValue| serde_json::from_str(value.get()).ok())
}

fn entries<'de, K, R, V, D>(
    deserializer: D,
    read: impl Fn(R) -> Option<V>,
) -> Result<BTreeMap<K, V>, D::Error>
where
    K: Deserialize<'de> + Ord,
    R: Deserialize<'de>,
    D: Deserializer<'de>,
{
    struct Map<K, R, V, F>(F, PhantomData<(K, R, V)>);

    impl<'de, K, R, V, F> Visitor<'de> for Map<K, R, V, F>
    where
        K: Deserialize<'de> + Ord,
        R: Deserialize<'de>,
        F: Fn(R) -> Option<V>,
    {
        type Value = BTreeMap<K, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_unit<E>(self) -> Result<BTreeMap<K, V>, E> {
            Ok(BTreeMap::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<BTreeMap<K, V>, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = entries.next_entry::<K, R>()? {
                if let Some(value) = (self.0)(value) {
                    // Nodes of a `BTreeMap` are at least half full.
                    room::take::<(K, V), A::Error>(2)?;
                    map.insert(key, value);
                }
            }
            Ok(map)
        }
    }

    deserializer.deserialize_any(Map(read, PhantomData))
}

/// Decodes a value through a tree, which can take many times its length.
pub(crate) fn tree<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    if !room::is_limited() {
        return T::deserialize(deserializer);
    }
    let json = Box::<RawValue>::deserialize(deserializer)?;
    room::take_tree::<D::Error>(json.get().as_bytes())?;
    serde_json::from_str(json.get()).map_err(D::Error::custom)
}

/// Decodes a list, without invalid elements. `null` is the empty list.
pub(crate) fn skip_invalid<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let mut list = Vec::new();
    let mut is_full = None;
    elements(deserializer, |element| {
        is_full = push::<T, D::Error>(&mut list, element).err();
        is_full.is_none()
    })?;
    is_full.map_or(Ok(list), Err)
}

/// Decodes the first 1000 elements of a list, without invalid ones.
pub(crate) fn first_thousand<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let mut list = Vec::new();
    elements(deserializer, |element| {
        list.push(element);
        list.len() < 1000
    })?;
    Ok(list)
}

/// Decodes messages, truncated after 100 messages or [`MAX_LEN`] bytes.
pub(crate) fn messages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let mut list = Vec::new();
    let mut remaining = MAX_LEN;
    elements(deserializer, |mut message: String| {
        text::truncate(&mut message, remaining);
        remaining = remaining.saturating_sub(message.len());
        list.push(message);
        remaining > 0 && list.len() < 100
    })?;
    Ok(list)
}

/// Calls `visit` with each valid element until it returns `false`.
fn elements<'de, T, D>(deserializer: D, visit: impl FnMut(T) -> bool) -> Result<(), D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    struct Elements<T, F>(F, PhantomData<T>);

    impl<'de, T: DeserializeOwned, F: FnMut(T) -> bool> Visitor<'de> for Elements<T, F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_unit<E>(self) -> Result<(), E> {
            Ok(())
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
            while let Some(element) = list.next_element::<Box<RawValue>>()? {
                if serde_json::from_str(element.get()).is_ok_and(|element| !(self.0)(element)) {
                    while list.next_element::<IgnoredAny>()?.is_some() {}
                }
            }
            Ok(())
        }
    }

    deserializer.deserialize_any(Elements(visit, PhantomData))
}

/// A JSON object. For a plain struct, serde would accept an array of its fields as well.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_map(Fields(PhantomData)).map(Object)
    }
}
