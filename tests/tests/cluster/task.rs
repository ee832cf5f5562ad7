use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::sleep;
use vault_identity::{
    Client, EntityId, Error, Upsert,
    entity::{CreateEntity, Entity, UpdateEntityById},
};

use crate::record::{Knows, Record};
use crate::slot::{Content, Expected, Slot};

const SLOTS: usize = 8;
/// So many turns for each creation without a name.
const TURNS: usize = 10;
/// A call that is refused at once is not made again at once.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// What tasks are told to do.
#[derive(Default)]
pub(crate) struct Orders {
    pub(crate) stop: AtomicBool,
    /// Those whose client does not know all nodes do nothing.
    pub(crate) hold: AtomicBool,
}

/// One that works with names of its own, and looks after each write whether it shows.
pub(crate) struct Task {
    number: usize,
    knows: Knows,
    client: Client,
    record: Arc<Record>,
    journal: Journal,
    version: usize,
}

/// What a task knows of its writes.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) named: Vec<(Knows, Expected)>,
    pub(crate) nameless: Vec<Nameless>,
    /// The names of entities that were not as they had to be.
    pub(crate) violated: Vec<String>,
}

/// The creation of an entity that only its metadata tell from others.
pub(crate) struct Nameless {
    pub(crate) knows: Knows,
    pub(crate) mark: String,
    pub(crate) outcome: Outcome,
}

pub(crate) enum Outcome {
    Created(EntityId),
    /// It failed, and may have been carried out.
    InDoubt,
    /// It failed, and was certainly not carried out.
    NotDone,
}

impl Task {
    pub(crate) fn new(number: usize, knows: Knows, client: Client, record: Arc<Record>) -> Self {
        Self { number, knows, client, record, journal: Journal::default(), version: 0 }
    }

    /// Works until it is told to stop and all tasks together have made so many calls.
    pub(crate) async fn work(mut self, orders: Arc<Orders>, calls: usize) -> Journal {
        let mut slots: Vec<Slot> =
            (0..SLOTS).map(|slot| Slot::new(format!("task-{}-{slot}", self.number))).collect();
        for turn in 0.. {
            if orders.stop.load(Ordering::Relaxed) && self.record.calls() >= calls {
                break;
            }
            while self.knows != Knows::AllNodes && orders.hold.load(Ordering::Relaxed) {
                sleep(AFTER_ERROR).await;
            }
            let slot = &mut slots[turn % SLOTS];
            // What was abandoned may be carried out late.
            self.look("some time", slot).await;
            match slot.now.clone() {
                None => self.create(slot).await,
                Some(content) if (turn / SLOTS + turn % SLOTS).is_multiple_of(4) => {
                    self.delete(slot, content).await;
                }
                Some(content) => self.update(slot, content).await,
            }
            if turn.is_multiple_of(TURNS) {
                self.create_nameless(turn).await;
            }
        }
        self.journal.named.extend(slots.iter().map(|slot| (self.knows, slot.expected())));
        self.journal
    }

    async fn create(&mut self, slot: &mut Slot) {
        self.version += 1;
        let version = self.version;
        let create = CreateEntity::named(slot.name()).metadata([("version", version.to_string())]);
        match self.record.call(self.knows, "create", self.client.entities().create(&create)).await {
            Ok(answer) => {
                if !answer.is_created() {
                    self.record.repetition();
                }
                slot.now = Some(Content { id: answer.created().map(|created| created.id), version });
            }
            Err(error) => self.failed(slot, &error, Some(Content { id: None, version })).await,
        }
        self.look("creating", slot).await;
    }

    async fn update(&mut self, slot: &mut Slot, now: Content) {
        // Unknown only if the read after its creation has failed.
        let Some(id) = now.id else { return self.look("creating", slot).await };
        self.version += 1;
        let after = Content { id: Some(id.clone()), version: self.version };
        let update = UpdateEntityById::new(id).metadata([("version", self.version.to_string())]);
        match self.record.call(self.knows, "update", self.client.entities().update(&update)).await {
            Ok(()) => slot.now = Some(after),
            Err(error) => self.failed(slot, &error, Some(after)).await,
        }
        self.look("updating", slot).await;
    }

    async fn delete(&mut self, slot: &mut Slot, now: Content) {
        match self.record.call(self.knows, "delete", self.client.entities().delete_by_name(slot.name())).await
        {
            Ok(()) => {
                slot.now = None;
                slot.former.extend(now.id.clone());
                if let Some(id) = now.id
                    && let Ok(Some(_)) =
                        self.record.call(self.knows, "read", self.client.entities().find(&id)).await
                {
                    self.violation("after deleting, by identifier", &format!("{} is there", slot.name()));
                }
            }
            Err(error) => self.failed(slot, &error, None).await,
        }
        self.look("deleting", slot).await;
    }

    async fn failed(&mut self, slot: &mut Slot, error: &Error, after: Option<Content>) {
        if error.may_have_been_applied() {
            self.journal.named.push((self.knows, slot.doubt(after)));
        }
        sleep(AFTER_ERROR).await;
    }

    /// Reads what was written, by name and by identifier.
    async fn look(&mut self, after: &str, slot: &mut Slot) {
        let name = slot.name();
        let Ok(found) =
            self.record.call(self.knows, "read", self.client.entities().find_by_name(&name)).await
        else {
            return;
        };
        if !self.compare(&format!("after {after}, by name"), slot, found.as_ref()) {
            return;
        }
        if let (Some(Content { id: id @ None, .. }), Some(entity)) = (&mut slot.now, &found) {
            *id = Some(entity.id.clone());
        }
        let Some(id) = slot.now.as_ref().and_then(|content| content.id.clone()) else { return };
        if slot.former.contains(&id) {
            self.violation("the identifier of an entity that was deleted", &name);
        }
        let Ok(found) = self.record.call(self.knows, "read", self.client.entities().find(&id)).await else {
            return;
        };
        self.compare(&format!("after {after}, by identifier"), slot, found.as_ref());
    }

    /// Whether this is what has to be there. If not, the task goes on under a new name, for each violation to
    /// count once.
    fn compare(&mut self, when: &str, slot: &mut Slot, found: Option<&Entity>) -> bool {
        let expected = slot.expected();
        let is_right = expected.allows(found);
        if !is_right {
            let found = found.map(|entity| (&entity.id, &entity.metadata));
            self.violation(when, &format!("{expected:?}, found {found:?}"));
            self.journal.violated.push(slot.doubt(None).name);
        }
        is_right
    }

    fn violation(&self, kind: &str, what: &str) {
        self.record.violation(&format!("{:?} {kind}", self.knows), what);
    }

    async fn create_nameless(&mut self, turn: usize) {
        let mark = format!("{}-{turn}", self.number);
        let create = CreateEntity::unnamed().metadata([("mark", &mark)]);
        let outcome =
            match self.record.call(self.knows, "nameless", self.client.entities().create(&create)).await {
                Ok(Upsert::Created(created)) => Outcome::Created(created.id),
                Ok(Upsert::Updated) => {
                    self.violation("a creation without a name was answered as an update", &mark);
                    Outcome::InDoubt
                }
                Err(error) if error.may_have_been_applied() => Outcome::InDoubt,
                Err(_) => Outcome::NotDone,
            };
        self.journal.nameless.push(Nameless { knows: self.knows, mark, outcome });
    }
}
