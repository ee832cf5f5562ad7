use std::thread::sleep;
use std::time::Duration;

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
    /// In the order they are tried. The long hang outlasts the time that the transport gives an attempt.
    pub(crate) const ALL: [Self; 7] = [
        Self::LeaderKilled,
        Self::LeaderSealed,
        Self::LeaderHangs(Duration::from_secs(5)),
        Self::StepDown,
        Self::LeaderTerminated,
        Self::StandbyRestarted,
        Self::LeaderHangs(Duration::from_secs(20)),
    ];

    /// Lets it happen, and brings the cluster back to health.
    pub(crate) fn happen(self, cluster: &mut Cluster) -> Result<(), DevServerError> {
        let leader = cluster.leader()?;
        match self {
            Self::LeaderKilled => {
                cluster.kill(leader)?;
                cluster.leader()?;
                cluster.restart(leader)?;
            }
            Self::StepDown => {
                cluster.step_down()?;
            }
            Self::LeaderSealed => {
                cluster.seal(leader)?;
                cluster.leader()?;
                cluster.unseal(leader)?;
            }
            Self::LeaderHangs(time) => {
                cluster.pause(leader)?;
                sleep(time);
                cluster.leader()?;
                cluster.resume(leader)?;
            }
            Self::LeaderTerminated => {
                cluster.terminate(leader)?;
                cluster.leader()?;
                cluster.restart(leader)?;
            }
            Self::StandbyRestarted => cluster.restart((leader + 1) % 3)?,
        }
        cluster.wait_healthy(TIMEOUT)?;
        Ok(())
    }
}
