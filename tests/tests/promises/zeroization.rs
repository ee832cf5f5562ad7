//! Copies of secrets in memory.

#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::BufRead;
use std::os::unix::fs::FileExt;

use vault_identity::mfa::{CreateOktaMethod, OktaParams};
use vault_identity::oidc::{ClientAuth, ExchangeOidcToken, GenerateIdToken, IntrospectIdToken, ReadUserInfo};
use vault_identity::transport::{HyperTransport, Proxy};
use vault_identity::{Endpoint, Target};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::support::ran_in_subprocess;

const fn zeroized_on_drop<T: ZeroizeOnDrop>() {}
const _: () = zeroized_on_drop::<vault_identity::SecretString>();

const LENGTH: usize = 48;

/// The length of the prefix that is not searched for, because the allocator overwrites it.
const SKIPPED: usize = 16;

/// The byte after the prefix: a character that is rare elsewhere.
const FIRST: u8 = b'~';

/// A secret that is not in memory itself: each of its bytes is stored with a flipped bit.
struct Secret([u8; LENGTH]);

impl Secret {
    fn new(seed: u8) -> Self {
        let byte =
            |index: usize| b'a' + u8::try_from((index * 7 + usize::from(seed) * 5 + index / 5) % 26).unwrap();
        Self(std::array::from_fn(|index| 0x80 ^ if index == SKIPPED { FIRST } else { byte(index) }))
    }

    /// Returns the secret. Its allocation has the exact size, so that it is never reallocated.
    fn text(&self) -> String {
        let mut text = String::with_capacity(LENGTH);
        text.extend(self.0.iter().map(|byte| char::from(byte ^ 0x80)));
        text
    }

    /// Counts the copies of the secret in the memory of this process.
    fn copies(&self) -> usize {
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let memory = File::open("/proc/self/mem").unwrap();
        let mut buffer = vec![0; 1 << 20];
        let own = buffer.as_ptr().addr()..buffer.as_ptr().addr() + buffer.len();
        let mut copies = 0;
        for line in maps.lines().filter(|line| line.contains(" rw-p ")) {
            let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
            let mut at = usize::from_str_radix(start, 16).unwrap();
            let end = usize::from_str_radix(end, 16).unwrap();
            while at + LENGTH <= end {
                let len = buffer.len().min(end - at);
                let Ok(len) = memory.read_at(&mut buffer[..len], at as u64) else { break };
                let mut rest = &buffer[..len];
                // The standard library is optimized even in debug builds.
                while rest.skip_until(FIRST).unwrap() > 0 {
                    let place = at + len - rest.len() - 1;
                    let is_match = rest.len() >= LENGTH - SKIPPED - 1
                        && rest
                            .iter()
                            .zip(&self.0[SKIPPED + 1..])
                            .all(|(byte, masked)| *byte == masked ^ 0x80);
                    copies += usize::from(is_match && !own.contains(&place));
                }
                if len < LENGTH {
                    break;
                }
                at += len - (LENGTH - 1);
                if at + LENGTH > end {
                    break;
                }
            }
            buffer.as_mut_slice().zeroize();
        }
        copies
    }
}

/// Builds a request with the secret, and drops it.
type Use = fn(&Target, String);

#[test]
fn secrets_of_requests_are_zeroized() {
    if ran_in_subprocess("zeroization::secrets_of_requests_are_zeroized", &[]) {
        return;
    }
    let secret = Secret::new(0);
    let kept = Zeroizing::new(secret.text());
    assert_eq!(secret.copies(), 1, "the search finds it");
    drop(kept);
    assert_eq!(secret.copies(), 0, "it is zeroized");
    // The search also finds memory that is not zeroized.
    let dropped = Secret::new(1);
    drop(dropped.text());
    assert!(dropped.copies() > 0, "a plain `String` is not zeroized");

    let plain = Target::new("http://vault.test").unwrap();
    let requests: [(&str, Use); 7] = [
        ("token", |target, secret| {
            let target = target.clone().with_token(secret).unwrap();
            let request = GenerateIdToken::new("web").request(&target).unwrap();
            drop((target.clone(), target, request));
        }),
        ("token in a body", |target, secret| drop(IntrospectIdToken::new(secret).request(target).unwrap())),
        ("access token", |target, secret| drop(ReadUserInfo::new("web", secret).request(target).unwrap())),
        ("client secret in a header", |target, secret| {
            let exchange = ExchangeOidcToken::client_credentials("web", ClientAuth::basic("c1", secret));
            drop(exchange.request(target).unwrap());
        }),
        ("client secret and code in a form", |target, secret| {
            let auth = ClientAuth::post("c1", secret);
            let exchange = ExchangeOidcToken::code("web", auth, "code", "http://app.test");
            drop(exchange.request(target).unwrap());
        }),
        ("password of a proxy", |_, secret| {
            let mut url = Zeroizing::new(String::with_capacity(100));
            url.extend(["http://user:", &Zeroizing::new(secret), "@p:1"]);
            let builder = HyperTransport::builder().proxy(Proxy::all(&url).unwrap());
            drop((builder.clone().build(), builder));
        }),
        ("key of another service", |target, secret| {
            drop(CreateOktaMethod::new(OktaParams::new("org", secret)).request(target).unwrap());
        }),
    ];
    for (seed, (name, request)) in (2..).zip(requests) {
        let secret = Secret::new(seed);
        request(&plain, secret.text());
        assert_eq!(secret.copies(), 0, "{name}");
    }
}

#[test]
fn secrets_of_responses_are_zeroized() {
    if ran_in_subprocess("zeroization::secrets_of_responses_are_zeroized", &[]) {
        return;
    }
    let secret = Secret::new(20);
    // With its final capacity, because a reallocation leaves copies behind.
    let mut body = String::with_capacity(1000);
    body.push_str(r#"{"data":{"token":""#);
    body.push_str(&Zeroizing::new(secret.text()));
    body.push_str(r#"","client_id":"c1","ttl":60}}"#);
    assert_eq!(secret.copies(), 1, "the body");
    let token = GenerateIdToken::parse_response(&http::Response::new(body.as_bytes())).unwrap();
    assert_eq!(secret.copies(), 2, "the token");
    drop(token);
    assert_eq!(secret.copies(), 1);
    body.zeroize();
    assert_eq!(secret.copies(), 0);
}
