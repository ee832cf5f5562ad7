//! Lookups: `identity/lookup`.

use identity_core::lookup::{LookupEntity, LookupGroup};

use super::input::{Fields, Kind, Schema};
use super::response::{ErrorResponse, HandlerResult, bad_request};
use super::route::{Route, route};
use super::state::Context;
use super::store::{Aliases, HasName, NameIndex};
use super::{entity, group};

const FIELDS: Schema = &[
    ("name", Kind::Text),
    ("id", Kind::Text),
    ("alias_id", Kind::Text),
    ("alias_name", Kind::Text),
    ("alias_mount_accessor", Kind::Text),
];

pub(super) const ROUTES: &[Route] =
    &[route::<LookupEntity>(FIELDS, lookup_entity), route::<LookupGroup>(FIELDS, lookup_group)];

fn lookup_entity(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let found = find(fields, &context.store.entities, &context.store.aliases)?;
    Ok(found.map(|found| entity::to_json(context, found)))
}

fn lookup_group(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let found = find(fields, &context.store.groups, &context.store.group_aliases)?;
    Ok(found.map(|found| group::to_json(context, found)))
}

/// Finds an object by the criterion that is present, even as `null`. An empty criterion finds nothing.
fn find<'a, T: HasName>(
    fields: &Fields,
    index: &'a NameIndex<T>,
    aliases: &Aliases,
) -> Result<Option<&'a T>, ErrorResponse> {
    let given = FIELDS.iter().filter(|(name, _)| fields.given_text(name).is_some()).count();
    let (alias_name, accessor) = (fields.text("alias_name"), fields.text("alias_mount_accessor"));
    match given {
        0 => return Err(bad_request("query parameter not supplied")),
        1 if !alias_name.is_empty() || !accessor.is_empty() => {
            return Err(bad_request("both 'alias_name' and 'alias_mount_accessor' needs to be set"));
        }
        1 => {}
        2 if !alias_name.is_empty() && !accessor.is_empty() => {}
        _ => {
            return Err(bad_request(
                "query parameter conflict; please supply distinct set of query parameters",
            ));
        }
    }
    let owner = |alias: Option<&super::store::Alias>| index.get(&alias?.canonical_id);
    Ok(match (&*fields.text("id"), &*fields.text("name"), &*fields.text("alias_id")) {
        ("", "", "") => owner(aliases.at(&accessor, &alias_name)),
        ("", "", alias) => owner(aliases.get(alias)),
        ("", name, _) => index.by_name(name),
        (id, _, _) => index.get(id),
    })
}
