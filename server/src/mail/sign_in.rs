//! A link to sign in, sent to whoever has the address. It is no notice: it goes at once or not at all.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{PersonId, TenantId};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::Mail;
use super::facts::Facts;
use super::letter::Envelope;
use super::transport::Failed;
use crate::http::problem::chain;
use crate::telemetry::metrics;

/// The template.
const KIND: &str = "sign_in";

/// A person is sent one link in so long, whoever asks.
const PAUSE: Duration = Duration::from_secs(60);

/// So many are sent at a time; who asks meanwhile asks again.
const AT_ONCE: usize = 16;

/// Addresses that are remembered.
const MOST: usize = 10_000;

/// When addresses were sent something last.
#[derive(Debug)]
pub(super) struct Pauses {
    known: Mutex<HashMap<String, Instant>>,
    turns: Semaphore,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { known: Mutex::default(), turns: Semaphore::new(AT_ONCE) }
    }
}

impl Pauses {
    /// Whether an address may be sent something now; it counts as sent.
    fn pass(&self, address: &str) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, since| since.elapsed() < PAUSE);
        }
        let passes = known.len() < MOST && known.get(address).is_none_or(|since| since.elapsed() >= PAUSE);
        if passes {
            known.insert(address.to_owned(), Instant::now());
        }
        passes
    }
}

impl Mail {
    /// Whom an address belongs to, by company; nobody while it has been sent something just now.
    ///
    /// # Errors
    /// A sentence: the database does not answer.
    pub(crate) async fn whose(&self, address: &str) -> Result<Vec<(TenantId, PersonId)>, String> {
        let Ok(_turn) = self.pauses.turns.try_acquire() else {
            return Err("too many were asked for at once".to_owned());
        };
        let address = address.trim().to_lowercase();
        let tenants = self.press.desk().await?.tenants().await.map_err(|e| chain(&e))?;
        let mut found = Vec::new();
        for tenant in tenants {
            let contacts = self.press.contacts(tenant).await?;
            let person = contacts.by_address(&address).filter(|person| contacts.mailbox(person).is_ok());
            found.extend(person.map(|person| (tenant, person.clone())));
        }
        if found.is_empty() || !self.pauses.pass(&address) {
            return Ok(Vec::new());
        }
        Ok(found)
    }

    /// Sends somebody a link to sign in.
    ///
    /// # Errors
    /// A sentence: it did not go out.
    pub(crate) async fn invite(
        &self,
        tenant: TenantId,
        person: &PersonId,
        link: String,
        (id, now): (Uuid, Timestamp),
    ) -> Result<(), String> {
        let contacts = self.press.contacts(tenant).await?;
        let to = contacts.mailbox(person).map_err(|skipped| skipped.sentence().to_owned())?;
        let facts = Facts::sign_in(&contacts, person, now, link);
        let words = self.press.templates(tenant).await?.render(KIND, &facts)?;
        let envelope = Envelope { id, at: Some(now), about: None, person };
        let letter = self.sender.letter(envelope, to, words)?;
        let sent = self.transport.send(&letter).await;
        metrics::mail(if sent.is_ok() { "sent" } else { "failed" });
        sent.map_err(|failed| match failed {
            Failed::Refused(why) | Failed::Later(why) => why,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_sent_one_link_at_a_time() {
        let pauses = Pauses::default();
        assert!(pauses.pass("a") && pauses.pass("b") && !pauses.pass("a"));
    }
}
