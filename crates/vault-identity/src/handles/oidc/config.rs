use identity_core::oidc::{OidcConfig, ReadOidcConfig, WriteOidcConfig};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// The configuration of identity tokens, from [`Oidc::config`](crate::handles::Oidc::config).
    pub struct OidcConfigs {
        /// ```no_run
        /// use vault_identity::{Client, Result, oidc::WriteOidcConfig};
        ///
        /// pub async fn example(client: &Client) -> Result<()> {
        ///     let config = client.oidc().config();
        ///     config.write(&WriteOidcConfig::new("https://vault.example.com:8200")).await?;
        ///     println!("{}", config.read().await?.issuer);
        ///     Ok(())
        /// }
        /// ```
    }

    /// Reads the configuration: see [`ReadOidcConfig`].
    #[doc(alias = "read_tokens_backend_configuration")]
    fn read(self) -> Result<OidcConfig> { self.client.call(ReadOidcConfig::new()) }

    /// Replaces the configuration: see [`WriteOidcConfig`].
    #[doc(alias = "configure_tokens_backend")]
    fn write(self, write: &WriteOidcConfig) -> Result<()> { self.client.call(write.clone()) }
}
