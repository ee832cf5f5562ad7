//! Policies: `sys/policies/acl` and `sys/policy`.

mod routes;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::acl::{self, Rule};

pub(super) use routes::run;

/// What the server's own default policy allows.
const DEFAULT: &str = r#"
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
path "sys/capabilities-self" { capabilities = ["update"] }
path "identity/entity/id/{{identity.entity.id}}" { capabilities = ["read"] }
path "identity/entity/name/{{identity.entity.name}}" { capabilities = ["read"] }
path "sys/internal/ui/resultant-acl" { capabilities = ["read"] }
path "sys/leases/renew" { capabilities = ["update"] }
path "sys/leases/lookup" { capabilities = ["update"] }
path "cubbyhole/*" { capabilities = ["create", "read", "update", "delete", "list"] }
path "sys/wrapping/wrap" { capabilities = ["update"] }
path "sys/wrapping/lookup" { capabilities = ["update"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
path "sys/tools/hash" { capabilities = ["update"] }
path "sys/tools/hash/*" { capabilities = ["update"] }
path "identity/oidc/provider/+/authorize" { capabilities = ["read", "update"] }
"#;

/// What a wrapping token may do.
const RESPONSE_WRAPPING: &str = r#"
path "cubbyhole/response" { capabilities = ["create", "read"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
"#;

/// Policies that cannot be changed, and that lists omit.
const IMMUTABLE: [&str; 2] = ["root", "response-wrapping"];

/// A policy as a request gives it.
#[derive(Clone, Default)]
pub(super) struct Document {
    text: String,
    expiration: Option<Timestamp>,
    cas_required: bool,
    /// Whether the values of directives may contain `*` and `+`.
    allow_wildcards: bool,
    /// Whether they may contain `/`.
    allow_slashes: bool,
}

pub(super) struct Policy {
    document: Document,
    pub(super) rules: Vec<Rule>,
    version: i64,
    modified: Timestamp,
}

impl Policy {
    /// Returns the characters that the values of directives must not contain.
    pub(super) fn forbidden(&self) -> Vec<char> {
        let Document { allow_wildcards, allow_slashes, .. } = self.document;
        let wildcards: &[char] = if allow_wildcards { &[] } else { &['*', '+'] };
        let slashes: &[char] = if allow_slashes { &[] } else { &['/'] };
        [wildcards, slashes].concat()
    }
}

/// Keyed by namespace and name.
#[derive(Default)]
pub(super) struct Policies {
    all: BTreeMap<(String, String), Policy>,
    /// When the first policy expires.
    next_expiration: Option<Timestamp>,
}

impl Policies {
    pub(super) fn has(&self, namespace: &str, name: &str) -> bool {
        name == "root" || self.get(namespace, name).is_some()
    }

    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<&Policy> {
        self.all.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// Writes the policies that every namespace has.
    pub(super) fn add_namespace(&mut self, namespace: &str, now: Timestamp) {
        for (name, text) in [("default", DEFAULT), ("response-wrapping", RESPONSE_WRAPPING)] {
            let written = self.write(namespace, name, text, now);
            debug_assert!(written.is_ok(), "{written:?}");
        }
    }

    pub(super) fn remove_namespace(&mut self, namespace: &str) {
        self.all.retain(|(of, _), _| of != namespace);
    }

    /// Writes a policy. Replaces it if it exists.
    pub(super) fn write(
        &mut self,
        namespace: &str,
        name: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        let document = Document { text: text.to_owned(), ..Document::default() };
        self.write_document(namespace, &name.to_lowercase(), document, None, now)
    }

    /// Writes a policy. `cas` is the expected version, -1 for a new policy.
    fn write_document(
        &mut self,
        namespace: &str,
        name: &str,
        mut document: Document,
        cas: Option<i64>,
        now: Timestamp,
    ) -> Result<(), String> {
        let decoded = BASE64_STANDARD.decode(&document.text).ok();
        if let Some(text) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
            document.text = text;
        }
        let rules =
            acl::read(&document.text).map_err(|problem| format!("failed to parse policy: {problem}"))?;
        let current = self.get(namespace, name);
        let version = current.map_or(0, |policy| policy.version);
        let is_required = document.cas_required || current.is_some_and(|policy| policy.document.cas_required);
        match cas {
            None if is_required => return Err("check-and-set parameter required for this call".to_owned()),
            Some(-1) if current.is_some() => {
                return Err("check-and-set parameter set to -1 on existing entry".to_owned());
            }
            Some(cas) if cas != -1 && cas != version => {
                let problem = "did not match the current version";
                return Err(format!("check-and-set parameter {cas} {problem} {version}"));
            }
            _ => {}
        }
        if let Some(expiration) = document.expiration {
            let next = self.next_expiration.unwrap_or(expiration);
            self.next_expiration = Some(next.min(expiration));
        }
        let policy = Policy { document, rules, version: version + 1, modified: now };
        self.all.insert((namespace.to_owned(), name.to_owned()), policy);
        Ok(())
    }

    /// Removes expired policies.
    pub(super) fn expire(&mut self, now: Timestamp) {
        if self.next_expiration.is_some_and(|next| next <= now) {
            self.all.retain(|_, policy| policy.document.expiration.is_none_or(|expiration| expiration > now));
            self.next_expiration = self.all.values().filter_map(|policy| policy.document.expiration).min();
        }
    }

    fn remove(&mut self, namespace: &str, name: &str) {
        self.all.remove(&(namespace.to_owned(), name.to_owned()));
    }

    /// Returns the names in the order of lists: names with more slashes come later.
    fn names(&self, namespace: &str) -> Vec<&str> {
        let here = self.all.keys().filter(|(of, name)| of == namespace && !IMMUTABLE.contains(&&**name));
        let mut names: Vec<&str> = here.map(|(_, name)| &**name).collect();
        names.sort_by_key(|name| name.matches('/').count());
        names
    }
}

/// Returns a policy with its document in the field `field`. The document of `root` is empty.
fn to_json(name: &str, policy: Option<&Policy>, field: &str) -> Value {
    let document = policy.map(|policy| policy.document.clone()).unwrap_or_default();
    let mut object = json!({
        "allow_slashes_in_identity_templates": document.allow_slashes,
        "allow_wildcards_in_identity_templates": document.allow_wildcards,
        "cas_required": document.cas_required,
        "name": name,
        "version": policy.map_or(0, |policy| policy.version),
    });
    object[field] = document.text.into();
    if let Some(policy) = policy {
        object["modified"] = policy.modified.to_string().into();
    }
    if let Some(expiration) = document.expiration {
        object["expiration"] = expiration.to_string().into();
    }
    object
}
