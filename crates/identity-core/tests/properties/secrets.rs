//! Neither `Debug` nor an error shows a secret.

use std::time::Duration;

use http::Response;
use identity_core::*;
use proptest::prelude::*;
use serde_json::json;

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
            format!("{:?}", Wrap::<ReadJwks>::response(&wrapped(&secret)).unwrap()),
            format!("{:?}", Wrap::<ReadJwks>::response(&wrapped(&secret)).unwrap().wrapped()),
        ];
        for text in shown {
            prop_assert!(!text.contains("canary"), "{text}");
        }
    }

    #[test]
    fn secrets_of_providers_and_second_factors_are_not_shown(end in "[!-~]{0,20}") {
        let secret = format!("canary-{end}");
        let secret = || secret.clone();
        let some = || Some(SecretString::from(secret()));
        let user_info = ReadUserInfo::new("default", secret());
        let basic = ExchangeOidcToken::code("default", ClientAuth::basic("c1", secret()), secret(), "http://app.test");
        let shown = [
            format!("{:?}", user_info.request(&target()).unwrap()),
            format!("{user_info:?} {:?}", ReadUserInfoByPost(user_info.clone())),
            format!("{:?}", basic.request(&target()).unwrap().headers()),
            format!("{basic:?} {:?}", basic.clone().code_verifier(secret())),
            format!("{:?} {:?}", ClientAuth::post("c1", secret()), ClientAuth::public("c1", secret())),
            format!("{:?}", ProviderTokens::new(secret(), some(), Duration::ZERO)),
            format!("{:?}", AuthorizationCode::new(secret(), None)),
            format!("{:?}", OidcClient::new(OidcClientInfo::default(), some())),
            format!("{:?}", TotpSecret::new(secret(), Some(secret().into_bytes().into()))),
            format!("{:?}", DuoParams::new(secret(), secret(), "duo.test")),
            format!("{:?}", OktaParams::new("org", secret())),
            format!("{:?}", PingIdParams::new(secret())),
            format!("{:?}", LookupWrappingToken::new(secret())),
        ];
        for text in shown {
            prop_assert!(!text.contains("canary") && !text.contains("99, 97, 110, 97, 114, 121"), "{text}");
        }
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
                return shows_no_canary(&GenerateIdToken::response(&odd).unwrap_err());
            }
        };
        shows_no_canary(&Error::new(Operation::of::<ReadOidcConfig>(), error))?;
    }
}

/// An answer that is kept under the token `secret`.
fn wrapped(secret: &str) -> Response<String> {
    Response::new(json!({ "data": null, "wrap_info": { "token": secret, "ttl": 60 } }).to_string())
}

fn shows_no_canary(error: &Error) -> Result<(), TestCaseError> {
    let source = std::error::Error::source(error).expect("a source");
    let text = format!("{error} {error:?} {error:#?} {source} {source:?}");
    prop_assert!(!text.contains("canary"), "{text}");
    Ok(())
}
