#![allow(clippy::doc_markdown, reason = "the comments are the text of `--help`")]

use std::path::PathBuf;

use clap::Parser;

/// Serves FakeVault, an in-memory server for tests that behaves like OpenBao.
///
/// It has no security: anyone who can connect can read what it stores. It keeps nothing on disk, and ends on
/// SIGTERM and SIGINT once the requests in flight have their responses.
#[derive(Parser)]
#[command(name = "fake-vault", version)]
pub(crate) struct Options {
    /// Address to listen on. Port 0 selects a free port.
    #[arg(
        short,
        long,
        env = "FAKE_VAULT_LISTEN",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:8200",
        value_parser = host_and_port
    )]
    pub(crate) listen: String,

    /// Allow an address that other machines can reach, such as 0.0.0.0:8200 in a container.
    #[arg(long, env = "FAKE_VAULT_ALLOW_NON_LOOPBACK")]
    pub(crate) allow_non_loopback: bool,

    /// URL at which clients reach the server. The issuers of OIDC tokens begin with it. Defaults to the
    /// address that it listens on.
    #[arg(long, env = "FAKE_VAULT_API_ADDRESS", value_name = "URL", value_parser = url)]
    pub(crate) api_address: Option<String>,

    /// Root token.
    #[arg(
        short = 't',
        long,
        env = "FAKE_VAULT_ROOT_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        default_value = "root",
        value_parser = token
    )]
    pub(crate) root_token: String,

    /// JSON file with the objects to begin with.
    #[arg(short, long, env = "FAKE_VAULT_SEED", value_name = "FILE")]
    pub(crate) seed: Option<PathBuf>,

    /// Serve HTTPS with a new certificate for localhost, 127.0.0.1, ::1 and the host of --listen.
    #[arg(long, env = "FAKE_VAULT_TLS_SELF_SIGNED", conflicts_with_all = ["tls_cert", "tls_key"])]
    pub(crate) tls_self_signed: bool,

    /// File that --tls-self-signed writes the certificate of its CA to, which clients have to trust.
    #[arg(long, env = "FAKE_VAULT_TLS_CERT_OUT", value_name = "FILE", default_value = "fake-vault-ca.pem")]
    pub(crate) tls_cert_out: PathBuf,

    /// Serve HTTPS with this certificate chain (PEM).
    #[arg(long, env = "FAKE_VAULT_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Private key of --tls-cert (PEM).
    #[arg(long, env = "FAKE_VAULT_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Delay of each response in milliseconds.
    #[arg(long, env = "FAKE_VAULT_DELAY_MS", value_name = "MS", default_value_t = 0)]
    pub(crate) delay_ms: u64,

    /// Seconds that a client has to send a request. An idle connection is closed after them too.
    #[arg(
        long,
        env = "FAKE_VAULT_READ_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=86_400)
    )]
    pub(crate) read_timeout: u64,

    /// Log each request to standard error: its time, method, path, status and duration.
    #[arg(short, long, env = "FAKE_VAULT_VERBOSE")]
    pub(crate) verbose: bool,
}

fn host_and_port(text: &str) -> Result<String, &'static str> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err("expected HOST:PORT, such as localhost:8200 or [::1]:8200"),
    }
}

fn url(text: &str) -> Result<String, &'static str> {
    let host = text.strip_prefix("http://").or(text.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("expected a URL, such as https://vault.test:8200"),
    }
}

fn token(text: &str) -> Result<String, &'static str> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("expected printable ASCII characters without spaces")
    }
}
