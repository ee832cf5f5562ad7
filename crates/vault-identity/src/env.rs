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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn from(variables: &[(&str, &str)], home: Option<PathBuf>) -> Result<Target, String> {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        target_from(|name| variables.get(name).map(Into::into), home).map_err(|error| error.to_string())
    }

    fn request(variables: &[(&str, &str)], home: Option<PathBuf>) -> http::Request<bytes::Bytes> {
        use identity_core::{Endpoint, ListEntities};
        ListEntities.request(&from(variables, home).unwrap()).unwrap()
    }

    #[test]
    fn nothing_set_is_the_local_server_without_a_token() {
        let request = request(&[], None);
        assert_eq!(request.uri(), "https://127.0.0.1:8200/v1/identity/entity/id");
        assert!(!request.headers().contains_key("x-vault-token"));
        assert!(!request.headers().contains_key("x-vault-namespace"));
    }

    #[test]
    fn bao_comes_before_vault_and_an_empty_value_hides_nothing() {
        let both = [
            ("BAO_ADDR", "http://bao:1"),
            ("VAULT_ADDR", "http://vault:2"),
            ("BAO_TOKEN", ""),
            ("VAULT_TOKEN", "from-vault"),
            ("BAO_NAMESPACE", "team"),
            ("VAULT_NAMESPACE", "other"),
        ];
        let request = request(&both, None);
        assert_eq!(request.uri().authority().unwrap(), "bao:1");
        assert_eq!(request.headers()["x-vault-token"], "from-vault");
        assert_eq!(request.headers()["x-vault-namespace"], "team");
    }

    #[test]
    fn the_token_file_is_trimmed_and_only_read_if_no_token_is_set() {
        let home = tempfile::tempdir().unwrap();
        let path = || Some(home.path().to_owned());
        assert!(!request(&[], path()).headers().contains_key("x-vault-token"));
        std::fs::write(home.path().join(".vault-token"), "from-file\n").unwrap();
        assert_eq!(request(&[], path()).headers()["x-vault-token"], "from-file");
        assert_eq!(request(&[("VAULT_TOKEN", "set")], path()).headers()["x-vault-token"], "set");
        std::fs::write(home.path().join(".vault-token"), "\n").unwrap();
        assert!(!request(&[], path()).headers().contains_key("x-vault-token"));
    }

    #[test]
    fn a_token_file_that_cannot_be_read_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".vault-token")).unwrap();
        let error = from(&[], Some(home.path().to_owned())).unwrap_err();
        assert!(error.starts_with("`~/.vault-token` cannot be read"), "{error}");
    }

    #[test]
    fn a_bad_value_names_its_variable_and_is_not_shown() {
        for (name, value) in [
            ("VAULT_ADDR", "canary:8200"),
            ("BAO_ADDR", "http://user:canary@host"),
            ("VAULT_TOKEN", "canary\n"),
            ("BAO_NAMESPACE", "canary\r\nx: y"),
        ] {
            let error = from(&[(name, value)], None).unwrap_err();
            assert!(error.starts_with(&format!("`{name}` ")), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_unicode_is_an_error() {
        use std::os::unix::ffi::OsStringExt;
        let get = |name: &str| (name == "VAULT_TOKEN").then(|| OsString::from_vec(vec![0xff]));
        assert_eq!(target_from(get, None).unwrap_err().to_string(), "`VAULT_TOKEN` is not Unicode");
    }
}
