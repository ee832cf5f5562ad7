//! Validates the registered claims of JWTs: `iss`, `sub`, `aud`, `exp`, `nbf` and `iat`.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::signed_token::SignedToken;
use crate::response::quoted;

/// What a token must have. Empty texts and lists are not compared.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) audiences: &'a [String],
    pub(super) algorithms: &'a [&'a str],
    pub(super) leeways: Leeways,
    /// Whether a token without times is valid.
    pub(super) allows_missing_times: bool,
}

/// In seconds. 0 selects the default, and a negative value no leeway.
#[derive(Clone, Copy, Default)]
pub(super) struct Leeways {
    pub(super) expiration: i64,
    pub(super) not_before: i64,
    pub(super) clock_skew: i64,
}

pub(super) const ALGORITHMS: &[&str] =
    &["ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

const NAMES: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Validates the claims of a token whose signature is verified. The error is the server's.
pub(super) fn validate(
    token: &SignedToken,
    claims: &Map<String, Value>,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<(), String> {
    for key in claims.keys() {
        let folded = key.replace('ſ', "s");
        let collides = |name: &&&str| folded.eq_ignore_ascii_case(name) && key != **name;
        if let Some(name) = NAMES.iter().find(collides) {
            let problem = format!("collides with registered claim {}", quoted(name));
            return Err(format!("ambiguous claim: key {} {problem} under case folding", quoted(key)));
        }
    }
    if !expected.algorithms.contains(&&*token.algorithm) {
        return Err("invalid algorithm (alg) header parameter: token signed with unexpected algorithm".into());
    }
    let audiences = audiences(claims)?;
    let [exp, iat] = [time(claims, "exp")?, time(claims, "iat")?];
    let issuer = text(claims, "iss")?;
    text(claims, "jti")?;
    let nbf = time(claims, "nbf")?;
    let subject = text(claims, "sub")?;

    if !expected.issuer.is_empty() && expected.issuer != issuer {
        return Err("invalid issuer (iss) claim".to_owned());
    }
    if !expected.subject.is_empty() && expected.subject != subject {
        return Err("invalid subject (sub) claim".to_owned());
    }
    let is_expected = |audience: &String| audiences.contains(&&**audience);
    if !expected.audiences.is_empty() && !expected.audiences.iter().any(is_expected) {
        let problem = "audience claim does not match any expected audience";
        return Err(format!("invalid audience (aud) claim: {problem}"));
    }
    if (iat, exp, nbf) == (0, 0, 0) {
        if expected.allows_missing_times {
            return Ok(());
        }
        let problem = "no issued at (iat), not before (nbf), or expiration time (exp) claims in token";
        return Err(problem.to_owned());
    }
    validate_times((iat, nbf, exp), expected.leeways, now)
}

fn validate_times((iat, nbf, exp): (i64, i64, i64), leeways: Leeways, now: Timestamp) -> Result<(), String> {
    let leeway = |given: i64, default| if given == 0 { default } else { given.max(0) };
    let exp = match exp {
        0 => iat.max(nbf).saturating_add(leeway(leeways.expiration, 150)),
        exp => exp,
    };
    let nbf = match (nbf, iat) {
        (0, 0) => exp.saturating_sub(leeway(leeways.not_before, 150)),
        (0, iat) => iat,
        (nbf, _) => nbf,
    };
    let skew = i128::from(leeway(leeways.clock_skew, 60));
    let (now, second) = (now.as_nanosecond(), 1_000_000_000);
    let [iat, nbf, exp] = [iat, nbf, exp].map(|time| i128::from(time) * second);
    if now + skew * second < nbf {
        return Err("invalid not before (nbf) claim: token not yet valid".to_owned());
    }
    if now - skew * second > exp {
        return Err("invalid expiration time (exp) claim: token is expired".to_owned());
    }
    if now + skew * second < iat {
        return Err("invalid issued at (iat) claim: token issued in the future".to_owned());
    }
    Ok(())
}

fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Result<&'c str, String> {
    let kind = match claims.get(name) {
        None | Some(Value::Null) => return Ok(""),
        Some(Value::String(text)) => return Ok(text),
        Some(Value::Bool(_)) => "bool",
        Some(Value::Number(_)) => "number",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    };
    Err(format!("json: cannot unmarshal {kind} into Go struct field Claims.{name} of type string"))
}

/// Returns a time in seconds, 0 if it is absent.
fn time(claims: &Map<String, Value>, name: &str) -> Result<i64, String> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(0),
        Some(Value::Number(number)) => Ok(whole(number)),
        Some(_) => Err("go-jose/go-jose/jwt: expected number value to unmarshal NumericDate".to_owned()),
    }
}

/// Returns the integer part of a number. Like on the server, numbers that are too large become the smallest.
#[allow(clippy::cast_possible_truncation, reason = "it saturates")]
pub(super) fn whole(number: &serde_json::Number) -> i64 {
    let truncated = || match number.as_f64().unwrap_or_default() as i64 {
        i64::MAX => i64::MIN,
        whole => whole,
    };
    number.as_i64().unwrap_or_else(truncated)
}

fn audiences(claims: &Map<String, Value>) -> Result<Vec<&str>, String> {
    let audiences = match claims.get("aud") {
        None => Some(Vec::new()),
        Some(Value::String(audience)) => Some(vec![&**audience]),
        Some(Value::Array(audiences)) => audiences.iter().map(Value::as_str).collect(),
        Some(_) => None,
    };
    let problem = "go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience";
    audiences.ok_or_else(|| problem.to_owned())
}
