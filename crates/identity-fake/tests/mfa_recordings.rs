//! Replays recorded requests about multi-factor authentication on `FakeVault`, and compares the responses.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use http::Request;
use identity_core::BlockingTransport;
use identity_core::bytes::Bytes;
use identity_fake::FakeVault;
use serde_json::{Value, json};

/// A `FakeVault`, with its counterparts of the recorded identifiers.
#[derive(Default)]
struct Replay {
    vault: FakeVault,
    known: BTreeMap<String, String>,
    recordings: usize,
}

const SKIPPED: [&str; 6] = ["request_id", "barcode", "url", "client_token", "accessor", "mfa_request_id"];

impl Replay {
    fn send(&self, method: &str, path: &str, headers: &Value, body: &Value) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(self.translate(path));
        for (name, value) in headers.as_object().into_iter().flatten() {
            request = request.header(name, self.translate(value.as_str().unwrap_or_default()));
        }
        let body = if body.is_null() { String::new() } else { self.translate(&body.to_string()) };
        let request = request.body(Bytes::from(body)).unwrap();
        let response = BlockingTransport::send(&self.vault, request).unwrap();
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        (response.status().as_u16(), body)
    }

    /// Sends a setup request with the root token.
    fn set(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, response) = self.send(method, path, &json!({ "X-Vault-Token": "root" }), body);
        assert!(status < 300, "{method} {path}: {status} {response}");
        response["data"].clone()
    }

    fn learn(&mut self, recorded: &str, ours: &Value) {
        self.known.insert(recorded.to_owned(), ours.as_str().unwrap().to_owned());
    }

    fn translate(&self, text: &str) -> String {
        self.known.iter().fold(text.to_owned(), |text, (recorded, ours)| text.replace(recorded, ours))
    }

    /// Replays recordings and compares the responses.
    fn repeat(&mut self, area: &str, cases: &[&str]) {
        for case in cases {
            let response = self.replay_generated(area, case, |_| {});
            let recorded = recording(area, case)["response"]["body"].clone();
            let ours = Self::comparable(&response);
            let theirs: Value = serde_json::from_str(&self.translate(&recorded.to_string())).unwrap();
            assert_eq!(ours, Self::comparable(&theirs), "{area}/{case}");
        }
    }

    /// Replays a recording whose response contains generated values. Compares the status and the names of the
    /// fields.
    fn replay_generated(&mut self, area: &str, case: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut recording = recording(area, case);
        change(&mut recording["request"]);
        let request = &recording["request"];
        let (method, path) = (request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
        let (status, response) = self.send(method, path, &request["headers"], &request["body"]);
        assert_eq!(json!(status), recording["response"]["status"], "{area}/{case}: {response}");
        // New identifiers.
        for name in ["method_id", "id", "entity_id"] {
            let (theirs, ours) = (&recording["response"]["body"]["data"][name], &response["data"][name]);
            if let (Some(theirs), Some(_)) = (theirs.as_str(), ours.as_str()) {
                if !self.known.contains_key(theirs) {
                    self.learn(theirs, ours);
                }
            }
        }
        self.recordings += 1;
        response
    }

    /// Removes values that differ each time and sorts keys.
    fn comparable(response: &Value) -> Value {
        match response {
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| {
                    let value = match value {
                        Value::String(_) if SKIPPED.contains(&&**name) => json!("…"),
                        Value::Array(keys) if name == "keys" => {
                            let mut keys = keys.clone();
                            keys.sort_by_key(Value::to_string);
                            keys.into()
                        }
                        value => Self::comparable(value),
                    };
                    (name.clone(), value)
                })
                .collect(),
            Value::Array(items) => items.iter().map(Self::comparable).collect(),
            value => value.clone(),
        }
    }
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/recordings")
}

fn recording(area: &str, case: &str) -> Value {
    let file = folder().join(area).join(format!("{case}.json"));
    serde_json::from_slice(&fs::read(&file).unwrap_or_else(|_| panic!("no {}", file.display()))).unwrap()
}

