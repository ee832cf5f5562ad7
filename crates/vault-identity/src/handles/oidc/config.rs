use identity_core::oidc::{OidcConfig, ReadOidcConfig, WriteOidcConfig};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// How tokens are issued, from [`Oidc::config`](crate::handles::Oidc::config).
    pub struct OidcConfigs;

    /// Reads how tokens are issued: see [`ReadOidcConfig`].
    #[doc(alias = "read_tokens_backend_configuration")]
    fn read(self) -> Result<OidcConfig> { self.client.call(&ReadOidcConfig::new()) }

    /// Says how tokens are issued: see [`WriteOidcConfig`].
    #[doc(alias = "configure_tokens_backend")]
    fn write(self, write: &WriteOidcConfig) -> Result<()> { self.client.call(write) }
}
