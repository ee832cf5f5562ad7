//! Parses the metadata of secret identifiers.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::input::Pairs;
use crate::response::quoted;

/// Parses a JSON object, or pairs such as `a=b,c=d`. Both may be encoded in Base64.
pub(super) fn parse(text: &str) -> Result<Pairs, String> {
    let text = text.trim();
    let decoded = BASE64_STANDARD.decode(text);
    let text = decoded.map_or_else(|_| text.into(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
    let pairs = match serde_json::from_str::<std::collections::BTreeMap<String, Option<String>>>(&text) {
        Ok(object) => object.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect(),
        Err(_) => pairs(&text).map_err(|problem| format!("failed to parse the input: {problem}"))?,
    };
    match pairs.iter().find(|(key, value)| !key.is_empty() && value.is_empty()) {
        Some((key, _)) => Err(format!("invalid value for key {}", quoted(key))),
        None => Ok(pairs),
    }
}

/// Parses pairs in lower case.
fn pairs(text: &str) -> Result<Pairs, String> {
    let text = text.to_lowercase();
    let parts: BTreeSet<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    let pair = |part: &str| {
        let (key, value) = part.split_once('=').filter(|(_, value)| !value.contains('='))?;
        Some((key.trim().to_owned(), value.trim().to_owned()))
    };
    let mut pairs = Pairs::new();
    for part in parts {
        let (key, value) = pair(part).ok_or("invalid <key,value> format")?;
        if key.is_empty() || value.is_empty() {
            let [key, value] = [key, value].map(|text| quoted(&text));
            return Err(format!("invalid <key,value> pair: key: {key} value: {value}"));
        }
        pairs.insert(key, value);
    }
    Ok(pairs)
}
