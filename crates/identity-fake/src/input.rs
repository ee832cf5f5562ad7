//! Parses the fields of a request as leniently as the server.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::duration;
use super::response::{ErrorResponse, bad_request, quoted};

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    /// A list, or a string with commas.
    List,
    /// A list, or one string, which is not split at commas.
    Texts,
    /// An object, or strings like `key=value`.
    Pairs,
    /// An object with any values, or a list of such objects, which are joined.
    Map,
    Number,
    /// A list of numbers, or a string with commas.
    Numbers,
    /// Seconds, or a string such as `1h30m`. `null` counts as absent.
    Duration,
    SignedDuration,
}

pub(super) type Pairs = BTreeMap<String, String>;

pub(super) type Schema = &'static [(&'static str, Kind)];

/// Joins the fields of two schemas.
pub(super) const fn joined<const N: usize, const M: usize, const ALL: usize>(
    first: &[(&'static str, Kind); N],
    second: &[(&'static str, Kind); M],
) -> [(&'static str, Kind); ALL] {
    let mut all = [("", Kind::Text); ALL];
    let mut index = 0;
    while index < ALL {
        all[index] = if index < N { first[index] } else { second[index - N] };
        index += 1;
    }
    all
}

fn kind(schema: Schema, name: &str) -> Option<Kind> {
    schema.iter().find(|(field, _)| *field == name).map(|(_, kind)| *kind)
}

/// The fields of a request and their schema.
pub(super) struct Fields {
    raw: Map<String, Value>,
    schema: Schema,
}

impl Fields {
    /// Fails if a field does not have its type. Ignores unknown fields.
    pub(super) fn new(raw: Map<String, Value>, schema: Schema) -> Result<Self, ErrorResponse> {
        Self::check(&raw, schema, "")?;
        Ok(Self { raw, schema })
    }

    /// Checks the types of all fields except `replaced`.
    pub(super) fn check(
        raw: &Map<String, Value>,
        schema: Schema,
        replaced: &str,
    ) -> Result<(), ErrorResponse> {
        for (name, value) in raw.iter().filter(|(name, _)| *name != replaced) {
            let Some(kind) = kind(schema, name) else { continue };
            let problem = match kind {
                Kind::Text => as_text(value, "").err(),
                Kind::Flag => as_flag(value).err(),
                Kind::List => as_list(value).err(),
                Kind::Texts => as_texts(value).err(),
                Kind::Pairs => as_pairs(value, name).err(),
                Kind::Map => as_map(value, "").err(),
                Kind::Number => as_number(value).err(),
                Kind::Numbers => as_numbers(value).err(),
                Kind::Duration => as_duration(value).err(),
                Kind::SignedDuration => as_signed_duration(value).err(),
            };
            if let Some(problem) = problem {
                let field = quoted(name);
                return Err(bad_request(format!(
                    "Field validation failed: error converting input for field {field}: {problem}"
                )));
            }
        }
        Ok(())
    }

    /// Returns `true` if the field is present, even if it is unknown to the schema.
    pub(super) fn has(&self, name: &str) -> bool {
        self.raw.contains_key(name)
    }

    /// Returns `true` if the field is present. For durations, `null` counts as absent.
    pub(super) fn is_given(&self, name: &str) -> bool {
        let is_duration = self.kind(name) == Some(Kind::Duration);
        self.get(name).is_some_and(|value| !(is_duration && value.is_null()))
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        kind(self.schema, name)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.kind(name).and(self.raw.get(name))
    }

    /// Returns a string, or `""` if it is absent.
    pub(super) fn text(&self, name: &str) -> String {
        self.given_text(name).unwrap_or_default()
    }

    /// Returns a string if it is present. `null` is `""`.
    pub(super) fn given_text(&self, name: &str) -> Option<String> {
        as_text(self.get(name)?, "").ok()
    }

    /// Returns a flag if it is present. `null` is `false`.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        as_flag(self.get(name)?).ok()
    }

    /// Returns a list if it is present. `null` is the empty list.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        as_list(self.get(name)?).ok()
    }

    /// Returns a list of unsplit strings if it is present. `null` is the empty list.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<String>> {
        as_texts(self.get(name)?).ok()
    }

    /// Returns a number if it is present. `null` is 0.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        as_number(self.get(name)?).ok()
    }

    /// Returns a list of numbers if it is present. `null` is the empty list.
    pub(super) fn numbers(&self, name: &str) -> Option<Vec<i64>> {
        as_numbers(self.get(name)?).ok()
    }

    /// Returns the whole seconds of a duration if it is present.
    pub(super) fn seconds(&self, name: &str) -> Option<u64> {
        as_duration(self.get(name)?).ok()?
    }

    /// Returns the whole seconds of a duration that may be negative if it is present.
    pub(super) fn signed_seconds(&self, name: &str) -> Option<i64> {
        as_signed_duration(self.get(name)?).ok()?
    }

    /// Returns an object if it is present. `null` is `Some(None)`.
    #[allow(clippy::option_option, reason = "not given and `null` are two things")]
    pub(super) fn map(&self, name: &str) -> Option<Option<Map<String, Value>>> {
        as_map(self.get(name)?, "").ok()
    }

    /// Returns pairs if they are present. `null` is `Some(None)`.
    #[allow(clippy::option_option, reason = "not given and `null` are two things")]
    pub(super) fn pairs(&self, name: &str) -> Option<Option<Pairs>> {
        as_pairs(self.get(name)?, name).ok()
    }
}

fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "[]interface {}",
        Value::String(_) => "string",
        Value::Number(_) => "json.Number",
        Value::Bool(_) => "bool",
        Value::Object(_) | Value::Null => "map[string]interface {}",
    }
}

