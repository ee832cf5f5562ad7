//! What the environment of the process says.

use std::env;
use std::io;
use std::path::PathBuf;

use identity_core::{ExposeSecret, SecretString, Target, duration, error::RequestError};
#[cfg(feature = "hyper")]
use identity_hyper::{HyperTransport, HyperTransportBuilder, Proxy};

use crate::Result;
use variables::{Variables, refusal};

#[cfg(feature = "hyper")]
mod rate;
#[cfg(feature = "hyper")]
mod tls;
#[cfg(feature = "hyper")]
mod transport;
mod variables;

/// Where requests go as the environment says, and on whose behalf. Of each pair of `BAO_X` and `VAULT_X` the
/// first that is set and not empty counts.
///
/// | variable | if there is none |
/// |---|---|
/// | `BAO_AGENT_ADDR`, `VAULT_AGENT_ADDR`: the address of an agent, which is asked instead of the server | the server is asked |
/// | `BAO_ADDR`, `VAULT_ADDR`: the server's address; of several with commas between them the first | `https://127.0.0.1:8200` |
/// | `BAO_TOKEN`, `VAULT_TOKEN` | the file `.vault-token` in the home directory; without one, no token |
/// | `BAO_NAMESPACE`, `VAULT_NAMESPACE` | the root namespace |
/// | `BAO_WRAP_TTL`, `VAULT_WRAP_TTL`: must be no time at all, for a call could not read its result from an answer that is wrapped. [`Wrap`](crate::Wrap) wraps the answer of one call. | |
///
/// A value that cannot be used is an error that names the variable, and does not show the value.
///
#[cfg_attr(
    feature = "hyper",
    doc = "[`Client::from_env`](crate::Client::from_env) reads what concerns the transport as well, and so does [`transport_from_env`]."
)]
pub fn target_from_env() -> Result<Target, RequestError> {
    target(&Variables(&|name| env::var_os(name)), env::home_dir())
}

/// The default transport as the environment says, to be set up further. [`Client::from_env`](crate::Client::from_env)
/// tells which variables are read.
///
/// A source of tokens counts where the target has no token of its own, such as that of `VAULT_TOKEN`:
///
/// ```no_run
/// use vault_identity::transport::TokenFile;
/// use vault_identity::{Client, env::{target_from_env, transport_from_env}};
///
/// let transport = transport_from_env()?.token_source(TokenFile::new("/run/vault-agent/token")).build();
/// let client = Client::new(target_from_env()?.with_transport_token(), transport);
/// println!("{client:?}");
/// # Ok::<(), vault_identity::error::RequestError>(())
/// ```
#[cfg(feature = "hyper")]
pub fn transport_from_env() -> Result<HyperTransportBuilder, RequestError> {
    transport::builder(&Variables(&|name| env::var_os(name)), Proxy::from_env)
}

fn target(variables: &Variables<'_>, home: Option<PathBuf>) -> Result<Target, RequestError> {
    variables.read("WRAP_TTL", |ttl| match duration::parse(&ttl) {
        Some(ttl) if ttl.is_zero() => Ok(()),
        _ => Err(refusal("would wrap every answer, and no call could read its result; use `Wrap` for those that are to be wrapped")),
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

/// The addresses of the agent, or of all nodes of the server. There is at least one.
fn addresses(variables: &Variables<'_>) -> Result<Vec<String>, RequestError> {
    let checked = |list: String| {
        let addresses: Vec<String> = list.split(',').map(|address| address.trim().to_owned()).collect();
        addresses.iter().try_for_each(|address| Target::new(address).map(drop))?;
        #[cfg(feature = "hyper")]
        drop(HyperTransport::builder().addresses(&addresses)?);
        Ok(addresses)
    };
    let agent = variables.read("AGENT_ADDR", |address| Target::new(&address).map(|_| vec![address]))?;
    let server = variables.read("ADDR", checked)?;
    Ok(agent.or(server).unwrap_or_else(|| vec!["https://127.0.0.1:8200".to_owned()]))
}

/// The hint for the error if the default address cannot be reached.
#[cfg(feature = "hyper")]
pub(crate) fn address_hint() -> Option<&'static str> {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let names = ["BAO_AGENT_ADDR", "VAULT_AGENT_ADDR", "BAO_ADDR", "VAULT_ADDR"];
    (!names.iter().any(is_set)).then_some("VAULT_ADDR is not set: the address is https://127.0.0.1:8200")
}

fn token_file(path: PathBuf) -> Result<Option<SecretString>, RequestError> {
    // Reading a pipe would hang.
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
