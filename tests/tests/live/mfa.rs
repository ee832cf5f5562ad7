use std::time::Duration;

use vault_identity::KeyList;
use vault_identity::mfa::{
    CreateDuoMethod, CreateOktaMethod, CreatePingIdMethod, CreateTotpMethod, DuoMethod, DuoParams, MfaMethod,
    MfaMethodInfo, OktaMethod, OktaParams, PingIdMethod, PingIdParams, TotpAlgorithm, TotpMethod, TotpParams,
    UpdateDuoMethod, UpdateOktaMethod, UpdatePingIdMethod, UpdateTotpMethod,
};

use crate::rejected;
use crate::space::Space;

pub(crate) const OPERATIONS: [&str; 22] = [
    "DELETE identity/mfa/method/duo/{method_id}",
    "DELETE identity/mfa/method/okta/{method_id}",
    "DELETE identity/mfa/method/pingid/{method_id}",
    "DELETE identity/mfa/method/totp/{method_id}",
    "GET identity/mfa/method/duo/{method_id}",
    "GET identity/mfa/method/okta/{method_id}",
    "GET identity/mfa/method/pingid/{method_id}",
    "GET identity/mfa/method/totp/{method_id}",
    "GET identity/mfa/method/{method_id}",
    "LIST identity/mfa/method",
    "LIST identity/mfa/method/duo",
    "LIST identity/mfa/method/okta",
    "LIST identity/mfa/method/pingid",
    "LIST identity/mfa/method/totp",
    "POST identity/mfa/method/duo",
    "POST identity/mfa/method/duo/{method_id}",
    "POST identity/mfa/method/okta",
    "POST identity/mfa/method/okta/{method_id}",
    "POST identity/mfa/method/pingid",
    "POST identity/mfa/method/pingid/{method_id}",
    "POST identity/mfa/method/totp",
    "POST identity/mfa/method/totp/{method_id}",
];

/// A valid identifier that no method has.
const ABSENT: &str = "00000000-0000-0000-0000-000000000000";

/// The settings file of `PingID`, in base64: a key, `use_signature=true`, a token, the alias `org`, and three
/// URLs.
const SETTINGS: &str = "dXNlX2Jhc2U2NF9rZXk9Wm05dkNnPT0KdXNlX3NpZ25hdHVyZT10cnVlCnRva2VuPWFiYwppZHBfdXJsPWh0dHBzOi8vaWRw\
LmV4YW1wbGUuY29tL3BpbmdpZApvcmdfYWxpYXM9b3JnCmFkbWluX3VybD1odHRwczovL2FkbWluLmV4YW1wbGUuY29tCmF1dGhlbnRpY2F0b3JfdXJsPWh0dHBz\
Oi8vYXV0aC5leGFtcGxlLmNvbQo=";

/// A settings file with only `use_signature=false` and one URL.
const FEW_SETTINGS: &str = "dXNlX3NpZ25hdHVyZT1mYWxzZQppZHBfdXJsPWh0dHBzOi8vaWRwLmV4YW1wbGUuY29tL3BpbmdpZAo=";

