//! Recorded responses of sealed and standby servers, compared with `FakeVault`, which is always active.

use identity_core::ExposeSecret;
use identity_fake::Fault;
use serde_json::{Value, json};

use crate::recordings::recording;
use crate::replay::{Exchange, Replay};

/// Recordings that it cannot reproduce, with the reasons.
pub(crate) const EXCEPTIONS: [(&str, &str); 5] = [
    (
        "status/active-health",
        "it has no standby, so that its replication mode is `disabled`, as a development server's",
    ),
    ("status/sealed-health", "`Fault::Sealed` applies to single requests, which all get the same response"),
    ("status/uninitialised-health", "it cannot be uninitialised"),
    ("status/standby-health", "it has no standby"),
    ("status/standby-write-forwarding-disabled", "it has no standby, and leads nowhere else"),
];

/// Recordings that equal those of an active server, and those that a fault reproduces.
const ACTIVE: [&str; 3] = ["standby-read", "standby-read-forwarding-disabled", "standby-write-is-forwarded"];
const SEALED: [&str; 5] = ["sealed", "sealed-list", "sealed-write", "sealed-discovery", "uninitialised"];

pub(crate) fn replayed() -> impl Iterator<Item = String> {
    ACTIVE.into_iter().chain(SEALED).map(|case| format!("status/{case}"))
}

fn exchange(case: &str) -> Exchange {
    let recording = recording("status", case);
    let (request, response) = (&recording["request"], &recording["response"]);
    let body = Some(&request["body"]).filter(|body| !body.is_null()).map(Value::to_string);
    serde_json::from_value(json!({
        "case": format!("status/{case}"),
        "method": request["method"],
        "path": request["path"],
        "headers": request["headers"],
        "body": body,
        "status": response["status"],
        "response": response["body"],
        "response_headers": response["headers"],
    }))
    .expect("an exchange")
}

#[test]
fn the_states_of_a_server() {
    let mut replay = Replay::default();
    replay.bind("s.Y9t7uq7hnBy4kKlHpL0QxFhU", replay.fake.root_token().expose_secret());
    let mut set_up = exchange("standby-write-is-forwarded");
    set_up.body = Some(json!({ "name": "ha" }).to_string());
    assert!(replay.send(&set_up).status().is_success());
    let mut failures = Vec::new();
    for (cases, is_sealed) in [(&ACTIVE[..], false), (&SEALED[..], true)] {
        for case in cases {
            if is_sealed {
                replay.fake.fail_next(Fault::Sealed);
            }
            let differences = replay.differences(&exchange(case));
            failures.extend(differences.into_iter().map(|difference| format!("{case}: {difference}")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