/// Converts a scalar to a string. `place` is its position in the field.
pub(super) fn as_text(value: &Value, place: &str) -> Result<String, String> {
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => if *flag { "1" } else { "0" }.to_owned(),
        Value::Null => String::new(),
        Value::Array(_) | Value::Object(_) => {
            return Err(format!(
                "'{place}' expected type 'string', got unconvertible type '{}'",
                kind_name(value)
            ));
        }
    })
}

fn as_flag(value: &Value) -> Result<bool, String> {
    let text = match value {
        Value::Null => return Ok(false),
        Value::Bool(flag) => return Ok(*flag),
        Value::Array(_) | Value::Object(_) => {
            return Err(format!("'' expected type 'bool', got unconvertible type '{}'", kind_name(value)));
        }
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
    };
    match &*text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "" | "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err("'' cannot parse value as 'bool': strconv.ParseBool: invalid syntax".to_owned()),
    }
}

fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) if fields.is_empty() => Vec::new(),
        one => vec![one],
    }
}

fn as_list(value: &Value) -> Result<Vec<String>, String> {
    if let Value::String(text) = value {
        let parts = text.split(',').map(|part| part.trim().to_owned());
        return Ok(if text.is_empty() { Vec::new() } else { parts.collect() });
    }
    let mut texts = Vec::new();
    let mut problems = Vec::new();
    for (index, item) in items(value).into_iter().enumerate() {
        match as_text(item, &format!("[{index}]")) {
            Ok(text) => texts.push(text.trim().to_owned()),
            Err(problem) => problems.push(format!("* {problem}, value: '{}'", as_go_prints(item))),
        }
    }
    if problems.is_empty() {
        return Ok(texts);
    }
    Err(format!("{} error(s) decoding:\n\n{}", problems.len(), problems.join("\n")))
}

/// Formats a value like Go's `%v`.
pub(super) fn as_go_prints(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(as_go_prints).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{name}:{}", as_go_prints(value)));
            format!("map[{}]", fields.collect::<Vec<_>>().join(" "))
        }
        scalar => scalar.to_string(),
    }
}

fn as_pairs(value: &Value, field: &str) -> Result<Option<Pairs>, String> {
    let has_only_nulls =
        value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(Value::is_null));
    if value.is_null() || has_only_nulls {
        return Ok(None);
    }
    if let Some(pairs) = object_pairs(value) {
        return Ok(Some(pairs));
    }

    let texts = texts(value)?;
    let pair = |(index, text): (usize, &String)| match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("invalid key pair at index {index} in field {}", quoted(field))),
    };
    texts.iter().enumerate().map(pair).collect::<Result<Pairs, String>>().map(Some)
}

