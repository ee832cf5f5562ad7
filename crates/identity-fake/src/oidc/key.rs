//! Named keys, each with a ring of key pairs: `identity/oidc/key`.

use std::collections::BTreeSet;
use std::sync::Arc;

use identity_core::oidc::{DeleteOidcKey, ListOidcKeys, ReadOidcKey, RotateOidcKey, WriteOidcKey};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::input::{Fields, Kind, Schema};
use super::super::random::Random;
use super::super::response::{HandlerResult, bad_request, quoted};
use super::super::route::{Route, route};
use super::super::state::Context;
use super::signing::{Algorithm, Pair};
use super::{DEFAULT, Oidc, later, names, referring, schedule};

const FIELDS: Schema = &[
    ("name", Kind::Text),
    ("algorithm", Kind::Text),
    ("rotation_period", Kind::Duration),
    ("verification_ttl", Kind::Duration),
    ("allowed_client_ids", Kind::List),
];

const ROTATE_FIELDS: Schema = &[("name", Kind::Text), ("verification_ttl", Kind::Duration)];

pub(super) const ROUTES: &[Route] = &[
    route::<WriteOidcKey>(FIELDS, write).looked_up_first(),
    route::<ReadOidcKey>(FIELDS, read),
    route::<DeleteOidcKey>(FIELDS, delete),
    route::<ListOidcKeys>(&[], list),
    route::<RotateOidcKey>(ROTATE_FIELDS, rotate).with_slash(),
];

#[derive(Clone)]
pub(super) struct Key {
    algorithm: Algorithm,
    rotation_period: u64,
    pub(super) verification_ttl: u64,
    pub(super) allowed_client_ids: Vec<String>,
    /// The pairs in the JWKS, including those that were rotated out. Pairs of a previous algorithm are never
    /// removed.
    ring: Vec<RingEntry>,
    signing: Option<Arc<Pair>>,
    next: Option<Arc<Pair>>,
    next_rotation: Option<Timestamp>,
}

#[derive(Clone)]
struct RingEntry {
    pair: Arc<Pair>,
    expires: Option<Timestamp>,
}

/// The server's default of `24h`.
const DAY: u64 = 24 * 60 * 60;

/// The built-in key. It gets key pairs when a role or a client first refers to it.
impl Default for Key {
    fn default() -> Self {
        Self { allowed_client_ids: vec!["*".to_owned()], ..Self::new() }
    }
}

impl Key {
    fn new() -> Self {
        Self {
            algorithm: Algorithm::Rs256,
            rotation_period: DAY,
            verification_ttl: DAY,
            allowed_client_ids: Vec::new(),
            ring: Vec::new(),
            signing: None,
            next: None,
            next_rotation: None,
        }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn new_pair(&mut self, random: &mut Random) -> Arc<Pair> {
        let pair = Arc::new(Pair::new(random.uuid(), self.algorithm));
        self.ring.push(RingEntry { pair: Arc::clone(&pair), expires: None });
        pair
    }

    /// Generates the current and the next pair. Used pairs stay in the ring.
    fn start(&mut self, random: &mut Random) {
        self.signing = Some(self.new_pair(random));
        self.next = Some(self.new_pair(random));
    }

    fn rotate(&mut self, random: &mut Random, now: Timestamp, verification_ttl: u64) {
        let rotated_out = self.signing.take();
        for entry in &mut self.ring {
            if rotated_out.as_ref().is_some_and(|pair| pair.kid == entry.pair.kid) {
                entry.expires = Some(later(now, verification_ttl));
            }
        }
        self.signing = Some(self.next.take().unwrap_or_else(|| self.new_pair(random)));
        self.next = Some(self.new_pair(random));
        self.next_rotation = Some(later(now, self.rotation_period));
    }

    /// Does the rotations that were due since the last call.
    pub(super) fn rotate_if_due(&mut self, random: &mut Random, now: Timestamp) {
        let mut due = *self.next_rotation.get_or_insert(later(now, self.rotation_period));
        // Skips older rotations: a pair verifies for at most ten periods.
        let missed = now.duration_since(due).as_secs()
            / i64::try_from(self.rotation_period).unwrap_or(i64::MAX).max(1);
        if missed > 12 {
            let skipped = u64::try_from(missed - 12).unwrap_or_default();
            due = later(due, skipped.saturating_mul(self.rotation_period));
        }
        while due < now {
            self.rotate(random, due, self.verification_ttl);
            due = later(due, self.rotation_period);
        }
    }

    /// Removes expired pairs, and returns `true` if there were any.
    pub(super) fn expire(&mut self, now: Timestamp) -> bool {
        let before = self.ring.len();
        self.ring.retain(|entry| entry.expires.is_none_or(|expires| expires >= now));
        self.ring.len() < before
    }

    /// Returns when the key rotates or a pair expires.
    pub(super) fn next_change(&self) -> Option<Timestamp> {
        self.ring.iter().filter_map(|entry| entry.expires).chain(self.next_rotation).min()
    }

    pub(super) fn shortest_period(&self) -> u64 {
        self.rotation_period.min(self.verification_ttl)
    }

    pub(super) fn has_pairs(&self) -> bool {
        !self.ring.is_empty()
    }

    /// Signs the claims as a JWT. Returns `None` if the key has no pair yet.
    pub(super) fn token(&self, claims: &Value) -> Option<String> {
        Some(self.signing.as_ref()?.token(claims))
    }

    fn pairs(&self) -> impl Iterator<Item = &Arc<Pair>> {
        self.ring.iter().map(|entry| &entry.pair)
    }
}

/// Generates the pairs of the default key.
pub(super) fn start_default(context: &mut Context<'_>, name: &str) {
    if name != DEFAULT {
        return;
    }
    if let Some(key) = context.store.oidc.keys.get_mut(DEFAULT).filter(|key| key.signing.is_none()) {
        key.start(context.random);
        schedule::invalidate(context);
    }
}

/// Returns the pairs of the named keys without duplicates.
pub(super) fn pairs<'a>(oidc: &Oidc, names: impl Iterator<Item = &'a String>) -> Vec<Arc<Pair>> {
    let names: BTreeSet<&String> = names.collect();
    let keys = names.into_iter().filter_map(|name| oidc.keys.get(name));
    keys.flat_map(Key::pairs).cloned().collect()
}

