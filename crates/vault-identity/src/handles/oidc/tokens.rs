use identity_core::oidc::{
    Discovery, GenerateIdToken, IdToken, IntrospectIdToken, Introspection, Jwks, ReadDiscovery, ReadJwks,
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Identity tokens and what it takes to verify them, from [`Oidc::tokens`](crate::handles::Oidc::tokens).
    pub struct OidcTokens;

    /// Issues a token of a role for the entity of the client's token: see [`GenerateIdToken`].
    #[doc(alias = "generate_signed_id_token")]
    fn generate(self, role: impl Into<String>) -> Result<IdToken> { self.client.call(&GenerateIdToken::new(role)) }

    /// Asks whether a token is good: see [`IntrospectIdToken`].
    #[doc(alias = "introspect_signed_id_token")]
    fn introspect(self, introspect: &IntrospectIdToken) -> Result<Introspection> { self.client.call(introspect) }

    /// Reads the discovery document: see [`ReadDiscovery`].
    #[doc(alias = "read_well_known_configurations")]
    fn discovery(self) -> Result<Discovery> { self.client.call(&ReadDiscovery::new()) }

    /// Reads the public keys: see [`ReadJwks`].
    #[doc(alias = "read_active_public_keys")]
    fn jwks(self) -> Result<Jwks> { self.client.call(&ReadJwks::new()) }
}
