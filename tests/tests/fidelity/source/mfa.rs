//! MFA methods, their secrets, and enforcements.

use serde_json::{Value, json};

use super::Source;
use crate::operations::{Operation, Part};

impl Source {
    pub(super) fn of_mfa(&mut self) -> Operation {
        match self.below(100) {
            0..55 => self.mfa_method(),
            55..65 => self.mfa_secret(),
            _ => self.mfa_enforcement(),
        }
    }

    fn mfa_method(&mut self) -> Operation {
        if self.chance(15) {
            let noun = "mfa/method";
            let verb = self.one(&["GET", "GET", "LIST"]);
            let key = (verb == "GET" && self.chance(90)).then(|| self.method());
            return Operation { verb, noun, key, ..Operation::default() };
        }
        let noun = self.one(&[
            "mfa/method/totp",
            "mfa/method/totp",
            "mfa/method/okta",
            "mfa/method/duo",
            "mfa/method/pingid",
        ]);
        if self.chance(35) {
            let verb = self.one(&["GET", "LIST", "DELETE"]);
            let key = (verb != "LIST" && self.chance(92)).then(|| self.method());
            return Operation { verb, noun, key, ..Operation::default() };
        }
        let mut body = match noun {
            "mfa/method/totp" => self.totp(),
            "mfa/method/okta" => self.okta(),
            "mfa/method/duo" => self.duo(),
            _ => self.pingid(),
        };
        if self.chance(50) {
            body.push((
                "method_name",
                self.plain(&[
                    json!("m"),
                    json!("n"),
                    json!("M"),
                    json!("o"),
                    json!(""),
                    json!(null),
                    json!([]),
                ]),
            ));
        }
        if noun != "mfa/method/totp" && self.chance(25) {
            body.push((
                "username_format",
                self.plain(&[json!("{{alias.name}}@x"), json!(""), json!(null), json!({})]),
            ));
        }
        if self.chance(5) {
            body.push(("method_id", self.id("method")));
        }
        let key = self.chance(40).then(|| self.method());
        Operation { verb: "POST", noun, key, body, ..Operation::default() }
    }

    fn method(&mut self) -> Part {
        if self.chance(5) { Part::Plain("odd".into()) } else { self.id("method") }
    }

    /// Returns a required string.
    fn required(&mut self) -> Part {
        if self.chance(90) {
            Part::Plain("rec".into())
        } else {
            self.plain(&[json!(""), json!(null), json!([]), json!(1)])
        }
    }

    fn totp(&mut self) -> Vec<(&'static str, Part)> {
        let mut body = Vec::new();
        if self.chance(92) {
            body.push(("issuer", self.required()));
        }
        let fields: [(&str, &[Value]); 7] = [
            (
                "period",
                &[
                    json!(30),
                    json!("1m"),
                    json!("90"),
                    json!(0),
                    json!("-5s"),
                    json!("x"),
                    json!(null),
                    json!([]),
                ],
            ),
            ("key_size", &[json!(20), json!("10"), json!(32), json!(0), json!(-1), json!("x"), json!(null)]),
            ("qr_size", &[json!(0), json!(0), json!(200), json!("100"), json!("x"), json!(null)]),
            (
                "algorithm",
                &[json!("SHA1"), json!("SHA256"), json!("SHA512"), json!("sha1"), json!(""), json!(null)],
            ),
            ("digits", &[json!(6), json!("8"), json!(7), json!(0), json!(null), json!(true)]),
            ("skew", &[json!(0), json!(1), json!(2), json!(-1), json!(null), json!("1")]),
            (
                "max_validation_attempts",
                &[json!(0), json!(3), json!(-1), json!("7"), json!(null), json!(1.5)],
            ),
        ];
        for (field, values) in fields {
            if self.chance(20) {
                body.push((field, self.plain(values)));
            }
        }
        body
    }

    fn okta(&mut self) -> Vec<(&'static str, Part)> {
        let mut body = Vec::new();
        for field in ["org_name", "api_token"] {
            if self.chance(92) {
                body.push((field, self.required()));
            }
        }
        if self.chance(30) {
            body.push((
                "base_url",
                self.plain(&[
                    json!("okta.com"),
                    json!("oktapreview.com"),
                    json!(""),
                    json!(null),
                    json!([]),
                    json!("a b"),
                    json!("a:b"),
                    json!("u@a/%2"),
                ]),
            ));
        }
        for field in ["primary_email", "production"] {
            if self.chance(25) {
                body.push((field, self.flag()));
            }
        }
        body
    }

