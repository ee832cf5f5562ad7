//! Entities, groups, their aliases, and lookups.

use serde_json::{Value, json};

use super::Source;
use crate::operations::{Operation, Part};

impl Source {
    pub(super) fn of_identity(&mut self) -> Operation {
        match self.below(98) {
            0..28 => self.entity(),
            28..52 => self.alias("entity-alias"),
            52..58 => self.legacy(),
            58..78 => self.group(),
            78..87 => self.alias("group-alias"),
            87..92 => self.merge(),
            _ => self.lookup(),
        }
    }

    pub(super) fn metadata(&mut self) -> Part {
        Part::Plain(self.one(&[
            json!({}),
            json!(null),
            json!({ "k": "v" }),
            json!({ "k": "v", "n": 1, "t": true, "z": null }),
            json!("k=v"),
            json!(["k=v", "l=w=x"]),
            json!(["k"]),
            json!([]),
            json!(""),
            json!(7),
            json!([{ "a": "b" }, { "c": "d" }]),
            json!({ "a b": "c" }),
            json!({ "": "c" }),
            json!({ "vault-a": "c" }),
            json!({ "k": { "l": "m" } }),
            json!({ "k": "" }),
            json!([null]),
            json!([[], null, { "e": "f" }]),
        ]))
    }

    fn policies(&mut self) -> Part {
        Part::Plain(self.one(&[
            json!([]),
            json!(null),
            json!("b, A,a"),
            json!(["z", "Y", "y ", ""]),
            json!(["root"]),
            json!("ROOT"),
            json!({}),
            json!([1, true, null]),
            json!([["a"]]),
            json!({ "a": "b" }),
            json!(["a,b"]),
        ]))
    }

    fn reads(&mut self, noun: &'static str) -> Operation {
        let verb = self.one(&["GET", "GET", "GET", "LIST", "DELETE"]);
        let has_name = matches!(noun, "entity" | "group");
        let by = if has_name { self.one(&["id", "name"]) } else { "id" };
        let key = match (verb, by) {
            ("LIST", _) => None,
            (_, "name") => Some(self.name()),
            _ => {
                let of = if matches!(noun, "alias" | "persona") { "entity-alias" } else { noun };
                // Sometimes the identifier of another kind.
                Some(if self.chance(3) { self.id("group") } else { self.id(of) })
            }
        };
        Operation { verb, noun, by, key, ..Operation::default() }
    }

