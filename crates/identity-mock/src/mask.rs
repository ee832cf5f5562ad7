use serde_json::Value;

/// The fields of requests that are secret, wherever they stand.
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

/// The value of the field `name` as a message may show it.
pub(crate) fn masked(name: &str, value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        _ if is_secret(name) => "***".into(),
        Value::Array(items) => items.iter().map(|item| masked(name, item)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), masked(name, value))).collect()
        }
        plain => plain.clone(),
    }
}
