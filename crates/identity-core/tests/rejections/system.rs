use identity_core::prelude::*;

use crate::{FRACTION, rejected};

#[test]
fn paths_and_names() {
    for path in ["", "/", "..", "a/../b", "a\n"] {
        rejected! {
            ReadAuthMount::new(path) => "path";
            EnableAuthMount::new(path, "userpass") => "path";
            DisableAuthMount::new(path) => "path";
            TuneAuthMount::new(path, MountTuning::new()) => "path";
            ReadAuthMountTuning::new(path) => "path";
        }
    }
    for name in ["", "..", "a\n"] {
        rejected! {
            WritePolicy::new(name, "{}") => "name";
            ReadPolicy::new(name) => "name";
            DeletePolicy::new(name) => "name";
        }
    }
}

#[test]
fn durations_are_whole_seconds() {
    rejected! {
        TuneAuthMount::new("people", MountTuning::new().default_lease_ttl(FRACTION)) => "default_lease_ttl";
        EnableAuthMount::new("people", "userpass").config(MountTuning::new().max_lease_ttl(FRACTION)) => "max_lease_ttl";
        WritePolicy::new("readers", "{}").ttl(FRACTION) => "ttl";
    }
}