/// Calls all operations of a method type: creates a method with the first parameters, and replaces them with
/// the second. The two functions check the results of the reads.
macro_rules! every_operation {
    ($type:literal: $handle:ident, $method:ident, $create:ident, $update:ident, $all:expr, $check_all:expr, $few:expr, $check_few:expr) => {{
        let Some(space) = Space::new(concat!("mfa-", $type)) else { return };
        let mfa = space.client.mfa();
        let methods = mfa.$handle();
        assert_eq!(methods.list().await.unwrap(), KeyList::default());
        assert_eq!(mfa.list().await.unwrap(), KeyList::default());

        // A create with the same name updates the method.
        let create = $create::new($all.method_name("its-name"));
        let id = methods.create(&create).await.unwrap().method_id;
        let first = methods.read(&id).await.unwrap();
        let MfaMethodInfo { id: read, method_type, name, namespace_id, namespace_path, .. } = &first.info;
        assert_eq!((read, &**method_type, name.as_deref()), (&id, $type, Some("its-name")));
        assert_eq!((&**namespace_id == "root", &**namespace_path), (false, concat!("mfa-", $type, "/")));
        $check_all(&first);
        assert_eq!(methods.create(&create).await.unwrap().method_id, id);
        assert_eq!(methods.find(&id).await.unwrap().as_ref(), Some(&first));
        let any = MfaMethod::$method(first.clone());
        assert_eq!(mfa.read(&id).await.unwrap(), any);
        assert_eq!(mfa.find(&id).await.unwrap().unwrap().info(), &first.info);
        assert_eq!(mfa.list().await.unwrap().iter().collect::<Vec<_>>(), [(&id, Some(&any))]);

        // Each create without a name creates another method.
        let other = methods.create(&$create::new($all)).await.unwrap().method_id;
        assert!(other != id && methods.read(&other).await.unwrap().info.name.is_none());
        let list = methods.list().await.unwrap();
        assert_eq!((list.len(), &list.key_info[&id], list.keys.contains(&other)), (2, &first, true));
        assert_eq!(mfa.list().await.unwrap().len(), 2);
        methods.delete(&other).await.unwrap();

        // An update replaces everything but the name. An update of an unknown method does nothing.
        for _ in 0..2 {
            methods.update(&$update::new(&id, $few)).await.unwrap();
            let now = methods.read(&id).await.unwrap();
            assert_eq!(now.info, first.info);
            $check_few(&now);
            methods.update(&$update::new(ABSENT, $all)).await.unwrap();
            assert_eq!(methods.list().await.unwrap().iter().collect::<Vec<_>>(), [(&id, Some(&now))]);
        }
        assert_eq!((methods.find(ABSENT).await.unwrap(), mfa.find(ABSENT).await.unwrap()), (None, None));

        for _ in 0..2 {
            methods.delete(&id).await.unwrap();
            assert_eq!((methods.find(&id).await.unwrap(), mfa.find(&id).await.unwrap()), (None, None));
        }
        assert!(methods.read(&id).await.unwrap_err().is_not_found());
        assert!(mfa.read(&id).await.unwrap_err().is_not_found());
        assert!(methods.list().await.unwrap().is_empty() && mfa.list().await.unwrap().is_empty());

        let of_another = |operation: &&str| {
            ["duo", "okta", "pingid", "totp"].iter().any(|other| *other != $type && operation.contains(other))
        };
        let own: Vec<_> = OPERATIONS.into_iter().filter(|operation| !of_another(operation)).collect();
        assert_eq!(own.len(), 7);
        space.assert_called(&own);
    }};
}

fn totp() -> TotpParams {
    TotpParams::new("Example")
        .period(Duration::from_secs(60))
        .key_size(32_u32)
        .qr_size(0_u32)
        .algorithm(TotpAlgorithm::Sha512)
        .digits(8_u8)
        .skew(0_u8)
        .max_validation_attempts(3_u32)
}

#[tokio::test]
async fn every_operation_of_totp_methods() {
    let all = |method: &TotpMethod| {
        assert_eq!((&*method.issuer, method.period.as_secs(), method.key_size), ("Example", 60, 32));
        assert_eq!((method.qr_size, &method.algorithm, method.digits), (0, &TotpAlgorithm::Sha512, 8));
        assert_eq!((method.skew, method.max_validation_attempts), (0, 3));
    };
    let defaults = |method: &TotpMethod| {
        assert_eq!((&*method.issuer, method.period.as_secs(), method.key_size), ("Other", 30, 20));
        assert_eq!((method.qr_size, &method.algorithm, method.digits), (200, &TotpAlgorithm::Sha1, 6));
        assert_eq!((method.skew, method.max_validation_attempts), (1, 5));
    };
    let few = || TotpParams::new("Other");
    every_operation!("totp": totp, Totp, CreateTotpMethod, UpdateTotpMethod, totp(), all, few(), defaults);
}

fn okta() -> OktaParams {
    OktaParams::new("org", "a-token")
        .base_url("okta.example.com")
        .primary_email(true)
        .username_format("{{identity.entity.name}}@example.com")
}

#[tokio::test]
async fn every_operation_of_okta_methods() {
    let all = |method: &OktaMethod| {
        assert_eq!((&*method.org_name, method.base_url.as_deref()), ("org", Some("okta.example.com")));
        assert_eq!((method.production, &*method.mount_accessor), (None, ""));
        assert_eq!(method.username_format, "{{identity.entity.name}}@example.com");
    };
    let defaults = |method: &OktaMethod| {
        assert_eq!((&*method.org_name, method.base_url.as_deref()), ("other", Some("okta.com")));
        assert_eq!((method.production, &*method.mount_accessor), (None, ""));
        // If it is not set, it is kept.
        assert_eq!(method.username_format, "{{identity.entity.name}}@example.com");
    };
    let few = || OktaParams::new("other", "a-token");
    every_operation!("okta": okta, Okta, CreateOktaMethod, UpdateOktaMethod, okta(), all, few(), defaults);
}

