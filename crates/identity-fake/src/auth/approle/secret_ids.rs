//! The secret identifiers of all roles of a mount.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::input::Pairs;

#[derive(Clone)]
pub(super) struct SecretId {
    pub(super) accessor: String,
    /// Whether its role has local secret identifiers.
    pub(super) is_local: bool,
    /// The remaining uses. 0 means unlimited.
    pub(super) uses: u64,
    /// As requested, in seconds. 0 means that it does not expire.
    pub(super) ttl: u64,
    pub(super) created: Timestamp,
    pub(super) expires: Option<Timestamp>,
    pub(super) updated: Timestamp,
    pub(super) metadata: Pairs,
    /// The networks that may log in.
    pub(super) bound_cidrs: Vec<String>,
    /// The networks that may use the tokens. They replace those of the role.
    pub(super) token_bound_cidrs: Vec<String>,
}

impl SecretId {
    pub(super) fn to_json(&self) -> Value {
        let expires = self.expires.map(|expires| expires.to_string());
        json!({
            "cidr_list": self.bound_cidrs,
            "creation_time": self.created.to_string(),
            "expiration_time": expires.unwrap_or_else(|| "0001-01-01T00:00:00Z".to_owned()),
            "last_updated_time": self.updated.to_string(),
            "metadata": self.metadata,
            "secret_id_accessor": self.accessor,
            "secret_id_num_uses": self.uses,
            "secret_id_ttl": self.ttl,
            "token_bound_cidrs": self.token_bound_cidrs,
        })
    }
}

#[derive(Default)]
pub(super) struct SecretIds {
    /// By the name of the role and the secret identifier.
    by_role: BTreeMap<String, BTreeMap<String, SecretId>>,
    /// The names of the role and the secret identifiers by accessor, of local ones apart.
    by_accessor: BTreeMap<(bool, String), (String, String)>,
    /// With the name of the role.
    expiring: BTreeSet<(Timestamp, String, String)>,
}

impl SecretIds {
    pub(super) fn get(&self, role: &str, secret_id: &str) -> Option<&SecretId> {
        self.by_role.get(role)?.get(secret_id)
    }

    /// Returns the name of the role, and the secret identifier, which may be deleted.
    pub(super) fn with_accessor(&self, is_local: bool, accessor: &str) -> Option<&(String, String)> {
        self.by_accessor.get(&(is_local, accessor.to_owned()))
    }

    pub(super) fn accessors(&self, role: &str) -> impl Iterator<Item = &str> {
        self.by_role.get(role).into_iter().flatten().map(|(_, secret)| &*secret.accessor)
    }

    pub(super) fn add(&mut self, role: &str, secret_id: &str, secret: SecretId) {
        let key = (role.to_owned(), secret_id.to_owned());
        if let Some(expires) = secret.expires {
            self.expiring.insert((expires, key.0.clone(), key.1.clone()));
        }
        self.by_accessor.insert((secret.is_local, secret.accessor.clone()), key);
        self.by_role.entry(role.to_owned()).or_default().insert(secret_id.to_owned(), secret);
    }

    pub(super) fn remove(&mut self, role: &str, secret_id: &str) {
        let Some(secret) = self.by_role.get_mut(role).and_then(|secrets| secrets.remove(secret_id)) else {
            return;
        };
        self.by_accessor.remove(&(secret.is_local, secret.accessor));
        if let Some(expires) = secret.expires {
            self.expiring.remove(&(expires, role.to_owned(), secret_id.to_owned()));
        }
    }

    /// Removes the secret identifiers of a role. The server keeps their accessors.
    pub(super) fn remove_role(&mut self, role: &str) {
        for (secret_id, secret) in self.by_role.remove(role).unwrap_or_default() {
            if let Some(expires) = secret.expires {
                self.expiring.remove(&(expires, role.to_owned(), secret_id));
            }
        }
    }

    pub(super) fn remove_expired(&mut self, now: Timestamp) {
        while let Some((_, role, secret_id)) = self.expiring.first().filter(|(expires, ..)| *expires <= now) {
            let (role, secret_id) = (role.clone(), secret_id.clone());
            self.remove(&role, &secret_id);
        }
    }

    /// Counts a login. The last allowed one removes the secret identifier.
    pub(super) fn use_up(&mut self, role: &str, secret_id: &str, now: Timestamp) {
        let Some(secret) = self.by_role.get_mut(role).and_then(|secrets| secrets.get_mut(secret_id)) else {
            return;
        };
        match secret.uses {
            0 => {}
            1 => self.remove(role, secret_id),
            _ => {
                secret.uses -= 1;
                secret.updated = now;
            }
        }
    }
}
