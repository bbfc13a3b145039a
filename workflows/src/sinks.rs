//! Who takes the messages of the vocabulary: the outside, and the worker that looks for reorder runs.

use std::sync::Arc;

use fluxor_engine::commit::OutboxRow;
use fluxor_engine::decide::CHANGE_ORGANISATION;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::runtime::{Delivering, Reply, Sink};
use fluxor_engine::store::AnyStore;

use crate::procurement::Procurement;
use crate::reorder::{PROPOSE, Worker};

/// Who takes what, by the destination's name.
pub type Sinks = Vec<(Arc<str>, Arc<dyn Sink>)>;

/// Sinks for every message: `outside`, if there is one, takes those to the outside, and what a reorder run asks is answered
/// from `store`. The message that changes the organisation is not among them: the engine itself takes it.
#[must_use]
pub fn sinks(domain: &Procurement, store: &AnyStore<Procurement>, outside: Option<&Arc<dyn Sink>>) -> Sinks {
    let worker: Arc<dyn Sink> = Arc::new(Worker::new(Arc::new(store.clone())));
    let names = domain.vocabulary().messages.keys().filter(|name| ![PROPOSE, CHANGE_ORGANISATION].contains(&&***name));
    let messages = outside.iter().flat_map(|sink| names.clone().map(|name| (name.clone(), (*sink).clone())));
    messages.chain([(PROPOSE.into(), worker)]).collect()
}

/// The same for scenarios: the outside takes every message and keeps none.
#[must_use]
pub fn sinks_that_take_all(domain: &Procurement, store: &AnyStore<Procurement>) -> Sinks {
    let outside: Arc<dyn Sink> = Arc::new(Taken);
    sinks(domain, store, Some(&outside))
}

/// Takes everything.
struct Taken;

impl Sink for Taken {
    fn deliver<'a>(&'a self, _: &'a OutboxRow) -> Delivering<'a> {
        Box::pin(async { Ok(Reply::new()) })
    }
}
