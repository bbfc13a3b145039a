//! A domain whose actions start instances and tell themselves things, as the caller's payload says: counters again, so
//! that one sees what of a refused start remains.

use std::collections::BTreeSet;
use std::sync::Arc;

use fluxor_engine::definition::Library;
use fluxor_engine::domain::{ActionType, Call, Domain, Done, NotDone, Start, Tell, Vocabulary};
use fluxor_engine::expression::{Type, Value};
use fluxor_engine::ids::TenantId;
use fluxor_engine::instance::Document;
use fluxor_engine::store::{Connection, Persist, StoreError};
use serde_json::Value as Json;

use crate::counter::{CounterDomain, Counters, SetCounter};

/// How far a counter goes.
pub const FULL: i64 = 5;

/// The domain.
#[derive(Debug)]
pub struct Family {
    rows: CounterDomain,
    vocabulary: Vocabulary,
}

impl Family {
    /// Its actions: `bear` starts what `children` of the payload lists, `split` tells what `parts` lists, `count` adds
    /// one to a counter up to [`FULL`].
    #[must_use]
    pub fn new() -> Arc<Self> {
        let action = |params: Vec<(Arc<str>, Type, bool)>, payload: &[&str]| ActionType {
            major: 1,
            params,
            subjects: vec![],
            payload: payload.iter().map(|key| (*key).into()).collect(),
            writes: vec![],
            help: "".into(),
        };
        let actions = [
            ("bear".into(), action(vec![], &["children"])),
            ("split".into(), action(vec![], &["parts"])),
            ("count".into(), action(vec![("name".into(), Type::Text, true)], &[])),
        ];
        let vocabulary = Vocabulary { actions: actions.into(), ..Vocabulary::default() };
        Arc::new(Self { rows: CounterDomain::default(), vocabulary })
    }

    /// The definitions of `files`.
    ///
    /// # Panics
    /// If one is refused.
    #[must_use]
    pub fn library(&self, files: &[(&str, &str)]) -> Library {
        let files = files.iter().map(|(name, text)| (format!("{name}.yaml"), (*text).to_owned())).collect();
        Library::load(files, &self.vocabulary).unwrap_or_else(|refused| panic!("{refused:?}")).0
    }
}

fn items<'a>(payload: &'a Document, key: &str) -> impl Iterator<Item = &'a Json> {
    payload.get(key).and_then(Json::as_array).into_iter().flatten()
}

fn text(json: &Json) -> &str {
    json.as_str().expect("a text")
}

fn object(json: &Json) -> Document {
    json.as_object().cloned().unwrap_or_default()
}

impl Domain for Family {
    type Need = String;
    type Facts = Counters;
    type Op = SetCounter;
    type Undo = ((TenantId, String), Option<(i64, i64)>);

    fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    fn fact(&self, name: &str, _: &Call<'_, Counters>) -> Result<Value, NotDone<String>> {
        Err(NotDone::Failed(format!("no fact {name}")))
    }

    fn act(&self, name: &str, call: &Call<'_, Counters>) -> Result<Done<SetCounter>, NotDone<String>> {
        let start = |child: &Json| Start {
            workflow: text(&child["workflow"]).into(),
            key: child["key"].as_str().map(Into::into),
            requester: child["requester"].as_str().unwrap_or("ann").into(),
            input: object(&child["input"]),
        };
        let tell = |part: &Json| Tell {
            message: text(&part["message"]).into(),
            event: text(&part["event"]).into(),
            payload: object(&part["payload"]),
        };
        match name {
            "bear" => Ok(Done { starts: items(call.payload, "children").map(start).collect(), ..Done::default() }),
            "split" => Ok(Done { tells: items(call.payload, "parts").map(tell).collect(), ..Done::default() }),
            _ => {
                let Some(Value::Text(name)) = call.params.get("name") else { return Ok(Done::default()) };
                let Some(&(value, base)) = call.facts.get(&(call.tenant, name.to_string())) else {
                    return Err(NotDone::Needs(vec![name.to_string()]));
                };
                if value >= FULL {
                    return Err(NotDone::Refused { code: "counter_full", sentence: format!("`{name}` is full.") });
                }
                let op = SetCounter { name: name.to_string(), value: value + 1, base };
                Ok(Done { ops: vec![op], ..Done::default() })
            }
        }
    }

    fn apply(&self, facts: &mut Counters, tenant: TenantId, op: &SetCounter) -> Self::Undo {
        let key = (tenant, op.name.clone());
        let before = facts.insert(key.clone(), (op.value, op.base + 1));
        (key, before)
    }

    fn undo(&self, facts: &mut Counters, (key, before): Self::Undo) {
        match before {
            Some(row) => facts.insert(key, row),
            None => facts.remove(&key),
        };
    }

    fn message(&self, name: &str, _: &Call<'_, Counters>) -> Result<Document, NotDone<String>> {
        Err(NotDone::Failed(format!("no message {name}")))
    }
}

impl Persist for Family {
    type Memory = Counters;

    async fn load(
        &self,
        connection: Connection<'_, Counters>,
        needs: &BTreeSet<(TenantId, String)>,
        facts: &mut Counters,
    ) -> Result<(), StoreError> {
        let mut found = Counters::new();
        self.rows.load(connection, needs, &mut found).await?;
        for key in needs {
            // What the batch has changed already is newer than the row.
            facts.entry(key.clone()).or_insert_with(|| found.get(key).copied().unwrap_or_default());
        }
        Ok(())
    }

    async fn write(
        &self,
        connection: Connection<'_, Counters>,
        ops: &[(TenantId, SetCounter)],
    ) -> Result<(), StoreError> {
        self.rows.write(connection, ops).await
    }
}
