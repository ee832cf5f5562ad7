//! The dependency versions of the published crates.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A requirement such as `"0.23"` admits releases with known bugs.
#[test]
fn each_requirement_of_a_published_crate_names_a_patch_release() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let workspace = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let mut names = BTreeSet::new();
    for name in ["identity-core", "identity-fake", "identity-hyper", "identity-mock", "vault-identity"] {
        let manifest = fs::read_to_string(root.join("crates").join(name).join("Cargo.toml")).unwrap();
        let (_, dependencies) = manifest.split_once("\n[dependencies]\n").unwrap();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        let name = |line: &str| line.split(['.', ' ']).next().unwrap_or_default().to_owned();
        names.extend(dependencies.lines().filter(|line| line.contains("workspace = true")).map(name));
    }
    assert!(names.contains("rustls") && names.contains("jiff") && names.len() > 25, "{names:?}");
    for name in names {
        let prefix = format!("{name} = ");
        let line = workspace.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap();
        let version = line.split_once("version = \"").map_or(&line[1..], |(_, version)| version);
        let version = version.split('"').next().unwrap();
        assert_eq!(version.split('.').count(), 3, "{name}: {version}");
    }
}
