//! Sends the same random HTTP requests to a real server, over a socket, and to `FakeVault`, and compares the
//! responses: paths, queries, headers and bodies of all forms, most of them invalid.
//!
//! `VAULT_IDENTITY_DIFFERENTIAL` sets the number of requests, and `VAULT_IDENTITY_SEED` the seed.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use http::Request;
use identity_core::bytes::Bytes;
use identity_core::{BlockingTransport, ExposeSecret};
use identity_fake::FakeVault;
use identity_tests::DevServer;
use serde_json::{Value, json};

use crate::mapping::{Mapping, comparable};

const REQUESTS: u64 = 2000;
const MAX_DIFFERENCES: usize = 20;

/// The text in requests that stands for the latest wrapping token.
const WRAPPING_TOKEN: &str = "@wrapping";

/// The headers that are compared. Others belong to the connection.
const HEADERS: [&str; 6] = [
    "cache-control",
    "content-type",
    "location",
    "strict-transport-security",
    "www-authenticate",
    "x-vault-namespace",
];

const METHODS: [&str; 14] = [
    "GET", "GET", "GET", "POST", "POST", "POST", "PUT", "LIST", "DELETE", "PATCH", "HEAD", "OPTIONS", "SCAN",
    "FETCH",
];

const PREFIXES: [&str; 12] = [
    "/v1/",
    "/v1/",
    "/v1/",
    "/v1/",
    "/v1/",
    "/v1/",
    "/v1/",
    "/v1//",
    "/v1/./",
    "/v2/",
    "//v1/",
    "/ui/../v1/",
];

const PATHS: [&str; 20] = [
    "identity/entity/name/a",
    "identity/entity/name/a",
    "identity/entity/name/b%20c",
    "identity/entity/name/%C3%A9",
    "identity/entity/name",
    "identity/entity",
    "identity/group/name/g",
    "identity/group/name",
    "identity/oidc/config",
    "identity/oidc/key/k",
    "identity/nope",
    "inner/identity/entity/name/a",
    "nope/x",
    "sys/wrapping/lookup",
    "sys/wrapping/unwrap",
    "sys/wrapping/wrap",
    "sys/storage/raft/configuration",
    "inner/sys/audit",
    "sys",
    "",
];

const SUFFIXES: [&str; 14] = [
    "/",
    "//",
    "/.",
    "/..",
    "/../a",
    "%2F",
    "%2f..%2fa",
    "/%2e",
    "%zz",
    "%",
    "%09",
    "%C2%A0",
    ";x",
    "/%E2%80%8B",
];

const QUERIES: [&str; 20] = [
    "list=true",
    "list=1",
    "list=x",
    "list=",
    "list",
    "scan=true",
    "scan=x",
    "a=1",
    "a=2",
    "policies=x",
    "policies=y,z",
    "disabled=true",
    "metadata=k%3Dv",
    "=",
    "",
    ";",
    "a;b",
    "%zz",
    "a=%",
    "%6cist=t",
];

const NAMESPACES: [&str; 14] = [
    "inner",
    "inner",
    "inner/",
    "/inner",
    "//inner//",
    "INNER",
    "nope",
    "inner/..",
    "./inner",
    "..",
    "root",
    "/",
    "inner/nope",
    "",
];

const MEDIA_TYPES: [&str; 20] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded",
    "Application/X-WWW-form-urlencoded; charset=utf-8",
    "application/x-www-form-urlencoded;",
    "application/x-www-form-urlencoded; a",
    "application/x-www-form-urlencoded; a=b; a=c",
    "application/x-www-form-urlencodedx",
    "application/merge-patch+json",
    "application/merge-patch+json",
    "APPLICATION/merge-patch+json; a=\"b;\\\"c\"",
    "text/plain",
    "text",
    "/",
    "a/",
    "a/b/c",
    "a b",
    "a/b; c=\"",
    ";",
    "",
];

const INDEXES: [&str; 6] = ["x", "e30=", "e30", "W10=", "bnVsbA==", ""];

const TTLS: [&str; 12] =
    ["60", "60", "1h", "1m30s", "0", "-1", "x", "1d", "999999999999", "0.5s", "1 s", "1h1"];

const FIELDS: [&str; 8] = ["name", "policies", "metadata", "disabled", "type", "token", "issuer", "colour"];

const VALUES: [&str; 34] = [
    "\"a\"",
    "\"b,c\"",
    "\"\"",
    "\"@wrapping\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\ud83dx\\udc00\"",
    "\"\\u00e9\\/\\n\"",
    "\"\u{e9}\"",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1.50",
    "1e5",
    "1E-2",
    "1e999",
    "123456789012345678901234567890",
    "01",
    "1.",
    ".5",
    "+1",
    "tru",
    "NaN",
    "\"\\x\"",
    "\"\\u12\"",
    "\"a\nb\"",
    "[\"a\",\"B\"]",
    "[1,true]",
    "{\"k\":\"v\"}",
    "{\"k\":1,\"k\":2.0}",
    "[\"k=v\"]",
];