fn duo() -> DuoParams {
    DuoParams::new("a-secret-key", "an-integration-key", "api.example.com")
        .push_info("from=loginPortal&domain=example.com")
        .use_passcode(true)
        .username_format("{{identity.entity.name}}")
}

#[tokio::test]
async fn every_operation_of_duo_methods() {
    let all = |method: &DuoMethod| {
        assert_eq!((&*method.api_hostname, method.use_passcode), ("api.example.com", true));
        assert_eq!(method.push_info, "from=loginPortal&domain=example.com");
        assert_eq!((&*method.username_format, &*method.mount_accessor), ("{{identity.entity.name}}", ""));
    };
    let defaults = |method: &DuoMethod| {
        assert_eq!((&*method.api_hostname, method.use_passcode), ("other.example.com", false));
        // If it is not set, it is kept.
        assert_eq!((&*method.push_info, &*method.username_format), ("", "{{identity.entity.name}}"));
    };
    let few = || DuoParams::new("a-secret-key", "an-integration-key", "other.example.com");
    every_operation!("duo": duo, Duo, CreateDuoMethod, UpdateDuoMethod, duo(), all, few(), defaults);
}

#[tokio::test]
async fn every_operation_of_ping_id_methods() {
    let all = |method: &PingIdMethod| {
        assert_eq!((method.use_signature, &*method.org_alias), (true, "org"));
        assert_eq!(method.idp_url, "https://idp.example.com/pingid");
        assert_eq!(method.admin_url, "https://admin.example.com");
        assert_eq!(method.authenticator_url, "https://auth.example.com");
    };
    let defaults = |method: &PingIdMethod| {
        assert_eq!((method.use_signature, &*method.org_alias), (false, ""));
        assert_eq!(method.idp_url, "https://idp.example.com/pingid");
        assert_eq!((&*method.admin_url, &*method.authenticator_url), ("", ""));
    };
    let ping_id = || PingIdParams::new(SETTINGS).username_format("{{identity.entity.name}}");
    let few = || PingIdParams::new(FEW_SETTINGS);
    every_operation!("pingid": ping_id, PingId, CreatePingIdMethod, UpdatePingIdMethod, ping_id(), all, few(), defaults);
}

#[tokio::test]
async fn fields_that_an_update_keeps_can_be_cleared() {
    let Some(space) = Space::new("mfa-cleared") else { return };
    let methods = space.client.mfa().okta();
    let id = methods.create(&CreateOktaMethod::new(okta().method_name("one"))).await.unwrap().method_id;
    methods.update(&UpdateOktaMethod::new(&id, okta().username_format(""))).await.unwrap();
    assert_eq!(methods.read(&id).await.unwrap().username_format, "");
    methods.update(&UpdateOktaMethod::new(&id, okta().method_name("two"))).await.unwrap();
    let method = methods.read(&id).await.unwrap();
    assert_eq!(method.info.name.as_deref(), Some("two"));
    // It is found by its new name.
    let again = methods.create(&CreateOktaMethod::new(okta().method_name("two"))).await.unwrap().method_id;
    assert_eq!((again, methods.list().await.unwrap().len()), (id, 1));
    methods.create(&CreateOktaMethod::new(okta().method_name("one"))).await.unwrap();
    assert_eq!(methods.list().await.unwrap().len(), 2);
}

#[tokio::test]
async fn okta_also_returns_its_domain_in_the_old_form() {
    let Some(space) = Space::new("mfa-okta-production") else { return };
    let methods = space.client.mfa().okta();
    for production in [true, false] {
        let create = CreateOktaMethod::new(OktaParams::new("org", "a-token").production(production));
        let id = methods.create(&create).await.unwrap().method_id;
        let method = methods.read(&id).await.unwrap();
        assert_eq!((method.production, method.base_url), (Some(production), None));
    }
}

