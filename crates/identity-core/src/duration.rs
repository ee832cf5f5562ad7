//! The text format of durations.

use std::time::Duration;

/// Parses a duration as the server and its command line do: whole seconds, days such as `2d`, or Go's format,
/// such as `1m30s` and `1.5h`. Returns `None` for any other text.
///
/// ```
/// use identity_core::duration;
///
/// assert_eq!(duration::parse("1m30s").map(|ttl| ttl.as_secs()), Some(90));
/// ```
pub fn parse(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    if let Some(days) = text.strip_suffix('d') {
        return Some(Duration::from_secs(days.parse::<u64>().ok()?.checked_mul(24 * 60 * 60)?));
    }
    let is_of_number = |char: char| char.is_ascii_digit() || char == '.';
    let (mut rest, mut sum) = (text, Duration::ZERO);
    loop {
        let unit_at = rest.find(|char| !is_of_number(char))?;
        let (number, unit_and_rest) = rest.split_at(unit_at);
        let (unit, next) =
            unit_and_rest.split_at(unit_and_rest.find(is_of_number).unwrap_or(unit_and_rest.len()));
        let unit = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        let number: f64 = number.parse().ok()?;
        sum = sum.checked_add(Duration::try_from_secs_f64(number * unit).ok()?)?;
        if next.is_empty() {
            return Some(sum);
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_days_and_units_are_durations() {
        for (text, millis) in [
            ("0", 0),
            ("90", 90_000),
            ("0s", 0),
            ("1500ms", 1500),
            ("1m30s", 90_000),
            ("1.5h", 5_400_000),
            (".5s", 500),
            ("2.s", 2000),
            ("1h2m3s4ms", 3_723_004),
            ("1s1s", 2000),
            ("2000us", 2),
            ("2000µs", 2),
            ("2000000ns", 2),
            ("2d", 172_800_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            " ",
            "-1",
            "-1s",
            "1.5",
            "1.5d",
            "1d12h",
            "d",
            "s",
            ".s",
            "1 s",
            " 1",
            "1x",
            "1m30",
            "1..5s",
            "1e3s",
            "1S",
            "99999999999999999999",
            "99999999999999999999d",
            "999999999999999999999999h",
            "nan",
            "infs",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
