use std::collections::BTreeMap;

use vault_identity::{Client, EntityId};

use crate::record::Record;
use crate::task::{Journal, Outcome};

/// What became of the creations without a name that were in doubt.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    pub(crate) carried_out: usize,
    pub(crate) not_carried_out: usize,
}

/// Holds all that is there against all that was acknowledged.
pub(crate) async fn audit(client: &Client, journals: &[Journal], record: &Record) -> Doubts {
    let entities = client.entities();
    let list = entities.list().await.unwrap();
    let mut ids: BTreeMap<String, Vec<EntityId>> = BTreeMap::new();
    for (id, info) in list.iter() {
        ids.entry(info.unwrap().name.clone()).or_default().push(id.clone());
    }
    let mut names = entities.list_names().await.unwrap().keys;
    names.sort();
    if !names.iter().eq(ids.keys()) {
        record.violation("at the end", "the list of names and the list of entities differ");
    }
    for (name, ids) in &ids {
        if ids.len() != 1 {
            record.violation("at the end", &format!("{name} is there {} times", ids.len()));
        }
    }

    for name in journals.iter().flat_map(|journal| &journal.violated) {
        ids.remove(name);
    }
    for (knows, expected) in journals.iter().flat_map(|journal| &journal.named) {
        let found = entities.find_by_name(&expected.name).await.unwrap();
        if !expected.allows(found.as_ref()) {
            record.violation(&format!("{knows:?} at the end"), &format!("{expected:?}, found {found:?}"));
        }
        let listed = ids.remove(&expected.name).unwrap_or_default();
        if !listed.iter().eq(found.iter().map(|entity| &entity.id)) {
            let listed = format!("{} is listed as {listed:?}", expected.name);
            record.violation(&format!("{knows:?} at the end"), &listed);
        }
    }

    // What is left has no name of a task.
    let mut marked: BTreeMap<String, Vec<EntityId>> = BTreeMap::new();
    for id in ids.into_values().flatten() {
        let mark = entities.read(&id).await.unwrap().metadata.remove("mark").unwrap_or_default();
        marked.entry(mark).or_default().push(id);
    }
    let mut doubts = Doubts::default();
    for call in journals.iter().flat_map(|journal| &journal.nameless) {
        let found = marked.remove(&call.mark).unwrap_or_default();
        let is_right = match (&call.outcome, &found[..]) {
            (Outcome::Created(id), [found]) => id == found,
            (Outcome::NotDone, []) => true,
            (Outcome::InDoubt, []) => {
                doubts.not_carried_out += 1;
                true
            }
            (Outcome::InDoubt, [_]) => {
                doubts.carried_out += 1;
                true
            }
            _ => false,
        };
        if !is_right {
            let outcome = match &call.outcome {
                Outcome::Created(_) => "created".to_owned(),
                Outcome::InDoubt => "in doubt".to_owned(),
                Outcome::NotDone => "not done".to_owned(),
            };
            let kind = format!("{:?} without a name, {outcome}, is there {} times", call.knows, found.len());
            record.violation(&kind, &format!("{found:?}"));
        }
    }
    if !marked.is_empty() {
        record.violation("at the end", &format!("entities that nobody made: {marked:?}"));
    }
    doubts
}
