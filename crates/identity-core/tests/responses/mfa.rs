//! Methods of each type, and TOTP secrets.

use std::time::Duration;

use identity_core::prelude::*;

use crate::{error, outcome, response, value};

const TOTP: &str = r#"{"id":"m1","type":"totp","name":"app","namespace_id":"root","namespace_path":"","issuer":"Example",
    "period":30,"key_size":20,"qr_size":200,"algorithm":"SHA1","digits":6,"skew":1,"max_validation_attempts":5}"#;
const OKTA: &str = r#"{"id":"m1","type":"okta","name":"","namespace_id":"YGBcbB","namespace_path":"team-a/",
    "org_name":"example","base_url":"okta.test","username_format":"{{identity.entity.name}}","mount_accessor":""}"#;
const DUO: &str = r#"{"id":"m1","type":"duo","name":"push","namespace_id":"root","namespace_path":"",
    "api_hostname":"api.duo.test","pushinfo":"from=vault","use_passcode":true,"username_format":"x","mount_accessor":""}"#;
const PING_ID: &str = r#"{"id":"m1","type":"pingid","name":"push","namespace_id":"root","namespace_path":"",
    "use_signature":true,"idp_url":"https://idp.test","org_alias":"o","admin_url":"https://admin.test",
    "authenticator_url":"https://auth.test"}"#;

