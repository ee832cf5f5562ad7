use std::collections::BTreeMap;
use std::slice::from_ref;

use serde::Deserialize;
use serde_json::json;
use vault_identity::endpoint::{ApiResponse, Method, RequestBuilder};
use vault_identity::entity::CreateEntity;
use vault_identity::error::{RequestError, ResponseError};
use vault_identity::group::CreateGroup;
use vault_identity::mfa::{
    CreateTotpMethod, LoginEnforcement, TotpAlgorithm, TotpParams, WriteLoginEnforcement,
};
use vault_identity::{Endpoint, ExposeSecret, KeyList, MfaMethodId, MountAccessor, SecretString};

use crate::rejected;
use crate::space::Space;
use crate::totp;

pub(crate) const OPERATIONS: [&str; 4] = [
    "DELETE identity/mfa/login-enforcement/{name}",
    "GET identity/mfa/login-enforcement/{name}",
    "LIST identity/mfa/login-enforcement",
    "POST identity/mfa/login-enforcement/{name}",
];

async fn method(space: &Space, name: &str) -> MfaMethodId {
    let create = CreateTotpMethod::new(TotpParams::new("Example").method_name(name));
    space.client.mfa().totp().create(&create).await.expect("the method is good").method_id
}

#[tokio::test]
async fn every_operation() {
    let Some(space) = Space::new("enforcement") else { return };
    let mfa = space.client.mfa();
    let enforcements = mfa.enforcements();
    let people = space.mount("people");
    let alice = CreateEntity::named("alice");
    let alice = space.client.entities().create(&alice).await.unwrap().created().unwrap().id;
    let staff = CreateGroup::named("staff");
    let staff = space.client.groups().create(&staff).await.unwrap().created().unwrap().id;
    let (one, two) = (method(&space, "one").await, method(&space, "two").await);
    assert_eq!(enforcements.list().await.unwrap(), KeyList::default());

    let write = WriteLoginEnforcement::new("all-of-them", [&one, &two])
        .auth_method_accessors([&people])
        .auth_method_types(["userpass"])
        .identity_group_ids([&staff])
        .identity_entity_ids([&alice]);
    enforcements.write(&write).await.unwrap();
    let enforcement = enforcements.read("all-of-them").await.unwrap();
    assert_eq!((&*enforcement.name, enforcement.id.len()), ("all-of-them", 36));
    assert_eq!((&*enforcement.namespace_id == "root", &*enforcement.namespace_path), (false, "enforcement/"));
    assert_eq!(enforcement.mfa_method_ids, [one.clone(), two.clone()]);
    assert_eq!(enforcement.auth_method_accessors, from_ref(&people));
    assert_eq!(enforcement.auth_method_types, ["userpass"]);
    assert_eq!(enforcement.identity_group_ids, from_ref(&staff));
    assert_eq!(enforcement.identity_entity_ids, from_ref(&alice));
    enforcements.write(&write).await.unwrap();
    assert_eq!(enforcements.find("all-of-them").await.unwrap().as_ref(), Some(&enforcement));

    // The methods are replaced. Unset lists are kept, and empty ones cleared.
    let write = WriteLoginEnforcement::new("all-of-them", [&two]).auth_method_types([""; 0]);
    let mut expected = enforcement;
    expected.mfa_method_ids = vec![two.clone()];
    expected.auth_method_types.clear();
    for _ in 0..2 {
        enforcements.write(&write).await.unwrap();
        assert_eq!(enforcements.read("all-of-them").await.unwrap(), expected);
    }
    let list = enforcements.list().await.unwrap();
    assert_eq!(list.iter().collect::<Vec<_>>(), [(&"all-of-them".to_owned(), Some(&expected))]);

    let message = "still used by an enforcement configuration";
    assert!(!rejected(mfa.totp().delete(&two).await, 500, message).is_retryable());
    assert_eq!(mfa.totp().list().await.unwrap().len(), 2);
    mfa.totp().delete(&one).await.unwrap();
    for _ in 0..2 {
        enforcements.delete("all-of-them").await.unwrap();
        assert_eq!(enforcements.find("all-of-them").await.unwrap(), None);
    }
    assert!(enforcements.read("all-of-them").await.unwrap_err().is_not_found());
    assert!(enforcements.list().await.unwrap().is_empty());
    mfa.totp().delete(&two).await.unwrap();

    space.assert_called(&OPERATIONS);
}

