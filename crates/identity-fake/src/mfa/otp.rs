//! Time-based one-time passwords (RFC 6238).

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

#[derive(Clone, Copy)]
pub(super) enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

impl Algorithm {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha512].into_iter().find(|algorithm| algorithm.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    fn mac(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        fn mac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
            // HMAC accepts keys of any length.
            let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        }
        match self {
            Self::Sha1 => mac::<Hmac<Sha1>>(key, message),
            Self::Sha256 => mac::<Hmac<Sha256>>(key, message),
            Self::Sha512 => mac::<Hmac<Sha512>>(key, message),
        }
    }
}

pub(super) fn code(key: &[u8], algorithm: Algorithm, digits: u8, period: u64) -> String {
    let mac = algorithm.mac(key, &period.to_be_bytes());
    let offset = usize::from(mac.last().copied().unwrap_or_default() & 0xf);
    let part = mac.iter().skip(offset).take(4);
    let number = part.fold(0, |number, byte| (number << 8) | u32::from(*byte)) & 0x7fff_ffff;
    format!("{:0width$}", number % 10_u32.pow(digits.into()), width = digits.into())
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, code};

    #[test]
    fn codes_match_the_rfc() {
        let key: Vec<u8> = b"1234567890".iter().copied().cycle().take(64).collect();
        for (seconds, sha1, sha256, sha512) in [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] {
            assert_eq!(code(&key[..20], Algorithm::Sha1, 8, seconds / 30), sha1);
            assert_eq!(code(&key[..32], Algorithm::Sha256, 8, seconds / 30), sha256);
            assert_eq!(code(&key, Algorithm::Sha512, 8, seconds / 30), sha512);
        }
    }
}
