//! An attempt at a message: taken for sending, and how it ended.

use crate::clock::Timestamp;
use crate::commit::OutboxRow;

/// A message taken for sending.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// The message.
    pub row: OutboxRow,
    /// How often it has been tried, this time included.
    pub attempt: u32,
    /// The claim's epoch: a later claim makes this one void.
    pub epoch: i64,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It arrived: the row goes, the instance is told `sent_event` where it waits for it.
    Sent {
        /// The payload of that event.
        reply: crate::instance::Document,
    },
    /// Try again at this instant.
    Again {
        /// When.
        next_at: Timestamp,
        /// Why it failed.
        error: String,
    },
    /// It was not tried: at this instant, and it counts as no attempt.
    Held {
        /// When.
        next_at: Timestamp,
        /// Why it was not.
        error: String,
    },
    /// It is given up: the instance is told `delivery_failed`.
    GivenUp {
        /// Why.
        error: String,
    },
}
