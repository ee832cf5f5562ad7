//! No response makes decoding panic.

use http::Response;
use identity_core::legacy;
use identity_core::prelude::*;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Decodes a response and returns the error.
type Decode = fn(&Response<Vec<u8>>) -> Option<Error>;

/// Every operation of the engine.
const DECODE: &[Decode] = &[
    failure::<CreateEntity>,
    failure::<ReadEntityById>,
    failure::<UpdateEntityById>,
    failure::<DeleteEntityById>,
    failure::<ListEntities>,
    failure::<WriteEntityByName>,
    failure::<ReadEntityByName>,
    failure::<DeleteEntityByName>,
    failure::<ListEntityNames>,
    failure::<MergeEntities>,
    failure::<BatchDeleteEntities>,
    failure::<CreateEntityAlias>,
    failure::<ReadEntityAliasById>,
    failure::<UpdateEntityAliasById>,
    failure::<DeleteEntityAliasById>,
    failure::<ListEntityAliases>,
    failure::<CreateGroup>,
    failure::<ReadGroupById>,
    failure::<UpdateGroupById>,
    failure::<DeleteGroupById>,
    failure::<ListGroups>,
    failure::<WriteGroupByName>,
    failure::<ReadGroupByName>,
    failure::<DeleteGroupByName>,
    failure::<ListGroupNames>,
    failure::<CreateGroupAlias>,
    failure::<ReadGroupAliasById>,
    failure::<UpdateGroupAliasById>,
    failure::<DeleteGroupAliasById>,
    failure::<ListGroupAliases>,
    failure::<LookupEntity>,
    failure::<LookupGroup>,
    failure::<ReadOidcConfig>,
    failure::<WriteOidcConfig>,
    failure::<WriteOidcKey>,
    failure::<ReadOidcKey>,
    failure::<DeleteOidcKey>,
    failure::<ListOidcKeys>,
    failure::<RotateOidcKey>,
    failure::<WriteOidcRole>,
    failure::<ReadOidcRole>,
    failure::<DeleteOidcRole>,
    failure::<ListOidcRoles>,
    failure::<GenerateIdToken>,
    failure::<IntrospectIdToken>,
    failure::<ReadDiscovery>,
    failure::<ReadJwks>,
    failure::<WriteOidcAssignment>,
    failure::<ReadOidcAssignment>,
    failure::<DeleteOidcAssignment>,
    failure::<ListOidcAssignments>,
    failure::<WriteOidcScope>,
    failure::<ReadOidcScope>,
    failure::<DeleteOidcScope>,
    failure::<ListOidcScopes>,
    failure::<WriteOidcClient>,
    failure::<ReadOidcClient>,
    failure::<DeleteOidcClient>,
    failure::<ListOidcClients>,
    failure::<WriteOidcProvider>,
    failure::<ReadOidcProvider>,
    failure::<DeleteOidcProvider>,
    failure::<ListOidcProviders>,
    failure::<ReadProviderDiscovery>,
    failure::<ReadProviderJwks>,
    failure::<AuthorizeOidc>,
    failure::<AuthorizeOidcByPost>,
    failure::<ExchangeOidcToken>,
    failure::<ReadUserInfo>,
    failure::<ReadUserInfoByPost>,
    failure::<ListAuthMounts>,
    failure::<ListVisibleMounts>,
    failure::<ReadAuthMount>,
    failure::<EnableAuthMount>,
    failure::<DisableAuthMount>,
    failure::<TuneAuthMount>,
    failure::<ReadAuthMountTuning>,
    failure::<WritePolicy>,
    failure::<ReadPolicy>,
    failure::<DeletePolicy>,
    failure::<ListPolicies>,
    failure::<ReadMfaMethod>,
    failure::<ListMfaMethods>,
    failure::<CreateTotpMethod>,
    failure::<ReadTotpMethod>,
    failure::<UpdateTotpMethod>,
    failure::<DeleteTotpMethod>,
    failure::<ListTotpMethods>,
    failure::<CreateOktaMethod>,
    failure::<ReadOktaMethod>,
    failure::<UpdateOktaMethod>,
    failure::<DeleteOktaMethod>,
    failure::<ListOktaMethods>,
    failure::<CreateDuoMethod>,
    failure::<ReadDuoMethod>,
    failure::<UpdateDuoMethod>,
    failure::<DeleteDuoMethod>,
    failure::<ListDuoMethods>,
    failure::<CreatePingIdMethod>,
    failure::<ReadPingIdMethod>,
    failure::<UpdatePingIdMethod>,
    failure::<DeletePingIdMethod>,
    failure::<ListPingIdMethods>,
    failure::<GenerateTotpSecret>,
    failure::<AdminGenerateTotpSecret>,
    failure::<AdminDestroyTotpSecret>,
    failure::<WriteLoginEnforcement>,
    failure::<ReadLoginEnforcement>,
    failure::<DeleteLoginEnforcement>,
    failure::<ListLoginEnforcements>,
    failure::<legacy::CreateAlias>,
    failure::<legacy::ReadAlias>,
    failure::<legacy::UpdateAlias>,
    failure::<legacy::DeleteAlias>,
    failure::<legacy::ListAliases>,
    failure::<legacy::CreatePersona>,
    failure::<legacy::ReadPersona>,
    failure::<legacy::UpdatePersona>,
    failure::<legacy::DeletePersona>,
    failure::<legacy::ListPersonas>,
];

