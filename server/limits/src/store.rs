//! Where states are kept: one round trip a decision, whatever the number of policies.

use crate::at::{At, Span};
use crate::decide::{Asked, Found};
use crate::state::Receipt;
use crate::strategy::{Strategy, View};

/// The store cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreAway(pub String);

impl std::fmt::Display for StoreAway {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "the store of limits is away: {}", self.0)
    }
}

impl std::error::Error for StoreAway {}

/// A charge whose real cost is known, or whose lease is to go on.
#[derive(Clone, Copy, Debug)]
pub struct Settling<'a> {
    /// The key.
    pub key: &'a str,
    /// The strategy in force for the key.
    pub strategy: &'a Strategy,
    /// Whether the policy only reports: what it owes of a key that was forgotten must not take the place of others either.
    pub shadow: bool,
    /// The charge.
    pub receipt: Receipt,
    /// What it took in truth; a lease is given back with 0.
    pub real: u64,
}

/// What a store found, by its clock.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// When it was decided, by the store's clock: what is told of when something is there again counts from here.
    pub at: At,
    /// What was found, in the order of the question.
    pub found: Vec<Found>,
}

/// Keeps states. All that is asked at once is decided at once: nobody sees, or gets between, half of it. A store with
/// a clock of its own may take that in place of `now`.
pub trait Store: Send + Sync {
    /// Settles what comes back, as [`Store::settle`] would, and then does what [`crate::decide::weigh`] says, all in one
    /// round trip.
    fn weigh<'a>(
        &'a self,
        now: At,
        asked: &'a [Asked<'a>],
        back: &'a [Settling<'a>],
    ) -> impl Future<Output = Result<Weighed, StoreAway>> + Send;

    /// Settles charges. What is not known any more stays as it is.
    fn settle<'a>(
        &'a self,
        now: At,
        settling: &'a [Settling<'a>],
    ) -> impl Future<Output = Result<(), StoreAway>> + Send;

    /// Like [`Store::settle`] where nobody has to wait for it; tells how each key stands afterwards, in the order of `settling`.
    /// Nothing if it has to be waited for.
    fn settle_at_once(&self, now: At, settling: &[Settling<'_>]) -> Option<Vec<View>> {
        let _ = (now, settling);
        None
    }

    /// Renews leases; `false` if one is not held any more.
    fn renew<'a>(
        &'a self,
        now: At,
        renewing: &'a [Settling<'a>],
    ) -> impl Future<Output = Result<bool, StoreAway>> + Send;

    /// Whether other processes decide by the same states.
    fn is_shared(&self) -> bool {
        true
    }

    /// Whether it can be asked, as far as is known: what can wait is not sent to a store that is away.
    fn is_here(&self) -> bool {
        true
    }

    /// How many processes decide by the same states, as far as was last heard; at least this one.
    fn replicas(&self) -> u64 {
        1
    }
}

/// A store that other processes share, over a network: what `shared::Guarded` guards. Nothing here is ever waited for
/// longer than the guard says; a future that is dropped leaves the store as it was, or as if it had been waited for.
pub trait Remote: Store + 'static {
    /// Whether the store still answers, over the connection that decisions take.
    fn ping(&self) -> impl Future<Output = Result<(), StoreAway>> + Send;

    /// Whether the store is away because of this error; otherwise it could only not do this one thing.
    fn is_loss(&self, why: &StoreAway) -> bool {
        let _ = why;
        true
    }

    /// Makes a new connection, whatever became of the old one, and sees to it that the store can decide.
    fn reconnect(&self) -> impl Future<Output = Result<(), StoreAway>> + Send;

    /// Says that the process of that name is here, for so long, and asks how many are by now (this one too).
    fn enlist(&self, name: &str, keeps: Span) -> impl Future<Output = Result<u64, StoreAway>> + Send;
}

/// A store that answers at once and needs no executor.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has to be waited for, so that nothing can be decided by it at once",
    note = "in a service: `LimitLayer::with_ending(limiter, answers, describe, Spawned(|work| drop(tokio::spawn(work))))` in place of \
            `LimitLayer::new`",
    note = "elsewhere: `decide` and `settle`, which are waited for, in place of `decide_now` and `settle_now`"
)]
pub trait StoreNow: Store {
    /// Like [`Store::weigh`].
    fn weigh_now(&self, now: At, asked: &[Asked<'_>]) -> Vec<Found>;

    /// Like [`Store::settle`]; tells how each key stands afterwards, in the order of `settling`.
    fn settle_now(&self, now: At, settling: &[Settling<'_>]) -> Vec<View>;

    /// Like [`Store::renew`].
    fn renew_now(&self, now: At, renewing: &[Settling<'_>]) -> bool;
}
