//! How a call ends: its ticket is settled at its real cost, and its leases are given back, once, whatever happened.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::decide::{Stand, Ticket};
use crate::limiter::Limiter;
use crate::store::{Store, StoreNow};

/// Takes the ticket of a call that has ended. It must not block: it is called while a future is dropped, too.
pub trait Ending<S> {
    /// The call has ended and cost `real_cost`. Gives back how the keys stand that were settled, for the answer; nothing
    /// if that is not known yet.
    fn ended(&self, limiter: &Arc<Limiter<S>>, ticket: Ticket, real_cost: u64) -> Vec<Stand>;

    /// Hands a decision to an executor, so that it is made to its end although its caller goes away. Gives it back if there
    /// is none; then it ends with its caller, and what a shared store has charged by then stays charged.
    ///
    /// # Errors
    /// The work itself.
    fn apart(&self, work: Work) -> Result<(), Work> {
        Err(work)
    }
}

/// Work for an executor.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// For stores that need no executor.
#[derive(Clone, Copy, Debug, Default)]
pub struct AtOnce;

impl<S: StoreNow> Ending<S> for AtOnce {
    fn ended(&self, limiter: &Arc<Limiter<S>>, ticket: Ticket, real_cost: u64) -> Vec<Stand> {
        limiter.settle_now(ticket, real_cost)
    }
}

/// For stores that have to be waited for: hands what has to be to an executor, as in `Spawned(|work| { tokio::spawn(work); })`.
/// The answer does not wait for it: it corrects what is left by what came back, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Spawned<F>(pub F);

impl<S, F> Ending<S> for Spawned<F>
where
    S: Store + 'static,
    F: Fn(Work),
{
    fn apart(&self, work: Work) -> Result<(), Work> {
        (self.0)(work);
        Ok(())
    }

    fn ended(&self, limiter: &Arc<Limiter<S>>, ticket: Ticket, real_cost: u64) -> Vec<Stand> {
        let (stands, rest) = limiter.settle_here(ticket, real_cost);
        if let Some(rest) = rest {
            let limiter = Arc::clone(limiter);
            (self.0)(Box::pin(async move { limiter.settle(rest, real_cost).await }));
        }
        stands
    }
}

/// A call under way. Dropped without a word, it has cost what was charged.
pub(super) struct UnderWay<S, E: Ending<S>> {
    limiter: Arc<Limiter<S>>,
    ending: Arc<E>,
    ticket: Option<Ticket>,
}

impl<S, E: Ending<S>> UnderWay<S, E> {
    pub(super) fn new(limiter: Arc<Limiter<S>>, ending: Arc<E>, ticket: Ticket) -> Self {
        Self { limiter, ending, ticket: Some(ticket) }
    }

    /// The response is there. Tells what the call has cost and how the keys stand that were settled; nothing if all is
    /// as it was decided.
    pub(super) fn answered(mut self, spent: Option<u64>) -> Option<(u64, Vec<Stand>)> {
        self.end(spent)
    }

    fn end(&mut self, spent: Option<u64>) -> Option<(u64, Vec<Stand>)> {
        let ticket = self.ticket.take()?;
        let charged = ticket.cost();
        let real = spent.unwrap_or(charged);
        // Most calls cost what was charged and hold nothing: then there is nothing to tell a store.
        if ticket.is_empty() || (real == charged && !ticket.holds_lease()) {
            return None;
        }
        Some((real, self.ending.ended(&self.limiter, ticket, real)))
    }
}

impl<S, E: Ending<S>> Drop for UnderWay<S, E> {
    fn drop(&mut self) {
        self.end(None);
    }
}
