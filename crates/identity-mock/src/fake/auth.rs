//! Auth methods: users and login of `userpass`, and `auth/token`.

mod grant;
mod login;
mod token;
mod userpass;
mod validate;

use std::collections::BTreeMap;

use http::StatusCode;
use http::header::HeaderMap;

use super::answer::{Answer, Refusal};
use super::request::{Asked, Verb};
use super::route::is_slug;
use super::state::State;
use login::Pending;
use userpass::User;

pub(super) use grant::policies_of;

#[derive(Default)]
pub(super) struct Auth {
    /// Keyed by the accessor of the mount and the name.
    users: BTreeMap<(String, String), User>,
    pending: BTreeMap<String, Pending>,
}

/// Returns the accessor and the type of the mount at a path, and the path below it.
fn mount<'p>(state: &State, asked: &'p Asked) -> Option<(String, String, &'p str)> {
    let mounts = state.mounts.auth(&asked.namespace);
    let found = mounts.filter_map(|mount| Some((mount, asked.path.strip_prefix(&mount.path)?)));
    let (mount, rest) = found.max_by_key(|(mount, _)| mount.path.len())?;
    Some((mount.accessor.clone(), mount.kind.clone(), rest))
}

/// Returns `true` if the path is that of a user who does not exist yet.
pub(super) fn is_new_user(state: &State, asked: &Asked) -> bool {
    let Some((accessor, kind, rest)) = mount(state, asked) else { return false };
    let name = rest.strip_prefix("users/").filter(|name| kind == "userpass" && is_slug(name));
    name.is_some_and(|name| !state.auth.users.contains_key(&(accessor, name.to_lowercase())))
}

/// Handles requests that need no token: login and its second factor. Returns `None` for others. Its errors
/// lack the multi-error wrapper. One that can be wrapped is a response.
pub(super) fn without_token(
    state: &mut State,
    asked: &Asked,
    headers: &HeaderMap,
) -> Result<Option<Answer>, Refusal> {
    let credentials = login::credentials(headers)?;
    let refused = |status, problem: &str| Err(Refusal::new(status, problem));
    if asked.path == "sys/mfa/validate" {
        return match asked.verb {
            Verb::Write => validate::validate(state, asked).map(Some),
            _ => refused(StatusCode::METHOD_NOT_ALLOWED, "unsupported operation"),
        };
    }
    let Some((accessor, kind, rest)) = mount(state, asked) else { return Ok(None) };
    match (&*kind, rest.split_once('/')) {
        ("userpass", Some(("login", name))) if is_slug(name) => match asked.verb {
            Verb::Write => userpass::log_in(state, asked, &accessor, name, credentials.as_ref()).map(Some),
            _ => refused(StatusCode::METHOD_NOT_ALLOWED, "unsupported operation"),
        },
        ("userpass", Some(("login", _))) => refused(StatusCode::NOT_FOUND, "unsupported path"),
        ("approle", None) if rest == "login" && asked.verb == Verb::Write => {
            refused(StatusCode::BAD_REQUEST, "invalid role or secret ID")
        }
        _ => Ok(None),
    }
}

/// Handles requests that need a token.
pub(super) fn run(state: &mut State, asked: Asked, token: &str) -> Result<Answer, Refusal> {
    let Some((accessor, kind, rest)) = mount(state, &asked) else {
        let problem = format!("no handler for route \"{}\". route entry not found.", asked.path);
        return Err(Refusal::new(StatusCode::NOT_FOUND, problem));
    };
    let rest = rest.to_owned();
    match &*kind {
        "userpass" => userpass::run(state, asked, accessor, &rest),
        "token" | "ns_token" => token::run(state, asked, &rest, token),
        "approle" if rest == "role/" && asked.verb == Verb::List => {
            Err(Refusal::silent(StatusCode::NOT_FOUND))
        }
        _ => Err(Refusal::unsupported_path()),
    }
}
