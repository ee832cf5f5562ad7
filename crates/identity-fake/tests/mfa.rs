//! Multi-factor authentication and login on `FakeVault`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use http::{Request, StatusCode};
use identity_core::bytes::Bytes;
use identity_core::{
    BlockingTransport, Endpoint, EntityId, Error, ExposeSecret, MfaMethodId, Target, Upsert,
    entity::{CreateEntity, MergeEntities, ReadEntityById},
    mfa::{
        AdminDestroyTotpSecret, AdminGenerateTotpSecret, CreateDuoMethod, CreateTotpMethod, DeleteDuoMethod,
        DeleteTotpMethod, DuoParams, ListLoginEnforcements, ListMfaMethods, ListTotpMethods, MfaMethod,
        ReadLoginEnforcement, ReadMfaMethod, ReadTotpMethod, TotpEnrollment, TotpParams, TotpSecret,
        UpdateTotpMethod, WriteLoginEnforcement,
    },
};
use identity_fake::FakeVault;
use serde_json::{Value, json};
use sha1::Sha1;

fn call<E: Endpoint>(vault: &FakeVault, target: &Target, endpoint: &E) -> Result<E::Output, Error> {
    E::parse_response(&BlockingTransport::send(vault, endpoint.request(target)?).expect("a response"))
}

fn root<E: Endpoint>(vault: &FakeVault, endpoint: &E) -> E::Output {
    call(vault, &vault.target(), endpoint).expect("no error")
}

fn error_of<E: Endpoint>(vault: &FakeVault, endpoint: &E) -> (StatusCode, String)
where
    E::Output: std::fmt::Debug,
{
    let error = call(vault, &vault.target(), endpoint).expect_err("an error");
    let error = error.api().expect("of the server");
    (error.status(), error.errors().join("\n"))
}

