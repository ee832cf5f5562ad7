//! Multi-factor authentication: `identity/mfa` and its part in a login.

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

/// The MFA state of all namespaces: methods and enforcements also apply in the namespaces below theirs.
#[derive(Default)]
pub(super) struct Mfa {
    /// Keyed by identifier.
    methods: BTreeMap<String, Method>,
    /// Keyed by namespace and name.
    enforcements: BTreeMap<(String, String), Enforcement>,
    passcodes: Passcodes,
}

impl Mfa {
    pub(super) fn remove_namespace(&mut self, namespace: &str) {
        self.methods.retain(|_, method| method.namespace != namespace);
        self.enforcements.retain(|(of, _), _| of != namespace);
    }
}
