use identity_core::{
    entity::Entity,
    group::Group,
    lookup::{LookupEntity, LookupGroup},
};

use crate::Result;
use crate::handles::macros::handle;

handle! {
    /// Lookup, from [`Client::lookup`](crate::Client::lookup).
    pub struct Lookup;

    /// Finds an entity by one criterion: see [`LookupEntity`].
    #[doc(alias = "lookup_entity")]
    fn entity(self, by: &LookupEntity) -> Result<Option<Entity>> { self.client.call(by) }

    /// Finds a group by one criterion: see [`LookupGroup`].
    #[doc(alias = "lookup_group")]
    fn group(self, by: &LookupGroup) -> Result<Option<Group>> { self.client.call(by) }
}
