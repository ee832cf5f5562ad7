//! Methods: `identity/mfa/method`.

use identity_core::{
    Endpoint,
    endpoint::Method as HttpMethod,
    mfa::{
        CreateDuoMethod, CreateOktaMethod, CreatePingIdMethod, CreateTotpMethod, DeleteDuoMethod,
        DeleteOktaMethod, DeletePingIdMethod, DeleteTotpMethod, ListDuoMethods, ListMfaMethods,
        ListOktaMethods, ListPingIdMethods, ListTotpMethods, ReadDuoMethod, ReadMfaMethod, ReadOktaMethod,
        ReadPingIdMethod, ReadTotpMethod, UpdateDuoMethod, UpdateOktaMethod, UpdatePingIdMethod,
        UpdateTotpMethod,
    },
};
use serde_json::{Map, Value, json};

use super::parameters::{Duo, Okta, Settings, Totp, Type};
use super::settings_file::PingId;
use crate::input::{Fields, Kind, Schema};
use crate::response::{HandlerResult, bad_request, forbidden, internal, key_list};
use crate::route::{Route, at, route};
use crate::state::Context;

pub(super) struct Method {
    pub(super) name: String,
    /// The path of the namespace.
    pub(super) namespace: String,
    namespace_id: String,
    /// Kept when the method is overwritten with a type that does not have it.
    username_format: String,
    pub(super) settings: Settings,
}

pub(crate) const TOTP: &[Route] =
    &routes::<Totp, CreateTotpMethod, ReadTotpMethod, UpdateTotpMethod, DeleteTotpMethod, ListTotpMethods>();
pub(crate) const OKTA: &[Route] =
    &routes::<Okta, CreateOktaMethod, ReadOktaMethod, UpdateOktaMethod, DeleteOktaMethod, ListOktaMethods>();
pub(crate) const DUO: &[Route] =
    &routes::<Duo, CreateDuoMethod, ReadDuoMethod, UpdateDuoMethod, DeleteDuoMethod, ListDuoMethods>();
pub(crate) const PINGID: &[Route] = &routes::<
    PingId,
    CreatePingIdMethod,
    ReadPingIdMethod,
    UpdatePingIdMethod,
    DeletePingIdMethod,
    ListPingIdMethods,
>();

const ID: Schema = &[("method_id", Kind::Text)];

pub(crate) const ALL: &[Route] = &[
    route::<ReadMfaMethod>(ID, read_any),
    route::<ListMfaMethods>(&[], list_all),
    at(HttpMethod::Get, ListMfaMethods::PATH, ID, read_any).omitting("method_id"),
];

/// The operations on methods of one type. Those on a single method also match without an identifier, and then
/// fail.
const fn routes<T: Type, C: Endpoint, R: Endpoint, U: Endpoint, D: Endpoint, L: Endpoint>() -> [Route; 7] {
    [
        route::<C>(T::FIELDS, write::<T>).omitting("method_id"),
        route::<R>(T::FIELDS, read::<T>),
        route::<U>(T::FIELDS, write::<T>),
        route::<D>(T::FIELDS, delete::<T>),
        route::<L>(&[], list::<T>),
        at(HttpMethod::Get, C::PATH, T::FIELDS, read::<T>).omitting("method_id"),
        at(HttpMethod::Delete, C::PATH, T::FIELDS, delete::<T>).omitting("method_id"),
    ]
}

