//! A target and a transport from environment variables.

use std::env;
use std::io;
use std::path::PathBuf;

use identity_core::{ExposeSecret, SecretString, Target, duration, error::RequestError};
#[cfg(feature = "hyper")]
use identity_hyper::{HyperTransport, HyperTransportBuilder, Proxy};

use crate::Result;
use variables::{Variables, invalid};

#[cfg(feature = "hyper")]
mod rate;
#[cfg(feature = "hyper")]
mod tls;
#[cfg(feature = "hyper")]
mod transport;
mod variables;

/// Creates a target from environment variables.
///
/// Of each pair `BAO_X` and `VAULT_X`, the first one that is set and not empty is used.
///
/// | variable | meaning |
/// |---|---|
/// | `BAO_AGENT_ADDR`, `VAULT_AGENT_ADDR` | the address of an agent, used instead of the server |
/// | `BAO_ADDR`, `VAULT_ADDR` | the address of the server, or the addresses of several nodes separated by commas. The first one is used. Defaults to `https://127.0.0.1:8200`. |
/// | `BAO_TOKEN`, `VAULT_TOKEN` | the token. Defaults to the content of the file `.vault-token` in the home directory, or to no token. |
/// | `BAO_NAMESPACE`, `VAULT_NAMESPACE` | the namespace. Defaults to the root namespace. |
/// | `BAO_WRAP_TTL`, `VAULT_WRAP_TTL` | must be zero or not set, because it would wrap every response. [`Wrap`](crate::Wrap) wraps the response of one call. |
///
#[cfg_attr(
    feature = "hyper",
    doc = "[`Client::from_env`](crate::Client::from_env) and [`transport_from_env`] also read the variables of the transport."
)]
///
/// # Errors
///
/// Fails if a variable has an invalid value, or if the token file cannot be read. The error names the
/// variable and does not show its value.
pub fn target_from_env() -> Result<Target, RequestError> {
    target(&Variables(&|name| env::var_os(name)), env::home_dir())
}

/// Returns a builder of the default transport, with the settings from environment variables.
/// [`Client::from_env`](crate::Client::from_env) lists the variables.
///
/// A token source is used only if the target has no token of its own, such as that of `VAULT_TOKEN`:
///
/// ```no_run
/// use vault_identity::transport::TokenFile;
/// use vault_identity::Client;
/// use vault_identity::env::{target_from_env, transport_from_env};
///
/// let transport = transport_from_env()?.token_source(TokenFile::new("/run/vault-agent/token")).build();
/// let client = Client::new(target_from_env()?.with_transport_token(), transport);
/// println!("{client:?}");
/// # Ok::<(), vault_identity::error::RequestError>(())
/// ```
///
/// # Errors
///
/// Fails if a variable has an invalid value. The error names the variable.
#[cfg(feature = "hyper")]
pub fn transport_from_env() -> Result<HyperTransportBuilder, RequestError> {
    transport::builder(&Variables(&|name| env::var_os(name)), Proxy::from_env)
}

fn target(variables: &Variables<'_>, home: Option<PathBuf>) -> Result<Target, RequestError> {
    variables.read("WRAP_TTL", |ttl| match duration::parse(&ttl) {
        Some(ttl) if ttl.is_zero() => Ok(()),
        _ => Err(invalid(
            "would wrap every response, and no call could read its result; use `Wrap` for single calls",
        )),
    })?;
    let mut target = Target::new(&addresses(variables)?[0])?;
    if let Some(with_token) = variables.read("TOKEN", |token| target.clone().with_token(token))? {
        target = with_token;
    } else if let Some(token) = home.map_or(Ok(None), |home| token_file(home.join(".vault-token")))? {
        target = target.with_token(token).map_err(|error| error.of("~/.vault-token"))?;
    }
    let in_namespace = variables.read("NAMESPACE", |namespace| target.clone().with_namespace(&namespace))?;
    Ok(in_namespace.unwrap_or(target))
}

/// Returns the address of the agent, or those of all nodes of the server. The list is not empty.
fn addresses(variables: &Variables<'_>) -> Result<Vec<String>, RequestError> {
    let parse_list = |list: String| {
        let addresses: Vec<String> = list.split(',').map(|address| address.trim().to_owned()).collect();
        addresses.iter().try_for_each(|address| Target::new(address).map(drop))?;
        #[cfg(feature = "hyper")]
        drop(HyperTransport::builder().addresses(&addresses)?);
        Ok(addresses)
    };
    let agent = variables.read("AGENT_ADDR", |address| Target::new(&address).map(|_| vec![address]))?;
    let server = variables.read("ADDR", parse_list)?;
    Ok(agent.or(server).unwrap_or_else(|| vec!["https://127.0.0.1:8200".to_owned()]))
}

/// Returns the hint for an unreachable default address, or `None` if a variable sets the address.
#[cfg(feature = "hyper")]
pub(crate) fn address_hint() -> Option<&'static str> {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let names = ["BAO_AGENT_ADDR", "VAULT_AGENT_ADDR", "BAO_ADDR", "VAULT_ADDR"];
    (!names.iter().any(is_set)).then_some("VAULT_ADDR is not set: the address is https://127.0.0.1:8200")
}

fn token_file(path: PathBuf) -> Result<Option<SecretString>, RequestError> {
    // Reading a pipe would block.
    if std::fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(RequestError::new("~/.vault-token", "cannot be read: it is not a regular file"));
    }
    match std::fs::read_to_string(path).map(SecretString::from) {
        Ok(token) => Ok(Some(token.expose_secret().trim()).filter(|token| !token.is_empty()).map(Into::into)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(RequestError::new("~/.vault-token", format!("cannot be read: {error}"))),
    }
}

#[cfg(test)]
mod tests;
