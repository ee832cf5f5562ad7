use serde_json::Value;

pub(crate) const REDACTED: &str = "***";

/// The secret fields of all requests of the API.
const SECRET: [&str; 8] = [
    "api_token",
    "client_secret",
    "code",
    "code_verifier",
    "integration_key",
    "secret_key",
    "settings_file_base64",
    "token",
];

pub(crate) fn is_secret(name: &str) -> bool {
    SECRET.contains(&name)
}

/// Returns the value of the field `name` with its secrets replaced by `***`.
pub(crate) fn redacted(name: &str, value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        _ if is_secret(name) => REDACTED.into(),
        Value::Array(items) => items.iter().map(|item| redacted(name, item)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), redacted(name, value))).collect()
        }
        plain => plain.clone(),
    }
}
