//! Decodes queries and forms.

use serde_json::{Map, Value};

use super::decode::{is_escaped_correctly, percent_decoded};

/// The pairs of a query or form, in order.
#[derive(Default)]
pub(super) struct Form {
    pairs: Vec<(String, String)>,
    /// Whether some pairs are invalid, because of a semicolon or a bad escape. They are left out.
    pub(super) has_invalid: bool,
}

impl Form {
    pub(super) fn parse(text: &str) -> Self {
        let mut form = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            if pair.contains(';') || !is_escaped_correctly(pair) {
                form.has_invalid = true;
                continue;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let [name, value] =
                [name, value].map(|text| percent_decoded(&text.replace('+', " ")).into_owned());
            form.pairs.push((name, value));
        }
        form
    }

    /// Returns the first value of a name, `""` if there is none.
    pub(super) fn first(&self, name: &str) -> &str {
        self.pairs.iter().find(|(other, _)| other == name).map_or("", |(_, value)| value)
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.pairs.retain(|(other, _)| other != name);
    }

    /// Returns the fields of a query. A repeated name becomes a list.
    pub(super) fn into_lists(self) -> Map<String, Value> {
        let mut fields = Map::new();
        for (name, value) in self.pairs {
            match fields.get_mut(&name) {
                None => _ = fields.insert(name, value.into()),
                Some(Value::Array(values)) => values.push(value.into()),
                Some(first) => *first = Value::Array(vec![first.take(), value.into()]),
            }
        }
        fields
    }

    /// Returns the fields of a form. The values of a repeated name are joined with commas.
    pub(super) fn into_joined(self) -> Map<String, Value> {
        let mut fields = Map::new();
        for (name, value) in self.pairs {
            match fields.get_mut(&name) {
                Some(Value::String(values)) => {
                    values.push(',');
                    values.push_str(&value);
                }
                _ => _ = fields.insert(name, value.into()),
            }
        }
        fields
    }
}
