use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use vault_identity::{Error, Result, error::ErrorKind};

/// What a client knows of the cluster: all nodes, two of them, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knows {
    AllNodes,
    TwoNodes,
    TcpBalancer,
    HttpBalancer,
}

/// What the calls of all tasks came to, by what befell the cluster at the time.
pub(crate) struct Record(Mutex<State>);

struct State {
    phases: Vec<Phase>,
    violations: Vec<String>,
    /// How many there are of each kind, with the event.
    kinds: BTreeMap<String, usize>,
}

struct Phase {
    name: String,
    began: Instant,
    /// What the event took until a node led.
    leaderless: Duration,
    /// What the event took until all nodes were well again.
    event: Duration,
    calls: usize,
    worst: Duration,
    worst_call: &'static str,
    /// How many of the errors should not have been.
    needless: usize,
    errors: BTreeMap<String, Failures>,
    /// Creations answered as updates: what shows of a repetition after a lost answer.
    repetitions: usize,
}

/// Errors of one kind.
#[derive(Default)]
struct Failures {
    times: usize,
    /// The first of them, with all that was tried.
    first: String,
}

impl Phase {
    fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            began: Instant::now(),
            leaderless: Duration::ZERO,
            event: Duration::ZERO,
            calls: 0,
            worst: Duration::ZERO,
            worst_call: "",
            needless: 0,
            errors: BTreeMap::new(),
            repetitions: 0,
        }
    }
}

impl Record {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            phases: vec![Phase::new("steady")],
            violations: Vec::new(),
            kinds: BTreeMap::new(),
        }))
    }

    /// From now on, calls that end do so under the sign of this event.
    pub(crate) fn event(&self, name: impl Into<String>) {
        self.0.lock().unwrap().phases.push(Phase::new(name));
    }

    /// The event is over; the next calls still count for it.
    pub(crate) fn event_is_over(&self, leaderless: Duration) {
        self.phase(|phase| {
            phase.leaderless = leaderless;
            phase.event = phase.began.elapsed();
        });
    }

    pub(crate) async fn call<T>(
        &self,
        knows: Knows,
        what: &'static str,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let start = Instant::now();
        let result = call.await;
        let took = start.elapsed();
        self.phase(|phase| {
            phase.calls += 1;
            if took > phase.worst {
                (phase.worst, phase.worst_call) = (took, what);
            }
            if let Err(error) = &result {
                // One address may be gone for longer than a call, and what cannot be repeated is not.
                phase.needless += usize::from(knows == Knows::AllNodes && what != "nameless");
                let failures = phase.errors.entry(format!("{knows:?} {what} {}", kind(error))).or_default();
                failures.times += 1;
                if failures.times == 1 {
                    failures.first = format!("after {:.2} s: {error:#}", took.as_secs_f64());
                }
            }
        });
        result
    }

    pub(crate) fn repetition(&self) {
        self.phase(|phase| phase.repetitions += 1);
    }

    /// The cluster, as the client shows it, is not as it has to be.
    pub(crate) fn violation(&self, kind: &str, what: &str) {
        let mut state = self.0.lock().unwrap();
        let kind = format!("{}: {kind}", state.phases.last().unwrap().name);
        state.violations.push(format!("{kind}: {what}"));
        *state.kinds.entry(kind).or_default() += 1;
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.0.lock().unwrap().violations.clone()
    }

    pub(crate) fn calls(&self) -> usize {
        self.0.lock().unwrap().phases.iter().map(|phase| phase.calls).sum()
    }

    /// Whether before the first event no call has failed or was repeated.
    pub(crate) fn was_steady(&self) -> bool {
        let steady = &self.0.lock().unwrap().phases[0];
        steady.errors.is_empty() && steady.repetitions == 0
    }

    /// How many calls have failed of those that may be repeated, by clients that know all nodes.
    pub(crate) fn errors_that_need_not_be(&self) -> usize {
        self.0.lock().unwrap().phases.iter().map(|phase| phase.needless).sum()
    }

    pub(crate) fn table(&self) -> String {
        let state = self.0.lock().unwrap();
        let mut table = format!(
            "{:44} {:>8} {:>8} {:>8} {:>8} {:>8}  {:8} {:>11} {:>7}\n",
            "event", "leads in", "well in", "lasted", "calls", "worst", "", "repetitions", "errors"
        );
        let ends = state.phases.iter().skip(1).map(|phase| phase.began).chain([Instant::now()]);
        for (phase, end) in state.phases.iter().zip(ends) {
            let Phase { name, leaderless, event, calls, worst, worst_call, repetitions, errors, .. } = phase;
            let (leads, event, lasted) =
                (leaderless.as_secs_f64(), event.as_secs_f64(), (end - phase.began).as_secs_f64());
            let worst = worst.as_secs_f64();
            let _ = writeln!(
                table,
                "{name:44} {leads:>6.2} s {event:>6.2} s {lasted:>6.2} s {calls:>8} {worst:>6.2} s  {worst_call:8} {repetitions:>11} {:>7}",
                errors.values().map(|failures| failures.times).sum::<usize>()
            );
            for (error, Failures { times, first }) in errors {
                let _ = writeln!(table, "{times:>31} x {error}\n{:>31}   {first}", "");
            }
        }
        for (kind, times) in &state.kinds {
            let _ = writeln!(table, "VIOLATED {times:>4} x {kind}");
        }
        table
    }

    fn phase(&self, change: impl FnOnce(&mut Phase)) {
        change(self.0.lock().unwrap().phases.last_mut().unwrap());
    }
}

fn kind(error: &Error) -> String {
    let doubt = if error.may_have_been_applied() { ", in doubt" } else { "" };
    match error.kind() {
        ErrorKind::Transport(error) => format!("{:?}{doubt}", error.kind()),
        ErrorKind::Api(error) => format!("{}{doubt}", error.to_string().replace("\n\t", " ")),
        _ => format!("{error}{doubt}"),
    }
}
