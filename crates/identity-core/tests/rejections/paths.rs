//! What a path carries.

use identity_core::prelude::*;

use crate::{parameter, rejected};

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
        // For formatting, or for private use: the server does not print them.
        "a\u{ad}b",
        "a\u{61c}b",
        "a\u{180e}b",
        "a\u{200b}b",
        "a\u{200d}b",
        "a\u{202e}b",
        "a\u{2066}b",
        "\u{feff}a",
        "\u{fff9}",
        "\u{13430}",
        "\u{e0001}",
        "\u{e000}",
        "\u{f8ff}",
        "\u{f0000}",
        "\u{10fffd}",
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
    rejected! {
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

/// The server rejects characters that it does not know.
#[test]
fn characters_that_no_unicode_knows_yet() {
    for name in ["a\u{378}b", "\u{2fe0}", "\u{fffe}", "\u{1ffff}"] {
        assert_eq!(parameter(&ReadEntityByName::new(name)), "(none)", "{name:?}");
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
        assert_eq!(
            parameter(&UpdateGroupAliasById::new(text).name("n").mount_accessor("m")),
            "id",
            "{text:?}"
        );
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
fn paths_too_long_for_a_url() {
    // With `/v1/identity/entity/name/` they are 60,000 bytes long, and `é` takes six.
    for (char, most) in [("x", 59_975), ("é", 9995)] {
        for (length, expected) in
            [(most, "(none)"), (most + 1, "name"), (65_535, "name"), (65_536, "name"), (200_000, "name")]
        {
            let read = ReadEntityByName::new(char.repeat(length));
            assert_eq!(parameter(&read), expected, "{length} times {char}");
        }
    }
    let long = || "x".repeat(60_000);
    rejected! {
        WriteGroupByName::new(long()) => "name";
        ReadEntityById::new(long()) => "id";
        GenerateIdToken::new(long()) => "role";
        ReadUserInfo::new(long(), "access") => "provider";
        ReadMfaMethod::new(long()) => "method_id";
        Wrap::new(ReadEntityByName::new(long()), crate::SECOND) => "name";
        // What a body carries may be as long as it likes.
        LookupEntity::by_name(long()) => "(none)";
        // A query is rejected as a whole.
        ListOidcProviders::for_client("x".repeat(66_000)) => "path";
    }
}