#[tokio::test]
async fn rejected_calls_return_the_messages_of_the_server() {
    let Some(space) = Space::new("enforcement-errors") else { return };
    let enforcements = space.client.mfa().enforcements();
    let method = method(&space, "one").await;
    let new = || WriteLoginEnforcement::new("new", [&method]);
    for (write, message) in [
        (new().auth_method_accessors(["unknown"]), "auth method accessors provided is invalid"),
        (new().auth_method_types(["unknown"]), "auth method types provided is invalid"),
        (new().identity_group_ids(["unknown"]), "group ids doesn't exist"),
        (new().identity_entity_ids(["unknown"]), "entity ids doesn't exist"),
    ] {
        rejected(enforcements.write(&write).await, 400, message);
    }
    let unknown = WriteLoginEnforcement::new("new", ["00000000-0000-0000-0000-000000000000"]);
    let unknown = unknown.auth_method_types([""; 0]);
    rejected(enforcements.write(&unknown).await, 400, "method ids doesn't exist");
    let calls = space.calls().len();
    assert!(enforcements.write(&new()).await.unwrap_err().api().is_none());
    assert_eq!(space.calls().len(), calls);
    assert!(enforcements.list().await.unwrap().is_empty());

    // It can apply to nobody, and have no methods.
    let none = WriteLoginEnforcement::new("none", [""; 0]).identity_entity_ids([""; 0]);
    enforcements.write(&none).await.unwrap();
    let mut enforcement = enforcements.read("none").await.unwrap();
    (enforcement.id, enforcement.name) = Default::default();
    (enforcement.namespace_id, enforcement.namespace_path) = Default::default();
    assert_eq!(enforcement, LoginEnforcement::default());
}

/// Logs alice in at the mount `people`.
struct LoginTokenSource;

/// The response to a login: a token, or the MFA requirement.
#[derive(Debug, Deserialize)]
struct Auth {
    client_token: SecretString,
    mfa_requirement: Option<MfaRequirement>,
}

#[derive(Debug, Deserialize)]
struct MfaRequirement {
    mfa_request_id: String,
    mfa_constraints: BTreeMap<String, AnyOf>,
}

#[derive(Debug, Deserialize)]
struct AnyOf {
    any: Vec<Constraint>,
}

#[derive(Debug, Deserialize)]
struct Constraint {
    #[serde(rename = "type")]
    method_type: String,
    id: MfaMethodId,
    uses_passcode: bool,
    name: Option<String>,
}

fn auth(reply: ApiResponse<'_>) -> Result<Auth, ResponseError> {
    #[derive(Deserialize)]
    struct Envelope {
        auth: Auth,
    }
    Ok(reply.json::<Envelope>()?.auth)
}

impl Endpoint for LoginTokenSource {
    type Output = Auth;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "auth/people/login/alice";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        draft.json(&json!({ "password": "correct horse" }))
    }

    fn decode(reply: ApiResponse<'_>) -> Result<Auth, ResponseError> {
        auth(reply)
    }
}

/// Validates a method with a code.
struct Validate<'a> {
    request: &'a str,
    method: &'a MfaMethodId,
    code: &'a str,
}

impl Endpoint for Validate<'_> {
    type Output = Auth;
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "sys/mfa/validate";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let payload = json!({ self.method.as_str(): [self.code] });
        draft.json(&json!({ "mfa_request_id": self.request, "mfa_payload": payload }))
    }

    fn decode(reply: ApiResponse<'_>) -> Result<Auth, ResponseError> {
        auth(reply)
    }
}

async fn in_force(space: &Space, people: &MountAccessor, method: &MfaMethodId) {
    let write = WriteLoginEnforcement::new("people", [method]).auth_method_accessors([people]);
    space.client.mfa().enforcements().write(&write).await.expect("the enforcement is good");
}

