//! Parses and formats durations like the server.

use std::fmt::Write;
use std::time::Duration;

use super::response;

/// Parses seconds, days (`2d`) or numbers with units (`1h30m`). Also returns whether the sign is negative.
pub(super) fn parse(text: &str) -> Result<(bool, Duration), String> {
    let (is_negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return if text.is_empty() { Ok((false, Duration::ZERO)) } else { Err(invalid(text)) };
    }
    if rest.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds: i64 = rest.parse().map_err(|_| invalid(text))?;
        return Ok((is_negative, checked(seconds.unsigned_abs())?));
    }
    if let Some(days) = rest.strip_suffix('d') {
        let problem = || format!("strconv.ParseInt: parsing {}: invalid syntax", response::quoted(days));
        let days: u64 = days.parse().map_err(|_| problem())?;
        return Ok((is_negative, checked(days.saturating_mul(24 * 60 * 60))?));
    }
    Ok((is_negative, with_units(text, rest)?))
}

/// Go counts nanoseconds in 63 bits.
fn checked(seconds: u64) -> Result<Duration, String> {
    if seconds > i64::MAX.unsigned_abs() / 1_000_000_000 {
        return Err(
            "multiplication of durations resulted in overflow, one operand may be too large".to_owned()
        );
    }
    Ok(Duration::from_secs(seconds))
}

fn with_units(text: &str, mut rest: &str) -> Result<Duration, String> {
    let is_number = |char: char| char.is_ascii_digit() || char == '.';
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|char| !is_number(char)).unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| invalid(text))?;
        rest = &rest[digits..];
        let letters = rest.find(is_number).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "" => return Err(format!("time: missing unit in duration {}", quoted(text))),
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            unit => return Err(format!("time: unknown unit {} in duration {}", quoted(unit), quoted(text))),
        };
        let part = Duration::try_from_secs_f64(number * unit).map_err(|_| invalid(text))?;
        sum = sum.saturating_add(part);
        rest = &rest[letters..];
    }
    // Go counts nanoseconds in 63 bits.
    if i64::try_from(sum.as_nanos()).is_err() { Err(invalid(text)) } else { Ok(sum) }
}

fn invalid(text: &str) -> String {
    format!("time: invalid duration {}", quoted(text))
}

/// Quotes a string like Go's package `time`, which escapes the bytes of all other than ASCII characters.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'\x7f' => quoted.push(char::from(byte)),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\x{byte:02x}");
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Formats whole seconds without zero units: `1h`.
pub(super) fn format_brief(seconds: u64) -> String {
    let text = format(seconds);
    let text = text.strip_suffix("m0s").map_or(text.clone(), |text| format!("{text}m"));
    text.strip_suffix("h0m").map_or(text.clone(), |text| format!("{text}h"))
}

/// Formats whole seconds like Go: `1m30s`.
pub(super) fn format(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}
