//! Neither `Debug` nor an error shows a secret.

use std::time::Duration;

use http::Response;
use identity_core::prelude::*;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::target;

proptest! {
    #[test]
    fn secrets_are_not_shown(end in "[!-~]{0,20}") {
        let secret = format!("canary-{end}");
        let target = target().with_token(secret.clone()).unwrap();
        let elsewhere = Target::new("https://vault.test").unwrap();
        let shown = [
            format!("{target:?}"),
            format!("{:?}", CreateEntity::named("alice").request(&target).unwrap()),
            format!("{:?}", UnwrapResponse::<ReadJwks>::new(secret.clone())),
            format!("{:?}", UnwrapResponse::<ReadJwks>::new(secret.clone()).request(&elsewhere).unwrap()),
            format!("{:?}", IntrospectIdToken::new(secret.clone())),
            // The body is the token's only way to the server, and `http` shows it.
            format!("{:?}", IntrospectIdToken::new(secret.clone()).request(&elsewhere).unwrap().headers()),
            format!("{:?}", IdToken::new(secret.clone(), "audience", Duration::ZERO)),
            format!("{:?}", Wrapped::Plain(IdToken::new(secret.clone(), "audience", Duration::ZERO))),
            format!("{:?}", Wrap::<ReadJwks>::parse_response(&wrapped(&secret)).unwrap()),
            format!("{:?}", Wrap::<ReadJwks>::parse_response(&wrapped(&secret)).unwrap().wrapped()),
        ];
        shows_none(&shown)?;
    }

    #[test]
    fn requests_of_providers_show_no_secret(end in "[!-~]{0,20}") {
        let secret = || format!("canary-{end}");
        let target = target().with_token(secret()).unwrap();
        let code = |client| ExchangeOidcToken::code("web", client, secret(), "http://app.test");
        let [basic, post] = [ClientAuth::basic("c1", secret()), ClientAuth::post("c1", secret())];
        let user_info = ReadUserInfo::new("web", secret());
        let authorize = AuthorizeOidc::without_code_challenge("web", "c1", "http://app.test");
        let shown = [
            format!("{basic:?} {post:?} {:?}", ClientAuth::public("c1", secret())),
            format!("{:?}", code(basic.clone()).code_verifier(secret())),
            format!("{:?}", code(post.clone()).grant),
            format!("{:?}", code(ClientAuth::public("c1", secret()))),
            format!("{:?}", ExchangeOidcToken::client_credentials("web", post.clone())),
            // A form is the secret's only way to the server, and `http` shows it.
            format!("{:?}", code(basic.clone()).request(&target).unwrap().headers()),
            format!("{:?}", ExchangeOidcToken::client_credentials("web", basic).request(&target).unwrap()),
            format!("{:?}", code(post).request(&target).unwrap().headers()),
            format!("{user_info:?} {:?}", user_info.request(&target).unwrap()),
            format!("{:?}", ReadUserInfoByPost(user_info.clone())),
            format!("{:?}", ReadUserInfoByPost(user_info).request(&target).unwrap()),
            format!("{:?}", authorize.request(&target).unwrap()),
            format!("{:?}", AuthorizeOidcByPost(authorize).request(&target).unwrap()),
            format!("{:?}", ReadOidcClient::new("app").request(&target).unwrap()),
        ];
        shows_none(&shown)?;
    }

    #[test]
    fn responses_of_providers_show_no_secret(end in "[!-~]{0,20}") {
        let secret = || format!("canary-{end}");
        let some = || Some(SecretString::from(secret()));
        let response = |body: Value| Response::new(body.to_string());
        let code = response(json!({ "code": secret(), "state": "s" }));
        let tokens = response(json!({ "access_token": secret(), "id_token": secret(), "expires_in": 60 }));
        let client = response(json!({ "data": { "client_id": "c1", "client_secret": secret() } }));
        let shown = [
            format!("{:?}", AuthorizationCode::new(secret(), None)),
            format!("{:?}", AuthorizeOidc::parse_response(&code).unwrap()),
            format!("{:?}", AuthorizeOidcByPost::parse_response(&code).unwrap()),
            format!("{:?}", ProviderTokens::new(secret(), some(), Duration::ZERO)),
            format!("{:?}", ExchangeOidcToken::parse_response(&tokens).unwrap()),
            format!("{:?}", OidcClient::new(OidcClientInfo::default(), some())),
            format!("{:?}", ReadOidcClient::parse_response(&client).unwrap()),
            format!("{:?}", WithMeta::<Maybe<ReadOidcClient>>::parse_response(&client).unwrap()),
            format!("{:?}", Wrap::<ReadOidcClient>::parse_response(&client).unwrap()),
        ];
        shows_none(&shown)?;
    }

    #[test]
    fn second_factors_show_no_secret(end in "[!-~]{0,20}") {
        let secret = || format!("canary-{end}");
        let target = target().with_token(secret()).unwrap();
        let okta = OktaParams::new("org", secret());
        let duo = DuoParams::new(secret(), secret(), "duo.test");
        let ping_id = PingIdParams::new(secret());
        let new = json!({ "data": { "url": secret(), "barcode": "Y2FuYXJ5" } });
        let new = Response::new(new.to_string());
        let lookup = LookupWrappingToken::new(secret());
        let shown = [
            format!("{okta:?} {duo:?} {ping_id:?}"),
            format!("{:?} {:?}", CreateOktaMethod::new(okta.clone()), UpdateOktaMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", okta.clone())),
            format!("{:?} {:?}", CreateDuoMethod::new(duo.clone()), UpdateDuoMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", duo.clone())),
            format!("{:?} {:?}", CreatePingIdMethod::new(ping_id.clone()), UpdatePingIdMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", ping_id.clone())),
            // A body is the secret's only way to the server, and `http` shows it.
            format!("{:?}", CreateOktaMethod::new(okta).request(&target).unwrap().headers()),
            format!("{:?}", UpdateDuoMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", duo).request(&target).unwrap().headers()),
            format!("{:?}", CreatePingIdMethod::new(ping_id).request(&target).unwrap().headers()),
            format!("{:?}", GenerateTotpSecret::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b").request(&target).unwrap()),
            format!("{:?}", AdminGenerateTotpSecret::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", "e1").request(&target).unwrap()),
            format!("{:?}", TotpSecret::new(secret(), Some(secret().into_bytes().into()))),
            format!("{:?}", TotpEnrollment::Created(TotpSecret::new(secret(), None))),
            format!("{:?}", GenerateTotpSecret::parse_response(&new).unwrap()),
            format!("{:?}", AdminGenerateTotpSecret::parse_response(&new).unwrap()),
            format!("{lookup:?} {:?}", lookup.request(&target).unwrap().headers()),
        ];
        shows_none(&shown)?;
    }

    #[test]
    fn undecodable_responses_show_no_secret(end in "[!-~]{0,20}") {
        let odd = |field: &str| {
            let secret = [format!("canary-{end}")];
            Response::new(json!({ field: secret, "data": { field: secret } }).to_string())
        };
        shows_no_canary(&AuthorizeOidc::parse_response(&odd("code")).unwrap_err())?;
        shows_no_canary(&ExchangeOidcToken::parse_response(&odd("access_token")).unwrap_err())?;
        shows_no_canary(&ReadOidcClient::parse_response(&odd("client_secret")).unwrap_err())?;
        shows_no_canary(&GenerateTotpSecret::parse_response(&odd("url")).unwrap_err())?;
        shows_no_canary(&GenerateIdToken::parse_response(&odd("token")).unwrap_err())?;
        shows_no_canary(&ReadUserInfo::parse_response(&odd("sub")).unwrap_err())?;
        shows_no_canary(&ReadMfaMethod::parse_response(&odd("id")).unwrap_err())?;
    }

    #[test]
    fn errors_show_neither_secrets_nor_identifiers(end in "[!-~\n ]{0,20}", place in 0..6) {
        let secret = format!("canary-{end}/..\n");
        let target = target();
        let error = match place {
            0 => target.with_token(secret).unwrap_err().into(),
            1 => target.with_namespace(&secret).unwrap_err().into(),
            2 => ErrorKind::from(Target::new(&format!("http://user:{secret}@vault.test")).unwrap_err()),
            3 => return shows_no_canary(&ReadEntityByName::new(secret).request(&target).unwrap_err()),
            4 => return shows_no_canary(&UnwrapResponse::<ReadJwks>::new(secret).request(&target).unwrap_err()),
            _ => {
                let odd = Response::new(json!({ "data": { "token": [secret] } }).to_string());
                return shows_no_canary(&GenerateIdToken::parse_response(&odd).unwrap_err());
            }
        };
        shows_no_canary(&Error::new(Operation::for_endpoint::<ReadOidcConfig>(), error))?;
    }
}

/// A response that is wrapped by the token `secret`.
fn wrapped(secret: &str) -> Response<String> {
    Response::new(json!({ "data": null, "wrap_info": { "token": secret, "ttl": 60 } }).to_string())
}

/// Neither as text nor as bytes, nor as base64.
fn shows_none(shown: &[String]) -> Result<(), TestCaseError> {
    for text in shown {
        let canaries = ["canary", "99, 97, 110, 97, 114, 121", "Y2FuYXJ5"];
        prop_assert!(!canaries.iter().any(|canary| text.contains(canary)), "{text}");
    }
    Ok(())
}

fn shows_no_canary(error: &Error) -> Result<(), TestCaseError> {
    let text = format!("{error} {error:#} {error:?} {error:#?} {:?}", error.kind());
    prop_assert!(!text.contains("canary"), "{text}");
    Ok(())
}

/// Puts a secret into whatever a draft can hold, in one of several ways.
struct Hidden(fn(RequestBuilder, &SecretString) -> Result<RequestBuilder, RequestError>);

impl Endpoint for Hidden {
    type Output = ();
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "hidden/{name}";

    fn encode(&self, draft: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let draft = draft.path_param("name", "canary")?.query("canary", "canary");
        let draft = (self.0)(draft, &SecretString::from("canary"))?;
        let text = format!("{draft:?} {draft:#?}");
        assert!(!text.contains("canary") && !text.contains("Y2FuYXJ5"), "{text}");
        Ok(draft)
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
    }
}

#[test]
fn drafts_show_no_secret() {
    for write in [
        Hidden(|draft, canary| draft.token(canary)?.json("canary")),
        Hidden(|draft, canary| draft.bearer_auth(canary)?.json(&["canary"])),
        Hidden(|draft, canary| Ok(draft.basic_auth("canary", canary)?.form([("canary", "canary")]))),
    ] {
        write.request(&target()).unwrap();
    }
}
