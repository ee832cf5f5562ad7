use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A running `fake-vault`, which is killed on drop.
pub(crate) struct Server {
    pub(crate) child: Child,
    /// Its URL, from the ready line.
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_command(command(args))
    }

    pub(crate) fn start_command(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let Some(url) = ready.strip_prefix("FakeVault listens on ") else {
            panic!("{ready:?}, {}", child.wait_with_output().unwrap().stderr.escape_ascii())
        };
        Self { url: url.trim_end().to_owned(), child }
    }

    pub(crate) fn address(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends a request with the root token and returns the response with its head.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = self.connect();
        stream.write_all(request(method, path, body).as_bytes()).unwrap();
        read(stream)
    }

    /// Ends the server and returns what it wrote to standard error.
    pub(crate) fn into_stderr(mut self) -> String {
        self.child.kill().unwrap();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        stderr
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-vault"));
    command.env("FAKE_VAULT_LISTEN", "127.0.0.1:0").args(args);
    command
}

/// Runs a `fake-vault` that ends by itself.
pub(crate) fn run(args: &[&str]) -> Output {
    let mut child = command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            panic!("fake-vault {args:?} does not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// Returns the standard error of a `fake-vault` that must end with this status.
pub(crate) fn failure(args: &[&str], status: i32) -> String {
    let output = run(args);
    let problem = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{args:?}: {problem}");
    problem
}

pub(crate) fn request(method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{method} /v1/{path} HTTP/1.1\r\nhost: fake.vault\r\nx-vault-token: root\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

pub(crate) fn read(mut stream: impl std::io::Read) -> String {
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}
