//! The OpenID provider.

use std::time::Duration;

use identity_core::prelude::*;

use crate::{FRACTION, SECOND, rejected};

const URI: &str = "https://app.test/callback";

fn authorize() -> AuthorizeOidc {
    AuthorizeOidc::without_code_challenge("web", "c1", URI)
}

fn with_scope(scope: &str) -> AuthorizeOidc {
    let mut authorize = authorize();
    scope.clone_into(&mut authorize.scope);
    authorize
}

fn challenged(challenge: CodeChallenge) -> AuthorizeOidc {
    AuthorizeOidc::new("web", "c1", URI, challenge)
}

fn basic() -> ClientAuth {
    ClientAuth::basic("c1", "secret")
}

fn code(client: ClientAuth) -> ExchangeOidcToken {
    ExchangeOidcToken::code("web", client, "code", URI)
}

fn for_client(scope: &str) -> ExchangeOidcToken {
    let mut exchange = ExchangeOidcToken::client_credentials("web", basic());
    let Grant::ClientCredentials { scope: named, .. } = &mut exchange.grant else { unreachable!() };
    scope.clone_into(named);
    exchange
}

#[test]
fn names_of_objects() {
    for name in ["", ".", "..", "a b", "a/b", "a-", "ü"] {
        rejected! {
            WriteOidcAssignment::new(name) => "name";
            ReadOidcAssignment::new(name) => "name";
            DeleteOidcAssignment::new(name) => "name";
            WriteOidcScope::new(name) => "name";
            ReadOidcScope::new(name) => "name";
            DeleteOidcScope::new(name) => "name";
            WriteOidcClient::new(name) => "name";
            ReadOidcClient::new(name) => "name";
            DeleteOidcClient::new(name) => "name";
            WriteOidcProvider::new(name) => "name";
            ReadOidcProvider::new(name) => "name";
            DeleteOidcProvider::new(name) => "name";
            ReadProviderDiscovery::new(name) => "name";
            ReadProviderJwks::new(name) => "name";
            AuthorizeOidc::without_code_challenge(name, "c1", URI) => "provider";
            AuthorizeOidcByPost(AuthorizeOidc::without_code_challenge(name, "c1", URI)) => "provider";
            ExchangeOidcToken::code(name, basic(), "code", URI) => "provider";
            ExchangeOidcToken::client_credentials(name, basic()) => "provider";
            ReadUserInfo::new(name, "access") => "provider";
            ReadUserInfoByPost(ReadUserInfo::new(name, "access")) => "provider";
        }
    }
}

#[test]
fn values_of_objects() {
    rejected! {
        WriteOidcAssignment::new("staff").entity_ids(["e1", ""]) => "entity_ids";
        WriteOidcAssignment::new("staff").group_ids([""]) => "group_ids";
        WriteOidcAssignment::new("staff").entity_ids(["e1"; 501]).group_ids(["g1"; 501]) => "(none)";
        WriteOidcAssignment::new("staff").entity_ids(vec!["e1"; 501].into_iter().chain([""])) => "entity_ids";
        WriteOidcClient::new("app").client_type(OidcClientType::Public).client_credentials(true) => "client_credentials";
        WriteOidcClient::new("app").key("") => "key";
        WriteOidcClient::new("app").redirect_uris([URI, ""]) => "redirect_uris";
        WriteOidcClient::new("app").assignments([""]) => "assignments";
        WriteOidcClient::new("app").id_token_ttl(FRACTION) => "id_token_ttl";
        WriteOidcClient::new("app").access_token_ttl(FRACTION) => "access_token_ttl";
        WriteOidcProvider::new("web").allowed_client_ids([""]) => "allowed_client_ids";
        WriteOidcProvider::new("web").scopes_supported(["a", ""]) => "scopes_supported";
        ListOidcProviders::for_client("") => "allowed_client_id";
    }
}

#[test]
fn authorize_by_both_verbs() {
    for (authorize, expected) in [
        (AuthorizeOidc::without_code_challenge("web", "", URI), "client_id"),
        (AuthorizeOidc::without_code_challenge("web", "c1", ""), "redirect_uri"),
        (with_scope(""), "scope"),
        (with_scope("profile"), "scope"),
        (with_scope("openid2"), "scope"),
        (with_scope("openid\tprofile"), "scope"),
        (with_scope("profile openid"), "(none)"),
        (authorize().scopes([""; 0]), "(none)"),
        (authorize().max_age(Duration::ZERO), "max_age"),
        (authorize().max_age(FRACTION), "max_age"),
        (authorize().max_age(SECOND), "(none)"),
        (challenged(CodeChallenge::s256("")), "code_challenge"),
        (challenged(CodeChallenge::s256("x".repeat(42))), "code_challenge"),
        (challenged(CodeChallenge::s256("x".repeat(43))), "(none)"),
        (challenged(CodeChallenge::plain("x".repeat(128))), "(none)"),
        (challenged(CodeChallenge::plain("x".repeat(129))), "code_challenge"),
    ] {
        assert_eq!(crate::parameter(&authorize), expected, "{authorize:?}");
        assert_eq!(crate::parameter(&AuthorizeOidcByPost(authorize.clone())), expected, "{authorize:?}");
    }
}

#[test]
fn exchange() {
    rejected! {
        code(ClientAuth::basic("", "secret")) => "client_id";
        code(ClientAuth::basic("c1", "")) => "client_secret";
        code(ClientAuth::post("", "secret")) => "client_id";
        code(ClientAuth::post("c1", "")) => "client_secret";
        code(ClientAuth::public("", "verifier")) => "client_id";
        code(ClientAuth::public("c1", "")) => "code_verifier";
        code(ClientAuth::public("c1", "verifier")) => "(none)";
        // A public client already has a verifier.
        code(ClientAuth::public("c1", "verifier")).code_verifier("verifier") => "code_verifier";
        code(basic()).code_verifier("") => "code_verifier";
        code(basic()).code_verifier("verifier") => "(none)";
        ExchangeOidcToken::code("web", basic(), "", URI) => "code";
        ExchangeOidcToken::code("web", basic(), "code", "") => "redirect_uri";
        ExchangeOidcToken::client_credentials("web", ClientAuth::basic("c1", "")) => "client_secret";
        ExchangeOidcToken::client_credentials("web", ClientAuth::public("c1", "verifier")) => "client";
        for_client("") => "scope";
        for_client("profile") => "scope";
        for_client("openid profile") => "(none)";
    }
}

#[test]
fn user_info() {
    for token in ["", "a b", "a\nb", "ü"] {
        rejected! {
            ReadUserInfo::new("web", token) => "access_token";
            ReadUserInfoByPost(ReadUserInfo::new("web", token)) => "access_token";
        }
    }
}
