//! MFA methods, TOTP secrets and enforcements.

use identity_core::prelude::*;

use crate::{FRACTION, rejected};

fn totp() -> TotpParams {
    TotpParams::new("Example")
}

fn okta() -> OktaParams {
    OktaParams::new("example", "api token")
}

fn duo() -> DuoParams {
    DuoParams::new("secret", "integration", "api.duo.test")
}

fn ping_id() -> PingIdParams {
    PingIdParams::new("c2V0dGluZ3M=")
}

#[test]
fn identifiers_and_names() {
    for text in ["", ".", "..", "a b", "a/b", "-a", "ü"] {
        rejected! {
            ReadMfaMethod::new(text) => "method_id";
            ReadTotpMethod::new(text) => "method_id";
            UpdateTotpMethod::new(text, totp()) => "method_id";
            DeleteTotpMethod::new(text) => "method_id";
            ReadOktaMethod::new(text) => "method_id";
            UpdateOktaMethod::new(text, okta()) => "method_id";
            DeleteOktaMethod::new(text) => "method_id";
            ReadDuoMethod::new(text) => "method_id";
            UpdateDuoMethod::new(text, duo()) => "method_id";
            DeleteDuoMethod::new(text) => "method_id";
            ReadPingIdMethod::new(text) => "method_id";
            UpdatePingIdMethod::new(text, ping_id()) => "method_id";
            DeletePingIdMethod::new(text) => "method_id";
            WriteLoginEnforcement::new(text, ["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"]).auth_method_types(["userpass"]) => "name";
            ReadLoginEnforcement::new(text) => "name";
            DeleteLoginEnforcement::new(text) => "name";
        }
    }
}

#[test]
fn parameters_of_methods() {
    rejected! {
        CreateTotpMethod::new(TotpParams::new("")) => "issuer";
        CreateTotpMethod::new(totp().method_name("")) => "method_name";
        CreateTotpMethod::new(totp().period(FRACTION)) => "period";
        UpdateTotpMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", TotpParams::new("")) => "issuer";
        UpdateTotpMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", totp().period(FRACTION)) => "period";
        CreateOktaMethod::new(OktaParams::new("", "api token")) => "org_name";
        CreateOktaMethod::new(OktaParams::new("example", "")) => "api_token";
        CreateOktaMethod::new(okta().method_name("")) => "method_name";
        UpdateOktaMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", OktaParams::new("example", "")) => "api_token";
        CreateDuoMethod::new(DuoParams::new("", "integration", "api.duo.test")) => "secret_key";
        CreateDuoMethod::new(DuoParams::new("secret", "", "api.duo.test")) => "integration_key";
        CreateDuoMethod::new(DuoParams::new("secret", "integration", "")) => "api_hostname";
        CreateDuoMethod::new(duo().method_name("")) => "method_name";
        UpdateDuoMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", DuoParams::new("secret", "integration", "")) => "api_hostname";
        CreatePingIdMethod::new(PingIdParams::new("")) => "settings_file_base64";
        CreatePingIdMethod::new(ping_id().method_name("")) => "method_name";
        UpdatePingIdMethod::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", PingIdParams::new("")) => "settings_file_base64";
    }
}

#[test]
fn totp_secrets() {
    rejected! {
        GenerateTotpSecret::new("") => "method_id";
        AdminGenerateTotpSecret::new("", "e1") => "method_id";
        AdminGenerateTotpSecret::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", "") => "entity_id";
        AdminDestroyTotpSecret::new("", "e1") => "method_id";
        AdminDestroyTotpSecret::new("7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", "") => "entity_id";
    }
}

#[test]
fn enforcements_need_a_scope_in_every_request() {
    let write = |methods: &[&'static str]| WriteLoginEnforcement::new("all", methods.to_vec());
    rejected! {
        write(&["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"]) => "auth_method_accessors";
        write(&[]) => "auth_method_accessors";
        write(&["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b", ""]).auth_method_types(["userpass"]) => "mfa_method_ids";
        write(&["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"]).auth_method_accessors([""]) => "auth_method_accessors";
        write(&["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"]).auth_method_types([""]) => "auth_method_types";
        write(&["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"]).identity_group_ids([""]) => "identity_group_ids";
        write(&["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"]).identity_entity_ids([""]) => "identity_entity_ids";
        // An empty list is a scope too, and the server accepts an enforcement without methods.
        write(&["7fbd40c1-9a2e-4c53-8b0d-3f5a6e1c2d4b"]).auth_method_types([""; 0]) => "(none)";
        write(&[]).identity_entity_ids(["e1"]) => "(none)";
    }
}
