use std::ffi::OsStr;
use std::io::Write as _;
use std::sync::Once;

const VARIABLE: &str = "VAULT_IDENTITY_LIVE";

/// Returns `true` if live tests run, which is the default. `VAULT_IDENTITY_LIVE=skip` skips them, which is
/// reported once on standard error.
///
/// # Panics
///
/// Panics if the variable has another value than `skip` or `run`.
pub fn live() -> bool {
    static REPORTED: Once = Once::new();

    let live = parse(&std::env::var_os(VARIABLE).unwrap_or_default());
    if !live {
        // Not `eprintln!`: the test harness captures that in passing tests.
        REPORTED.call_once(|| drop(writeln!(std::io::stderr(), "skipped: {VARIABLE}=skip")));
    }
    live
}

fn parse(value: &OsStr) -> bool {
    match value.to_str() {
        Some("" | "run") => true,
        Some("skip") => false,
        _ => {
            panic!("{VARIABLE} is \"{}\": set it to `run` or `skip`, or unset it", value.display())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn live_tests_run_by_default() {
        assert!(parse("".as_ref()));
        assert!(parse("run".as_ref()));
        assert!(!parse("skip".as_ref()));
    }

    #[test]
    #[should_panic(expected = "VAULT_IDENTITY_LIVE is \"Skip\"")]
    fn other_values_panic() {
        parse("Skip".as_ref());
    }
}
