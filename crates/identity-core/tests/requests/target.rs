use identity_core::prelude::*;

use crate::headers;

fn at(address: &str) -> Target {
    Target::new(address).expect(address)
}

/// Where the role `app` is read.
fn read_role(target: &Target) -> String {
    ReadOidcRole::new("app").request(target).expect("a request").uri().to_string()
}

#[test]
fn addresses_and_their_paths_are_kept() {
    for (address, url) in [
        ("http://127.0.0.1:8200", "http://127.0.0.1:8200/v1/identity/oidc/role/app"),
        ("https://vault.test/", "https://vault.test/v1/identity/oidc/role/app"),
        ("https://vault.test:443", "https://vault.test:443/v1/identity/oidc/role/app"),
        ("http://[::1]:8200", "http://[::1]:8200/v1/identity/oidc/role/app"),
        ("https://vault.test/proxy", "https://vault.test/proxy/v1/identity/oidc/role/app"),
        ("https://vault.test/a/b/", "https://vault.test/a/b/v1/identity/oidc/role/app"),
        ("https://vault.test/a%20b", "https://vault.test/a%20b/v1/identity/oidc/role/app"),
        ("https://vault.test/{role}", "https://vault.test/{role}/v1/identity/oidc/role/app"),
    ] {
        assert_eq!(read_role(&at(address)), url, "{address}");
    }
}

#[test]
fn a_socket_path_is_hexadecimal_in_the_host() {
    for (address, hex) in [
        ("unix:///run/agent.sock", "2f72756e2f6167656e742e736f636b"),
        // "/run/a b?.sock"
        ("unix:///run/a%20b%3f.sock", "2f72756e2f6120623f2e736f636b"),
        ("unix:///run/../tür", "2f72756e2f2e2e2f74c3bc72"),
    ] {
        let target = at(address);
        assert_eq!(read_role(&target), format!("unix://{hex}/v1/identity/oidc/role/app"));
        let request = ReadOidcRole::new("app").request(&target).unwrap();
        assert_eq!(headers(&request), [("host", "localhost"), ("x-vault-request", "true")]);
        assert!(format!("{target:?}").contains(&format!("{address:?}")), "{target:?}");
    }
    assert!(Target::new(&format!("unix:///{}", "a".repeat(106))).is_ok());
}

#[test]
fn mount_replaces_identity() {
    for (mount, url) in [
        ("identity", "http://vault.test/v1/identity/oidc/role/app"),
        ("people", "http://vault.test/v1/people/oidc/role/app"),
        ("/a/b/", "http://vault.test/v1/a/b/oidc/role/app"),
        ("a b{name}", "http://vault.test/v1/a%20b%7Bname%7D/oidc/role/app"),
    ] {
        let target = at("http://vault.test").with_mount(mount).unwrap();
        assert_eq!(read_role(&target), url, "{mount}");
    }
    // The path of another engine is unchanged, and errors contain the usual path.
    let target = at("http://vault.test").with_mount("people").unwrap();
    let unwrap = UnwrapResponse::<ReadOidcRole>::new("s.wrapping").request(&target).unwrap();
    assert_eq!(unwrap.uri().path(), "/v1/sys/wrapping/unwrap");
    let operation =
        *ReadOidcRole::new("app").request(&target).unwrap().extensions().get::<Operation>().unwrap();
    assert_eq!(operation.path, "identity/oidc/role/{name}");
}

#[test]
fn headers_identify_the_caller() {
    let plain = at("http://vault.test");
    let token = || plain.clone().with_token("s.own").unwrap();
    let namespace = |namespace| plain.clone().with_namespace(namespace).unwrap();

    for (target, expected) in [
        (plain.clone(), None),
        (token(), Some(("x-vault-token", "s.own"))),
        (token().with_token("s.new").unwrap(), Some(("x-vault-token", "s.new"))),
        (token().without_token(), None),
        (namespace("team-a"), Some(("x-vault-namespace", "team-a"))),
        (namespace("/team-a/web/"), Some(("x-vault-namespace", "team-a/web"))),
        (namespace("team-a").with_namespace("team-b").unwrap(), Some(("x-vault-namespace", "team-b"))),
        (namespace("team-a").with_namespace("").unwrap(), None),
        (namespace("/"), None),
    ] {
        let request = ReadOidcConfig::new().request(&target).unwrap();
        let expected: Vec<_> = [Some(("x-vault-request", "true")), expected].into_iter().flatten().collect();
        let mut sorted = expected;
        sorted.sort_unstable();
        assert_eq!(headers(&request), sorted);
    }
    assert!(ReadOidcConfig::new().request(&token()).unwrap().headers()["x-vault-token"].is_sensitive());
    let umlaut = ReadOidcConfig::new().request(&namespace("tür")).unwrap();
    assert_eq!(umlaut.headers()["x-vault-namespace"].as_bytes(), "tür".as_bytes());
}

