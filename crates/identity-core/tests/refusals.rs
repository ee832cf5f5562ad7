//! Bad input is an error that names the parameter, before anything is sent.

use std::error::Error as _;
use std::time::Duration;

use identity_core::*;

/// A table of refusals: `value => the parameter that the error names;`
macro_rules! refused {
    ($($endpoint:expr => $parameter:literal;)*) => {
        $(assert_eq!(parameter(&$endpoint), $parameter, "{}", stringify!($endpoint));)*
    };
}

fn target() -> Target {
    Target::new("http://vault.test").expect("an address")
}

/// The parameter for which `endpoint` is refused; `(none)` if it is not.
fn parameter<E: Endpoint>(endpoint: &E) -> String {
    let Err(error) = endpoint.request(&target()) else { return "(none)".to_owned() };
    assert_eq!(error.to_string(), format!("{} {} was not sent", E::METHOD, E::PATH));
    assert!(!error.is_retryable() && !error.may_have_been_applied());
    let ErrorKind::Request(refusal) = error.kind() else { panic!("{error:?}") };
    let parameter = refusal.parameter();
    let text = error.source().expect("a source").to_string();
    assert!(text.starts_with(&format!("`{parameter}` ")), "{text}");
    parameter.to_owned()
}

const SECOND: Duration = Duration::from_secs(1);
const FRACTION: Duration = Duration::from_millis(1500);

#[test]
fn empty_values_in_a_path() {
    refused! {
        ReadEntityById::new("") => "id";
        UpdateEntityById::new("") => "id";
        DeleteEntityById::new("") => "id";
        ReadEntityByName::new("") => "name";
        WriteEntityByName::new("") => "name";
        DeleteEntityByName::new("") => "name";
        ReadEntityAliasById::new("") => "id";
        UpdateEntityAliasById::new("") => "id";
        DeleteEntityAliasById::new("") => "id";
        ReadGroupById::new("") => "id";
        UpdateGroupById::new("") => "id";
        DeleteGroupById::new("") => "id";
        ReadGroupByName::new("") => "name";
        WriteGroupByName::new("") => "name";
        DeleteGroupByName::new("") => "name";
        ReadGroupAliasById::new("") => "id";
        UpdateGroupAliasById::new("", "n", "m") => "id";
        DeleteGroupAliasById::new("") => "id";
        ReadOidcKey::new("") => "name";
        WriteOidcKey::new("") => "name";
        DeleteOidcKey::new("") => "name";
        RotateOidcKey::new("") => "name";
        ReadOidcRole::new("") => "name";
        WriteOidcRole::new("", "k") => "name";
        DeleteOidcRole::new("") => "name";
        GenerateIdToken::new("") => "role";
    }
}

#[test]
fn empty_values_in_a_body() {
    refused! {
        CreateEntity::named("") => "name";
        CreateEntity::unnamed().id("") => "id";
        UpdateEntityById::new("e1").name("") => "name";
        WriteEntityByName::new("alice").id("") => "id";
        MergeEntities::new("", ["e2"]) => "to_entity_id";
        MergeEntities::new("e1", ["e2", ""]) => "from_entity_ids";
        MergeEntities::new("e1", ["e2"]).conflicting_alias_ids_to_keep(["a1", ""]) => "conflicting_alias_ids_to_keep";
        BatchDeleteEntities::new(["e1", ""]) => "entity_ids";
        CreateEntityAlias::new("", "m") => "name";
        CreateEntityAlias::new("n", "") => "mount_accessor";
        CreateEntityAlias::new("n", "m").canonical_id("") => "canonical_id";
        CreateEntityAlias::new("n", "m").id("") => "id";
        UpdateEntityAliasById::new("a1").name("") => "name";
        UpdateEntityAliasById::new("a1").mount_accessor("") => "mount_accessor";
        UpdateEntityAliasById::new("a1").canonical_id("") => "canonical_id";
        CreateGroup::named("") => "name";
        CreateGroup::unnamed().id("") => "id";
        CreateGroup::named("g").member_entity_ids(["e1", ""]) => "member_entity_ids";
        CreateGroup::named("g").member_group_ids(["g1", ""]) => "member_group_ids";
        UpdateGroupById::new("g1").name("") => "name";
        UpdateGroupById::new("g1").member_entity_ids([""]) => "member_entity_ids";
        UpdateGroupById::new("g1").member_group_ids([""]) => "member_group_ids";
        WriteGroupByName::new("g").member_entity_ids([""]) => "member_entity_ids";
        WriteGroupByName::new("g").member_group_ids([""]) => "member_group_ids";
        CreateGroupAlias::new("", "m") => "name";
        CreateGroupAlias::new("n", "") => "mount_accessor";
        CreateGroupAlias::new("n", "m").canonical_id("") => "canonical_id";
        CreateGroupAlias::new("n", "m").id("") => "id";
        UpdateGroupAliasById::new("ga1", "", "m") => "name";
        UpdateGroupAliasById::new("ga1", "n", "") => "mount_accessor";
        UpdateGroupAliasById::new("ga1", "n", "m").canonical_id("") => "canonical_id";
        LookupEntity::by_id("") => "id";
        LookupEntity::by_name("") => "name";
        LookupEntity::by_alias_id("") => "alias_id";
        LookupEntity::by_alias("", "m") => "alias_name";
        LookupEntity::by_alias("n", "") => "alias_mount_accessor";
        LookupGroup::by_id("") => "id";
        LookupGroup::by_name("") => "name";
        LookupGroup::by_alias_id("") => "alias_id";
        LookupGroup::by_alias("", "m") => "alias_name";
        LookupGroup::by_alias("n", "") => "alias_mount_accessor";
        WriteOidcKey::new("web").allowed_client_ids(["c1", ""]) => "allowed_client_ids";
        WriteOidcRole::new("app", "") => "key";
        IntrospectIdToken::new("e.y.J").client_id("") => "client_id";
    }
}

