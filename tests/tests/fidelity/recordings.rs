//! Checks that every recording is replayed, and by which test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::status;

/// Areas that the tests of `identity-mock` replay. Each of them checks that it omits no recording of its
/// area.
const MFA: [&str; 4] = ["mfa-method", "mfa-login-enforcement", "mfa-totp", "login-mfa"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name =
        |entry: fs::DirEntry| entry.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
    entries.map(|entry| name(entry.expect("an entry"))).collect()
}

pub(crate) fn recording(area: &str, case: &str) -> Value {
    let file = folder().join(area).join(format!("{case}.json"));
    let text = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_slice(&text).expect("a recording")
}

/// Returns the cases of a fixture with one exchange per line.
fn cases(fixture: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(fixture);
    let text = fs::read_to_string(path).expect("the fixture");
    let case =
        |line| serde_json::from_str::<Value>(line).expect("an exchange")["case"].as_str().map(str::to_owned);
    text.lines().filter_map(case).collect()
}

#[test]
fn every_recording_is_replayed_once_or_listed_as_omitted() {
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for area in names(&folder()) {
        for case in names(&folder().join(&area)) {
            let place = MFA.contains(&&*area).then_some("mfa_recordings.rs");
            places.insert(format!("{area}/{case}"), place.into_iter().collect());
        }
    }
    let exceptions = status::EXCEPTIONS.map(|(case, _)| case.to_owned());
    for (place, cases) in [
        ("replay.rs", cases("fixtures/replay.jsonl")),
        // This test lists the recordings that it omits.
        ("oidc_recordings.rs", cases("../crates/identity-fake/tests/fixtures/oidc.jsonl")),
        ("status.rs", status::replayed().collect()),
        ("exceptions", exceptions.into()),
    ] {
        for case in cases {
            places.get_mut(&case).unwrap_or_else(|| panic!("{place}: there is no {case}")).push(place);
        }
    }
    let odd: Vec<_> = places.iter().filter(|(_, places)| places.len() != 1).collect();
    assert!(odd.is_empty(), "not in exactly one place: {odd:?}");

    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for place in places.values().flatten() {
        *counts.entry(place).or_default() += 1;
    }
    let expected = [
        ("exceptions", 5),
        ("mfa_recordings.rs", 159),
        ("oidc_recordings.rs", 276),
        ("replay.rs", 502),
        ("status.rs", 8),
    ];
    assert_eq!(counts, BTreeMap::from(expected), "of {}", places.len());
}
