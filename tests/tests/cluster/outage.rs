use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use identity_tests::{Cluster, DevServerError};

const TIMEOUT: Duration = Duration::from_secs(60);

/// What befalls the cluster.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outage {
    LeaderKilled,
    StepDown,
    LeaderSealed,
    LeaderHangs(Duration),
    LeaderTerminated,
    StandbyRestarted,
}

impl Outage {
    /// In the order they are tried.
    pub(crate) const ALL: [Self; 7] = [
        Self::LeaderKilled,
        Self::LeaderSealed,
        Self::StepDown,
        Self::LeaderTerminated,
        Self::StandbyRestarted,
        Self::LeaderHangs(Duration::from_secs(5)),
        Self::LeaderHangs(Duration::from_secs(20)),
    ];

    /// Lets it happen, and brings the cluster back to health. How long it took until a node led again.
    pub(crate) fn happen(self, cluster: &mut Cluster) -> Result<Duration, DevServerError> {
        let leader = cluster.leader()?;
        let start = Instant::now();
        match self {
            Self::LeaderKilled => cluster.kill(leader)?,
            Self::StepDown => drop(cluster.step_down()?),
            Self::LeaderSealed => cluster.seal(leader)?,
            Self::LeaderHangs(_) => cluster.pause(leader)?,
            Self::LeaderTerminated => cluster.terminate(leader)?,
            Self::StandbyRestarted => cluster.restart((leader + 1) % 3)?,
        }
        let gone = matches!(self, Self::LeaderKilled | Self::LeaderTerminated);
        assert_ne!(listens(cluster, leader), gone, "one that hangs still takes connections");
        let next = cluster.leader()?;
        let leaderless = start.elapsed();
        assert_eq!(next == leader, matches!(self, Self::StandbyRestarted));
        match self {
            Self::LeaderKilled | Self::LeaderTerminated => cluster.restart(leader)?,
            Self::LeaderSealed => cluster.unseal(leader)?,
            Self::LeaderHangs(time) => {
                sleep(time.saturating_sub(leaderless));
                cluster.resume(leader)?;
            }
            Self::StepDown | Self::StandbyRestarted => {}
        }
        cluster.wait_healthy(TIMEOUT)?;
        Ok(leaderless)
    }
}

fn listens(cluster: &Cluster, node: usize) -> bool {
    TcpStream::connect(cluster.addresses()[node].trim_start_matches("https://")).is_ok()
}
