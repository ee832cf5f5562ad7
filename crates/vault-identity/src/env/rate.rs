/// How many calls a second, and how many at once after a rest if that is said: `10`, `0.5`, `10.5:20`.
pub(super) fn parse(text: &str) -> Option<(f64, Option<u32>)> {
    let (rate, burst) = match text.split_once(':') {
        Some((rate, burst)) => (rate, Some(burst.parse().ok().filter(|burst| *burst > 0)?)),
        None => (text, None),
    };
    let is_number = rate.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let rate: f64 = rate.parse().ok().filter(|_| is_number)?;
    (rate.is_finite() && rate > 0.0).then_some((rate, burst))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_and_a_burst_are_above_zero() {
        for (text, expected) in [
            ("10", Some((10.0, None))),
            ("0.5", Some((0.5, None))),
            ("10.5:20", Some((10.5, Some(20)))),
            ("1:1", Some((1.0, Some(1)))),
            ("", None),
            ("0", None),
            ("-1", None),
            ("10:", None),
            (":10", None),
            ("10:0", None),
            ("10:-1", None),
            ("10:1.5", None),
            ("10:20:30", None),
            ("10 : 20", None),
            ("10/s", None),
            ("inf", None),
            ("nan", None),
            ("1e3", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
