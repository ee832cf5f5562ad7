//! Namespaces, each with its own objects: `sys/namespaces`.

use std::collections::BTreeMap;
use std::ops::Bound;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::input::{Fields, Kind, Pairs, Schema};
use super::request::{ParsedRequest, Verb};
use super::response::{ErrorResponse, ServerResponse, bad_request, quoted};
use super::route::ignored;
use super::state::State;
use super::store::Store;

#[derive(Default)]
pub(super) struct Namespace {
    pub(super) id: String,
    pub(super) store: Store,
    uuid: String,
    custom_metadata: Pairs,
}

/// All namespaces by path: `""` for the root, `team-a/`, `team-a/web/`.
pub(super) struct Namespaces(BTreeMap<String, Namespace>);

impl Default for Namespaces {
    fn default() -> Self {
        let root = Namespace { id: "root".to_owned(), ..Namespace::default() };
        Self(BTreeMap::from([(String::new(), root)]))
    }
}

/// Names that paths begin with, and that no namespace can have.
const RESERVED: [&str; 6] = ["audit", "auth", "cubbyhole", "identity", "root", "sys"];

const FIELDS: Schema = &[("custom_metadata", Kind::Map), ("pgp_keys", Kind::Texts), ("seal", Kind::Text)];

impl Namespaces {
    pub(super) fn get(&self, path: &str) -> Option<&Namespace> {
        self.0.get(path)
    }

    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut Namespace> {
        self.0.get_mut(path)
    }

    /// Combines the header with the beginning of the path. Returns the namespace and the rest of the path.
    pub(super) fn resolve<'p>(&self, header: &str, path: &'p str) -> Option<(String, &'p str)> {
        let mut namespace = canonical(header);
        if !self.0.contains_key(&namespace) {
            return None;
        }
        let mut rest = path;
        while self.0.len() > 1 {
            let Some((first, after)) = rest.split_once('/') else { break };
            let below = format!("{namespace}{first}/");
            if !self.0.contains_key(&below) {
                break;
            }
            (namespace, rest) = (below, after);
        }
        Some((namespace, rest))
    }

    /// Returns the paths and identifiers of a namespace and of all below it.
    pub(super) fn at_and_below<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let from = self.0.range::<str, _>((Bound::Included(path), Bound::Unbounded));
        let all = from.take_while(move |(below, _)| below.starts_with(path));
        all.map(|(path, namespace)| (&**path, &*namespace.id))
    }

    /// Returns the direct children of a namespace.
    pub(super) fn children<'a>(
        &'a self,
        parent: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a String, &'a Namespace)> {
        self.0.iter().filter_map(move |(path, namespace)| {
            let name = path.strip_prefix(parent)?;
            let is_child = name.trim_end_matches('/').split('/').count() == 1 && !name.is_empty();
            is_child.then_some((name, path, namespace))
        })
    }

    /// Returns all namespaces below one.
    fn descendants<'a>(
        &'a self,
        parent: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a String, &'a Namespace)> {
        let below = self
            .0
            .iter()
            .filter_map(move |(path, namespace)| Some((path.strip_prefix(parent)?, path, namespace)));
        below.filter(|(name, ..)| !name.is_empty())
    }
}

/// Returns the path of the namespace that a header names.
fn canonical(header: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in header.split('/') {
        match name {
            "" | "." => {}
            ".." if !names.is_empty() => _ = names.pop(),
            name => names.push(name),
        }
    }
    let path = names.join("/");
    if path.is_empty() || path == "root" { String::new() } else { format!("{path}/") }
}

/// Creates a namespace. Succeeds if it exists.
pub(super) fn create(state: &mut State, parent: &str, name: &str) -> Result<Value, ErrorResponse> {
    check_name(name)?;
    let path = format!("{parent}{name}/");
    if !state.namespaces.0.contains_key(&path) {
        check_characters(name)?;
        if let Some(mount) = state.mounts.covering(parent, &format!("{name}/")) {
            let path = format!("{parent}{}", mount.path);
            return Err(bad_request(format!("new namespace conflicts with existing mount: {path}")));
        }
        state.mounts.add_namespace(&path, &mut state.random);
        state.policies.add_namespace(&path, state.clock.now());
        let (id, uuid) = (state.random.alphanumeric(6), state.random.uuid());
        let namespace = Namespace { id, uuid, ..Namespace::default() };
        state.namespaces.0.insert(path.clone(), namespace);
    }
    Ok(state.namespaces.0.get(&path).map(|namespace| to_json(&path, namespace)).unwrap_or_default())
}

fn check_name(name: &str) -> Result<(), ErrorResponse> {
    if name.contains('/') {
        return Err(bad_request("namespace name cannot contain /"));
    }
    if RESERVED.contains(&name) {
        let name = quoted(&format!("{name}/"));
        return Err(bad_request(format!("{name} is a reserved path and cannot be used as a namespace name")));
    }
    Ok(())
}

fn check_characters(name: &str) -> Result<(), ErrorResponse> {
    let kind = |char: char| match char {
        '*' | '+' => Some(format!("wildcard characters that cannot be used in a namespace name: '{char}'")),
        _ if char.is_whitespace() => {
            Some("space characters that cannot be used in a namespace name".to_owned())
        }
        _ => None,
    };
    match name.chars().find_map(kind) {
        Some(kind) => Err(bad_request(format!("{} contains {kind}", quoted(name)))),
        None => Ok(()),
    }
}

