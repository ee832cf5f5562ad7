use std::time::{Duration, Instant};

use identity_tests::{Cluster, live};

/// Does it, and says how long it took.
fn timed<T>(what: &str, action: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = action();
    println!("{what:36} {:>6.2} s", start.elapsed().as_secs_f64());
    result
}

fn listens(cluster: &Cluster, node: usize) -> bool {
    let address = &cluster.addresses()[node];
    std::net::TcpStream::connect(address.trim_start_matches("https://")).is_ok()
}

#[test]
fn every_event_does_what_it_says() {
    const TIMEOUT: Duration = Duration::from_secs(60);
    if !live() {
        return;
    }
    let mut cluster = timed("start", Cluster::start).unwrap();
    assert!(!format!("{cluster:?}").contains(cluster.token()));
    let leader = cluster.wait_healthy(TIMEOUT).unwrap();

    timed("kill", || cluster.kill(leader)).unwrap();
    assert!(!listens(&cluster, leader));
    let next = timed("leader after kill", || cluster.leader()).unwrap();
    assert_ne!(next, leader);
    timed("restart after kill", || cluster.restart(leader)).unwrap();
    assert_eq!(timed("wait_healthy after restart", || cluster.wait_healthy(TIMEOUT)).unwrap(), next);

    // It has joined the first, as not every one does that steps down.
    assert_ne!(timed("step_down", || cluster.step_down()).unwrap(), next);
    timed("wait_healthy after step_down", || cluster.wait_healthy(TIMEOUT)).unwrap();

    let leader = cluster.leader().unwrap();
    let standby = (leader + 1) % 3;
    timed("seal standby", || cluster.seal(standby)).unwrap();
    timed("unseal standby", || cluster.unseal(standby)).unwrap();
    timed("wait_healthy after unseal", || cluster.wait_healthy(TIMEOUT)).unwrap();
    timed("restart standby", || cluster.restart(standby)).unwrap();
    assert_eq!(timed("wait_healthy after restart", || cluster.wait_healthy(TIMEOUT)).unwrap(), leader);

    let leader = cluster.leader().unwrap();
    timed("terminate", || cluster.terminate(leader)).unwrap();
    assert!(!listens(&cluster, leader));
    assert!(cluster.terminate(leader).is_err(), "it does not run");
    assert_ne!(timed("leader after terminate", || cluster.leader()).unwrap(), leader);
    timed("restart after terminate", || cluster.restart(leader)).unwrap();
    timed("wait_healthy after restart", || cluster.wait_healthy(TIMEOUT)).unwrap();

    let leader = cluster.leader().unwrap();
    timed("seal leader", || cluster.seal(leader)).unwrap();
    assert_ne!(timed("leader after seal", || cluster.leader()).unwrap(), leader);
    assert!(cluster.wait_healthy(Duration::ZERO).is_err());
    timed("unseal", || cluster.unseal(leader)).unwrap();
    timed("wait_healthy after unseal", || cluster.wait_healthy(TIMEOUT)).unwrap();

    let leader = cluster.leader().unwrap();
    timed("pause", || cluster.pause(leader)).unwrap();
    assert!(listens(&cluster, leader), "a node that hangs still takes connections");
    assert_ne!(timed("leader after pause", || cluster.leader()).unwrap(), leader);
    timed("resume", || cluster.resume(leader)).unwrap();
    timed("wait_healthy after resume", || cluster.wait_healthy(TIMEOUT)).unwrap();

    // Also one that hangs ends with the cluster.
    cluster.pause(0).unwrap();
    let addresses = cluster.addresses();
    timed("drop", || drop(cluster));
    for address in addresses {
        assert!(std::net::TcpStream::connect(address.trim_start_matches("https://")).is_err());
    }
}