const AFTER: [&str; 14] =
    [" ", "\n", "{}", " {\"a\":", "[1,", "null", "x", "}", "]", "\"x", " tru", "1e999", "12", ","];

const FORMS: [&str; 14] = [
    "policies=a&policies=b",
    "policies=a%2Cb+c",
    "metadata=k%3Dv&disabled=1",
    "disabled=true&disabled=true",
    "policies=a;b",
    "policies=%zz",
    "=x&&name",
    "%6eame=a",
    " {\"policies\":\"a\"}",
    "\n[1]",
    "token=@wrapping",
    "{",
    "null",
    "a=%ff",
];

/// An xorshift generator.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

#[derive(Clone, Debug)]
struct RawRequest {
    method: &'static str,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl RawRequest {
    fn new(random: &mut Random) -> Self {
        let method = random.one(&METHODS);
        let mut target = format!("{}{}", random.one(&PREFIXES), random.one(&PATHS));
        if random.chance(15) {
            target += random.one(&SUFFIXES);
        }
        if random.chance(30) {
            let pairs: Vec<_> = (0..=random.below(2)).map(|_| random.one(&QUERIES)).collect();
            target = format!("{target}?{}", pairs.join("&"));
        }
        let mut headers = Vec::new();
        match random.below(20) {
            0 => {}
            1 => headers.push(("x-vault-token", "unknown".to_owned())),
            2 => headers.push(("authorization", "Bearer  root ".to_owned())),
            3 => headers.push(("x-vault-token", WRAPPING_TOKEN.to_owned())),
            _ => headers.push(("x-vault-token", "root".to_owned())),
        }
        for (name, chance, values) in [
            ("x-vault-namespace", 25, &NAMESPACES[..]),
            ("content-type", 50, &MEDIA_TYPES),
            ("x-vault-index", 8, &INDEXES),
            ("x-vault-wrap-ttl", 15, &TTLS),
            ("x-vault-mfa", 4, &["a:b", ":", "a:", ""]),
        ] {
            if random.chance(chance) {
                headers.push((name, random.one(values).to_owned()));
            }
        }
        let has_body = ["POST", "PUT", "PATCH"].contains(&method) || random.chance(5);
        let body = if has_body { body(random) } else { Vec::new() };
        Self { method, target, headers, body }
    }

    /// Returns the request with a wrapping token.
    fn with_token(&self, token: &str) -> Self {
        let mut request = self.clone();
        for (_, value) in &mut request.headers {
            *value = value.replace(WRAPPING_TOKEN, token);
        }
        if let Ok(body) = std::str::from_utf8(&self.body) {
            request.body = body.replace(WRAPPING_TOKEN, token).into();
        }
        request
    }
}

fn body(random: &mut Random) -> Vec<u8> {
    if random.chance(25) {
        return random.one(&FORMS).into();
    }
    let fields: Vec<_> = (0..random.below(3))
        .map(|_| format!("\"{}\":{}", random.one(&FIELDS), random.one(&VALUES)))
        .collect();
    let mut body = match random.below(12) {
        0 => String::new(),
        1 => random.one(&VALUES).to_owned(),
        _ => format!("{{{}}}", fields.join(",")),
    };
    if random.chance(15) {
        body += random.one(&AFTER);
    }
    let mut body = body.into_bytes();
    if random.chance(12) && !body.is_empty() {
        let at = random.below(body.len());
        match random.below(3) {
            0 => _ = body.remove(at),
            1 => body.insert(at, random.one(b"{}[],:\" \\x0\t\xff\xe9")),
            _ => body.truncate(at),
        }
    }
    body
}

/// A response in comparable form.
#[derive(Debug, PartialEq)]
struct RawResponse {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Value,
}

