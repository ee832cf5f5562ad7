//! The subjects of the responses of all nouns.

use crate::alias::{Alias, AliasWrite};
use crate::entity::{CreatedEntity, Entity};
use crate::group::{CreatedGroup, Group};
use crate::mfa::{DuoMethod, LoginEnforcement, MfaMethod, OktaMethod, PingIdMethod, TotpMethod};
use crate::oidc::{OidcProvider, ProviderDiscovery};
use crate::subject::Subject;

macro_rules! subject {
    ($([$($generic:ident)*] $type:ty { $($field:ident: $($path:ident).+),+ })*) => {
        $(impl<$($generic: AsRef<str>),*> Subject for $type {
            $(fn $field(&self) -> Option<&str> {
                Some(self.$($path).+.as_ref())
            })+
        })*
    };
}

subject! {
    [] Entity { id: id, name: name }
    [] CreatedEntity { id: id, name: name }
    [] Group { id: id, name: name }
    [] CreatedGroup { id: id, name: name }
    [I C] Alias<I, C> { id: id }
    [] LoginEnforcement { name: name }
    [] TotpMethod { id: info.id }
    [] OktaMethod { id: info.id }
    [] DuoMethod { id: info.id }
    [] PingIdMethod { id: info.id }
}

impl<I: AsRef<str>, C: AsRef<str>> Subject for AliasWrite<I, C> {
    fn id(&self) -> Option<&str> {
        match self {
            Self::Written(ids) => Some(ids.id.as_ref()),
            Self::Unchanged => None,
        }
    }

    fn canonical_id(&self) -> Option<&str> {
        match self {
            Self::Written(ids) => Some(ids.canonical_id.as_ref()),
            Self::Unchanged => None,
        }
    }
}

impl Subject for MfaMethod {
    fn id(&self) -> Option<&str> {
        Some(self.info().id.as_str())
    }
}

impl Subject for OidcProvider {
    fn name(&self) -> Option<&str> {
        provider_name(&self.issuer)
    }
}

impl Subject for ProviderDiscovery {
    fn name(&self) -> Option<&str> {
        provider_name(&self.issuer)
    }
}

/// Extracts the name from the path that the server appends to the issuer.
fn provider_name(issuer: &str) -> Option<&str> {
    issuer.rsplit_once("/identity/oidc/provider/").map(|(_, name)| name)
}
