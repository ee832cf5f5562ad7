//! How the server reads the fields of a request: leniently, and in its own way.

use serde_json::{Map, Value};

use super::answer::{Refusal, bad, quoted};
use super::store::Pairs;

/// What a field is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    /// A list, or one text with commas.
    List,
    /// An object, or texts like `key=value`.
    Pairs,
}

pub(super) type Schema = &'static [(&'static str, Kind)];

/// The fields of a request, and what the endpoint takes them for.
pub(super) struct Fields {
    raw: Map<String, Value>,
    schema: Schema,
}

impl Fields {
    /// Refuses fields that are not of their kind. Those that the endpoint does not know are nobody's business.
    pub(super) fn new(raw: Map<String, Value>, schema: Schema) -> Result<Self, Refusal> {
        let fields = Self { raw, schema };
        for (name, value) in &fields.raw {
            let Some(kind) = fields.kind(name) else { continue };
            let problem = match kind {
                Kind::Text => as_text(value, "").err(),
                Kind::Flag => as_flag(value).err(),
                Kind::List => as_list(value).err(),
                Kind::Pairs => as_pairs(value, name).err(),
            };
            if let Some(problem) = problem {
                let field = quoted(name);
                return Err(bad(format!(
                    "Field validation failed: error converting input for field {field}: {problem}"
                )));
            }
        }
        Ok(fields)
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        self.schema.iter().find(|(field, _)| *field == name).map(|(_, kind)| *kind)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.kind(name).and(self.raw.get(name))
    }

    /// A text, empty if it is not given.
    pub(super) fn text(&self, name: &str) -> String {
        self.given_text(name).unwrap_or_default()
    }

    /// A text, if it is given; `null` is the empty one.
    pub(super) fn given_text(&self, name: &str) -> Option<String> {
        as_text(self.get(name)?, "").ok()
    }

    /// A flag, if it is given; `null` is false.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        as_flag(self.get(name)?).ok()
    }

    /// A list, if it is given; `null` is the empty one.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        as_list(self.get(name)?).ok()
    }

    /// Pairs, if they are given; `null` is none at all.
    pub(super) fn pairs(&self, name: &str) -> Option<Option<Pairs>> {
        as_pairs(self.get(name)?, name).ok()
    }
}

fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "[]interface {}",
        _ => "map[string]interface {}",
    }
}

/// Any scalar. `place` is where it stands in the field.
fn as_text(value: &Value, place: &str) -> Result<String, String> {
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

/// A value as the items that it stands for.
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

fn as_go_prints(value: &Value) -> String {
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
    match value {
        Value::Null => return Ok(None),
        Value::Object(fields) => {
            if let Ok(pairs) = scalars(fields) {
                return Ok(Some(pairs));
            }
        }
        Value::Array(items) if items.iter().all(Value::is_object) => {
            let all: Result<Vec<_>, String> =
                items.iter().filter_map(Value::as_object).map(scalars).collect();
            if let Ok(all) = all {
                return Ok(Some(all.into_iter().flatten().collect()));
            }
        }
        _ => {}
    }

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
    let pair = |(index, text): (usize, &String)| match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("invalid key pair at index {index} in field {}", quoted(field))),
    };
    texts.iter().enumerate().map(pair).collect::<Result<Pairs, String>>().map(Some)
}

fn scalars(fields: &Map<String, Value>) -> Result<Pairs, String> {
    fields.iter().map(|(name, value)| Ok((name.clone(), as_text(value, "")?))).collect()
}
