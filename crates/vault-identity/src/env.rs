use std::env;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use identity_core::{RequestError, Target};

use crate::Result;

/// Where requests go as the environment says. Of each pair the first that is set and not empty counts.
///
/// | variable | if there is none |
/// |---|---|
/// | `BAO_ADDR`, `VAULT_ADDR` | `https://127.0.0.1:8200` |
/// | `BAO_TOKEN`, `VAULT_TOKEN` | the file `.vault-token` in the home directory; without one, no token |
/// | `BAO_NAMESPACE`, `VAULT_NAMESPACE` | the root namespace |
///
/// A value that cannot be used is an error that names the variable, and does not show the value.
pub fn target_from_env() -> Result<Target, RequestError> {
    target_from(|name| env::var_os(name), env::home_dir())
}

fn target_from(
    get: impl Fn(&str) -> Option<OsString>,
    home: Option<PathBuf>,
) -> Result<Target, RequestError> {
    let variable = |names: [&'static str; 2]| {
        let found =
            names.into_iter().find_map(|name| Some((name, get(name).filter(|value| !value.is_empty())?)));
        match found {
            None => Ok(None),
            Some((name, value)) => {
                let value = value.into_string().map_err(|_| RequestError::new(name, "is not Unicode"))?;
                Ok(Some((name, value)))
            }
        }
    };
    let mut target = match variable(["BAO_ADDR", "VAULT_ADDR"])? {
        Some((name, address)) => Target::new(&address).map_err(|error| error.of(name))?,
        None => Target::new("https://127.0.0.1:8200")?,
    };
    if let Some((name, token)) = variable(["BAO_TOKEN", "VAULT_TOKEN"])? {
        target = target.with_token(token).map_err(|error| error.of(name))?;
    } else if let Some(token) = home.map_or(Ok(None), |home| token_file(home.join(".vault-token")))? {
        target = target.with_token(token).map_err(|error| error.of("~/.vault-token"))?;
    }
    if let Some((name, namespace)) = variable(["BAO_NAMESPACE", "VAULT_NAMESPACE"])? {
        target = target.with_namespace(&namespace).map_err(|error| error.of(name))?;
    }
    Ok(target)
}

fn token_file(path: PathBuf) -> Result<Option<String>, RequestError> {
    match std::fs::read_to_string(path) {
        Ok(token) => Ok(Some(token.trim().to_owned()).filter(|token| !token.is_empty())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(RequestError::new("~/.vault-token", format!("cannot be read: {}", error.kind()))),
    }
}
