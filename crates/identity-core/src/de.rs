//! Tolerant decoding: the server writes the empty value in many ways.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::mem::size_of;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::friendly::SpanParser;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::room;
use crate::text::{self, MAX_LEN};

/// `null` is the empty value.
pub(crate) fn null_as_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// `""` is as good as `null`.
pub(crate) fn empty_as_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.filter(|text: &String| !text.is_empty()))
}

/// The identifier of a request.
pub(crate) fn request_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let id = empty_as_none(deserializer)?;
    Ok(id.map(|mut id| {
        text::truncate(&mut id, text::MAX_WORD_LEN);
        id
    }))
}

/// RFC 3339, or nothing: `""` or `null`.
pub(crate) fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    match empty_as_none(deserializer)? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| D::Error::custom("not a time")),
    }
}

/// Whole seconds, or text such as `3600` or `1h30m`. `null` is zero.
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
        Form::Text(text) => text
            .parse()
            .map(Duration::from_secs)
            .or_else(|_| SpanParser::new().parse_unsigned_duration(&text))
            .map_err(|_| D::Error::custom("not a duration")),
    }
}

/// `{}` is as good as `null`: a group's alias, where there is none.
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
        Empty(#[allow(dead_code, reason = "it is read to be told apart")] Empty),
        Some(T),
        None(()),
    }
    Ok(match tree(deserializer)? {
        Form::Some(value) => Some(value),
        Form::Empty(_) | Form::None(()) => None,
    })
}

/// A list that takes no more than its [room]. `null` is the empty list.
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
        // Doubling a long list would take twice the room that it needs.
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

/// A map that takes no more than its [room]. `null` is the empty map.
pub(crate) fn map<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    entries(deserializer, Some)
}

/// A map of which an odd value spoils only itself. `null` is the empty map.
pub(crate) fn skip_invalid_map<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    entries(deserializer, |value: &'de RawValue| serde_json::from_str(value.get()).ok())
}

/// The entries of a map, with what `read` makes of their values.
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
                    // Nodes are a half to entirely full.
                    room::take::<(K, V), A::Error>(2)?;
                    map.insert(key, value);
                }
            }
            Ok(map)
        }
    }

    deserializer.deserialize_any(Map(read, PhantomData))
}

/// A value that is first read into a tree of values, which may take many times its length.
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

/// A list of which an odd element spoils only itself. `null` is the empty list.
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

/// The same, of which a refusal keeps no more than anyone reads.
pub(crate) fn few<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
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

/// What the server says, cut after so many messages or bytes.
pub(crate) fn messages<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let mut list = Vec::new();
    let mut room = MAX_LEN;
    elements(deserializer, |mut message: String| {
        text::truncate(&mut message, room);
        room = room.saturating_sub(message.len());
        list.push(message);
        room > 0 && list.len() < 100
    })?;
    Ok(list)
}

/// Hands over the elements that can be read, one by one, until `go_on` is not to go on.
fn elements<'de, T, D>(deserializer: D, go_on: impl FnMut(T) -> bool) -> Result<(), D::Error>
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

    deserializer.deserialize_any(Elements(go_on, PhantomData))
}

/// A JSON object. Of a struct alone, serde would take an array as well, field by field.
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
