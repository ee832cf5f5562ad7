use identity_core::{
    KeyList, Maybe,
    policy::{DeletePolicy, ListPolicies, Policy, ReadPolicy, WritePolicy},
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// ACL policies, from [`Client::policies`](crate::Client::policies).
    pub struct Policies {
        /// ```no_run
        /// use vault_identity::{Client, Result, entity::CreateEntity, policy::WritePolicy};
        ///
        /// pub async fn example(client: &Client) -> Result<()> {
        ///     let document = r#"path "secret/data/team-a/*" { capabilities = ["read"] }"#;
        ///     client.policies().write(&WritePolicy::new("team-a", document)).await?;
        ///     let _ = client.entities().create(&CreateEntity::named("alice").policies(["team-a"])).await?;
        ///     Ok(())
        /// }
        /// ```
    }

    /// Creates or replaces a policy: see [`WritePolicy`].
    #[doc(alias = "create_or_update_acl_policy")]
    fn write(self, write: &WritePolicy) -> Result<()> { self.client.call(write.clone()) }

    /// Reads a policy: see [`ReadPolicy`]. Fails with [`is_not_found`](crate::Error::is_not_found) if it does
    /// not exist.
    #[doc(alias = "read_acl_policy")]
    fn read(self, name: impl Into<String>) -> Result<Policy> { self.client.call(ReadPolicy::new(name)) }

    /// Reads a policy, or returns `None` if it does not exist: see [`ReadPolicy`].
    fn find(self, name: impl Into<String>) -> Result<Option<Policy>> { self.client.call(Maybe(ReadPolicy::new(name))) }

    /// Deletes a policy: see [`DeletePolicy`]. Succeeds if it does not exist.
    #[doc(alias = "delete_acl_policy")]
    fn delete(self, name: impl Into<String>) -> Result<()> { self.client.call(DeletePolicy::new(name)) }

    /// Lists the names of all policies: see [`ListPolicies`].
    #[doc(alias = "list_acl_policies")]
    fn list(self) -> Result<KeyList<String, ()>> { self.client.call(ListPolicies::new()) }
}
