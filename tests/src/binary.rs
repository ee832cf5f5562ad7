use std::env::{self, consts::EXE_SUFFIX};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::{DevServerError, install};

const PROGRAM: &str = "VAULT_IDENTITY_SERVER";
const VERSION: &str = "VAULT_IDENTITY_SERVER_VERSION";

/// Finds the server program: the configured one, or an installation of the configured version, or one on
/// `PATH`, or an installation of the default version.
pub(crate) fn find() -> Result<PathBuf, DevServerError> {
    let [program, version, path] = [PROGRAM, VERSION, "PATH"].map(env::var_os);
    find_in(program, version, path, install::installed)
}

fn find_in(
    program: Option<OsString>,
    version: Option<OsString>,
    path: Option<OsString>,
    install: impl FnOnce(&str) -> Result<PathBuf, DevServerError>,
) -> Result<PathBuf, DevServerError> {
    let is_set = |value: &OsString| !value.is_empty();
    match (program.filter(is_set), version.filter(is_set)) {
        (Some(_), Some(_)) => {
            Err(DevServerError::new(format!("{PROGRAM} and {VERSION} are both set: unset one of them")))
        }
        (Some(program), None) => usable(&program),
        (None, Some(version)) => install(&version.to_string_lossy()),
        (None, None) => {
            let path = path.unwrap_or_default();
            let found = ["bao", "vault"].iter().find_map(|name| on_path(&path, name));
            found.map_or_else(|| install(install::DEFAULT_VERSION), Ok)
        }
    }
}

fn usable(configured: &OsStr) -> Result<PathBuf, DevServerError> {
    // Absolute, because a bare name would be looked up on `PATH`.
    std::path::absolute(configured).ok().filter(|file| is_executable(file)).ok_or_else(|| {
        DevServerError::new(format!(
            "{PROGRAM} is \"{}\", which is not an executable file: \
             set it to the path of a `bao` or `vault` program, or unset it",
            configured.display()
        ))
    })
}

pub(crate) fn on_path(path: &OsStr, name: &str) -> Option<PathBuf> {
    env::split_paths(path)
        .map(|directory| directory.join(format!("{name}{EXE_SUFFIX}")))
        .find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    file.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory_with(programs: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for name in programs {
            let file = directory.path().join(format!("{name}{EXE_SUFFIX}"));
            std::fs::write(&file, "").unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        directory
    }

    fn not_installed(_: &str) -> Result<PathBuf, DevServerError> {
        Err(DevServerError::new("not installed"))
    }

    #[test]
    fn an_unusable_configured_program_is_an_error_naming_the_variable() {
        let directory = directory_with(&["bao"]);
        let path = Some(directory.path().into());
        for unusable in [directory.path().join("missing"), directory.path().into()] {
            let error = find_in(Some(unusable.into()), None, path.clone(), not_installed).unwrap_err();
            assert!(error.to_string().contains("VAULT_IDENTITY_SERVER"), "{error}");
        }
    }

    #[test]
    fn the_configured_program_comes_first() {
        let directory = directory_with(&["bao", "mine"]);
        let mine = directory.path().join(format!("mine{EXE_SUFFIX}"));
        let path = Some(directory.path().into());
        assert_eq!(find_in(Some(mine.clone().into()), None, path, not_installed).unwrap(), mine);
    }

    #[test]
    fn bao_comes_before_vault() {
        let (first, second) = (directory_with(&["vault"]), directory_with(&["bao", "vault"]));
        let path = env::join_paths([first.path(), second.path()]).unwrap();
        let bao = second.path().join(format!("bao{EXE_SUFFIX}"));
        assert_eq!(find_in(None, None, Some(path), not_installed).unwrap(), bao);
    }

    #[test]
    fn vault_comes_before_an_installation() {
        let directory = directory_with(&["vault"]);
        let vault = directory.path().join(format!("vault{EXE_SUFFIX}"));
        let found = find_in(None, None, Some(directory.path().into()), not_installed).unwrap();
        assert_eq!(found, vault);
    }

    #[test]
    fn a_configured_version_is_installed_whatever_is_on_path() {
        let directory = directory_with(&["bao"]);
        let installed = |version: &str| Ok(PathBuf::from(version));
        let found = find_in(None, Some("2.6.1".into()), Some(directory.path().into()), installed);
        assert_eq!(found.unwrap(), Path::new("2.6.1"));
        let error = find_in(Some("bao".into()), Some("2.6.1".into()), None, installed).unwrap_err();
        assert!(error.to_string().contains("VAULT_IDENTITY_SERVER_VERSION"), "{error}");
    }

    #[test]
    fn the_installation_comes_last() {
        let installed = |version: &str| Ok(PathBuf::from(version));
        let default = Path::new(install::DEFAULT_VERSION);
        assert_eq!(find_in(None, None, None, installed).unwrap(), default);
        assert_eq!(find_in(Some("".into()), Some("".into()), None, installed).unwrap(), default);
    }
}
