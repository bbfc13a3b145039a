//! The message `change_organisation`: whoever takes it is the engine itself. An outbox row becomes the command that changes
//! the organisation on the grounds of the instance that sent it.

use serde::Deserialize;
use serde_json::json;

use crate::command::{Actor, Basis, Change, Command, Verb};
use crate::commit::OutboxRow;
use crate::ids::Digest;
use crate::instance::Document;
use crate::store::{Persist, Store};

use super::{Engine, NotDone, Priority, Reply, Undelivered};

/// What the message carries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    patch: Document,
    found: Document,
}

/// Changes the organisation as the message asks. The request id is the row's, so that a row that comes again is a repeat and
/// gets the first answer. A refusal is an answer: it will not become another one by trying again.
pub(super) async fn change<D: Persist, S: Store<D>>(
    engine: &Engine<D, S>,
    row: &OutboxRow,
) -> Result<Reply, Undelivered> {
    let Asked { patch, found } = serde_json::from_str(&row.payload)
        .map_err(|why| Undelivered::Never(format!("the change of the organisation cannot be read: {why}")))?;
    let again = |why: String| Undelivered::Again(format!("the organisation could not be changed: {why}"));
    let sender = engine.store().instance(row.tenant, row.instance).await.map_err(|why| again(why.to_string()))?;
    let Some(sender) = sender else {
        return Err(Undelivered::Never(format!("there is no instance {} that asks for it", row.instance)));
    };
    let basis = Basis::Approved { instance: sender.id, workflow: sender.workflow, found };
    let command = Command {
        tenant: row.tenant,
        request: format!("delivery:{}", row.id).into(),
        request_hash: Digest::of(&row.payload),
        actor: Actor::Message,
        verb: Verb::Change(Change::Organisation { patch, basis }),
    };
    match engine.submit_with(command, Priority::Background).await {
        Ok(done) => Ok(Reply::from_iter([("revision".to_owned(), done.answer.record["revision"].clone())])),
        Err(NotDone::Refused(refusal)) => Ok(Reply::from_iter([("refused".to_owned(), json!(refusal.sentence()))])),
        Err(why @ (NotDone::Busy(_) | NotDone::Broken(_) | NotDone::ShuttingDown)) => Err(again(why.to_string())),
    }
}
