//! The page about one's own account.

use fluxor_engine::ids::Digest;
use fluxor_workflows::SessionRow;
use serde::Serialize;

use super::words::Words;
use super::{Here, Reader, render};

/// A browser.
#[derive(Debug, Serialize)]
struct Session {
    id: String,
    agent: String,
    began: String,
    seen: String,
    ends: String,
    own: bool,
    administrator: bool,
}

/// The page.
#[derive(Debug, Serialize)]
pub(crate) struct Account {
    sessions: Vec<Session>,
    once: String,
}

impl Account {
    /// `own`: the session that asks.
    pub(crate) fn new(sessions: &[SessionRow], own: Option<Digest>, once: String, speak: &Words) -> Self {
        let session = |row: &SessionRow| Session {
            id: row.id.to_string(),
            agent: if row.agent.is_empty() {
                "A browser that does not say what it is".to_owned()
            } else {
                row.agent.clone()
            },
            began: speak.at(row.began_at),
            seen: speak.ago(row.seen_at),
            ends: speak.at(row.ends_at),
            own: Some(row.secret_hash) == own,
            administrator: row.administrator,
        };
        Self { sessions: sessions.iter().map(session).collect(), once }
    }

    /// # Errors
    /// As `render`.
    pub(crate) fn page(&self, reader: &Reader) -> anyhow::Result<String> {
        render("account", "My account", Here::Elsewhere, reader, self)
    }
}
