use std::time::Duration;

use identity_core::prelude::*;

use crate::requests;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn methods_of_any_type() {
    requests! {
        GET "identity/mfa/method/{method_id}" {
            ReadMfaMethod::new("20ca38a1-2693-4a68-8a55-8dd960737fb8") => "identity/mfa/method/20ca38a1-2693-4a68-8a55-8dd960737fb8" idempotent;
        }
        LIST "identity/mfa/method" {
            ListMfaMethods::new() => "identity/mfa/method" idempotent;
        }
    }
}

#[test]
fn totp() {
    let least = || TotpParams::new("Example");
    let all = || {
        let hash = TotpAlgorithm::Sha256;
        let most = least().method_name("app").period(MINUTE).key_size(32_u32).qr_size(0_u32).algorithm(hash);
        most.digits(8).skew(0).max_validation_attempts(3_u32)
    };
    requests! {
        POST "identity/mfa/method/totp" {
            CreateTotpMethod::new(least()) => "identity/mfa/method/totp" not_idempotent {"issuer": "Example"};
            CreateTotpMethod::new(least().digits(6)) => "identity/mfa/method/totp" not_idempotent {"issuer": "Example", "digits": 6};
            CreateTotpMethod::new(all()) => "identity/mfa/method/totp" idempotent
                {"method_name": "app", "issuer": "Example", "period": 60, "key_size": 32, "qr_size": 0, "algorithm": "SHA256",
                 "digits": 8, "skew": 0, "max_validation_attempts": 3};
        }
        GET "identity/mfa/method/totp/{method_id}" {
            ReadTotpMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b") => "identity/mfa/method/totp/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent;
        }
        POST "identity/mfa/method/totp/{method_id}" {
            UpdateTotpMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", least()) => "identity/mfa/method/totp/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent {"issuer": "Example"};
            UpdateTotpMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", all()) => "identity/mfa/method/totp/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent
                {"method_name": "app", "issuer": "Example", "period": 60, "key_size": 32, "qr_size": 0, "algorithm": "SHA256",
                 "digits": 8, "skew": 0, "max_validation_attempts": 3};
        }
        DELETE "identity/mfa/method/totp/{method_id}" {
            DeleteTotpMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b") => "identity/mfa/method/totp/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent;
        }
        LIST "identity/mfa/method/totp" {
            ListTotpMethods::new() => "identity/mfa/method/totp" idempotent;
        }
    }
}

#[test]
fn okta() {
    let least = || OktaParams::new("example", "api token");
    let all = || {
        let most = least().method_name("push").base_url("okta.test").primary_email(true);
        most.username_format("{{identity.entity.name}}").production(false)
    };
    requests! {
        POST "identity/mfa/method/okta" {
            CreateOktaMethod::new(least()) => "identity/mfa/method/okta" not_idempotent {"org_name": "example", "api_token": "api token"};
            CreateOktaMethod::new(all()) => "identity/mfa/method/okta" idempotent
                {"method_name": "push", "org_name": "example", "api_token": "api token", "base_url": "okta.test",
                 "primary_email": true, "username_format": "{{identity.entity.name}}", "production": false};
        }
        GET "identity/mfa/method/okta/{method_id}" {
            ReadOktaMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b") => "identity/mfa/method/okta/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent;
        }
        POST "identity/mfa/method/okta/{method_id}" {
            UpdateOktaMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", least()) => "identity/mfa/method/okta/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent {"org_name": "example", "api_token": "api token"};
            UpdateOktaMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", all()) => "identity/mfa/method/okta/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent
                {"method_name": "push", "org_name": "example", "api_token": "api token", "base_url": "okta.test",
                 "primary_email": true, "username_format": "{{identity.entity.name}}", "production": false};
        }
        DELETE "identity/mfa/method/okta/{method_id}" {
            DeleteOktaMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b") => "identity/mfa/method/okta/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent;
        }
        LIST "identity/mfa/method/okta" {
            ListOktaMethods::new() => "identity/mfa/method/okta" idempotent;
        }
    }
}

#[test]
fn duo() {
    let least = || DuoParams::new("secret", "integration", "api.duo.test");
    let all = || {
        let most = least().method_name("push").push_info("from=vault&x=1").use_passcode(true);
        most.username_format("{{identity.entity.name}}")
    };
    requests! {
        POST "identity/mfa/method/duo" {
            CreateDuoMethod::new(least()) => "identity/mfa/method/duo" not_idempotent
                {"secret_key": "secret", "integration_key": "integration", "api_hostname": "api.duo.test"};
            CreateDuoMethod::new(all()) => "identity/mfa/method/duo" idempotent
                {"method_name": "push", "secret_key": "secret", "integration_key": "integration", "api_hostname": "api.duo.test",
                 "push_info": "from=vault&x=1", "use_passcode": true, "username_format": "{{identity.entity.name}}"};
        }
        GET "identity/mfa/method/duo/{method_id}" {
            ReadDuoMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b") => "identity/mfa/method/duo/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent;
        }
        POST "identity/mfa/method/duo/{method_id}" {
            UpdateDuoMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", least()) => "identity/mfa/method/duo/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent
                {"secret_key": "secret", "integration_key": "integration", "api_hostname": "api.duo.test"};
            UpdateDuoMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", all()) => "identity/mfa/method/duo/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent
                {"method_name": "push", "secret_key": "secret", "integration_key": "integration", "api_hostname": "api.duo.test",
                 "push_info": "from=vault&x=1", "use_passcode": true, "username_format": "{{identity.entity.name}}"};
        }
        DELETE "identity/mfa/method/duo/{method_id}" {
            DeleteDuoMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b") => "identity/mfa/method/duo/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent;
        }
        LIST "identity/mfa/method/duo" {
            ListDuoMethods::new() => "identity/mfa/method/duo" idempotent;
        }
    }
}

