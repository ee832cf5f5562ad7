//! `decode(respond(output))` is `output`.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use http::StatusCode;
use identity_core::prelude::*;
use identity_core::test_response::{self, EncodeResponse};
use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::{bool, option};

/// A value of a type that only its own crate can name field by field.
macro_rules! value {
    ($type:ty { $($field:ident: $value:expr),* $(,)? }) => {{
        let mut value = <$type>::default();
        $(value.$field = $value;)*
        value
    }};
}

fn text() -> impl Strategy<Value = String> {
    "(?s).{0,8}"
}

/// A text that may be missing, which the server represents as the empty text.
fn some_text() -> impl Strategy<Value = Option<String>> {
    option::of("\\PC{1,6}")
}

fn id<I: From<String> + Debug>() -> impl Strategy<Value = I> {
    text().prop_map(I::from)
}

fn ids<I: From<String> + Debug>() -> impl Strategy<Value = Vec<I>> {
    vec(id(), 0..3)
}

fn map() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map(text(), text(), 0..3)
}

fn seconds() -> impl Strategy<Value = Duration> {
    any::<u64>().prop_map(Duration::from_secs)
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    let first = Timestamp::MIN.as_second();
    let last = Timestamp::MAX.as_second();
    let time = (first + 1..last, 0..1_000_000_000_i32);
    option::of(time.prop_map(|(second, part)| Timestamp::new(second, part).expect("in range")))
}

fn alias<I, C>() -> impl Strategy<Value = Alias<I, C>>
where
    I: From<String> + Debug + Default,
    C: From<String> + Debug + Default,
{
    let names = (id::<I>(), id::<C>(), text(), id());
    let mount = (some_text(), some_text(), some_text());
    let rest = (map(), map(), bool::ANY, ids::<C>(), time(), time());
    (names, mount, rest).prop_map(
        |((id, canonical_id, name, mount_accessor), (path, kind, namespace), rest)| {
            let (metadata, custom_metadata, local, merged, creation_time, last_update_time) = rest;
            value!(Alias<I, C> {
                id: id, canonical_id: canonical_id, name: name, mount_accessor: mount_accessor,
                mount_path: path, mount_type: kind, namespace_id: namespace,
                metadata: metadata, custom_metadata: custom_metadata, local: local,
                merged_from_canonical_ids: merged,
                creation_time: creation_time, last_update_time: last_update_time,
            })
        },
    )
}

fn entity() -> impl Strategy<Value = Entity> {
    let own = (id(), text(), text(), map(), vec(text(), 0..3), bool::ANY);
    let others = (vec(alias(), 0..3), ids(), ids(), ids(), ids());
    (own, others, time(), time()).prop_map(|(own, others, creation_time, last_update_time)| {
        let (id, name, namespace_id, metadata, policies, disabled) = own;
        let (aliases, direct, inherited, group_ids, merged) = others;
        value!(Entity {
            id: id,
            name: name,
            namespace_id: namespace_id,
            metadata: metadata,
            policies: policies,
            disabled: disabled,
            aliases: aliases,
            direct_group_ids: direct,
            inherited_group_ids: inherited,
            group_ids: group_ids,
            merged_entity_ids: merged,
            creation_time: creation_time,
            last_update_time: last_update_time,
        })
    })
}

fn group() -> impl Strategy<Value = Group> {
    let own = (id(), text(), text(), text(), map(), vec(text(), 0..3), any::<u64>());
    let others = (ids(), ids(), ids(), option::of(alias()));
    (own, others, time(), time()).prop_map(|(own, others, creation_time, last_update_time)| {
        let (id, name, group_type, namespace_id, metadata, policies, modify_index) = own;
        let (entities, groups, parents, alias) = others;
        value!(Group {
            id: id,
            name: name,
            group_type: group_type.into(),
            namespace_id: namespace_id,
            metadata: metadata,
            policies: policies,
            modify_index: modify_index,
            member_entity_ids: entities,
            member_group_ids: groups,
            parent_group_ids: parents,
            alias: alias,
            creation_time: creation_time,
            last_update_time: last_update_time,
        })
    })
}

fn summary<I: From<String> + Debug + Default>() -> impl Strategy<Value = AliasRef<I>> {
    (id::<I>(), text(), id(), some_text(), some_text()).prop_map(|(id, name, accessor, path, kind)| {
        value!(AliasRef<I> { id: id, name: name, mount_accessor: accessor, mount_path: path, mount_type: kind })
    })
}

