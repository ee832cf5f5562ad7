use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use identity_tests::{Cluster, DevServerError, Network};

const TIMEOUT: Duration = Duration::from_secs(60);
const SEALS: usize = 3;

/// An outage of the cluster.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outage {
    LeaderKilled,
    StepDown,
    LeaderSealed,
    LeaderSuspended(Duration),
    LeaderTerminated,
    StandbyRestarted,
    StandbySealed,
    PacketsLost(Lost, Duration),
}

/// Which packets are lost.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lost {
    /// From the clients to all nodes and balancers.
    ToAll,
    /// From the clients to all nodes and balancers, and back.
    ToAllAndBack,
    /// From the clients to the leader.
    ToLeader,
    /// From the standbys to the leader: forwarded requests.
    ToLeaderFromStandbys,
    /// Between all nodes.
    BetweenNodes,
}

impl Outage {
    /// All outages in their order; a short run has the first ones.
    pub(crate) const ALL: [Self; 15] = [
        Self::LeaderKilled,
        Self::LeaderSealed,
        Self::PacketsLost(Lost::ToLeader, Duration::from_secs(12)),
        Self::StepDown,
        Self::LeaderTerminated,
        Self::StandbyRestarted,
        Self::LeaderSuspended(Duration::from_secs(5)),
        Self::StandbySealed,
        Self::PacketsLost(Lost::BetweenNodes, Duration::from_secs(6)),
        Self::LeaderSuspended(Duration::from_secs(20)),
        Self::PacketsLost(Lost::ToAll, Duration::from_secs(12)),
        Self::PacketsLost(Lost::ToAllAndBack, Duration::from_secs(12)),
        Self::PacketsLost(Lost::ToLeaderFromStandbys, Duration::from_secs(6)),
        Self::PacketsLost(Lost::ToLeader, Duration::from_secs(45)),
        Self::PacketsLost(Lost::ToAll, Duration::from_secs(45)),
    ];

    /// Causes the outage, and waits until the cluster is healthy again. Returns the time without a leader.
    pub(crate) fn cause(
        self,
        cluster: &mut Cluster,
        network: Option<&Network>,
        balancers: &[u16],
    ) -> Result<Duration, DevServerError> {
        let leader = cluster.leader()?;
        let start = Instant::now();
        match self {
            Self::LeaderKilled => cluster.kill(leader)?,
            Self::StepDown => drop(cluster.step_down()?),
            Self::LeaderSealed => cluster.seal(leader)?,
            Self::LeaderSuspended(_) => cluster.pause(leader)?,
            Self::LeaderTerminated => cluster.terminate(leader)?,
            Self::StandbyRestarted => cluster.restart((leader + 1) % 3)?,
            Self::StandbySealed => {
                for seal in 0..SEALS {
                    let standby = (leader + 1 + seal % 2) % 3;
                    cluster.seal(standby)?;
                    cluster.unseal(standby)?;
                }
            }
            Self::PacketsLost(which, time) => {
                let network = network.expect("a network");
                let (api, nodes) = (cluster.api_ports(), cluster.cluster_ports());
                let all = [&api[..], balancers].concat();
                let loss = match which {
                    Lost::ToAll => network.lose(&all, false),
                    Lost::ToAllAndBack => network.lose(&all, true),
                    Lost::ToLeader => network.lose(&api[leader..=leader], false),
                    Lost::ToLeaderFromStandbys => network.lose(&nodes[leader..=leader], false),
                    Lost::BetweenNodes => network.lose(&nodes, false),
                };
                sleep(time);
                drop(loss);
                let leaderless = start.elapsed();
                cluster.wait_healthy(TIMEOUT)?;
                // The kernel may wait as long again before it retransmits.
                sleep(time);
                return Ok(leaderless);
            }
        }
        let gone = matches!(self, Self::LeaderKilled | Self::LeaderTerminated);
        assert_ne!(listens(cluster, leader), gone, "a suspended node still accepts connections");
        let next = cluster.leader()?;
        let leaderless = start.elapsed();
        assert_eq!(next == leader, matches!(self, Self::StandbyRestarted | Self::StandbySealed));
        match self {
            Self::LeaderKilled | Self::LeaderTerminated => cluster.restart(leader)?,
            Self::LeaderSealed => cluster.unseal(leader)?,
            Self::LeaderSuspended(time) => {
                sleep(time.saturating_sub(leaderless));
                cluster.resume(leader)?;
            }
            _ => {}
        }
        cluster.wait_healthy(TIMEOUT)?;
        Ok(leaderless)
    }

    /// Returns `true` if the leader may apply forwarded writes late. Only clients that know all nodes are
    /// safe then; `production.md` explains why.
    pub(crate) fn applies_forwarded_writes_late(self) -> bool {
        matches!(self, Self::LeaderSuspended(_))
    }

    pub(crate) fn needs_network(self) -> bool {
        matches!(self, Self::PacketsLost(..))
    }
}

fn listens(cluster: &Cluster, node: usize) -> bool {
    TcpStream::connect(cluster.addresses()[node].trim_start_matches("https://")).is_ok()
}
