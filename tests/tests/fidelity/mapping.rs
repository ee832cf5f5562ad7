//! Maps the identifiers that one server generates to those of the other, so that responses can be compared.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Identifiers of the real server, with those of the other server for the same objects.
#[derive(Debug, Default)]
pub(crate) struct Mapping(BTreeMap<String, String>);

impl Mapping {
    /// Learns from two responses to the same request which identifiers correspond.
    pub(crate) fn learn(&mut self, real: &Value, fake: &Value) {
        match (real, fake) {
            (Value::String(real), Value::String(fake))
                if is_generated_value(real) && is_generated_value(fake) =>
            {
                self.bind(real, fake);
            }
            (Value::Array(real), Value::Array(fake)) if !real.iter().all(Value::is_string) => {
                real.iter().zip(fake).for_each(|(real, fake)| self.learn(real, fake));
            }
            (Value::Object(real), Value::Object(fake)) => {
                for (name, real) in real {
                    let Some(fake) = fake.get(&self.translated(name)) else { continue };
                    match (&**name, real, fake) {
                        ("request_id", ..) => {}
                        // The identifier of a namespace may look like a name.
                        ("id" | "namespace_id", Value::String(real), Value::String(fake))
                            if real != "root" =>
                        {
                            self.bind(real, fake);
                        }
                        _ => self.learn(real, fake),
                    }
                }
                self.learn_names(real, fake);
            }
            _ => {}
        }
    }

    /// Learns the identifiers that are the names of equal values, as of the aliases that logins created.
    fn learn_names(&mut self, real: &Map<String, Value>, fake: &Map<String, Value>) {
        let is_new = |name: &String| is_generated_value(name) && !self.0.contains_key(name);
        let new: Vec<_> = real.iter().filter(|(name, _)| is_new(name)).collect();
        for (name, value) in new {
            let value = self.comparable(value);
            let equal = fake.iter().find(|(_, other)| is_same(&value, &comparable("", other)));
            if let Some((other, _)) = equal {
                self.bind(name, other);
            }
        }
    }

    pub(crate) fn bind(&mut self, real: &str, fake: &str) {
        self.0.entry(real.to_owned()).or_insert_with(|| fake.to_owned());
    }

    /// Returns a text of the real server with the identifiers of the other.
    pub(crate) fn translated(&self, text: &str) -> String {
        let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
        let mut translated = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
            let (token, after) = rest.split_at(end);
            translated.push_str(self.0.get(token).map_or(token, String::as_str));
            let next = after.find(is_part).unwrap_or(after.len());
            translated.push_str(&after[..next]);
            rest = &after[next..];
        }
        translated
    }

    /// Returns a response of the real server in comparable form.
    pub(crate) fn comparable(&self, real: &Value) -> Value {
        comparable("", &self.mapped(real))
    }

    fn mapped(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.translated(text).into(),
            Value::Array(items) => items.iter().map(|item| self.mapped(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (self.translated(name), self.mapped(value))).collect()
            }
            other => other.clone(),
        }
    }
}

