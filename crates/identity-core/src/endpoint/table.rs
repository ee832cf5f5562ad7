use crate::endpoint::definition::Endpoint;
use crate::endpoint::method::Method;
use crate::legacy;

#[allow(clippy::wildcard_imports, reason = "the table contains every operation")]
use crate::{alias::*, entity::*, group::*, lookup::*, mfa::*, mount::*, oidc::*, policy::*};

/// A row of [`ENDPOINTS`] or [`SYSTEM_ENDPOINTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointInfo {
    /// The name of the operation in the server's OpenAPI document. OpenBao's document lacks the creation of
    /// MFA methods, so these have their names in HashiCorp Vault's.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below `/v1/`, with its placeholders.
    pub path: &'static str,
    /// The type in this crate.
    pub endpoint: &'static str,
    /// The methods of the client in `vault-identity`, or `call` if it has no method of its own.
    pub client: &'static str,
    /// The method of hvac's `Identity` class, or of its system backend, if there is one.
    pub hvac: Option<&'static str>,
}

macro_rules! endpoints {
    ($(#[$doc:meta])* $table:ident: $($($endpoint:ident)::+: $operation:literal, $client:literal, $hvac:literal;)+) => {
        $(#[$doc])*
        pub const $table: &[EndpointInfo] = &[$(EndpointInfo {
            operation: $operation,
            method: <$($endpoint)::+ as Endpoint>::METHOD,
            path: <$($endpoint)::+ as Endpoint>::PATH,
            endpoint: stringify!($($endpoint)::+),
            client: $client,
            hvac: if $hvac.is_empty() { None } else { Some($hvac) },
        }),+];
    };
}

endpoints! {
    /// Operations of other engines that users of the identity engine need.
    SYSTEM_ENDPOINTS:
    ListAuthMounts: "auth-list-enabled-methods", "auth_mounts().list, find, read, accessor", "list_auth_methods";
    ListVisibleMounts: "internal-ui-list-enabled-visible-mounts", "auth_mounts().list", "";
    ReadAuthMount: "auth-read-configuration", "call", "";
    EnableAuthMount: "auth-enable-method", "auth_mounts().enable, ensure", "enable_auth_method";
    DisableAuthMount: "auth-disable-method", "auth_mounts().disable", "disable_auth_method";
    TuneAuthMount: "auth-tune-configuration-parameters", "auth_mounts().tune", "tune_auth_method";
    ReadAuthMountTuning: "auth-read-tuning-information", "auth_mounts().tuning", "read_auth_method_tuning";
    WritePolicy: "policies-write-acl-policy", "policies().write", "create_or_update_acl_policy";
    ReadPolicy: "policies-read-acl-policy", "policies().read, find", "read_acl_policy";
    DeletePolicy: "policies-delete-acl-policy", "policies().delete", "delete_acl_policy";
    ListPolicies: "policies-list-acl-policies", "policies().list", "list_acl_policies";
}

endpoints! {
    /// Every operation of the identity engine.
    ///
    /// ```
    /// use identity_core::endpoint::ENDPOINTS;
    ///
    /// let row = ENDPOINTS.iter().find(|row| row.hvac == Some("read_entity")).unwrap();
    /// assert_eq!((row.endpoint, row.path), ("ReadEntityById", "identity/entity/id/{id}"));
    /// ```
    ENDPOINTS:
    CreateEntity: "entity-create", "entities().create", "create_or_update_entity";
    ReadEntityById: "entity-read-by-id", "entities().read, find", "read_entity";
    UpdateEntityById: "entity-update-by-id", "entities().update", "update_entity";
    DeleteEntityById: "entity-delete-by-id", "entities().delete", "delete_entity";
    ListEntities: "entity-list-by-id", "entities().list", "list_entities";
    WriteEntityByName: "entity-update-by-name", "entities().write_by_name", "create_or_update_entity_by_name";
    ReadEntityByName: "entity-read-by-name", "entities().read_by_name, find_by_name", "read_entity_by_name";
    DeleteEntityByName: "entity-delete-by-name", "entities().delete_by_name", "delete_entity_by_name";
    ListEntityNames: "entity-list-by-name", "entities().list_names", "list_entities_by_name";
    MergeEntities: "entity-merge", "entities().merge", "merge_entities";
    BatchDeleteEntities: "entity-batch-delete", "entities().delete_many", "";
    CreateEntityAlias: "entity-create-alias", "entity_aliases().create", "create_or_update_entity_alias";
    ReadEntityAliasById: "entity-read-alias-by-id", "entity_aliases().read, find", "read_entity_alias";
    UpdateEntityAliasById: "entity-update-alias-by-id", "entity_aliases().update", "update_entity_alias";
    DeleteEntityAliasById: "entity-delete-alias-by-id", "entity_aliases().delete", "delete_entity_alias";
    ListEntityAliases: "entity-list-aliases-by-id", "entity_aliases().list", "list_entity_aliases";
    CreateGroup: "group-create", "groups().create", "create_or_update_group";
    ReadGroupById: "group-read-by-id", "groups().read, find", "read_group";
    UpdateGroupById: "group-update-by-id", "groups().update, add_member_entities, …", "update_group";
    DeleteGroupById: "group-delete-by-id", "groups().delete", "delete_group";
    ListGroups: "group-list-by-id", "groups().list", "list_groups";
    WriteGroupByName: "group-update-by-name", "groups().write_by_name", "create_or_update_group_by_name";
    ReadGroupByName: "group-read-by-name", "groups().read_by_name, find_by_name", "read_group_by_name";
    DeleteGroupByName: "group-delete-by-name", "groups().delete_by_name", "delete_group_by_name";
    ListGroupNames: "group-list-by-name", "groups().list_names", "list_groups_by_name";
    CreateGroupAlias: "group-create-alias", "group_aliases().create", "create_or_update_group_alias";
    ReadGroupAliasById: "group-read-alias-by-id", "group_aliases().read, find", "read_group_alias";
    UpdateGroupAliasById: "group-update-alias-by-id", "group_aliases().update", "update_group_alias";
    DeleteGroupAliasById: "group-delete-alias-by-id", "group_aliases().delete", "delete_group_alias";
    ListGroupAliases: "group-list-aliases-by-id", "group_aliases().list", "list_group_aliases";
    LookupEntity: "entity-look-up", "lookup().entity", "lookup_entity";
    LookupGroup: "group-look-up", "lookup().group", "lookup_group";
    WriteOidcConfig: "oidc-configure", "oidc().config().write", "configure_tokens_backend";
    ReadOidcConfig: "oidc-read-configuration", "oidc().config().read", "read_tokens_backend_configuration";
    WriteOidcKey: "oidc-write-key", "oidc().keys().write", "create_named_key";
    ReadOidcKey: "oidc-read-key", "oidc().keys().read, find", "read_named_key";
    DeleteOidcKey: "oidc-delete-key", "oidc().keys().delete", "delete_named_key";
    ListOidcKeys: "oidc-list-keys", "oidc().keys().list", "list_named_keys";
    RotateOidcKey: "oidc-rotate-key", "oidc().keys().rotate", "rotate_named_key";
    WriteOidcRole: "oidc-write-role", "oidc().roles().write", "create_or_update_role";
    ReadOidcRole: "oidc-read-role", "oidc().roles().read, find", "read_role";
    DeleteOidcRole: "oidc-delete-role", "oidc().roles().delete", "delete_role";
    ListOidcRoles: "oidc-list-roles", "oidc().roles().list", "list_roles";
    GenerateIdToken: "oidc-generate-token", "oidc().tokens().generate", "generate_signed_id_token";
    IntrospectIdToken: "oidc-introspect", "oidc().tokens().introspect", "introspect_signed_id_token";
    ReadDiscovery: "oidc-read-open-id-configuration", "oidc().tokens().discovery", "read_well_known_configurations";
    ReadJwks: "oidc-read-public-keys", "oidc().tokens().jwks", "read_active_public_keys";
    WriteOidcAssignment: "oidc-write-assignment", "oidc().assignments().write", "";
    ReadOidcAssignment: "oidc-read-assignment", "oidc().assignments().read, find", "";
    DeleteOidcAssignment: "oidc-delete-assignment", "oidc().assignments().delete", "";
    ListOidcAssignments: "oidc-list-assignments", "oidc().assignments().list", "";
    WriteOidcScope: "oidc-write-scope", "oidc().scopes().write", "";
    ReadOidcScope: "oidc-read-scope", "oidc().scopes().read, find", "";
    DeleteOidcScope: "oidc-delete-scope", "oidc().scopes().delete", "";
    ListOidcScopes: "oidc-list-scopes", "oidc().scopes().list", "";
    WriteOidcClient: "oidc-write-client", "oidc().clients().write", "";
    ReadOidcClient: "oidc-read-client", "oidc().clients().read, find", "";
    DeleteOidcClient: "oidc-delete-client", "oidc().clients().delete", "";
    ListOidcClients: "oidc-list-clients", "oidc().clients().list", "";
    WriteOidcProvider: "oidc-write-provider", "oidc().providers().write", "";
    ReadOidcProvider: "oidc-read-provider", "oidc().providers().read, find", "";
    DeleteOidcProvider: "oidc-delete-provider", "oidc().providers().delete", "";
    ListOidcProviders: "oidc-list-providers", "oidc().providers().list, list_for_client", "";
    ReadProviderDiscovery: "oidc-read-provider-open-id-configuration", "oidc().providers().discovery", "";
    ReadProviderJwks: "oidc-read-provider-public-keys", "oidc().providers().jwks", "";
    AuthorizeOidc: "oidc-provider-authorize", "oidc().providers().authorize", "";
    AuthorizeOidcByPost: "oidc-provider-authorize-with-parameters", "call", "";
    ExchangeOidcToken: "oidc-provider-token", "oidc().providers().exchange", "";
    ReadUserInfo: "oidc-provider-user-info", "oidc().providers().user_info", "";
    ReadUserInfoByPost: "oidc-provider-user-info2", "call", "";
    ReadMfaMethod: "mfa-read-method-configuration", "mfa().read, find", "";
    ListMfaMethods: "mfa-list-methods", "mfa().list", "";
    CreateTotpMethod: "mfa-create-totp-method", "mfa().totp().create", "";
    ReadTotpMethod: "mfa-read-totp-method-configuration", "mfa().totp().read, find", "";
    UpdateTotpMethod: "mfa-configure-totp-method", "mfa().totp().update", "";
    DeleteTotpMethod: "mfa-delete-totp-method", "mfa().totp().delete", "";
    ListTotpMethods: "mfa-list-totp-methods", "mfa().totp().list", "";
    CreateOktaMethod: "mfa-create-okta-method", "mfa().okta().create", "";
    ReadOktaMethod: "mfa-read-okta-method-configuration", "mfa().okta().read, find", "";
    UpdateOktaMethod: "mfa-configure-okta-method", "mfa().okta().update", "";
    DeleteOktaMethod: "mfa-delete-okta-method", "mfa().okta().delete", "";
    ListOktaMethods: "mfa-list-okta-methods", "mfa().okta().list", "";
    CreateDuoMethod: "mfa-create-duo-method", "mfa().duo().create", "";
    ReadDuoMethod: "mfa-read-duo-method-configuration", "mfa().duo().read, find", "";
    UpdateDuoMethod: "mfa-configure-duo-method", "mfa().duo().update", "";
    DeleteDuoMethod: "mfa-delete-duo-method", "mfa().duo().delete", "";
    ListDuoMethods: "mfa-list-duo-methods", "mfa().duo().list", "";
    CreatePingIdMethod: "mfa-create-ping-id-method", "mfa().ping_id().create", "";
    ReadPingIdMethod: "mfa-read-ping-id-method-configuration", "mfa().ping_id().read, find", "";
    UpdatePingIdMethod: "mfa-configure-ping-id-method", "mfa().ping_id().update", "";
    DeletePingIdMethod: "mfa-delete-ping-id-method", "mfa().ping_id().delete", "";
    ListPingIdMethods: "mfa-list-ping-id-methods", "mfa().ping_id().list", "";
    GenerateTotpSecret: "mfa-generate-totp-secret", "mfa().totp().generate", "";
    AdminGenerateTotpSecret: "mfa-admin-generate-totp-secret", "mfa().totp().admin_generate", "";
    AdminDestroyTotpSecret: "mfa-admin-destroy-totp-secret", "mfa().totp().admin_destroy", "";
    WriteLoginEnforcement: "mfa-write-login-enforcement", "mfa().enforcements().write", "";
    ReadLoginEnforcement: "mfa-read-login-enforcement", "mfa().enforcements().read, find", "";
    DeleteLoginEnforcement: "mfa-delete-login-enforcement", "mfa().enforcements().delete", "";
    ListLoginEnforcements: "mfa-list-login-enforcements", "mfa().enforcements().list", "";
    legacy::CreateAlias: "alias-create", "call", "";
    legacy::ReadAlias: "alias-read-by-id", "call", "";
    legacy::UpdateAlias: "alias-update-by-id", "call", "";
    legacy::DeleteAlias: "alias-delete-by-id", "call", "";
    legacy::ListAliases: "alias-list-by-id", "call", "";
    legacy::CreatePersona: "persona-create", "call", "";
    legacy::ReadPersona: "persona-read-by-id", "call", "";
    legacy::UpdatePersona: "persona-update-by-id", "call", "";
    legacy::DeletePersona: "persona-delete-by-id", "call", "";
    legacy::ListPersonas: "persona-list-by-id", "call", "";
}
