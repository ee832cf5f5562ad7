//! A path parameter arrives unchanged and in its place, or is rejected.

use http::Request;
use identity_core::bytes::Bytes;
use identity_core::legacy;
use identity_core::prelude::*;
use percent_encoding::percent_decode_str;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::target;

/// Every endpoint with a text in its path, as a function of that text, and what comes before and after it.
type InPath = (fn(&Target, String) -> Result<Request<Bytes>, Error>, &'static str, &'static str);

/// Those that take any name.
const READ_BY_NAME: &[InPath] = &[
    (|target, name| ReadEntityByName::new(name).request(target), "entity/name/", ""),
    (|target, name| DeleteEntityByName::new(name).request(target), "entity/name/", ""),
    (|target, name| ReadGroupByName::new(name).request(target), "group/name/", ""),
    (|target, name| DeleteGroupByName::new(name).request(target), "group/name/", ""),
];

/// Those that take any name but one that ends in a slash.
const WRITE_BY_NAME: &[InPath] = &[
    (|target, name| WriteEntityByName::new(name).request(target), "entity/name/", ""),
    (|target, name| WriteGroupByName::new(name).request(target), "group/name/", ""),
];

/// Those that take an identifier or a name of letters and digits.
const SLUGS: &[InPath] = &[
    (|target, id| ReadEntityById::new(id).request(target), "entity/id/", ""),
    (|target, id| UpdateEntityById::new(id).request(target), "entity/id/", ""),
    (|target, id| DeleteEntityById::new(id).request(target), "entity/id/", ""),
    (|target, id| ReadEntityAliasById::new(id).request(target), "entity-alias/id/", ""),
    (|target, id| UpdateEntityAliasById::new(id).request(target), "entity-alias/id/", ""),
    (|target, id| DeleteEntityAliasById::new(id).request(target), "entity-alias/id/", ""),
    (|target, id| ReadGroupById::new(id).request(target), "group/id/", ""),
    (|target, id| UpdateGroupById::new(id).request(target), "group/id/", ""),
    (|target, id| DeleteGroupById::new(id).request(target), "group/id/", ""),
    (|target, id| ReadGroupAliasById::new(id).request(target), "group-alias/id/", ""),
    (
        |target, id| UpdateGroupAliasById::new(id).name("n").mount_accessor("m").request(target),
        "group-alias/id/",
        "",
    ),
    (|target, id| DeleteGroupAliasById::new(id).request(target), "group-alias/id/", ""),
    (|target, name| ReadOidcKey::new(name).request(target), "oidc/key/", ""),
    (|target, name| WriteOidcKey::new(name).request(target), "oidc/key/", ""),
    (|target, name| DeleteOidcKey::new(name).request(target), "oidc/key/", ""),
    (|target, name| RotateOidcKey::new(name).request(target), "oidc/key/", "/rotate"),
    (|target, name| ReadOidcRole::new(name).request(target), "oidc/role/", ""),
    (|target, name| WriteOidcRole::update(name).request(target), "oidc/role/", ""),
    (|target, name| DeleteOidcRole::new(name).request(target), "oidc/role/", ""),
    (|target, role| GenerateIdToken::new(role).request(target), "oidc/token/", ""),
    (|target, name| WriteOidcAssignment::new(name).request(target), "oidc/assignment/", ""),
    (|target, name| ReadOidcAssignment::new(name).request(target), "oidc/assignment/", ""),
    (|target, name| DeleteOidcAssignment::new(name).request(target), "oidc/assignment/", ""),
    (|target, name| WriteOidcScope::new(name).request(target), "oidc/scope/", ""),
    (|target, name| ReadOidcScope::new(name).request(target), "oidc/scope/", ""),
    (|target, name| DeleteOidcScope::new(name).request(target), "oidc/scope/", ""),
    (|target, name| WriteOidcClient::new(name).request(target), "oidc/client/", ""),
    (|target, name| ReadOidcClient::new(name).request(target), "oidc/client/", ""),
    (|target, name| DeleteOidcClient::new(name).request(target), "oidc/client/", ""),
    (|target, name| WriteOidcProvider::new(name).request(target), "oidc/provider/", ""),
    (|target, name| ReadOidcProvider::new(name).request(target), "oidc/provider/", ""),
    (|target, name| DeleteOidcProvider::new(name).request(target), "oidc/provider/", ""),
    (
        |target, name| ReadProviderDiscovery::new(name).request(target),
        "oidc/provider/",
        "/.well-known/openid-configuration",
    ),
    (|target, name| ReadProviderJwks::new(name).request(target), "oidc/provider/", "/.well-known/keys"),
    (|target, name| AuthorizeOidcByPost(authorize(name)).request(target), "oidc/provider/", "/authorize"),
    (
        |target, name| {
            ExchangeOidcToken::client_credentials(name, ClientAuth::basic("c", "s")).request(target)
        },
        "oidc/provider/",
        "/token",
    ),
    (|target, name| ReadUserInfo::new(name, "access").request(target), "oidc/provider/", "/userinfo"),
    (
        |target, name| ReadUserInfoByPost(ReadUserInfo::new(name, "access")).request(target),
        "oidc/provider/",
        "/userinfo",
    ),
    (
        |target, name| WriteLoginEnforcement::new(name, ["m"]).auth_method_types(["t"]).request(target),
        "mfa/login-enforcement/",
        "",
    ),
    (|target, name| ReadLoginEnforcement::new(name).request(target), "mfa/login-enforcement/", ""),
    (|target, name| DeleteLoginEnforcement::new(name).request(target), "mfa/login-enforcement/", ""),
    (|target, id| legacy::ReadAlias::new(id).request(target), "alias/id/", ""),
    (|target, id| legacy::UpdateAlias::new(id).request(target), "alias/id/", ""),
    (|target, id| legacy::DeleteAlias::new(id).request(target), "alias/id/", ""),
    (|target, id| legacy::ReadPersona::new(id).request(target), "persona/id/", ""),
    (|target, id| legacy::UpdatePersona::new(id).request(target), "persona/id/", ""),
    (|target, id| legacy::DeletePersona::new(id).request(target), "persona/id/", ""),
];