/// Keeps a connection to the server.
struct Connection<'a> {
    server: &'a DevServer,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection<'_> {
    fn send(&mut self, request: &RawRequest) -> std::io::Result<RawResponse> {
        let address = self.server.address().trim_start_matches("http://");
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::new(TcpStream::connect(address)?),
        };
        let mut bytes = format!("{} {} HTTP/1.1\r\nhost: {address}\r\n", request.method, request.target);
        for (name, value) in &request.headers {
            bytes.extend([name, ": ", value, "\r\n"]);
        }
        bytes.extend(["content-length: ", &request.body.len().to_string(), "\r\n\r\n"]);
        stream.get_mut().write_all(&[bytes.as_bytes(), &request.body].concat())?;

        let mut line = String::new();
        stream.read_line(&mut line)?;
        let status = line.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
        let mut headers = BTreeMap::new();
        loop {
            line.clear();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
        let has_body = request.method != "HEAD" && status != 204;
        let is_closed = headers.get("connection").is_some_and(|value| value == "close");
        let length = headers.get("content-length").and_then(|length| length.parse().ok());
        let mut body = Vec::new();
        match length {
            _ if !has_body => {}
            Some(length) => _ = stream.by_ref().take(length).read_to_end(&mut body)?,
            None if is_closed => _ = stream.read_to_end(&mut body)?,
            None => body = chunks(&mut stream)?,
        }
        if !is_closed {
            self.stream = Some(stream);
        }
        headers.retain(|name, _| HEADERS.contains(&&**name));
        Ok(RawResponse { status, headers, body: parsed(&body) })
    }
}

fn chunks(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
        stream.by_ref().take(length).read_to_end(&mut body)?;
        stream.read_line(&mut String::new())?;
        if length == 0 {
            return Ok(body);
        }
    }
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned().into())
}

/// Sends a request to `FakeVault`. Returns `None` if it is no `http::Request`.
fn send_to_fake(fake: &FakeVault, request: &RawRequest) -> Option<RawResponse> {
    let mut builder = Request::builder().method(request.method).uri(&*request.target);
    for (name, value) in &request.headers {
        builder = builder.header(*name, &**value);
    }
    let request = builder.body(Bytes::from(request.body.clone())).ok()?;
    let response = BlockingTransport::send(fake, request).expect("a response of the fake");
    let headers = HEADERS.iter().filter_map(|name| {
        let value = response.headers().get(*name)?.to_str().ok()?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    Some(RawResponse {
        status: response.status().as_u16(),
        headers: headers.collect(),
        body: parsed(response.body()),
    })
}

/// Removes the generated values of a wrapped response, and returns its token.
fn take_token(response: &mut RawResponse) -> Option<String> {
    let info = response.body.get_mut("wrap_info")?.as_object_mut()?;
    let token = info.insert("token".to_owned(), "generated".into())?;
    info.insert("accessor".to_owned(), "generated".into());
    token.as_str().map(str::to_owned)
}

/// The server reports any of several invalid fields first.
fn is_about_a_field(response: &RawResponse) -> bool {
    let error = response.body["errors"][0].as_str();
    error.is_some_and(|error| error.contains("error converting input for field"))
}

#[test]
fn random_requests_have_the_same_responses_on_both() {
    if !identity_tests::live() {
        return;
    }
    let server = DevServer::start().expect("a server");
    if server.version() != "2.7.2" {
        return;
    }
    let fake = FakeVault::new().with_root_token(server.token());
    let mut connection = Connection { server: &server, stream: None };
    let mut random =
        Random(number("VAULT_IDENTITY_SEED").unwrap_or(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut mapping = Mapping::default();
    let mut tokens = ("none".to_owned(), "none".to_owned());
    let mut statuses = BTreeMap::<u16, u64>::new();
    let mut differences = Vec::new();
    let total = number("VAULT_IDENTITY_DIFFERENTIAL").unwrap_or(REQUESTS);
    let create = RawRequest {
        method: "POST",
        target: "/v1/sys/namespaces/inner".to_owned(),
        headers: vec![("x-vault-token", fake.root_token().expose_secret().to_owned())],
        body: json!({}).to_string().into(),
    };
    for index in 0..=total {
        let request = if index == 0 { create.clone() } else { RawRequest::new(&mut random) };
        let Some(mut fakes) = send_to_fake(&fake, &request.with_token(&tokens.1)) else { continue };
        let mut reals = connection.send(&request.with_token(&tokens.0)).expect("a response");
        *statuses.entry(reals.status).or_default() += 1;
        if let (Some(real), Some(fake)) = (take_token(&mut reals), take_token(&mut fakes)) {
            // Names of policies are stored in lower case.
            mapping.bind(&real.to_lowercase(), &fake.to_lowercase());
            tokens = (real, fake);
        }
        mapping.learn(&reals.body, &fakes.body);
        reals.body = mapping.comparable(&reals.body);
        fakes.body = comparable("", &fakes.body);
        if reals != fakes && !(is_about_a_field(&reals) && is_about_a_field(&fakes)) {
            let body = String::from_utf8_lossy(&request.body);
            let RawRequest { method, target, headers, .. } = &request;
            differences.push(format!(
                "{index}: {method} {target} {headers:?} {body:?}\n  real {reals:?}\n  fake {fakes:?}"
            ));
            if differences.len() == MAX_DIFFERENCES {
                break;
            }
        }
    }
    println!("requests by status: {statuses:?}");
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}
