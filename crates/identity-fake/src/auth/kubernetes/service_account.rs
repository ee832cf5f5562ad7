//! The service account in the claims of a token.

use serde_json::{Map, Value};

#[derive(Default)]
pub(super) struct ServiceAccount {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) secret_name: String,
}

impl ServiceAccount {
    /// Reads the claims of projected tokens, and those of tokens in secrets. The error is the server's.
    pub(super) fn from_claims(claims: &Map<String, Value>) -> Result<Self, String> {
        Self::read(claims)
            .map_err(|problem| format!("decoding failed due to the following error(s):\n\n{problem}"))
    }

    fn read(claims: &Map<String, Value>) -> Result<Self, String> {
        if claims.get("aud").is_some_and(Value::is_string) {
            return Err("'aud' source data must be an array or slice, got string".to_owned());
        }
        let old = |name: &str| {
            let name = format!("kubernetes.io/serviceaccount/{name}");
            text(claims, &name, &name)
        };
        let mut account = Self {
            namespace: old("namespace")?,
            name: old("service-account.name")?,
            uid: old("service-account.uid")?,
            secret_name: old("secret.name")?,
        };
        let Some(projected) = object(claims, "kubernetes.io", "kubernetes.io")? else { return Ok(account) };
        account.namespace = text(projected, "namespace", "kubernetes.io.namespace")?;
        let path = "kubernetes.io.serviceaccount";
        if let Some(projected) = object(projected, "serviceaccount", path)? {
            account.name = text(projected, "name", &format!("{path}.name"))?;
            account.uid = text(projected, "uid", &format!("{path}.uid"))?;
        }
        Ok(account)
    }
}

fn text(claims: &Map<String, Value>, name: &str, path: &str) -> Result<String, String> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => {
            let kind = kind(other);
            Err(format!("'{path}' expected type 'string', got unconvertible type '{kind}'"))
        }
    }
}

fn object<'c>(
    claims: &'c Map<String, Value>,
    name: &str,
    path: &str,
) -> Result<Option<&'c Map<String, Value>>, String> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(other) => Err(format!("'{path}' expected a map or struct, got \"{}\"", kind(other))),
    }
}

/// Returns the name of the Go type of a value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
        Value::Null | Value::String(_) => "string",
    }
}