fn count(area: &str) -> usize {
    fs::read_dir(folder().join(area)).unwrap().count()
}

const TOTP: &str = "20ca38a1-2693-a8da-fa55-8dd960737fb8";
const SECOND: &str = "8e89dbed-d39e-a695-787f-d9c8a1825e7c";
const ENTITY: &str = "1a77fe5a-4f63-f529-84ee-0b175e8e82e7";
const GROUP: &str = "d5837099-02b2-8199-aede-200410f07342";

#[test]
fn methods() {
    let mut replay = Replay::default();
    let area = "mfa-method";
    replay
        .repeat(area, &["list-all-empty", "read-any-missing", "read-any-not-a-uuid", "read-any-without-id"]);
    for kind in ["totp", "okta", "duo", "pingid"] {
        let cases = [
            "list-empty",
            "create-empty-body",
            "create-without-id-full",
            "create-without-id-minimal",
            "create-same-name-updates-same-id",
            "create-method-id-in-body-is-dropped",
            "read-full",
            "read-minimal",
            "read-through-generic-path",
            "read-missing",
            "read-without-id",
            "list",
            "list-get",
            "update-by-id",
            "update-by-id-partial-is-refused",
            "update-missing-id-silently-nothing",
            "update-not-a-uuid",
            "read-full",
            "delete-missing",
            "delete-without-id",
        ];
        let cases = cases.map(|case| format!("{kind}-{case}"));
        replay.repeat(area, &cases.iter().map(String::as_str).collect::<Vec<_>>());
        // This recording is used twice.
        replay.recordings -= 1;
    }
    replay.repeat(
        area,
        &[
            "list-all",
            "list-all-get",
            "read-wrong-type",
            "totp-bad-algorithm",
            "totp-bad-digits",
            "totp-bad-key-size",
            "totp-bad-max-attempts",
            "totp-bad-period",
            "totp-bad-skew",
            "totp-bad-type",
            "okta-missing-token",
            "okta-deprecated-production",
            "duo-missing-api-hostname",
            "duo-missing-integration-key",
            "pingid-bad-base64",
            "pingid-unknown-setting",
        ],
    );

    let second = json!({ "issuer": "rec", "method_name": "second" });
    let second = replay.set("POST", "/v1/identity/mfa/method/totp", &second);
    replay.learn(SECOND, &second["method_id"]);
    replay.repeat(
        area,
        &[
            "totp-rename-to-used-name",
            "duo-delete-wrong-type",
            "totp-read-after-wrong-type-delete-still-there",
        ],
    );

    let enforcement = "/v1/identity/mfa/login-enforcement/le3";
    let wanted = json!({ "mfa_method_ids": [TOTP], "auth_method_types": [] });
    replay.set("POST", enforcement, &wanted);
    let enforced = replay.set("GET", enforcement, &Value::Null);
    replay.learn("56509138-83af-a636-4284-28682161f9d4", &enforced["id"]);
    replay.repeat(area, &["totp-delete-in-use"]);
    replay.set("DELETE", enforcement, &Value::Null);
    for kind in ["totp", "okta", "duo", "pingid"] {
        replay.repeat(area, &[&*format!("{kind}-delete"), &*format!("{kind}-read-deleted")]);
    }
    assert_eq!(replay.recordings, count(area));
}

