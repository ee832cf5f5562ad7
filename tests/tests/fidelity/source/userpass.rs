//! Users of `userpass`, and their logins.

use serde_json::json;

use super::Source;
use crate::operations::{Operation, Part};

impl Source {
    pub(super) fn of_userpass(&mut self) -> Operation {
        match self.below(100) {
            0..45 => self.user(),
            45..85 => self.userpass_login(),
            _ => self.of_token(),
        }
    }

    fn userpass_mount(&mut self) -> &'static str {
        self.one(&["auth/one", "auth/one", "auth/one", "auth/near"])
    }

    fn user_name(&mut self) -> Part {
        Part::Plain(self.one(&["a", "a", "b", "A", "x.y", "none", "a b"]).into())
    }

    fn password(&mut self) -> Part {
        self.plain(&[json!("pw"), json!("pw"), json!("other"), json!(""), json!(null), json!(7), json!([])])
    }

    /// Returns some of the parameters that users and roles share.
    pub(super) fn token_parameters(&mut self, percent: usize) -> Vec<(&'static str, Part)> {
        self.some_of(
            percent,
            &[
                ("token_policies", Self::token_policies),
                ("token_ttl", Self::ttl),
                ("token_max_ttl", Self::ttl),
                ("token_explicit_max_ttl", Self::ttl),
                ("token_period", Self::ttl),
                ("token_num_uses", Self::uses),
                ("token_no_default_policy", Self::flag),
                ("token_strictly_bind_ip", Self::flag),
                ("token_type", Self::token_kind),
                ("token_bound_cidrs", Self::cidrs),
            ],
        )
    }

    fn user(&mut self) -> Operation {
        let noun = self.userpass_mount();
        let verb = self.one(&["GET", "LIST", "DELETE", "POST", "POST", "POST", "POST"]);
        let key = (verb != "LIST").then(|| self.user_name());
        let mut body = if self.chance(85) { vec![("password", self.password())] } else { Vec::new() };
        let after = if verb == "POST" { self.one(&["", "", "", "", "password", "policies"]) } else { "" };
        body.extend(self.token_parameters(12));
        body.extend(self.some_of(
            5,
            &[
                ("policies", Self::token_policies),
                ("ttl", Self::ttl),
                ("max_ttl", Self::ttl),
                ("bound_cidrs", Self::cidrs),
            ],
        ));
        Operation { verb, noun, by: "users", key, after, body, ..Operation::default() }
    }

    fn userpass_login(&mut self) -> Operation {
        let noun = self.userpass_mount();
        let key = Some(self.user_name());
        let body = if self.chance(97) { vec![("password", self.password())] } else { Vec::new() };
        let caller = self.chance(80).then(|| Part::Plain("".into()));
        Operation { verb: "POST", noun, by: "login", key, body, caller, ..Operation::default() }
    }
}
