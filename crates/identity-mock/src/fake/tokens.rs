//! Who may do what: everything, or nothing. There are no policies.

use std::collections::BTreeMap;

use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderMap};

use super::answer::Refusal;
use super::namespaces::Namespaces;
use super::request::text;

pub(super) struct Token {
    /// The namespace that it is good for, with all below it.
    pub(super) namespace: String,
    /// The entity that it was given to.
    pub(super) entity: Option<String>,
    pub(super) may_do_all: bool,
}

pub(super) struct Tokens {
    root: String,
    others: BTreeMap<String, Token>,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { root: "root".to_owned(), others: BTreeMap::new() }
    }
}

impl Tokens {
    pub(super) fn root(&self) -> &str {
        &self.root
    }

    pub(super) fn set_root(&mut self, token: String) {
        self.root = token;
    }

    pub(super) fn add(&mut self, token: String, rights: Token) {
        self.others.insert(token, rights);
    }

    pub(super) fn revoke(&mut self, token: &str) {
        self.others.remove(token);
    }

    /// Refuses a request that its token does not allow. Returns the entity of the token.
    pub(super) fn check(
        &self,
        headers: &HeaderMap,
        namespace: &str,
        namespaces: &mut Namespaces,
    ) -> Result<Option<String>, Refusal> {
        let token = of(headers);
        if token == self.root && !token.is_empty() {
            return Ok(None);
        }
        let denied = || Refusal::new(StatusCode::FORBIDDEN, "permission denied");
        let token = self.others.get(token).ok_or_else(denied)?;
        if let Some(entity) = &token.entity {
            let entity = namespaces.get_mut(&token.namespace).and_then(|at| at.store.entities.get(entity));
            entity.filter(|entity| !entity.disabled).ok_or_else(denied)?;
        }
        if token.may_do_all && namespace.starts_with(&token.namespace) {
            return Ok(token.entity.clone());
        }
        Err(Refusal::by_core(StatusCode::FORBIDDEN, "permission denied"))
    }
}

/// The token of a request, empty if it has none.
pub(super) fn of(headers: &HeaderMap) -> &str {
    match text(headers, "x-vault-token") {
        "" => text(headers, AUTHORIZATION.as_str()).strip_prefix("Bearer ").unwrap_or_default(),
        token => token,
    }
}
