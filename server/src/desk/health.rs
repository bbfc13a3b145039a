//! Whether the engine can work, and why not.

use fluxor_engine::runtime::{self, Engine};
use fluxor_engine::store::{AnyStore, Store as _, StoreError};
use fluxor_workflows::Procurement;

use super::Health;

/// What is known now.
pub(super) async fn of(engine: &Engine<Procurement, AnyStore<Procurement>>) -> Health {
    let database = engine.store().ping().await;
    let mut told = told(&engine.health(), database);
    told.reasons.extend(takes_no_writes(engine).await);
    told
}

/// Why nothing can be written, if that is so. It is tried out, since nobody sends commands to a server that is not ready.
async fn takes_no_writes(engine: &Engine<Procurement, AnyStore<Procurement>>) -> Option<String> {
    let mut refusing = engine.writes().refusing()?;
    if refusing.may_be_over() {
        match engine.store().try_to_write().await {
            Ok(()) => {
                engine.writes().took();
                return None;
            }
            Err(error) => {
                engine.writes().still_refuses(&error);
                refusing.why = error.to_string();
            }
        }
    }
    let runtime::Refusing { since, commands, why, .. } = refusing;
    let seconds = since.elapsed().as_secs();
    Some(format!("nothing can be written for {seconds} s ({commands} commands failed): {why}"))
}

fn told(engine: &runtime::Health, database: Result<(), StoreError>) -> Health {
    let mut reasons: Vec<String> = database.err().map(|error| error.to_string()).into_iter().collect();
    if !engine.lanes_alive {
        reasons.push("a writer has stopped".to_owned());
    }
    let unloadable = |(hash, why): &(String, String)| format!("live instances are pinned to definition {hash}: {why}");
    reasons.extend(engine.unloadable.iter().map(unloadable));
    Health { reasons, queue_depth: engine.queued as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_not_to_be_ready_is_told() {
        let engine =
            runtime::Health { lanes_alive: false, queued: 3, unloadable: vec![("ab".into(), "no `x@1`".into())] };
        let told = super::told(&engine, Err(StoreError::Unavailable("no file".into())));
        assert_eq!(told.reasons.len(), 3, "{told:?}");
        assert_eq!(told.queue_depth, 3);
        let well = runtime::Health { lanes_alive: true, queued: 0, unloadable: vec![] };
        assert!(super::told(&well, Ok(())).reasons.is_empty());
    }
}
