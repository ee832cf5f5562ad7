//! Tolerant decoding: the server writes the empty value in many ways.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::friendly::SpanParser;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

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

/// RFC 3339, or nothing: `""` or `null`.
pub(crate) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
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
    T: Deserialize<'de>,
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
    Ok(match Form::deserialize(deserializer)? {
        Form::Some(value) => Some(value),
        Form::Empty(_) | Form::None(()) => None,
    })
}

/// A list of which an odd element spoils only itself. `null` is the empty list.
pub(crate) fn readable<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let elements: Vec<Value> = null_as_default(deserializer)?;
    Ok(elements.into_iter().filter_map(|element| serde_json::from_value(element).ok()).collect())
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