/// Sends a request without an endpoint.
fn send(vault: &FakeVault, verb: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    let mut request = Request::builder().method(verb).uri(format!("http://fake.vault/v1/{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Bytes::from(body.to_string())).unwrap();
    let response = BlockingTransport::send(vault, request).unwrap();
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
}

const ROOT: &[(&str, &str)] = &[("X-Vault-Token", "root")];

fn entity(vault: &FakeVault, name: &str) -> EntityId {
    match root(vault, &CreateEntity::named(name)) {
        Upsert::Created(created) => created.id,
        Upsert::Updated => unreachable!("it is new"),
    }
}

fn secret(vault: &FakeVault, method: &MfaMethodId, entity: &EntityId) -> TotpSecret {
    match root(vault, &AdminGenerateTotpSecret::new(method.clone(), entity.clone())) {
        TotpEnrollment::Created(secret) => secret,
        TotpEnrollment::AlreadyEnrolled => unreachable!("it is new"),
    }
}

/// Returns the code of a period relative to now.
fn code(secret: &TotpSecret, periods: i64) -> String {
    let key = secret.url.expose_secret().rsplit_once("secret=").unwrap().1;
    let key = data_encoding::BASE32_NOPAD.decode(key.as_bytes()).unwrap();
    let counter = u64::try_from(jiff::Timestamp::now().as_second() / 30 + periods).unwrap();
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
    mac.update(&counter.to_be_bytes());
    let mac = mac.finalize().into_bytes();
    let at = usize::from(mac[19] & 0xf);
    let number = u32::from_be_bytes([mac[at], mac[at + 1], mac[at + 2], mac[at + 3]]) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// The user `alice`, who needs a code to log in.
struct Alice {
    vault: FakeVault,
    id: EntityId,
    method: MfaMethodId,
    secret: TotpSecret,
}

impl Alice {
    fn new() -> Self {
        let vault = FakeVault::new();
        vault.mount_auth("userpass");
        let user = json!({ "password": "pw", "token_policies": ["dev"] });
        assert_eq!(send(&vault, "POST", "auth/userpass/users/Alice", ROOT, &user).0, 204);
        let id = log_in(&vault, &[]).1["auth"]["entity_id"].as_str().map(EntityId::from).unwrap();
        let method =
            root(&vault, &CreateTotpMethod::new(TotpParams::new("test").method_name("app"))).method_id;
        let secret = secret(&vault, &method, &id);
        let enforcement = WriteLoginEnforcement::new("all", [method.clone()]).auth_method_types(["userpass"]);
        root(&vault, &enforcement);
        Self { vault, id, method, secret }
    }

    /// Logs in with a code.
    fn validate(&self, code: &str) -> (u16, Value) {
        let (_, pending) = log_in(&self.vault, &[]);
        let id = &pending["auth"]["mfa_requirement"]["mfa_request_id"];
        let payload = json!({ "mfa_request_id": id, "mfa_payload": { self.method.as_str(): [code] } });
        send(&self.vault, "POST", "sys/mfa/validate", &[], &payload)
    }
}

fn log_in(vault: &FakeVault, headers: &[(&str, &str)]) -> (u16, Value) {
    send(vault, "POST", "auth/userpass/login/alice", headers, &json!({ "password": "pw" }))
}

#[test]
fn methods_are_created_updated_and_deleted() {
    let vault = FakeVault::new();
    let params = || TotpParams::new("one").method_name("app");
    let id = root(&vault, &CreateTotpMethod::new(params())).method_id;
    assert_eq!(root(&vault, &CreateTotpMethod::new(params().digits(8))).method_id, id);
    let read = root(&vault, &ReadTotpMethod::new(id.clone()));
    assert_eq!(
        (read.digits, read.period, read.info.name.as_deref()),
        (8, Duration::from_secs(30), Some("app"))
    );

    root(&vault, &UpdateTotpMethod::new(id.clone(), TotpParams::new("two")));
    let read = root(&vault, &ReadTotpMethod::new(id.clone()));
    assert_eq!((read.digits, &*read.issuer, read.info.name.as_deref()), (6, "two", Some("app")));
    assert!(matches!(root(&vault, &ReadMfaMethod::new(id.clone())), MfaMethod::Totp(_)));

    root(&vault, &DeleteTotpMethod::new(id.clone()));
    assert_eq!(error_of(&vault, &ReadTotpMethod::new(id)).0, StatusCode::NOT_FOUND);
}

#[test]
fn methods_can_change_their_type() {
    let vault = FakeVault::new();
    let duo =
        DuoParams::new("secret", "key", "host").method_name("m").username_format("{{identity.entity.name}}");
    let id = root(&vault, &CreateDuoMethod::new(duo.clone())).method_id;
    assert_eq!(root(&vault, &CreateTotpMethod::new(TotpParams::new("i").method_name("m"))).method_id, id);
    assert_eq!(root(&vault, &ListTotpMethods::new()).keys, std::slice::from_ref(&id));
    let (status, problem) = error_of(&vault, &DeleteDuoMethod::new(id.clone()));
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(problem.contains("method type does not match"), "{problem}");
    root(&vault, &ReadMfaMethod::new(id));
}

#[test]
fn methods_are_visible_in_child_namespaces() {
    let vault = FakeVault::new();
    vault.create_namespace("team-a");
    vault.create_namespace("team-b");
    let at = |namespace: &str| vault.target().with_namespace(namespace).unwrap();
    let create = |target: &Target| {
        let params = TotpParams::new("i").method_name("app");
        call(&vault, target, &CreateTotpMethod::new(params)).unwrap().method_id
    };
    let (above, below) = (create(&vault.target()), create(&at("team-a")));
    assert_ne!(above, below);
    assert_eq!(root(&vault, &ListMfaMethods::new()).keys, std::slice::from_ref(&above));
    assert_eq!(call(&vault, &at("team-a"), &ListMfaMethods::new()).unwrap().keys.len(), 2);

    let problem = |target: &Target, id: &MfaMethodId| {
        let update = UpdateTotpMethod::new(id.clone(), TotpParams::new("x"));
        call(&vault, target, &update).unwrap_err().api().unwrap().errors().join("")
    };
    let elsewhere = "request namespace does not match method namespace";
    assert_eq!(problem(&at("team-a"), &above), elsewhere);
    assert_eq!(problem(&vault.target(), &below), elsewhere);
    assert!(call(&vault, &vault.target(), &ReadTotpMethod::new(below.clone())).is_ok());
    let beside = call(&vault, &at("team-b"), &ReadTotpMethod::new(below.clone())).unwrap_err();
    assert_eq!(beside.api().unwrap().status(), StatusCode::FORBIDDEN);

    let enforcement = |methods: &[&MfaMethodId]| {
        WriteLoginEnforcement::new("e", methods.iter().map(|id| (*id).clone()))
            .auth_method_types(["ns_token"])
    };
    call(&vault, &at("team-a"), &enforcement(&[&above, &below])).unwrap();
    assert_eq!(error_of(&vault, &enforcement(&[&below])).0, StatusCode::BAD_REQUEST);
    assert_eq!(error_of(&vault, &ReadLoginEnforcement::new("e")).0, StatusCode::NOT_FOUND);
    assert_eq!(call(&vault, &at("team-a"), &ListLoginEnforcements::new()).unwrap().keys, ["e"]);
}

#[test]
fn qr_codes_have_the_requested_size() {
    let vault = FakeVault::new();
    let id = entity(&vault, "e");
    let method = |size| root(&vault, &CreateTotpMethod::new(TotpParams::new("i").qr_size(size))).method_id;
    for size in [64, 200, 333] {
        let drawn = secret(&vault, &method(size), &id).barcode.expect("a picture");
        let picture = png::Decoder::new(std::io::Cursor::new(drawn.expose_secret())).read_info().unwrap();
        assert_eq!(picture.info().size(), (size, size));
    }
    assert!(secret(&vault, &method(0), &id).barcode.is_none());
    let small = method(10);
    let (status, problem) = error_of(&vault, &AdminGenerateTotpSecret::new(small.clone(), id.clone()));
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(problem.contains("can not scale barcode to an image smaller than 49x49"), "{problem}");
    // `alice` is not enrolled.
    root(&vault, &UpdateTotpMethod::new(small.clone(), TotpParams::new("i")));
    secret(&vault, &small, &id);
}

#[test]
fn secrets_are_merged_with_entities() {
    let vault = FakeVault::new();
    let (to, from) = (entity(&vault, "to"), entity(&vault, "from"));
    let method = root(&vault, &CreateTotpMethod::new(TotpParams::new("i"))).method_id;
    secret(&vault, &method, &to);
    secret(&vault, &method, &from);
    let merge = MergeEntities::new(to.clone(), [from.clone()]);
    let (status, problem) = error_of(&vault, &merge);
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(problem.contains(&format!("conflicting MFA config ID \"{method}\" in entity ID \"{from}\"")));
    root(&vault, &ReadEntityById::new(from));
    root(&vault, &merge.force(true));

    let again = AdminGenerateTotpSecret::new(method.clone(), to.clone());
    assert!(matches!(root(&vault, &again), TotpEnrollment::AlreadyEnrolled));
    root(&vault, &AdminDestroyTotpSecret::new(method, to));
    assert!(matches!(root(&vault, &again), TotpEnrollment::Created(_)));
}

#[test]
fn codes_are_valid_once() {
    let alice = Alice::new();
    let good = code(&alice.secret, 0);
    let (status, response) = alice.validate(&good);
    assert_eq!((status, response["auth"]["entity_id"].as_str()), (200, Some(alice.id.as_str())));
    let (status, response) = alice.validate(&good);
    let problem = response["errors"][0].as_str().unwrap();
    assert_eq!(status, 403);
    assert!(problem.contains("MFA credentials not supplied or incorrect"), "{problem}");
    assert_eq!(alice.validate(&format!("passcode={}", code(&alice.secret, 1))).0, 200);
}

#[test]
fn codes_depend_on_the_clock_of_the_server() {
    let alice = Alice::new();
    assert_eq!(alice.validate(&code(&alice.secret, 20)).0, 403);
    alice.vault.advance(Duration::from_secs(600));
    assert_eq!(alice.validate(&code(&alice.secret, 0)).0, 403);
    assert_eq!(alice.validate(&code(&alice.secret, 20)).0, 200);
}

#[test]
fn failed_attempts_are_limited() {
    let alice = Alice::new();
    let wrong = |code: &str| alice.validate(code).1["errors"][0].as_str().unwrap().to_owned();
    assert!(wrong("too short").contains("not supplied or incorrect"));
    for _ in 0..5 {
        assert!(wrong("00000x").contains("not supplied or incorrect"));
    }
    let problem = wrong("00000x");
    let message = "maximum TOTP validation attempts 6 exceeded the allowed attempts 5. \
                 Please try again in 30.000000002s seconds";
    assert!(problem.contains(message), "{problem}");
    assert_eq!(alice.validate(&code(&alice.secret, 0)).0, 403);
    alice.vault.advance(Duration::from_secs(30));
    assert_eq!(alice.validate(&code(&alice.secret, 1)).0, 200);
}

#[test]
fn codes_can_be_sent_with_the_login() {
    let alice = Alice::new();
    let with = |header: &str| log_in(&alice.vault, &[("X-Vault-MFA", header)]);
    assert_eq!(with("app:000000"), (403, json!({ "errors": ["permission denied"] })));
    assert_eq!(with(":1").0, 400);
    let (status, response) = with(&format!("app:{}", code(&alice.secret, 0)));
    assert_eq!((status, response["auth"]["mfa_requirement"].is_null()), (200, true));

    root(&alice.vault, &identity_core::mfa::DeleteLoginEnforcement::new("all"));
    let warnings = with("app:1").1["warnings"].clone();
    assert_eq!(warnings, json!(["Found MFA header but failed to find MFA Enforcement Config"]));
}

#[test]
fn login_tokens_can_look_themselves_up() {
    let alice = Alice::new();
    alice.vault.allow("dev", ["auth/token/create"]);
    let (_, response) = alice.validate(&code(&alice.secret, 0));
    let token = response["auth"]["client_token"].as_str().unwrap();
    let headers = [("X-Vault-Token", token)];
    let itself = || send(&alice.vault, "GET", "auth/token/lookup-self", &headers, &Value::Null);
    let (status, looked_up) = itself();
    let data = &looked_up["data"];
    assert_eq!(status, 200);
    assert_eq!(data["display_name"], "userpass-alice");
    assert_eq!(data["policies"], json!(["default", "dev"]));
    assert_eq!(data["entity_id"], alice.id.as_str());

    let mine =
        send(&alice.vault, "POST", "auth/token/create", &headers, &json!({ "ttl": "1h", "num_uses": 1 })).1;
    assert_eq!(mine["auth"]["entity_id"], alice.id.as_str());
    assert_eq!(mine["auth"]["lease_duration"], 3600);
    let once = [("X-Vault-Token", mine["auth"]["client_token"].as_str().unwrap())];
    assert_eq!(send(&alice.vault, "GET", "auth/token/lookup-self", &once, &Value::Null).0, 200);
    assert_eq!(send(&alice.vault, "GET", "auth/token/lookup-self", &once, &Value::Null).0, 403);

    root(&alice.vault, &identity_core::entity::UpdateEntityById::new(alice.id.clone()).disabled(true));
    assert_eq!(itself(), (403, json!({ "errors": ["permission denied"] })));
    assert_eq!(log_in(&alice.vault, &[]), (403, json!({ "errors": ["permission denied"] })));
    root(&alice.vault, &identity_core::entity::UpdateEntityById::new(alice.id.clone()).disabled(false));
    assert_eq!(itself().0, 200);
    alice.vault.advance(Duration::from_secs(33 * 24 * 60 * 60));
    assert_eq!(itself().0, 403);
}

#[test]
fn users_are_written_read_and_deleted() {
    let vault = FakeVault::new();
    vault.mount_auth_at("userpass", "staff/eu");
    let user = |verb: &str, body: Value| send(&vault, verb, "auth/staff/eu/users/Bob", ROOT, &body);
    assert_eq!(user("POST", json!({})).0, 400);
    let limits = json!({ "password": "pw", "token_ttl": "1h", "policies": "b,A" });
    assert_eq!(user("POST", limits), (204, Value::Null));
    let (_, read) = user("GET", Value::Null);
    assert_eq!(read["data"]["token_ttl"], 3600);
    assert_eq!(
        (&read["data"]["policies"], &read["data"]["token_policies"]),
        (&json!(["a", "b"]), &json!(["a", "b"]))
    );
    let (_, listed) = send(&vault, "LIST", "auth/staff/eu/users", ROOT, &Value::Null);
    assert_eq!(listed["data"]["keys"], json!(["bob"]));
    let log_in = |password: &str| {
        send(&vault, "POST", "auth/staff/eu/login/bob", &[], &json!({ "password": password }))
    };
    assert_eq!(log_in("no"), (400, json!({ "errors": ["invalid username or password"] })));
    assert_eq!(log_in(""), (500, json!({ "errors": ["missing password"] })));
    assert_eq!(log_in("pw").1["auth"]["lease_duration"], 3600);
    assert_eq!(user("DELETE", Value::Null).0, 204);
    assert_eq!(log_in("pw").0, 400);
}

#[test]
fn login_responses_can_be_wrapped() {
    let alice = Alice::new();
    root(&alice.vault, &identity_core::mfa::DeleteLoginEnforcement::new("all"));
    let (_, wrapped) = log_in(&alice.vault, &[("X-Vault-Wrap-TTL", "60")]);
    let token = wrapped["wrap_info"]["token"].as_str().unwrap();
    let headers = [("X-Vault-Token", token)];
    let (_, unwrapped) = send(&alice.vault, "POST", "sys/wrapping/unwrap", &headers, &Value::Null);
    assert_eq!(unwrapped["auth"]["accessor"], wrapped["wrap_info"]["wrapped_accessor"]);
}

#[test]
fn invalid_input_does_not_panic() {
    let vault = FakeVault::new();
    vault.mount_auth("userpass");
    let method = root(&vault, &CreateTotpMethod::new(TotpParams::new("i"))).method_id;
    let id = entity(&vault, "e");
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("é\u{0}"),
        json!("-"),
        json!("+"),
        json!("0x"),
        json!("9d9"),
        json!("99999999999999999999h"),
        json!("===="),
        json!("e==="),
        json!([]),
        json!([null]),
        json!([[]]),
        json!({}),
        json!({ "a": { "b": [] } }),
        json!({ "a": [1] }),
    ];
    let places = [
        ("identity/mfa/method/totp", &["issuer", "period", "key_size", "qr_size", "digits", "skew"][..]),
        ("identity/mfa/method/okta", &["org_name", "api_token", "base_url", "production"]),
        ("identity/mfa/method/duo", &["secret_key", "integration_key", "api_hostname", "use_passcode"]),
        ("identity/mfa/method/pingid", &["settings_file_base64", "username_format"]),
        ("identity/mfa/method/totp/admin-generate", &["method_id", "entity_id"]),
        ("identity/mfa/login-enforcement/x", &["mfa_method_ids", "auth_method_types", "identity_entity_ids"]),
        (
            "auth/userpass/users/u",
            &["password", "token_ttl", "token_num_uses", "token_policies", "token_type"],
        ),
        ("auth/userpass/login/u", &["password"]),
        ("auth/token/create", &["id", "ttl", "num_uses", "policies", "meta", "period", "explicit_max_ttl"]),
        ("sys/mfa/validate", &["mfa_request_id", "mfa_payload"]),
    ];
    for (path, fields) in places {
        for field in fields {
            for odd in &odd {
                let mut body = json!({
                    "issuer": "i", "password": "pw", "method_id": method, "entity_id": id, "mfa_method_ids": [],
                    "org_name": "o", "api_token": "t", "secret_key": "s", "integration_key": "i", "api_hostname": "h",
                });
                body[field] = odd.clone();
                let (status, _) = send(&vault, "POST", path, ROOT, &body);
                assert!((200..600).contains(&status));
                send(&vault, "LIST", path, ROOT, &Value::Null);
            }
        }
    }
    for (key_size, qr_size) in [(u32::MAX, 0), (70_000, 0), (5_000, 200), (5_000, 0), (20, 100_000)] {
        let method =
            root(&vault, &CreateTotpMethod::new(TotpParams::new("i").key_size(key_size).qr_size(qr_size)))
                .method_id;
        let _ = call(&vault, &vault.target(), &AdminGenerateTotpSecret::new(method, id.clone()));
    }
}