#[test]
fn names_that_a_path_cannot_carry() {
    for name in [
        ".",
        "..",
        "../x",
        "x/..",
        "a/../b",
        "./a",
        "a/.",
        "a/./b",
        "/..",
        "../",
        "a\0b",
        "a\nb",
        "\t",
        "a\rb",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "a\u{2028}b",
        "\u{3000}",
        "\u{1680}",
    ] {
        assert_eq!(parameter(&ReadEntityByName::new(name)), "name", "{name:?}");
        assert_eq!(parameter(&WriteEntityByName::new(name)), "name", "{name:?}");
        assert_eq!(parameter(&DeleteEntityByName::new(name)), "name", "{name:?}");
        assert_eq!(parameter(&ReadGroupByName::new(name)), "name", "{name:?}");
        assert_eq!(parameter(&WriteGroupByName::new(name)), "name", "{name:?}");
        assert_eq!(parameter(&DeleteGroupByName::new(name)), "name", "{name:?}");
    }
}

#[test]
fn writes_by_a_name_that_ends_in_a_slash() {
    refused! {
        WriteEntityByName::new("a/") => "name";
        WriteGroupByName::new("a/") => "name";
        WriteGroupByName::new("/") => "name";
        // Reading and deleting them works.
        ReadEntityByName::new("a/") => "(none)";
        DeleteGroupByName::new("a/") => "(none)";
    }
}

#[test]
fn names_like_dots_that_are_none() {
    for name in
        ["...", "a.", ".a", "..a", "a..", " ", "a b", "/a", "a//b", "\\..\\", "%2e%2e", "~", "{name}", "😀"]
    {
        assert_eq!(parameter(&WriteEntityByName::new(name)), "(none)", "{name:?}");
    }
}

