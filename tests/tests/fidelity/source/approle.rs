//! `AppRole`: roles, their parts, secret ids, and logins.

use serde_json::json;

use super::Source;
use crate::operations::{Operation, Part};

const NOUN: &str = "auth/two";

/// The parts of a role, and the field that each reads and writes.
const PARTS: [(&str, &str); 16] = [
    ("role-id", "role_id"),
    ("policies", "token_policies"),
    ("policies", "policies"),
    ("bind-secret-id", "bind_secret_id"),
    ("secret-id-num-uses", "secret_id_num_uses"),
    ("secret-id-ttl", "secret_id_ttl"),
    ("secret-id-bound-cidrs", "secret_id_bound_cidrs"),
    ("bound-cidr-list", "bound_cidr_list"),
    ("token-bound-cidrs", "token_bound_cidrs"),
    ("token-num-uses", "token_num_uses"),
    ("token-ttl", "token_ttl"),
    ("token-max-ttl", "token_max_ttl"),
    ("period", "token_period"),
    ("period", "period"),
    ("local-secret-ids", "local_secret_ids"),
    ("odd", "odd"),
];

impl Source {
    pub(super) fn of_approle(&mut self) -> Operation {
        match self.below(100) {
            0..25 => self.approle(),
            25..37 => self.approle_part(),
            37..70 => self.secret_id(),
            70..90 => self.approle_login(),
            _ => self.of_token(),
        }
    }

    fn approle_name(&mut self) -> Part {
        Part::Plain(self.one(&["a", "a", "b", "A", "x.y", "none", "a b"]).into())
    }

    fn role_id(&mut self) -> Part {
        match self.below(6) {
            0 => self.plain(&[json!("own"), json!("other"), json!(""), json!(null), json!([])]),
            _ => self.id("role-id"),
        }
    }

    fn approle(&mut self) -> Operation {
        let verb = self.one(&["GET", "LIST", "DELETE", "POST", "POST", "POST", "POST"]);
        let key = (verb != "LIST").then(|| self.approle_name());
        let mut body = self.token_parameters(10);
        // The server fails without a response if the type is no string.
        let is_string = |part: &Part| matches!(part, Part::Plain(value) if value.is_string());
        body.retain(|(field, part)| *field != "token_type" || is_string(part));
        body.extend(self.some_of(
            10,
            &[
                ("bind_secret_id", Self::flag),
                ("local_secret_ids", Self::flag),
                ("secret_id_num_uses", Self::uses),
                ("secret_id_ttl", Self::ttl),
                ("secret_id_bound_cidrs", Self::cidrs),
            ],
        ));
        body.extend(self.some_of(
            4,
            &[
                ("policies", Self::token_policies),
                ("period", Self::ttl),
                ("bound_cidr_list", Self::cidrs),
                ("role_id", Self::role_id),
                ("role_name", Self::name),
            ],
        ));
        // The server panics on a `token_type` that is no string, and closes the connection.
        body.retain(|(name, value)| {
            *name != "token_type" || matches!(value, Part::Plain(value) if value.is_string())
        });
        Operation { verb, noun: NOUN, by: "role", key, body, ..Operation::default() }
    }

    fn approle_part(&mut self) -> Operation {
        let (after, field) = self.one(&PARTS);
        let verb = self.one(&["GET", "GET", "POST", "POST", "DELETE"]);
        let value = match field {
            "role_id" => self.role_id(),
            "token_policies" | "policies" => self.token_policies(),
            "secret_id_num_uses" | "token_num_uses" => self.uses(),
            "bind_secret_id" | "local_secret_ids" => self.flag(),
            "secret_id_bound_cidrs" | "bound_cidr_list" | "token_bound_cidrs" => self.cidrs(),
            _ => self.ttl(),
        };
        let body = if self.chance(93) { vec![(field, value)] } else { Vec::new() };
        let key = Some(self.approle_name());
        Operation { verb, noun: NOUN, by: "role", key, after, body, ..Operation::default() }
    }

    fn secret_id(&mut self) -> Operation {
        let (verb, after) = self.one(&[
            ("POST", "secret-id"),
            ("POST", "secret-id"),
            ("POST", "secret-id"),
            ("LIST", "secret-id"),
            ("POST", "custom-secret-id"),
            ("POST", "secret-id/lookup"),
            ("POST", "secret-id/destroy"),
            ("DELETE", "secret-id/destroy"),
            ("POST", "secret-id-accessor/lookup"),
            ("POST", "secret-id-accessor/destroy"),
        ]);
        let body = match after {
            "secret-id" | "custom-secret-id" => {
                let mut body = self.some_of(
                    12,
                    &[
                        ("ttl", Self::ttl),
                        ("num_uses", Self::uses),
                        ("cidr_list", Self::cidrs),
                        ("token_bound_cidrs", Self::cidrs),
                        ("metadata", Self::secret_id_metadata),
                    ],
                );
                if after == "custom-secret-id" {
                    body.push((
                        "secret_id",
                        self.plain(&[json!("mine"), json!("yours"), json!(""), json!(null), json!(7)]),
                    ));
                }
                body
            }
            "secret-id/lookup" | "secret-id/destroy" => vec![("secret_id", self.secret_id_field())],
            _ => vec![("secret_id_accessor", self.id("secret-id-accessor"))],
        };
        let key = Some(self.approle_name());
        Operation { verb, noun: NOUN, by: "role", key, after, body, ..Operation::default() }
    }

    fn secret_id_metadata(&mut self) -> Part {
        self.plain(&[
            json!(r#"{"k": "v"}"#),
            json!("{}"),
            json!(""),
            json!("x"),
            json!(r#"{"k": 1}"#),
            json!({ "k": "v" }),
            json!(null),
            json!("[]"),
        ])
    }

    fn secret_id_field(&mut self) -> Part {
        match self.below(8) {
            0 => self.plain(&[json!("mine"), json!("yours"), json!(""), json!(null), json!([]), json!(7)]),
            _ => self.id("secret-id"),
        }
    }

    fn approle_login(&mut self) -> Operation {
        let mut body = vec![("role_id", self.role_id())];
        if self.chance(93) {
            body.push(("secret_id", self.secret_id_field()));
        }
        let caller = self.chance(80).then(|| Part::Plain("".into()));
        Operation { verb: "POST", noun: NOUN, by: "login", body, caller, ..Operation::default() }
    }
}
