//! The command-line interface of OpenBao shows the same for `FakeVault` as for the real server.

use std::convert::Infallible;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use identity_fake::FakeVault;
use identity_tests::{DevServer, live};
use tokio::net::TcpListener;
use vault_identity::Transport;

/// The input of every command.
const POLICY: &str = "path \"secret/*\" {\n  capabilities = [\"read\"]\n}\n";

/// `{}` is the output of the previous command.
const COMMANDS: &[&str] = &[
    "status",
    "login root",
    "secrets list",
    "kv put -mount=secret app/db user=ada",
    "kv put secret/app/db user=bob",
    "kv get secret/app/db",
    "kv get -field=user -version=1 secret/app/db",
    "kv list secret/app",
    "kv delete secret/app/db",
    "kv undelete -versions=2 secret/app/db",
    "kv metadata get secret/app/db",
    "kv get secret/nope",
    "secrets disable secret",
    "auth list",
    "auth list -detailed",
    "secrets list -detailed",
    "auth enable userpass",
    "auth enable userpass",
    "auth enable -path=people -default-lease-ttl=1h -listing-visibility=unauth -token-type=service userpass",
    "auth tune -max-lease-ttl=3h -description=Changed people/",
    "auth list -detailed",
    "read sys/auth/people/tune",
    "auth disable people",
    "auth disable people",
    "policy write dev -",
    "policy list",
    "policy read dev",
    "policy read nope",
    "policy delete dev",
    "token create -id=child -policy=default -ttl=1h -display-name=ci -metadata=k=v",
    "token lookup child",
    "token renew child",
    "token capabilities child sys/capabilities-self",
    "token capabilities secret/x",
    "token revoke child",
    "token lookup child",
    "namespace list",
    "namespace create -custom-metadata=a=b team",
    "namespace list",
    "namespace patch -custom-metadata=x=y team",
    "namespace lookup team",
    "namespace delete team",
    "namespace lookup nope",
    "write identity/entity name=bob metadata=a=b policies=p1",
    "read identity/entity/name/bob",
    "read -format=json identity/entity/name/bob",
    "list identity/entity/name",
    "delete identity/entity/name/bob",
    "read identity/entity/name/bob",
    "write nope/x a=b",
    "write -wrap-ttl=60s identity/entity name=wrapped",
    "read -wrap-ttl=60s -field=wrapping_token sys/policies/acl/root",
    "unwrap {}",
    "unwrap nope",
    "write auth/userpass/users/alice password=pw token_policies=default",
    "login -method=userpass username=alice password=no",
    "login -method=userpass username=alice password=pw",
    "token lookup",
    "token revoke -self",
    "token lookup",
];

/// Lines that begin with these have generated values or times.
const VARYING: &[&str] = &[
    "Cluster",
    "id",
    "uuid",
    "entity_id",
    "creation_time",
    "expire_time",
    "issue_time",
    "last_update_time",
    "ttl",
    "token_duration",
    "wrapping_token_creation_time",
];

#[test]
fn bao_shows_the_same_for_both() {
    if !live() {
        return;
    }
    let server = DevServer::start().expect("it starts");
    if server.version() != "2.7.2" {
        // The command-line interface shows what its version has.
        return;
    }
    let program = DevServer::program().expect("the server was started");
    let fake = serve_fake();
    let real = thread::spawn({
        let (program, address) = (program.clone(), server.address().to_owned());
        move || run_all(&program, &address)
    });
    let fake = run_all(&program, &fake);
    let real = real.join().expect("the commands were run");
    for ((command, fake), real) in COMMANDS.iter().zip(fake).zip(real) {
        assert_eq!(fake, real, "bao {command}");
    }
}

/// Serves `FakeVault` until the process ends. Returns its address.
fn serve_fake() -> String {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || -> io::Result<Infallible> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(serve(&sender))
    });
    receiver.recv().expect("the fake listens")
}

async fn serve(ready: &mpsc::Sender<String>) -> io::Result<Infallible> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let vault = FakeVault::new().with_root_token("root").with_address(&address);
    ready.send(address).map_err(io::Error::other)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let vault = vault.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| respond(&vault, request));
            // A client may disconnect at any time.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(vault: &FakeVault, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let response = Transport::send(vault, Request::from_parts(head, body)).await.map_err(io::Error::other)?;
    Ok(response.map(Full::new))
}

/// Runs all commands and returns their normalized outputs.
fn run_all(program: &Path, address: &str) -> Vec<String> {
    let home = tempfile::tempdir().expect("there is room for a directory");
    let mut previous = String::new();
    let mut outputs = Vec::new();
    for command in COMMANDS {
        let output = run(program, address, home.path(), &command.replace("{}", previous.trim()));
        outputs.push(normalized(&output, address));
        previous = output;
    }
    outputs
}

fn run(program: &Path, address: &str, home: &Path, arguments: &str) -> String {
    let mut command = Command::new(program);
    command.args(arguments.split(' ')).env_clear().env("HOME", home);
    command.env("BAO_ADDR", address).env("VAULT_ADDR", address);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    if let Some(mut stdin) = child.stdin.take() {
        // Most commands do not read it.
        let _ = stdin.write_all(POLICY.as_bytes());
    }
    let output = child.wait_with_output().expect("the program ends");
    let text =
        [&*String::from_utf8_lossy(&output.stdout), &*String::from_utf8_lossy(&output.stderr)].concat();
    if output.status.success() { text } else { format!("{text}{}", output.status) }
}

fn normalized(output: &str, address: &str) -> String {
    let line = |line: &str| {
        let line = line.replace(address, "ADDRESS");
        let mut words = line.split_whitespace();
        match words.next() {
            Some(first) if VARYING.contains(&first.trim_matches(['"', ':'])) => first.to_owned(),
            first => first.into_iter().chain(words).map(masked).collect::<Vec<_>>().join(" "),
        }
    };
    output.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Masks tokens, accessors and identifiers.
fn masked(word: &str) -> &str {
    let text = word.trim_matches(['"', ',']);
    let is_hex = |text: &str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_accessor = text.rsplit_once('_').is_some_and(|(_, end)| is_hex(end));
    let is_random = text.len() >= 24
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':'));
    if is_accessor || is_random { "…" } else { word }
}