#[test]
fn login_enforcements() {
    let mut replay = Replay::default();
    for method in ["totp", "duo"] {
        replay.replay_generated("mfa-method", &format!("{method}-create-without-id-full"), |_| {});
    }
    replay.recordings = 0;
    let accessor = replay.vault.mount_auth("userpass").to_string();
    replay.learn("auth_userpass_c3df77b7", &accessor.into());
    replay.vault.mount_auth("approle");
    let entity = replay.set("POST", "/v1/identity/entity", &json!({ "name": "e" }));
    replay.learn(ENTITY, &entity["id"]);
    let group = replay.set("POST", "/v1/identity/group", &json!({ "name": "g" }));
    replay.learn(GROUP, &group["id"]);

    let area = "mfa-login-enforcement";
    replay.repeat(
        area,
        &[
            "list-empty",
            "create",
            "read",
            "update-keeps-omitted-lists",
            "read-after-update",
            "create-minimal",
            "read-minimal",
            "create-single-string-becomes-one-element",
            "read-single-string",
            "create-empty-method-ids-accepted",
            "create-comma-string-not-split",
            "create-no-method-ids",
            "create-no-targets",
            "create-unknown-accessor",
            "create-unknown-auth-type",
            "create-unknown-entity",
            "create-unknown-group",
            "create-unknown-method-id",
            "name-with-space",
        ],
    );
    let unread = replay.set("GET", "/v1/identity/mfa/login-enforcement/emptym", &Value::Null);
    replay.learn("62aa8a3f-6005-1b52-d8d1-4ff269c3b1cc", &unread["id"]);
    replay.repeat(area, &["list", "list-get", "read-missing", "delete-missing", "delete", "read-deleted"]);
    assert_eq!(replay.recordings, count(area));
}

/// Splits off the secret of a URL, and returns the length of the secret.
fn without_secret(url: &Value) -> (String, usize) {
    let (url, secret) = url.as_str().unwrap().split_once("secret=").unwrap();
    (url.to_owned(), secret.len())
}

fn new_secret(replay: &mut Replay, case: &str) {
    let area = "mfa-totp";
    let data = replay.replay_generated(area, case, |_| {})["data"].clone();
    let theirs = recording(area, case)["response"]["body"]["data"].clone();
    let (url, length) = without_secret(&theirs["url"]);
    assert_eq!(without_secret(&data["url"]), (replay.translate(&url), length));
    // The header of a PNG image, if there is one.
    let picture = |data: &Value| data["barcode"].as_str().unwrap().get(..12).map(str::to_owned);
    assert_eq!(picture(&data), picture(&theirs));
}

#[test]
fn totp_secrets() {
    let mut replay = Replay::default();
    for method in ["totp", "duo"] {
        replay.replay_generated("mfa-method", &format!("{method}-create-without-id-full"), |_| {});
    }
    replay.recordings = 0;
    let plain = json!({ "issuer": "rec", "qr_size": 0 });
    let plain = replay.set("POST", "/v1/identity/mfa/method/totp", &plain);
    replay.learn("729883be-bfb7-f600-4dac-3bec4e0f2fab", &plain["method_id"]);
    replay.vault.allow("members", ["identity/mfa/*"]);
    let entity = replay.set("POST", "/v1/identity/entity", &json!({ "name": "e", "policies": ["members"] }));
    replay.learn(ENTITY, &entity["id"]);
    let id = identity_core::EntityId::from(entity["id"].as_str().unwrap());
    let area = "mfa-totp";
    let tokens = [
        ("s.IzfVMzkcFMKZNqzRcBNPtWVy", replay.vault.token_for(&id)),
        ("s.3RNOA27kAWddcxHxtWrEpwbb", replay.vault.unprivileged_token()),
    ];
    for (theirs, ours) in tokens {
        replay.learn(theirs, &identity_core::ExposeSecret::expose_secret(&ours).into());
    }

    new_secret(&mut replay, "admin-generate");
    new_secret(&mut replay, "admin-generate-qr-size-zero");
    replay.repeat(
        area,
        &[
            "admin-generate-again-warns-without-data",
            "admin-generate-no-entity-id",
            "admin-generate-no-method-id",
            "admin-generate-not-totp",
            "admin-generate-unknown-entity",
            "admin-generate-unknown-method",
            "generate-no-method-id",
            "generate-token-without-entity",
            "generate-unknown-method",
            "generate-without-policy",
            "admin-destroy-no-entity-id",
            "admin-destroy-no-method-id",
            "admin-destroy-not-totp",
            "admin-destroy-unknown-entity",
            "admin-destroy-unknown-method",
            "admin-destroy",
            "admin-destroy-again",
        ],
    );
    new_secret(&mut replay, "generate-own");
    replay.repeat(area, &["generate-own-again-warns"]);
    assert_eq!(replay.recordings, count(area));
}

