//! The doing side: commands go in, batches are decided and written, timers and messages are driven.
//!
//! What must hold: a caller is answered only after the commit; a wake-up is a hint and the due-time index the truth.

use std::sync::Arc;

use crate::approval::Organisation;
use crate::command::{Answer, Command};
use crate::definition::library::Library;
use crate::ids::TenantId;
use crate::refusal::Refusal;
use crate::store::{Persist, Store, StoreError};

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// Declined; nothing has changed.
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    /// Too much to do, or the database stayed busy: the same request may be sent again.
    #[error("busy: {0}")]
    Busy(String),
    /// Broken machinery.
    #[error(transparent)]
    Broken(#[from] StoreError),
    /// The engine is shutting down.
    #[error("shutting down")]
    ShuttingDown,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Submitted {
    /// The answer; a repeat gets the one of the first time.
    pub answer: Answer,
    /// Whether the command had been done before.
    pub repeat: bool,
}
