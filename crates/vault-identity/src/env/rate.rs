use identity_hyper::RateLimit;

/// Parses calls per second and an optional burst: `10`, `0.5`, `10.5:20`.
pub(super) fn parse(text: &str) -> Option<RateLimit> {
    let (rate, burst) = text.split_once(':').map_or((text, None), |(rate, burst)| (rate, Some(burst)));
    let is_number = rate.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let limit = RateLimit::per_second(rate.parse().ok().filter(|_| is_number)?).ok()?;
    match burst {
        Some(burst) => limit.burst(burst.parse().ok()?).ok(),
        None => Some(limit),
    }
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
            let expected = expected.map(|(rate, burst)| {
                let limit = RateLimit::per_second(rate).unwrap();
                burst.map_or(limit, |burst| limit.burst(burst).unwrap())
            });
            assert_eq!(format!("{:?}", parse(text)), format!("{expected:?}"), "{text}");
        }
    }
}
