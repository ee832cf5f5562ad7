//! Shared helpers.

use std::env;
use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use identity_tests::faulty::{Faulty, Response};
use vault_identity::entity::CreateEntity;
use vault_identity::transport::{HyperTransport, HyperTransportBuilder, RetryPolicy};
use vault_identity::{Client, Error, Target};

/// A token that must not appear anywhere but in the header of a request.
pub(crate) const TOKEN: &str = "s.canary-token";

/// The response to a read of an entity.
pub(crate) const ENTITY: &str = r#"{"data":{"id":"e1","name":"alice"}}"#;

/// Makes one attempt for each call, with timeouts that a passing test does not reach.
pub(crate) fn single_attempt() -> HyperTransportBuilder {
    retrying().retry_policy(RetryPolicy::off())
}

/// Retries calls, with timeouts that a passing test does not reach.
pub(crate) fn retrying() -> HyperTransportBuilder {
    HyperTransport::builder().connect_timeout(Duration::from_secs(10)).timeout(Duration::from_secs(10))
}

pub(crate) fn target(server: &Faulty) -> Target {
    Target::new(&server.url()).unwrap().with_token(TOKEN).unwrap()
}

pub(crate) fn client_with(server: &Faulty, transport: HyperTransportBuilder) -> Client {
    Client::new(target(server), transport.build())
}

pub(crate) fn client(server: &Faulty) -> Client {
    client_with(server, single_attempt())
}

/// Starts a server that always sends this response, and a client of it.
pub(crate) fn server_and_client(response: Response) -> (Faulty, Client) {
    let server = Faulty::always(response);
    let client = client(&server);
    (server, client)
}

/// Returns everything that an error and its sources print.
pub(crate) fn error_text(error: &Error) -> String {
    let mut text = format!("{error} {error:#} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let _ = write!(text, " {error} {error:?}");
        source = error.source();
    }
    text
}

/// Makes one call of each kind of endpoint, concurrently, and returns their errors.
pub(crate) async fn errors_of_all_calls(client: &Client) -> [(&'static str, Option<Error>); 6] {
    let unnamed = CreateEntity::unnamed().metadata([("secret", "canary-body")]);
    let (entities, oidc) = (client.entities(), client.oidc());
    let (read, find, list, create, discovery, user_info) = tokio::join!(
        entities.read_by_name("canary-name"),
        entities.find("canary-id"),
        entities.list(),
        entities.create(&unnamed),
        oidc.tokens().discovery(),
        oidc.providers().user_info("web", "canary-access-token"),
    );
    [
        ("read", read.err()),
        ("find", find.err()),
        ("list", list.err()),
        ("create", create.err()),
        ("discovery", discovery.err()),
        ("user_info", user_info.err()),
    ]
}

/// Awaits a future and measures how long it takes.
pub(crate) async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let output = future.await;
    (output, start.elapsed())
}

/// Waits until a condition holds, for up to 5 seconds.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(5), "not within 5 s: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Runs the test with this name in a child process with these variables, and returns `true`. Returns `false`
/// in that child process.
pub(crate) fn ran_in_subprocess(test: &str, variables: &[(&str, &str)]) -> bool {
    const CHILD: &str = "IDENTITY_TESTS_ALONE";
    if env::var_os(CHILD).is_some() {
        return false;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).env(CHILD, "1").envs(variables.iter().copied());
    let output = command.output().unwrap();
    let printed =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && printed.contains("1 passed"), "{test} in a child process: {printed}");
    true
}

/// Returns the peak memory of this process in bytes.
#[cfg(target_os = "linux")]
pub(crate) fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
