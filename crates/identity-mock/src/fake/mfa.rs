//! Multi-factor authentication: `identity/mfa`, and what log-in makes of it.

mod address;
mod enforcement;
mod method;
mod otp;
mod parameters;
mod passcode;
mod picture;
mod requirement;
mod secret;
mod settings_file;

use std::collections::BTreeMap;

pub(super) use enforcement::ROUTES as ENFORCEMENTS;
pub(super) use method::{ALL, DUO, OKTA, PINGID, TOTP};
pub(super) use requirement::{Credentials, constraints, matching, satisfy};
pub(super) use secret::{Enrolled, ROUTES as SECRETS, merge};

use enforcement::Enforcement;
use method::Method;
use passcode::Passcodes;

/// What all namespaces have of it: those below a namespace see its methods, and its enforcements hold for them.
#[derive(Default)]
pub(super) struct Mfa {
    /// By identifier.
    methods: BTreeMap<String, Method>,
    /// By namespace and name.
    enforcements: BTreeMap<(String, String), Enforcement>,
    passcodes: Passcodes,
}

impl Mfa {
    pub(super) fn remove_namespace(&mut self, namespace: &str) {
        self.methods.retain(|_, method| method.namespace != namespace);
        self.enforcements.retain(|(of, _), _| of != namespace);
    }
}