#[test]
fn list_may_be_sent_as_get() {
    let target = at("http://vault.test");
    let list = |as_get| ListEntities::new().request(&target.clone().with_list_as_get(as_get)).unwrap();
    for (as_get, verb, url) in [
        (false, "LIST", "http://vault.test/v1/identity/entity/id"),
        (true, "GET", "http://vault.test/v1/identity/entity/id?list=true"),
    ] {
        let request = list(as_get);
        assert_eq!((request.method().as_str(), request.uri().to_string().as_str()), (verb, url));
        let operation = Operation::from_request(&request).unwrap();
        assert_eq!((operation.method, operation.idempotent), (Method::List, true));
    }
    let read = ReadEntityById::new("e1").request(&target.with_list_as_get(true)).unwrap();
    assert_eq!(read.uri().query(), None);
}

#[test]
fn one_endpoint_works_for_several_targets() {
    let create = CreateEntity::named("alice");
    let [one, two] =
        ["http://one.test", "http://two.test/proxy"].map(|address| create.request(&at(address)).unwrap());
    assert_eq!(one.uri(), "http://one.test/v1/identity/entity");
    assert_eq!(two.uri(), "http://two.test/proxy/v1/identity/entity");
    assert_eq!(one.body(), two.body());
}

/// An operation that uses what the built-in ones do not.
struct Filtered;

impl Endpoint for Filtered {
    type Output = ();
    const METHOD: Method = Method::List;
    const PATH: &'static str = "identity/oidc/provider";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        let token = SecretString::from("access");
        builder
            .query("allowed client", "a&b=c/d?é")
            .query("empty", "")
            .header(http::header::ACCEPT, "application/json")?
            .idempotent(false)
            .bearer_auth(&token)
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
    }
}

#[test]
fn custom_endpoints_have_query_headers_and_bearer() {
    let target = at("http://vault.test").with_token("s.own").unwrap().with_list_as_get(true);
    let request = Filtered.request(&target).unwrap();
    assert_eq!(request.uri().query(), Some("list=true&allowed%20client=a%26b%3Dc%2Fd%3F%C3%A9&empty="));
    let expected =
        [("accept", "application/json"), ("authorization", "Bearer access"), ("x-vault-request", "true")];
    assert_eq!(headers(&request), expected);
    assert!(request.headers()["authorization"].is_sensitive());
    assert!(!Operation::from_request(&request).unwrap().idempotent);
}

/// An operation with its own authentication.
struct Authorized(fn(RequestBuilder) -> Result<RequestBuilder, RequestError>);

impl Endpoint for Authorized {
    type Output = ();
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "token";

    fn encode(&self, builder: RequestBuilder) -> Result<RequestBuilder, RequestError> {
        (self.0)(builder)
    }

    fn decode(response: ApiResponse<'_>) -> Result<(), ResponseError> {
        response.no_content()
    }
}

#[test]
fn custom_endpoints_can_authenticate_differently() {
    let target = at("http://vault.test").with_token("s.own").unwrap();
    let send = |encode| Authorized(encode).request(&target).unwrap();

    let basic =
        send(|builder| builder.basic_auth("s6BhdRkqt3", &SecretString::from("7Fjfp0ZBr1KtDRbnfVdmIw")));
    let expected = [
        ("authorization", "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"),
        ("x-vault-request", "true"),
    ];
    assert_eq!(headers(&basic), expected);
    assert!(basic.headers()["authorization"].is_sensitive());
    let escaped = send(|builder| builder.basic_auth("a:b", &SecretString::from("c d/ü")));
    assert_eq!(escaped.headers()["authorization"], "Basic YSUzQWI6YyUyMGQlMkYlQzMlQkM=");

    let anonymous = send(|builder| Ok(builder.without_token()));
    assert_eq!(headers(&anonymous), [("x-vault-request", "true")]);
    let other = send(|builder| builder.token(&SecretString::from("s.other")));
    assert_eq!(headers(&other), [("x-vault-request", "true"), ("x-vault-token", "s.other")]);

    let form = send(|builder| Ok(builder.form([("grant type", "a&b=c"), ("empty", ""), ("ü", "%")])));
    assert_eq!(form.headers()["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(form.body(), "grant%20type=a%26b%3Dc&empty=&%C3%BC=%25");
}

#[test]
fn only_http_to_a_remote_host_is_plaintext() {
    for (address, expected) in [
        ("http://vault.test", true),
        ("http://10.0.0.1:8200", true),
        ("http://[fd00::1]:8200", true),
        ("http://localhost.test", true),
        ("http://0.0.0.0:8200", true),
        ("HTTP://vault.test", true),
        ("http://localhost:8200", false),
        ("http://LOCALHOST", false),
        ("http://127.0.0.1:8200", false),
        ("http://127.9.9.9", false),
        ("http://[::1]:8200", false),
        ("http://[::ffff:127.0.0.1]", false),
        ("https://vault.test", false),
        ("unix:///run/agent.sock", false),
    ] {
        assert_eq!(Target::new(address).unwrap().is_plaintext(), expected, "{address}");
    }
}
