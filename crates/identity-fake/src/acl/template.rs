//! Paths of policies with directives such as `{{identity.entity.id}}`.

use crate::entity;
use crate::input::Pairs;
use crate::store::{Entity, Group, Store};

/// Expands a path for an entity. Returns `None` if the entity lacks a value, and `Err` if a value contains a
/// forbidden character: the server then denies every request of the token.
pub(super) fn expand(
    path: &str,
    subject: Option<(&Store, &Entity)>,
    forbidden: &[char],
) -> Result<Option<String>, ()> {
    let mut pieces = path.split("{{");
    let mut expanded = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (directive, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        let value = subject.and_then(|(store, entity)| value(directive.trim(), store, entity));
        let Some(value) = value else { return Ok(None) };
        if value.contains(forbidden) {
            return Err(());
        }
        expanded.push_str(value);
        expanded.push_str(rest);
    }
    Ok(Some(expanded))
}

fn value<'s>(directive: &str, store: &'s Store, entity: &'s Entity) -> Option<&'s str> {
    if let Some(selector) = directive.strip_prefix("identity.entity.") {
        return match selector.split_once('.') {
            None if selector == "id" => Some(&entity.id),
            None if selector == "name" => Some(&entity.name),
            Some(("metadata", key)) => metadata_value(entity.metadata.as_ref(), key),
            Some(("aliases", selector)) => {
                let (accessor, selector) = selector.split_once('.')?;
                let alias = entity.aliases.iter().find(|alias| alias.mount_accessor == accessor)?;
                match selector.split_once('.') {
                    None if selector == "id" => Some(&alias.id),
                    None if selector == "name" => Some(&alias.name),
                    Some(("metadata", key)) => metadata_value(alias.metadata.as_ref(), key),
                    Some(("custom_metadata", key)) => metadata_value(alias.custom_metadata.as_ref(), key),
                    _ => None,
                }
            }
            _ => None,
        };
    }
    let (by, selector) = directive.strip_prefix("identity.groups.")?.split_once('.')?;
    let (which, selector) = selector.split_once('.')?;
    let (direct, inherited) = entity::groups(store, &entity.id);
    let mut groups = direct.into_iter().chain(inherited).filter_map(|id| store.groups.get(id));
    let is_it = |group: &&Group| match by {
        "ids" => group.id == which,
        _ => by == "names" && group.name == which,
    };
    let group = groups.find(is_it)?;
    match selector.split_once('.') {
        None if selector == "id" => Some(&group.id),
        None if selector == "name" => Some(&group.name),
        Some(("metadata", key)) => metadata_value(group.metadata.as_ref(), key),
        _ => None,
    }
}

fn metadata_value<'s>(pairs: Option<&'s Pairs>, key: &str) -> Option<&'s str> {
    pairs?.get(key).map(String::as_str).filter(|value| !value.is_empty())
}
