//! Parses the settings file of `PingID`: base64 of lines like `key=value`.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use crate::response::quoted;

const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

#[derive(Default)]
pub(super) struct PingId {
    pub(super) use_signature: bool,
    pub(super) idp_url: String,
    pub(super) org_alias: String,
    pub(super) admin_url: String,
    pub(super) authenticator_url: String,
}

pub(super) fn read(file: &str) -> Result<PingId, String> {
    let file = decode(file)?;
    let mut settings = PingId::default();
    for line in file.split('\n').filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let Some((key, value)) = line.split_once('=') else {
            let problem =
                "pingid settings file contains a non-empty non-comment line that is not in key=value format";
            return Err(format!("{problem}: {}", quoted(line)));
        };
        let value = value.to_owned();
        match key {
            "use_base64_key" | "token" => {}
            "use_signature" => settings.use_signature = flag(&value)?,
            "idp_url" => settings.idp_url = value,
            "org_alias" => settings.org_alias = value,
            "admin_url" => settings.admin_url = value,
            "authenticator_url" => settings.authenticator_url = value,
            key => return Err(format!("unknown key {} in pingid settings file", quoted(key))),
        }
    }
    Ok(settings)
}

fn flag(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "" | "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err("error parsing use_signature value in pingid settings file".to_owned()),
    }
}

/// Decodes base64, ignoring line breaks.
fn decode(text: &str) -> Result<String, String> {
    let bytes: Vec<(usize, u8)> =
        text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n')).collect();
    if let Some(at) = illegal(&bytes, text.len()) {
        return Err(format!("illegal base64 data at input byte {at}"));
    }
    let bytes: Vec<u8> = bytes.into_iter().map(|(_, byte)| byte).collect();
    let decoded = LENIENT.decode(bytes).map_err(|_| "illegal base64 data at input byte 0".to_owned())?;
    Ok(String::from_utf8_lossy(&decoded).into_owned())
}

/// Returns the position of the first invalid byte, as Go reports it.
fn illegal(bytes: &[(usize, u8)], length: usize) -> Option<usize> {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    for (quantum, digits) in bytes.chunks(4).enumerate() {
        let Some(first) = digits.iter().position(|(_, byte)| !is_digit(*byte)) else {
            if digits.len() < 4 {
                return Some(length - digits.len());
            }
            continue;
        };
        let rest = &bytes[quantum * 4 + first..];
        return match (rest, first) {
            ([(_, b'='), after @ ..], 3) => after.first().map(|(at, _)| *at),
            ([(_, b'=')], 2) => Some(length),
            ([(_, b'='), (_, b'='), after @ ..], 2) => after.first().map(|(at, _)| *at),
            ([(_, b'='), (at, _), ..], 2) | ([(at, _), ..], _) => Some(*at),
            ([], _) => None,
        };
    }
    None
}
