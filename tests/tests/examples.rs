//! Examples in the documentation compile as the reader sees them.
//!
//! The doctests of each crate deny warnings.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// What an example may hide: its function, and the result of that.
const MAY_BE_HIDDEN: [&str; 6] = ["async fn ", "fn ", "Ok", "}", "    ", "#["];

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
            found.push(path);
        }
    }
}

#[test]
fn no_example_hides_required_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = vec![root.join("README.md")];
    for name in ["identity-core", "identity-fake", "identity-hyper", "identity-mock", "vault-identity"] {
        files(&root.join("crates").join(name).join("src"), &mut found);
        let lib = fs::read_to_string(root.join("crates").join(name).join("src/lib.rs")).unwrap();
        assert!(lib.contains("#![doc(test(attr(deny(warnings)"), "{name} does not deny warnings");
    }
    files(&root.join("crates/vault-identity/docs"), &mut found);
    let mut hidden = Vec::new();
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        let (mut is_block, mut is_example) = (false, false);
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            let line = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).unwrap_or(if is_rust {
                ""
            } else {
                line
            });
            let line = line.strip_prefix(' ').unwrap_or(line);
            if let Some(language) = line.strip_prefix("```") {
                let is_code = language.is_empty()
                    || language.starts_with("rust")
                    || language.starts_with("no_run")
                    || language.starts_with("should_panic");
                is_block = !is_block;
                is_example = is_block && is_code;
            } else if let Some(rest) = line.strip_prefix("# ").filter(|_| is_example)
                && !MAY_BE_HIDDEN.iter().any(|may| rest.starts_with(may))
            {
                hidden.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert!(hidden.is_empty(), "{hidden:#?}");
}
