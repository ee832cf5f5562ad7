//! The server that the examples use: the one set in the environment, or a temporary one.

use std::env;
use std::error::Error;

use identity_tests::DevServer;
use vault_identity::Target;
use vault_identity::env::target_from_env;

/// Returns `true` if the environment sets a server.
pub fn is_set() -> bool {
    ["BAO_ADDR", "VAULT_ADDR"]
        .into_iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Returns the target, and the server if it is a temporary one, which runs until it is dropped.
pub fn target() -> Result<(Target, Option<DevServer>), Box<dyn Error>> {
    if is_set() {
        return Ok((target_from_env()?, None));
    }
    println!("VAULT_ADDR is not set: starting a development server (downloaded the first time)");
    let server = DevServer::start()?;
    let target = Target::new(server.address())?.with_token(server.token())?;
    Ok((target, Some(server)))
}
