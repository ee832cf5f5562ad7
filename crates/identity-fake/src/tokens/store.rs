//! All tokens, and their indexes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Lease, Token};
use crate::response::{ErrorResponse, internal};

pub(in super::super) struct Tokens {
    root: String,
    all: BTreeMap<String, Token>,
    by_accessor: BTreeMap<String, String>,
    /// The tokens that each token has created, except orphans.
    children: BTreeMap<String, BTreeSet<String>>,
    /// The service tokens of each auth method, by the accessor of its mount.
    by_mount: BTreeMap<String, BTreeSet<String>>,
    by_expiry: BTreeSet<(Timestamp, String)>,
}

impl Tokens {
    /// Creates the store with the root token `root`.
    pub(in super::super) fn new(mount: &str, accessor: String, now: Timestamp) -> Self {
        let mut tokens = Self {
            root: "root".to_owned(),
            all: BTreeMap::new(),
            by_accessor: BTreeMap::new(),
            children: BTreeMap::new(),
            by_mount: BTreeMap::new(),
            by_expiry: BTreeSet::new(),
        };
        let lease = Lease::new("root", accessor, now, 0);
        tokens.add("root".to_owned(), Token { mount: mount.to_owned(), ..Token::new(lease) });
        tokens
    }

    pub(in super::super) fn root(&self) -> &str {
        &self.root
    }

    pub(in super::super) fn set_root(&mut self, token: String) {
        let before = std::mem::replace(&mut self.root, token.clone());
        if let Some(root) = self.remove(&before) {
            self.add(token, root);
        }
    }

    pub(in super::super) fn add(&mut self, id: String, token: Token) {
        let lease = &token.lease;
        if !lease.accessor.is_empty() {
            self.by_accessor.insert(lease.accessor.clone(), id.clone());
            self.by_mount.entry(token.mount.clone()).or_default().insert(id.clone());
        }
        if let Some(parent) = &token.parent {
            self.children.entry(parent.clone()).or_default().insert(id.clone());
        }
        if let Some(expires) = lease.expires {
            self.by_expiry.insert((expires, id.clone()));
        }
        self.all.insert(id, token);
    }

    pub(in super::super) fn find(&self, id: &str) -> Option<&Token> {
        self.all.get(id)
    }

    /// Returns a token unless the current request is its last use.
    pub(in super::super) fn find_usable(&self, id: &str) -> Option<&Token> {
        self.find(id).filter(|token| token.lease.uses != Some(0))
    }

    pub(in super::super) fn find_mut(&mut self, id: &str) -> Option<&mut Token> {
        self.all.get_mut(id)
    }

    /// Returns the token with an accessor. Fails if it belongs to another namespace.
    pub(in super::super) fn with_accessor(
        &self,
        namespace: &str,
        accessor: &str,
    ) -> Result<Option<String>, ErrorResponse> {
        let id = self.by_accessor.get(accessor);
        let is_elsewhere = match id.and_then(|id| self.all.get(id)) {
            Some(token) => token.namespace != namespace,
            // An accessor without the identifier of a namespace is one of the root namespace.
            None => !accessor.contains('.') && !namespace.is_empty(),
        };
        if is_elsewhere {
            return Err(internal("cannot lookup token in different namespace"));
        }
        Ok(id.cloned())
    }

    /// Returns the accessors of the tokens of an auth method. Batch tokens have none.
    pub(in super::super) fn accessors(&self, mount: &str) -> impl Iterator<Item = &str> {
        let tokens = self.by_mount.get(mount).into_iter().flatten();
        tokens.filter_map(|id| self.all.get(id)).map(|token| &*token.lease.accessor)
    }

    /// Renews a token until `expires`.
    pub(in super::super) fn renew(&mut self, id: &str, now: Timestamp, expires: Timestamp) {
        let Some(token) = self.all.get_mut(id) else { return };
        let before = token.lease.expires.replace(expires);
        token.lease.renewed = Some(now);
        if let Some(before) = before {
            self.by_expiry.remove(&(before, id.to_owned()));
        }
        self.by_expiry.insert((expires, id.to_owned()));
    }

    /// Revokes a token and all its descendants.
    pub(in super::super) fn revoke(&mut self, id: &str) {
        let mut ids = vec![id.to_owned()];
        while let Some(id) = ids.pop() {
            self.remove(&id);
            ids.extend(self.children.remove(&id).into_iter().flatten());
        }
    }

    /// Revokes a token and its batch tokens. Its other children become orphans.
    pub(in super::super) fn revoke_and_orphan(&mut self, id: &str) {
        self.remove(id);
        for child in self.children.remove(id).into_iter().flatten() {
            match self.all.get_mut(&child) {
                Some(child) if !child.lease.is_batch => child.parent = None,
                _ => drop(self.remove(&child)),
            }
        }
    }

    /// Revokes the service tokens of an auth method.
    pub(in super::super) fn revoke_mount(&mut self, mount: &str) {
        for id in self.by_mount.remove(mount).into_iter().flatten() {
            self.revoke(&id);
        }
    }

    /// Revokes all tokens of a namespace, including batch and wrapping tokens.
    pub(in super::super) fn revoke_namespace(&mut self, namespace: &str) {
        let of_namespace = self.all.iter().filter(|(_, token)| token.namespace == namespace);
        let ids: Vec<String> = of_namespace.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.revoke(&id);
        }
    }

    /// Revokes the tokens that have expired.
    pub(in super::super) fn expire(&mut self, now: Timestamp) {
        while let Some((_, id)) = self.by_expiry.first().filter(|(expires, _)| *expires <= now) {
            let id = id.clone();
            self.revoke(&id);
        }
    }

    /// Counts a use of a token.
    pub(in super::super) fn count_use(&mut self, id: &str) {
        if let Some(uses) = self.all.get_mut(id).and_then(|token| token.lease.uses.as_mut()) {
            *uses = uses.saturating_sub(1);
        }
    }

    /// Revokes a token that has no uses left.
    pub(in super::super) fn revoke_if_used_up(&mut self, id: &str) {
        if self.find(id).is_some() && self.find_usable(id).is_none() {
            self.revoke(id);
        }
    }

    fn remove(&mut self, id: &str) -> Option<Token> {
        let token = self.all.remove(id)?;
        self.by_accessor.remove(&token.lease.accessor);
        let owners = [(&mut self.by_mount, Some(&token.mount)), (&mut self.children, token.parent.as_ref())];
        for (index, owner) in owners {
            let Some(owner) = owner else { continue };
            let Some(ids) = index.get_mut(owner) else { continue };
            ids.remove(id);
            if ids.is_empty() {
                index.remove(owner);
            }
        }
        if let Some(expires) = token.lease.expires {
            self.by_expiry.remove(&(expires, id.to_owned()));
        }
        Some(token)
    }
}
