use std::time::Duration;

use identity_core::prelude::*;

use crate::requests;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn configuration_keys_and_roles() {
    requests! {
        GET "identity/oidc/config" {
            ReadOidcConfig::new() => "identity/oidc/config" again;
        }
        POST "identity/oidc/config" {
            WriteOidcConfig::new("https://vault.test:8200") => "identity/oidc/config" again {"issuer": "https://vault.test:8200"};
            WriteOidcConfig::reset() => "identity/oidc/config" again {"issuer": ""};
        }
        POST "identity/oidc/key/{name}" {
            WriteOidcKey::new("web") => "identity/oidc/key/web" again {};
            WriteOidcKey::new("web").algorithm(SigningAlgorithm::ES256).rotation_period(HOUR).verification_ttl(HOUR * 2).allowed_client_ids(["*"])
                => "identity/oidc/key/web" again
                {"algorithm": "ES256", "rotation_period": 3600, "verification_ttl": 7200, "allowed_client_ids": ["*"]};
            WriteOidcKey::new("web").algorithm("HS999").allowed_client_ids([""; 0]) => "identity/oidc/key/web" again
                {"algorithm": "HS999", "allowed_client_ids": []};
        }
        GET "identity/oidc/key/{name}" {
            ReadOidcKey::new("a.b-c_1") => "identity/oidc/key/a.b-c_1" again;
        }
        DELETE "identity/oidc/key/{name}" {
            DeleteOidcKey::new("web") => "identity/oidc/key/web" again;
        }
        LIST "identity/oidc/key" {
            ListOidcKeys::new() => "identity/oidc/key" again;
        }
        POST "identity/oidc/key/{name}/rotate" {
            RotateOidcKey::new("web") => "identity/oidc/key/web/rotate" once {};
            RotateOidcKey::new("web").verification_ttl(HOUR) => "identity/oidc/key/web/rotate" once {"verification_ttl": 3600};
            RotateOidcKey::new("web").verification_ttl(Duration::ZERO) => "identity/oidc/key/web/rotate" once {"verification_ttl": 0};
        }
        POST "identity/oidc/role/{name}" {
            WriteOidcRole::new("app", "web") => "identity/oidc/role/app" again {"key": "web"};
            WriteOidcRole::new("app", "web").template("{}").client_id("audience").ttl(HOUR) => "identity/oidc/role/app" again
                {"key": "web", "template": "{}", "client_id": "audience", "ttl": 3600};
            WriteOidcRole::update("app") => "identity/oidc/role/app" again {};
            WriteOidcRole::update("app").key("web").template("") => "identity/oidc/role/app" again {"key": "web", "template": ""};
            WriteOidcRole::update("app").regenerate_client_id() => "identity/oidc/role/app" once {"client_id": ""};
        }
        POST "identity/oidc/role/{name}" {
            WriteOidcRole::new("app", "web").regenerate_client_id().ttl(HOUR) => "identity/oidc/role/app" once
                {"key": "web", "client_id": "", "ttl": 3600};
            WriteOidcRole::update("app").regenerate_client_id().client_id("audience") => "identity/oidc/role/app" again
                {"client_id": "audience"};
        }
        GET "identity/oidc/role/{name}" {
            ReadOidcRole::new("app") => "identity/oidc/role/app" again;
        }
        DELETE "identity/oidc/role/{name}" {
            DeleteOidcRole::new("app") => "identity/oidc/role/app" again;
        }
        LIST "identity/oidc/role" {
            ListOidcRoles::new() => "identity/oidc/role" again;
        }
    }
}

#[test]
fn tokens_and_public_data() {
    requests! {
        GET "identity/oidc/token/{role}" {
            GenerateIdToken::new("app") => "identity/oidc/token/app" again;
        }
        POST "identity/oidc/introspect" {
            IntrospectIdToken::new("e.y.J") => "identity/oidc/introspect" again {"token": "e.y.J"};
            IntrospectIdToken::new("e.y.J").client_id("audience") => "identity/oidc/introspect" again
                {"token": "e.y.J", "client_id": "audience"};
        }
        GET "identity/oidc/.well-known/openid-configuration" {
            ReadDiscovery::new() => "identity/oidc/.well-known/openid-configuration" again;
        }
        GET "identity/oidc/.well-known/keys" {
            ReadJwks::new() => "identity/oidc/.well-known/keys" again;
        }
    }
}
