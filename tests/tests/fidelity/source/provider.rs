//! The OpenID provider, and logins with it.

use serde_json::json;

use super::Source;
use crate::operations::{Operation, Part};

impl Source {
    pub(super) fn oidc_assignment(&mut self) -> Operation {
        let noun = "oidc/assignment";
        if self.chance(45) {
            return self.named(noun, "allow_all");
        }
        let mut body = Vec::new();
        for (field, of) in [("entity_ids", "entity"), ("group_ids", "group")] {
            if self.chance(70) {
                let odd = self.chance(20);
                let odd = odd.then(|| {
                    self.plain(&[
                        json!("*"),
                        json!("B, A.X,b"),
                        json!(null),
                        json!([]),
                        json!([[]]),
                        json!([1]),
                    ])
                });
                body.push((field, odd.unwrap_or_else(|| self.ids(of, 2))));
            }
        }
        self.write(noun, "allow_all", body)
    }

    pub(super) fn oidc_scope(&mut self) -> Operation {
        let noun = "oidc/scope";
        if self.chance(45) {
            return self.named(noun, "openid");
        }
        let mut body = Vec::new();
        if self.chance(80) {
            body.push(("template", self.template()));
        }
        if self.chance(40) {
            body.push((
                "description",
                self.plain(&[json!("d"), json!(""), json!(null), json!(1), json!([])]),
            ));
        }
        self.write(noun, "openid", body)
    }

    pub(super) fn oidc_client(&mut self) -> Operation {
        let noun = "oidc/client";
        if self.chance(50) {
            return self.named(noun, "a");
        }
        let mut body = Vec::new();
        if self.chance(40) {
            body.push(("key", self.key_name()));
        }
        if self.chance(40) {
            let uris = [
                json!("https://a/cb"),
                json!(["https://b", "https://a", "https://b"]),
                json!("b,a"),
                json!(null),
                json!([{}]),
                json!([" "]),
            ];
            body.push(("redirect_uris", self.plain(&uris)));
        }
        if self.chance(50) {
            body.push((
                "assignments",
                self.names(
                    "allow_all",
                    &[json!("allow_all"), json!("a,b"), json!(null), json!(["a", "a"]), json!([[]])],
                ),
            ));
        }
        for field in ["id_token_ttl", "access_token_ttl"] {
            if self.chance(25) {
                body.push((field, self.duration()));
            }
        }
        if self.chance(40) {
            body.push((
                "client_type",
                self.plain(&[
                    json!("public"),
                    json!("public"),
                    json!("confidential"),
                    json!("odd"),
                    json!(""),
                    json!(null),
                    json!([]),
                ]),
            ));
        }
        for field in ["authorization_code", "client_credentials"] {
            if self.chance(35) {
                body.push((
                    field,
                    self.plain(&[
                        json!(true),
                        json!(false),
                        json!("true"),
                        json!(null),
                        json!("x"),
                        json!([]),
                    ]),
                ));
            }
        }
        self.write(noun, "a", body)
    }

    pub(super) fn oidc_provider(&mut self) -> Operation {
        let noun = "oidc/provider";
        if self.chance(25) {
            let client = if self.chance(70) {
                self.id("client")
            } else {
                self.plain(&[json!("*"), json!("x"), json!("")])
            };
            let mut query = vec![("allowed_client_id", client)];
            let verb = self.one(&["LIST", "GET"]);
            if verb == "GET" {
                query.push(("list", Part::Plain("true".into())));
            }
            return Operation { verb, noun, query, ..Operation::default() };
        }
        if self.chance(30) {
            return self.named(noun, "default");
        }
        let mut body = Vec::new();
        if self.chance(25) {
            body.push(("issuer", self.issuer()));
        }
        if self.chance(60) {
            body.push(("allowed_client_ids", self.client_ids()));
        }
        if self.chance(50) {
            body.push((
                "scopes_supported",
                self.names(
                    "c",
                    &[json!("a,b"), json!("openid"), json!(null), json!(["b", "a"]), json!([{}])],
                ),
            ));
        }
        self.write(noun, "default", body)
    }

    /// Generates reads that need no token.
    pub(super) fn oidc_public(&mut self) -> Operation {
        let document = self.one(&[
            ".well-known/openid-configuration",
            ".well-known/keys",
            ".well-known/keys",
            ".well-known/no",
        ]);
        if self.chance(50) {
            return Operation { verb: "GET", noun: "oidc", after: document, ..Operation::default() };
        }
        let key = Some(self.slug("default"));
        Operation { verb: "GET", noun: "oidc/provider", key, after: document, ..Operation::default() }
    }
}
