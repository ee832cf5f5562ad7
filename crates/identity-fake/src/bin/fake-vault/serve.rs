use std::error::Error;
use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::respond::Responder;

/// The time that requests in flight have to end. Container runtimes kill a process after ten seconds.
const GRACE: Duration = Duration::from_secs(5);
/// The pause after a failed `accept`, until descriptors are free again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until a signal arrives. Then the requests in flight end.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    responder: Responder,
    mut signals: Signals,
) -> Result<ExitCode, Box<dyn Error>> {
    let connections = GracefulShutdown::new();
    {
        let mut stopped = pin!(signals.next());
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut stopped => break,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (tls, responder, watcher) = (tls.clone(), responder.clone(), connections.watcher());
                    tokio::spawn(async move { handshake(stream, tls, responder, watcher).await });
                }
                Err(_) => sleep(ACCEPT_PAUSE).await,
            }
        }
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => Ok(ExitCode::SUCCESS),
        () = sleep(GRACE) => Err("stopped before all requests had their responses".into()),
        () = signals.next() => Err("stopped by a second signal".into()),
    }
}

async fn handshake(stream: TcpStream, tls: Option<TlsAcceptor>, responder: Responder, watcher: Watcher) {
    // Responses are small and written at once.
    let _ = stream.set_nodelay(true);
    match tls {
        None => connection(stream, responder, watcher).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = timeout(responder.timeout, tls.accept(stream)).await {
                connection(stream, responder, watcher).await;
            }
        }
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    responder: Responder,
    watcher: Watcher,
) {
    let mut http = http1::Builder::new();
    // hyper counts the wait of an idle connection too.
    http.timer(TokioTimer::new()).header_read_timeout(responder.timeout);
    let service = service_fn(|request| responder.respond(request));
    // A client may disconnect at any time.
    let _ = watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await;
}

/// The signals that end the process. The handlers are needed as PID 1 of a container, where the defaults do
/// nothing.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(crate) fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
