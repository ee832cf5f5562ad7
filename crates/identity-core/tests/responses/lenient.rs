//! The representations of empty values, and values that this crate does not know.

use std::time::Duration;

use identity_core::prelude::*;

use crate::{outcome, response, value};

#[test]
fn absent_null_and_empty_are_the_same() {
    let mut entity = Entity::default();
    entity.id = "e1".into();
    for data in [
        r#"{"id":"e1"}"#,
        r#"{"id":"e1","policies":null,"metadata":null,"aliases":null,"merged_entity_ids":null,"disabled":null}"#,
        r#"{"id":"e1","policies":[],"metadata":{},"aliases":[],"merged_entity_ids":[],"disabled":false}"#,
        r#"{"id":"e1","direct_group_ids":null,"inherited_group_ids":null,"group_ids":null}"#,
        r#"{"id":"e1","creation_time":null,"last_update_time":""}"#,
        r#"{"id":"e1","new_in_some_later_version":{"a":[1,2,{"b":null}]}}"#,
    ] {
        assert_eq!(value::<ReadEntityById>(data), entity, "{data}");
        assert_eq!(value::<ReadEntityByName>(data), entity, "{data}");
        assert_eq!(value::<LookupEntity>(data), Some(entity.clone()), "{data}");
    }

    let mut group = Group::default();
    group.id = "g1".into();
    for data in [
        r#"{"id":"g1"}"#,
        r#"{"id":"g1","alias":{},"type":"internal"}"#,
        r#"{"id":"g1","alias":null}"#,
        r#"{"id":"g1","policies":null,"metadata":null,"member_entity_ids":null,"member_group_ids":null,"parent_group_ids":null}"#,
        r#"{"id":"g1","policies":[],"metadata":{},"member_entity_ids":[],"member_group_ids":[],"parent_group_ids":[]}"#,
    ] {
        assert_eq!(value::<ReadGroupById>(data), group, "{data}");
        assert_eq!(value::<LookupGroup>(data), Some(group.clone()), "{data}");
    }

    let mut alias = EntityAlias::default();
    alias.id = "a1".into();
    for data in [
        r#"{"id":"a1"}"#,
        r#"{"id":"a1","metadata":null,"custom_metadata":null,"merged_from_canonical_ids":null,"local":null}"#,
        r#"{"id":"a1","metadata":{},"custom_metadata":{},"merged_from_canonical_ids":[],"namespace_id":""}"#,
    ] {
        assert_eq!(value::<ReadEntityAliasById>(data), alias, "{data}");
    }

    for data in
        ["{}", r#"{"keys":null}"#, r#"{"keys":[]}"#, r#"{"keys":[],"key_info":null}"#, r#"{"key_info":{}}"#]
    {
        assert_eq!(value::<ListEntities>(data), KeyList::default(), "{data}");
        assert!(value::<ListGroupNames>(data).is_empty(), "{data}");
    }
    assert_eq!(value::<ReadOidcConfig>(r#"{"issuer":null}"#), OidcConfig::default());
    assert_eq!(value::<ReadOidcRole>(r#"{"key":"","template":null,"ttl":null}"#), OidcRole::default());
    assert_eq!(
        value::<ReadOidcKey>(r#"{"algorithm":"RS256","allowed_client_ids":null}"#),
        OidcKey::default()
    );
    assert_eq!(ReadJwks::parse_response(&response(200, r#"{"keys":null}"#)).unwrap(), Jwks::default());
}

#[test]
fn unknown_words_are_kept() {
    let group = value::<ReadGroupById>(r#"{"id":"g1","type":"dynamic"}"#);
    assert_eq!(group.group_type, GroupType::Other("dynamic".to_owned()));
    assert_eq!(group.group_type.to_string(), "dynamic");

    let key = value::<ReadOidcKey>(r#"{"algorithm":"ML-DSA-65"}"#);
    assert_eq!(key.algorithm, SigningAlgorithm::Other("ML-DSA-65".to_owned()));
    assert_eq!(key.algorithm.as_str(), "ML-DSA-65");

    let key = r#"{"alg":"ML-DSA-65","key_ops":["verify"],"kty":"AKP","pub":"x","use":"sig"}"#;
    let jwks = ReadJwks::parse_response(&response(200, format!(r#"{{"keys":[{key}]}}"#))).unwrap();
    assert_eq!(jwks.keys[0].alg, Some(SigningAlgorithm::Other("ML-DSA-65".to_owned())));
    assert_eq!(jwks.keys[0].parameters["pub"], "x");
    assert_eq!(serde_json::to_value(&jwks.keys[0]).unwrap().to_string(), key);
}

#[test]
fn mount_that_is_gone_is_none() {
    for gone in ["", r#","mount_path":"","mount_type":"""#, r#","mount_path":null,"mount_type":null"#] {
        let alias = format!(r#"{{"id":"a1","name":"alice","mount_accessor":"auth_userpass_1"{gone}}}"#);
        let read = value::<ReadEntityAliasById>(&alias);
        let of_entity = value::<ReadEntityById>(&format!(r#"{{"id":"e1","aliases":[{alias}]}}"#));
        let of_group = value::<ReadGroupById>(&format!(r#"{{"id":"g1","alias":{alias}}}"#));
        let of_group = of_group.alias.expect("an alias");
        let info = value::<ListEntityAliases>(&format!(r#"{{"keys":["a1"],"key_info":{{"a1":{alias}}}}}"#));
        let list = format!(r#"{{"keys":["e1"],"key_info":{{"e1":{{"name":"n","aliases":[{alias}]}}}}}}"#);
        let summary = value::<ListEntities>(&list);
        for (path, kind) in [
            (&read.mount_path, &read.mount_type),
            (&of_entity.aliases[0].mount_path, &of_entity.aliases[0].mount_type),
            (&of_group.mount_path, &of_group.mount_type),
            (&info.key_info["a1"].mount_path, &info.key_info["a1"].mount_type),
            (&summary.key_info["e1"].aliases[0].mount_path, &summary.key_info["e1"].aliases[0].mount_type),
        ] {
            assert_eq!((path, kind), (&None, &None), "{alias}");
        }
    }
}

#[test]
fn list_can_be_decoded_from_any_deserializer() {
    let text = r#"{"keys":["e1","e2"],"key_info":{"e1":{"name":"alice"}}}"#;
    let list: KeyList<EntityId, EntityInfo> = serde_json::from_str(text).unwrap();
    assert_eq!(list.key_info["e1"].name, "alice");
    assert_eq!(serde_json::from_reader::<_, KeyList<_, _>>(text.as_bytes()).unwrap(), list);
    assert_eq!(serde_json::from_value::<KeyList<_, _>>(serde_json::to_value(&list).unwrap()).unwrap(), list);
}

#[test]
fn odd_entry_of_a_list_spoils_only_itself() {
    for odd in [
        "5",
        "null",
        "[1]",
        "\"text\"",
        r#"{"name":5}"#,
        r#"{"aliases":"none"}"#,
        r#"{"aliases":[{"id":5}]}"#,
    ] {
        let data = format!(
            r#"{{"keys":["e1","e2","e3"],"key_info":{{"e1":{{"name":"one"}},"e2":{odd},"e3":{{"name":"three"}}}}}}"#
        );
        let list = value::<ListEntities>(&data);
        let names: Vec<_> =
            list.iter().map(|(id, info)| (id.as_str(), info.map(|info| &*info.name))).collect();
        assert_eq!(names, [("e1", Some("one")), ("e2", None), ("e3", Some("three"))], "{odd}");
    }
}

#[test]
fn odd_public_key_spoils_only_itself() {
    let good = r#"{"kty":"RSA","kid":"a","n":"x","e":"AQAB"}"#;
    for odd in [
        r#"{"kty":5}"#,
        r#"{"kid":"b"}"#,
        r#"{"kty":"EC","kid":5}"#,
        r#"{"kty":"EC","alg":[]}"#,
        "{}",
        "null",
        "5",
        "[]",
    ] {
        let jwks = response(200, format!(r#"{{"keys":[{odd},{good},{odd}]}}"#));
        for keys in [
            ReadJwks::parse_response(&jwks).unwrap().keys,
            ReadProviderJwks::parse_response(&jwks).unwrap().keys,
        ] {
            assert_eq!(keys.iter().map(|key| &*key.kid).collect::<Vec<_>>(), ["a"], "{odd}");
        }
    }
}

#[test]
fn odd_warning_spoils_only_itself() {
    for odd in ["null", "5", "{}", r#"["w"]"#] {
        let body =
            format!(r#"{{"request_id":"r1","data":{{"issuer":""}},"warnings":[{odd},"one",{odd},"two"]}}"#);
        let (_, meta) = WithMeta::<ReadOidcConfig>::parse_response(&response(200, body)).unwrap();
        assert_eq!(meta.request_id.as_deref(), Some("r1"), "{odd}");
        assert_eq!(meta.warnings, ["one", "two"], "{odd}");
    }
}

#[test]
fn key_without_info_is_listed() {
    let list = value::<ListGroups>(
        r#"{"keys":["g1","g2"],"key_info":{"g2":{"name":"two","alias":{}},"g9":{"name":"nine"}}}"#,
    );
    let names: Vec<_> = list.iter().map(|(id, info)| (id.as_str(), info.map(|info| &*info.name))).collect();
    assert_eq!(names, [("g1", None), ("g2", Some("two"))]);
    assert_eq!((list.len(), list.into_iter().count()), (2, 2));
}

#[test]
fn durations_come_in_many_forms() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (ttl, expected) in [
        ("3600", seconds(3600)),
        ("0", seconds(0)),
        ("null", seconds(0)),
        ("18446744073709551615", seconds(u64::MAX)),
        (r#""3600""#, seconds(3600)),
        (r#""24h""#, seconds(86_400)),
        (r#""1h30m""#, seconds(5400)),
        (r#""768h0m0s""#, seconds(2_764_800)),
        ("-1", None),
        ("1.5", None),
        ("18446744073709551616", None),
        ("true", None),
        ("[]", None),
        (r#""soon""#, None),
        (r#""-1h""#, None),
        (r#""99999999999999999999h""#, None),
    ] {
        let response = response(200, format!(r#"{{"data":{{"token":"t","key":"k","ttl":{ttl}}}}}"#));
        assert_eq!(ReadOidcRole::parse_response(&response).ok().map(|role| role.ttl), expected, "{ttl}");
        assert_eq!(GenerateIdToken::parse_response(&response).ok().map(|token| token.ttl), expected, "{ttl}");
    }
}

#[test]
fn responses_with_an_unusual_body() {
    // Another server or version may send more than needed: 200 with data, 202, or 204 with a body.
    for (status, body, expected) in [
        (200, r#"{"data":{"id":"e1"},"warnings":["w"]}"#, "value"),
        (202, r#"{"request_id":"r1"}"#, "value"),
        (204, "{}", "value"),
        // These are of a proxy, and state nothing about the operation.
        (200, "", "undecodable"),
        (200, "{}", "undecodable"),
        (202, "{}", "undecodable"),
        (200, r#"{"status":"ok"}"#, "undecodable"),
        (200, r#"{"errors":[]}"#, "undecodable"),
        (200, r#"{"errors":["permission denied"]}"#, "undecodable"),
        (200, r#"{"request_id":"r1","errors":["permission denied"]}"#, "undecodable"),
    ] {
        assert_eq!(outcome::<DeleteEntityById>(&response(status, body)), expected, "{status} {body}");
        assert_eq!(outcome::<UpdateGroupById>(&response(status, body)), expected, "{status} {body}");
        assert_eq!(outcome::<WriteOidcConfig>(&response(status, body)), expected, "{status} {body}");
    }
    for body in ["{}", r#"{"errors":[]}"#, r#"{"errors":["no"]}"#, r#"{"request_id":"r1","errors":["no"]}"#] {
        assert_eq!(outcome::<CreateEntity>(&response(200, body)), "undecodable", "{body}");
        assert_eq!(outcome::<CreateEntityAlias>(&response(200, body)), "undecodable", "{body}");
        assert_eq!(outcome::<LookupEntity>(&response(200, body)), "undecodable", "{body}");
    }
    for body in [r#"{"errors":[]}"#, r#" { "errors" : ["no"], "data": null }"#] {
        assert_eq!(outcome::<ReadJwks>(&response(200, body)), "undecodable", "{body}");
        assert_eq!(outcome::<ReadUserInfo>(&response(200, body)), "undecodable", "{body}");
    }
}

#[test]
fn meta_contains_warnings_and_the_request_id() {
    let body = r#"{"request_id":"r1","data":null,"warnings":["issuer is set"]}"#;
    let ((), meta) = WithMeta::<WriteOidcConfig>::parse_response(&response(200, body)).unwrap();
    assert_eq!(meta.request_id.as_deref(), Some("r1"));
    assert_eq!(meta.warnings, ["issuer is set"]);
    for (status, body) in [(204, ""), (200, r#"{"request_id":"","data":null,"warnings":null}"#)] {
        let ((), meta) = WithMeta::<WriteOidcConfig>::parse_response(&response(status, body)).unwrap();
        assert_eq!(meta, Meta::default(), "{status} {body}");
    }
}

#[test]
fn wrapped_responses_have_several_forms() {
    let info = r#"{"token":"s.w","accessor":"a","ttl":60,"creation_time":"2026-11-21T19:43:06.25Z","creation_path":"identity/entity"}"#;
    let wrapped = response(200, format!(r#"{{"request_id":"","data":null,"wrap_info":{info}}}"#));
    let info = Wrap::<CreateEntity>::parse_response(&wrapped).unwrap().wrapped().expect("a token");
    assert_eq!((info.token.expose_secret(), info.ttl.as_secs()), ("s.w", 60));
    assert_eq!(info.creation_path, "identity/entity");
    assert_eq!(info.creation_time.unwrap().to_string(), "2026-11-21T19:43:06.25Z");
    assert_eq!(info.wrapped_accessor, None);

    // Nothing to keep: an update, an empty list, absence.
    let plain = Wrap::<CreateEntity>::parse_response(&response(204, "")).unwrap();
    assert!(matches!(plain, Wrapped::Plain(Upsert::Updated)));
    for messages in ["[]", r#"["unsupported path"]"#] {
        let response = response(404, format!(r#"{{"errors":{messages}}}"#));
        let Wrapped::Plain(list) = Wrap::<ListEntities>::parse_response(&response).unwrap() else {
            panic!("{messages}")
        };
        assert!(list.is_empty(), "{messages}");
    }
    let absent = Wrap::<Maybe<ReadEntityById>>::parse_response(&response(404, r#"{"errors":[]}"#)).unwrap();
    assert!(matches!(absent, Wrapped::Plain(None)));

    // Errors are never wrapped, and a wrong path remains one.
    for (status, messages) in [
        (404, r#"["1 error occurred:\n\t* unsupported path\n\n"]"#),
        (404, r#"["namespace not found"]"#),
        (400, r#"["unsupported path"]"#),
        (403, r#"["permission denied"]"#),
    ] {
        let response = response(status, format!(r#"{{"errors":{messages}}}"#));
        assert_eq!(outcome::<Wrap<ListEntities>>(&response), "api error", "{messages}");
    }
    let read = response(404, r#"{"errors":["unsupported path"]}"#);
    assert!(!Wrap::<ReadEntityById>::parse_response(&read).unwrap_err().is_not_found());
    assert_eq!(outcome::<Wrap<Maybe<ReadEntityById>>>(&read), "api error");
}
