//! Secrets with versions, written and read by callers with and without permissions.

use serde_json::json;

use super::Source;
use crate::operations::{Operation, Part};

impl Source {
    pub(super) fn of_kv(&mut self) -> Operation {
        let mut operation = match self.below(100) {
            0..40 => self.secret_data(),
            40..55 => self.secret_versions(),
            55..75 => self.secret_metadata(),
            75..80 => self.secret_config(),
            80..85 => self.secret_subkeys(),
            85..88 => self.secret_elsewhere(),
            88..92 => self.policy_on_secrets(),
            _ => return self.token_on_secrets(),
        };
        if self.chance(25) {
            operation.caller = Some(self.caller());
        }
        operation
    }

    fn secret(&mut self) -> Part {
        let common = ["a", "a", "b", "b/c", "team/x"];
        let rare = ["A", "a/", "/a", "b//c", "b", "team", "a b", "é", "none"];
        Part::Plain(if self.chance(80) { self.one(&common) } else { self.one(&rare) }.into())
    }

    fn folder(&mut self) -> Option<Part> {
        let path = self.one(&["", "", "b", "b/", "team", "a", "none/", "/", "b/c"]);
        (!path.is_empty()).then(|| Part::Plain(path.into()))
    }

    fn secret_data(&mut self) -> Operation {
        let verb = self.one(&["GET", "GET", "POST", "POST", "POST", "PUT", "PATCH", "DELETE"]);
        let query =
            if verb == "GET" && self.chance(40) { vec![("version", self.version())] } else { Vec::new() };
        let mut body = Vec::new();
        if self.chance(93) {
            body.push(("data", self.secret_value()));
        }
        body.extend(self.some_of(25, &[("options", Self::options)]));
        body.extend(self.some_of(2, &[("version", Self::version)]));
        Operation { verb, noun: "secret/data", key: Some(self.secret()), query, body, ..Operation::default() }
    }

    fn version(&mut self) -> Part {
        self.plain(&[
            json!("1"),
            json!("2"),
            json!("3"),
            json!("0"),
            json!("12"),
            json!("-1"),
            json!("x"),
            json!(""),
        ])
    }

    fn secret_value(&mut self) -> Part {
        self.plain(&[
            json!({ "k": "v" }),
            json!({ "k": "w", "n": 1 }),
            json!({ "k": null, "n": { "deep": { "er": [1, null, "x"], "no": null }, "empty": {} } }),
            json!({ "n": { "deep": { "er": null, "more": true } } }),
            json!({ "n": "text", "list": [] }),
            json!({ "n": { "deep": 1.5, "big": 12_345_678_901_234_567_890_u64 }, "k": { "a": null } }),
            json!({}),
            json!(null),
            json!(""),
            json!("x"),
            json!([]),
            json!([{ "a": 1 }]),
        ])
    }

    fn options(&mut self) -> Part {
        self.plain(&[
            json!({ "cas": 0 }),
            json!({ "cas": 1 }),
            json!({ "cas": 2 }),
            json!({ "cas": "3" }),
            json!({}),
            json!({ "cas": null }),
            json!({ "cas": "x" }),
            json!({ "cas": -1 }),
            json!({ "cas": true }),
            json!(null),
            json!("x"),
        ])
    }

    fn secret_versions(&mut self) -> Operation {
        let noun = self.one(&["secret/delete", "secret/undelete", "secret/undelete", "secret/destroy"]);
        let verb = if self.chance(90) { "POST" } else { self.one(&["GET", "PUT", "PATCH"]) };
        let versions = self.plain(&[
            json!([1]),
            json!([2]),
            json!([1, 2, 3]),
            json!("2,3"),
            json!(1),
            json!(["1", 3]),
            json!([]),
            json!([0]),
            json!([-1, 99]),
            json!(null),
            json!(""),
            json!("x"),
            json!([null]),
            json!({}),
        ]);
        let body = if self.chance(95) { vec![("versions", versions)] } else { Vec::new() };
        Operation { verb, noun, key: Some(self.secret()), body, ..Operation::default() }
    }

