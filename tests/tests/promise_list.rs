//! Checks that the tests in `docs/promises.md` exist, and that the list contains every test in `promises`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Returns the functions of a test file in the notation of the list.
fn functions(folder: &str, file: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let tests = if folder == "loopback" { "crates/identity-hyper/tests" } else { "tests/tests" };
    let source = fs::read_to_string(root.join(tests).join(folder).join(file));
    let source = source.unwrap_or_else(|error| panic!("{folder}/{file}: {error}"));
    let names = source.split("fn ").skip(1).filter_map(|rest| rest.split_once('('));
    names.map(|(name, _)| format!("{folder}/{file}::{name}")).collect()
}

#[test]
fn the_list_and_the_tests_agree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let list = fs::read_to_string(root.join("docs/promises.md")).unwrap();
    let listed: BTreeSet<&str> = list.split('`').filter(|span| span.contains(".rs::")).collect();
    for test in &listed {
        let (file, _) = test.split_once("::").unwrap();
        let (folder, file) = file.split_once('/').unwrap();
        assert!(functions(folder, file).contains(*test), "{test} does not exist");
    }

    for entry in fs::read_dir(root.join("tests/tests/promises")).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let source = fs::read_to_string(&path).unwrap();
        for (attribute, _) in source.match_indices("\n#[test]").chain(source.match_indices("\n#[tokio::test"))
        {
            let (_, after) = source[attribute..].split_once("fn ").unwrap();
            let (name, _) = after.split_once('(').unwrap();
            let test = format!("promises/{file}::{name}");
            assert!(listed.contains(&*test), "{test} is not in docs/promises.md");
        }
    }
}
