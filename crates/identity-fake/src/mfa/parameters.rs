//! The parameters of each type of method. Absent fields are reset to their defaults.

use serde_json::{Value, json};

use super::address;
use super::otp::Algorithm;
use super::settings_file::{self, PingId};
use crate::input::{Fields, Kind, Schema};
use crate::response::{ErrorResponse, bad_request};

pub(super) trait Type {
    const NAME: &'static str;
    const FIELDS: Schema;

    fn settings(fields: &Fields) -> Result<Settings, ErrorResponse>;
}

pub(super) enum Settings {
    Totp(Totp),
    Okta(Okta),
    Duo(Duo),
    PingId(PingId),
}

pub(super) struct Totp {
    pub(super) issuer: String,
    pub(super) period: u32,
    pub(super) key_size: u32,
    pub(super) qr_size: i64,
    pub(super) algorithm: Algorithm,
    pub(super) digits: u8,
    pub(super) skew: u8,
    pub(super) max_attempts: u32,
}

pub(super) struct Okta {
    org_name: String,
    base_url: String,
    production: bool,
}

pub(super) struct Duo {
    api_hostname: String,
    push_info: String,
    pub(super) use_passcode: bool,
}

impl Type for Totp {
    const NAME: &'static str = "totp";
    const FIELDS: Schema = &[
        ("method_id", Kind::Text),
        ("method_name", Kind::Text),
        ("issuer", Kind::Text),
        ("period", Kind::Duration),
        ("key_size", Kind::Number),
        ("qr_size", Kind::Number),
        ("algorithm", Kind::Text),
        ("digits", Kind::Number),
        ("skew", Kind::Number),
        ("max_validation_attempts", Kind::Number),
    ];

    fn settings(fields: &Fields) -> Result<Settings, ErrorResponse> {
        let algorithm = fields.given_text("algorithm").unwrap_or_else(|| "SHA1".to_owned());
        let algorithm =
            Algorithm::from_name(&algorithm).ok_or_else(|| bad_request("unrecognized algorithm"))?;
        let digits = match fields.number("digits") {
            None | Some(6) => 6,
            Some(8) => 8,
            Some(_) => return Err(bad_request("digits can only be 6 or 8")),
        };
        let period = match fields.seconds("period").unwrap_or(30) {
            0 => return Err(bad_request("period must be greater than zero")),
            period => truncate(period),
        };
        let skew = match fields.number("skew") {
            None | Some(1) => 1,
            Some(0) => 0,
            Some(_) => return Err(bad_request("skew must be 0 or 1")),
        };
        let key_size = match fields.number("key_size").unwrap_or(20) {
            ..=0 => return Err(bad_request("key_size must be greater than zero")),
            size => truncate(size.unsigned_abs()),
        };
        let issuer = required(fields, "issuer", "issuer must be set")?;
        let max_attempts = match fields.number("max_validation_attempts").unwrap_or_default() {
            ..0 => return Err(bad_request("max_validation_attempts must be greater than zero")),
            0 => 5,
            attempts => truncate(attempts.unsigned_abs()),
        };
        let qr_size = fields.number("qr_size").unwrap_or(200);
        Ok(Settings::Totp(Self { issuer, period, key_size, qr_size, algorithm, digits, skew, max_attempts }))
    }
}

/// The server truncates numbers to 32 bits.
fn truncate(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}

impl Type for Okta {
    const NAME: &'static str = "okta";
    const FIELDS: Schema = &[
        ("method_id", Kind::Text),
        ("method_name", Kind::Text),
        ("username_format", Kind::Text),
        ("org_name", Kind::Text),
        ("api_token", Kind::Text),
        ("base_url", Kind::Text),
        ("primary_email", Kind::Flag),
        ("production", Kind::Flag),
    ];