/// Returns a response without what differs between runs: times, generated names, and the order of lists that
/// are sorted by identifiers.
pub(crate) fn comparable(name: &str, value: &Value) -> Value {
    match value {
        Value::String(text) if GENERATED_FIELDS.contains(&name) && !text.is_empty() => "generated".into(),
        Value::String(text) if name == "url" => without_secret(text).into(),
        // The server reports any one of several.
        Value::String(text) if text.contains(NAMES_ANY) => {
            text.split(NAMES_ANY).next().unwrap_or_default().into()
        }
        // The words about a syntax error differ.
        Value::String(text) if text.starts_with(INVALID_JSON) => INVALID_JSON.into(),
        Value::String(text) if DEFAULT_POLICY.iter().any(|first| text.starts_with(first)) => {
            "the default policy".into()
        }
        // The server quotes Unix sockets, as it reads invalid networks, once more with each write.
        Value::String(text) if name == "token_bound_cidrs" => text.replace(['"', '\\'], "").into(),
        Value::String(text) if is_time(text) => "a time".into(),
        Value::String(text) if is_generated_name(text) => "a generated name".into(),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| comparable(name, item)).collect();
            if ["keys", "aliases", "identity_policies"].contains(&name) || name.ends_with("_ids") {
                items.sort_by_key(ToString::to_string);
            }
            items.into()
        }
        Value::Object(fields) => {
            // The first alias of a deleted mount lacks these in a list, and the identifiers decide which one
            // is first.
            let of_no_mount = |(name, value): &(&String, &Value)| {
                matches!(&***name, "mount_path" | "mount_type") && **value == ""
            };
            let fields = fields.iter().filter(|field| !of_no_mount(field));
            fields.map(|(name, value)| (name.clone(), comparable(name, value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

const INVALID_JSON: &str = "failed to decode JSON input: ";

/// How the policy `default` begins on each server. That of the fake has the same paths without the comments.
const DEFAULT_POLICY: [&str; 2] =
    ["\n# Allow tokens to look up their own properties", "\npath \"auth/token/lookup-self\" {"];

/// Identifiers that no request uses, images of secrets, and public keys.
const GENERATED_FIELDS: [&str; 7] = ["request_id", "uuid", "barcode", "kid", "n", "x", "y"];

/// The text before the identifier of a conflicting object.
const NAMES_ANY: &str = " configuration with ID: ";

/// Returns the URL of a TOTP secret with the length of the secret in its place.
fn without_secret(url: &str) -> String {
    let Some((url, secret)) = url.split_once("secret=") else { return url.to_owned() };
    format!("{url}secret={}", secret.len())
}

/// The fields with times in seconds, and by how much they may differ: by the time that requests took, or by
/// the age of the real server, whose root token is as old.
const SECONDS: [(&str, u64); 5] = [
    ("creation_time", 3600),
    ("last_renewal_time", 5),
    ("lease_duration", 5),
    ("secret_id_ttl", 5),
    ("ttl", 5),
];

/// Compares two comparable responses.
pub(crate) fn is_same(real: &Value, fake: &Value) -> bool {
    match (real, fake) {
        (Value::Object(real), Value::Object(fake)) => {
            real.len() == fake.len()
                && real.iter().zip(fake).all(|((name, real), (other, fake))| {
                    name == other && (is_same(real, fake) || is_near(name, real, fake))
                })
        }
        (Value::Array(real), Value::Array(fake)) => {
            real.len() == fake.len() && real.iter().zip(fake).all(|(real, fake)| is_same(real, fake))
        }
        (Value::String(real), Value::String(fake)) if real != fake => {
            let caps = capped(real).zip(capped(fake));
            caps.is_some_and(|((real, most), (fake, other))| real == fake && most.abs_diff(other) <= 5)
        }
        _ => real == fake,
    }
}

/// Returns the warning about the TTL of a renewal up to the rest of the token's life, and that in seconds.
fn capped(warning: &str) -> Option<(&str, u64)> {
    let (warning, rest) = warning.split_once(" exceeded the effective max_ttl of \"")?;
    let (duration, _) = rest.split_once('"')?;
    let mut seconds = 0;
    for (unit, length) in [('h', 3600), ('m', 60), ('s', 1)] {
        seconds += length * units(duration, unit)?;
    }
    Some((warning, seconds))
}

/// Returns the number before a unit of a duration such as `1h30m`.
fn units(duration: &str, unit: char) -> Option<u64> {
    let Some((before, _)) = duration.split_once(unit) else { return Some(0) };
    before.rsplit(|char: char| !char.is_ascii_digit()).next()?.parse().ok()
}

fn is_near(name: &str, real: &Value, fake: &Value) -> bool {
    let tolerance = SECONDS.iter().find(|(field, _)| *field == name).map(|(_, tolerance)| *tolerance);
    let seconds = real.as_u64().zip(fake.as_u64());
    tolerance.zip(seconds).is_some_and(|(tolerance, (real, fake))| real.abs_diff(fake) <= tolerance)
}

fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 20 && bytes[4] == b'-' && bytes[10] == b'T' && bytes.ends_with(b"Z")
}

/// Returns `true` if a server generated the text, as an identifier, a token or an accessor.
pub(crate) fn is_generated_value(text: &str) -> bool {
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let alphanumeric =
        |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let uuid = |text: &str| {
        text.len() == 36 && text.split('-').zip([8, 4, 4, 4, 12]).all(|(part, length)| hex(part, length))
    };
    match text.split_once('.') {
        Some(("s", token)) => match token.split_once('.') {
            Some((token, namespace)) => alphanumeric(token, 24) && alphanumeric(namespace, 6),
            None => alphanumeric(token, 24),
        },
        Some(("b", token)) => token.len() > 100,
        Some((name, namespace)) => {
            (uuid(name) || alphanumeric(name, 24)) && (namespace == "root" || alphanumeric(namespace, 6))
        }
        None => {
            let accessor = text.rsplit_once('_').is_some_and(|(_, end)| hex(end, 8));
            let client_secret =
                text.strip_prefix("hvo_secret_").is_some_and(|secret| alphanumeric(secret, 64));
            uuid(text)
                || accessor
                || client_secret
                || [24, 26, 32].iter().any(|length| alphanumeric(text, *length))
        }
    }
}

/// Returns `true` if it is the generated name of an unnamed object.
fn is_generated_name(text: &str) -> bool {
    let rest = text.strip_prefix("entity_").or(text.strip_prefix("group_"));
    let hex = |name: &str| name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    rest.and_then(|rest| rest.split_once('.')).is_some_and(|(name, _)| hex(name))
}
