//! Scenarios that check the behaviour of an identity server, through any [`Transport`].
//!
//! They need a token with all permissions, such as the root token. The expected error messages are those of
//! `OpenBao` 2.6.1 to 2.7.2. `FakeVault` passes all of them.
//!
//! | namespaces | how to run each scenario |
//! |---|---|
//! | supported (`OpenBao`, HashiCorp Vault Enterprise) | [`Scenario::run`] creates a namespace of its own, so the server may be in use |
//! | not supported (HashiCorp Vault Community) | [`Scenario::run_without_namespace`] needs an empty server and cleans up; skip scenarios that [need namespaces](Scenario::needs_namespaces) |
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use identity_fake::{FakeVault, contract};
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
//! ```
//!
//! To test a real server, use `vault_identity::transport::HyperTransport::new()` as the transport and
//! `Target::new("http://127.0.0.1:8200")?.with_token(token)?` as the target.

mod alias;
mod approle;
mod endpoint;
mod entity;
mod group;
mod group_alias;
mod jwt;
mod kv;
mod legacy;
mod lookup;
mod merge;
mod namespace;
mod server;
mod sys;
mod token;
mod transport;
mod userpass;
mod wrapping;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use identity_core::{Target, Transport};

use endpoint::{CreateNamespace, DeleteNamespace};
use server::Server;

type Run<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A test of one behaviour of a server.
#[derive(Clone, Copy)]
pub struct Scenario {
    name: &'static str,
    module: &'static str,
    run: for<'a> fn(&'a Server<'a>) -> Run<'a>,
}

impl Scenario {
    /// Returns the name of the scenario, which is a valid Rust identifier.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the scenario in a new namespace. Deletes the namespace if the scenario passes.
    ///
    /// # Panics
    ///
    /// Panics if the server behaves differently.
    pub async fn run(&self, transport: &dyn Transport, target: &Target) {
        let namespace = format!("contract-{}", self.name.replace('_', "-"));
        let outside = Server::new(transport, target.clone(), String::new());
        outside.ok(&CreateNamespace { name: namespace.clone() }).await;
        let inside = target.clone().with_namespace(&namespace).expect("the name is valid");
        let server = Server::new(transport, inside, namespace.clone());
        (self.run)(&server).await;
        outside.delete_namespace(&DeleteNamespace { name: namespace }).await;
    }

    /// Returns `true` if the scenario requires a server with namespaces.
    pub fn needs_namespaces(&self) -> bool {
        self.module == "namespace"
    }

    /// Runs the scenario in the namespace of the target. Deletes all entities, groups and auth mounts if the
    /// scenario passes.
    ///
    /// # Panics
    ///
    /// Panics if the server behaves differently, or if entities, groups or auth mounts exist beforehand. It
    /// does not delete those.
    pub async fn run_without_namespace(&self, transport: &dyn Transport, target: &Target) {
        let server = Server::new(transport, target.clone(), String::new());
        server.assert_empty().await;
        (self.run)(&server).await;
        server.delete_all().await;
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
            run: |server| Box::pin($module::$name(server)),
        }),+),+];
    };
}

scenarios! {
    entity: entity_is_created_updated_and_deleted, entity_is_found_by_its_name_in_any_case, entity_gets_a_default_name,
        entity_update_keeps_omitted_fields, entity_errors, entity_metadata_limits, entity_lists, entities_are_deleted_in_batches,
        entity_names_with_special_characters;
    alias: alias_is_created_updated_and_deleted, alias_is_overwritten, alias_without_an_entity_creates_one, alias_moves_between_entities,
        alias_errors, alias_of_a_deleted_mount;
    group: group_is_created_updated_and_deleted, group_membership_is_direct_and_inherited, group_cycles_are_rejected,
        group_type_cannot_be_changed, group_errors, group_deletions, group_lists;
    group_alias: group_alias_is_created_updated_and_deleted, group_alias_replaces_another, group_alias_errors;
    merge: merge_moves_aliases_and_memberships, merge_rejects_two_aliases_on_a_mount, merge_keeps_the_selected_alias,
        merge_errors;
    lookup: lookup_finds_an_entity, lookup_finds_a_group;
    jwt: jwt_login_creates_an_entity, jwt_login_errors, jwt_roles_and_configurations, external_groups_follow_the_login;
    kv: secrets_have_versions, versions_of_secrets_are_deleted, secrets_have_metadata, secrets_are_checked_and_set,
        templates_protect_secrets, secrets_of_version_1_have_no_versions;
    legacy: legacy_aliases_are_aliases, legacy_personas_are_partly_entities;
    wrapping: wrapped_responses_are_read_once, empty_responses_are_not_wrapped, wrapping_tokens_are_tokens,
        wrapped_responses_are_wrapped_again;
    token: tokens_are_revoked_with_their_parents, tokens_are_renewed_within_their_limits, batch_tokens_are_limited,
        uses_of_tokens_are_counted, token_roles_limit_tokens;
    namespace: namespaces_are_isolated, unknown_namespaces_are_rejected;
    sys: status_needs_no_token, mounts_keep_their_settings, mount_errors, mounts_are_moved, policies_have_versions;
    transport: tokens_are_required, invalid_paths_are_rejected, invalid_bodies_are_rejected, lists_are_sent_as_get, unknown_fields_are_ignored,
        strings_are_limited, lenient_json_is_accepted, forms_are_accepted, the_first_error_is_reported;
    approle: app_roles_log_in, app_role_secret_ids_are_used_up, app_role_secret_ids_are_destroyed,
        app_roles_are_changed_field_by_field;
    userpass: wrong_passwords_lock_a_user_out, users_bind_their_tokens;
}
