//! What became of several that were decided at once.

use serde::Serialize;

use super::{Here, Reader, render};

/// What became of one of several.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    pub href: String,
    pub title: String,
    pub done: bool,
    pub said: String,
}

/// What became of several.
#[derive(Debug, Serialize)]
pub(crate) struct Outcomes {
    summary: String,
    failed: bool,
    all: Vec<Done>,
}

impl Outcomes {
    pub(crate) fn new(all: Vec<Done>) -> Self {
        let done = all.iter().filter(|one| one.done).count();
        let summary = match all.len() - done {
            0 if done == 1 => "It is decided.".to_owned(),
            0 => format!("All {done} were decided."),
            1 if done == 0 => "It was not decided: it says why.".to_owned(),
            1 => format!("{done} of {} were decided, one was not: it says why.", all.len()),
            failed => format!("{done} of {} were decided, {failed} were not: each says why.", all.len()),
        };
        Self { summary, failed: done < all.len(), all }
    }

    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, reader: &Reader) -> anyhow::Result<String> {
        render("outcomes", "What became of them", Here::Inbox, reader, self)
    }
}