    fn secret_metadata(&mut self) -> Operation {
        let verb =
            self.one(&["GET", "GET", "LIST", "LIST", "SCAN", "POST", "POST", "PUT", "PATCH", "DELETE"]);
        if ["LIST", "SCAN"].contains(&verb) {
            let noun = self.one(&["secret/metadata", "secret/metadata", "secret/detailed-metadata"]);
            let query = self.some_of(12, &[("after", Self::after), ("limit", Self::version)]);
            return Operation { verb, noun, key: self.folder(), query, ..Operation::default() };
        }
        let body = self.some_of(
            25,
            &[
                ("max_versions", Self::count),
                ("cas_required", Self::flag),
                ("metadata_cas_required", Self::flag),
                ("delete_version_after", Self::deletion),
                ("custom_metadata", Self::custom_metadata),
                ("metadata_cas", Self::count),
            ],
        );
        Operation { verb, noun: "secret/metadata", key: Some(self.secret()), body, ..Operation::default() }
    }

    fn after(&mut self) -> Part {
        self.plain(&[json!("a"), json!("b"), json!("b/"), json!("z"), json!("")])
    }

    fn count(&mut self) -> Part {
        self.plain(&[
            json!(1),
            json!(2),
            json!(0),
            json!("3"),
            json!(12),
            json!(-1),
            json!(null),
            json!(""),
            json!("x"),
            json!(1.5),
        ])
    }

    /// Returns a duration after which no version is deleted during the run.
    fn deletion(&mut self) -> Part {
        self.plain(&[
            json!("1h"),
            json!("0s"),
            json!(7200),
            json!("1h30m5s"),
            json!("-1s"),
            json!(-1),
            json!("3d"),
            json!(null),
            json!(""),
            json!("x"),
        ])
    }

    fn custom_metadata(&mut self) -> Part {
        self.plain(&[
            json!({ "k": "v" }),
            json!({ "l": "w", "k": null }),
            json!({ "k": "x", "m": "" }),
            json!({}),
            json!({ "k": 1 }),
            json!({ "k": true }),
            json!({ "k": [] }),
            json!({ "": "v" }),
            json!(null),
            json!("x"),
            json!(["k=v"]),
        ])
    }

    fn secret_config(&mut self) -> Operation {
        let verb = self.one(&["GET", "POST", "POST", "PUT", "DELETE"]);
        let body = self.some_of(
            20,
            &[
                ("max_versions", Self::count),
                ("cas_required", Self::flag),
                ("metadata_cas_required", Self::flag),
                ("delete_version_after", Self::deletion),
            ],
        );
        Operation { verb, noun: "secret/config", body, ..Operation::default() }
    }

    fn secret_subkeys(&mut self) -> Operation {
        let query = self.some_of(30, &[("version", Self::version), ("depth", Self::version)]);
        let key = Some(self.secret());
        Operation { verb: "GET", noun: "secret/subkeys", key, query, ..Operation::default() }
    }

    /// Returns an operation on a path that is no secret.
    fn secret_elsewhere(&mut self) -> Operation {
        let verb = self.one(&["GET", "POST", "LIST", "SCAN", "PATCH", "DELETE"]);
        let noun = self.one(&["secret/data", "secret/metadata", "secret/destroy", "secret/a", "secret/a/b"]);
        let body = vec![("k", Part::Plain("v".into()))];
        Operation { verb, noun, body, ..Operation::default() }
    }

    fn policy_on_secrets(&mut self) -> Operation {
        let document = self.one(&[
            r#"path "secret/data/+" { capabilities = ["create", "read"] }"#,
            r#"path "secret/data/*" { capabilities = ["update", "patch"] }"#,
            r#"path "secret/metadata/*" { capabilities = ["list", "read", "scan"] }"#,
            r#"path "secret/+/b/*" { capabilities = ["read", "update"] }
path "secret/data/b/c" { capabilities = ["deny"] }"#,
            r#"path "secret/data/a" { capabilities = ["create", "update"] allowed_parameters = { "data" = [] } }"#,
            r#"path "secret/*" { capabilities = ["create", "read", "update", "delete", "list"]
denied_parameters = { "options" = [] } }"#,
            r#"path "secret/data/{{identity.entity.name}}" { capabilities = ["create", "read"] }"#,
        ]);
        let (key, body) = (Some(Part::Plain("p".into())), vec![("policy", Part::Plain(document.into()))]);
        Operation { verb: "POST", noun: "sys/policies/acl", key, body, ..Operation::default() }
    }

    fn token_on_secrets(&mut self) -> Operation {
        let policies = self.one(&["p", "p", "p", "dev", "admin"]);
        let body = vec![("policies", Part::Plain(json!([policies])))];
        Operation { verb: "POST", noun: "auth/token", by: "create", body, ..Operation::default() }
    }
}