#[tokio::test]
async fn one_type_is_not_another() {
    let Some(space) = Space::new("mfa-types") else { return };
    let mfa = space.client.mfa();
    let totp = mfa.totp().create(&CreateTotpMethod::new(totp().method_name("one"))).await.unwrap().method_id;
    let duo = mfa.duo().create(&CreateDuoMethod::new(duo().method_name("two"))).await.unwrap().method_id;
    let list = mfa.list().await.unwrap();
    assert_eq!((list.len(), mfa.totp().list().await.unwrap().keys), (2, vec![totp.clone()]));
    assert!(matches!(list.key_info[&totp], MfaMethod::Totp(_)));
    assert!(matches!(list.key_info[&duo], MfaMethod::Duo(_)));

    let message = "failed to find the method ID under MFA type";
    for error in [
        rejected(mfa.duo().read(&totp).await, 400, message),
        rejected(mfa.duo().find(&totp).await, 400, message),
        rejected(mfa.okta().find(&totp).await, 400, message),
        rejected(mfa.ping_id().find(&totp).await, 400, message),
        rejected(mfa.totp().find(&duo).await, 400, message),
    ] {
        assert!(!error.is_not_found() && !error.is_retryable());
    }
    let before = mfa.list().await.unwrap().key_info;
    let message = "method type does not match the MFA config type";
    assert!(!rejected(mfa.duo().delete(&totp).await, 500, message).is_retryable());
    // Names are unique across types.
    let error = mfa.duo().update(&UpdateDuoMethod::new(&duo, crate::mfa::duo().method_name("one"))).await;
    assert!(!rejected(error, 500, "already exists").is_retryable());
    assert_eq!(mfa.list().await.unwrap().key_info, before);

    // An update through another type changes the type.
    for _ in 0..2 {
        mfa.okta().update(&UpdateOktaMethod::new(&totp, okta())).await.unwrap();
        let method = mfa.okta().read(&totp).await.unwrap();
        assert_eq!((&*method.info.method_type, method.info.name.as_deref()), ("okta", Some("one")));
        assert_eq!(mfa.read(&totp).await.unwrap(), MfaMethod::Okta(method));
        assert!(mfa.totp().list().await.unwrap().is_empty());
    }
    mfa.okta().delete(&totp).await.unwrap();
    assert_eq!(mfa.list().await.unwrap().keys, [duo]);
}

#[tokio::test]
async fn rejected_calls_return_the_messages_of_the_server() {
    let Some(space) = Space::new("mfa-errors") else { return };
    let mfa = space.client.mfa();
    for (params, message) in [
        (totp().digits(7_u8), "digits can only be 6 or 8"),
        (totp().skew(2_u8), "skew must be 0 or 1"),
        (totp().period(Duration::ZERO), "period must be greater than zero"),
        (totp().key_size(0_u32), "key_size must be greater than zero"),
        (totp().algorithm(TotpAlgorithm::Other("MD5".to_owned())), "unrecognized algorithm"),
    ] {
        rejected(mfa.totp().create(&CreateTotpMethod::new(params)).await, 400, message);
    }
    let broken = CreatePingIdMethod::new(PingIdParams::new("*"));
    rejected(mfa.ping_id().create(&broken).await, 400, "illegal base64 data");
    let unknown = CreatePingIdMethod::new(PingIdParams::new("dW5rbm93bj1rZXkK"));
    rejected(mfa.ping_id().create(&unknown).await, 400, "unknown key");
    assert!(mfa.list().await.unwrap().is_empty());

    // An identifier that is not a UUID could be another path, and is not sent.
    let calls = space.calls().len();
    for id in ["not-a-uuid", "totp", "generate", ""] {
        assert!(mfa.find(id).await.unwrap_err().api().is_none());
        assert!(mfa.totp().find(id).await.unwrap_err().api().is_none());
        assert!(mfa.totp().delete(id).await.unwrap_err().api().is_none());
        assert!(mfa.totp().update(&UpdateTotpMethod::new(id, totp())).await.unwrap_err().api().is_none());
    }
    assert_eq!(space.calls().len(), calls);

    let wrong = space.client.with_token("s.wrong").unwrap();
    assert!(wrong.mfa().list().await.unwrap_err().is_permission_denied());
    assert!(wrong.mfa().totp().find(ABSENT).await.unwrap_err().is_permission_denied());
}