/// Keys, with information on some of them.
fn list<K, I: Debug>(info: impl Strategy<Value = I>) -> impl Strategy<Value = KeyList<K, I>>
where
    K: From<String> + Debug + Ord + Clone,
{
    vec((id::<K>(), option::of(info)), 0..5).prop_map(|entries| {
        let mut list = KeyList::default();
        for (key, info) in entries {
            list.keys.push(key.clone());
            list.key_info.extend(info.map(|info| (key, info)));
        }
        list
    })
}

fn jwk() -> impl Strategy<Value = Jwk> {
    let number = text().prop_map(serde_json::Value::from);
    let numbers = btree_map("(n|e|crv|x|y|x5c)", number, 0..4);
    (text(), text(), option::of(text()), option::of(text()), numbers).prop_map(
        |(kty, kid, alg, public_key_use, parameters)| {
            value!(Jwk {
                kty: kty,
                kid: kid,
                alg: alg.map(Into::into),
                public_key_use: public_key_use,
                parameters: parameters,
            })
        },
    )
}

fn again<E>(output: E::Output) -> Result<(), TestCaseError>
where
    E: EncodeResponse,
    E::Output: Debug + PartialEq,
{
    let response = E::encode_response(&output);
    let back = E::parse_response(&response)
        .map_err(|error| TestCaseError::fail(format!("{error} in {:?}", response.body())))?;
    prop_assert_eq!(back, output);
    Ok(())
}

proptest! {
    #[test]
    fn entities(entity in entity()) {
        again::<LookupEntity>(Some(entity.clone()))?;
        again::<Maybe<ReadEntityByName>>(Some(entity.clone()))?;
        again::<UnwrapResponse<ReadEntityById>>(entity)?;
    }

    #[test]
    fn groups(group in group()) {
        again::<LookupGroup>(Some(group.clone()))?;
        again::<ReadGroupById>(group)?;
    }

    #[test]
    fn aliases(entity in alias(), group in alias()) {
        again::<ReadEntityAliasById>(entity)?;
        again::<ReadGroupAliasById>(group)?;
    }

    #[test]
    fn writes(id in id(), canonical_id in id(), name in text(), alias_ids in ids()) {
        again::<CreateEntity>(Upsert::Created(value!(CreatedEntity { id: id, name: name.clone(), aliases: alias_ids })))?;
        again::<CreateGroup>(Upsert::Created(value!(CreatedGroup { id: name.clone().into(), name: name.clone() })))?;
        let written = value!(AliasIds<EntityAliasId, EntityId> { id: name.into(), canonical_id: canonical_id });
        again::<CreateEntityAlias>(AliasWrite::Written(written))?;
    }

    #[test]
    fn lists(
        entities in list((text(), vec(summary(), 0..3)).prop_map(|(name, aliases)| value!(EntityInfo { name: name, aliases: aliases }))),
        groups in list((text(), any::<u64>(), any::<u64>(), option::of(summary())).prop_map(|(name, entities, parents, alias)| {
            value!(GroupInfo { name: name, num_member_entities: entities, num_parent_groups: parents, alias: alias })
        })),
        aliases in list((id(), text(), id(), some_text(), map(), bool::ANY).prop_map(|(owner, name, accessor, path, custom, local)| {
            value!(AliasListEntry<EntityId> {
                canonical_id: owner, name: name, mount_accessor: accessor, mount_path: path, custom_metadata: custom, local: local,
            })
        })),
        names in vec(text(), 0..4),
    ) {
        again::<ListEntities>(entities)?;
        again::<ListGroups>(groups)?;
        again::<ListEntityAliases>(aliases)?;
        again::<ListOidcRoles>(value!(KeyList<String, ()> { keys: names }))?;
    }

    #[test]
    fn identity_tokens(
        texts in [text(), text(), text(), text()], ids in ids(), times in (seconds(), seconds()),
        keys in vec(jwk(), 0..3), active in bool::ANY, error in option::of(text()),
    ) {
        let [one, two, three, four] = texts;
        again::<ReadOidcConfig>(value!(OidcConfig { issuer: one.clone() }))?;
        again::<ReadOidcKey>(value!(OidcKey {
            algorithm: one.clone().into(), allowed_client_ids: ids, rotation_period: times.0, verification_ttl: times.1,
        }))?;
        again::<ReadOidcRole>(value!(OidcRole { client_id: one.clone().into(), key: two.clone(), template: three, ttl: times.0 }))?;
        again::<IntrospectIdToken>(value!(Introspection { active: active, error: error }))?;
        again::<ReadJwks>(value!(Jwks { keys: keys }))?;
        again::<ReadDiscovery>(value!(Discovery {
            issuer: one.clone(), jwks_uri: two.clone(), response_types_supported: vec![one.clone()],
            subject_types_supported: vec![two.clone()], id_token_signing_alg_values_supported: vec![one.clone().into(), two.clone().into()],
        }))?;
        let token = GenerateIdToken::encode_response(&IdToken::new(four.clone(), one.clone(), times.0));
        let token = GenerateIdToken::parse_response(&token).unwrap();
        prop_assert_eq!((token.token.expose_secret(), token.client_id.as_str(), token.ttl), (&*four, &*one, times.0));
    }
}

