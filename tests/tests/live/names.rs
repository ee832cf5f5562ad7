use vault_identity::Upsert;
use vault_identity::entity::{CreateEntity, UpdateEntityById, WriteEntityByName};
use vault_identity::error::ErrorKind;
use vault_identity::group::{CreateGroup, UpdateGroupById, WriteGroupByName};
use vault_identity::lookup::{LookupEntity, LookupGroup};

use async_trait::async_trait;
use vault_identity::bytes::Bytes;
use vault_identity::http::{Request, Response};
use vault_identity::transport::{HyperTransport, TransportError};
use vault_identity::{Client, Transport};

use crate::space::Space;

/// Names that a path can carry if they are percent-encoded.
const NAMES: [&str; 31] = [
    "plain",
    "Mixed Case",
    "a b",
    " a",
    "a ",
    "a/b",
    "a%2Fb",
    "/a",
    "a//b",
    "a.b",
    ".hidden",
    "a..",
    "..a",
    "a..b",
    "...",
    "list",
    "ü",
    "日本",
    "🦀",
    "a?b#c",
    "a+b&c",
    "a=b;c",
    "\"q\"",
    "%",
    "%00",
    "a\\b",
    "{name}",
    "a:b@c",
    "*",
    "~-_",
    "$[]!'()",
];

/// Names that a path cannot carry: they are written and looked up in bodies, and read by identifier.
const BODY_ONLY_NAMES: [&str; 7] = [".", "..", "a/../b", "./a", "tab\there", "line\nbreak", "nul\0"];

#[tokio::test]
async fn entities_with_any_name_are_written_and_read() {
    let Some(space) = Space::new("names-entities") else { return };
    let (entities, lookup) = (space.client.entities(), space.client.lookup());
    for name in NAMES {
        let write = WriteEntityByName::new(name).metadata([("step", "1")]);
        let created = entities.write_by_name(&write).await.unwrap().created();
        let created = created.unwrap_or_else(|| panic!("{name} is another's name"));
        assert_eq!(created.name, name);

        let write = WriteEntityByName::new(name).metadata([("step", "2")]);
        assert_eq!(entities.write_by_name(&write).await.unwrap(), Upsert::Updated, "{name}");
        assert_eq!(entities.create(&CreateEntity::named(name)).await.unwrap(), Upsert::Updated, "{name}");
        let read = entities.read_by_name(name).await.unwrap();
        assert_eq!((&*read.name, &read.id, &*read.metadata["step"]), (name, &created.id, "2"));
        assert_eq!(entities.read(&created.id).await.unwrap(), read);
        assert_eq!(lookup.entity(&LookupEntity::by_name(name)).await.unwrap(), Some(read));
    }
    let mut listed = entities.list_names().await.unwrap().keys;
    listed.sort();
    let mut expected = NAMES;
    expected.sort_unstable();
    assert_eq!(listed, expected);

    for (gone, name) in NAMES.into_iter().enumerate() {
        for _ in 0..2 {
            entities.delete_by_name(name).await.unwrap();
            assert_eq!(entities.find_by_name(name).await.unwrap(), None, "{name}");
            assert_eq!(entities.list_names().await.unwrap().len(), NAMES.len() - gone - 1, "{name}");
        }
    }
}

#[tokio::test]
async fn groups_with_any_name_are_written_and_read() {
    let Some(space) = Space::new("names-groups") else { return };
    let (groups, lookup) = (space.client.groups(), space.client.lookup());
    for name in NAMES {
        let write = WriteGroupByName::new(name).metadata([("step", "1")]);
        let created = groups.write_by_name(&write).await.unwrap().created();
        let created = created.unwrap_or_else(|| panic!("{name} is another's name"));
        assert_eq!(created.name, name);

        let write = WriteGroupByName::new(name).metadata([("step", "2")]);
        assert_eq!(groups.write_by_name(&write).await.unwrap(), Upsert::Updated, "{name}");
        assert_eq!(groups.create(&CreateGroup::named(name)).await.unwrap(), Upsert::Updated, "{name}");
        let read = groups.read_by_name(name).await.unwrap();
        assert_eq!((&*read.name, &read.id, &*read.metadata["step"]), (name, &created.id, "2"));
        assert_eq!(groups.read(&created.id).await.unwrap(), read);
        assert_eq!(lookup.group(&LookupGroup::by_name(name)).await.unwrap(), Some(read));
    }
    let mut listed = groups.list_names().await.unwrap().keys;
    listed.sort();
    let mut expected = NAMES;
    expected.sort_unstable();
    assert_eq!(listed, expected);

    for (gone, name) in NAMES.into_iter().enumerate() {
        for _ in 0..2 {
            groups.delete_by_name(name).await.unwrap();
            assert_eq!(groups.find_by_name(name).await.unwrap(), None, "{name}");
            assert_eq!(groups.list_names().await.unwrap().len(), NAMES.len() - gone - 1, "{name}");
        }
    }
}