pub(super) fn run(state: &mut State, parsed: ParsedRequest) -> Result<ServerResponse, ErrorResponse> {
    let parent = &*parsed.namespace;
    let name = parsed.path.strip_prefix("sys/namespaces").unwrap_or_default().trim_matches('/');
    let warnings = ignored(&parsed.data, if name.is_empty() { &[] } else { FIELDS });
    let path = format!("{parent}{name}/");
    let data = match parsed.verb {
        Verb::List if name.is_empty() => list(state.namespaces.children(parent))?,
        Verb::Scan if name.is_empty() => list(state.namespaces.descendants(parent))?,
        _ if name.is_empty() => return Err(ErrorResponse::unsupported_operation()),
        Verb::Write => {
            let given =
                Fields::new(parsed.data, FIELDS)?.map("custom_metadata").flatten().unwrap_or_default();
            let metadata: Option<Pairs> =
                given.into_iter().map(|(key, value)| Some((key, value.as_str()?.to_owned()))).collect();
            let metadata = metadata.ok_or_else(|| bad_request("custom_metadata values must be strings"))?;
            create(state, parent, name)?;
            change(state, &path, |current| *current = metadata)?
        }
        Verb::Patch => {
            check_name(name)?;
            let fields = Fields::new(parsed.data, FIELDS)?;
            match fields.map("custom_metadata") {
                Some(None) => change(state, &path, Pairs::clear)?,
                None => change(state, &path, |_| {})?,
                Some(Some(changes)) => {
                    check_patch(&changes)?;
                    change(state, &path, |current| apply(current, changes))?
                }
            }
        }
        Verb::Read => {
            check_name(name)?;
            match state.namespaces.0.get(&path) {
                Some(namespace) => to_json(&path, namespace),
                None => return Err(ErrorResponse::without_message(StatusCode::NOT_FOUND)),
            }
        }
        Verb::Delete => {
            check_name(name)?;
            return delete(state, &path);
        }
        _ => return Err(ErrorResponse::unsupported_operation()),
    };
    Ok(ServerResponse::Data { data, warnings })
}

fn list<'a>(
    namespaces: impl Iterator<Item = (&'a str, &'a String, &'a Namespace)>,
) -> Result<Value, ErrorResponse> {
    let infos: Map<String, Value> =
        namespaces.map(|(name, path, child)| (name.to_owned(), to_json(path, child))).collect();
    if infos.is_empty() {
        return Err(ErrorResponse::without_message(StatusCode::NOT_FOUND));
    }
    Ok(json!({ "keys": infos.keys().collect::<Vec<_>>(), "key_info": infos }))
}

/// Changes the metadata of a namespace.
fn change(state: &mut State, path: &str, change: impl FnOnce(&mut Pairs)) -> Result<Value, ErrorResponse> {
    let namespace = state.namespaces.get_mut(path).ok_or_else(|| bad_request("namespace not found"))?;
    change(&mut namespace.custom_metadata);
    Ok(to_json(path, namespace))
}

fn check_patch(patch: &Map<String, Value>) -> Result<(), ErrorResponse> {
    let kind = |value: &Value| match value {
        Value::Null | Value::String(_) => None,
        Value::Bool(_) => Some("bool"),
        Value::Number(_) => Some("json.Number"),
        Value::Array(_) => Some("[]interface {}"),
        Value::Object(_) => Some("map[string]interface {}"),
    };
    match patch.values().find_map(kind) {
        Some(kind) => {
            Err(bad_request(format!("metadata patch can only have string or null values, got {kind}")))
        }
        None => Ok(()),
    }
}

/// Applies a merge patch: `null` removes a key.
fn apply(metadata: &mut Pairs, patch: Map<String, Value>) {
    for (key, value) in patch {
        match value {
            Value::String(value) => metadata.insert(key, value),
            _ => metadata.remove(&key),
        };
    }
}

fn delete(state: &mut State, path: &str) -> Result<ServerResponse, ErrorResponse> {
    if state.namespaces.children(path).next().is_some() {
        return Err(bad_request("unable to delete namespace containing child namespaces"));
    }
    if state.namespaces.0.remove(path).is_none() {
        let warnings = vec!["requested namespace does not exist".to_owned()];
        return Ok(ServerResponse::Data { data: Value::Null, warnings });
    }
    let accessors: Vec<String> = state.mounts.auth(path).map(|mount| mount.accessor.clone()).collect();
    for accessor in accessors {
        state.auth.remove_mount(&accessor);
    }
    state.tokens.revoke_namespace(path);
    state.mounts.remove_namespace(path);
    state.policies.remove_namespace(path);
    state.mfa.remove_namespace(path);
    state.kv.remove_unmounted(&state.mounts);
    Ok(ServerResponse::Data { data: json!({ "status": "in-progress" }), warnings: Vec::new() })
}

fn to_json(path: &str, namespace: &Namespace) -> Value {
    json!({
        "custom_metadata": namespace.custom_metadata,
        "id": namespace.id,
        "locked": false,
        "path": path,
        "tainted": false,
        "uuid": namespace.uuid,
    })
}
