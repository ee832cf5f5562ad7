use identity_core::{
    Error, MountAccessor,
    endpoint::Operation,
    error::{ApiError, ErrorKind},
    mount::{
        self, DisableAuthMount, EnableAuthMount, ListAuthMounts, ListVisibleMounts, Mount, MountTuning,
        ReadAuthMountTuning, TuneAuthMount,
    },
};

use crate::handles::macros::handle;
use crate::{Client, Result};

handle! {
    /// Auth mounts, from [`Client::auth_mounts`](crate::Client::auth_mounts).
    pub struct AuthMounts {
        /// ```no_run
        /// use vault_identity::{Client, EntityId, Result, alias::CreateEntityAlias};
        ///
        /// pub async fn example(client: &Client, alice: &EntityId) -> Result<()> {
        ///     let userpass = client.auth_mounts().accessor("userpass").await?;
        ///     let alias = CreateEntityAlias::new("alice", userpass).canonical_id(alice);
        ///     client.entity_aliases().create(&alias).await?;
        ///     Ok(())
        /// }
        /// ```
    }

    /// Lists the auth mounts of the namespace: see [`ListAuthMounts`]. If the token may not, lists those that
    /// it may use: see [`ListVisibleMounts`].
    #[doc(alias = "list_auth_methods")]
    fn list(self) -> Result<mount::Mounts> { list(self.client.composite()) }

    /// Returns the auth mount at a path, such as `userpass`. Fails with
    /// [`is_not_found`](crate::Error::is_not_found) if [`list`](Self::list) does not return it.
    fn read(self, path: impl Into<String>) -> Result<Mount> { read(self.client.composite(), path.into()) }

    /// Returns the auth mount at a path, such as `userpass`, or `None` if [`list`](Self::list) does not
    /// return it.
    fn find(self, path: impl Into<String>) -> Result<Option<Mount>> { find(self.client.composite(), path.into()) }

    /// Returns the accessor of the auth mount at a path, such as `userpass`. Fails with
    /// [`is_not_found`](crate::Error::is_not_found) if [`list`](Self::list) does not return the mount.
    #[doc(alias = "mount_accessor")]
    fn accessor(self, path: impl Into<String>) -> Result<MountAccessor> {
        accessor(self.client.composite(), path.into())
    }

    /// Mounts an auth method: see [`EnableAuthMount`]. Fails if the path is in use.
    #[doc(alias = "enable_auth_method")]
    fn enable(self, enable: &EnableAuthMount) -> Result<()> { self.client.call(enable.clone()) }

    /// Mounts an auth method unless a mount of its type exists at the path, and returns the accessor of the
    /// mount. The settings of an existing mount do not change.
    fn ensure(self, enable: &EnableAuthMount) -> Result<MountAccessor> {
        ensure(self.client.composite(), enable.clone())
    }

    /// Disables an auth mount and revokes the tokens that it has issued: see [`DisableAuthMount`]. Succeeds
    /// if there is no mount at the path.
    #[doc(alias = "disable_auth_method")]
    fn disable(self, path: impl Into<String>) -> Result<()> { self.client.call(DisableAuthMount::new(path)) }

    /// Changes the settings of an auth mount: see [`TuneAuthMount`].
    #[doc(alias = "tune_auth_method")]
    fn tune(self, tune: &TuneAuthMount) -> Result<()> { self.client.call(tune.clone()) }

    /// Reads the settings of an auth mount: see [`ReadAuthMountTuning`].
    #[doc(alias = "read_auth_method_tuning")]
    fn tuning(self, path: impl Into<String>) -> Result<MountTuning> { self.client.call(ReadAuthMountTuning::new(path)) }
}

async fn list(client: Client) -> Result<mount::Mounts> {
    match client.execute(&ListAuthMounts::new()).await {
        Err(error) if error.is_permission_denied() => {
            let visible = client.execute(&ListVisibleMounts::new()).await?;
            Ok(visible.auth)
        }
        outcome => outcome,
    }
}

async fn find(client: Client, path: String) -> Result<Option<Mount>> {
    Ok(list(client).await?.get(&path).cloned())
}

async fn read(client: Client, path: String) -> Result<Mount> {
    find(client, path).await?.ok_or_else(not_found)
}

fn not_found() -> Error {
    let kind = ErrorKind::Api(ApiError::not_found().into());
    Error::new(Operation::for_endpoint::<ListAuthMounts>(), kind)
}

async fn accessor(client: Client, path: String) -> Result<MountAccessor> {
    Ok(read(client, path).await?.accessor)
}

async fn ensure(client: Client, enable: EnableAuthMount) -> Result<MountAccessor> {
    let accessor = |mount: Option<Mount>| {
        let same_type = mount.filter(|mount| mount.mount_type == enable.mount_type);
        same_type.map(|mount| mount.accessor)
    };
    if let Some(accessor) = accessor(find(client.clone(), enable.path.clone()).await?) {
        return Ok(accessor);
    }
    let enabled = client.execute(&enable).await;
    // Another caller may have mounted it meanwhile, or the response to this call was lost.
    let error = match find(client, enable.path.clone()).await.map(accessor) {
        Ok(Some(accessor)) => return Ok(accessor),
        Ok(None) => not_found(),
        Err(error) => error,
    };
    enabled?;
    Err(error.after_write())
}
