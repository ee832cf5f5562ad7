use std::env;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use crate::{DevServerError, binary, live, process};

/// Set for the process that works in the namespace.
const INSIDE: &str = "VAULT_IDENTITY_NETWORK";
const TABLE: &str = "table inet loss { chain input { type filter hook input priority 0; }; }";

/// The loopback interface of a network namespace that only this process and those that it starts are in, to
/// lose packets of. They have a mount namespace of their own as well.
#[derive(Debug)]
pub struct Network(());

/// Packets are lost until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Loss(());

impl Network {
    /// Runs a test, given by its path, in a process of its own with a network of its own.
    ///
    /// Where that is not possible (it needs Linux, `unshare`, `ip`, `nft`, and the right to use them),
    /// reports that on standard error, and runs it here without a network.
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
                "skipped: loss of packets, which needs `unshare`, `ip`, `nft` and the right to use them";
            // Not `eprintln!`: the test harness swallows that in passing tests.
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

    /// Loses the packets to these ports that do not come from a balancer, and if `also_back`, those from
    /// these ports.
    ///
    /// # Panics
    ///
    /// Panics if the kernel refuses the rules.
    pub fn lose(&self, ports: &[u16], also_back: bool) -> Loss {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        let ports = ports.join(", ");
        nft(&format!("add rule inet loss input ip saddr 127.0.0.1 tcp dport {{ {ports} }} drop"));
        if also_back {
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

/// A command that runs another one in a network namespace, as root or, where the system lets users do so, as
/// one who is root there only.
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

/// Runs one test of this program, and prints what it prints. Whether it has passed.
fn this_test(unshare: &mut Command, test: &str) -> Result<bool, DevServerError> {
    let failed = |error: io::Error| DevServerError::new(format!("{test} could not be run: {error}"));
    if live() {
        // It cannot be installed inside.
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
    // Of an unknown test nothing fails.
    let mut has_run = false;
    for line in child.stdout.take().into_iter().flat_map(|output| BufReader::new(output).lines()) {
        let line = line.map_err(failed)?;
        has_run |= line.contains("1 passed");
        println!("{line}");
    }
    child.wait().map(|status| status.success() && has_run).map_err(failed)
}
