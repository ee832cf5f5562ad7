//! What the promises have in common.

use std::env;
use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use identity_tests::faulty::{Answer, Faulty};
use vault_identity::transport::{HyperTransport, HyperTransportBuilder, RetryPolicy};
use vault_identity::{Client, Error, Target, entity::CreateEntity};

/// Never to be seen anywhere but in the header of a request.
pub(crate) const TOKEN: &str = "s.canary-token";

/// An entity as the server would tell it.
pub(crate) const ENTITY: &str = r#"{"data":{"id":"e1","name":"alice"}}"#;

/// One attempt for each call, and time limits so wide that a test which meets one has failed.
pub(crate) fn once() -> HyperTransportBuilder {
    patient().retry_policy(RetryPolicy::off())
}

/// As many attempts as it takes, within limits so wide that a test which meets one has failed.
pub(crate) fn patient() -> HyperTransportBuilder {
    HyperTransport::builder().connect_timeout(Duration::from_secs(10)).timeout(Duration::from_secs(10))
}

pub(crate) fn target(server: &Faulty) -> Target {
    Target::new(&server.url()).unwrap().with_token(TOKEN).unwrap()
}

pub(crate) fn client_with(server: &Faulty, transport: HyperTransportBuilder) -> Client {
    Client::new(target(server), transport.build())
}

pub(crate) fn client(server: &Faulty) -> Client {
    client_with(server, once())
}

/// A server that answers everything with this, and its client.
pub(crate) fn pair(answer: Answer) -> (Faulty, Client) {
    let server = Faulty::always(answer);
    let client = client(&server);
    (server, client)
}

/// All that an error shows of itself and its sources.
pub(crate) fn shown(error: &Error) -> String {
    let mut shown = format!("{error} {error:#} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let _ = write!(shown, " {error} {error:?}");
        source = error.source();
    }
    shown
}

/// How each kind of endpoint reads an answer that is none: a single call of each, all at once.
pub(crate) async fn refusals(client: &Client) -> [(&'static str, Option<Error>); 6] {
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

/// Runs a future and says how long it took.
pub(crate) async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let output = future.await;
    (output, start.elapsed())
}

/// Waits until it is so. It does not become so for ever.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(5), "not so: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Runs the test of this name once more, in a process of its own and with these variables. It says `false` in
/// that process, which then has to do the work.
pub(crate) fn runs_alone(test: &str, variables: &[(&str, &str)]) -> bool {
    const MARK: &str = "IDENTITY_TESTS_ALONE";
    if env::var_os(MARK).is_some() {
        return false;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).env(MARK, "1").envs(variables.iter().copied());
    let output = command.output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{test} alone: {said}");
    true
}

/// The most memory that this process has ever had in use, in bytes.
#[cfg(target_os = "linux")]
pub(crate) fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
