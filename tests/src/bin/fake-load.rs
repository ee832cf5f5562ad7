//! Measures the memory of `fake-vault` under the load of 64 clients. Needs Linux.
//!
//! ```sh
//! cargo build --release -p vault-identity-fake --features server
//! cargo run --release -p identity-tests --bin fake-load -- 60
//! ```

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use serde_json::Value;

const CLIENTS: usize = 64;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Returns the body of the response, `Null` if it has none.
    fn call(&mut self, token: &str, method: &str, path: &str, body: &str) -> Result<Value> {
        let length = body.len();
        let head = format!(
            "{method} /v1/{path} HTTP/1.1\r\nhost: fake\r\nx-vault-token: {token}\r\ncontent-length: {length}\r\n\r\n"
        );
        self.0.get_mut().write_all((head + body).as_bytes())?;
        let mut status = String::new();
        self.0.read_line(&mut status)?;
        if !status.starts_with("HTTP/1.1 20") {
            return Err(format!("{method} {path}: {status}").into());
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse()?;
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Reads and writes an object, logs in, and revokes the token.
    fn round(&mut self, entity: &str) -> Result<usize> {
        self.call("root", "GET", entity, "")?;
        self.call("root", "POST", entity, r#"{"metadata":{"team":"eng"}}"#)?;
        self.call("root", "POST", "identity/lookup/entity", r#"{"name":"load-0"}"#)?;
        self.call("root", "LIST", "identity/entity/id", "")?;
        let login = self.call("", "POST", "auth/userpass/login/alice", r#"{"password":"p"}"#)?;
        let token = login["auth"]["client_token"].as_str().ok_or("no token")?;
        self.call(token, "GET", "auth/token/lookup-self", "")?;
        self.call(token, "POST", "auth/token/revoke-self", "")?;
        Ok(7)
    }
}

/// Stops the server on drop.
struct Server(Child);

impl Server {
    /// Returns its resident memory in MB.
    fn memory(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() -> Result<()> {
    let seconds = env::args().nth(1).map_or(Ok(60), |text| text.parse())?;
    let program = env::current_exe()?.with_file_name("fake-vault");
    let mut child = Command::new(program).args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn()?;
    let mut ready = String::new();
    BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut ready)?;
    let server = Server(child);
    let address = ready.trim_end().rsplit('/').next().ok_or("no address")?;

    let mut client = Client::connect(address)?;
    client.call("root", "POST", "sys/auth/userpass", r#"{"type":"userpass"}"#)?;
    client.call("root", "POST", "auth/userpass/users/alice", r#"{"password":"p"}"#)?;
    for entity in 0..CLIENTS {
        client.call("root", "POST", &format!("identity/entity/name/load-{entity}"), "{}")?;
    }
    println!("idle: {:.1} MB", server.memory()?);

    let start = Instant::now();
    // The first seconds fill the buffers of the allocator.
    for end in [5, 5 + seconds].map(Duration::from_secs) {
        let calls = thread::scope(|scope| -> Result<usize> {
            let clients: Vec<_> =
                (0..CLIENTS).map(|entity| scope.spawn(move || load(address, entity, start + end))).collect();
            clients.into_iter().map(|client| client.join().map_err(|_| "a client panicked")?).sum()
        })?;
        println!("after {:.0?}: {calls} more calls, {:.1} MB", start.elapsed(), server.memory()?);
    }
    Ok(())
}

/// Returns the number of calls until the end.
fn load(address: &str, entity: usize, end: Instant) -> Result<usize> {
    let mut client = Client::connect(address)?;
    let mut calls = 0;
    while Instant::now() < end {
        calls += client.round(&format!("identity/entity/name/load-{entity}"))?;
    }
    Ok(calls)
}
