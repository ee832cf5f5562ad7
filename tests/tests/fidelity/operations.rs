//! Random operations over a small universe of names and identifiers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The identifiers that were given, by what they are for.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    pub(crate) mounts: Vec<String>,
    given: BTreeMap<&'static str, Vec<String>>,
}

impl Ids {
    /// The identifier of a thing, which may be gone; one that never was if there are none yet.
    fn pick(&self, of: &'static str, which: usize) -> String {
        let ids = self.given.get(of).map_or(&[][..], Vec::as_slice);
        if which % 13 == 12 || ids.is_empty() {
            return "00000000-0000-0000-0000-000000000000".to_owned();
        }
        // The newest are the likeliest to be there.
        ids[ids.len() - 1 - (which % ids.len().min(6))].clone()
    }

    fn mount(&self, which: usize) -> String {
        if which % 17 == 16 {
            "auth_nowhere_00000000".to_owned()
        } else {
            self.mounts[which % self.mounts.len()].clone()
        }
    }

    pub(crate) fn learn(&mut self, operation: &Operation, answer: &Value) {
        let mut note = |of: &'static str, id: &Value| {
            if let Some(id) = id.as_str() {
                let ids = self.given.entry(of).or_default();
                if !ids.iter().any(|known| known == id) {
                    ids.push(id.to_owned());
                }
            }
        };
        let data = &answer["data"];
        match operation.noun {
            "entity" | "group" | "persona" if operation.verb == "POST" => {
                note(if operation.noun == "group" { "group" } else { "entity" }, &data["id"]);
            }
            "entity-alias" | "alias" => {
                note("entity-alias", &data["id"]);
                note("entity", &data["canonical_id"]);
            }
            "group-alias" => {
                note("group-alias", &data["id"]);
                note("group", &data["canonical_id"]);
            }
            _ => {}
        }
    }
}

/// An operation whose identifiers are chosen when it is carried out, so that leaving others out does not spoil it.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    verb: &'static str,
    noun: &'static str,
    /// `id`, `name`, or what is done.
    by: &'static str,
    key: Option<Part>,
    body: Vec<(&'static str, Part)>,
}

/// A value in an operation.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Plain(Value),
    Id(&'static str, usize),
    Ids(Vec<(&'static str, usize)>),
    Mount(usize),
}

impl Part {
    fn value(&self, ids: &Ids) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::Id(of, which) => ids.pick(of, *which).into(),
            Self::Ids(all) => all.iter().map(|(of, which)| ids.pick(of, *which)).collect(),
            Self::Mount(which) => ids.mount(*which).into(),
        }
    }
}

impl Operation {
    pub(crate) fn kind(&self) -> &'static str {
        self.noun
    }

    /// Whether there is a list of several identifiers in it.
    pub(crate) fn names_several(&self) -> bool {
        self.body.iter().any(|(_, part)| matches!(part, Part::Ids(ids) if ids.len() > 1))
    }

    pub(crate) fn request(&self, ids: &Ids) -> (&'static str, String, Value) {
        let mut path = format!("{}/{}", if self.noun == "sys" { "sys" } else { "identity" }, self.noun);
        if self.noun == "sys" {
            path.truncate(3);
        }
        if !self.by.is_empty() {
            path = format!("{path}/{}", self.by);
        }
        if let Some(key) = &self.key {
            let key = key.value(ids);
            let key = percent_encoding::utf8_percent_encode(
                key.as_str().unwrap_or_default(),
                percent_encoding::NON_ALPHANUMERIC,
            );
            // Accessors and identifiers are found in the path by their own characters.
            path = format!(
                "{path}/{}",
                key.to_string().replace("%2D", "-").replace("%5F", "_").replace("%2E", ".")
            );
        }
        let body = if self.verb == "POST" {
            self.body
                .iter()
                .map(|(name, part)| ((*name).to_owned(), part.value(ids)))
                .collect::<Map<_, _>>()
                .into()
        } else {
            Value::Null
        };
        (self.verb, path, body)
    }
}

/// Where operations come from: the same seed gives the same.
pub(crate) struct Source(u64);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn operation(&mut self) -> Operation {
        match self.below(100) {
            0..28 => self.entity(),
            28..52 => self.alias("entity-alias"),
            52..58 => self.legacy(),
            58..78 => self.group(),
            78..87 => self.alias("group-alias"),
            87..92 => self.merge(),
            92..98 => self.lookup(),
            _ => self.mount(),
        }
    }

    fn name(&mut self) -> Part {
        Part::Plain(self.one(&["a", "A", "b", "B", "c", "d", "a b", "é/É", "1"]).into())
    }

    fn id(&mut self, of: &'static str) -> Part {
        Part::Id(of, self.below(1000))
    }

    fn metadata(&mut self) -> Part {
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
                // Now and then that of another thing.
                Some(if self.chance(3) { self.id("group") } else { self.id(of) })
            }
        };
        Operation { verb, noun, by, key, body: Vec::new() }
    }

    fn writes(&mut self, noun: &'static str, of: &'static str, body: Vec<(&'static str, Part)>) -> Operation {
        let has_name = matches!(noun, "entity" | "group");
        let (by, key) = match self.below(4) {
            0 => ("id", Some(self.id(of))),
            1 if has_name => ("name", Some(self.name())),
            _ => ("", None),
        };
        Operation { verb: "POST", noun, by, key, body }
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
                let count = self.below(4);
                let ids = (0..count).map(|_| (of, self.below(12))).collect();
                body.push((field, if self.chance(8) { Part::Plain(Value::Null) } else { Part::Ids(ids) }));
            }
        }
        if self.chance(3) {
            body.push((self.one(&["id", "name"]), Part::Plain(self.one(&[json!(null), json!("")]))));
        }
        self.writes("group", "group", body)
    }

    fn merge(&mut self) -> Operation {
        let count = 1 + self.below(3);
        let from = (0..count).map(|_| ("entity", self.below(12))).collect();
        let mut body = vec![("from_entity_ids", Part::Ids(from)), ("to_entity_id", self.id("entity"))];
        if self.chance(60) {
            let count = 1 + self.below(4);
            let keep = (0..count).map(|_| ("entity-alias", self.below(12))).collect();
            body.push(("conflicting_alias_ids_to_keep", Part::Ids(keep)));
        }
        if self.chance(15) {
            let ids = (0..3).map(|_| ("entity", self.below(12))).collect();
            let body = vec![("entity_ids", Part::Ids(ids))];
            return Operation { verb: "POST", noun: "entity", by: "batch-delete", key: None, body };
        }
        Operation { verb: "POST", noun: "entity", by: "merge", key: None, body }
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
        Operation { verb: "POST", noun: "lookup", by: noun, key: None, body }
    }

    fn mount(&mut self) -> Operation {
        let verb = if self.chance(15) { "DELETE" } else { "GET" };
        let key = Some(Part::Plain(self.one(&["one", "two", "near", "none"]).into()));
        Operation { verb, noun: "sys", by: "auth", key, body: Vec::new() }
    }
}
