//! What waits for digests, beside the books: each call a transaction of its own.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{PersonId, TenantId};
use fluxor_workflows::{
    DigestClaim, DigestItem, DigestWaiting, claim_digest, digests_waiting, finish_digest, postpone_digest,
    put_digest_item,
};
use uuid::Uuid;

use super::beside::{aside, beside};
use super::{Office, Reply};

/// How many people are listed at once.
const PAGE: i64 = 500;

/// Whose digest.
pub(crate) type Whose<'a> = (TenantId, &'a PersonId);

/// What waits for digests.
pub(crate) trait Digests: Send + Sync {
    /// Puts a notice aside, once.
    fn put<'a>(&'a self, item: &'a DigestItem) -> Reply<'a, ()>;

    /// For whom something waits that nobody is sending, behind `after`: a page; an empty one is the end.
    fn waiting<'a>(&'a self, now: Timestamp, after: Option<Whose<'a>>) -> Reply<'a, Vec<DigestWaiting>>;

    /// Takes somebody's digest from the one instant until the other, under a new name if it has none; with so many entries.
    fn claim<'a>(
        &'a self,
        whose: Whose<'a>,
        batch: Uuid,
        lease: (Timestamp, Timestamp),
        most: i64,
    ) -> Reply<'a, Option<DigestClaim>>;

    /// It was sent.
    fn finish<'a>(&'a self, whose: Whose<'a>, batch: Uuid, now: Timestamp) -> Reply<'a, ()>;

    /// It could not be sent, and is tried again from then on.
    fn postpone<'a>(&'a self, whose: Whose<'a>, batch: Uuid, until: Timestamp) -> Reply<'a, ()>;
}

impl Digests for Office {
    fn put<'a>(&'a self, item: &'a DigestItem) -> Reply<'a, ()> {
        aside!(self, |connection| put_digest_item(connection, item))
    }

    fn waiting<'a>(&'a self, now: Timestamp, after: Option<Whose<'a>>) -> Reply<'a, Vec<DigestWaiting>> {
        beside!(self, |connection| digests_waiting(connection, now, after, PAGE))
    }

    fn claim<'a>(
        &'a self,
        whose: Whose<'a>,
        batch: Uuid,
        lease: (Timestamp, Timestamp),
        most: i64,
    ) -> Reply<'a, Option<DigestClaim>> {
        aside!(self, |connection| claim_digest(connection, whose, batch, lease, most))
    }

    fn finish<'a>(&'a self, whose: Whose<'a>, batch: Uuid, now: Timestamp) -> Reply<'a, ()> {
        aside!(self, |connection| finish_digest(connection, whose, batch, now))
    }

    fn postpone<'a>(&'a self, whose: Whose<'a>, batch: Uuid, until: Timestamp) -> Reply<'a, ()> {
        aside!(self, |connection| postpone_digest(connection, whose, batch, until))
    }
}