/// By the identifier of an MFA method.
const UUIDS: &[InPath] = &[
    (|target, id| ReadMfaMethod::new(id).request(target), "mfa/method/", ""),
    (|target, id| ReadTotpMethod::new(id).request(target), "mfa/method/totp/", ""),
    (|target, id| UpdateTotpMethod::new(id, TotpParams::new("i")).request(target), "mfa/method/totp/", ""),
    (|target, id| DeleteTotpMethod::new(id).request(target), "mfa/method/totp/", ""),
    (|target, id| ReadOktaMethod::new(id).request(target), "mfa/method/okta/", ""),
    (
        |target, id| UpdateOktaMethod::new(id, OktaParams::new("o", "t")).request(target),
        "mfa/method/okta/",
        "",
    ),
    (|target, id| DeleteOktaMethod::new(id).request(target), "mfa/method/okta/", ""),
    (|target, id| ReadDuoMethod::new(id).request(target), "mfa/method/duo/", ""),
    (
        |target, id| UpdateDuoMethod::new(id, DuoParams::new("s", "i", "h")).request(target),
        "mfa/method/duo/",
        "",
    ),
    (|target, id| DeleteDuoMethod::new(id).request(target), "mfa/method/duo/", ""),
    (|target, id| ReadPingIdMethod::new(id).request(target), "mfa/method/pingid/", ""),
    (
        |target, id| UpdatePingIdMethod::new(id, PingIdParams::new("f")).request(target),
        "mfa/method/pingid/",
        "",
    ),
    (|target, id| DeletePingIdMethod::new(id).request(target), "mfa/method/pingid/", ""),
];

fn authorize(provider: String) -> AuthorizeOidc {
    AuthorizeOidc::without_code_challenge(provider, "c", "https://app.test")
}

/// All endpoints with a text in their path are above; of `AuthorizeOidc` the one by `POST` stands for both.
#[test]
fn every_endpoint_with_a_parameter_is_in_a_table() {
    let with_parameter = ENDPOINTS.iter().filter(|endpoint| endpoint.path.contains('{')).count();
    assert_eq!(READ_BY_NAME.len() + WRITE_BY_NAME.len() + SLUGS.len() + UUIDS.len() + 1, with_parameter);
}

/// The text that a request carries in its path, where all around it is as it should be.
fn carried(request: &Request<Bytes>, before: &str, after: &str) -> String {
    assert_eq!(request.uri().host(), Some("vault.test"));
    assert_eq!(request.uri().query(), None);
    let path = request.uri().path();
    let segment = path
        .strip_prefix(&format!("/proxy/v1/identity/{before}"))
        .and_then(|rest| rest.strip_suffix(after))
        .unwrap_or_else(|| panic!("{path}"));
    assert!(!segment.is_empty() && !segment.contains(['/', '?', '#', '{', '}']), "{path}");
    assert!(segment != "." && segment != "..", "{path}");
    percent_decode_str(segment).decode_utf8().expect("UTF-8").into_owned()
}