    fn duo(&mut self) -> Vec<(&'static str, Part)> {
        let mut body = Vec::new();
        for field in ["secret_key", "integration_key", "api_hostname"] {
            if self.chance(94) {
                body.push((field, self.required()));
            }
        }
        if self.chance(30) {
            body.push(("push_info", self.plain(&[json!("a=b&c=d"), json!(""), json!(null), json!({})])));
        }
        if self.chance(30) {
            body.push(("use_passcode", self.flag()));
        }
        body
    }

    fn pingid(&mut self) -> Vec<(&'static str, Part)> {
        let file = self.plain(&[
            // use_signature=true and all addresses
            json!("dXNlX3NpZ25hdHVyZT10cnVlCmlkcF91cmw9aHR0cHM6Ly9pZHAKb3JnX2FsaWFzPW8KYWRtaW5fdXJsPWh0dHBzOi8vYWRtaW4KYXV0aGVudGljYXRvcl91cmw9aHR0cHM6Ly9hdXRoCnVzZV9iYXNlNjRfa2V5PWFHVnNiRzg9CnRva2VuPXQK"),
            // idp_url=https://idp
            json!("aWRwX3VybD1odHRwczovL2lkcA=="),
            // # a comment, an empty line, use_signature=false
            json!("IyBhIGNvbW1lbnQKCnVzZV9zaWduYXR1cmU9ZmFsc2UK"),
            // unknown=1
            json!("dW5rbm93bj0x"),
            // not a setting
            json!("d29yZHM="),
            // use_signature=x
            json!("dXNlX3NpZ25hdHVyZT14"),
            json!("???"),
            json!("YQ"),
            json!(""),
            json!(null),
            json!([]),
        ]);
        if self.chance(95) { vec![("settings_file_base64", file)] } else { Vec::new() }
    }

    fn mfa_secret(&mut self) -> Operation {
        let by =
            self.one(&["generate", "admin-generate", "admin-generate", "admin-generate", "admin-destroy"]);
        let mut body = Vec::new();
        if self.chance(92) {
            body.push(("method_id", self.id("method")));
        }
        if by != "generate" && self.chance(92) {
            body.push(("entity_id", self.id("entity")));
        }
        Operation { verb: "POST", noun: "mfa/method/totp", by, body, ..Operation::default() }
    }

    fn mfa_enforcement(&mut self) -> Operation {
        let noun = "mfa/login-enforcement";
        let name = Part::Plain(self.one(&["a", "b", "A", "x.y", "a b", "-"]).into());
        if self.chance(45) {
            let verb = self.one(&["GET", "GET", "LIST", "DELETE"]);
            let key = (verb != "LIST").then_some(name);
            return Operation { verb, noun, key, ..Operation::default() };
        }
        let odd =
            [json!([]), json!(null), json!(""), json!("a,b"), json!([""]), json!([[]]), json!({ "a": 1 })];
        let mut body = Vec::new();
        if self.chance(92) {
            let odd = self.chance(12).then(|| self.plain(&odd));
            body.push(("mfa_method_ids", odd.unwrap_or_else(|| self.ids("method", 2))));
        }
        for (field, of) in [("identity_group_ids", "group"), ("identity_entity_ids", "entity")] {
            if self.chance(30) {
                let odd = self.chance(12).then(|| self.plain(&odd));
                body.push((field, odd.unwrap_or_else(|| self.ids(of, 2))));
            }
        }
        if self.chance(40) {
            let types = [
                json!(["userpass"]),
                json!(["userpass", "approle"]),
                json!("approle"),
                json!(["odd"]),
                json!("token"),
                json!([]),
            ];
            body.push(("auth_method_types", self.plain(&types)));
        }
        if self.chance(40) {
            let count = self.below(3);
            body.push((
                "auth_method_accessors",
                Part::List((0..count).map(|_| Part::Mount(self.below(1000))).collect()),
            ));
        }
        Operation { verb: "POST", noun, key: Some(name), body, ..Operation::default() }
    }
}
