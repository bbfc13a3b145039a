//! Where states are kept: one round trip a decision, whatever the number of policies.

use crate::at::At;
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
#[derive(Debug)]
pub struct Settling<'a> {
    /// The key.
    pub key: &'a str,
    /// The strategy in force for the key.
    pub strategy: &'a Strategy,
    /// The charge.
    pub receipt: Receipt,
    /// What it took in truth; a lease is given back with 0.
    pub real: u64,
}

/// Keeps states. All that is asked at once is decided at once: nobody sees, or gets between, half of it. A store with
/// a clock of its own may take that in place of `now`.
pub trait Store: Send + Sync {
    /// Does what [`crate::decide::weigh`] says.
    fn weigh<'a>(
        &'a self,
        now: At,
        asked: &'a [Asked<'a>],
    ) -> impl Future<Output = Result<Vec<Found>, StoreAway>> + Send;

    /// Settles charges. What is not known any more stays as it is.
    fn settle<'a>(
        &'a self,
        now: At,
        settling: &'a [Settling<'a>],
    ) -> impl Future<Output = Result<(), StoreAway>> + Send;

    /// Renews leases; `false` if one is not held any more.
    fn renew<'a>(
        &'a self,
        now: At,
        renewing: &'a [Settling<'a>],
    ) -> impl Future<Output = Result<bool, StoreAway>> + Send;
}

/// A store that answers at once and needs no executor.
pub trait StoreNow: Store {
    /// Like [`Store::weigh`].
    fn weigh_now(&self, now: At, asked: &[Asked<'_>]) -> Vec<Found>;

    /// Like [`Store::settle`]; tells how each key stands afterwards, in the order of `settling`.
    fn settle_now(&self, now: At, settling: &[Settling<'_>]) -> Vec<View>;

    /// Like [`Store::renew`].
    fn renew_now(&self, now: At, renewing: &[Settling<'_>]) -> bool;
}
