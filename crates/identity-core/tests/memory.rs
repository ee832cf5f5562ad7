//! How much memory a response takes when it is decoded.

#![expect(clippy::print_stdout, reason = "the figures are of interest")]

use identity_core::prelude::*;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MIB: usize = 1024 * 1024;
const LEN: usize = 4 * MIB;
/// Lists of texts may take 24 MiB.
const LEN_OF_TEXTS: usize = 16 * MIB;

/// What decoding `body` takes at most, beside the body, and whether it brings a value.
fn peak<E: Endpoint>(status: u16, body: &str) -> (usize, bool) {
    let response = http::Response::builder().status(status).body(body.as_bytes()).expect("a response");
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let result = E::parse_response(&response);
    (MEMORY.peak_usage() - before, result.is_ok())
}

/// A body of some length: `element`, in which `#` is its number, between `begin` and `end`.
fn body(len: usize, begin: &str, element: &str, end: &str) -> String {
    let mut body = begin.to_owned();
    if element.contains('#') {
        for number in 0..len / element.len() {
            body += &element.replace('#', &format!("{number:08}"));
            body.push(',');
        }
    } else {
        body += &format!("{element},").repeat(len / (element.len() + 1));
    }
    body.pop();
    body + end
}

/// In one test, as all threads share the allocator.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of responses")]
fn no_response_takes_many_times_its_length() {
    let uuid = "7fbd40c1-9a2e-4c53-8b0d-0000#";
    let data = |field: &str, open: char| format!(r#"{{"data":{{"id":"x","name":"x","{field}":{open}"#);
    let successes = |field: &str, element: &str| body(LEN, &data(field, '['), element, "]}}");
    let mut report = Vec::new();
    let mut check =
        |name: &str, (peak, is_value): (usize, bool), len: usize, value: Option<bool>, most: usize| {
            report.push(format!("{name}: {peak} of {len} bytes"));
            assert!(peak <= most, "{name}: {peak} of {len} bytes, at most {most}");
            assert_eq!(value.unwrap_or(is_value), is_value, "{name}");
        };
    macro_rules! success {
        ($endpoint:ty, $name:literal, $body:expr, $value:expr) => {{
            let body = $body;
            check($name, peak::<$endpoint>(200, &body), body.len(), $value, body.len() * 3 + MIB);
        }};
    }
    // Of short texts up to 24 MiB are let pass, and allocators may copy what grows.
    macro_rules! texts {
        ($endpoint:ty, $name:literal, $body:expr) => {{
            let body = $body;
            check($name, peak::<$endpoint>(200, &body), body.len(), None, 49 * MIB);
        }};
    }
    macro_rules! map {
        ($element:expr) => {
            body(LEN, r#"{"data":{"key_info":{"#, $element, r#"},"keys":[]}}"#)
        };
    }

    // Lists of elements that no server sends.
    success!(ReadEntityById, "aliases", successes("aliases", r#"{"id":""}"#), Some(false));
    success!(
        ReadEntityByName,
        "empty policies",
        body(LEN_OF_TEXTS, &data("policies", '['), r#""""#, "]}}"),
        None
    );
    texts!(ReadGroupById, "short members", successes("member_entity_ids", r#""a""#));
    success!(LookupEntity, "metadata", body(LEN, &data("metadata", '{'), r##""#":"""##, "}}}"), Some(false));
    success!(ListEntityNames, "empty keys", body(LEN_OF_TEXTS, r#"{"data":{"keys":["#, r#""""#, "]}}"), None);
    success!(ListEntities, "empty infos", map!(r##""#":{}"##), Some(false));
    success!(ListEntities, "infos of empty aliases", map!(r##""#":{"aliases":[{},{},{},{}]}"##), Some(false));
    success!(ListGroups, "infos of groups", map!(r##""#":{"alias":{"x":[0,0,0,0,0,0,0]}}"##), Some(false));
    success!(ListEntityAliases, "infos of aliases", map!(r##""#":{}"##), Some(false));
    success!(ListMfaMethods, "infos of methods", map!(r##""#":{"id":"","x":[0,0,0,0,0,0]}"##), Some(false));
    success!(ListOidcClients, "infos of clients", map!(r##""#":{}"##), None);
    success!(ReadMfaMethod, "method", successes("x", "0"), Some(false));
    success!(
        ReadGroupById,
        "alias",
        body(LEN, r#"{"data":{"id":"x","alias":{"x":["#, "0", "]}}}"),
        Some(false)
    );
    success!(ReadJwks, "keys", body(LEN, r#"{"keys":["#, r#"{"kty":""}"#, "]}"), Some(false));
    success!(ReadJwks, "a key", body(LEN, r#"{"keys":[{"kty":"","x":["#, "0", "]}]}"), Some(false));
    success!(ReadUserInfo, "claims", body(LEN, r#"{"sub":"x","x":["#, "{}", "]}"), Some(false));
    texts!(
        ReadDiscovery,
        "metadata of the issuer",
        body(LEN, r#"{"issuer":"x","scopes_supported":["#, r#""""#, "]}")
    );
    texts!(ReadOidcKey, "clients of a key", successes("allowed_client_ids", r#""""#));
    texts!(ReadLoginEnforcement, "enforcement", successes("mfa_method_ids", r#""""#));
    success!(
        WithMeta<ReadEntityById>,
        "warnings",
        body(LEN, r#"{"data":{"id":"x"},"warnings":["#, r#"{"":0}"#, "]}"),
        Some(true)
    );
    success!(
        WithMeta<ReadEntityById>,
        "long warnings",
        body(LEN, r#"{"data":{"id":"x"},"warnings":["#, r#""""#, "]}"),
        Some(true)
    );
    texts!(Wrap<ListEntities>, "wrapped", body(LEN, r#"{"data":{"keys":["#, r#""""#, "]}}"));

    // Lists of a large installation are read.
    let alias = format!(
        r#""{uuid}":{{"canonical_id":"{uuid}","custom_metadata":{{}},"local":false,"metadata":null,"mount_accessor":"auth_userpass_6b81bdea","mount_path":"auth/userpass/","mount_type":"userpass","name":"u#"}}"#
    );
    success!(ListEntityAliases, "many aliases", map!(&alias), Some(true));
    let entity = format!(
        r#""{uuid}":{{"aliases":[{{"id":"{uuid}","mount_accessor":"auth_userpass_6b81bdea","mount_path":"auth/userpass/","mount_type":"userpass","name":"u#"}}],"name":"u#"}}"#
    );
    success!(ListEntities, "many entities", map!(&entity), Some(true));
    success!(
        ReadGroupById,
        "many members",
        successes("member_entity_ids", &format!(r#""{uuid}""#)),
        Some(true)
    );
    let keys = format!(r#""{uuid}""#);
    success!(ListEntities, "many keys", body(LEN, r#"{"data":{"keys":["#, &keys, "]}}"), Some(true));
    let few = r#"{"data":{"keys":["#;
    let names = body(2 * MIB, few, r#""u#""#, "]}}");
    check(
        "half a million short names",
        peak::<ListEntityNames>(200, &names),
        names.len(),
        Some(true),
        49 * MIB,
    );
    let group = format!(r#""{uuid}":{{"name":"g#","num_member_entities":1,"num_parent_groups":0}}"#);
    let listed = body(LEN / 4, "", &keys, "]}}");
    let groups = body(LEN * 3 / 4, r#"{"data":{"key_info":{"#, &group, &format!(r#"}},"keys":[{listed}"#));
    check("many groups", peak::<ListGroups>(200, &groups), groups.len(), Some(true), groups.len() * 4);

    // Of an error response only the messages are kept.
    for (name, begin, element, end) in [
        ("errors", r#"{"errors":["#, r#"{"":0}"#, "]}"),
        ("empty errors", r#"{"errors":["#, r#""""#, "]}"),
        ("fields beside an OAuth error", r#"{"error":"e","x":["#, "0", "]}"),
        ("conflicts", r#"{"errors":[],"data":["#, "{}", "]}"),
        ("odd conflicts", r#"{"errors":[],"data":["#, r#"{"alias":[0]}"#, "]}"),
        ("no end", r#"{"errors":[""#, r"\n\u00e9", "x"),
        ("an OAuth description", r#"{"error":"e","error_description":""#, r"\n", r#""}"#),
        ("arrays", "[", "[]", "]"),
        ("warnings", r#"{"warnings":["#, r#"{"":0}"#, "]}"),
    ] {
        for len in [MIB / 2, 4 * MIB] {
            let body = body(len, begin, element, end);
            check(name, peak::<MergeEntities>(400, &body), len, Some(false), 5 * MIB);
            check(name, peak::<Wrap<ListEntities>>(404, &body), len, None, 5 * MIB);
        }
    }
    println!("{}", report.join("\n"));
}
