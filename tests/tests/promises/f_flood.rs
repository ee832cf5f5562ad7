//! A server that never comes to the answer.

use std::time::Duration;

use identity_tests::faulty::{Answer, Faulty};
use vault_identity::transport::TransportErrorKind;

use crate::support::{client_with, once, peak_memory, runs_alone, timed};

#[tokio::test]
#[cfg(target_os = "linux")]
async fn f9_a_flood_of_interim_answers_ends_with_the_deadline_and_takes_little_memory() {
    if runs_alone(
        "f_flood::f9_a_flood_of_interim_answers_ends_with_the_deadline_and_takes_little_memory",
        &[],
    ) {
        return;
    }
    let server = Faulty::always(Answer::raw("").endless("HTTP/1.1 100 Continue\r\n\r\n"));
    let client = client_with(&server, once().timeout(Duration::from_millis(700)));
    let (read, time) = timed(client.entities().read("e1")).await;
    assert_eq!(read.unwrap_err().transport().unwrap().kind(), TransportErrorKind::Timeout);
    assert!(time < Duration::from_secs(3), "{time:?}, {} bytes", server.sent());
    assert!(peak_memory() < 100 << 20, "{} bytes", peak_memory());
}
