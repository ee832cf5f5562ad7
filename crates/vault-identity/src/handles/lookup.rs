use identity_core::{
    entity::Entity,
    group::Group,
    lookup::{LookupEntity, LookupGroup},
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Lookup of entities and groups, from [`Client::lookup`](crate::Client::lookup).
    pub struct Lookup {
        /// ```no_run
        /// use vault_identity::{Client, Result, lookup::LookupEntity};
        ///
        /// pub async fn example(client: &Client) -> Result<()> {
        ///     let by = LookupEntity::by_alias("alice@example.com", "auth_oidc_1f2e3d4c");
        ///     if let Some(alice) = client.lookup().entity(&by).await? {
        ///         println!("{} {:?}", alice.id, alice.policies);
        ///     }
        ///     Ok(())
        /// }
        /// ```
    }

    /// Finds an entity by its name, its identifier or an alias, or returns `None`: see [`LookupEntity`].
    #[doc(alias = "lookup_entity")]
    fn entity(self, by: &LookupEntity) -> Result<Option<Entity>> { self.client.call(by.clone()) }

    /// Finds a group by its name, its identifier or an alias, or returns `None`: see [`LookupGroup`].
    #[doc(alias = "lookup_group")]
    fn group(self, by: &LookupGroup) -> Result<Option<Group>> { self.client.call(by.clone()) }
}
