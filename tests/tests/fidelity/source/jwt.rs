//! JWT logins with a static key, and the external groups that they join.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::Source;
use crate::operations::{Operation, Part};

const NOUN: &str = "auth/three";

/// Two key pairs: a configured one and another one.
struct Keys {
    configured: EncodingKey,
    other: EncodingKey,
    public: String,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let [own, other] = [(); 2].map(|()| rcgen::KeyPair::generate().expect("a key"));
        let key = |pair: &rcgen::KeyPair| EncodingKey::from_ec_der(&pair.serialize_der());
        Keys { configured: key(&own), other: key(&other), public: own.public_key_pem() }
    })
}

/// Returns the configuration that a run begins with.
pub(crate) fn config() -> Value {
    json!({ "jwt_validation_pubkeys": keys().public })
}

/// Returns the role `a` that a run begins with.
pub(crate) fn role() -> Value {
    json!({ "role_type": "jwt", "user_claim": "sub", "bound_audiences": "aud", "groups_claim": "groups" })
}

impl Source {
    pub(super) fn of_jwt(&mut self) -> Operation {
        match self.below(100) {
            0..8 => self.jwt_config(),
            8..35 => self.jwt_role(),
            35..70 => self.jwt_login(),
            70..76 => self.external_group(),
            76..82 => self.external_alias(),
            82..88 => self.of_identity(),
            _ => self.of_token(),
        }
    }

    fn jwt_config(&mut self) -> Operation {
        let verb = self.one(&["GET", "POST"]);
        let key = json!(keys().public);
        let public_keys =
            self.usually(90, &key, &[json!([key]), json!([key, key]), json!(["x"]), json!([]), json!(null)]);
        let mut body = vec![("jwt_validation_pubkeys", public_keys)];
        body.extend(self.some_of(
            6,
            &[
                ("bound_issuer", Self::word),
                ("default_role", Self::word),
                ("jwt_supported_algs", Self::algorithms),
                ("oidc_discovery_url", Self::empty),
                ("provider_config", Self::empty),
            ],
        ));
        Operation { verb, noun: NOUN, by: "config", body, ..Operation::default() }
    }

    /// Returns the first value with this chance, else one of the others.
    fn usually(&mut self, percent: usize, value: &Value, others: &[Value]) -> Part {
        if self.chance(percent) { Part::Plain(value.clone()) } else { self.plain(others) }
    }

    fn word(&mut self) -> Part {
        self.plain(&[json!("a"), json!("b"), json!(""), json!(null), json!([])])
    }

    fn empty(&mut self) -> Part {
        self.plain(&[json!(""), json!(null)])
    }

    fn algorithms(&mut self) -> Part {
        self.plain(&[json!(["ES256"]), json!("RS256"), json!([]), json!("odd"), json!(null)])
    }

    fn audiences(&mut self) -> Part {
        let others = [json!(["aud", "x"]), json!("x"), json!([]), json!(""), json!(null)];
        self.usually(90, &json!("aud"), &others)
    }

    fn claims(&mut self) -> Part {
        self.plain(&[
            json!({ "team": "red" }),
            json!({ "team": ["red", "blue"] }),
            json!({ "/nested/deep": "yes" }),
            json!({ "team": "r*" }),
            json!({ "n": 1 }),
            json!({}),
            json!(null),
            json!("x"),
        ])
    }

    fn claims_kind(&mut self) -> Part {
        self.plain(&[json!("string"), json!("glob"), json!(""), json!("odd"), json!(null)])
    }

    fn claim_mappings(&mut self) -> Part {
        self.plain(&[
            json!({ "team": "team_name" }),
            json!({ "/nested/deep": "deep", "n": "n" }),
            json!({ "team": "x", "sub": "x" }),
            json!({ "none": "none" }),
            json!({}),
            json!(null),
        ])
    }

    fn user_claim(&mut self) -> Part {
        let others =
            [json!("/nested/deep"), json!("team"), json!("none"), json!("n"), json!(""), json!(null)];
        self.usually(80, &json!("sub"), &others)
    }

    fn groups_claim(&mut self) -> Part {
        let others = [json!("/nested/groups"), json!("team"), json!("none"), json!("")];
        self.usually(70, &json!("groups"), &others)
    }

    fn leeway(&mut self) -> Part {
        self.plain(&[json!(0), json!("1m"), json!(-1), json!(600), json!("x"), json!(null)])
    }

    fn role_kind(&mut self) -> Part {
        self.usually(85, &json!("jwt"), &[json!("oidc"), json!(""), json!("odd"), json!(null)])
    }

