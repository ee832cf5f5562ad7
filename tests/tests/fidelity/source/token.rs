//! Tokens, their roles, and what a caller with fewer permissions may do with them.

use serde_json::{Value, json};

use super::Source;
use crate::operations::{Operation, Part};

const NOUN: &str = "auth/token";

/// Generates the value of a field.
type Generate = fn(&mut Source) -> Part;

impl Source {
    pub(super) fn of_token(&mut self) -> Operation {
        let mut operation = match self.below(100) {
            0..35 => self.token_create(),
            35..50 => self.token_role(),
            50..65 => self.token_lookup(),
            65..80 => self.token_renewal(),
            80..92 => self.token_revocation(),
            92..96 => Operation {
                verb: self.one(&["LIST", "LIST", "GET"]),
                noun: NOUN,
                by: "accessors",
                ..Operation::default()
            },
            _ => return self.capabilities(),
        };
        if self.chance(45) {
            operation.caller = Some(self.caller());
        }
        operation
    }

    /// Returns a token that an earlier operation created, rarely none.
    pub(super) fn caller(&mut self) -> Part {
        if self.chance(3) { Part::Plain("".into()) } else { self.id("token") }
    }

    /// Returns a duration that does not end during the run.
    pub(super) fn ttl(&mut self) -> Part {
        self.plain(&[
            json!("1h"),
            json!(600),
            json!("2h"),
            json!("30m"),
            json!(0),
            json!("1000h"),
            json!("900"),
            json!("1d"),
            json!(""),
            json!(null),
            json!("-1h"),
            json!("x"),
            json!([]),
            json!(true),
            json!(599.9),
        ])
    }

    pub(super) fn uses(&mut self) -> Part {
        self.plain(&[
            json!(0),
            json!(1),
            json!(2),
            json!(5),
            json!("3"),
            json!(-1),
            json!(null),
            json!(""),
            json!("x"),
            json!([]),
        ])
    }

    pub(super) fn token_policies(&mut self) -> Part {
        self.plain(&[
            json!(["admin"]),
            json!(["dev"]),
            json!("dev"),
            json!("admin,dev"),
            json!([]),
            json!(["p"]),
            json!("default"),
            json!(["root"]),
            json!(["Dev", "dev ", ""]),
            json!("none"),
            json!(null),
            json!(""),
            json!([null]),
            json!({}),
            json!([["a"]]),
        ])
    }

    pub(super) fn flag(&mut self) -> Part {
        self.plain(&[json!(true), json!(false), json!("true"), json!(null), json!("x"), json!([]), json!(1)])
    }

    pub(super) fn token_kind(&mut self) -> Part {
        self.plain(&[
            json!("service"),
            json!("batch"),
            json!("default"),
            json!("default-service"),
            json!("default-batch"),
            json!(""),
            json!("odd"),
            json!(null),
            json!([]),
        ])
    }

