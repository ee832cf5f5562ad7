use std::time::Duration;

use identity_core::prelude::*;

use crate::requests;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn configuration_keys_and_roles() {
    requests! {
        GET "identity/oidc/config" {
            ReadOidcConfig::new() => "identity/oidc/config" idempotent;
        }
        POST "identity/oidc/config" {
            WriteOidcConfig::new("https://vault.test:8200") => "identity/oidc/config" idempotent {"issuer": "https://vault.test:8200"};
            WriteOidcConfig::reset() => "identity/oidc/config" idempotent {"issuer": ""};
        }
        POST "identity/oidc/key/{name}" {
            WriteOidcKey::new("web") => "identity/oidc/key/web" idempotent {};
            WriteOidcKey::new("web").algorithm(SigningAlgorithm::ES256).rotation_period(HOUR).verification_ttl(HOUR * 2).allowed_client_ids(["*"])
                => "identity/oidc/key/web" idempotent
                {"algorithm": "ES256", "rotation_period": 3600, "verification_ttl": 7200, "allowed_client_ids": ["*"]};
            WriteOidcKey::new("web").algorithm("HS999").allowed_client_ids([""; 0]) => "identity/oidc/key/web" idempotent
                {"algorithm": "HS999", "allowed_client_ids": []};
        }
        GET "identity/oidc/key/{name}" {
            ReadOidcKey::new("a.b-c_1") => "identity/oidc/key/a.b-c_1" idempotent;
        }
        DELETE "identity/oidc/key/{name}" {
            DeleteOidcKey::new("web") => "identity/oidc/key/web" idempotent;
        }
        LIST "identity/oidc/key" {
            ListOidcKeys::new() => "identity/oidc/key" idempotent;
        }
        POST "identity/oidc/key/{name}/rotate" {
            RotateOidcKey::new("web") => "identity/oidc/key/web/rotate" not_idempotent {};
            RotateOidcKey::new("web").verification_ttl(HOUR) => "identity/oidc/key/web/rotate" not_idempotent {"verification_ttl": 3600};
            RotateOidcKey::new("web").verification_ttl(Duration::ZERO) => "identity/oidc/key/web/rotate" not_idempotent {"verification_ttl": 0};
        }
        POST "identity/oidc/role/{name}" {
            WriteOidcRole::new("app", "web") => "identity/oidc/role/app" idempotent {"key": "web"};
            WriteOidcRole::new("app", "web").template("{}").client_id("audience").ttl(HOUR) => "identity/oidc/role/app" idempotent
                {"key": "web", "template": "{}", "client_id": "audience", "ttl": 3600};
            WriteOidcRole::update("app") => "identity/oidc/role/app" idempotent {};
            WriteOidcRole::update("app").key("web").template("") => "identity/oidc/role/app" idempotent {"key": "web", "template": ""};
            WriteOidcRole::update("app").regenerate_client_id() => "identity/oidc/role/app" not_idempotent {"client_id": ""};
        }
        POST "identity/oidc/role/{name}" {
            WriteOidcRole::new("app", "web").regenerate_client_id().ttl(HOUR) => "identity/oidc/role/app" not_idempotent
                {"key": "web", "client_id": "", "ttl": 3600};
            WriteOidcRole::update("app").regenerate_client_id().client_id("audience") => "identity/oidc/role/app" idempotent
                {"client_id": "audience"};
        }
        GET "identity/oidc/role/{name}" {
            ReadOidcRole::new("app") => "identity/oidc/role/app" idempotent;
        }
        DELETE "identity/oidc/role/{name}" {
            DeleteOidcRole::new("app") => "identity/oidc/role/app" idempotent;
        }
        LIST "identity/oidc/role" {
            ListOidcRoles::new() => "identity/oidc/role" idempotent;
        }
    }
}

#[test]
fn tokens_and_public_data() {
    requests! {
        GET "identity/oidc/token/{role}" {
            GenerateIdToken::new("app") => "identity/oidc/token/app" idempotent;
        }
        POST "identity/oidc/introspect" {
            IntrospectIdToken::new("e.y.J") => "identity/oidc/introspect" idempotent {"token": "e.y.J"};
            IntrospectIdToken::new("e.y.J").client_id("audience") => "identity/oidc/introspect" idempotent
                {"token": "e.y.J", "client_id": "audience"};
        }
        GET "identity/oidc/.well-known/openid-configuration" {
            ReadDiscovery::new() => "identity/oidc/.well-known/openid-configuration" idempotent;
        }
        GET "identity/oidc/.well-known/keys" {
            ReadJwks::new() => "identity/oidc/.well-known/keys" idempotent;
        }
    }
}