#[test]
fn identifiers_and_oidc_names_are_slugs() {
    for text in [
        "a b", "a/b", "/a", "a/", "-a", "a-", ".a", "a.", ".", "..", "ü", "a%b", "a?b", "a#b", "a\n", "{id}",
        "а",
    ] {
        assert_eq!(parameter(&ReadEntityById::new(text)), "id", "{text:?}");
        assert_eq!(parameter(&UpdateEntityById::new(text)), "id", "{text:?}");
        assert_eq!(parameter(&DeleteEntityById::new(text)), "id", "{text:?}");
        assert_eq!(parameter(&ReadEntityAliasById::new(text)), "id", "{text:?}");
        assert_eq!(parameter(&UpdateEntityAliasById::new(text)), "id", "{text:?}");
        assert_eq!(parameter(&DeleteEntityAliasById::new(text)), "id", "{text:?}");
        assert_eq!(parameter(&ReadGroupById::new(text)), "id", "{text:?}");
        assert_eq!(parameter(&UpdateGroupById::new(text)), "id", "{text:?}");
        assert_eq!(parameter(&DeleteGroupById::new(text)), "id", "{text:?}");
        assert_eq!(parameter(&ReadGroupAliasById::new(text)), "id", "{text:?}");
        assert_eq!(parameter(&UpdateGroupAliasById::new(text, "n", "m")), "id", "{text:?}");
        assert_eq!(parameter(&DeleteGroupAliasById::new(text)), "id", "{text:?}");
        assert_eq!(parameter(&ReadOidcKey::new(text)), "name", "{text:?}");
        assert_eq!(parameter(&WriteOidcKey::new(text)), "name", "{text:?}");
        assert_eq!(parameter(&DeleteOidcKey::new(text)), "name", "{text:?}");
        assert_eq!(parameter(&RotateOidcKey::new(text)), "name", "{text:?}");
        assert_eq!(parameter(&ReadOidcRole::new(text)), "name", "{text:?}");
        assert_eq!(parameter(&WriteOidcRole::new(text, "k")), "name", "{text:?}");
        assert_eq!(parameter(&DeleteOidcRole::new(text)), "name", "{text:?}");
        assert_eq!(parameter(&GenerateIdToken::new(text)), "role", "{text:?}");
    }
    for text in ["a", "_", "0", "a-b", "a.b", "7fbd40c1-0a1b.498jXM", "a--b"] {
        assert_eq!(parameter(&ReadEntityById::new(text)), "(none)", "{text:?}");
    }
}

#[test]
fn values_that_the_server_would_refuse_or_misread() {
    refused! {
        WriteOidcKey::new("web").rotation_period(FRACTION) => "rotation_period";
        WriteOidcKey::new("web").verification_ttl(FRACTION) => "verification_ttl";
        RotateOidcKey::new("web").verification_ttl(Duration::from_nanos(1)) => "verification_ttl";
        WriteOidcRole::new("app", "web").ttl(FRACTION) => "ttl";
        Wrap::new(ReadOidcConfig, FRACTION) => "ttl";
        Wrap::new(ReadOidcConfig, Duration::ZERO) => "ttl";
        Wrap::new(ReadOidcConfig, Duration::from_millis(1)) => "ttl";
        Wrap::new(ReadOidcConfig, SECOND) => "(none)";

        CreateGroup::named("g").group_type(GroupType::External).member_entity_ids(["e1"]) => "member_entity_ids";
        CreateGroup::named("g").group_type(GroupType::External).member_entity_ids([""; 0]) => "member_entity_ids";
        CreateGroup::named("g").group_type(GroupType::External).member_group_ids(["g1"]) => "member_group_ids";
        UpdateGroupById::new("g1").group_type(GroupType::External).member_entity_ids(["e1"]) => "member_entity_ids";
        UpdateGroupById::new("g1").group_type(GroupType::External).member_group_ids([""; 0]) => "member_group_ids";
        WriteGroupByName::new("g").group_type(GroupType::External).member_entity_ids(["e1"]) => "member_entity_ids";
        WriteGroupByName::new("g").group_type("external").member_group_ids(["g1"]) => "member_group_ids";

        MergeEntities::new("e1", [""; 0]) => "from_entity_ids";
        MergeEntities::new("e1", ["e2", "e1"]) => "from_entity_ids";
        BatchDeleteEntities::new([""; 0]) => "entity_ids";
        BatchDeleteEntities::new(vec!["e1"; 1000]) => "entity_ids";
        BatchDeleteEntities::new(vec!["e1"; 999]) => "(none)";
    }
}

#[test]
fn wrappers_refuse_what_the_wrapped_refuses() {
    refused! {
        Maybe(ReadEntityById::new("")) => "id";
        WithMeta(ReadEntityByName::new("..")) => "name";
        Wrap::new(MergeEntities::new("e1", ["e1"]), SECOND) => "from_entity_ids";
        UnwrapResponse::<ReadEntityById>::new("") => "token";
        UnwrapResponse::<ReadEntityById>::new("a b") => "token";
        UnwrapResponse::<ReadEntityById>::new("a\nb") => "token";
    }
}

#[test]
fn a_url_too_long_is_an_error() {
    for length in [30_000, 65_000, 65_534, 65_535, 65_536, 70_000, 200_000] {
        let read = ReadEntityByName::new("x".repeat(length));
        assert_eq!(read.request(&target()).is_ok(), length < 65_500, "{length}");
    }
}

