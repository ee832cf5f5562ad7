//! A secret and its versions.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::duration;
use crate::input::{Fields, Pairs};

const DEFAULT_MAX_VERSIONS: u32 = 10;

/// The settings that an engine has, and each of its secrets.
#[derive(Default)]
pub(super) struct Settings {
    /// 0 means the default.
    pub(super) max_versions: u32,
    pub(super) cas_required: bool,
    pub(super) metadata_cas_required: bool,
    /// In seconds. 0 means never; an engine with -1 also ignores the values of its secrets.
    pub(super) delete_version_after: i64,
}

impl Settings {
    /// Sets all but the time after which versions are deleted.
    pub(super) fn set(&mut self, fields: &Fields) {
        if let Some(count) = fields.number("max_versions") {
            // The server keeps the lower 32 bits.
            self.max_versions = u32::try_from(count & i64::from(u32::MAX)).unwrap_or_default();
        }
        self.cas_required = fields.flag("cas_required").unwrap_or(self.cas_required);
        let required = fields.flag("metadata_cas_required");
        self.metadata_cas_required = required.unwrap_or(self.metadata_cas_required);
    }

    pub(super) fn to_json(&self) -> Value {
        let seconds = duration::format(self.delete_version_after.unsigned_abs());
        let sign = if self.delete_version_after < 0 { "-" } else { "" };
        json!({
            "cas_required": self.cas_required,
            "delete_version_after": format!("{sign}{seconds}"),
            "max_versions": self.max_versions,
            "metadata_cas_required": self.metadata_cas_required,
        })
    }
}

#[derive(Default)]
pub(super) struct Secret {
    pub(super) settings: Settings,
    pub(super) custom_metadata: Pairs,
    pub(super) versions: BTreeMap<u64, Version>,
    pub(super) current: u64,
    pub(super) oldest: u64,
    /// Counts the writes of the metadata.
    pub(super) metadata_version: u64,
    created: Timestamp,
    pub(super) updated: Timestamp,
}

pub(super) struct Version {
    /// An object or `null`.
    pub(super) data: Value,
    /// The path of the write. The server finds the data by the same path only, with the same slashes.
    pub(super) path: String,
    created: Timestamp,
    /// When the version is deleted, which may be in the future.
    pub(super) deleted: Option<Timestamp>,
    pub(super) destroyed: bool,
}

impl Version {
    pub(super) fn is_deleted(&self, now: Timestamp) -> bool {
        self.deleted.is_some_and(|deleted| deleted < now)
    }

    pub(super) fn is_readable(&self, now: Timestamp) -> bool {
        !self.destroyed && !self.is_deleted(now)
    }

    fn to_json(&self) -> Value {
        json!({
            "created_time": self.created.to_string(),
            "deletion_time": self.deleted.map(|deleted| deleted.to_string()).unwrap_or_default(),
            "destroyed": self.destroyed,
        })
    }
}

impl Secret {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { created: now, updated: now, ..Self::default() }
    }

    /// Returns when a version that is written or undeleted now will be deleted.
    pub(super) fn deletion(&self, config: &Settings, now: Timestamp) -> Option<Timestamp> {
        if config.delete_version_after < 0 {
            return None;
        }
        let both = [config.delete_version_after, self.settings.delete_version_after];
        let seconds = both.into_iter().filter(|seconds| *seconds != 0).min()?;
        now.checked_add(SignedDuration::from_secs(seconds)).ok()
    }

    /// Adds a version, removes those that are too old, and returns the new one.
    pub(super) fn add(&mut self, path: &str, data: Value, config: &Settings, now: Timestamp) -> Value {
        let deleted = self.deletion(config, now);
        let version = Version { data, path: path.to_owned(), created: now, deleted, destroyed: false };
        self.current += 1;
        self.versions.insert(self.current, version);
        self.updated = now;
        let max = match self.settings.max_versions.max(config.max_versions) {
            0 => DEFAULT_MAX_VERSIONS,
            max => max,
        };
        if self.current - self.oldest >= max.into() {
            self.oldest = self.current - u64::from(max) + 1;
            self.versions = self.versions.split_off(&self.oldest);
        }
        self.version_to_json(self.current)
    }

    /// Returns the metadata of a version.
    pub(super) fn version_to_json(&self, number: u64) -> Value {
        let mut object = self.versions.get(&number).map(Version::to_json).unwrap_or_default();
        object["version"] = number.into();
        object["custom_metadata"] = self.custom_metadata_to_json();
        object
    }

    fn custom_metadata_to_json(&self) -> Value {
        if self.custom_metadata.is_empty() { Value::Null } else { json!(self.custom_metadata) }
    }

    /// Returns the metadata of the secret.
    pub(super) fn to_json(&self) -> Value {
        let versions = self.versions.iter().map(|(number, version)| (number.to_string(), version.to_json()));
        let mut object = self.settings.to_json();
        object["created_time"] = self.created.to_string().into();
        object["current_metadata_version"] = self.metadata_version.into();
        object["current_version"] = self.current.into();
        object["custom_metadata"] = self.custom_metadata_to_json();
        object["oldest_version"] = self.oldest.into();
        object["updated_time"] = self.updated.to_string().into();
        object["versions"] = versions.collect();
        object
    }
}
