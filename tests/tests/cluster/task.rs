use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::sleep;
use vault_identity::entity::{CreateEntity, Entity, UpdateEntityById};
use vault_identity::{Client, EntityId, Error, Upsert};

use crate::record::{Knows, Record};
use crate::slot::{Content, Expected, Slot};

const SLOTS: usize = 8;
/// The number of turns for each unnamed create.
const TURNS: usize = 10;
/// The pause after an error.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// Signals to all tasks.
#[derive(Default)]
pub(crate) struct Orders {
    pub(crate) stop: AtomicBool,
    /// Pauses the tasks whose client does not know all nodes.
    pub(crate) hold: AtomicBool,
}

/// A task that writes its own names, and checks after each write that it is visible.
pub(crate) struct Task {
    number: usize,
    knows: Knows,
    client: Client,
    record: Arc<Record>,
    journal: Journal,
    version: usize,
}

/// A task's record of its writes.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) named: Vec<(Knows, Expected)>,
    pub(crate) unnamed: Vec<Unnamed>,
    /// The names of entities with a violation.
    pub(crate) violated: Vec<String>,
}

/// The create of an unnamed entity, with a mark in its metadata.
pub(crate) struct Unnamed {
    pub(crate) knows: Knows,
    pub(crate) mark: String,
    pub(crate) outcome: Outcome,
}

pub(crate) enum Outcome {
    Created(EntityId),
    /// It failed, and may have been applied.
    Uncertain,
    /// It failed, and was certainly not applied.
    NotApplied,
}

impl Task {
    pub(crate) fn new(number: usize, knows: Knows, client: Client, record: Arc<Record>) -> Self {
        Self { number, knows, client, record, journal: Journal::default(), version: 0 }
    }

    /// Works until the stop signal, and until all tasks together have made this many calls.
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
            // An abandoned write may be applied late.
            self.check("some time", slot).await;
            match slot.now.clone() {
                None => self.create(slot).await,
                Some(content) if (turn / SLOTS + turn % SLOTS).is_multiple_of(4) => {
                    self.delete(slot, content).await;
                }
                Some(content) => self.update(slot, content).await,
            }
            if turn.is_multiple_of(TURNS) {
                self.create_unnamed(turn).await;
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
            Ok(upsert) => {
                if !upsert.is_created() {
                    self.record.retry();
                }
                slot.now = Some(Content { id: upsert.created().map(|created| created.id), version });
            }
            Err(error) => self.failed(slot, &error, Some(Content { id: None, version })).await,
        }
        self.check("creating", slot).await;
    }

    async fn update(&mut self, slot: &mut Slot, now: Content) {
        // Unknown only if the read after the create has failed.
        let Some(id) = now.id else { return self.check("creating", slot).await };
        self.version += 1;
        let after = Content { id: Some(id.clone()), version: self.version };
        let update = UpdateEntityById::new(id).metadata([("version", self.version.to_string())]);
        match self.record.call(self.knows, "update", self.client.entities().update(&update)).await {
            Ok(()) => slot.now = Some(after),
            Err(error) => self.failed(slot, &error, Some(after)).await,
        }
        self.check("updating", slot).await;
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
                    self.violation("after deleting, by identifier", &format!("{} exists", slot.name()));
                }
            }
            Err(error) => self.failed(slot, &error, None).await,
        }
        self.check("deleting", slot).await;
    }

    async fn failed(&mut self, slot: &mut Slot, error: &Error, after: Option<Content>) {
        if error.may_have_been_applied() {
            self.journal.named.push((self.knows, slot.abandon(after)));
        }
        sleep(AFTER_ERROR).await;
    }

    /// Reads the entity by name and by identifier, and compares it with the last write.
    async fn check(&mut self, after: &str, slot: &mut Slot) {
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
            self.violation("the identifier of a deleted entity", &name);
        }
        let Ok(found) = self.record.call(self.knows, "read", self.client.entities().find(&id)).await else {
            return;
        };
        self.compare(&format!("after {after}, by identifier"), slot, found.as_ref());
    }

    /// Returns `true` if the entity is as expected. If not, abandons the name, so that each violation counts
    /// once.
    fn compare(&mut self, when: &str, slot: &mut Slot, found: Option<&Entity>) -> bool {
        let expected = slot.expected();
        let is_right = expected.allows(found);
        if !is_right {
            let found = found.map(|entity| (&entity.id, &entity.metadata));
            self.violation(when, &format!("{expected:?}, found {found:?}"));
            self.journal.violated.push(slot.abandon(None).name);
        }
        is_right
    }

    fn violation(&self, kind: &str, what: &str) {
        self.record.violation(&format!("{:?} {kind}", self.knows), what);
    }

    async fn create_unnamed(&mut self, turn: usize) {
        let mark = format!("{}-{turn}", self.number);
        let create = CreateEntity::unnamed().metadata([("mark", &mark)]);
        let outcome =
            match self.record.call(self.knows, "unnamed", self.client.entities().create(&create)).await {
                Ok(Upsert::Created(created)) => Outcome::Created(created.id),
                Ok(Upsert::Updated) => {
                    self.violation("an unnamed create returned `Updated`", &mark);
                    Outcome::Uncertain
                }
                Err(error) if error.may_have_been_applied() => Outcome::Uncertain,
                Err(_) => Outcome::NotApplied,
            };
        self.journal.unnamed.push(Unnamed { knows: self.knows, mark, outcome });
    }
}
