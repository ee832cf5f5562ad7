//! Public keys that verify JWTs.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Verifier as _;
use rsa::pkcs8::der::{AnyRef, Decode, Reader, SliceReader};
use rsa::pkcs8::{ObjectIdentifier, SubjectPublicKeyInfoRef};
use rsa::sha2::{Digest, Sha256, Sha384, Sha512};
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use serde_json::Value;

pub(super) enum PublicKey {
    Rsa(RsaPublicKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Ed25519(ed25519_dalek::VerifyingKey),
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ELLIPTIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

impl PublicKey {
    /// Parses a public key or a certificate. The error is the server's.
    pub(super) fn from_pem(pem: &str) -> Result<Self, &'static str> {
        let (der, rest) = decode_pem(pem).ok_or("data does not contain any valid public keys")?;
        if !rest.trim().is_empty() {
            return Err("unexpected trailing data after parsed PEM block");
        }
        let key = SubjectPublicKeyInfoRef::from_der(&der).ok().or_else(|| key_of_certificate(&der));
        let key = key.ok_or("x509: malformed certificate")?;
        Self::from_info(&key).ok_or("data does not contain any valid public keys")
    }

    fn from_info(info: &SubjectPublicKeyInfoRef<'_>) -> Option<Self> {
        let bytes = info.subject_public_key.as_bytes()?;
        match info.algorithm.oid {
            RSA => RsaPublicKey::try_from(info.clone()).ok().map(Self::Rsa),
            ED25519 => ed25519(bytes),
            ELLIPTIC => match info.algorithm.parameters_oid().ok()? {
                P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok().map(Self::P256),
                P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok().map(Self::P384),
                P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(bytes).ok().map(Self::P521),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn from_jwk(jwk: &Value) -> Option<Self> {
        let number = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
        if jwk["kty"] == "RSA" {
            let [n, e] = [number("n")?, number("e")?].map(|number| BigUint::from_bytes_be(&number));
            return RsaPublicKey::new(n, e).ok().map(Self::Rsa);
        }
        let x = number("x")?;
        // The encoding of an uncompressed point.
        let point = || Some([&[4][..], &x, &number("y")?].concat());
        match jwk["crv"].as_str()? {
            "P-256" => p256::ecdsa::VerifyingKey::from_sec1_bytes(&point()?).ok().map(Self::P256),
            "P-384" => p384::ecdsa::VerifyingKey::from_sec1_bytes(&point()?).ok().map(Self::P384),
            "P-521" => p521::ecdsa::VerifyingKey::from_sec1_bytes(&point()?).ok().map(Self::P521),
            "Ed25519" => ed25519(&x),
            _ => None,
        }
    }

    /// Returns `true` if the holder of the key has signed the message with the algorithm.
    pub(super) fn verifies(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm) {
            (Self::Rsa(key), algorithm) => verifies_rsa(key, algorithm, message, signature).is_some(),
            (Self::P256(key), "ES256") => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            (Self::P384(key), "ES384") => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            (Self::P521(key), "ES512") => p521::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            (Self::Ed25519(key), "EdDSA") => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            _ => false,
        }
    }
}

fn verifies_rsa(key: &RsaPublicKey, algorithm: &str, message: &[u8], signature: &[u8]) -> Option<()> {
    let hash = match algorithm.get(2..)? {
        "256" => Sha256::digest(message).to_vec(),
        "384" => Sha384::digest(message).to_vec(),
        _ => Sha512::digest(message).to_vec(),
    };
    let verified = match algorithm {
        "RS256" => key.verify(Pkcs1v15Sign::new::<Sha256>(), &hash, signature),
        "RS384" => key.verify(Pkcs1v15Sign::new::<Sha384>(), &hash, signature),
        "RS512" => key.verify(Pkcs1v15Sign::new::<Sha512>(), &hash, signature),
        "PS256" => key.verify(Pss::new::<Sha256>(), &hash, signature),
        "PS384" => key.verify(Pss::new::<Sha384>(), &hash, signature),
        "PS512" => key.verify(Pss::new::<Sha512>(), &hash, signature),
        _ => return None,
    };
    verified.ok()
}

fn ed25519(bytes: &[u8]) -> Option<PublicKey> {
    ed25519_dalek::VerifyingKey::try_from(bytes).ok().map(PublicKey::Ed25519)
}

/// Returns the first block of a PEM text and the text after it.
fn decode_pem(pem: &str) -> Option<(Vec<u8>, &str)> {
    let (label, rest) = pem.split_once("-----BEGIN ")?.1.split_once("-----")?;
    let (body, rest) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.split_ascii_whitespace().collect();
    Some((BASE64_STANDARD.decode(body).ok()?, rest))
}

/// Finds the key in the fields of an X.509 certificate: no other field looks like one.
fn key_of_certificate(der: &[u8]) -> Option<SubjectPublicKeyInfoRef<'_>> {
    let certificate = AnyRef::from_der(der).ok()?.value();
    let mut certificate = SliceReader::new(certificate).ok()?;
    let mut fields = SliceReader::new(AnyRef::decode(&mut certificate).ok()?.value()).ok()?;
    while !fields.is_finished() {
        let field = AnyRef::decode(&mut fields).ok()?;
        if let Ok(key) = field.decode_as() {
            return Some(key);
        }
    }
    None
}
