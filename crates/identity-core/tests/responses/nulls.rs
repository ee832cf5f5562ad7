//! `null` is as good as a field that is not there.

use std::fmt::Debug;

use identity_core::prelude::*;

use crate::{chain, response};

/// In Vault's envelope.
const DATA: fn(&str) -> String = |fields| format!(r#"{{"data":{{{fields}}}}}"#);
/// The result itself.
const BARE: fn(&str) -> String = |fields| format!("{{{fields}}}");
/// The information of a list on a key.
const INFO: fn(&str) -> String =
    |fields| format!(r#"{{"data":{{"keys":["x"],"key_info":{{"x":{{{fields}}}}}}}}}"#);

/// Decodes a response with the required fields alone, and a response in which all others are `null`.
#[track_caller]
fn same<E: Endpoint<Output: Debug>>(body: fn(&str) -> String, needed: &str, optional: &str) {
    let nulls = optional.split_whitespace().map(|name| format!(r#""{name}":null"#));
    let needed = (!needed.is_empty()).then(|| needed.to_owned());
    let all: Vec<_> = needed.iter().cloned().chain(nulls).collect();
    let [absent, null] = [needed.unwrap_or_default(), all.join(",")].map(|fields| {
        let value = E::parse_response(&response(200, body(&fields)));
        let value = value.unwrap_or_else(|error| panic!("{fields}: {}", chain(&error)));
        format!("{value:?}")
    });
    assert_eq!(absent, null);
}

#[test]
fn entities_and_groups() {
    const ID: &str = r#""id":"x""#;
    same::<ReadEntityById>(
        DATA,
        ID,
        "name namespace_id metadata policies disabled aliases direct_group_ids inherited_group_ids group_ids
         merged_entity_ids creation_time last_update_time",
    );
    same::<ReadGroupById>(
        DATA,
        ID,
        "name type namespace_id metadata policies member_entity_ids member_group_ids parent_group_ids alias
         modify_index creation_time last_update_time",
    );
    same::<ReadEntityAliasById>(
        DATA,
        ID,
        "name mount_accessor mount_path mount_type metadata custom_metadata local merged_from_canonical_ids
         namespace_id creation_time last_update_time",
    );
    same::<CreateEntity>(DATA, r#""id":"x","name":"n""#, "aliases");
    same::<ListEntities>(INFO, "", "name aliases");
    same::<ListGroups>(INFO, "", "name num_member_entities num_parent_groups alias");
    same::<ListEntityAliases>(
        INFO,
        "",
        "name mount_accessor mount_path mount_type metadata custom_metadata local",
    );
}

#[test]
fn identity_tokens() {
    same::<ReadOidcKey>(
        DATA,
        r#""algorithm":"ES256""#,
        "allowed_client_ids rotation_period verification_ttl",
    );
    same::<ReadOidcRole>(DATA, r#""key":"k""#, "client_id template ttl");
    same::<GenerateIdToken>(DATA, r#""token":"t""#, "client_id ttl");
    same::<IntrospectIdToken>(BARE, r#""active":true"#, "error");
    same::<ReadDiscovery>(
        BARE,
        r#""issuer":"i""#,
        "jwks_uri response_types_supported subject_types_supported id_token_signing_alg_values_supported",
    );
    same::<LookupWrappingToken>(DATA, r#""creation_path":"p""#, "creation_time creation_ttl");
}

#[test]
fn mounts_and_policies() {
    const MOUNT: &str = "description local seal_wrap external_entropy_access options plugin_version
                         running_plugin_version running_sha256 deprecation_status uuid config";
    same::<ReadAuthMount>(DATA, r#""accessor":"a","type":"userpass""#, MOUNT);
    same::<ListVisibleMounts>(DATA, "", "auth secret");
    same::<ReadAuthMountTuning>(DATA, "", "token_type listing_visibility force_no_cache description options");
    same::<ReadPolicy>(
        DATA,
        "",
        "name policy version cas_required modified expiration allow_wildcards_in_identity_templates
         allow_slashes_in_identity_templates",
    );
}

#[test]
fn provider() {
    const CLIENT: &str = "client_id client_type key redirect_uris assignments id_token_ttl access_token_ttl
                          authorization_code client_credentials";
    const PROVIDER: &str = "issuer allowed_client_ids scopes_supported";
    same::<ReadOidcAssignment>(DATA, "", "entity_ids group_ids");
    same::<ReadOidcScope>(DATA, "", "template description");
    same::<ReadOidcClient>(DATA, "", &format!("{CLIENT} client_secret"));
    same::<ListOidcClients>(INFO, "", CLIENT);
    same::<ReadOidcProvider>(DATA, "", PROVIDER);
    same::<ListOidcProviders>(INFO, "", PROVIDER);
    same::<ReadProviderDiscovery>(
        BARE,
        r#""issuer":"i""#,
        "jwks_uri authorization_endpoint token_endpoint userinfo_endpoint request_parameter_supported
         request_uri_parameter_supported id_token_signing_alg_values_supported response_types_supported
         scopes_supported claims_supported subject_types_supported grant_types_supported
         token_endpoint_auth_methods_supported",
    );
    same::<AuthorizeOidc>(BARE, r#""code":"c""#, "state");
    same::<AuthorizeOidcByPost>(BARE, r#""code":"c""#, "state");
    same::<ExchangeOidcToken>(BARE, r#""access_token":"a""#, "id_token token_type expires_in");
}

#[test]
fn second_factors() {
    const ID: &str = r#""id":"x""#;
    const INFO_OF_ALL: &str = "type name namespace_id namespace_path";
    let totp =
        format!("{INFO_OF_ALL} issuer period key_size qr_size algorithm digits skew max_validation_attempts");
    let okta = format!("{INFO_OF_ALL} org_name base_url production username_format mount_accessor");
    let duo = format!("{INFO_OF_ALL} api_hostname pushinfo use_passcode username_format mount_accessor");
    let ping_id = format!("{INFO_OF_ALL} use_signature idp_url org_alias admin_url authenticator_url");
    same::<ReadMfaMethod>(DATA, ID, INFO_OF_ALL);
    same::<ReadTotpMethod>(DATA, ID, &totp);
    same::<ListTotpMethods>(INFO, ID, &totp);
    same::<ReadOktaMethod>(DATA, ID, &okta);
    same::<ListOktaMethods>(INFO, ID, &okta);
    same::<ReadDuoMethod>(DATA, ID, &duo);
    same::<ListDuoMethods>(INFO, ID, &duo);
    same::<ReadPingIdMethod>(DATA, ID, &ping_id);
    same::<ListPingIdMethods>(INFO, ID, &ping_id);
    same::<GenerateTotpSecret>(DATA, r#""url":"otpauth://totp/x""#, "barcode");
    same::<AdminGenerateTotpSecret>(DATA, r#""url":"otpauth://totp/x""#, "barcode");
    let enforcement =
        "id name namespace_id namespace_path mfa_method_ids auth_method_accessors auth_method_types
                       identity_group_ids identity_entity_ids";
    same::<ReadLoginEnforcement>(DATA, "", enforcement);
    same::<ListLoginEnforcements>(INFO, "", enforcement);
}
