//! The TTL of tokens.

use crate::duration;
use crate::mounts::Mount;
use crate::response::quoted;

/// The default and the maximum TTL of the server: 32 days.
pub(crate) const MAX_TTL: u64 = 32 * 24 * 60 * 60;

/// The TTL that a creation asks for, and its limits. In seconds, 0 if not set.
#[derive(Clone, Copy, Default)]
pub(crate) struct Limits {
    pub(crate) ttl: u64,
    pub(crate) max_ttl: u64,
    pub(crate) explicit_max_ttl: u64,
    pub(crate) period: u64,
}

/// Returns the maximum TTL of a mount.
pub(super) fn maximum(mount: Option<&Mount>) -> u64 {
    non_zero(mount.map_or(0, |mount| mount.max_lease_ttl)).unwrap_or(MAX_TTL)
}

/// Returns the TTL of a token that is created or renewed `age` seconds after its creation, and warnings.
pub(super) fn calculate(
    mount: Option<&Mount>,
    limits: Limits,
    increment: u64,
    age: u64,
) -> Result<(u64, Vec<String>), &'static str> {
    let mut max = maximum(mount);
    let default = non_zero(mount.map_or(0, |mount| mount.default_lease_ttl)).unwrap_or(MAX_TTL);
    for limit in [limits.max_ttl, limits.explicit_max_ttl] {
        max = non_zero(limit).unwrap_or(max).min(max);
    }
    let mut warnings = Vec::new();
    let mut cap = |what: &str, kind: &str, ttl: u64, max: u64| {
        if ttl > max {
            let [ttl, max] = [ttl, max].map(|seconds| quoted(&duration::format_brief(seconds)));
            warnings.push(format!(
                "{what} of {ttl} exceeded the effective max_ttl of {max}; {kind} value is capped accordingly"
            ));
        }
        ttl.min(max)
    };
    let (mut ttl, last) = if limits.period > 0 {
        (cap("period", "period", limits.period, max), limits.explicit_max_ttl)
    } else {
        (non_zero(increment).or(non_zero(limits.ttl)).unwrap_or(default), max)
    };
    if last > 0 {
        let left = last.saturating_sub(age);
        if left == 0 {
            return Err("past the max TTL, cannot renew");
        }
        ttl = cap("TTL", "TTL", ttl, left);
    }
    Ok((ttl, warnings))
}

fn non_zero(seconds: u64) -> Option<u64> {
    Some(seconds).filter(|seconds| *seconds > 0)
}
