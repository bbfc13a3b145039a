//! A Tower layer that decides each call, refuses what is over a limit, and says on every answer how things stand.
//!
//! Works with whatever has `http` requests and responses, axum included. What must hold: nothing is locked while it
//! waits; a call that is admitted gives its leases back when its response is there, when it fails, and when its future
//! is dropped because the caller went away. A handler may tell what the call really cost: [`Spent`] in the response's
//! extensions. It finds the decision as [`Decided`](crate::answer::Decided) in the request's, as it was decided (so does what answers a
//! refusal); the answer's
//! header fields say how things stand when the real cost is settled.
//! The service is in `layer/service.rs`, tickets in `layer/ending.rs`; around a router in `tests/axum.rs`.

mod apart;
mod ending;
mod service;

use std::sync::Arc;

use http::request::Parts;

pub use ending::{AtOnce, Ending, Spawned, Work};
pub use service::LimitService;

use crate::answer::Answers;
use crate::answer::problem::Problem;
use crate::key::Caller;
use crate::limiter::Limiter;
use crate::live::Live;
use crate::store::StoreNow;

/// What a call really cost, told by its handler in the response's extensions: the charge is corrected to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent(pub u64);

/// What `describe` says of a call.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Who calls, and what for.
    pub caller: Caller<'a>,
    /// What it costs; corrected by [`Spent`].
    pub cost: u64,
    /// The policies for this caller, where a service has several sets (one a tenant); the limiter's own otherwise.
    pub policies: Option<&'a Arc<Live>>,
}

impl<'a> Call<'a> {
    /// A call that costs 1, under the limiter's own policies.
    #[must_use]
    pub const fn of(caller: Caller<'a>) -> Self {
        Self { caller, cost: 1, policies: None }
    }

    /// With another cost.
    #[must_use]
    pub const fn costing(self, cost: u64) -> Self {
        Self { cost, ..self }
    }
}

/// Limits calls. `describe` says who calls and what it costs; none exempts the call.
///
/// Where the response is only begun (a stream), the call counts as ended. A lease must be longer than a call may take.
pub struct LimitLayer<S, D, R = Problem, E = AtOnce> {
    shared: Arc<Shared<S, D, R, E>>,
}

pub(crate) struct Shared<S, D, R, E> {
    limiter: Arc<Limiter<S>>,
    describe: Arc<D>,
    answers: Answers,
    refused: Arc<R>,
    ending: Arc<E>,
}

impl<S, D> LimitLayer<S, D>
where
    S: StoreNow,
    D: Fn(&Parts) -> Option<Call<'_>>,
{
    /// On a store that needs no executor, with the crate's own body for refusals.
    #[must_use]
    pub fn new(limiter: Arc<Limiter<S>>, answers: Answers, describe: D) -> Self {
        Self::with_ending(limiter, answers, describe, AtOnce)
    }
}

impl<S, D, E> LimitLayer<S, D, Problem, E>
where
    D: Fn(&Parts) -> Option<Call<'_>>,
    E: Ending<S>,
{
    /// On any store: `ending` takes what is left to do when a call ends, such as [`Spawned`].
    #[must_use]
    pub fn with_ending(limiter: Arc<Limiter<S>>, answers: Answers, describe: D, ending: E) -> Self {
        let (describe, refused, ending) = (Arc::new(describe), Arc::new(Problem), Arc::new(ending));
        Self { shared: Arc::new(Shared { limiter, describe, answers, refused, ending }) }
    }
}

impl<S, D, R, E> LimitLayer<S, D, R, E> {
    /// With a body of the service's own for refusals.
    #[must_use]
    pub fn refused<N>(self, refused: N) -> LimitLayer<S, D, N, E> {
        let Shared { limiter, describe, answers, ending, .. } = &*self.shared;
        LimitLayer {
            shared: Arc::new(Shared {
                limiter: Arc::clone(limiter),
                describe: Arc::clone(describe),
                answers: answers.clone(),
                refused: Arc::new(refused),
                ending: Arc::clone(ending),
            }),
        }
    }
}

impl<S, D, R, E> Clone for LimitLayer<S, D, R, E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<S, D, R, E> std::fmt::Debug for LimitLayer<S, D, R, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LimitLayer").field("answers", &self.shared.answers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