/// Creates a method, or updates the method with this identifier or name. It may change its type.
fn write<T: Type>(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let (id, name) = (fields.text("method_id"), fields.text("method_name"));
    let methods = &context.mfa.methods;
    if !id.is_empty() && !methods.contains_key(&id) {
        return Ok(None);
    }
    let has_name = |method: &Method| method.namespace == context.namespace && method.name == name;
    let same_name =
        methods.iter().find(|(_, method)| !name.is_empty() && has_name(method)).map(|(id, _)| id.clone());
    let found = match (&*id, same_name) {
        ("", same_name) => same_name,
        (id, Some(same_name)) if same_name != id => {
            let problem = "a login MFA method configuration with the method name";
            return Err(internal(&format!("{problem} {name} already exists")));
        }
        (id, _) => Some(id.to_owned()),
    };
    let known = found.as_ref().and_then(|id| methods.get(id));
    if known.is_some_and(|known| known.namespace != context.namespace) {
        return Err(bad_request("request namespace does not match method namespace"));
    }
    let settings = T::settings(fields)?;
    let known_name = known.map(|known| known.name.clone()).unwrap_or_default();
    let known_format = known.map(|known| known.username_format.clone()).unwrap_or_default();
    let method = Method {
        name: if name.is_empty() { known_name } else { name },
        namespace: context.namespace.to_owned(),
        namespace_id: context.namespace_id.to_owned(),
        username_format: fields.given_text("username_format").unwrap_or(known_format),
        settings,
    };
    let written = found.unwrap_or_else(|| context.random.uuid());
    let created = id.is_empty().then(|| json!({ "method_id": written }));
    context.mfa.methods.insert(written, method);
    Ok(created)
}

fn read<T: Type>(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    find(context, fields, Some(T::NAME))
}

fn read_any(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    find(context, fields, None)
}

/// Finds a method of this namespace, or of one above or below it.
fn find(context: &mut Context<'_>, fields: &Fields, kind: Option<&str>) -> HandlerResult {
    let id = fields.text("method_id");
    if id.is_empty() {
        return Err(bad_request("missing method ID"));
    }
    let Some(method) = context.mfa.methods.get(&id) else { return Ok(None) };
    if !method.namespace.starts_with(context.namespace) && !method.is_seen_from(context.namespace) {
        return Err(forbidden("request namespace does not match method namespace"));
    }
    match kind {
        Some(kind) if kind != method.settings.kind() => {
            Err(bad_request(format!("failed to find the method ID under MFA type {kind}.")))
        }
        _ => Ok(Some(method.to_json(&id))),
    }
}

fn delete<T: Type>(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let id = fields.text("method_id");
    if id.is_empty() {
        return Err(bad_request("missing method ID"));
    }
    let user = context.mfa.enforcements.values().find(|enforcement| enforcement.methods.contains(&id));
    if let Some(user) = user {
        let problem = "methodID is still used by an enforcement configuration with ID:";
        return Err(internal(&format!("{problem} {}", user.id)));
    }
    let Some(method) = context.mfa.methods.get(&id) else { return Ok(None) };
    // The real server loses this method at the next unseal. The fake is never sealed.
    if method.settings.kind() != T::NAME {
        return Err(internal("method type does not match the MFA config type"));
    }
    if method.namespace != context.namespace {
        return Err(internal("request namespace does not match method namespace"));
    }
    context.mfa.methods.remove(&id);
    context.mfa.passcodes.forget_method(&id);
    Ok(None)
}

fn list<T: Type>(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    Ok(keys(context, |method| method.settings.kind() == T::NAME))
}

fn list_all(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    Ok(keys(context, |_| true))
}

/// Lists the methods of this namespace and of those above it.
fn keys(context: &Context<'_>, is_asked_for: impl Fn(&Method) -> bool) -> Option<Value> {
    let methods = context.mfa.methods.iter();
    let infos: Map<String, Value> = methods
        .filter(|(_, method)| method.is_seen_from(context.namespace) && is_asked_for(method))
        .map(|(id, method)| (id.clone(), method.to_json(id)))
        .collect();
    let keys: Vec<String> = infos.keys().cloned().collect();
    key_list(&keys, Some(infos))
}

impl Method {
    /// Returns `true` if the method belongs to the namespace or to one above it.
    pub(super) fn is_seen_from(&self, namespace: &str) -> bool {
        namespace.starts_with(&self.namespace)
    }

    fn to_json(&self, id: &str) -> Value {
        let mut object = self.settings.to_json(&self.username_format);
        object["id"] = json!(id);
        object["type"] = json!(self.settings.kind());
        object["name"] = json!(self.name);
        object["namespace_id"] = json!(self.namespace_id);
        object["namespace_path"] = json!(self.namespace);
        object
    }
}