    fn settings(fields: &Fields) -> Result<Settings, ErrorResponse> {
        let org_name = required(fields, "org_name", "org_name must be set")?;
        required(fields, "api_token", "api_token must be set")?;
        let production = fields.flag("production");
        let default = if production.is_none() { "okta.com" } else { "" };
        let base_url = fields.given_text("base_url").unwrap_or_else(|| default.to_owned());
        address::check(&org_name, &base_url).map_err(bad_request)?;
        Ok(Settings::Okta(Self { org_name, base_url, production: production.unwrap_or(true) }))
    }
}

impl Type for Duo {
    const NAME: &'static str = "duo";
    const FIELDS: Schema = &[
        ("method_id", Kind::Text),
        ("method_name", Kind::Text),
        ("username_format", Kind::Text),
        ("secret_key", Kind::Text),
        ("integration_key", Kind::Text),
        ("api_hostname", Kind::Text),
        ("push_info", Kind::Text),
        ("use_passcode", Kind::Flag),
    ];

    fn settings(fields: &Fields) -> Result<Settings, ErrorResponse> {
        required(fields, "secret_key", "secret_key is empty")?;
        required(fields, "integration_key", "integration_key is empty")?;
        let api_hostname = required(fields, "api_hostname", "api_hostname is empty")?;
        let use_passcode = fields.flag("use_passcode").unwrap_or_default();
        Ok(Settings::Duo(Self { api_hostname, push_info: fields.text("push_info"), use_passcode }))
    }
}

impl Type for PingId {
    const NAME: &'static str = "pingid";
    const FIELDS: Schema = &[
        ("method_id", Kind::Text),
        ("method_name", Kind::Text),
        ("username_format", Kind::Text),
        ("settings_file_base64", Kind::Text),
    ];

    fn settings(fields: &Fields) -> Result<Settings, ErrorResponse> {
        let file = required(fields, "settings_file_base64", "settings_file_base64 is empty")?;
        Ok(Settings::PingId(settings_file::read(&file).map_err(bad_request)?))
    }
}

fn required(fields: &Fields, name: &str, problem: &str) -> Result<String, ErrorResponse> {
    fields.given_text(name).filter(|text| !text.is_empty()).ok_or_else(|| bad_request(problem))
}

impl Settings {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Totp(_) => Totp::NAME,
            Self::Okta(_) => Okta::NAME,
            Self::Duo(_) => Duo::NAME,
            Self::PingId(_) => PingId::NAME,
        }
    }

    pub(super) fn uses_passcode(&self) -> bool {
        match self {
            Self::Totp(_) => true,
            Self::Duo(duo) => duo.use_passcode,
            Self::Okta(_) | Self::PingId(_) => false,
        }
    }

    /// Returns the settings as reads show them: without secrets, and for `PingID` without the user name
    /// format.
    pub(super) fn to_json(&self, username_format: &str) -> Value {
        match self {
            Self::Totp(totp) => json!({
                "issuer": totp.issuer,
                "period": totp.period,
                "key_size": totp.key_size,
                "qr_size": totp.qr_size,
                "algorithm": totp.algorithm.name(),
                "digits": totp.digits,
                "skew": totp.skew,
                "max_validation_attempts": totp.max_attempts,
            }),
            Self::Okta(okta) => {
                let mut object = json!({
                    "org_name": okta.org_name,
                    "mount_accessor": "",
                    "username_format": username_format,
                });
                if okta.base_url.is_empty() {
                    object["production"] = json!(okta.production);
                } else {
                    object["base_url"] = json!(okta.base_url);
                }
                object
            }
            Self::Duo(duo) => json!({
                "api_hostname": duo.api_hostname,
                "pushinfo": duo.push_info,
                "use_passcode": duo.use_passcode,
                "mount_accessor": "",
                "username_format": username_format,
            }),
            Self::PingId(ping_id) => json!({
                "use_signature": ping_id.use_signature,
                "idp_url": ping_id.idp_url,
                "org_alias": ping_id.org_alias,
                "admin_url": ping_id.admin_url,
                "authenticator_url": ping_id.authenticator_url,
            }),
        }
    }
}
