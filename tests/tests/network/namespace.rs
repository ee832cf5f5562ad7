use std::env;
use std::io::{self, Write as _};
use std::process::Command;

/// Set for the process inside.
const INSIDE: &str = "VAULT_IDENTITY_NETWORK_NAMESPACE";

/// Has `test` run in a network and a mount namespace of its own, in which it may do as it likes: returns
/// `true` there. Needs root, `unshare`, `ip` and `nft`; without them the test is skipped with a message.
pub(crate) fn enter(test: &str) -> bool {
    if is_inside() {
        run("ip", &["link", "set", "lo", "up"]);
        return true;
    }
    let probe = "ip link set lo up && nft add table inet probe";
    let tools = Command::new("unshare").args(["-n", "-m", "sh", "-c", probe]).output();
    if !tools.as_ref().is_ok_and(|probe| probe.status.success()) {
        // Not `eprintln!`: the test harness swallows that in passing tests.
        let _ = writeln!(io::stderr(), "skipped: {test} needs root, `unshare`, `ip` and `nft`: {tools:?}");
        return false;
    }
    let program = env::current_exe().expect("a test has a program");
    let output = Command::new("unshare")
        .args(["-n", "-m"])
        .arg(program)
        .args(["--exact", "--nocapture", test])
        .env(INSIDE, "1")
        .output()
        .expect("`unshare` runs");
    let report = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && report.contains("1 passed"), "{report}");
    false
}

pub(crate) fn is_inside() -> bool {
    env::var_os(INSIDE).is_some()
}

pub(crate) fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().expect("it has run before");
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
}

/// Drops all packets that match, from now on.
pub(crate) fn drop_packets(rule: &str) {
    run("nft", &["add", "table", "inet", "test"]);
    run("nft", &["add", "chain", "inet", "test", "in", "{ type filter hook input priority 0; }"]);
    run("nft", &["add", "rule", "inet", "test", "in", rule, "drop"]);
}

/// Lets all packets pass again.
pub(crate) fn heal() {
    run("nft", &["flush", "chain", "inet", "test", "in"]);
}
