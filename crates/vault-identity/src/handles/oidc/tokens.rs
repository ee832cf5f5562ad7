use identity_core::oidc::{
    Discovery, GenerateIdToken, IdToken, IntrospectIdToken, Introspection, Jwks, ReadDiscovery, ReadJwks,
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Identity tokens and the documents for verifying them, from
    /// [`Oidc::tokens`](crate::handles::Oidc::tokens).
    pub struct OidcTokens {
        /// ```no_run
        /// use vault_identity::{Client, Result, oidc::IntrospectIdToken};
        ///
        /// pub async fn example(client: &Client) -> Result<()> {
        ///     let tokens = client.oidc().tokens();
        ///     let issued = tokens.generate("app").await?;
        ///     let verdict = tokens.introspect(&IntrospectIdToken::new(issued.token)).await?;
        ///     println!("{}", verdict.active);
        ///     Ok(())
        /// }
        /// ```
    }

    /// Issues an identity token for the entity of the client's token: see [`GenerateIdToken`].
    #[doc(alias = "generate_signed_id_token")]
    fn generate(self, role: impl Into<String>) -> Result<IdToken> { self.client.call(GenerateIdToken::new(role)) }

    /// Checks whether an identity token is valid: see [`IntrospectIdToken`].
    #[doc(alias = "introspect_signed_id_token")]
    fn introspect(self, introspect: &IntrospectIdToken) -> Result<Introspection> { self.client.call(introspect.clone()) }

    /// Reads the discovery document: see [`ReadDiscovery`].
    #[doc(alias = "read_well_known_configurations")]
    fn discovery(self) -> Result<Discovery> { self.client.call(ReadDiscovery::new()) }

    /// Reads the public keys: see [`ReadJwks`].
    #[doc(alias = "read_active_public_keys")]
    fn jwks(self) -> Result<Jwks> { self.client.call(ReadJwks::new()) }
}