#[tokio::test]
async fn a_login_requires_the_code() {
    let Some(space) = Space::new("enforcement-login") else { return };
    let people = space.mount("people");
    space.policy("read", r#"path "identity/entity/id/*" { capabilities = ["read"] }"#);
    let _ = space.log_in("people", "alice", &["read"]);
    let alice = space.client.entities().list().await.unwrap().keys.remove(0);
    let method = method(&space, "app").await;
    let secret = totp::secret(space.client.mfa().totp().admin_generate(&method, &alice).await.unwrap());
    let app = totp::app(&secret);
    let nobody = space.client.with_target(space.client.target().clone().without_token());
    assert!(nobody.call(&LoginTokenSource).await.unwrap().mfa_requirement.is_none());
    in_force(&space, &people, &method).await;

    let needed = nobody.call(&LoginTokenSource).await.unwrap();
    assert_eq!(needed.client_token.expose_secret(), "");
    let MfaRequirement { mfa_request_id: request, mfa_constraints: constraints } =
        needed.mfa_requirement.unwrap();
    let [(enforcement, AnyOf { any })] = &constraints.into_iter().collect::<Vec<_>>()[..] else {
        panic!("there is one enforcement")
    };
    assert_eq!((&**enforcement, any.len()), ("people", 1));
    let Constraint { method_type, id, uses_passcode, name } = &any[0];
    assert_eq!((&**method_type, id, *uses_passcode, name.as_deref()), ("totp", &method, true, Some("app")));

    // A code that expired an hour ago, and then the current one.
    let validate =
        async |code: &str| nobody.call(&Validate { request: &request, method: &method, code }).await;
    let error =
        rejected(validate(&totp::code(&app, -120)).await, 403, "failed to satisfy enforcement people");
    assert!(error.is_permission_denied() && !error.is_not_found());
    let passed = validate(&totp::code(&app, 0)).await.unwrap();
    assert!(passed.mfa_requirement.is_none());
    let as_alice = space.client.with_token(passed.client_token).unwrap();
    assert_eq!(as_alice.entities().read(&alice).await.unwrap().id, alice);
    rejected(validate(&totp::code(&app, 1)).await, 400, "invalid request ID");

    // Without a secret no login succeeds, and without an enforcement every login does.
    space.client.mfa().totp().admin_destroy(&method, &alice).await.unwrap();
    let request = nobody.call(&LoginTokenSource).await.unwrap().mfa_requirement.unwrap().mfa_request_id;
    let code = totp::code(&app, 1);
    let validate = Validate { request: &request, method: &method, code: &code };
    rejected(nobody.call(&validate).await, 403, "failed to satisfy enforcement people");
    space.client.mfa().enforcements().delete("people").await.unwrap();
    let free = nobody.call(&LoginTokenSource).await.unwrap();
    assert!(free.mfa_requirement.is_none() && !free.client_token.expose_secret().is_empty());
}

#[tokio::test]
async fn too_many_wrong_codes_are_rejected() {
    let Some(space) = Space::new("enforcement-attempts") else { return };
    let people = space.mount("people");
    let _ = space.log_in("people", "alice", &[]);
    let alice = space.client.entities().list().await.unwrap().keys.remove(0);
    let params = TotpParams::new("Example").max_validation_attempts(2_u32).algorithm(TotpAlgorithm::Sha256);
    let method = space.client.mfa().totp().create(&CreateTotpMethod::new(params)).await.unwrap().method_id;
    let secret = totp::secret(space.client.mfa().totp().admin_generate(&method, &alice).await.unwrap());
    let app = totp::app(&secret);
    in_force(&space, &people, &method).await;

    let attempt = async |code: &str| {
        let request =
            space.client.call(&LoginTokenSource).await.unwrap().mfa_requirement.unwrap().mfa_request_id;
        space.client.call(&Validate { request: &request, method: &method, code }).await
    };
    let now = totp::code(&app, 0);
    assert!(!attempt(&now).await.unwrap().client_token.expose_secret().is_empty());
    // A code can be used once.
    rejected(attempt(&now).await, 403, "failed to satisfy enforcement");
    for _ in 0..2 {
        rejected(attempt(&totp::code(&app, -120)).await, 403, "failed to satisfy enforcement");
    }
    rejected(attempt(&totp::code(&app, 1)).await, 403, "maximum TOTP validation attempts");
}