/// Returns the pairs of an object, or of all objects in lists. `None` if a value is no string.
fn object_pairs(value: &Value) -> Option<Pairs> {
    match value {
        Value::Null => Some(Pairs::new()),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| Some((name.clone(), as_text(value, "").ok()?))).collect()
        }
        Value::Array(items) => {
            let all: Option<Vec<Pairs>> = items.iter().map(object_pairs).collect();
            all.map(|all| all.into_iter().flatten().collect())
        }
        _ => None,
    }
}

fn as_texts(value: &Value) -> Result<Vec<String>, String> {
    if value.as_str() == Some("") {
        return Ok(Vec::new());
    }
    Ok(texts(value)?.into_iter().map(|text| text.trim().to_owned()).collect())
}

fn texts(value: &Value) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    let mut problems = Vec::new();
    for (index, item) in items(value).into_iter().enumerate() {
        match as_text(item, &format!("[{index}]")) {
            Ok(text) => texts.push(text),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(format!("decoding failed due to the following error(s):\n\n{}", problems.join("\n")));
    }
    Ok(texts)
}

pub(super) fn as_number(value: &Value) -> Result<i64, String> {
    let text = match value {
        Value::Null => return Ok(0),
        Value::Bool(flag) => return Ok(i64::from(*flag)),
        Value::Array(_) | Value::Object(_) => {
            return Err(format!("'' expected type 'int', got unconvertible type '{}'", kind_name(value)));
        }
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.is_empty() => return Ok(0),
        Value::String(text) => text.clone(),
    };
    let problem = |problem: &str| format!("'' cannot parse value as 'int': strconv.ParseInt: {problem}");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(&text)),
    };
    let (digits, radix) = radix(digits);
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|char| char.is_digit(radix)) {
        return Err(problem("invalid syntax"));
    }
    i64::from_str_radix(&format!("{sign}{digits}"), radix).map_err(|_| problem("value out of range"))
}

/// Splits a number into its digits and the radix of its prefix.
fn radix(digits: &str) -> (&str, u32) {
    let mut chars = digits.chars();
    match (chars.next(), chars.next()) {
        (Some('0'), Some('x' | 'X')) => (&digits[2..], 16),
        (Some('0'), Some('b' | 'B')) => (&digits[2..], 2),
        (Some('0'), Some('o' | 'O')) => (&digits[2..], 8),
        (Some('0'), Some(_)) => (&digits[1..], 8),
        _ => (digits, 10),
    }
}

fn as_numbers(value: &Value) -> Result<Vec<i64>, String> {
    let parts = match value {
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) => text.split(',').map(Value::from).collect(),
        other => items(other).into_iter().cloned().collect(),
    };
    let (mut numbers, mut problems) = (Vec::new(), Vec::new());
    for (index, part) in parts.iter().enumerate() {
        match as_number(part) {
            Ok(number) => numbers.push(number),
            Err(problem) => problems.push(problem.replacen("''", &format!("'[{index}]'"), 1)),
        }
    }
    if problems.is_empty() {
        return Ok(numbers);
    }
    Err(format!("decoding failed due to the following error(s):\n\n{}", problems.join("\n")))
}

fn as_map(value: &Value, place: &str) -> Result<Option<Map<String, Value>>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Object(fields) => Ok(Some(fields.clone())),
        Value::Array(items) => {
            let mut all = Map::new();
            for (index, item) in items.iter().enumerate() {
                all.extend(as_map(item, &format!("{place}[{index}]"))?.unwrap_or_default());
            }
            Ok(Some(all))
        }
        scalar => Err(format!(
            "'{place}' expected type 'map[string]interface {{}}', got unconvertible type '{}'",
            kind_name(scalar)
        )),
    }
}

pub(super) fn as_signed_duration(value: &Value) -> Result<Option<i64>, String> {
    let (is_negative, duration) = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => duration::parse(&number.to_string())?,
        Value::String(text) => duration::parse(text)?,
        _ => return Err("could not parse duration from input".to_owned()),
    };
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    Ok(Some(if is_negative { -seconds } else { seconds }))
}

fn as_duration(value: &Value) -> Result<Option<u64>, String> {
    let Some(seconds) = as_signed_duration(value)? else { return Ok(None) };
    let seconds = u64::try_from(seconds).map_err(|_| format!("cannot provide negative value '{seconds}'"))?;
    Ok(Some(seconds))
}