pub(super) fn jwks(pairs: &[Arc<Pair>]) -> Value {
    json!({ "keys": pairs.iter().map(|pair| pair.jwk()).collect::<Vec<_>>() })
}

fn write(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    let known = context.store.oidc.keys.get(&name);
    let mut key = known.cloned().unwrap_or_else(Key::new);
    key.rotation_period = fields.seconds("rotation_period").unwrap_or(key.rotation_period);
    if key.rotation_period < 60 {
        return Err(bad_request("rotation_period must be at least one minute"));
    }
    key.verification_ttl = fields.seconds("verification_ttl").unwrap_or(key.verification_ttl);
    let ttl = key.verification_ttl;
    if ttl > key.rotation_period.saturating_mul(10) {
        return Err(bad_request("verification_ttl cannot be longer than 10x rotation_period"));
    }
    if known.is_some() {
        check_references(&context.store.oidc, &name, ttl).map_err(|problem| {
            let problem = format!(
                "because it is currently referenced by one or more {problem} greater than {ttl} seconds"
            );
            bad_request(format!("unable to update key {} {problem}", quoted(&name)))
        })?;
    }
    if let Some(allowed) = fields.list("allowed_client_ids") {
        key.allowed_client_ids = allowed;
    }
    let before = known.map(|known| known.algorithm);
    if let Some(algorithm) = fields.given_text("algorithm") {
        let unknown = || bad_request(format!("unknown signing algorithm {}", quoted(&algorithm)));
        key.algorithm = Algorithm::from_name(&algorithm).ok_or_else(unknown)?;
    }
    let rotation = later(context.now, key.rotation_period);
    key.next_rotation = Some(key.next_rotation.map_or(rotation, |planned| planned.min(rotation)));
    if before != Some(key.algorithm) {
        key.start(context.random);
    }
    context.store.oidc.keys.insert(name, key);
    schedule::invalidate(context);
    Ok(None)
}

/// Fails if tokens would outlive the verification TTL.
fn check_references(oidc: &Oidc, key: &str, ttl: u64) -> Result<(), &'static str> {
    if oidc.roles.values().any(|role| role.key == key && role.ttl > ttl) {
        return Err("roles with a token ttl");
    }
    if oidc.clients.values().any(|client| client.key == key && client.id_token_ttl > ttl) {
        return Err("clients with an id_token_ttl");
    }
    Ok(())
}

fn read(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let key = context.store.oidc.keys.get(&fields.text("name"));
    Ok(key.map(|key| {
        json!({
            "algorithm": key.algorithm.name(),
            "allowed_client_ids": key.allowed_client_ids,
            "rotation_period": key.rotation_period,
            "verification_ttl": key.verification_ttl,
        })
    }))
}

fn delete(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    if name == DEFAULT {
        return Err(bad_request("deletion of key \"default\" not allowed"));
    }
    let oidc = &mut context.store.oidc;
    let fail = |kind: &str, names: &str| {
        let problem = format!("because it is currently referenced by these {kind}: {names}");
        Err(bad_request(format!("unable to delete key {} {problem}", quoted(&name))))
    };
    if let Some(roles) = referring(&oidc.roles, |role| role.key == name) {
        return fail("roles", &roles);
    }
    if let Some(clients) = referring(&oidc.clients, |client| client.key == name) {
        return fail("clients", &clients);
    }
    oidc.keys.remove(&name);
    for key in oidc.keys.values_mut() {
        key.expire(context.now);
    }
    schedule::invalidate(context);
    Ok(None)
}

fn list(context: &mut Context<'_>, _: &Fields) -> HandlerResult {
    names(&context.store.oidc.keys)
}

fn rotate(context: &mut Context<'_>, fields: &Fields) -> HandlerResult {
    let name = fields.text("name");
    schedule::catch_up(context);
    let key = context.store.oidc.keys.get_mut(&name);
    let key = key.ok_or_else(|| bad_request(format!("no named key found at {}", quoted(&name))))?;
    let ttl = fields.seconds("verification_ttl").unwrap_or(key.verification_ttl);
    key.rotate(context.random, context.now, ttl);
    schedule::invalidate(context);
    Ok(None)
}
