//! JWTs as logins receive them: a JWS in compact form.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::public_key::PublicKey;

pub(super) struct SignedToken {
    pub(super) algorithm: String,
    pub(super) key_id: String,
    /// `header.payload`, the text that is signed.
    pub(super) message: String,
    pub(super) signature: Vec<u8>,
    payload: Vec<u8>,
}

impl SignedToken {
    /// Parses a token without verifying it. The error is the server's.
    pub(super) fn parse(token: &str) -> Result<Self, String> {
        let token: String = token.split_whitespace().collect();
        let parts: Vec<&str> = token.split('.').collect();
        let &[header, payload, signature] = &*parts else {
            return Err("go-jose/go-jose: compact JWS format must have three parts".to_owned());
        };
        let fields: Map<String, Value> =
            serde_json::from_slice(&decode(header)?).map_err(|error| error.to_string())?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self {
            algorithm: text("alg"),
            key_id: text("kid"),
            message: format!("{}.{}", header.trim_end_matches('='), payload.trim_end_matches('=')),
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    pub(super) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verifies(&self.algorithm, self.message.as_bytes(), &self.signature)
    }

    /// Returns the claims, `None` if the payload is neither a JSON object nor `null`.
    pub(super) fn claims(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&self.payload).ok().map(Option::unwrap_or_default)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, String> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::URL_SAFE,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::RequireNone)
            .with_decode_allow_trailing_bits(true),
    );
    LENIENT.decode(part.trim_end_matches('=')).map_err(|error| {
        let at = match error {
            base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _) => at,
            _ => part.len() / 4 * 4,
        };
        format!("illegal base64 data at input byte {at}")
    })
}