#[tokio::test]
async fn names_are_case_insensitive_and_case_preserving() {
    let Some(space) = Space::new("names-case") else { return };
    let (entities, groups) = (space.client.entities(), space.client.groups());
    let id = entities.write_by_name(&WriteEntityByName::new("McKay")).await.unwrap().created().unwrap().id;
    let group = groups.write_by_name(&WriteGroupByName::new("McKay")).await.unwrap().created().unwrap().id;
    for name in ["mckay", "MCKAY", "McKay"] {
        assert_eq!(entities.write_by_name(&WriteEntityByName::new(name)).await.unwrap(), Upsert::Updated);
        assert_eq!(groups.write_by_name(&WriteGroupByName::new(name)).await.unwrap(), Upsert::Updated);
        assert_eq!(entities.read_by_name(name).await.unwrap().id, id);
        assert_eq!(groups.read_by_name(name).await.unwrap().id, group);
        let found = space.client.lookup().entity(&LookupEntity::by_name(name)).await.unwrap();
        assert_eq!(found.unwrap().id, id);
        let found = space.client.lookup().group(&LookupGroup::by_name(name)).await.unwrap();
        assert_eq!(found.unwrap().id, group);
    }
    assert_eq!(entities.list_names().await.unwrap().keys, ["McKay"]);
    assert_eq!(groups.list_names().await.unwrap().keys, ["McKay"]);
    entities.delete_by_name("mckay").await.unwrap();
    groups.delete_by_name("mckay").await.unwrap();
    assert!(entities.list().await.unwrap().is_empty() && groups.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_slash_and_an_encoded_slash_are_two_names() {
    let Some(space) = Space::new("names-slash") else { return };
    let entities = space.client.entities();
    let slash = entities.write_by_name(&WriteEntityByName::new("a/b")).await.unwrap().created().unwrap();
    let encoded = entities.write_by_name(&WriteEntityByName::new("a%2Fb")).await.unwrap().created().unwrap();
    assert_ne!(slash.id, encoded.id);
    assert_eq!(entities.read_by_name("a/b").await.unwrap().id, slash.id);
    entities.delete_by_name("a%2Fb").await.unwrap();
    assert_eq!(entities.list().await.unwrap().keys, [slash.id]);
}

#[tokio::test]
async fn names_that_a_path_cannot_carry_are_sent_in_bodies() {
    let Some(space) = Space::new("names-unspeakable") else { return };
    let (entities, groups, lookup) = (space.client.entities(), space.client.groups(), space.client.lookup());
    for name in BODY_ONLY_NAMES {
        let id = entities.create(&CreateEntity::named(name)).await.unwrap().created().unwrap().id;
        let group = groups.create(&CreateGroup::named(name)).await.unwrap().created().unwrap().id;
        let calls = space.calls().len();
        for error in [
            entities.write_by_name(&WriteEntityByName::new(name)).await.unwrap_err(),
            entities.find_by_name(name).await.unwrap_err(),
            entities.delete_by_name(name).await.unwrap_err(),
            groups.write_by_name(&WriteGroupByName::new(name)).await.unwrap_err(),
            groups.read_by_name(name).await.unwrap_err(),
            groups.delete_by_name(name).await.unwrap_err(),
        ] {
            assert!(matches!(error.kind(), ErrorKind::Request(_)), "{name:?}: {error}");
        }
        assert_eq!(space.calls().len(), calls, "{name:?} was sent in a path");

        let entity = lookup.entity(&LookupEntity::by_name(name)).await.unwrap().unwrap();
        assert_eq!((&entity.id, &*entity.name), (&id, name));
        let found = lookup.group(&LookupGroup::by_name(name)).await.unwrap().unwrap();
        assert_eq!((&found.id, &*found.name), (&group, name));
        assert!(entities.list_names().await.unwrap().keys.contains(&name.to_owned()));

        entities.update(&UpdateEntityById::new(&id).name("renamed")).await.unwrap();
        groups.update(&UpdateGroupById::new(&group).name("renamed")).await.unwrap();
        assert_eq!(lookup.entity(&LookupEntity::by_name(name)).await.unwrap(), None);
        assert_eq!(lookup.group(&LookupGroup::by_name(name)).await.unwrap(), None);
        entities.delete(&id).await.unwrap();
        groups.delete(&group).await.unwrap();
    }
}

/// The server returns no message for these either: non-printable characters, such as the joiner of emoji.
#[tokio::test]
async fn a_non_printable_name_is_an_error_and_not_absent() {
    let Some(space) = Space::new("names-unprintable") else { return };
    let entities = space.client.entities();
    for name in ["a\u{200b}b", "👩\u{200d}🔬", "a\u{a0}b", "\u{2028}", "\u{e000}"] {
        let id = entities.create(&CreateEntity::named(name)).await.unwrap().created().unwrap().id;
        for error in [
            entities.find_by_name(name).await.unwrap_err(),
            entities.delete_by_name(name).await.unwrap_err(),
            entities.write_by_name(&WriteEntityByName::new(name)).await.unwrap_err(),
        ] {
            assert!(!error.is_not_found() && !error.is_retryable(), "{name:?}: {error:?}");
        }
        let found = space.client.lookup().entity(&LookupEntity::by_name(name)).await.unwrap();
        assert_eq!(found.unwrap().id, id);
    }
}

#[tokio::test]
async fn a_long_name_is_sent_up_to_the_limit_of_a_url() {
    let Some(space) = Space::new("names-long") else { return };
    let entities = space.client.entities();
    let long = "x".repeat(20_000);
    let id = entities.write_by_name(&WriteEntityByName::new(&long)).await.unwrap().created().unwrap().id;
    assert_eq!(entities.read_by_name(&long).await.unwrap().id, id);
    let longer = "ü".repeat(20_000);
    let error = entities.write_by_name(&WriteEntityByName::new(&longer)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error:?}");
    let id = entities.create(&CreateEntity::named(&longer)).await.unwrap().created().unwrap().id;
    let found = space.client.lookup().entity(&LookupEntity::by_name(&longer)).await.unwrap();
    assert_eq!(found.unwrap().id, id);
}

#[tokio::test]
async fn a_trailing_slash_is_written_in_bodies_only() {
    let Some(space) = Space::new("names-trailing-slash") else { return };
    let entities = space.client.entities();
    let error = entities.write_by_name(&WriteEntityByName::new("a/")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error}");
    let id = entities.create(&CreateEntity::named("a/")).await.unwrap().created().unwrap().id;
    let other = entities.create(&CreateEntity::named("a")).await.unwrap().created().unwrap().id;
    assert_eq!(entities.create(&CreateEntity::named("a/")).await.unwrap(), Upsert::Updated);
    let found = space.client.lookup().entity(&LookupEntity::by_name("a/")).await.unwrap();
    assert_eq!(found.unwrap().id, id);
    assert_eq!(entities.read_by_name("a/").await.unwrap().id, id);
    assert_eq!(entities.read_by_name("a").await.unwrap().id, other);
    entities.delete_by_name("a/").await.unwrap();
    assert_eq!(entities.list().await.unwrap().keys, [other]);
}

/// A proxy that rejects the same paths as Traefik, and forwards all others.
struct Proxy(HyperTransport);

#[async_trait]
impl Transport for Proxy {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let path = request.uri().path();
        if ["%2F", "%5C", "%25", "%3B", "%3F", "%23"].iter().any(|encoded| path.contains(encoded)) {
            let rejection = Response::builder().status(400).header("content-type", "text/plain");
            return Ok(rejection.body(Bytes::from_static(b"Bad Request")).expect("a response"));
        }
        self.0.send(request).await
    }
}

#[tokio::test]
async fn names_that_a_proxy_rejects_work_by_lookup_and_in_bodies() {
    let Some(space) = Space::new("names-proxy") else { return };
    let target = space.client.target().clone();
    let rejected = Client::new(target.clone(), Proxy(HyperTransport::new()));
    let client = Client::new(target.with_names_in_body(true), Proxy(HyperTransport::new()));
    for name in ["plain", "team/x", "a%2Fb", "a;b", "a?b", "a#b", "a\\b"] {
        let (entities, groups) = (client.entities(), client.groups());
        assert!(entities.find_by_name(name).await.unwrap().is_none(), "{name}");
        assert!(entities.read_by_name(name).await.unwrap_err().is_not_found(), "{name}");
        assert!(groups.find_by_name(name).await.unwrap().is_none(), "{name}");
        assert!(groups.read_by_name(name).await.unwrap_err().is_not_found(), "{name}");
        entities.delete_by_name(name).await.unwrap();
        groups.delete_by_name(name).await.unwrap();

        let entity = WriteEntityByName::new(name).policies(["dev"]).metadata([("team", "eng")]);
        let id = entities.write_by_name(&entity).await.unwrap().created().unwrap().id;
        assert_eq!(
            entities.write_by_name(&entity.policies(["ops"])).await.unwrap(),
            Upsert::Updated,
            "{name}"
        );
        let read = entities.read_by_name(name).await.unwrap();
        assert_eq!(
            (read.id, &*read.name, &*read.policies[0], &*read.metadata["team"]),
            (id, name, "ops", "eng")
        );
        let group = WriteGroupByName::new(name).policies(["dev"]);
        let id = groups.write_by_name(&group).await.unwrap().created().unwrap().id;
        assert_eq!(groups.write_by_name(&group.policies(["ops"])).await.unwrap(), Upsert::Updated, "{name}");
        let read = groups.read_by_name(name).await.unwrap();
        assert_eq!((read.id, &*read.name, &*read.policies[0]), (id, name, "ops"));

        if name != "plain" {
            let error = rejected.entities().read_by_name(name).await.unwrap_err();
            assert!(error.to_string().contains("Target::with_names_in_body"), "{error}");
            assert!(!error.to_string().contains(name), "{error}");
        }
        entities.delete_by_name(name).await.unwrap();
        groups.delete_by_name(name).await.unwrap();
        assert!(entities.find_by_name(name).await.unwrap().is_none(), "{name}");
        assert!(groups.find_by_name(name).await.unwrap().is_none(), "{name}");
    }
    // Errors of the server itself, and of other paths, have no hint.
    let read = client.entities().read("nobody").await.unwrap_err();
    assert!(read.is_not_found() && !read.to_string().contains("with_names"), "{read}");
}