/// What goes around them or beside them.
const DECODE_MORE: &[Decode] = &[
    failure::<LookupWrappingToken>,
    failure::<Maybe<ReadEntityById>>,
    failure::<Maybe<ListGroups>>,
    failure::<WithMeta<CreateEntity>>,
    failure::<Wrap<ListEntities>>,
    failure::<Wrap<GenerateIdToken>>,
    failure::<UnwrapResponse<ReadJwks>>,
];

#[test]
fn every_endpoint_is_in_the_table() {
    assert_eq!(DECODE.len(), ENDPOINTS.len() + SYSTEM_ENDPOINTS.len());
}

fn failure<E: Endpoint>(response: &Response<Vec<u8>>) -> Option<Error> {
    E::parse_response(response).err()
}

/// JSON of any form, often with the names of fields that mean something.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        "(2026-11-21T19:42:58.9Z|24h|1h30m|3600|internal|RS256|root)",
        Just(String::new()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let field = prop_oneof![
        "(id|name|keys|key_info|alias|aliases|metadata|policies|type|local|ttl|token|creation_time|modify_index)",
        "(canonical_id|mount_path|member_entity_ids|algorithm|rotation_period|active|issuer|kty|alg|errors|data|wrap_info)",
        any::<String>(),
    ];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            btree_map(field.clone(), inner, 0..8).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// No endpoint panics, or returns an error of a wrong stage.
fn decode_all(status: u16, body: &[u8]) {
    let response = Response::builder().status(status).body(body.to_vec()).expect("an response");
    for decode in DECODE.iter().chain(DECODE_MORE) {
        match decode(&response).as_ref().map(Error::kind) {
            None => assert!(response.status().is_success() || status == 404),
            Some(ErrorKind::Api(api)) => assert_eq!(api.status(), status),
            Some(ErrorKind::Decode(_)) => assert!(response.status().is_success()),
            Some(other) => panic!("{other:?}"),
        }
    }
}

const STATUSES: [u16; 12] = [200, 200, 200, 200, 201, 204, 304, 400, 404, 429, 500, 599];

proptest! {
    #[test]
    fn no_bytes_make_decoding_panic(status in 100..1000_u16, body in vec(any::<u8>(), 0..200)) {
        decode_all(status, &body);
    }

    #[test]
    fn no_json_makes_decoding_panic(status in prop::sample::select(&STATUSES), value in any_json(), part in 0..4) {
        let body = match part {
            0 => value,
            1 => json!({ "errors": value, "data": value }),
            2 => json!({ "request_id": "r1", "data": null, "wrap_info": value, "warnings": value }),
            _ => json!({ "request_id": "r1", "data": value, "wrap_info": null, "warnings": null }),
        };
        decode_all(status, body.to_string().as_bytes());
    }

    #[test]
    fn no_truncated_or_changed_response_makes_decoding_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let group = json!({
            "request_id": "r1", "warnings": null,
            "data": {
                "id": "g1", "alias": { "id": "a1", "creation_time": "2026-11-21T19:42:58.9Z" },
                "keys": ["k"], "key_info": { "k": { "name": "n" } }, "ttl": "24h", "token": "t",
            },
        });
        let mut body = group.to_string().into_bytes();
        let at = at.index(body.len());
        decode_all(200, &body[..at]);
        body[at] = byte;
        decode_all(200, &body);
    }

}
