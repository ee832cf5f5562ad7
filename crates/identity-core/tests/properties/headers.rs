//! No header makes decoding panic.

use http::Response;
use http::header::HeaderValue;
use identity_core::prelude::*;
use proptest::collection::vec;
use proptest::prelude::*;

const NAMES: [&str; 4] = ["retry-after", "content-type", "www-authenticate", "x-vault-index"];

fn value() -> impl Strategy<Value = Vec<u8>> {
    let number = any::<i128>().prop_map(|number| number.to_string());
    let date =
        "(Sun|Mon|Xxx), [0-9]{1,3} (Nov|Feb|Foo) [0-9]{2,6} [0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|UTC|\\+9999)?";
    let text = prop_oneof![number, date, "[0-9]{0,40}", any::<String>(), " ?[0-9]{1,5}(s|\\.5)? ?"];
    prop_oneof![text.prop_map(String::into_bytes), vec(any::<u8>(), 0..40)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn no_header_makes_decoding_an_error_panic(
        status in prop::sample::select(&[400_u16, 401, 404, 412, 429, 500, 503][..]),
        name in prop::sample::select(&NAMES[..]),
        values in vec(value(), 1..3),
    ) {
        let mut response = Response::builder().status(status).body(r#"{"errors":["no"]}"#).unwrap();
        for value in values.iter().filter_map(|value| HeaderValue::from_bytes(value).ok()) {
            response.headers_mut().append(name, value);
        }
        let error = ReadEntityById::parse_response(&response).unwrap_err();
        let retry_after = error.api().unwrap().retry_after();
        prop_assert!(retry_after.is_none() || name == "retry-after");
        if let Some(retry_after) = retry_after {
            let _ = (retry_after.delay(), format!("{retry_after:?} {error:#}"));
        }
    }
}
