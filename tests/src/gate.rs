use std::ffi::OsStr;
use std::io::Write as _;
use std::sync::Once;

const VARIABLE: &str = "VAULT_IDENTITY_LIVE";

/// Whether live tests run: not if the environment has `VAULT_IDENTITY_LIVE=skip`,
/// which the run then reports once on standard error.
///
/// # Panics
///
/// If the variable is anything but `skip`, `run`, empty or unset, so that a
/// misspelt `skip` is noticed.
pub fn live() -> bool {
    static SAID: Once = Once::new();

    let live = parse(&std::env::var_os(VARIABLE).unwrap_or_default());
    if !live {
        // Not `eprintln!`: the test harness swallows that in passing tests.
        SAID.call_once(|| drop(writeln!(std::io::stderr(), "skipped: {VARIABLE}=skip")));
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
    fn runs_unless_told_to_skip() {
        assert!(parse("".as_ref()));
        assert!(parse("run".as_ref()));
        assert!(!parse("skip".as_ref()));
    }

    #[test]
    #[should_panic(expected = "VAULT_IDENTITY_LIVE is \"Skip\"")]
    fn refuses_anything_else() {
        parse("Skip".as_ref());
    }
}
