//! Where the examples run: at the server that the environment names, or at one of their own.

use std::env;
use std::error::Error;

use identity_tests::DevServer;
use vault_identity::{Target, env::target_from_env};

/// Whether the environment names a server.
pub fn is_named() -> bool {
    ["BAO_ADDR", "VAULT_ADDR"]
        .into_iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Where to send requests, and the server if it is one of our own: it runs for as long as it is kept.
pub fn target() -> Result<(Target, Option<DevServer>), Box<dyn Error>> {
    if is_named() {
        return Ok((target_from_env()?, None));
    }
    println!("VAULT_ADDR is not set: starting a development server (the first time it is downloaded)");
    let server = DevServer::start()?;
    let target = Target::new(server.address())?.with_token(server.token())?;
    Ok((target, Some(server)))
}
