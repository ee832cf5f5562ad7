//! Signing keys and JWTs.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::elliptic_curve::rand_core::OsRng;
use rsa::sha2::{Digest, Sha256, Sha384, Sha512};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey};
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Es256,
    Es384,
    Es512,
    EdDsa,
}

impl Algorithm {
    pub(super) const ALL: [Self; 7] =
        [Self::Rs256, Self::Rs384, Self::Rs512, Self::Es256, Self::Es384, Self::Es512, Self::EdDsa];

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Returns the left half of a hash, the value of the claims `at_hash` and `c_hash`.
    pub(super) fn half_hash(self, text: &str) -> String {
        let hash = self.hash(text.as_bytes());
        base64url(hash.get(..hash.len() / 2).unwrap_or_default())
    }

    fn hash(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Rs256 | Self::Es256 => Sha256::digest(data).to_vec(),
            Self::Rs384 | Self::Es384 => Sha384::digest(data).to_vec(),
            Self::Rs512 | Self::Es512 | Self::EdDsa => Sha512::digest(data).to_vec(),
        }
    }
}

pub(super) fn base64url(data: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(data)
}

pub(crate) fn sha256(text: &str) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}

/// A key pair. It is generated on first use, because most tests never use it.
pub(crate) struct Pair {
    pub(super) kid: String,
    algorithm: Algorithm,
    secret: OnceLock<Secret>,
}

enum Secret {
    /// The RSA key that all pairs share.
    Rsa,
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Ed25519(ed25519_dalek::SigningKey),
}

impl Pair {
    pub(crate) fn new(kid: String, algorithm: Algorithm) -> Self {
        Self { kid, algorithm, secret: OnceLock::new() }
    }

    fn secret(&self) -> &Secret {
        self.secret.get_or_init(|| match self.algorithm {
            Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => Secret::Rsa,
            Algorithm::Es256 => Secret::P256(p256::ecdsa::SigningKey::random(&mut OsRng)),
            Algorithm::Es384 => Secret::P384(p384::ecdsa::SigningKey::random(&mut OsRng)),
            Algorithm::Es512 => Secret::P521(p521::ecdsa::SigningKey::random(&mut OsRng)),
            Algorithm::EdDsa => Secret::Ed25519(ed25519_dalek::SigningKey::generate(&mut OsRng)),
        })
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        match self.secret() {
            Secret::Rsa => rsa().sign(self.padding(), &self.algorithm.hash(message)).unwrap_or_default(),
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Secret::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Secret::P521(key) => {
                let signature: p521::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Secret::Ed25519(key) => key.sign(message).to_vec(),
        }
    }

    /// Signs the claims as a JWT.
    pub(crate) fn token(&self, claims: &Value) -> String {
        let header = json!({ "alg": self.algorithm.name(), "kid": self.kid });
        let [header, claims] = [&header, claims].map(|part| base64url(part.to_string().as_bytes()));
        let message = format!("{header}.{claims}");
        let signature = base64url(&self.signature(message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// Returns `true` if this pair has signed the message.
    pub(crate) fn has_signed(&self, message: &str, signature: &[u8]) -> bool {
        let message = message.as_bytes();
        match self.secret() {
            Secret::Rsa => {
                rsa().to_public_key().verify(self.padding(), &self.algorithm.hash(message), signature).is_ok()
            }
            Secret::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verifying_key().verify(message, &signature).is_ok()),
            Secret::P384(key) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verifying_key().verify(message, &signature).is_ok()),
            Secret::P521(key) => p521::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| {
                p521::ecdsa::VerifyingKey::from(key).verify(message, &signature).is_ok()
            }),
            Secret::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }

    fn padding(&self) -> Pkcs1v15Sign {
        match self.algorithm {
            Algorithm::Rs384 => Pkcs1v15Sign::new::<Sha384>(),
            Algorithm::Rs512 => Pkcs1v15Sign::new::<Sha512>(),
            _ => Pkcs1v15Sign::new::<Sha256>(),
        }
    }

    /// Returns the public key as a JWK.
    pub(super) fn jwk(&self) -> Value {
        let mut jwk = match self.secret() {
            Secret::Rsa => {
                let [n, e] = [rsa().n(), rsa().e()].map(|number| base64url(&number.to_bytes_be()));
                json!({ "kty": "RSA", "n": n, "e": e })
            }
            Secret::P256(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                elliptic_jwk("P-256", point.x().map(|x| &**x), point.y().map(|y| &**y))
            }
            Secret::P384(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                elliptic_jwk("P-384", point.x().map(|x| &**x), point.y().map(|y| &**y))
            }
            Secret::P521(key) => {
                let point = p521::ecdsa::VerifyingKey::from(key).to_encoded_point(false);
                elliptic_jwk("P-521", point.x().map(|x| &**x), point.y().map(|y| &**y))
            }
            Secret::Ed25519(key) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(key.verifying_key().as_bytes()) })
            }
        };
        jwk["use"] = json!("sig");
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.algorithm.name());
        jwk
    }
}

fn elliptic_jwk(curve: &str, x: Option<&[u8]>, y: Option<&[u8]>) -> Value {
    let [x, y] = [x, y].map(|number| base64url(number.unwrap_or_default()));
    json!({ "kty": "EC", "crv": curve, "x": x, "y": y })
}

/// Returns the only RSA key, which is public. Generating one takes many seconds in a debug build. RSA keys
/// differ only in their `kid`.
fn rsa() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let [p, q] = PRIMES.map(|prime| BigUint::parse_bytes(prime.as_bytes(), 16).unwrap_or_default());
        RsaPrivateKey::from_p_q(p, q, BigUint::from(65_537_u32)).expect("two primes make a key")
    })
}

const PRIMES: [&str; 2] = [
    "\
     c6a1f23323ee138bcf640ff539eafc1f6a97631d1aeeab4ec57efd49bb30dc5aeb1db3f4cbbbb6596e17f92ccf0ea999\
     b4f72b09942929581b61a8df9732c097b3f02d1871ae42daf2b571a7d80f7e6649868f3a923d608d2453269fe6c02674\
     faf70e09385ea752fefa24a236264785281912367e88012a14287a0cca56f409",
    "\
     dc7ea0220e6c767dd639628bc77ec84eba8972224b2f371a2ce74e7de83da2b9dfd667667b88fb34c1248dd1a98c82c8\
     5c27e921fec1c53f148b3fe2e528e6d31809d162e4b4728452634f5dfd71096b8eb204304d9f0d1808b7e3feb3fb7bb4\
     e25730a9f6b55b9675cdd52c876152cfe2709f05db1a49500c6e905f94f9828d",
];

#[cfg(test)]
mod tests {
    use super::{Algorithm, Pair};

    #[test]
    fn signatures_of_all_algorithms_verify() {
        for algorithm in Algorithm::ALL {
            let (pair, other) = (Pair::new("a".to_owned(), algorithm), Pair::new("b".to_owned(), algorithm));
            let signature = pair.signature(b"message");
            assert!(pair.has_signed("message", &signature), "{algorithm:?}");
            assert!(!pair.has_signed("another", &signature), "{algorithm:?}");
            let is_rsa = algorithm.name().starts_with('R');
            assert_eq!(other.has_signed("message", &signature), is_rsa, "{algorithm:?}");
        }
    }
}
