//! Mounts of auth methods, and policies.

use serde_json::{Value, json};

use super::Source;
use crate::operations::{Operation, Part};

impl Source {
    pub(super) fn of_mounts(&mut self) -> Operation {
        let mut operation = match self.below(100) {
            0..30 => self.auth_mount(),
            30..45 => self.auth_tune(),
            45..65 => self.policy(),
            65..75 => self.capabilities(),
            75..87 => self.of_userpass(),
            _ => self.of_token(),
        };
        if operation.noun.starts_with("sys/") && self.chance(25) {
            operation.caller = Some(self.caller());
        }
        operation
    }

    fn mount_path(&mut self) -> Part {
        Part::Plain(self.one(&["one", "two", "near", "four", "four", "five", "none", "token"]).into())
    }

    fn auth_mount(&mut self) -> Operation {
        let noun = "sys/auth";
        match self.below(10) {
            0 | 1 => Operation { verb: "GET", noun, ..Operation::default() },
            2..5 => {
                let verb = self.one(&["GET", "GET", "DELETE"]);
                Operation { verb, noun, key: Some(self.mount_path()), ..Operation::default() }
            }
            _ => {
                let kind = self.plain(&[
                    json!("userpass"),
                    json!("approle"),
                    json!("jwt"),
                    json!("token"),
                    json!("odd"),
                    json!(""),
                    json!(null),
                    json!([]),
                ]);
                let mut body = vec![("type", kind)];
                body.extend(self.some_of(
                    12,
                    &[
                        ("description", Self::name),
                        ("local", Self::flag),
                        ("seal_wrap", Self::flag),
                        ("config", Self::mount_config),
                    ],
                ));
                Operation { verb: "POST", noun, key: Some(self.mount_path()), body, ..Operation::default() }
            }
        }
    }

    fn mount_config(&mut self) -> Part {
        self.plain(&[
            json!({ "default_lease_ttl": "1h" }),
            json!({ "max_lease_ttl": "2h", "default_lease_ttl": "1h" }),
            json!({ "default_lease_ttl": "2h", "max_lease_ttl": "1h" }),
            json!({ "token_type": "batch" }),
            json!({ "token_type": "default-batch" }),
            json!({ "listing_visibility": "unauth" }),
            json!({}),
            json!(null),
            json!("x"),
        ])
    }

    fn auth_tune(&mut self) -> Operation {
        let verb = self.one(&["GET", "POST", "POST"]);
        let mut body = self.some_of(
            18,
            &[
                ("default_lease_ttl", Self::ttl),
                ("max_lease_ttl", Self::ttl),
                ("description", Self::name),
                ("listing_visibility", Self::visibility),
                ("token_type", Self::token_kind),
                ("audit_non_hmac_request_keys", Self::keys),
                ("audit_non_hmac_response_keys", Self::keys),
                ("passthrough_request_headers", Self::keys),
                ("user_lockout_config", Self::lockout),
            ],
        );
        // The server keeps negative TTLs of mounts, which no one needs.
        body.retain(|(_, value)| !matches!(value, Part::Plain(value) if *value == "-1h"));
        let key = Some(self.mount_path());
        Operation { verb, noun: "sys/auth", key, after: "tune", body, ..Operation::default() }
    }

    fn visibility(&mut self) -> Part {
        self.plain(&[json!("unauth"), json!("hidden"), json!(""), json!("odd"), json!(null)])
    }

    fn keys(&mut self) -> Part {
        self.plain(&[json!(["a", "b"]), json!("a,b"), json!([]), json!(""), json!(null)])
    }

    fn lockout(&mut self) -> Part {
        self.plain(&[
            json!({ "lockout_disable": true }),
            json!({ "lockout_threshold": "2" }),
            json!({ "lockout_threshold": 3, "lockout_duration": "10m" }),
            json!({ "lockout_counter_reset_duration": "10m", "lockout_disable": false }),
            json!({}),
            json!(null),
        ])
    }

    fn policy(&mut self) -> Operation {
        let noun = self.one(&["sys/policies/acl", "sys/policies/acl", "sys/policy"]);
        let verb = self.one(&["GET", "LIST", "DELETE", "POST", "POST"]);
        let key = (verb != "LIST")
            .then(|| Part::Plain(self.one(&["p", "p", "P", "q", "a b", "default", "root", "x.y"]).into()));
        let document: Value = self.one(&[
            json!(r#"path "auth/token/*" { capabilities = ["update", "read"] }"#),
            json!(r#"path "secret/*" { capabilities = ["deny"] }"#),
            json!(r#"path "identity/entity/name/{{identity.entity.name}}" { capabilities = ["read"] }"#),
            json!(r#"{"path": {"identity/*": {"capabilities": ["read", "list", "sudo"]}}}"#),
            json!(r#"path "+/+/lookup-self" { capabilities = ["read"] }"#),
            json!(""),
            json!(null),
        ]);
        let body = vec![("policy", Part::Plain(document))];
        Operation { verb, noun, key, body, ..Operation::default() }
    }
}
