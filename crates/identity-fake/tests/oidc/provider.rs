use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use identity_core::{
    EntityId, Error, ExposeSecret,
    entity::{CreateEntity, UpdateEntityById},
    group::CreateGroup,
    oidc::{
        AuthorizeOidc, AuthorizeOidcByPost, ClientAuth, CodeChallenge, DeleteOidcClient, ExchangeOidcToken,
        OidcClient, OidcClientType, ProviderTokens, ReadOidcClient, ReadProviderDiscovery, ReadProviderJwks,
        ReadUserInfo, ReadUserInfoByPost, WriteOidcAssignment, WriteOidcClient, WriteOidcProvider,
        WriteOidcScope,
    },
};
use serde_json::json;

use crate::support::{Server, verified};

const REDIRECT: &str = "https://app.example/cb";
const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-a-good-one-0";
/// The base64url of the SHA-256 of `VERIFIER`.
const CHALLENGE: &str = "KhreADJHiVDtBlIQAa_-3iSo_s3Cn0eyMSE13PW1fZc";

/// A provider with a client of each type, and a user who may log in.
struct Provider {
    server: Server,
    alice: Server,
    id: EntityId,
    app: OidcClient,
    spa: OidcClient,
}

impl Provider {
    fn new() -> Self {
        let server = Server::new();
        server.key("key", "ES384");
        let (id, alice) = server.entity(&CreateEntity::named("alice").metadata([("mail", "a@b.c")]));
        let group = server.send(&CreateGroup::named("staff").member_entity_ids([id.clone()])).unwrap();
        let identity_core::Upsert::Created(group) = group else { panic!("it was there") };
        server.send(&WriteOidcAssignment::new("staff").group_ids([group.id])).unwrap();
        let profile = r#"{"name": {{identity.entity.name}}, "mail": {{identity.entity.metadata.mail}}}"#;
        server.send(&WriteOidcScope::new("profile").template(profile)).unwrap();
        server.send(&WriteOidcScope::new("clash").template(r#"{"name": "x"}"#)).unwrap();
        let client = |name: &str| {
            let client =
                WriteOidcClient::new(name).key("key").assignments(["staff"]).redirect_uris([REDIRECT]);
            client.access_token_ttl(Duration::from_secs(600)).id_token_ttl(Duration::from_secs(300))
        };
        server.send(&client("app").client_credentials(true)).unwrap();
        server.send(&client("spa").client_type(OidcClientType::Public)).unwrap();
        let [app, spa] = ["app", "spa"].map(|name| server.send(&ReadOidcClient::new(name)).unwrap());
        let clients = [app.info.client_id.clone(), spa.info.client_id.clone()];
        let provider = WriteOidcProvider::new("main").allowed_client_ids(clients);
        server.send(&provider.scopes_supported(["profile", "clash"])).unwrap();
        Self { server, alice, id, app, spa }
    }

    fn authorize(&self) -> AuthorizeOidc {
        let client_id = self.app.info.client_id.clone();
        AuthorizeOidc::without_code_challenge("main", client_id, REDIRECT).scopes(["profile"])
    }

    fn code(&self, authorize: &AuthorizeOidc) -> String {
        self.alice.send(authorize).unwrap().code.expose_secret().to_owned()
    }

    fn basic(&self) -> ClientAuth {
        ClientAuth::basic(self.app.info.client_id.clone(), self.app.client_secret.clone().unwrap())
    }

    fn exchange(&self, code: &str) -> Result<ProviderTokens, Error> {
        self.server.send(&ExchangeOidcToken::code("main", self.basic(), code, REDIRECT))
    }
}

/// Returns the status, the code and the description of an OAuth error.
fn oauth<T>(result: Result<T, Error>) -> (u16, String) {
    let Err(error) = result else { panic!("the request succeeded") };
    let api = error.api().unwrap();
    (api.status().as_u16(), api.oauth().unwrap().to_string())
}

fn error_of(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}

#[test]
fn confidential_clients_log_users_in() {
    let provider = Provider::new();
    let authorize = provider.authorize().state("st").nonce("n-1").max_age(Duration::from_secs(60));
    let granted = provider.alice.send(&authorize).unwrap();
    assert_eq!(granted.state.as_deref(), Some("st"));
    let tokens = provider.exchange(granted.code.expose_secret()).unwrap();
    assert_eq!((&*tokens.token_type, tokens.expires_in), ("Bearer", Duration::from_secs(600)));

    let keys = provider.server.send(&ReadProviderJwks::new("main")).unwrap();
    let id_token = tokens.id_token.unwrap();
    let client_id = provider.app.info.client_id.as_str();
    let claims = verified(id_token.expose_secret(), &keys, client_id).unwrap().claims;
    let discovery = provider.server.send(&ReadProviderDiscovery::new("main")).unwrap();
    let hash = |text: &str| claims[text].as_str().unwrap().len();
    assert_eq!((hash("at_hash"), hash("c_hash")), (32, 32), "half of a SHA-384");
    let expected = json!({
        "iss": discovery.issuer, "sub": provider.id.as_str(), "aud": client_id, "namespace": "root",
        "iat": claims["iat"], "exp": claims["iat"].as_i64().unwrap() + 300, "nonce": "n-1",
        "auth_time": claims["auth_time"], "at_hash": claims["at_hash"], "c_hash": claims["c_hash"],
        "name": "alice", "mail": "a@b.c",
    });
    assert_eq!(claims, expected);
    assert!(claims["auth_time"].is_i64());

    let read = ReadUserInfo::new("main", tokens.access_token);
    let info = provider.server.send(&read).unwrap();
    assert_eq!(info.sub, provider.id);
    assert_eq!(info.claims["mail"], "a@b.c");
    assert_eq!(provider.server.send(&ReadUserInfoByPost(read)).unwrap(), info);
    assert!(discovery.scopes_supported.contains(&"openid".to_owned()));
}

#[test]
fn public_clients_need_pkce() {
    let provider = Provider::new();
    let client_id = provider.spa.info.client_id.clone();
    let bare = AuthorizeOidc::without_code_challenge("main", client_id.clone(), REDIRECT);
    let required = "invalid_request: PKCE is required for public clients";
    assert_eq!(oauth(provider.alice.send(&bare)), error_of(400, required));
    let exchange = |challenge: CodeChallenge, verifier: &str| {
        let authorize = AuthorizeOidc::new("main", client_id.clone(), REDIRECT, challenge);
        let code = provider.alice.send(&AuthorizeOidcByPost(authorize)).unwrap().code;
        let client = ClientAuth::public(client_id.clone(), verifier);
        provider.server.send(&ExchangeOidcToken::code("main", client, code, REDIRECT))
    };
    assert!(exchange(CodeChallenge::s256(CHALLENGE), VERIFIER).is_ok());
    assert!(exchange(CodeChallenge::plain(VERIFIER), VERIFIER).is_ok());
    let wrong = error_of(400, "invalid_grant: invalid code_verifier for token exchange");
    assert_eq!(oauth(exchange(CodeChallenge::s256(CHALLENGE), "another")), wrong);
    assert_eq!(oauth(exchange(CodeChallenge::plain(CHALLENGE), VERIFIER)), wrong);

    // A confidential client may use PKCE, and then has to send the verifier.
    let mut authorize = provider.authorize();
    authorize.code_challenge = Some(CodeChallenge::s256(CHALLENGE));
    let missing = provider.exchange(&provider.code(&authorize));
    let expected = "invalid_request: expected code_verifier for token exchange";
    assert_eq!(oauth(missing), error_of(400, expected));
    let exchange = ExchangeOidcToken::code("main", provider.basic(), provider.code(&authorize), REDIRECT);
    assert!(provider.server.send(&exchange.code_verifier(VERIFIER)).is_ok());
    let exchange =
        ExchangeOidcToken::code("main", provider.basic(), provider.code(&provider.authorize()), REDIRECT);
    let unexpected = "invalid_request: unexpected code_verifier for token exchange";
    assert_eq!(oauth(provider.server.send(&exchange.code_verifier(VERIFIER))), error_of(400, unexpected));
}

#[test]
fn codes_work_once_and_for_five_minutes() {
    let provider = Provider::new();
    let over = error_of(400, "invalid_grant: authorization grant is invalid or expired");
    let code = provider.code(&provider.authorize());
    assert!(provider.exchange(&code).is_ok());
    assert_eq!(oauth(provider.exchange(&code)), over);

    let code = provider.code(&provider.authorize());
    provider.server.vault.advance(Duration::from_secs(299));
    assert!(provider.exchange(&code).is_ok());
    let code = provider.code(&provider.authorize());
    provider.server.vault.advance(Duration::from_secs(301));
    assert_eq!(oauth(provider.exchange(&code)), over);

    // A failed exchange uses up the code too.
    let code = provider.code(&provider.authorize());
    let elsewhere = ExchangeOidcToken::code("main", provider.basic(), &*code, "https://elsewhere");
    assert!(provider.server.send(&elsewhere).is_err());
    assert_eq!(oauth(provider.exchange(&code)), over);
}

#[test]
fn client_credentials_get_a_token() {
    let provider = Provider::new();
    let exchange = ExchangeOidcToken::client_credentials("main", provider.basic());
    let tokens = provider.server.send(&exchange).unwrap();
    assert!(tokens.id_token.is_none());
    let keys = provider.server.send(&ReadProviderJwks::new("main")).unwrap();
    let client_id = provider.app.info.client_id.as_str();
    let claims = verified(tokens.access_token.expose_secret(), &keys, client_id).unwrap().claims;
    assert_eq!(claims["sub"], client_id);
    let result = provider.server.send(&ReadUserInfo::new("main", tokens.access_token));
    assert_eq!(oauth(result), error_of(401, "invalid_token: permission denied"));
}

#[test]
fn access_tokens_expire_and_reflect_changes() {
    let provider = Provider::new();
    let token = || provider.exchange(&provider.code(&provider.authorize())).unwrap().access_token;
    let send = |token| provider.server.send(&ReadUserInfo::new("main", token));
    let denied = error_of(401, "invalid_token: permission denied");
    let expiring = token();
    provider.server.vault.advance(Duration::from_secs(601));
    assert_eq!(oauth(send(expiring)), denied);

    let token = token();
    let elsewhere = provider.server.with_token(&token).send(&ReadOidcClient::new("app")).unwrap_err();
    assert!(elsewhere.is_permission_denied());
    provider.server.send(&UpdateEntityById::new(provider.id.clone()).disabled(true)).unwrap();
    assert_eq!(oauth(send(token.clone())), denied);
    provider.server.send(&UpdateEntityById::new(provider.id.clone()).disabled(false)).unwrap();
    assert!(send(token.clone()).is_ok());
    let none: [&str; 0] = [];
    provider.server.send(&WriteOidcAssignment::new("staff").group_ids(none)).unwrap();
    let unassigned = "access_denied: identity entity not authorized by client assignment";
    assert_eq!(oauth(send(token.clone())), error_of(403, unassigned));
    assert_eq!(oauth(provider.alice.send(&provider.authorize())), error_of(400, unassigned));
    provider.server.send(&DeleteOidcClient::new("app")).unwrap();
    assert_eq!(oauth(send(token)), error_of(403, "access_denied: client not found"));
}

#[test]
fn clients_authenticate() {
    let provider = Provider::new();
    let (client_id, secret) =
        (provider.app.info.client_id.clone(), provider.app.client_secret.clone().unwrap());
    let code = provider.code(&provider.authorize());
    let wrong = ClientAuth::post(client_id.clone(), "wrong");
    let result = provider.server.send(&ExchangeOidcToken::code("main", wrong, &*code, REDIRECT));
    assert_eq!(oauth(result), error_of(401, "invalid_client: client failed to authenticate"));
    let post = ClientAuth::post(client_id, secret);
    assert!(provider.server.send(&ExchangeOidcToken::code("main", post, &*code, REDIRECT)).is_ok());

    let path = "provider/default/token";
    let basic = |plain: &str| format!("Basic {}", BASE64_STANDARD.encode(plain));
    let (status, body) = provider.server.raw("POST", path, &[("authorization", &basic(":"))], "{}");
    assert_eq!((status, &body["error_description"]), (500, &json!("missing client ID")));
    let (status, body) = provider.server.raw("POST", path, &[("authorization", "Basic %%%")], "{}");
    assert_eq!((status, &body["error_description"]), (400, &json!("client_id parameter is required")));
}

#[test]
fn conflicting_scopes_are_rejected() {
    let provider = Provider::new();
    let code = provider.code(&provider.authorize().scopes(["clash", "profile"]));
    let (status, problem) = oauth(provider.exchange(&code));
    assert_eq!(status, 400);
    assert!(problem.contains("found scopes with conflicting top-level claim: claim \"name\""), "{problem}");
}