    fn jwt_role(&mut self) -> Operation {
        let verb = self
            .one(&["GET", "GET", "GET", "LIST", "LIST", "DELETE", "POST", "POST", "POST", "POST", "POST"]);
        let key =
            (verb != "LIST").then(|| Part::Plain(self.one(&["a", "a", "a", "b", "A", "x.y", "a b"]).into()));
        let mut body = Vec::new();
        if self.chance(96) {
            body.push(("role_type", self.role_kind()));
        }
        if self.chance(97) {
            body.push(("user_claim", self.user_claim()));
        }
        if self.chance(85) {
            body.push(("bound_audiences", self.audiences()));
        }
        body.extend(self.some_of(
            7,
            &[
                ("bound_subject", Self::word),
                ("bound_claims", Self::claims),
                ("bound_claims_type", Self::claims_kind),
                ("claim_mappings", Self::claim_mappings),
                ("user_claim_json_pointer", Self::flag),
                ("expiration_leeway", Self::leeway),
                ("not_before_leeway", Self::leeway),
                ("clock_skew_leeway", Self::leeway),
            ],
        ));
        if self.chance(60) {
            body.push(("groups_claim", self.groups_claim()));
        }
        body.extend(self.token_parameters(5));
        body.extend(self.some_of(
            2,
            &[
                ("policies", Self::token_policies),
                ("ttl", Self::ttl),
                ("max_ttl", Self::ttl),
                ("num_uses", Self::uses),
                ("period", Self::ttl),
                ("bound_cidrs", Self::cidrs),
            ],
        ));
        Operation { verb, noun: NOUN, by: "role", key, body, ..Operation::default() }
    }

    fn jwt(&mut self) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut claims = json!({
            "sub": self.one(&["a", "a", "b"]),
            "aud": self.one(&[json!("aud"), json!("aud"), json!("aud"), json!("aud"), json!(["aud", "y"]), json!("y")]),
            "exp": now + 3000,
            "team": self.one(&["red", "blue"]),
            "n": 1,
            "nested": { "deep": "yes", "groups": ["g2"] },
        });
        let groups = self.one(&[
            json!(["g1", "g2"]),
            json!(["g1"]),
            json!(["g2", ""]),
            json!([]),
            json!("g1"),
            json!([1]),
            json!(null),
        ]);
        let changes: [(&str, Value); 10] = [
            ("groups", groups),
            ("iss", json!("a")),
            ("iat", json!(now)),
            ("nbf", json!(now - 10)),
            ("exp", json!(now - 1000)),
            ("nbf", json!(now + 1000)),
            ("iat", json!(now + 1000)),
            ("exp", Value::Null),
            ("sub", Value::Null),
            ("aud", Value::Null),
        ];
        for (index, (claim, value)) in changes.into_iter().enumerate() {
            if self.chance([85, 40, 80, 30, 2, 2, 2, 5, 2, 5][index]) {
                claims[claim] = value;
            }
        }
        if let Some(claims) = claims.as_object_mut() {
            claims.retain(|_, value| !value.is_null());
        }
        let key = if self.chance(97) { &keys().configured } else { &keys().other };
        jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, key).expect("a JWT").into()
    }

    fn jwt_login(&mut self) -> Operation {
        let jwt = self.jwt();
        let others = [json!("x"), json!("a.b.c"), json!(""), json!(null), json!([])];
        let mut body = vec![("jwt", self.usually(95, &jwt, &others))];
        if self.chance(97) {
            let others = [json!("b"), json!("A"), json!("x.y"), json!("none"), json!("")];
            body.push(("role", self.usually(75, &json!("a"), &others)));
        }
        let caller = self.chance(80).then(|| Part::Plain("".into()));
        Operation { verb: "POST", noun: NOUN, by: "login", body, caller, ..Operation::default() }
    }

    fn external_group(&mut self) -> Operation {
        let body = vec![
            ("name", self.name()),
            ("type", Part::Plain("external".into())),
            ("policies", self.token_policies()),
        ];
        Operation { verb: "POST", noun: "group", body, ..Operation::default() }
    }

    fn external_alias(&mut self) -> Operation {
        let name = self.one(&["g1", "g2"]);
        let body = vec![
            ("name", Part::Plain(name.into())),
            ("mount_accessor", Part::Mount(3)),
            ("canonical_id", self.id("group")),
        ];
        Operation { verb: "POST", noun: "group-alias", body, ..Operation::default() }
    }
}
