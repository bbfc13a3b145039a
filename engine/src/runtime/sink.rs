//! Who takes messages to the outside: at least once, in order per instance and destination.

use std::future::Future;
use std::pin::Pin;

use crate::commit::OutboxRow;

/// What [`Sink::deliver`] yields.
pub type Delivering<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// A receiver of messages. The row's id is the idempotency key: the same message may come again.
pub trait Sink: Send + Sync {
    /// Delivers, or says why not in one sentence.
    fn deliver<'a>(&'a self, message: &'a OutboxRow) -> Delivering<'a>;
}