    /// Adds each field with this chance.
    pub(super) fn some_of(
        &mut self,
        percent: usize,
        fields: &[(&'static str, Generate)],
    ) -> Vec<(&'static str, Part)> {
        let mut body = Vec::new();
        for (field, value) in fields {
            if self.chance(percent) {
                body.push((*field, value(self)));
            }
        }
        body
    }

    fn token_create(&mut self) -> Operation {
        let (by, key) = match self.below(10) {
            0..6 => ("create", None),
            6..8 => ("create-orphan", None),
            _ => ("create", Some(self.role_name())),
        };
        let mut body = self.some_of(
            14,
            &[
                ("ttl", Self::ttl),
                ("explicit_max_ttl", Self::ttl),
                ("period", Self::ttl),
                ("num_uses", Self::uses),
                ("renewable", Self::flag),
                ("no_default_policy", Self::flag),
                ("no_parent", Self::flag),
                ("type", Self::token_kind),
                ("meta", Self::metadata),
                ("display_name", Self::name),
            ],
        );
        if self.chance(75) {
            body.push(("policies", self.token_policies()));
        }
        if self.chance(4) {
            body.push(("lease", self.ttl()));
        }
        if self.chance(4) {
            body.push((
                "id",
                self.plain(&[
                    json!("own"),
                    json!("other"),
                    json!(""),
                    json!("a.b"),
                    json!("s.x"),
                    json!(null),
                ]),
            ));
        }
        if self.chance(if key.is_some() { 35 } else { 3 }) {
            body.push((
                "entity_alias",
                self.plain(&[json!("a"), json!("b"), json!("A"), json!("zz"), json!("")]),
            ));
        }
        Operation { verb: "POST", noun: NOUN, by, key, body, ..Operation::default() }
    }

    fn role_name(&mut self) -> Part {
        Part::Plain(self.one(&["a", "a", "b", "A", "x.y", "none", "a b"]).into())
    }

    fn policy_names(&mut self) -> Part {
        self.plain(&[
            json!("dev"),
            json!(["dev", "p"]),
            json!([]),
            json!("*"),
            json!(["d*", "adm*"]),
            json!("root"),
            json!(""),
            json!(null),
            json!("DEV, default"),
        ])
    }

    fn aliases(&mut self) -> Part {
        self.plain(&[json!("a"), json!(["a", "B"]), json!("*"), json!("z*"), json!(""), json!(null)])
    }

    pub(super) fn cidrs(&mut self) -> Part {
        self.plain(&[
            json!("127.0.0.1/32"),
            json!(["127.0.0.0/8", "10.0.0.0/8"]),
            json!("10.1.2.3"),
            json!([]),
            json!("127.0.0.1"),
            json!("::1/128"),
            json!(""),
            json!(null),
            json!("x"),
            json!(["127.0.0.1/99"]),
        ])
    }

    fn token_role(&mut self) -> Operation {
        let verb = self.one(&["GET", "LIST", "DELETE", "POST", "POST", "POST"]);
        let key = (verb != "LIST").then(|| self.role_name());
        let mut body = self.some_of(
            13,
            &[
                ("allowed_policies", Self::policy_names),
                ("allowed_policies_glob", Self::policy_names),
                ("disallowed_policies", Self::policy_names),
                ("disallowed_policies_glob", Self::policy_names),
                ("allowed_entity_aliases", Self::aliases),
                ("orphan", Self::flag),
                ("renewable", Self::flag),
                ("path_suffix", Self::name),
                ("period", Self::ttl),
                ("explicit_max_ttl", Self::ttl),
                ("token_period", Self::ttl),
                ("token_explicit_max_ttl", Self::ttl),
                ("token_num_uses", Self::uses),
                ("token_no_default_policy", Self::flag),
                ("token_strictly_bind_ip", Self::flag),
                ("token_type", Self::token_kind),
                ("token_bound_cidrs", Self::cidrs),
                ("bound_cidrs", Self::cidrs),
            ],
        );
        if self.chance(4) {
            body.push(("token_ttl", self.ttl()));
        }
        Operation { verb, noun: NOUN, by: "roles", key, body, ..Operation::default() }
    }

    /// Names a token in a field, rarely by a value of another kind.
    fn token_field(&mut self) -> Part {
        match self.below(20) {
            0 => self.plain(&[json!(""), json!(null), json!([]), json!("none"), json!(1)]),
            1 => self.id("accessor"),
            _ => self.id("token"),
        }
    }

    fn accessor_field(&mut self) -> Part {
        match self.below(20) {
            0 => self.plain(&[json!(""), json!(null), json!([]), json!("none"), json!(1)]),
            1 => self.id("token"),
            _ => self.id("accessor"),
        }
    }

    fn token_lookup(&mut self) -> Operation {
        let (verb, by, field) = self.one(&[
            ("POST", "lookup", "token"),
            ("POST", "lookup", "token"),
            ("GET", "lookup-self", ""),
            ("POST", "lookup-self", ""),
            ("POST", "lookup-accessor", "accessor"),
            ("GET", "lookup", ""),
        ]);
        let body = self.named_token(field);
        Operation { verb, noun: NOUN, by, body, ..Operation::default() }
    }

    fn named_token(&mut self, field: &'static str) -> Vec<(&'static str, Part)> {
        match field {
            _ if self.chance(3) => Vec::new(),
            "token" => vec![(field, self.token_field())],
            "accessor" => vec![(field, self.accessor_field())],
            _ => Vec::new(),
        }
    }

    fn token_renewal(&mut self) -> Operation {
        let (by, field) = self.one(&[
            ("renew", "token"),
            ("renew", "token"),
            ("renew-self", ""),
            ("renew-accessor", "accessor"),
        ]);
        let mut body = self.named_token(field);
        if self.chance(60) {
            body.push(("increment", self.ttl()));
        }
        Operation { verb: "POST", noun: NOUN, by, body, ..Operation::default() }
    }

    fn token_revocation(&mut self) -> Operation {
        let (by, field) = self.one(&[
            ("revoke", "token"),
            ("revoke-orphan", "token"),
            ("revoke-accessor", "accessor"),
            ("revoke-self", ""),
        ]);
        let body = self.named_token(field);
        // The root token of the run must stay.
        let caller = (by == "revoke-self").then(|| self.id("token"));
        Operation { verb: "POST", noun: NOUN, by, body, caller, ..Operation::default() }
    }

    /// Asks for the capabilities of tokens.
    pub(super) fn capabilities(&mut self) -> Operation {
        let (noun, field) = self.one(&[
            ("sys/capabilities", "token"),
            ("sys/capabilities-self", ""),
            ("sys/capabilities-accessor", "accessor"),
        ]);
        let mut body = self.named_token(field);
        let paths: Value = self.one(&[
            json!(["secret/data/a", "sys/policies/acl/p"]),
            json!("auth/token/create"),
            json!(["/auth/token/create"]),
            json!(["auth/token/create", "auth/token/roles/a"]),
            json!("identity/entity/name/a"),
            json!([""]),
            json!([]),
            json!([null]),
        ]);
        body.push((self.one(&["paths", "paths", "path"]), Part::Plain(paths)));
        let caller = self.chance(60).then(|| self.caller());
        Operation { verb: "POST", noun, body, caller, ..Operation::default() }
    }
}