/// Returns the code of a period relative to now.
fn code(url: &Value, periods: i64) -> String {
    use hmac::{KeyInit, Mac};
    let secret = url.as_str().unwrap().rsplit_once("secret=").unwrap().1;
    let key = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let counter = u64::try_from(jiff::Timestamp::now().as_second() / 30 + periods).unwrap();
    let mut mac = hmac::Hmac::<sha1::Sha1>::new_from_slice(&key).unwrap();
    mac.update(&counter.to_be_bytes());
    let mac = mac.finalize().into_bytes();
    let at = usize::from(mac[19] & 0xf);
    let number = u32::from_be_bytes([mac[at], mac[at + 1], mac[at + 2], mac[at + 3]]) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[test]
fn login_with_a_second_factor() {
    const METHOD: &str = "51c27df1-fee2-6f3b-565b-64eff78c6f4b";
    let mut replay = Replay::default();
    replay.vault.mount_auth_at("userpass", "rec-up1");
    let user = json!({ "password": "pw", "token_policies": "rec-user" });
    replay.set("POST", "/v1/auth/rec-up1/users/twofactor", &user);
    let first =
        replay.send("POST", "/v1/auth/rec-up1/login/twofactor", &Value::Null, &json!({ "password": "pw" })).1;
    let entity = &first["auth"]["entity_id"];
    replay.learn("41ab4c03-cf3f-3541-8969-88fd50afae53", entity);
    let method = json!({ "method_name": "login-totp", "issuer": "rec" });
    let method = replay.set("POST", "/v1/identity/mfa/method/totp", &method)["method_id"].clone();
    replay.learn(METHOD, &method);
    let enrol = json!({ "method_id": method, "entity_id": entity });
    let url = replay.set("POST", "/v1/identity/mfa/method/totp/admin-generate", &enrol)["url"].clone();
    let wanted = json!({ "mfa_method_ids": [method], "identity_entity_ids": [entity] });
    replay.set("POST", "/v1/identity/mfa/login-enforcement/le", &wanted);

    let area = "login-mfa";
    let recorded = |replay: &Replay, case: &str| {
        let body = recording(area, case)["response"]["body"].to_string();
        Replay::comparable(&serde_json::from_str(&replay.translate(&body)).unwrap())
    };
    let response = replay.replay_generated(area, "login-needs-mfa", |_| {});
    assert_eq!(Replay::comparable(&response), recorded(&replay, "login-needs-mfa"));
    replay.learn(
        "28bda791-7e25-5473-1500-b8b2b5f13178",
        &response["auth"]["mfa_requirement"]["mfa_request_id"],
    );
    let response = replay.replay_generated(area, "validate-wrong-code", |_| {});
    assert_eq!(Replay::comparable(&response), recorded(&replay, "validate-wrong-code"));
    let (now, next) = (code(&url, 0), code(&url, 1));
    let response = replay.replay_generated(area, "validate-ok", |request| {
        request["body"]["mfa_payload"][METHOD] = json!([now]);
    });
    assert_eq!(Replay::comparable(&response), recorded(&replay, "validate-ok"));
    let response = replay.replay_generated(area, "validate-unknown-request", |_| {});
    assert_eq!(Replay::comparable(&response), recorded(&replay, "validate-unknown-request"));
    let response = replay.replay_generated(area, "login-single-phase", |request| {
        request["headers"]["X-Vault-MFA"] = json!(format!("{METHOD}:{next}"));
    });
    assert_eq!(Replay::comparable(&response), recorded(&replay, "login-single-phase"));
    assert_eq!(replay.recordings, count(area));
}
