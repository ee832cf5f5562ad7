use std::env;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// A server program that is stopped on drop and when this process ends.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    output: File,
}

impl Process {
    pub(crate) fn spawn(program: &Path, arguments: &[&str]) -> io::Result<Self> {
        let output = tempfile::tempfile()?;
        let mut command = command(program);
        command.args(arguments).stdout(output.try_clone()?).stderr(output.try_clone()?);
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("BAO_") || text.starts_with("VAULT_") {
                command.env_remove(&name);
            }
        }
        Ok(Self { child: command.spawn()?, output })
    }

    pub(crate) fn exit_status(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Sends the server a signal by its name, such as `TERM`.
    #[cfg(unix)]
    pub(crate) fn signal(&mut self, name: &str) -> io::Result<()> {
        use std::io::Write as _;

        let pipe = self.child.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(pipe, "{name}")
    }

    /// Ends the server and returns its output.
    pub(crate) fn into_output(mut self) -> io::Result<Vec<u8>> {
        // Before reading, because this handle shares its position with those of the server.
        self.stop()?;
        let mut output = Vec::new();
        self.output.rewind()?;
        self.output.read_to_end(&mut output)?;
        Ok(output)
    }

    fn stop(&mut self) -> io::Result<()> {
        // On Unix the wait closes the pipe, and that ends the server.
        #[cfg(not(unix))]
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

/// Returns a shell command that runs the program, sends it the signals named on standard input, and kills it
/// at the end of the input. Only this process holds the other end of that pipe, so the program ends however
/// this process does.
#[cfg(unix)]
pub(crate) fn command(program: &Path) -> Command {
    const SCRIPT: &str = r#"
        exec 3<&0
        "$@" &
        server=$!
        { while read -r signal <&3; do kill -s "$signal" "$server"; done; kill -s KILL "$server"; } &
        watch=$!
        wait "$server"
        status=$?
        kill "$watch"
        exit "$status"
    "#;

    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, "sh"]).arg(program).stdin(Stdio::piped());
    command
}

#[cfg(not(unix))]
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}
