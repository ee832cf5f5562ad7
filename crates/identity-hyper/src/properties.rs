//! Property tests of the parsers: no input makes them panic.

use bytes::Bytes;
use http::header::{HeaderValue, LOCATION};
use http::uri::{Scheme, Uri};
use http::{Request, Response};
use proptest::collection::vec;
use proptest::prelude::*;

use identity_core::transport::ConsistencyToken;

use crate::consistency::ConsistencyTracker;
use crate::proxy::Proxy;
use crate::redirect::Redirect;
use crate::tls::Tls;

/// Arbitrary text, often with fragments of an address.
fn address() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "(https?|unix|ftp|HTTP|socks5h?):",
        "(/|//|@|:|\\?|#|%2f|%|\\.\\.|\\[|\\]|::1|,|\\*|\\.|/8|/129|-)",
        "(a|localhost|127\\.0\\.0\\.1|vault\\.test|user:pw@)",
        ":[0-9]{0,6}",
        "/v1/identity",
        any::<String>(),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// An index in the format of the servers, with arbitrary contents.
fn index() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        any::<String>(),
        "\\{\"cluster\":\"[ab]\",\"value\":\"[0-9]{0,45}\"\\}",
        "v1:[ab]?:[0-9]{0,45}:[0-9]{0,3}:?.{0,3}",
        "\\{.{0,20}\\}",
    ];
    let encoded = text.prop_map(|text| {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(text)
    });
    prop_oneof![any::<String>(), "[A-Za-z0-9+/=]{0,40}", encoded]
}

const PEM: &[&str] = &["CERTIFICATE", "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "X509 CRL", ""];

/// Text that looks like PEM, and bytes that do not.
fn pem() -> impl Strategy<Value = Vec<u8>> {
    let block =
        (prop::sample::select(PEM), prop::sample::select(PEM), "[A-Za-z0-9+/=\n ]{0,80}", any::<bool>());
    let block = block.prop_map(|(begin, end, text, same)| {
        let end = if same { begin } else { end };
        format!("-----BEGIN {begin}-----\n{text}\n-----END {end}-----\n").into_bytes()
    });
    vec(prop_oneof![block, vec(any::<u8>(), 0..60)], 0..4).prop_map(|blocks| blocks.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn an_accepted_redirect_keeps_the_path_and_is_not_downgraded_to_http(
        location in prop_oneof![address(), address().prop_map(|address| format!("{address}/v1/x"))],
        is_https: bool,
        status in 300..400_u16,
    ) {
        let from = if is_https { "https://a/v1/x" } else { "http://a/v1/x" };
        let request = Request::get(from).body(Bytes::new()).unwrap();
        let mut response = Response::builder().status(status).body(Bytes::new()).unwrap();
        if let Ok(location) = HeaderValue::from_bytes(location.as_bytes()) {
            response.headers_mut().insert(LOCATION, location);
        }
        if let Ok(redirect) = Redirect::read(&request, &response) {
            prop_assert!(status == 307 || status == 308);
            prop_assert!(!is_https || redirect.scheme == Scheme::HTTPS);
            prop_assert!(!redirect.authority.as_str().contains('@'));
            prop_assert!(location.ends_with("/v1/x"));
        }
    }

    #[test]
    fn an_index_is_stored_unchanged_and_never_decreases(texts in vec(index(), 1..6), numbers in vec(any::<u128>(), 2..6)) {
        use base64::Engine;
        let tracker = ConsistencyTracker::default();
        let token = |namespace: &str, index: String| ConsistencyToken::new("a", namespace, index);
        tracker.observe(texts.iter().map(|index| token("any", index.clone())));
        for known in tracker.tokens() {
            prop_assert!(texts.contains(&known.index));
        }
        let of = |number: &u128| base64::engine::general_purpose::STANDARD.encode(format!(r#"{{"cluster":"c","value":"{number}"}}"#));
        tracker.observe(numbers.iter().map(|number| token("numbers", of(number))));
        let known = tracker.tokens().into_iter().find(|known| known.namespace == "numbers").unwrap();
        prop_assert_eq!(known.index, of(numbers.iter().max().unwrap()));
    }

    #[test]
    fn proxy_settings_are_parsed_or_rejected(url in address(), direct in address(), server in address()) {
        let proxy = match Proxy::all(&url) {
            Ok(proxy) => proxy,
            Err(error) => {
                prop_assert!(!error.to_string().contains("user:pw"));
                Proxy::all("http://p:1").unwrap()
            }
        };
        let shown = format!("{proxy:?}");
        prop_assert!(!shown.contains("user:pw"), "{}", shown);
        let proxy = proxy.no_proxy(direct);
        for server in [server.as_str(), "https://vault.test:8200", "http://10.1.2.3", "https://[fd00::1]:1"] {
            if let Ok(server) = server.parse::<Uri>() {
                let _ = proxy.intercept(&server);
            }
        }
    }

    #[test]
    fn pem_input_is_parsed_or_rejected(ca in pem(), certificate in pem(), key in pem(), name in any::<String>()) {
        let _ = Tls::new().ca_pem(&ca);
        let _ = Tls::new().client_cert_pem(&certificate, &key);
        let _ = Tls::new().server_name(&name);
    }
}

#[test]
fn a_damaged_pem_key_is_parsed_or_rejected_but_never_shown() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["a".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    let key = key.serialize_pem();
    let secret = key.lines().nth(1).unwrap().to_owned();
    Tls::new().client_cert_pem(&certificate, &key).unwrap();
    for at in 0..key.len() {
        let mut changed = key.clone().into_bytes();
        changed[at] = changed[at].wrapping_add(1);
        for key in [&key.as_bytes()[..at], &changed] {
            if let Err(error) = Tls::new().client_cert_pem(&certificate, key) {
                assert!(!format!("{error} {error:?}").contains(&secret[..20]), "{error:?}");
            }
            let _ = Tls::new().ca_pem(key);
        }
    }
    for at in 0..certificate.len() {
        let mut changed = certificate.clone().into_bytes();
        changed[at] = changed[at].wrapping_add(1);
        for certificate in [&certificate.as_bytes()[..at], &changed] {
            let _ = Tls::new().ca_pem(certificate);
            let _ = Tls::new().client_cert_pem(certificate, &key);
        }
    }
}