#[test]
fn addresses() {
    for address in [
        "",
        " ",
        "vault",
        "vault.test:8200",
        "127.0.0.1:8200",
        "//vault.test",
        "/vault",
        "*",
        "http:",
        "http://",
        "https:///v1",
        "http:vault.test",
        "ftp://vault.test",
        "unix:///run/vault.sock",
        "ws://vault.test",
        " http://vault.test",
        "http://vault.test ",
        "http://vault .test",
        "http://vault.test\n",
        "http://vault.test/\0",
        "http://[::1",
        "http://::1",
        "http://bücher.test",
        "http://vault.test:80:80",
        "http://vault.test?x",
        "http://vault.test/?x=1",
        "http://vault.test/#top",
        "http://root@vault.test",
        "http://root:hunter2@vault.test",
        "http://@vault.test",
        "http://vault.test/..",
        "http://vault.test/a/../b",
        "http://vault.test/./a",
    ] {
        let error = Target::new(address).expect_err(address);
        assert_eq!(error.parameter(), "address", "{address:?}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn tokens_namespaces_and_mounts() {
    for token in ["", " ", "a b", "a\nb", "s.x\r\n", "\0", "tökén", "\u{7f}"] {
        let error = target().with_token(token).expect_err(token);
        assert_eq!(error.parameter(), "token", "{token:?}");
    }
    for namespace in ["a\nb", "\n", "a\rb", "\0", "\u{7f}", "a\tb", "..", "a/../b", "./a", "/./"] {
        let error = target().with_namespace(namespace).expect_err(namespace);
        assert_eq!(error.parameter(), "namespace", "{namespace:?}");
    }
    for mount in ["", "/", "a\nb", "..", "a/../b", "."] {
        let error = target().with_mount(mount).expect_err(mount);
        assert_eq!(error.parameter(), "mount", "{mount:?}");
    }
}

#[test]
fn parameter_by_another_name() {
    let error = target().with_token("").unwrap_err().of("VAULT_TOKEN");
    assert_eq!(error.parameter(), "VAULT_TOKEN");
    assert!(error.to_string().starts_with("`VAULT_TOKEN` must be "), "{error}");
}

/// An operation of someone else, who made a mistake.
struct Mistaken(fn(Draft) -> Result<Draft, RequestError>);

impl Endpoint for Mistaken {
    type Output = ();
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "kv/{mount}/{path}";

    fn encode(&self, draft: Draft) -> Result<Draft, RequestError> {
        (self.0)(draft)
    }

    fn decode(reply: Reply<'_>) -> Result<(), ReplyError> {
        reply.empty()
    }
}

#[test]
fn own_endpoints_are_checked_too() {
    fn filled(draft: Draft) -> Result<Draft, RequestError> {
        draft.param("mount", "m")?.slug("path", "p")
    }
    fn header(draft: Draft, name: &'static str, value: &str) -> Result<Draft, RequestError> {
        filled(draft)?.header(http::HeaderName::from_static(name), value)
    }
    refused! {
        Mistaken(filled) => "(none)";
        Mistaken(Ok) => "mount";
        Mistaken(|draft| draft.param("mount", "m")) => "path";
        Mistaken(|draft| draft.param("path", "{mount}")) => "mount";
        Mistaken(|draft| draft.param("name", "x")) => "name";
        Mistaken(|draft| draft.slug("pat", "x")) => "pat";
        Mistaken(|draft| filled(draft)?.param("path", "again")) => "path";
        Mistaken(|draft| draft.param("mount", "")) => "mount";
        Mistaken(|draft| draft.slug("mount", "a/b")) => "mount";
        Mistaken(|draft| filled(draft)?.json(&map_with_list_keys())) => "body";
        Mistaken(|draft| filled(draft)?.token(&SecretString::from(""))) => "token";
        Mistaken(|draft| filled(draft)?.bearer(&SecretString::from("a\nb"))) => "token";
        Mistaken(|draft| header(draft, "x-vault-token", "s.x")) => "header";
        Mistaken(|draft| header(draft, "authorization", "Bearer x")) => "header";
        Mistaken(|draft| header(draft, "host", "x")) => "header";
        Mistaken(|draft| header(draft, "content-length", "0")) => "header";
        Mistaken(|draft| header(draft, "x-mine", "a\nb")) => "header";
        Mistaken(|draft| header(draft, "x-mine", "a")) => "(none)";
    }
}

/// A map that JSON has no form for.
fn map_with_list_keys() -> std::collections::BTreeMap<Vec<u8>, u8> {
    std::collections::BTreeMap::from([(vec![1], 1)])
}
