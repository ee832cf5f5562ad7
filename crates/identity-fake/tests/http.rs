//! How `FakeVault` reads HTTP requests: paths, queries, bodies, headers, and the order of several errors.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use bytes::Bytes;
use http::{Request, Response};
use identity_core::{BlockingTransport, ExposeSecret};
use identity_fake::FakeVault;
use serde_json::{Value, json};

const NAME: &str = "/v1/identity/entity/name/alice";
const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn send_as(
    vault: &FakeVault,
    token: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut request = Request::builder().method(method).uri(target).header("x-vault-token", token);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    BlockingTransport::send(vault, request.body(body.into()).unwrap()).unwrap()
}

fn send(
    vault: &FakeVault,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    send_as(vault, vault.root_token().expose_secret(), method, target, headers, body)
}

fn json_of(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}

fn errors(response: &Response<Bytes>) -> (u16, String) {
    let body = json_of(response);
    (response.status().as_u16(), body["errors"][0].as_str().unwrap_or_default().to_owned())
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// Writes an entity and returns it, or the status of a rejected body.
fn written(headers: &[(&str, &str)], body: impl Into<Bytes>) -> Result<Value, u16> {
    let vault = FakeVault::new();
    let response = send(&vault, "POST", NAME, headers, body);
    if response.status() != 200 {
        return Err(response.status().as_u16());
    }
    Ok(json_of(&send(&vault, "GET", NAME, &[], ""))["data"].take())
}

#[test]
fn valid_json() {
    for body in ["", " \n", "null", " {} ", "{}{}", "{} true", "{} {\"a\":", "{}[1,"] {
        assert!(written(&[JSON], body).is_ok(), "{body}");
    }
    for (body, value) in [
        (&br#"{"metadata":{"k":"a"}} {"metadata":{"k":"b"}}"#[..], "a"),
        (br#"{"metadata":{"k":"a","k":"b"}}"#, "b"),
        (br#"{"metadata":{"k":"\ud83d\ude00"}}"#, "\u{1f600}"),
        (br#"{"metadata":{"k":"\ud83d"}}"#, "\u{fffd}"),
        (br#"{"metadata":{"k":"\ud83d\u0041"}}"#, "\u{fffd}A"),
        (b"{\"metadata\":{\"k\":\"\xe2\x82\"}}", "\u{fffd}\u{fffd}"),
        (br#"{"metadata":{"k":123456789012345678901234567890}}"#, "123456789012345678901234567890"),
        (br#"{"metadata":{"k":1E+05}}"#, "1E+05"),
        (br#"{"metadata":{"k":-0}}"#, "-0"),
        (br#"{"metadata":{"k":7}}"#, "7"),
        (br#"{"metadata":{"k":1.50}}"#, "1.50"),
    ] {
        let entity = written(&[JSON], body).unwrap();
        assert_eq!(entity["metadata"]["k"], value, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn numbers_in_a_namespace_of_the_path() {
    let vault = FakeVault::new();
    assert_eq!(send(&vault, "POST", "/v1/sys/namespaces/inner", &[], "{}").status(), 200);
    let path = "/v1/inner/identity/entity/name/a";
    assert_eq!(send(&vault, "POST", path, &[JSON], r#"{"policies":1.50}"#).status(), 200);
    assert_eq!(json_of(&send(&vault, "GET", path, &[], ""))["data"]["policies"], json!(["1.50"]));
}

#[test]
fn invalid_json() {
    for body in [
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{,}",
        "[1,]",
        "{'a':1}",
        "{a:1}",
        "\u{feff}{}",
        "{}}",
        "{} x",
        "{} \"x",
        "{} tru",
        "[]",
        "1",
        "\"x\"",
        "true",
        "{\"a\":01}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":+1}",
        "{\"a\":1e}",
        "{\"a\":1e999}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u00\"}",
        "{\"a\":NaN}",
        "{} 1e999",
    ] {
        let vault = FakeVault::new();
        let response = errors(&send(&vault, "POST", NAME, &[JSON], body));
        assert_eq!(response.0, 400, "{body}");
        assert!(response.1.starts_with("failed to decode JSON input: "), "{body}: {}", response.1);
    }
}

#[test]
fn complex_json() {
    let vault = FakeVault::new();
    let body = |item: &str, count: usize| format!("{{\"x\":[{}]}}", vec![item; count].join(","));
    let refused = |body: String| errors(&send(&vault, "POST", NAME, &[JSON], body));
    let strings = "refused JSON input due to high complexity: exceeded maximum number of strings".to_owned();
    assert_eq!(refused(body("\"\"", 1000)), (400, strings.clone()));
    // The second document counts, and the limit comes before a later error.
    assert_eq!(refused(format!("{{}}{}", body("\"\"", 1000))), (400, strings.clone()));
    assert_eq!(refused(body("\"\"", 1000).replace(']', "!")), (400, strings));
    assert_eq!(refused(body("\"\"", 999)).0, 200);
    let memory = "refused JSON input due to high complexity: exceeded maximum estimated memory limits";
    assert_eq!(refused(body("{}", 390_000)), (400, memory.to_owned()));
    let nested = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(refused(nested(499)).0, 204);
    assert_eq!(refused(nested(500)).0, 400);
    assert_eq!(refused(nested(1_000_000)).0, 400);
    let response = send(&vault, "POST", NAME, &[JSON], " ".repeat(32 * 1024 * 1024 + 1));
    assert_eq!(errors(&response), (413, "http: request body too large".to_owned()));
    assert_eq!((header(&response, "connection"), header(&response, "cache-control")), ("close", ""));
}

#[test]
fn forms() {
    let entity = written(&[FORM], "policies=a&policies=b%2Cc+d&%6detadata=k%3Dv&disabled=true").unwrap();
    assert_eq!(entity["policies"], json!(["a", "b", "c d"]));
    assert_eq!((&entity["metadata"]["k"], &entity["disabled"]), (&json!("v"), &json!(true)));
    for media_type in [
        "Application/X-WWW-Form-URLencoded",
        "application/x-www-form-urlencoded; charset=\"utf-8\"",
        "application/x-www-form-urlencoded;",
    ] {
        let entity = written(&[("content-type", media_type)], "policies=a").unwrap();
        assert_eq!(entity["policies"], json!(["a"]), "{media_type}");
    }
    // JSON with the media type of a form is JSON.
    assert_eq!(written(&[FORM], " {\"policies\":\"a\"}").unwrap()["policies"], json!(["a"]));
    for media_type in [
        "application/x-www-form-urlencodedx",
        "application/x-www-form-urlencoded; charset",
        "application/x-www-form-urlencoded; a=b; a=c",
        "text/plain",
    ] {
        assert_eq!(written(&[("content-type", media_type)], "policies=a"), Err(400), "{media_type}");
    }
    let vault = FakeVault::new();
    for (target, body) in [(NAME, "policies=a;b"), (NAME, "policies=%zz"), (&format!("{NAME}?a=;"), "a=b")] {
        let rejected = errors(&send(&vault, "POST", target, &[FORM], body));
        assert_eq!(rejected, (400, "error parsing form data".to_owned()), "{target} {body}");
    }
}

#[test]
fn queries() {
    let vault = FakeVault::new();
    send(&vault, "POST", NAME, &[], "");
    let names = "/v1/identity/entity/name";
    for (query, status) in [
        ("list=true", 200),
        ("list=1&list=false", 200),
        ("list=TRUE&x=%", 200),
        ("list=1;", 405),
        ("list=%", 405),
        ("scan=true", 405),
        ("list=yes", 400),
        ("scan=yes", 400),
        ("list=1&scan=1", 400),
    ] {
        assert_eq!(send(&vault, "GET", &format!("{names}?{query}"), &[], "").status(), status, "{query}");
    }
    let response = send(&vault, "LIST", &format!("{names}?b=1&a=1&a=2&help="), &[], "");
    let ignored = json!(["Endpoint ignored these unrecognized parameters: [a b]"]);
    assert_eq!(json_of(&response)["warnings"], ignored);
}

#[test]
fn paths() {
    let vault = FakeVault::new();
    let get = |target: &str| send(&vault, "GET", target, &[], "");
    for target in ["/v1/%zz", "/v1/identity/%", "/v1/a%2"] {
        let response = get(target);
        assert_eq!((response.status().as_u16(), &response.body()[..]), (400, &b"400 Bad Request"[..]));
        assert_eq!(header(&response, "strict-transport-security"), "");
    }
    // A tab, and a character that is not assigned.
    for path in ["/v1/identity/entity/name/%09", "/v1/identity/entity/name/%CD%B8"] {
        let unprintable = get(path);
        assert_eq!((unprintable.status().as_u16(), unprintable.headers().len()), (400, 0), "{path}");
    }
    for target in ["/v1", "/v2/x", "//v1/x", "/ui/index.html", "/metrics"] {
        assert_eq!(json_of(&get(target)), json!({ "errors": [] }), "{target}");
        assert_eq!(get(target).status(), 404);
    }
    for (target, location) in [
        ("/v1//identity/./x?a=b", "/v1/identity/x?a=b"),
        ("/v1/a/..", "/v1/"),
        ("/v1//a%2F..%2Fb", "/v1/a%2F..%2Fb"),
        ("/v1/../", "/"),
        ("/v1/sys?x", "/v1/sys/?x"),
        ("/v1/identity//entity?", "/v1/identity/entity"),
        ("/", "/ui/"),
        ("/ui?x", "/ui/"),
    ] {
        let response = get(target);
        assert_eq!((response.status().as_u16(), header(&response, "location")), (307, location));
        let body = format!("<a href=\"{location}\">Temporary Redirect</a>.\n\n");
        assert_eq!(std::str::from_utf8(response.body()).unwrap(), body);
        assert!(send(&vault, "POST", target, &[], "").body().is_empty());
    }
    assert_eq!(errors(&get("/v1/a%2F..%2Fb")), (400, "relative paths not supported".to_owned()));
    assert_eq!(errors(&get("/v1/")).1, "no handler for route \"\". route entry not found.");
}

#[test]
fn namespaces() {
    let vault = FakeVault::new();
    vault.create_namespace("team-a");
    send(&vault, "POST", "/v1/sys/namespaces/web", &[("x-vault-namespace", "team-a")], "");
    let status = |target: &str, namespace: &str| {
        let response = send(&vault, "GET", target, &[("x-vault-namespace", namespace)], "");
        assert_eq!(header(&response, "x-vault-namespace"), namespace);
        errors(&response)
    };
    let config = "/v1/identity/oidc/config";
    for namespace in
        ["root", "/", "team-a", "team-a/", "/team-a//web/", "team-a/..", "./team-a", "team-a/x/../web"]
    {
        assert_eq!(status(config, namespace).0, 200, "{namespace}");
    }
    for namespace in ["TEAM-A", "nope", "..", "root/team-a", "team-a/root"] {
        assert_eq!(status(config, namespace), (404, "namespace not found".to_owned()), "{namespace}");
    }
    assert_eq!(status("/v1/web/identity/oidc/config", "team-a").0, 200);
    let early = (400, "operation unavailable in namespaces".to_owned());
    assert_eq!(status("/v1/sys/health", "nope"), early);
    assert_eq!(status("/v1/sys/storage/raft/configuration", "team-a"), early);
    let late = (400, "operation only available in root namespace".to_owned());
    assert_eq!(status("/v1/sys/audit", "team-a"), late);
    assert_eq!(errors(&send(&vault, "GET", "/v1/team-a/sys/health", &[], "")), late);
}

#[test]
fn headers_of_responses() {
    let vault = FakeVault::new();
    for (method, target) in
        [("GET", NAME), ("POST", NAME), ("POST", NAME), ("GET", "/x"), ("GET", "/v1/x"), ("HEAD", NAME)]
    {
        let response = send(&vault, method, target, &[], "");
        assert_eq!(header(&response, "cache-control"), "no-store");
        assert_eq!(header(&response, "content-type"), "application/json");
        let strict = header(&response, "strict-transport-security");
        assert_eq!(strict, "max-age=31536000; includeSubDomains");
        assert!(method != "HEAD" || response.body().is_empty());
    }
}

#[test]
fn tokens_in_headers() {
    let vault = FakeVault::new();
    let root = vault.root_token().expose_secret().to_owned();
    let status = |headers: &[(&str, String)]| {
        let mut request = Request::builder().uri("/v1/identity/oidc/config");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        BlockingTransport::send(&vault, request.body(Bytes::new()).unwrap()).unwrap().status().as_u16()
    };
    let bearer = ("authorization", format!("Bearer  {root} "));
    assert_eq!(status(std::slice::from_ref(&bearer)), 200);
    assert_eq!(status(&[("authorization", "Basic eA==".to_owned()), bearer.clone()]), 200);
    assert_eq!(status(&[("x-vault-token", "unknown".to_owned()), bearer]), 403);
    assert_eq!(status(&[("authorization", format!("bearer {root}"))]), 403);
}

#[test]
fn indexes() {
    let vault = FakeVault::new();
    let rejected = (400, "failed to decode \"X-Vault-Index\"".to_owned());
    for index in ["x", "W10=", "e30", "IA=="] {
        assert_eq!(errors(&send(&vault, "GET", NAME, &[("x-vault-index", index)], "")), rejected, "{index}");
    }
    for index in ["", "e30=", "bnVsbA=="] {
        assert_eq!(send(&vault, "GET", NAME, &[("x-vault-index", index)], "").status(), 404, "{index}");
    }
}

#[test]
fn patches() {
    let vault = FakeVault::new();
    let patch = |media_type: &str| {
        let headers = [("content-type", media_type)];
        errors(&send(&vault, "PATCH", NAME, &headers[usize::from(media_type.is_empty())..], "{}"))
    };
    for (media_type, problem) in [
        ("", "no media type"),
        ("/", "no media type"),
        ("a b", "expected slash after first token"),
        ("a/", "expected token after slash"),
        ("a/b/c", "unexpected content after media subtype"),
        ("a/b; c", "invalid media parameter"),
        ("a/b; c=\"", "invalid media parameter"),
        ("a/b; c=1; C=2", "duplicate parameter name"),
    ] {
        assert_eq!(patch(media_type), (400, format!("mime: {problem}")), "{media_type}");
    }
    assert_eq!(
        patch("Text/Plain; a=\"\\\"\""),
        (415, "PATCH requires Content-Type of application/merge-patch+json, provided text/plain".to_owned())
    );
    assert_eq!(patch("APPLICATION/merge-patch+json;").0, 405);
}

/// Each request has two faults; the server reports the first one.
#[test]
fn order_of_errors() {
    let vault = FakeVault::new();
    let index = ("x-vault-index", "x");
    let unknown = ("x-vault-namespace", "nope");
    let wrap = ("x-vault-wrap-ttl", "x");
    let mfa = ("x-vault-mfa", ":");
    for (method, target, headers, body, error) in [
        ("GET", "/v1/%zz%09", &[][..], "", (400, "")),
        ("GET", "/v1//%09", &[], "", (400, "")),
        ("GET", "/v1/sys/health?list=x", &[unknown], "", (400, "operation unavailable in namespaces")),
        ("GET", "/v2//x", &[index], "", (404, "")),
        ("GET", "/v1//x?list=x", &[index], "", (400, "")),
        ("GET", "/v1//x", &[index], "", (400, "failed to decode \"X-Vault-Index\"")),
        ("FOO", "/v1//x", &[], "", (307, "")),
        ("FOO", "/v1/x", &[wrap], "", (405, "")),
        ("POST", "/v1/a%2F..%2Fb", &[wrap, JSON], "x", (400, "failed to decode JSON input: invalid JSON")),
        (
            "GET",
            "/v1/a%2F..%2Fb",
            &[wrap, mfa],
            "",
            (400, "error parsing X-Vault-Wrap-TTL header: time: invalid duration \"x\""),
        ),
        (
            "GET",
            "/v1/a%2F..%2Fb",
            &[mfa],
            "",
            (
                400,
                "failed to parse X-Vault-MFA header: invalid data in header \"X-Vault-MFA\"; missing method name or ID",
            ),
        ),
        ("GET", "/v1/a%2F..%2Fb", &[unknown], "", (400, "relative paths not supported")),
        ("POST", "/v1/identity/entity/", &[unknown], "", (404, "namespace not found")),
        ("OPTIONS", "/v1/x/", &[unknown], "", (404, "namespace not found")),
    ] {
        let response = send_as(&vault, "unknown", method, target, headers, body);
        assert_eq!(errors(&response), (error.0, error.1.to_owned()), "{method} {target} {headers:?}");
    }
    for (method, problem) in [
        ("POST", "cannot write to a path ending in '/'"),
        ("OPTIONS", "cannot handle internal-only request operation"),
    ] {
        let response = send_as(&vault, "unknown", method, "/v1/identity/entity/", &[], "");
        assert_eq!(errors(&response), (400, problem.to_owned()));
    }
}
