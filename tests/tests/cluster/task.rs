use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::sleep;
use vault_identity::{Client, CreateEntity, Entity, EntityId, Error, UpdateEntityById, Upsert};

use crate::record::Record;
use crate::slot::{Content, Expected, Slot};

const SLOTS: usize = 8;
/// So many turns for each creation without a name.
const TURNS: usize = 10;
/// A call that is refused at once is not made again at once.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// One that works with names of its own, and looks after each write whether it shows.
pub(crate) struct Task {
    number: usize,
    client: Client,
    record: Arc<Record>,
    journal: Journal,
    version: usize,
}

/// What a task knows of its writes.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) named: Vec<Expected>,
    pub(crate) nameless: Vec<Nameless>,
}

/// The creation of an entity that only its metadata tell from others.
pub(crate) struct Nameless {
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
    pub(crate) fn new(number: usize, client: Client, record: Arc<Record>) -> Self {
        Self { number, client, record, journal: Journal::default(), version: 0 }
    }

    /// Works until it is told to stop and all tasks together have made so many calls.
    pub(crate) async fn work(mut self, stop: Arc<AtomicBool>, calls: usize) -> Journal {
        let mut slots: Vec<Slot> =
            (0..SLOTS).map(|slot| Slot::new(format!("task-{}-{slot}", self.number))).collect();
        for turn in 0.. {
            if stop.load(Ordering::Relaxed) && self.record.calls() >= calls {
                break;
            }
            let slot = &mut slots[turn % SLOTS];
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
        self.journal.named.extend(slots.iter().map(Slot::expected));
        self.journal
    }

    async fn create(&mut self, slot: &mut Slot) {
        self.version += 1;
        let version = self.version;
        let create = CreateEntity::named(slot.name()).metadata([("version", version.to_string())]);
        match self.record.call("create", self.client.entities().create(&create)).await {
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
        match self.record.call("update", self.client.entities().update(&update)).await {
            Ok(()) => slot.now = Some(after),
            Err(error) => self.failed(slot, &error, Some(after)).await,
        }
        self.look("updating", slot).await;
    }

    async fn delete(&mut self, slot: &mut Slot, now: Content) {
        match self.record.call("delete", self.client.entities().delete_by_name(slot.name())).await {
            Ok(()) => {
                slot.now = None;
                slot.former.extend(now.id.clone());
                if let Some(id) = now.id
                    && let Ok(Some(_)) = self.record.call("read", self.client.entities().find(&id)).await
                {
                    self.record.violation(&format!("{} is still there by its identifier", slot.name()));
                }
            }
            Err(error) => self.failed(slot, &error, None).await,
        }
        self.look("deleting", slot).await;
    }

    async fn failed(&mut self, slot: &mut Slot, error: &Error, after: Option<Content>) {
        if error.may_have_been_applied() {
            self.journal.named.push(slot.doubt(after));
        }
        sleep(AFTER_ERROR).await;
    }

    /// Reads what was written, by name and by identifier.
    async fn look(&self, after: &str, slot: &mut Slot) {
        let name = slot.name();
        let Ok(found) = self.record.call("read", self.client.entities().find_by_name(&name)).await else {
            return;
        };
        self.compare(&format!("after {after}, by name"), slot, found.as_ref());
        if let (Some(Content { id: id @ None, .. }), Some(entity)) = (&mut slot.now, &found) {
            *id = Some(entity.id.clone());
        }
        let Some(id) = slot.now.as_ref().and_then(|content| content.id.clone()) else { return };
        if slot.former.contains(&id) {
            self.record.violation(&format!("{name} has the identifier of an entity that was deleted"));
        }
        let Ok(found) = self.record.call("read", self.client.entities().find(&id)).await else { return };
        self.compare(&format!("after {after}, by identifier"), slot, found.as_ref());
    }

    fn compare(&self, when: &str, slot: &Slot, found: Option<&Entity>) {
        let expected = slot.expected();
        if !expected.allows(found) {
            let found = found.map(|entity| (&entity.id, &entity.metadata));
            self.record.violation(&format!("{when}: {expected:?}, found {found:?}"));
        }
    }

    async fn create_nameless(&mut self, turn: usize) {
        let mark = format!("{}-{turn}", self.number);
        let create = CreateEntity::unnamed().metadata([("mark", &mark)]);
        let outcome = match self.record.call("nameless", self.client.entities().create(&create)).await {
            Ok(Upsert::Created(created)) => Outcome::Created(created.id),
            Ok(Upsert::Updated) => {
                self.record.violation("a creation without a name was answered as an update");
                Outcome::InDoubt
            }
            Err(error) if error.may_have_been_applied() => Outcome::InDoubt,
            Err(_) => Outcome::NotDone,
        };
        self.journal.nameless.push(Nameless { mark, outcome });
    }
}