#[test]
fn ping_id() {
    let least = || PingIdParams::new("c2V0dGluZ3M=");
    let all = || least().method_name("push").username_format("{{identity.entity.name}}");
    requests! {
        POST "identity/mfa/method/pingid" {
            CreatePingIdMethod::new(least()) => "identity/mfa/method/pingid" not_idempotent {"settings_file_base64": "c2V0dGluZ3M="};
            CreatePingIdMethod::new(all()) => "identity/mfa/method/pingid" idempotent
                {"method_name": "push", "settings_file_base64": "c2V0dGluZ3M=", "username_format": "{{identity.entity.name}}"};
        }
        GET "identity/mfa/method/pingid/{method_id}" {
            ReadPingIdMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b") => "identity/mfa/method/pingid/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent;
        }
        POST "identity/mfa/method/pingid/{method_id}" {
            UpdatePingIdMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", least()) => "identity/mfa/method/pingid/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent {"settings_file_base64": "c2V0dGluZ3M="};
            UpdatePingIdMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", all()) => "identity/mfa/method/pingid/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent
                {"method_name": "push", "settings_file_base64": "c2V0dGluZ3M=", "username_format": "{{identity.entity.name}}"};
        }
        DELETE "identity/mfa/method/pingid/{method_id}" {
            DeletePingIdMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b") => "identity/mfa/method/pingid/7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b" idempotent;
        }
        LIST "identity/mfa/method/pingid" {
            ListPingIdMethods::new() => "identity/mfa/method/pingid" idempotent;
        }
    }
}

#[test]
fn totp_secrets() {
    requests! {
        POST "identity/mfa/method/totp/generate" {
            GenerateTotpSecret::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b") => "identity/mfa/method/totp/generate" not_idempotent {"method_id": "7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"};
        }
        POST "identity/mfa/method/totp/admin-generate" {
            AdminGenerateTotpSecret::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", "e1") => "identity/mfa/method/totp/admin-generate" not_idempotent
                {"method_id": "7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", "entity_id": "e1"};
        }
        POST "identity/mfa/method/totp/admin-destroy" {
            AdminDestroyTotpSecret::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", "e1") => "identity/mfa/method/totp/admin-destroy" idempotent
                {"method_id": "7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", "entity_id": "e1"};
        }
    }
}

#[test]
fn login_enforcements() {
    requests! {
        POST "identity/mfa/login-enforcement/{name}" {
            WriteLoginEnforcement::new("all", ["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", "m2"]).auth_method_accessors(["auth_userpass_1"]).auth_method_types(["ldap"])
                .identity_group_ids(["g1"]).identity_entity_ids(["e1"])
                => "identity/mfa/login-enforcement/all" idempotent
                {"mfa_method_ids": ["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", "m2"], "auth_method_accessors": ["auth_userpass_1"], "auth_method_types": ["ldap"],
                 "identity_group_ids": ["g1"], "identity_entity_ids": ["e1"]};
            WriteLoginEnforcement::new("all", ["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"]).auth_method_accessors(["auth_userpass_1"])
                => "identity/mfa/login-enforcement/all" idempotent
                {"mfa_method_ids": ["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"], "auth_method_accessors": ["auth_userpass_1"]};
            WriteLoginEnforcement::new("all", ["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"]).auth_method_types(["ldap"])
                => "identity/mfa/login-enforcement/all" idempotent {"mfa_method_ids": ["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"], "auth_method_types": ["ldap"]};
            WriteLoginEnforcement::new("all", ["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"]).identity_group_ids(["g1"])
                => "identity/mfa/login-enforcement/all" idempotent {"mfa_method_ids": ["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"], "identity_group_ids": ["g1"]};
            WriteLoginEnforcement::new("all", ["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"]).identity_entity_ids([""; 0])
                => "identity/mfa/login-enforcement/all" idempotent {"mfa_method_ids": ["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"], "identity_entity_ids": []};
        }
        GET "identity/mfa/login-enforcement/{name}" {
            ReadLoginEnforcement::new("all") => "identity/mfa/login-enforcement/all" idempotent;
        }
        DELETE "identity/mfa/login-enforcement/{name}" {
            DeleteLoginEnforcement::new("all") => "identity/mfa/login-enforcement/all" idempotent;
        }
        LIST "identity/mfa/login-enforcement" {
            ListLoginEnforcements::new() => "identity/mfa/login-enforcement" idempotent;
        }
    }
}
