//! Links in mails: each shows its task to whoever has it, and takes one act, for some hours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use fluxor_engine::ids::{Mint, PersonId, TaskId};
use uuid::Uuid;

use super::Made;
use crate::desk::{Desk, NotDone};
use crate::http::problem::chain;
use crate::mail::{Linking, Links, Meant};

/// Links that are remembered, so that a mail that is tried again is the same. After a restart it has another link, and both are
/// good.
const MOST: usize = 10_000;

/// Makes them.
pub(crate) struct OneTime {
    desk: Weak<dyn Desk>,
    public_url: String,
    /// Microseconds.
    lasts: i64,
    mint: Mutex<Mint>,
    made: Mutex<HashMap<(Uuid, PersonId, TaskId), String>>,
}

impl OneTime {
    pub(crate) fn new(desk: &Arc<dyn Desk>, public_url: String, lasts: i64, mint: Mint) -> Self {
        let desk = Arc::downgrade(desk);
        Self { desk, public_url, lasts, mint: Mutex::new(mint), made: Mutex::default() }
    }

    async fn make(&self, meant: Meant<'_>) -> Option<String> {
        let key = (meant.message, meant.person.clone(), meant.task);
        if let Some(known) = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Some(known.clone());
        }
        let desk = self.desk.upgrade()?;
        let random = {
            let mut mint = self.mint.lock().unwrap_or_else(PoisonError::into_inner);
            (mint.bytes(), mint.bytes())
        };
        let whose = (meant.tenant, meant.person.clone());
        let kept = async {
            let company = desk.company(meant.tenant).await?;
            let Made { row, secret } = Made::task(whose, meant.task, random, (&company, self.lasts));
            desk.keep_link(row).await?;
            Ok::<_, NotDone>(secret)
        };
        let secret = match kept.await {
            Ok(secret) => secret,
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(
                    error,
                    "a mail leads to the page that asks to sign in: its link cannot be kept: {error}"
                );
                return None;
            }
        };
        let link = format!("{}/go/{secret}", self.public_url);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.len() >= MOST {
            made.clear();
        }
        made.insert(key, link.clone());
        Some(link)
    }
}

impl Links for OneTime {
    fn to_task<'a>(&'a self, meant: Meant<'a>) -> Linking<'a> {
        Box::pin(self.make(meant))
    }
}