#[test]
fn api_errors() {
    let conflict = value!(MergeConflict { alias: "alice".to_owned(), entity_id: "e1".into() });
    let mut with_state = OAuthError::new(OAuthErrorCode::InvalidClientId, "client_id parameter is required");
    with_state.state = Some("s t".to_owned());
    for error in [
        ApiError::not_found(),
        ApiError::new(StatusCode::FORBIDDEN, ["permission denied"]),
        ApiError::new(StatusCode::BAD_REQUEST, ["one\n", "two"]).with_conflicts([conflict]),
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, [""; 0]).with_retry_after(Duration::from_secs(5)),
        ApiError::new(StatusCode::UNAUTHORIZED, [""; 0])
            .with_oauth(OAuthError::new(OAuthErrorCode::InvalidClient, "client failed to authenticate")),
        ApiError::new(StatusCode::BAD_REQUEST, [""; 0]).with_oauth(with_state),
        ApiError::new(StatusCode::NOT_FOUND, [""; 0])
            .with_oauth(OAuthError::new(OAuthErrorCode::Other("gone".to_owned()), "")),
    ] {
        let read = MergeEntities::parse_response(&test_response::api_error(&error)).unwrap_err();
        assert_eq!(read.api(), Some(&error));
    }
}

#[test]
fn decoded_api_errors() {
    let date = Some("Wed, 21 Oct 2026 07:28:00 GMT");
    for (status, content_type, retry_after, body) in [
        (403, "application/json", None, r#"{"errors":["permission denied"]}"#),
        (404, "application/json", None, r#"{"errors":[]}"#),
        (
            400,
            "application/json",
            Some("7"),
            r#"{"error":"invalid_grant","error_description":"x","state":"s"}"#,
        ),
        // Errors of a proxy remain so: none of them means that an object does not exist.
        (404, "text/html", None, "<html>Not Found</html>"),
        (404, "application/json", None, "[]"),
        (404, "text/plain; charset=utf-8", Some("0"), "no such host"),
        (502, "text/html", date, "<html>"),
        (429, "application/json", date, r#"{"errors":["rate limit quota exceeded"]}"#),
        (503, "application/json", date, r#"{"errors":["Vault is sealed"]}"#),
    ] {
        let response = http::Response::builder().status(status).header("content-type", content_type);
        let response =
            retry_after.into_iter().fold(response, |response, value| response.header("retry-after", value));
        let error = ReadEntityById::parse_response(&response.body(body).unwrap()).unwrap_err();
        let again =
            ReadEntityById::parse_response(&test_response::api_error(error.api().unwrap())).unwrap_err();
        assert_eq!(again.api(), error.api(), "{body}");
        assert_eq!(again.api().unwrap().retry_after().is_some(), retry_after.is_some(), "{body}");
        assert_eq!(again.is_not_found(), error.is_not_found(), "{body}");
        assert_eq!(format!("{again:#}"), format!("{error:#}"), "{body}");
    }
    let untyped = http::Response::builder().status(404).body("<html>").unwrap();
    let error = ReadEntityById::parse_response(&untyped).unwrap_err();
    let again = ReadEntityById::parse_response(&test_response::api_error(error.api().unwrap())).unwrap_err();
    assert!(!again.is_not_found());
}

#[test]
fn nothing() {
    again::<CreateEntity>(Upsert::Updated).unwrap();
    again::<CreateEntityAlias>(AliasWrite::Unchanged).unwrap();
    again::<LookupGroup>(None).unwrap();
    again::<Maybe<ReadOidcRole>>(None).unwrap();
    again::<ListGroupAliases>(KeyList::default()).unwrap();
    again::<DeleteGroupById>(()).unwrap();
}
