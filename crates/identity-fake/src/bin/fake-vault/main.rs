//! Serves a [`FakeVault`] over HTTP, for programs in other languages and for experiments.
//! `fake-vault --help` lists the options.

mod listener;
mod options;
mod respond;
mod seed;
mod serve;
mod tls;

use std::error::Error;
use std::io::{Write as _, stderr, stdout};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use identity_fake::{FakeVault, Fault};

use self::options::Options;
use self::respond::Responder;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Ends the process with status 2 if the options are invalid.
    match run(Options::parse()).await {
        Ok(status) => status,
        Err(problem) => {
            let _ = writeln!(stderr(), "fake-vault: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<ExitCode, Box<dyn Error>> {
    let listener = listener::bind(&options.listen, options.allow_non_loopback).await?;
    let tls = tls::acceptor(&options)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = format!("{scheme}://{}", listener.local_addr()?);

    let vault = FakeVault::new().without_recording().with_root_token(options.root_token);
    let vault = vault.with_address(options.api_address.unwrap_or_else(|| address.clone()));
    if let Some(file) = &options.seed {
        seed::load(&vault, file)?;
    }
    if options.delay_ms > 0 {
        vault.fail_times(usize::MAX, Fault::Delay(Duration::from_millis(options.delay_ms)));
    }

    // From the ready line on the process ends gracefully.
    let signals = serve::Signals::new()?;
    // The process goes on without a reader of its output.
    let _ = writeln!(stdout(), "FakeVault listens on {address}");
    if options.tls_self_signed {
        let _ = writeln!(stdout(), "Its clients have to trust {}", options.tls_cert_out.display());
    }
    let timeout = Duration::from_secs(options.read_timeout);
    let responder = Responder { vault, timeout, verbose: options.verbose };
    serve::serve(listener, tls, responder, signals).await
}
