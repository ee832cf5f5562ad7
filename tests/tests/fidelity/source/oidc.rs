//! Identity tokens, and the keys that they share with the OpenID provider.

use serde_json::{Value, json};

use super::Source;
use crate::operations::{Operation, Part};

/// Algorithms whose keys are cheap to generate, and one whose keys are not.
const ALGORITHMS: [&str; 8] = ["ES256", "ES256", "ES384", "ES512", "EdDSA", "RS256", "HS256", ""];

impl Source {
    pub(super) fn of_oidc(&mut self) -> Operation {
        match self.below(100) {
            0..18 => self.oidc_key(),
            18..32 => self.oidc_role(),
            32..37 => self.oidc_config(),
            37..50 => self.oidc_assignment(),
            50..62 => self.oidc_scope(),
            62..78 => self.oidc_client(),
            78..93 => self.oidc_provider(),
            _ => self.oidc_public(),
        }
    }

    pub(super) fn slug(&mut self, reserved: &'static str) -> Part {
        Part::Plain(self.one(&["a", "b", "c", "A", "x.y", reserved, reserved, "a b", "-"]).into())
    }

    pub(super) fn key_name(&mut self) -> Part {
        Part::Plain(self.one(&["default", "default", "a", "a", "b", "c", "none", ""]).into())
    }

    /// Generates reads, lists and deletes of named objects.
    pub(super) fn named(&mut self, noun: &'static str, reserved: &'static str) -> Operation {
        let verb = self.one(&["GET", "GET", "LIST", "DELETE"]);
        let key = (verb != "LIST").then(|| self.slug(reserved));
        Operation { verb, noun, key, ..Operation::default() }
    }

    pub(super) fn write(
        &mut self,
        noun: &'static str,
        reserved: &'static str,
        body: Vec<(&'static str, Part)>,
    ) -> Operation {
        Operation { verb: "POST", noun, key: Some(self.slug(reserved)), body, ..Operation::default() }
    }

    pub(super) fn names(&mut self, reserved: &'static str, of_more: &[Value]) -> Part {
        if self.chance(15) {
            return self.plain(of_more);
        }
        let count = self.below(3);
        Part::List((0..count).map(|_| Part::Plain(self.one(&["a", "b", reserved, "none"]).into())).collect())
    }

    pub(super) fn duration(&mut self) -> Part {
        self.plain(&[
            json!(60),
            json!("2m"),
            json!("1h"),
            json!("24h"),
            json!("48h"),
            json!("1d"),
            json!(86400),
            json!(599.9),
            json!("601"),
            json!("-1"),
            json!("x"),
            json!(""),
            json!(null),
            json!([]),
            json!(true),
        ])
    }

    pub(super) fn template(&mut self) -> Part {
        self.plain(&[
            json!(""),
            json!(null),
            json!("{}"),
            json!("null"),
            json!(r#"{"name": {{identity.entity.name}}}"#),
            json!(r#"{"name": "x", "groups": {{identity.entity.groups.names}}}"#),
            json!(r#"{"m": {{identity.entity.metadata}}, "k": {{identity.entity.metadata.k}}}"#),
            json!(r#"{"a": {{identity.entity.aliases.auth_userpass_00000000.name}}, "t": {{time.now}}}"#),
            json!(r#"{"t": {{time.now.plus.1h}}, "u": {{time.now.minus.x}}}"#),
            json!(r#"{"t": {{ time.now.times.1h }}}"#),
            json!("eyJ1c2VybmFtZSI6IHt7aWRlbnRpdHkuZW50aXR5Lm5hbWV9fX0="),
            json!(r#"{"iss": "x"}"#),
            json!(r#"{"name": {{identity.entity.nothing}}}"#),
            json!(r#"{"g": {{identity.groups.ids}}}"#),
            json!(r#"{"name": {{identity.entity.name}}"#),
            json!(r#"{"name": identity}}"#),
            json!(r#"{"name": x}"#),
            json!("[]"),
            json!({}),
            json!(7),
        ])
    }

    pub(super) fn client_ids(&mut self) -> Part {
        if self.chance(20) {
            return self.plain(&[
                json!("*"),
                json!(["*", "x"]),
                json!("x,y , x"),
                json!(null),
                json!(""),
                json!({ "a": 1 }),
            ]);
        }
        self.ids("client", 2)
    }

    fn oidc_key(&mut self) -> Operation {
        let noun = "oidc/key";
        if self.chance(40) {
            return self.named(noun, "default");
        }
        if self.chance(30) {
            let body = if self.chance(40) { vec![("verification_ttl", self.duration())] } else { Vec::new() };
            return Operation { after: "rotate", ..self.write(noun, "default", body) };
        }
        let mut body = Vec::new();
        // The default is RS256, which is slow.
        if self.chance(95) {
            body.push(("algorithm", Part::Plain(self.one(&ALGORITHMS).into())));
        }
        for field in ["rotation_period", "verification_ttl"] {
            if self.chance(35) {
                body.push((field, self.duration()));
            }
        }
        if self.chance(60) {
            body.push(("allowed_client_ids", self.client_ids()));
        }
        self.write(noun, "default", body)
    }

    fn oidc_role(&mut self) -> Operation {
        let noun = "oidc/role";
        if self.chance(40) {
            return self.named(noun, "a");
        }
        if self.chance(10) {
            return Operation {
                verb: "GET",
                noun: "oidc/token",
                key: Some(self.slug("a")),
                ..Operation::default()
            };
        }
        let mut body = Vec::new();
        if self.chance(85) {
            body.push(("key", self.key_name()));
        }
        if self.chance(40) {
            body.push(("ttl", self.duration()));
        }
        if self.chance(40) {
            body.push(("template", self.template()));
        }
        if self.chance(20) {
            body.push((
                "client_id",
                self.plain(&[json!("x"), json!(""), json!(null), json!([]), json!("*")]),
            ));
        }
        self.write(noun, "a", body)
    }

    pub(super) fn issuer(&mut self) -> Part {
        self.plain(&[
            json!("https://example.com:8200"),
            json!("http://a"),
            json!("https://a/"),
            json!("https://a/b"),
            json!("ftp://a"),
            json!("https://u@a"),
            json!("HTTPS://[::1]:1"),
            json!("https://a?b"),
            json!("a"),
            json!(""),
            json!(null),
            json!([]),
        ])
    }

    fn oidc_config(&mut self) -> Operation {
        let noun = "oidc/config";
        if self.chance(50) {
            return Operation {
                verb: self.one(&["GET", "GET", "LIST", "DELETE"]),
                noun,
                ..Operation::default()
            };
        }
        let body = if self.chance(90) { vec![("issuer", self.issuer())] } else { Vec::new() };
        Operation { verb: "POST", noun, body, ..Operation::default() }
    }
}