    fn writes(&mut self, noun: &'static str, of: &'static str, body: Vec<(&'static str, Part)>) -> Operation {
        let has_name = matches!(noun, "entity" | "group");
        let (by, key) = match self.below(4) {
            0 => ("id", Some(self.id(of))),
            1 if has_name => ("name", Some(self.name())),
            _ => ("", None),
        };
        Operation { verb: "POST", noun, by, key, body, ..Operation::default() }
    }

    fn entity(&mut self) -> Operation {
        if self.chance(45) {
            return self.reads("entity");
        }
        let mut body = Vec::new();
        if self.chance(70) {
            body.push(("name", self.name()));
        }
        if self.chance(15) {
            body.push(("id", self.id("entity")));
        }
        if self.chance(30) {
            body.push(("metadata", self.metadata()));
        }
        if self.chance(30) {
            body.push(("policies", self.policies()));
        }
        if self.chance(20) {
            let flag = self.one(&[
                json!(true),
                json!(false),
                json!(null),
                json!("true"),
                json!("x"),
                json!(1),
                json!([]),
            ]);
            body.push(("disabled", Part::Plain(flag)));
        }
        if self.chance(5) {
            body.push(("colour", Part::Plain("red".into())));
        }
        if self.chance(4) {
            body.push(("name", Part::Plain(self.one(&[json!(null), json!(""), json!(["x"]), json!({})]))));
        }
        self.writes("entity", "entity", body)
    }

    fn alias(&mut self, noun: &'static str) -> Operation {
        if self.chance(35) {
            return self.reads(noun);
        }
        let of = if noun == "group-alias" { "group" } else { "entity" };
        let mut body = Vec::new();
        if self.chance(85) {
            body.push(("name", self.name()));
        }
        if self.chance(85) {
            body.push(("mount_accessor", Part::Mount(self.below(1000))));
        }
        if self.chance(60) {
            body.push(("canonical_id", self.id(of)));
        } else if self.chance(10) {
            body.push(("entity_id", self.id(of)));
        }
        if self.chance(15) {
            body.push(("id", self.id(noun)));
        }
        if self.chance(25) {
            body.push(("custom_metadata", self.metadata()));
        }
        self.writes(noun, noun, body)
    }

    fn legacy(&mut self) -> Operation {
        let noun = self.one(&["alias", "persona"]);
        if self.chance(50) {
            return self.reads(noun);
        }
        let mut body = vec![("name", self.name())];
        if noun == "persona" {
            if self.chance(30) {
                body.push(("metadata", self.metadata()));
            }
            return self.writes(noun, "entity", body);
        }
        body.push(("mount_accessor", Part::Mount(self.below(1000))));
        if self.chance(60) {
            body.push(("canonical_id", self.id("entity")));
        }
        self.writes(noun, "entity-alias", body)
    }

    fn group(&mut self) -> Operation {
        if self.chance(35) {
            return self.reads("group");
        }
        let mut body = Vec::new();
        if self.chance(70) {
            body.push(("name", self.name()));
        }
        if self.chance(15) {
            body.push(("id", self.id("group")));
        }
        if self.chance(30) {
            let kind = self.one(&["internal", "external", "external", "", "odd"]);
            body.push(("type", Part::Plain(kind.into())));
        }
        if self.chance(15) {
            body.push(("metadata", self.metadata()));
        }
        if self.chance(15) {
            body.push(("policies", self.policies()));
        }
        for (field, of) in [("member_entity_ids", "entity"), ("member_group_ids", "group")] {
            if self.chance(30) {
                let ids = self.ids(of, 3);
                body.push((field, if self.chance(8) { Part::Plain(Value::Null) } else { ids }));
            }
        }
        if self.chance(3) {
            body.push((self.one(&["id", "name"]), Part::Plain(self.one(&[json!(null), json!("")]))));
        }
        self.writes("group", "group", body)
    }

    fn merge(&mut self) -> Operation {
        if self.chance(15) {
            let body = vec![("entity_ids", self.ids("entity", 3))];
            return Operation {
                verb: "POST",
                noun: "entity",
                by: "batch-delete",
                body,
                ..Operation::default()
            };
        }
        let mut body = vec![("from_entity_ids", self.ids("entity", 3)), ("to_entity_id", self.id("entity"))];
        if self.chance(60) {
            body.push(("conflicting_alias_ids_to_keep", self.ids("entity-alias", 4)));
        }
        Operation { verb: "POST", noun: "entity", by: "merge", body, ..Operation::default() }
    }

    fn lookup(&mut self) -> Operation {
        let noun = self.one(&["entity", "group"]);
        let alias = if noun == "entity" { "entity-alias" } else { "group-alias" };
        let mut body = Vec::new();
        match self.below(5) {
            0 => body.push(("id", self.id(noun))),
            1 => body.push(("name", self.name())),
            2 => body.push(("alias_id", self.id(alias))),
            _ => {
                body.push(("alias_name", self.name()));
                body.push(("alias_mount_accessor", Part::Mount(self.below(1000))));
            }
        }
        if self.chance(10) {
            body.pop();
        }
        if self.chance(10) {
            body.push(("name", Part::Plain(self.one(&[json!(null), json!("a"), json!("")]))));
        }
        Operation { verb: "POST", noun: "lookup", by: noun, body, ..Operation::default() }
    }
}
