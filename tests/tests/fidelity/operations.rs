//! Operations, and the identifiers in them.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// The known identifiers, by the kind of their object.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    pub(crate) mounts: Vec<String>,
    given: BTreeMap<&'static str, Vec<String>>,
}

impl Ids {
    /// Returns an identifier of this kind, whose object may be deleted. If there is none yet, returns one
    /// that never existed.
    fn pick(&self, of: &'static str, which: usize) -> String {
        let ids = self.given.get(of).map_or(&[][..], Vec::as_slice);
        if which % 13 == 12 || ids.is_empty() {
            return "00000000-0000-0000-0000-000000000000".to_owned();
        }
        // The newest ones are the most likely to exist.
        ids[ids.len() - 1 - (which % ids.len().min(6))].clone()
    }

    fn mount(&self, which: usize) -> String {
        if which % 17 == 16 {
            "auth_nowhere_00000000".to_owned()
        } else {
            self.mounts[which % self.mounts.len()].clone()
        }
    }

    pub(crate) fn learn(&mut self, operation: &Operation, response: &Value) {
        let mut note = |of: &'static str, id: &Value| {
            if let Some(id) = id.as_str().filter(|id| !id.is_empty()) {
                let ids = self.given.entry(of).or_default();
                if !ids.iter().any(|known| known == id) {
                    ids.push(id.to_owned());
                }
            }
        };
        let (data, auth) = (&response["data"], &response["auth"]);
        note("token", &auth["client_token"]);
        note("accessor", &auth["accessor"]);
        note("entity", &auth["entity_id"]);
        note("role-id", &data["role_id"]);
        note("secret-id", &data["secret_id"]);
        note("secret-id-accessor", &data["secret_id_accessor"]);
        match operation.noun {
            "entity" | "group" | "persona" if operation.verb == "POST" => {
                note(if operation.noun == "group" { "group" } else { "entity" }, &data["id"]);
            }
            "entity-alias" | "alias" => {
                note("entity-alias", &data["id"]);
                note("entity", &data["canonical_id"]);
            }
            "group-alias" => {
                note("group-alias", &data["id"]);
                note("group", &data["canonical_id"]);
            }
            "oidc/client" => {
                let info = data["key_info"].as_object().into_iter().flat_map(|info| info.values());
                info.chain([data]).for_each(|client| note("client", &client["client_id"]));
            }
            "oidc/role" => note("client", &data["client_id"]),
            _ if operation.noun.starts_with("mfa/method/") => note("method", &data["method_id"]),
            _ => {}
        }
    }
}

/// An operation whose identifiers are chosen when it is executed, so that it still works if others are
/// removed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operation {
    pub(crate) verb: &'static str,
    /// The path below `identity/`, or a path that begins with `auth/`, `secret/` or `sys/`.
    pub(crate) noun: &'static str,
    /// `id`, `name`, or an action.
    pub(crate) by: &'static str,
    pub(crate) key: Option<Part>,
    /// The action on the object of the key.
    pub(crate) after: &'static str,
    pub(crate) query: Vec<(&'static str, Part)>,
    pub(crate) body: Vec<(&'static str, Part)>,
    /// The token of the request, `None` for the root token.
    pub(crate) caller: Option<Part>,
}

/// A value in an operation.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Plain(Value),
    Id(&'static str, usize),
    Mount(usize),
    List(Vec<Part>),
}

impl Part {
    fn value(&self, ids: &Ids) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::Id(of, which) => ids.pick(of, *which).into(),
            Self::Mount(which) => ids.mount(*which).into(),
            Self::List(parts) => parts.iter().map(|part| part.value(ids)).collect(),
        }
    }

    fn escaped(&self, ids: &Ids) -> String {
        let text = self.value(ids);
        let text = utf8_percent_encode(text.as_str().unwrap_or_default(), NON_ALPHANUMERIC).to_string();
        // Accessors and identifiers are recognized in the path by their form.
        text.replace("%2D", "-").replace("%5F", "_").replace("%2E", ".")
    }
}

impl Operation {
    pub(crate) fn kind(&self) -> String {
        if self.noun.starts_with("auth/") {
            format!("{}/{}", self.noun, self.by)
        } else {
            self.noun.to_owned()
        }
    }

    /// Returns the token of the request if it is not the root token.
    pub(crate) fn caller(&self, ids: &Ids) -> Option<String> {
        self.caller.as_ref().map(|part| part.value(ids).as_str().unwrap_or_default().to_owned())
    }

    /// Returns `true` if it contains a list of several identifiers.
    pub(crate) fn names_several(&self) -> bool {
        let is_id = |part: &Part| matches!(part, Part::Id(..) | Part::Mount(_));
        self.body.iter().any(|(_, part)| {
            matches!(part, Part::List(parts) if parts.iter().filter(|part| is_id(part)).count() > 1)
        })
    }

    pub(crate) fn request(&self, ids: &Ids) -> (&'static str, String, Value) {
        let is_whole = ["auth/", "secret/", "sys/"].iter().any(|engine| self.noun.starts_with(engine));
        let engine = if is_whole { "" } else { "identity/" };
        let mut path = format!("{engine}{}", self.noun);
        let key = self.key.as_ref().map(|key| key.escaped(ids)).unwrap_or_default();
        for part in [self.by, &key, self.after].into_iter().filter(|part| !part.is_empty()) {
            path = format!("{path}/{part}");
        }
        for (index, (name, part)) in self.query.iter().enumerate() {
            let sign = if index == 0 { '?' } else { '&' };
            path = format!("{path}{sign}{name}={}", part.escaped(ids));
        }
        let value = |(name, part): &(&str, Part)| ((*name).to_owned(), part.value(ids));
        let body = match self.verb {
            "POST" | "PUT" | "PATCH" => self.body.iter().map(value).collect::<Map<_, _>>().into(),
            _ => Value::Null,
        };
        (self.verb, path, body)
    }
}
