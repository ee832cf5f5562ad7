//! The objects that the server begins with. Each is written by requests, as any client does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hyper::Request;
use hyper::body::Bytes;
use identity_core::{BlockingTransport, ExposeSecret};
use identity_fake::FakeVault;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;

/// The objects of a namespace.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Seed {
    policies: BTreeMap<String, String>,
    auth_methods: BTreeMap<String, AuthMethod>,
    entities: Vec<Entity>,
    groups: Vec<Group>,
    secrets: BTreeMap<String, Fields>,
    writes: Vec<Write>,
    namespaces: BTreeMap<String, Seed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthMethod {
    r#type: String,
    #[serde(default)]
    config: Fields,
    #[serde(default)]
    users: BTreeMap<String, Fields>,
    #[serde(default)]
    roles: BTreeMap<String, Fields>,
}

#[derive(Deserialize)]
struct Entity {
    name: String,
    #[serde(default)]
    aliases: Vec<Alias>,
    #[serde(flatten)]
    fields: Fields,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    #[serde(default)]
    member_entities: Vec<String>,
    #[serde(default)]
    member_groups: Vec<String>,
    alias: Option<Alias>,
    #[serde(flatten)]
    fields: Fields,
}

#[derive(Deserialize)]
struct Alias {
    name: String,
    /// The path of the auth method.
    mount: String,
    #[serde(flatten)]
    fields: Fields,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Write {
    path: String,
    #[serde(default)]
    data: Fields,
}

/// Loads a seed file.
pub(crate) fn load(vault: &FakeVault, file: &Path) -> Result<(), String> {
    let in_file = |problem: String| format!("--seed {}: {problem}", file.display());
    let text = fs::read(file).map_err(|error| in_file(error.to_string()))?;
    let seed = serde_json::from_slice(&text).map_err(|error| in_file(error.to_string()))?;
    Namespace { vault, path: String::new() }.load(seed).map_err(in_file)
}

struct Namespace<'a> {
    vault: &'a FakeVault,
    /// Empty, or a path such as `team-a/`.
    path: String,
}

impl Namespace<'_> {
    fn load(&self, seed: Seed) -> Result<(), String> {
        for (name, policy) in seed.policies {
            self.write(&format!("sys/policies/acl/{}", encoded(&name)), &json!({ "policy": policy }))?;
        }
        for (path, method) in seed.auth_methods {
            self.auth_method(path.trim_matches('/'), method)?;
        }
        for entity in seed.entities {
            let name = entity.name.clone();
            self.entity(entity).map_err(|problem| format!("entity `{name}`: {problem}"))?;
        }
        for group in seed.groups {
            let name = group.name.clone();
            self.group(group).map_err(|problem| format!("group `{name}`: {problem}"))?;
        }
        for (path, secret) in seed.secrets {
            self.write(&format!("secret/data/{path}"), &json!({ "data": secret }))?;
        }
        for Write { path, data } in seed.writes {
            self.write(&path, &data.into())?;
        }
        for (name, seed) in seed.namespaces {
            self.write(&format!("sys/namespaces/{}", encoded(&name)), &json!({}))?;
            Namespace { vault: self.vault, path: format!("{}{name}/", self.path) }.load(seed)?;
        }
        Ok(())
    }

    fn auth_method(&self, path: &str, method: AuthMethod) -> Result<(), String> {
        self.write(&format!("sys/auth/{path}"), &json!({ "type": method.r#type }))?;
        if !method.config.is_empty() {
            self.write(&format!("auth/{path}/config"), &method.config.into())?;
        }
        for (kind, objects) in [("users", method.users), ("role", method.roles)] {
            for (name, fields) in objects {
                self.write(&format!("auth/{path}/{kind}/{}", encoded(&name)), &fields.into())?;
            }
        }
        Ok(())
    }

    fn entity(&self, Entity { name, aliases, mut fields }: Entity) -> Result<(), String> {
        fields.insert("name".to_owned(), name.clone().into());
        self.write("identity/entity", &fields.into())?;
        for alias in aliases {
            self.alias("entity", &name, alias)?;
        }
        Ok(())
    }

    fn group(&self, group: Group) -> Result<(), String> {
        let Group { name, member_entities, member_groups, alias, mut fields } = group;
        fields.insert("name".to_owned(), name.clone().into());
        for (parameter, kind, members) in
            [("member_entity_ids", "entity", member_entities), ("member_group_ids", "group", member_groups)]
        {
            // An external group must not have the parameter.
            if !members.is_empty() {
                let ids = members.iter().map(|member| self.id(kind, member)).collect::<Result<Value, _>>()?;
                fields.insert(parameter.to_owned(), ids);
            }
        }
        self.write("identity/group", &fields.into())?;
        alias.map_or(Ok(()), |alias| self.alias("group", &name, alias))
    }

    fn alias(&self, kind: &str, owner: &str, Alias { name, mount, mut fields }: Alias) -> Result<(), String> {
        let methods = self.call("GET", "sys/auth", &json!({}))?;
        let accessor = &methods["data"][format!("{}/", mount.trim_matches('/'))]["accessor"];
        if accessor.is_null() {
            return Err(format!("alias `{name}`: no auth method is mounted at `{mount}`"));
        }
        fields.insert("name".to_owned(), name.into());
        fields.insert("mount_accessor".to_owned(), accessor.clone());
        fields.insert("canonical_id".to_owned(), self.id(kind, owner)?);
        self.write(&format!("identity/{kind}-alias"), &fields.into())
    }

    /// Returns the identifier of an entity or a group.
    fn id(&self, kind: &str, name: &str) -> Result<Value, String> {
        let read = self.call("GET", &format!("identity/{kind}/name/{}", encoded(name)), &json!({}))?;
        Ok(read["data"]["id"].clone())
    }

    /// Fails on warnings too: they are about unknown parameters.
    fn write(&self, path: &str, data: &Value) -> Result<(), String> {
        let response = self.call("POST", path, data)?;
        match &response["warnings"] {
            Value::Null => Ok(()),
            warnings => Err(format!("{}{path}: {warnings}", self.path)),
        }
    }

    /// Returns the body of the response, `Null` if it has none.
    fn call(&self, method: &str, path: &str, data: &Value) -> Result<Value, String> {
        let problem = |problem: String| format!("{method} {}{path}: {problem}", self.path);
        let request = Request::builder()
            .method(method)
            .uri(format!("/v1/{}", path.trim_start_matches('/')))
            .header("x-vault-token", self.vault.root_token().expose_secret())
            .header("x-vault-namespace", &self.path)
            .body(Bytes::from(data.to_string()))
            .map_err(|error| problem(error.to_string()))?;
        let response = BlockingTransport::send(self.vault, request);
        let response = response.map_err(|error| problem(error.to_string()))?;
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        if response.status().is_success() {
            return Ok(body);
        }
        Err(problem(format!("{} {}", response.status().as_u16(), body["errors"])))
    }
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}