/// Names with many of the characters that mean something in a URL.
fn tricky() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[./%?#&;+ a]{0,4}",
        Just("..".to_owned()),
        Just("%2F".to_owned()),
        "\\PC{0,3}",
        any::<String>(),
    ];
    vec(part, 0..5).prop_map(|parts| parts.join("/"))
}

/// Characters that the server does not print: of control, for formatting, for private use, and blanks other
/// than the space.
const NON_PRINTABLE: &str = "[\\p{Cc}\\p{Cf}\\p{Co}\\p{Zl}\\p{Zp}[\\p{Zs}--\\x20]]";

/// Whether a path can carry `name`, which has no characters for formatting or private use, said in another
/// way than the library does.
fn fits(name: &str) -> bool {
    let dotted = format!("/{name}/");
    !name.is_empty()
        && !dotted.contains("/./")
        && !dotted.contains("/../")
        && name.split(' ').all(|part| !part.contains(|char: char| char.is_whitespace() || char.is_control()))
}

fn arrives_if(endpoints: &[InPath], text: &str, allowed: bool) -> Result<(), TestCaseError> {
    for (request, before, after) in endpoints {
        match request(&target(), text.to_owned()) {
            Ok(request) => {
                prop_assert!(allowed, "{text:?} went through");
                prop_assert_eq!(carried(&request, before, after), text);
            }
            Err(_) => prop_assert!(!allowed, "{text:?} was rejected"),
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn names_arrive_unchanged_or_are_rejected(name in prop_oneof![tricky(), any::<String>()]) {
        arrives_if(READ_BY_NAME, &name, fits(&name))?;
        arrives_if(WRITE_BY_NAME, &name, fits(&name) && !name.ends_with('/'))?;
    }

    #[test]
    fn only_uuids_name_mfa_methods(
        id in prop_oneof!["[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[0-9a-fA-F-]{36}", "(admin-)?generate", any::<String>()],
    ) {
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        let digits = id.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        arrives_if(UUIDS, &id, digits && lengths == [8, 4, 4, 4, 12])?;
    }

    #[test]
    fn names_with_non_printable_characters_are_rejected(before in "\\PC{0,3}", non_printable in NON_PRINTABLE, after in "\\PC{0,3}") {
        let name = format!("{before}{non_printable}{after}");
        arrives_if(READ_BY_NAME, &name, false)?;
        arrives_if(WRITE_BY_NAME, &name, false)?;
    }

    #[test]
    fn identifiers_arrive_unchanged_or_are_rejected(id in prop_oneof!["[a-zA-Z0-9_.-]{0,12}", tricky(), any::<String>()]) {
        let alphanumeric = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let edges = id.starts_with(alphanumeric) && id.ends_with(alphanumeric);
        arrives_if(SLUGS, &id, edges && id.chars().all(|char| alphanumeric(char) || char == '-' || char == '.'))?;
    }

    #[test]
    fn addresses_tokens_namespaces_and_mounts_never_panic(text in any::<String>(), name in tricky()) {
        for text in [text, name.clone(), format!("http://{name}"), format!("http://h/{name}")] {
            let Ok(target) = Target::new(&text).or_else(|_| Target::new("http://vault.test")) else { unreachable!() };
            let target = target.clone().with_token(text.clone()).unwrap_or(target);
            let target = target.clone().with_namespace(&text).unwrap_or(target);
            let target = target.clone().with_mount(&text).unwrap_or(target);
            let request = ReadOidcConfig::new().request(&target).expect("a request without parameters");
            prop_assert!(request.uri().path().ends_with("/oidc/config"), "{}", request.uri());
        }
    }

    #[test]
    fn bodies_are_what_was_set(
        name in "\\PC+", policies in vec(any::<String>(), 0..3), metadata in btree_map("[a-zA-Z0-9=/+_-]{1,128}", any::<String>(), 0..3),
    ) {
        let create = CreateEntity::named(&name).policies(policies.clone()).metadata(metadata.clone());
        let request = create.request(&target()).unwrap();
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        prop_assert_eq!(body, json!({ "name": name, "policies": policies, "metadata": metadata }));
    }
}
