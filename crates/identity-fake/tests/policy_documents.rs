//! Policy documents of any content on `FakeVault`.
#![allow(clippy::unwrap_used, reason = "it is how a test fails")]

use bytes::Bytes;
use http::Request;
use identity_core::BlockingTransport;
use identity_fake::FakeVault;
use proptest::prelude::*;
use serde_json::json;

/// Writes a policy, and returns the status of the response.
fn write(policy: &str) -> u16 {
    let body = json!({ "policy": policy }).to_string();
    let request =
        Request::builder().method("PUT").uri("/v1/sys/policies/acl/p").header("x-vault-token", "root");
    let response = BlockingTransport::send(&FakeVault::new(), request.body(Bytes::from(body)).unwrap());
    response.unwrap().status().as_u16()
}

const PIECES: &[&str] = &[
    "path",
    "\"a\"",
    "{",
    "}",
    "[",
    "]",
    "=",
    ",",
    "capabilities",
    "allowed_parameters",
    "min_wrapping_ttl",
    "expiration",
    "pagination_limit",
    "\"read\"",
    "\"",
    "\\",
    "#",
    "//",
    "/*",
    "*/",
    "\n",
    "1",
    "-",
    "true",
    "\"+*\"",
    "\"{{x}}\"",
    "ü",
    "\0",
];

proptest! {
    #[test]
    fn any_text_is_accepted_or_rejected(policy in any::<String>()) {
        prop_assert!(matches!(write(&policy), 204 | 400), "{policy:?}");
    }

    #[test]
    fn any_pieces_of_a_document_are_accepted_or_rejected(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40),
        separator in prop::sample::select(&["", " "][..]),
    ) {
        let policy = pieces.join(separator);
        prop_assert!(matches!(write(&policy), 204 | 400), "{policy:?}");
    }
}