#[test]
fn method_of_each_type() {
    let totp = value::<ReadTotpMethod>(TOTP);
    assert_eq!((totp.info.id.as_str(), totp.info.name.as_deref()), ("m1", Some("app")));
    assert_eq!((totp.issuer.as_str(), totp.period), ("Example", Duration::from_secs(30)));
    assert_eq!((totp.key_size, totp.qr_size, &totp.algorithm), (20, 200, &TotpAlgorithm::Sha1));
    assert_eq!((totp.digits, totp.skew, totp.max_validation_attempts), (6, 1, 5));

    let okta = value::<ReadOktaMethod>(OKTA);
    assert_eq!((okta.info.name.as_deref(), okta.info.namespace_path.as_str()), (None, "team-a/"));
    assert_eq!(okta.info.namespace_id, "YGBcbB");
    assert_eq!(
        (okta.org_name.as_str(), okta.base_url.as_deref(), okta.production),
        ("example", Some("okta.test"), None)
    );
    let production = value::<ReadOktaMethod>(r#"{"id":"m1","type":"okta","production":false}"#);
    assert_eq!((production.base_url, production.production), (None, Some(false)));

    let duo = value::<ReadDuoMethod>(DUO);
    assert_eq!((duo.api_hostname.as_str(), duo.push_info.as_str()), ("api.duo.test", "from=vault"));
    assert!(duo.use_passcode);

    let ping_id = value::<ReadPingIdMethod>(PING_ID);
    assert!(ping_id.use_signature);
    assert_eq!(
        [&*ping_id.idp_url, &ping_id.org_alias, &ping_id.admin_url, &ping_id.authenticator_url],
        ["https://idp.test", "o", "https://admin.test", "https://auth.test"]
    );

    assert_eq!(value::<ReadMfaMethod>(TOTP), MfaMethod::Totp(totp.clone()));
    assert_eq!(value::<ReadMfaMethod>(OKTA), MfaMethod::Okta(okta));
    assert_eq!(value::<ReadMfaMethod>(DUO), MfaMethod::Duo(duo));
    assert_eq!(value::<ReadMfaMethod>(PING_ID), MfaMethod::PingId(ping_id));
    assert_eq!(value::<ReadMfaMethod>(TOTP).info(), &totp.info);
}

#[test]
fn method_of_an_unknown_type_has_what_all_have() {
    for (kind, expected) in [(r#","type":"webauthn""#, "webauthn"), (r#","type":"TOTP""#, "TOTP"), ("", "")] {
        let method =
            value::<ReadMfaMethod>(&format!(r#"{{"id":"m1","name":"key"{kind},"new":{{"a":[1]}}}}"#));
        let MfaMethod::Other(info) = &method else { panic!("{method:?}") };
        assert_eq!((info.method_type.as_str(), info.name.as_deref()), (expected, Some("key")));
        assert_eq!(method.info().id.as_str(), "m1");
    }
    let totp = value::<ReadTotpMethod>(r#"{"id":"m1","algorithm":"SHA3-256"}"#);
    assert_eq!(totp.algorithm, TotpAlgorithm::Other("SHA3-256".to_owned()));
}

#[test]
fn list_of_methods_of_all_types() {
    let list = value::<ListMfaMethods>(&format!(
        r#"{{"keys":["t","o","d","p","new","odd"],"key_info":{{"t":{TOTP},"o":{OKTA},"d":{DUO},"p":{PING_ID},
            "new":{{"id":"n","type":"webauthn"}},"odd":{{"id":"x","type":"totp","digits":"six"}}}}}}"#
    ));
    let kinds: Vec<_> = list
        .iter()
        .map(|(key, method)| {
            (key.as_str(), method.map_or("undecodable", |method| &method.info().method_type))
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ("t", "totp"),
            ("o", "okta"),
            ("d", "duo"),
            ("p", "pingid"),
            ("new", "webauthn"),
            ("odd", "undecodable")
        ]
    );
}

#[test]
fn method_needs_an_identifier() {
    for data in ["{}", r#"{"type":"totp"}"#, r#"{"id":null,"type":"totp"}"#, r#"{"id":5}"#, "[]", "null"] {
        let body = response(200, format!(r#"{{"data":{data}}}"#));
        assert_eq!(outcome::<ReadMfaMethod>(&body), "undecodable", "{data}");
        assert_eq!(outcome::<ReadTotpMethod>(&body), "undecodable", "{data}");
        assert_eq!(outcome::<CreateTotpMethod>(&body), "undecodable", "{data}");
    }
    let created = value::<CreateDuoMethod>(r#"{"method_id":"20ca38a1"}"#);
    assert_eq!(created.method_id.as_str(), "20ca38a1");
}

#[test]
fn new_secret_has_a_picture_or_none() {
    for (barcode, expected) in
        [(r#""iVBORw0KGgo=""#, Some(&b"\x89PNG\r\n\x1a\n"[..])), (r#""""#, None), ("null", None)]
    {
        let body = format!(
            r#"{{"data":{{"url":"otpauth://totp/x?secret=K","barcode":{barcode}}},"warnings":null}}"#
        );
        let body = response(200, body);
        for enrollment in [
            GenerateTotpSecret::parse_response(&body).unwrap(),
            AdminGenerateTotpSecret::parse_response(&body).unwrap(),
        ] {
            let TotpEnrollment::Created(secret) = enrollment else { panic!("{barcode}") };
            assert_eq!(secret.url.expose_secret(), "otpauth://totp/x?secret=K");
            assert_eq!(secret.barcode.as_ref().map(ExposeSecret::expose_secret), expected, "{barcode}");
        }
    }
    for data in
        [r#"{"url":null}"#, r#"{"barcode":""}"#, r#"{"url":"x","barcode":"%"}"#, r#"{"url":"x","barcode":5}"#]
    {
        let body = format!(r#"{{"data":{data}}}"#);
        assert_eq!(outcome::<GenerateTotpSecret>(&response(200, &*body)), "undecodable", "{data}");
        let error = error::<AdminGenerateTotpSecret>(200, body);
        assert!(matches!(error.kind(), ErrorKind::Decode(_)), "{data}");
    }
}

#[test]
fn second_secret_is_not_returned() {
    let body = r#"{"request_id":"r1","data":null,"warnings":["Entity already has a secret for MFA method \"app\""]}"#;
    let again = response(200, body);
    let (own, meta) = WithMeta::<GenerateTotpSecret>::parse_response(&again).unwrap();
    assert!(matches!(own, TotpEnrollment::AlreadyEnrolled));
    assert_eq!(meta.warnings, [r#"Entity already has a secret for MFA method "app""#]);
    let other = AdminGenerateTotpSecret::parse_response(&again).unwrap();
    assert!(matches!(other, TotpEnrollment::AlreadyEnrolled));
}

#[test]
fn enforcement_lists_its_subjects() {
    let data = r#"{"id":"l1","name":"all","namespace_id":"YGBcbB","namespace_path":"team-a/","mfa_method_ids":["m1"],
        "auth_method_accessors":["auth_userpass_1"],"auth_method_types":["ldap"],"identity_group_ids":["g1"],
        "identity_entity_ids":["e1"]}"#;
    let read = value::<ReadLoginEnforcement>(data);
    assert_eq!(
        [&*read.id, &read.name, &read.namespace_id, &read.namespace_path],
        ["l1", "all", "YGBcbB", "team-a/"]
    );
    assert_eq!(read.mfa_method_ids, [MfaMethodId::from("m1")]);
    assert_eq!(read.auth_method_accessors, [MountAccessor::from("auth_userpass_1")]);
    assert_eq!(read.auth_method_types, ["ldap"]);
    assert_eq!(read.identity_group_ids, [GroupId::from("g1")]);
    assert_eq!(read.identity_entity_ids, [EntityId::from("e1")]);
    let list = value::<ListLoginEnforcements>(&format!(r#"{{"keys":["all"],"key_info":{{"all":{data}}}}}"#));
    assert_eq!(list.key_info["all"], read);
}
