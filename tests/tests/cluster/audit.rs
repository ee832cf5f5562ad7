use std::collections::BTreeMap;

use vault_identity::{Client, EntityId};

use crate::record::Record;
use crate::task::{Journal, Outcome};

/// The outcomes of the uncertain unnamed creates.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    pub(crate) applied: usize,
    pub(crate) not_applied: usize,
}

/// Compares the entities of the cluster with the acknowledged writes.
pub(crate) async fn audit(client: &Client, journals: &[Journal], record: &Record) -> Doubts {
    let entities = client.entities();
    let list = entities.list().await.unwrap();
    let mut ids: BTreeMap<String, Vec<EntityId>> = BTreeMap::new();
    for (id, info) in &list {
        ids.entry(info.unwrap().name.clone()).or_default().push(id.clone());
    }
    let mut names = entities.list_names().await.unwrap().keys;
    names.sort();
    if !names.iter().eq(ids.keys()) {
        record.violation("at the end", "the list of names and the list of entities differ");
    }
    for (name, ids) in &ids {
        if ids.len() != 1 {
            record.violation("at the end", &format!("{name} exists {} times", ids.len()));
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

    // The remaining entities are unnamed ones.
    let mut marked: BTreeMap<String, Vec<EntityId>> = BTreeMap::new();
    for id in ids.into_values().flatten() {
        let mark = entities.read(&id).await.unwrap().metadata.remove("mark").unwrap_or_default();
        marked.entry(mark).or_default().push(id);
    }
    let mut doubts = Doubts::default();
    for call in journals.iter().flat_map(|journal| &journal.unnamed) {
        let found = marked.remove(&call.mark).unwrap_or_default();
        let is_right = match (&call.outcome, &found[..]) {
            (Outcome::Created(id), [found]) => id == found,
            (Outcome::NotApplied, []) => true,
            (Outcome::Uncertain, []) => {
                doubts.not_applied += 1;
                true
            }
            (Outcome::Uncertain, [_]) => {
                doubts.applied += 1;
                true
            }
            _ => false,
        };
        if !is_right {
            let outcome = match &call.outcome {
                Outcome::Created(_) => "created".to_owned(),
                Outcome::Uncertain => "uncertain".to_owned(),
                Outcome::NotApplied => "not applied".to_owned(),
            };
            let kind = format!("{:?} unnamed, {outcome}, exists {} times", call.knows, found.len());
            record.violation(&kind, &format!("{found:?}"));
        }
    }
    if !marked.is_empty() {
        record.violation("at the end", &format!("entities that no task created: {marked:?}"));
    }
    doubts
}
