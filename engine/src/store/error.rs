//! What can go wrong with a store.

/// Broken machinery, or somebody who was faster.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A guard did not hold or a unique key exists: roll back, run the batch's commands one by one.
    #[error("somebody else changed {0} first")]
    Conflict(String),
    /// Deadlock, lock or statement time-out, busy: the same again may work.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// Stored rows contradict each other or their types.
    #[error("inconsistent row in {table}, {id}: {what}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
        /// What is wrong.
        what: String,
    },
    /// The database cannot be reached or refuses.
    #[error("database: {0}")]
    Unavailable(String),
    /// The commit was sent and its outcome is not known: look it up, do not answer.
    #[error("the outcome of a commit is not known: {0}")]
    Unknown(String),
}
