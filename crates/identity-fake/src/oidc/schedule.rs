//! When keys rotate and expire, and the cache of public keys in between.

use std::sync::Arc;

use http::header::HeaderValue;
use jiff::Timestamp;

use super::super::state::Context;
use super::key::{self, Key};
use super::later;
use super::signing::Pair;

/// The server checks keys once a minute, and does so only if one is due or an object has changed. Until then
/// it publishes expired keys, and those of deleted roles.
#[derive(Default)]
pub(super) struct Schedule {
    /// The cached public keys of roles.
    published: Option<Vec<Arc<Pair>>>,
    /// The last minute in which the server looked.
    checked: Timestamp,
    /// When a key is due. `None` if an object has changed since the last check.
    due: Option<Timestamp>,
}

const DAY: u64 = 24 * 60 * 60;

/// Does the check that was due last.
pub(super) fn catch_up(context: &mut Context<'_>) {
    let (tick, oidc) = (context.tick, &mut context.store.oidc);
    if tick <= oidc.schedule.checked {
        return;
    }
    oidc.schedule.checked = tick;
    if oidc.schedule.due.is_some_and(|due| tick < due) {
        return;
    }
    let mut due = later(tick, DAY);
    for key in oidc.keys.values_mut() {
        key.rotate_if_due(context.random, tick);
        key.expire(tick);
        due = due.min(key.next_change().unwrap_or(due));
    }
    oidc.schedule.published = None;
    oidc.schedule.due = Some(due);
}

/// Clears the cache after a change.
pub(super) fn invalidate(context: &mut Context<'_>) {
    catch_up(context);
    let schedule = &mut context.store.oidc.schedule;
    schedule.published = None;
    schedule.due = None;
}

/// Returns the pairs of the keys that roles refer to.
pub(super) fn published<'a>(context: &'a mut Context<'_>) -> &'a [Arc<Pair>] {
    catch_up(context);
    let oidc = &mut context.store.oidc;
    let published = oidc.schedule.published.take().unwrap_or_else(|| {
        let mut has_expired = false;
        for key in oidc.keys.values_mut() {
            has_expired |= key.expire(context.now);
        }
        if has_expired {
            oidc.schedule.due = None;
        }
        key::pairs(oidc, oidc.roles.values().map(|role| &role.key))
    });
    oidc.schedule.published.insert(published)
}

/// Returns how long clients may cache the public keys: a random time, once the server has checked the keys.
pub(super) fn cache_control(context: &mut Context<'_>) -> Option<HeaderValue> {
    let oidc = &context.store.oidc;
    oidc.schedule.due?;
    let shortest = oidc.keys.values().map(Key::shortest_period).min()?;
    oidc.keys.values().any(Key::has_pairs).then_some(())?;
    let seconds = context.random.below(shortest.max(1));
    HeaderValue::try_from(format!("max-age={seconds}")).ok()
}
