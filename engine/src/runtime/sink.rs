//! Who takes messages to the outside: at least once, in order per instance and destination.

use std::future::Future;
use std::pin::Pin;

use crate::clock::Timestamp;
use crate::commit::OutboxRow;
use crate::ids::TenantId;
use crate::plan::Hearing;

/// What the receiver has to say: the payload of the event that a success becomes. Empty where it only takes.
pub type Reply = crate::instance::Document;

/// What [`Sink::deliver`] yields.
pub type Delivering<'a> = Pin<Box<dyn Future<Output = Result<Reply, Undelivered>> + Send + 'a>>;

/// Why a message did not arrive, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// It is tried again, as often as its row says.
    Again(String),
    /// It is tried again as often as its row says, but not before an instant that the other side named.
    NotBefore(Timestamp, String),
    /// It was not tried, because the other side wants to be left alone until then: no attempt is counted.
    Held(Timestamp, String),
    /// It never will be: there is no further attempt.
    Never(String),
}

impl From<String> for Undelivered {
    fn from(why: String) -> Self {
        Self::Again(why)
    }
}

/// A receiver of messages. The row's id is the idempotency key: the same message may come again.
pub trait Sink: Send + Sync {
    /// Delivers, or says why not.
    fn deliver<'a>(&'a self, message: &'a OutboxRow) -> Delivering<'a>;

    /// What it wants to hear of a tenant's transitions, asked of the sink for [`EVENTS`](crate::effect::EVENTS) alone, and before
    /// each batch: it must know, not look.
    fn hears(&self, _: TenantId) -> Option<Hearing> {
        None
    }
}
