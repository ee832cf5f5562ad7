//! What an identity server does, as scenarios that any server can be held against, through any [`Transport`]. They need a token that may do
//! everything, as the root token may. The words that they expect of refusals are those of `OpenBao` 2.6.1 to
//! 2.7.2.
//!
//! For a server of your own, take `vault_identity::transport::HyperTransport::new()`, or a transport of your own, and
//! `Target::new("http://127.0.0.1:8200")?.with_token(token)?` in place of `vault` and its target below, in an asynchronous test.
//!
//! | the server | how each scenario is played |
//! |---|---|
//! | has namespaces, as `OpenBao` and HashiCorp Vault Enterprise | [`Scenario::run`]: in a namespace of its own, so that the server may be in use |
//! | has none, as community Vault, and holds nothing yet | [`Scenario::run_without_namespace`]: right where the target points, and cleared away; those that [need namespaces](Scenario::needs_namespaces) are left out |
//!
//! ```
//! # #[cfg(feature = "fake")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use identity_mock::{FakeVault, contract};
//!
//! let vault = FakeVault::new();
//! for scenario in contract::SCENARIOS {
//!     scenario.run(&vault, &vault.target()).await;
//! }
//! // As on a server without namespaces:
//! for scenario in contract::SCENARIOS.iter().filter(|scenario| !scenario.needs_namespaces()) {
//!     scenario.run_without_namespace(&vault, &vault.target()).await;
//! }
//! # }
//! # #[cfg(not(feature = "fake"))]
//! # fn main() {}
//! ```

mod alias;
mod endpoint;
mod entity;
mod group;
mod group_alias;
mod legacy;
mod lookup;
mod merge;
mod namespace;
mod server;
mod transport;
mod wrapping;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use identity_core::{Target, Transport};

use endpoint::{CreateNamespace, DeleteNamespace};
use server::Server;

type Played<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Something that a server has to do right.
#[derive(Clone, Copy)]
pub struct Scenario {
    name: &'static str,
    module: &'static str,
    play: for<'a> fn(&'a Server<'a>) -> Played<'a>,
}

impl Scenario {
    /// What is to be right, as the name of a function.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Plays it on a server, in a new namespace, which is deleted if all is well.
    ///
    /// # Panics
    ///
    /// If the server does something else.
    pub async fn run(&self, transport: &dyn Transport, target: &Target) {
        let namespace = format!("contract-{}", self.name.replace('_', "-"));
        let outside = Server::new(transport, target.clone(), String::new());
        outside.ok(&CreateNamespace { name: namespace.clone() }).await;
        let inside = target.clone().with_namespace(&namespace).expect("a namespace can be called so");
        let server = Server::new(transport, inside, namespace.clone());
        (self.play)(&server).await;
        outside.clear(&DeleteNamespace { name: namespace }).await;
    }

    /// Whether it is about namespaces, so that it can only be played on a server that has them.
    pub fn needs_namespaces(&self) -> bool {
        self.module == "namespace"
    }

    /// Plays it right where the target points, and deletes everything that is there if all is well.
    ///
    /// # Panics
    ///
    /// If the server does something else; or if there are entities, groups or auth mounts there to begin with, which are left alone.
    pub async fn run_without_namespace(&self, transport: &dyn Transport, target: &Target) {
        let server = Server::new(transport, target.clone(), String::new());
        server.expect_nothing().await;
        (self.play)(&server).await;
        server.clear_all().await;
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scenario").field(&self.name).finish()
    }
}

macro_rules! scenarios {
    ($($module:ident: $($name:ident),+;)+) => {
        /// All scenarios.
        pub const SCENARIOS: &[Scenario] = &[$($(Scenario {
            name: stringify!($name),
            module: stringify!($module),
            play: |server| Box::pin($module::$name(server)),
        }),+),+];
    };
}

scenarios! {
    entity: entity_is_created_updated_and_deleted, entity_is_found_by_its_name_in_any_case, entity_without_a_name_is_given_one,
        entity_update_replaces_what_it_names, entity_refusals, entity_metadata_limits, entity_lists, entities_are_deleted_together,
        entity_names_of_all_kinds;
    alias: alias_is_created_changed_and_deleted, alias_written_again, alias_without_an_entity_makes_one, alias_moves,
        alias_refusals, alias_of_a_mount_that_is_gone;
    group: group_is_created_updated_and_deleted, group_membership_is_direct_and_inherited, group_cycles_are_refused,
        group_is_external_for_good, group_refusals, group_deletions, group_lists;
    group_alias: group_alias_is_created_changed_and_deleted, group_alias_takes_the_place_of_another, group_alias_refusals;
    merge: merge_moves_aliases_and_memberships, merge_refuses_two_aliases_on_a_mount, merge_keeps_the_alias_that_is_named,
        merge_refusals;
    lookup: lookup_finds_an_entity, lookup_finds_a_group;
    legacy: legacy_aliases_are_aliases, legacy_personas_are_half_entities;
    wrapping: wrapping_keeps_an_answer_for_one_reader, wrapping_leaves_what_brings_nothing;
    namespace: namespaces_keep_to_themselves, namespace_that_is_none;
    transport: tokens_are_asked_for, paths_that_are_none, bodies_that_are_none, lists_by_get, fields_nobody_knows,
        strings_are_counted;
}
