use std::time::Duration;

use identity_core::prelude::*;

use crate::requests;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn assignments_and_scopes() {
    requests! {
        POST "identity/oidc/assignment/{name}" {
            WriteOidcAssignment::new("staff") => "identity/oidc/assignment/staff" idempotent {};
            WriteOidcAssignment::new("staff").entity_ids(["e1", "e2"]).group_ids(["g1"])
                => "identity/oidc/assignment/staff" idempotent
                {"entity_ids": ["e1", "e2"], "group_ids": ["g1"]};
            WriteOidcAssignment::new("staff").entity_ids([""; 0]).group_ids([""; 0])
                => "identity/oidc/assignment/staff" idempotent
                {"entity_ids": [], "group_ids": []};
        }
        GET "identity/oidc/assignment/{name}" {
            ReadOidcAssignment::new("staff") => "identity/oidc/assignment/staff" idempotent;
        }
        DELETE "identity/oidc/assignment/{name}" {
            DeleteOidcAssignment::new("staff") => "identity/oidc/assignment/staff" idempotent;
        }
        LIST "identity/oidc/assignment" {
            ListOidcAssignments::new() => "identity/oidc/assignment" idempotent;
        }
        POST "identity/oidc/scope/{name}" {
            WriteOidcScope::new("profile") => "identity/oidc/scope/profile" idempotent {};
            WriteOidcScope::new("profile").template("{}").description("who it is") => "identity/oidc/scope/profile" idempotent
                {"template": "{}", "description": "who it is"};
            WriteOidcScope::new("profile").template("").description("") => "identity/oidc/scope/profile" idempotent
                {"template": "", "description": ""};
        }
        GET "identity/oidc/scope/{name}" {
            ReadOidcScope::new("profile") => "identity/oidc/scope/profile" idempotent;
        }
        DELETE "identity/oidc/scope/{name}" {
            DeleteOidcScope::new("profile") => "identity/oidc/scope/profile" idempotent;
        }
        LIST "identity/oidc/scope" {
            ListOidcScopes::new() => "identity/oidc/scope" idempotent;
        }
    }
}

#[test]
fn clients() {
    requests! {
        POST "identity/oidc/client/{name}" {
            WriteOidcClient::new("app") => "identity/oidc/client/app" idempotent {};
            WriteOidcClient::new("app").redirect_uris(["https://app.test/callback"]).assignments(["allow_all"]).key("web")
                .id_token_ttl(HOUR).access_token_ttl(HOUR * 2).client_type(OidcClientType::Public)
                .authorization_code(true).client_credentials(false)
                => "identity/oidc/client/app" idempotent
                {"redirect_uris": ["https://app.test/callback"], "assignments": ["allow_all"], "key": "web",
                 "id_token_ttl": 3600, "access_token_ttl": 7200, "client_type": "public",
                 "authorization_code": true, "client_credentials": false};
            WriteOidcClient::new("app").redirect_uris([""; 0]).assignments([""; 0]).id_token_ttl(Duration::ZERO).access_token_ttl(Duration::ZERO)
                => "identity/oidc/client/app" idempotent
                {"redirect_uris": [], "assignments": [], "id_token_ttl": 0, "access_token_ttl": 0};
            WriteOidcClient::new("app").client_type(OidcClientType::Confidential) => "identity/oidc/client/app" idempotent
                {"client_type": "confidential"};
            WriteOidcClient::new("app").client_type("native") => "identity/oidc/client/app" idempotent {"client_type": "native"};
        }
        GET "identity/oidc/client/{name}" {
            ReadOidcClient::new("app") => "identity/oidc/client/app" idempotent;
        }
        DELETE "identity/oidc/client/{name}" {
            DeleteOidcClient::new("app") => "identity/oidc/client/app" idempotent;
        }
        LIST "identity/oidc/client" {
            ListOidcClients::new() => "identity/oidc/client" idempotent;
        }
    }
}

#[test]
fn providers() {
    requests! {
        POST "identity/oidc/provider/{name}" {
            WriteOidcProvider::new("web") => "identity/oidc/provider/web" idempotent {};
            WriteOidcProvider::new("web").issuer("https://vault.test:8200").allowed_client_ids(["c1", "*"]).scopes_supported(["profile"])
                => "identity/oidc/provider/web" idempotent
                {"issuer": "https://vault.test:8200", "allowed_client_ids": ["c1", "*"], "scopes_supported": ["profile"]};
            WriteOidcProvider::new("web").issuer("").allowed_client_ids([""; 0]).scopes_supported([""; 0])
                => "identity/oidc/provider/web" idempotent
                {"issuer": "", "allowed_client_ids": [], "scopes_supported": []};
        }
        GET "identity/oidc/provider/{name}" {
            ReadOidcProvider::new("web") => "identity/oidc/provider/web" idempotent;
        }
        DELETE "identity/oidc/provider/{name}" {
            DeleteOidcProvider::new("web") => "identity/oidc/provider/web" idempotent;
        }
        LIST "identity/oidc/provider" {
            ListOidcProviders::new() => "identity/oidc/provider" idempotent;
            ListOidcProviders::for_client("c1") => "identity/oidc/provider?allowed_client_id=c1" idempotent;
            ListOidcProviders::for_client("a&b=c d") => "identity/oidc/provider?allowed_client_id=a%26b%3Dc%20d" idempotent;
        }
        GET "identity/oidc/provider/{name}/.well-known/openid-configuration" {
            ReadProviderDiscovery::new("web") => "identity/oidc/provider/web/.well-known/openid-configuration" idempotent;
        }
        GET "identity/oidc/provider/{name}/.well-known/keys" {
            ReadProviderJwks::new("web") => "identity/oidc/provider/web/.well-known/keys" idempotent;
        }
    }
}

#[test]
fn issuer_accepts_the_issuer_of_a_response() {
    const LEFT_ALONE: &[&str] = &[
        "",
        "https://h:1",
        "https://h:1/",
        "https://h:1/v1",
        "https://h:1/proxy",
        "https://h:1/v1/identity/oidc",
        "https://h:1/v1/identity/oidc/provider",
        "https://h:1/v1/identity/oidc/provider/",
        "https://h:1/v1/identity/oidc/provider/y",
        "https://h:1/v1/identity/oidc/provider/xx",
        "https://h:1/v1/identity/oidc/provider/x/",
        "https://h:1/v1/identity/oidc/provider/x/authorize",
        "https://h:1/v1/people/oidc/provider/x",
        "https://h:1/v1x/identity/oidc/provider/x",
        "/v1/identity/oidc/provider/x",
        "https://h:1/identity/oidc/provider/x",
        "identity/oidc/provider/x",
        "x",
        "not a url",
    ];
    let mut cases = Vec::new();
    for origin in ["https://h:1", "http://127.0.0.1:8200", "http://[::1]:8200", "https://v1.test:8200"] {
        for path in ["/v1/", "/v1/ns/", "/v1/a/b/"] {
            cases.push((format!("{origin}{path}identity/oidc/provider/x"), origin));
        }
    }
    cases.extend(LEFT_ALONE.iter().map(|issuer| ((*issuer).to_owned(), *issuer)));

    let target = Target::new("http://vault.test").unwrap();
    for (issuer, expected) in cases {
        let request = WriteOidcProvider::new("x").issuer(&issuer).request(&target).unwrap();
        let sent: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(sent, serde_json::json!({ "issuer": expected }), "{issuer}");
    }
}
