//! Applies enforcements to a login.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Mfa;
use super::enforcement::Enforcement;
use super::parameters::Settings;
use crate::entity::groups;
use crate::mounts::Mount;
use crate::response::{multi_error, quoted};
use crate::state::Context;
use crate::store::Entity;

/// The codes of a user, by identifier or name of the method. `null` is `None`.
pub(crate) type Credentials = BTreeMap<String, Option<Vec<String>>>;

/// Returns the namespaces and names of the enforcements for an entity that logs in through a mount.
pub(crate) fn matching(context: &Context<'_>, entity: &str, mount: &Mount) -> Vec<(String, String)> {
    let (direct, inherited) = groups(context.store, entity);
    let applies = |enforcement: &Enforcement| {
        enforcement.entities.iter().any(|id| id == entity)
            || direct.iter().chain(&inherited).any(|group| enforcement.groups.contains(*group))
            || enforcement.accessors.contains(&mount.accessor)
            || enforcement.types.contains(&mount.kind)
    };
    let all = context.mfa.enforcements.iter();
    let matching =
        all.filter(|((above, _), enforcement)| context.namespace.starts_with(above) && applies(enforcement));
    matching.map(|(key, _)| key.clone()).collect()
}

/// Returns the methods to pass, as they appear in the login response.
pub(crate) fn constraints(mfa: &Mfa, enforcements: &[(String, String)]) -> Value {
    let mut constraints = Map::new();
    for key in enforcements {
        let Some(enforcement) = mfa.enforcements.get(key) else { continue };
        let methods = enforcement.methods.iter().filter_map(|id| Some((id, mfa.methods.get(id)?)));
        let any: Vec<Value> = methods
            .map(|(id, method)| {
                let mut object = json!({ "type": method.settings.kind(), "id": id });
                if method.settings.uses_passcode() {
                    object["uses_passcode"] = json!(true);
                }
                if !method.name.is_empty() {
                    object["name"] = json!(method.name);
                }
                object
            })
            .collect();
        let constraint = if any.is_empty() { json!({}) } else { json!({ "any": any }) };
        constraints.insert(key.1.clone(), constraint);
    }
    constraints.into()
}

/// Fails with the enforcements that are not satisfied.
pub(crate) fn satisfy(
    context: &mut Context<'_>,
    enforcements: &[(String, String)],
    entity: &Entity,
    credentials: &Credentials,
) -> Result<(), String> {
    for key in enforcements {
        let Some(enforcement) = context.mfa.enforcements.get(key) else { continue };
        let methods = enforcement.methods.clone();
        pass_any(context, &methods, entity, credentials)
            .map_err(|problem| format!("failed to satisfy enforcement {}. error: {problem}", key.1))?;
    }
    Ok(())
}

/// Fails unless one of the methods is passed.
fn pass_any(
    context: &mut Context<'_>,
    methods: &[String],
    entity: &Entity,
    credentials: &Credentials,
) -> Result<(), String> {
    let mut provided = Vec::new();
    let mut missing = Vec::new();
    for id in methods {
        let name = context.mfa.methods.get(id).map(|method| format!("{}{}", method.namespace, method.name));
        let name = name.unwrap_or_default();
        if let Some(credentials) = credentials.get(id).or_else(|| credentials.get(&name)) {
            provided.push((id, credentials));
        } else {
            let problem = "failed to find MFA credentials associated with an MFA method ID";
            missing.push(format!("{problem} {id}, method name {name}"));
        }
    }
    if provided.is_empty() {
        let problems = if missing.is_empty() { "<nil>".to_owned() } else { multi_error(&missing) };
        return Err(format!("failed to sanitize MFA creds, {problems}"));
    }

    let mut problems = Vec::new();
    for (id, credentials) in provided {
        let Some(credentials) = credentials else { continue };
        match pass(context, id, entity, credentials) {
            Ok(()) => return Ok(()),
            Err(problem) => problems.push(problem),
        }
    }
    problems.push(format!("login MFA validation failed for methodID: [{}]", methods.join(" ")));
    Err(multi_error(&problems))
}

fn pass(context: &mut Context<'_>, id: &str, entity: &Entity, credentials: &[String]) -> Result<(), String> {
    let passcode =
        passcode(credentials).map_err(|problem| format!("failed to parse MFA factor, {problem}"))?;
    let Mfa { methods, passcodes, .. } = &mut *context.mfa;
    let method = methods.get(id).ok_or("MFA method configuration not present")?;
    let Settings::Totp(totp) = &method.settings else {
        return Err(format!("no service of type {} is reachable", quoted(method.settings.kind())));
    };
    let Some(enrolled) = entity.enrolled.get(id) else {
        let (name, entity) = (quoted(&method.name), quoted(&entity.id));
        return Err(format!("MFA secret for method name {name} not present in entity {entity}"));
    };
    passcodes.check((id, &entity.id), enrolled, totp.max_attempts, passcode, context.now)
}

/// Returns the only code, `""` if there is none.
fn passcode(credentials: &[String]) -> Result<&str, String> {
    let mut passcode = "";
    for credential in credentials.iter().filter(|credential| !credential.is_empty()) {
        let code = match credential.strip_prefix("passcode=") {
            None if credential.contains('=') => {
                return Err(format!("found an invalid MFA cred: {credential}"));
            }
            None => credential,
            Some("") if passcode.is_empty() => return Err("invalid passcode".to_owned()),
            Some(code) => code,
        };
        if !passcode.is_empty() {
            return Err("found multiple passcodes for the same MFA method".to_owned());
        }
        passcode = code;
    }
    Ok(passcode)
}
