use std::env;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use crate::{DevServerError, binary, live, process};

/// Set in the process that runs in the namespace.
const INSIDE: &str = "VAULT_IDENTITY_NETWORK";
const TABLE: &str = "table inet loss { chain input { type filter hook input priority 0; }; }";

/// A network namespace of this process and its children, in which packets on loopback can be dropped. They
/// have their own mount namespace as well.
#[derive(Debug)]
pub struct Network(());

/// Packets are dropped until this guard is dropped.
#[derive(Debug)]
#[must_use]
pub struct Loss(());

impl Network {
    /// Runs a test, given by its path, in a child process with its own network.
    ///
    /// The network needs Linux, `unshare`, `ip`, `nft`, and the permission to use them. Without these,
    /// reports the reason on standard error, and runs the test in this process without a network.
    ///
    /// # Panics
    ///
    /// Panics if the test fails.
    pub fn with(test: &str, run: impl FnOnce(Option<&Self>)) {
        if env::var_os(INSIDE).is_some() {
            return run(Some(&Self(())));
        }
        let Some(mut unshare) = unshare() else {
            let why =
                "skipped: loss of packets, which needs `unshare`, `ip`, `nft` and the permission to use them";
            // Not `eprintln!`: the test harness captures that in passing tests.
            let _ = writeln!(io::stderr(), "{why}");
            return run(None);
        };
        let test = this_test(&mut unshare, test);
        assert!(test.is_ok_and(|passed| passed), "the test has failed in its own network");
    }

    /// Runs a command of `nft`. There is a table `inet loss`, and in it a chain `input` for incoming packets.
    ///
    /// # Panics
    ///
    /// Panics if the command fails.
    pub fn nft(&self, command: &str) {
        nft(command);
    }

    /// Drops the packets to these ports that are not from a balancer. If `both_ways`, drops those from these
    /// ports as well.
    ///
    /// # Panics
    ///
    /// Panics if the kernel rejects the rules.
    pub fn lose(&self, ports: &[u16], both_ways: bool) -> Loss {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        let ports = ports.join(", ");
        nft(&format!("add rule inet loss input ip saddr 127.0.0.1 tcp dport {{ {ports} }} drop"));
        if both_ways {
            nft(&format!("add rule inet loss input ip daddr 127.0.0.1 tcp sport {{ {ports} }} drop"));
        }
        Loss(())
    }
}

impl Drop for Loss {
    fn drop(&mut self) {
        nft("flush chain inet loss input");
    }
}

fn nft(command: &str) {
    let status = Command::new("nft").arg(command).status();
    assert!(status.is_ok_and(|status| status.success()), "nft \"{command}\" has failed");
}

/// Returns a command that runs another command in a network namespace: as root or, where the system allows
/// it, as a user who is root only there.
fn unshare() -> Option<Command> {
    let script = format!("ip link set lo up && nft '{TABLE}' && exec \"$@\" 2>&1");
    ["-nm", "-rnm"].into_iter().find_map(|options| {
        let arguments = [options, "sh", "-c", &script, "sh"];
        let mut probe = Command::new("unshare");
        let probe = probe.args(arguments).arg("true").output();
        probe.is_ok_and(|output| output.status.success()).then(|| {
            let mut command = process::command("unshare".as_ref());
            command.args(arguments);
            command
        })
    })
}

/// Runs one test of this program with its output. Returns `true` if it has passed.
fn this_test(unshare: &mut Command, test: &str) -> Result<bool, DevServerError> {
    let failed = |error: io::Error| DevServerError::new(format!("{test} could not be run: {error}"));
    if live() {
        // The namespace has no network to install it from.
        unshare.env("VAULT_IDENTITY_SERVER", binary::find()?).env_remove("VAULT_IDENTITY_SERVER_VERSION");
    }
    let mut child = unshare
        .arg(env::current_exe().map_err(failed)?)
        .args(["--exact", "--nocapture", test])
        .env(INSIDE, "own")
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    // The process ends when this is closed, which `wait` would do.
    let _stdin = child.stdin.take();
    // An unknown test name runs no test and succeeds.
    let mut has_run = false;
    for line in child.stdout.take().into_iter().flat_map(|output| BufReader::new(output).lines()) {
        let line = line.map_err(failed)?;
        has_run |= line.contains("1 passed");
        println!("{line}");
    }
    child.wait().map(|status| status.success() && has_run).map_err(failed)
}
