use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use vault_identity::error::ErrorKind;
use vault_identity::{Error, Result};

/// Which nodes a client knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knows {
    AllNodes,
    TwoNodes,
    TcpBalancer,
    HttpBalancer,
}

/// The results of all calls, by outage.
pub(crate) struct Record(Mutex<State>);

struct State {
    phases: Vec<Phase>,
    violations: Vec<String>,
    /// The number of violations of each kind and event.
    kinds: BTreeMap<String, usize>,
}

struct Phase {
    name: String,
    began: Instant,
    /// The time from the start of the event until a node led.
    leaderless: Duration,
    /// The time from the start of the event until all nodes were healthy.
    event: Duration,
    calls: usize,
    worst: Duration,
    worst_call: &'static str,
    /// The number of errors of idempotent calls by clients that know all nodes.
    unexpected: usize,
    errors: BTreeMap<String, Failures>,
    /// The number of creates that returned `Updated`, because the first response was lost.
    retries: usize,
}

/// Errors of one kind.
#[derive(Default)]
struct Failures {
    times: usize,
    /// The first of them, with its attempts.
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
            unexpected: 0,
            errors: BTreeMap::new(),
            retries: 0,
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

    /// Starts an event. Calls that end from now on count for it.
    pub(crate) fn event(&self, name: impl Into<String>) {
        self.0.lock().unwrap().phases.push(Phase::new(name));
    }

    /// Ends the outage of the event. The next calls still count for it.
    pub(crate) fn end_event(&self, leaderless: Duration) {
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
                // A single address may be down for longer than a call, and unnamed creates are not
                // idempotent.
                phase.unexpected += usize::from(knows == Knows::AllNodes && what != "unnamed");
                let failures = phase.errors.entry(format!("{knows:?} {what} {}", kind(error))).or_default();
                failures.times += 1;
                if failures.times == 1 {
                    failures.first = format!("after {:.2} s: {error:#}", took.as_secs_f64());
                }
            }
        });
        result
    }

    pub(crate) fn retry(&self) {
        self.phase(|phase| phase.retries += 1);
    }

    /// Records a violation of the client's promises.
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

    /// Returns `true` if no call failed or was retried before the first event.
    pub(crate) fn was_steady(&self) -> bool {
        let steady = &self.0.lock().unwrap().phases[0];
        steady.errors.is_empty() && steady.retries == 0
    }

    /// Returns the number of failed idempotent calls by clients that know all nodes.
    pub(crate) fn unexpected_errors(&self) -> usize {
        self.0.lock().unwrap().phases.iter().map(|phase| phase.unexpected).sum()
    }

    pub(crate) fn table(&self) -> String {
        let state = self.0.lock().unwrap();
        let mut table = format!(
            "{:44} {:>8} {:>8} {:>8} {:>8} {:>8}  {:8} {:>11} {:>7}\n",
            "event", "leads in", "well in", "lasted", "calls", "worst", "", "retries", "errors"
        );
        let ends = state.phases.iter().skip(1).map(|phase| phase.began).chain([Instant::now()]);
        for (phase, end) in state.phases.iter().zip(ends) {
            let Phase { name, leaderless, event, calls, worst, worst_call, retries, errors, .. } = phase;
            let (leads, event, lasted) =
                (leaderless.as_secs_f64(), event.as_secs_f64(), (end - phase.began).as_secs_f64());
            let worst = worst.as_secs_f64();
            let _ = writeln!(
                table,
                "{name:44} {leads:>6.2} s {event:>6.2} s {lasted:>6.2} s {calls:>8} {worst:>6.2} s  {worst_call:8} {retries:>11} {:>7}",
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
    let doubt = if error.may_have_been_applied() { ", uncertain" } else { "" };
    match error.kind() {
        ErrorKind::Transport(error) => format!("{:?}{doubt}", error.kind()),
        ErrorKind::Api(error) => format!("{}{doubt}", error.to_string().replace("\n\t", " ")),
        _ => format!("{error}{doubt}"),
    }
}
